//! What waits for a cadre in this room.

use unionhall_kernel::{Problem, shanghai_date};
use unionhall_storage::Conn;
use unionhall_web::OrgScope;
use unionhall_web::policy::Action;
use unionhall_web::wire::Todo;

use crate::notice;

/// Notices to approve, in a scope.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(conn: &mut Conn, scope: &OrgScope) -> Result<Vec<Todo>, Problem> {
    let (count, oldest) = notice::waiting(conn, scope).await?;
    Ok(vec![Todo {
        kind: "notice",
        count,
        oldest_due: oldest.map(shanghai_date),
        href: "/v1/admin/notices",
        needs: Action::NoticeApprove,
    }])
}
