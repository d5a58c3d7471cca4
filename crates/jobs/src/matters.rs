//! What a member has under way in this room: their applications.

use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::wire::{Matter, instant};
use uuid::Uuid;

use crate::application;
use crate::http::progress;

/// What a person has under way.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(conn: &mut Conn, person: Uuid) -> Result<Vec<Matter>, Problem> {
    let open = application::matters(conn, person).await?.into_iter();
    let matters = open.map(|(of, posting, _)| Matter {
        id: of.id,
        kind: "job_application",
        progress: progress(&of, &posting),
        title: posting.title().to_owned(),
        opened_at: instant(of.created_at),
        href: format!("/v1/me/job-applications/{}", of.id),
    });
    Ok(matters.collect())
}
