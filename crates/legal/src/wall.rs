//! The wall 利益冲突回避: the view `legal_conflict`, computed at every read. What moves it takes back what stands behind it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use unionhall_web::Actor;

use crate::schema::legal_wall as rows;
use crate::{aid, consultation};

/// Before a case is given to a lawyer: waits for whoever moves the wall just now, and is waited for by whoever moves it next.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(crate) async fn stand_still(tx: &mut Conn) -> Result<(), Problem> {
    rows::table.find(1).select(rows::id).for_share().first::<i32>(tx).await?;
    Ok(())
}

/// Takes questions and cases back from lawyers who stand behind the wall by now, after whatever moved it: an engagement, a firm,
/// a name. Answers how many.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(crate) async fn take_back(core: &Core, tx: &mut Conn, actor: &Actor) -> Result<usize, Problem> {
    rows::table.find(1).select(rows::id).for_update().first::<i32>(tx).await?;
    let questions = consultation::take_back(core, tx, actor).await?;
    Ok(questions + aid::take_back(core, tx, actor).await?)
}
