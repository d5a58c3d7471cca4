//! What a member has under way in this room: their questions and their cases of legal aid.

use unionhall_casework::clock;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use unionhall_web::wire::{Matter, instant};
use uuid::Uuid;

use crate::http::progress;
use crate::{aid, consultation};

/// What a person has under way.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(core: &Core, conn: &mut Conn, person: Uuid) -> Result<Vec<Matter>, Problem> {
    let questions = consultation::matters(conn, person).await?;
    let cases = aid::matters(conn, person).await?;
    let ids: Vec<Uuid> = questions.iter().map(|of| of.id).chain(cases.iter().map(|of| of.id)).collect();
    let clocks = clock::open_of(conn, &ids).await?;
    let mut items = Vec::with_capacity(ids.len());
    for of in questions {
        items.push(Matter {
            id: of.id,
            kind: "consultation",
            title: of.title(core)?,
            opened_at: instant(of.asked_at),
            href: format!("/v1/me/consultations/{}", of.id),
            progress: progress::of_question(&of, clocks.get(&of.id)),
        });
    }
    for of in cases {
        items.push(Matter {
            id: of.id,
            kind: "legal_aid",
            title: of.title(core)?,
            opened_at: instant(of.applied_at),
            href: format!("/v1/me/legal-aid/{}", of.id),
            progress: progress::of_case(&of, clocks.get(&of.id), Vec::new()),
        });
    }
    Ok(items)
}
