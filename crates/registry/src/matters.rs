//! What a member has under way in this room: their application to join, and corrections.

use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use unionhall_web::wire::{Matter, instant};
use uuid::Uuid;

use crate::{correction, join};

/// What an account, and the person it is of, has under way.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    core: &Core,
    conn: &mut Conn,
    (account, person): (Uuid, Option<Uuid>),
) -> Result<Vec<Matter>, Problem> {
    let joining = join::list_open(core, conn, account).await?.into_iter().map(|of| Matter {
        id: of.id,
        kind: "join_application",
        title: format!("加入{}", of.org_name),
        opened_at: instant(of.submitted_at),
        href: format!("/v1/me/join-applications/{}", of.id),
        progress: of.progress(),
    });
    let mut items: Vec<Matter> = joining.collect();
    if let Some(person) = person {
        let waiting = correction::list_own(conn, person).await?.into_iter();
        items.extend(waiting.filter(|of| of.state() == correction::State::Review).map(|of| Matter {
            id: of.id,
            kind: "correction",
            title: "信息更正".to_owned(),
            opened_at: instant(of.created_at),
            href: format!("/v1/me/corrections/{}", of.id),
            progress: of.progress(),
        }));
    }
    Ok(items)
}
