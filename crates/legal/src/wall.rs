//! The wall 利益冲突回避: the view `legal_conflict`, computed at every read. What moves it takes back what stands behind it.

use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use unionhall_web::Actor;

use crate::{aid, consultation};

/// Takes questions and cases back from lawyers who stand behind the wall by now, after whatever moved it: an engagement, a firm,
/// a name. Answers how many.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(crate) async fn take_back(core: &Core, tx: &mut Conn, actor: &Actor) -> Result<usize, Problem> {
    let questions = consultation::take_back(core, tx, actor).await?;
    Ok(questions + aid::take_back(core, tx, actor).await?)
}
