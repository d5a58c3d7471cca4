//! What waits for a cadre in this room.

use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::OrgScope;
use unionhall_web::policy::Action;
use unionhall_web::wire::Todo;

use crate::{posting, recruiter};

/// Recruiters to verify, suspensions to end, postings to look at and reported ones, in a scope.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(conn: &mut Conn, scope: &OrgScope) -> Result<Vec<Todo>, Problem> {
    let (waiting, due) = recruiter::waiting(conn, scope).await?;
    let (suspended, decide_by) = recruiter::suspended(conn, scope).await?;
    let (handed_in, review_due) = posting::waiting(conn, scope, posting::State::Review).await?;
    let (hidden, hidden_due) = posting::waiting(conn, scope, posting::State::Hidden).await?;
    Ok(vec![
        Todo {
            kind: "recruiter_application",
            count: waiting,
            oldest_due: due,
            href: "/v1/admin/recruiter-applications",
            needs: Action::RecruiterWrite,
        },
        Todo {
            kind: "recruiter_suspension",
            count: suspended,
            oldest_due: decide_by,
            href: "/v1/admin/recruiters",
            needs: Action::RecruiterWrite,
        },
        Todo {
            kind: "job_posting",
            count: handed_in,
            oldest_due: review_due,
            href: "/v1/admin/job-postings",
            needs: Action::PostingReview,
        },
        Todo {
            kind: "job_report",
            count: hidden,
            oldest_due: hidden_due,
            href: "/v1/admin/job-postings",
            needs: Action::PostingReview,
        },
    ])
}
