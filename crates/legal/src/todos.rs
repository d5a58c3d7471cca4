//! What waits for a cadre in this room.

use chrono::{DateTime, Utc};
use unionhall_kernel::{Problem, shanghai_date};
use unionhall_storage::Conn;
use unionhall_web::policy::Action;
use unionhall_web::wire::Todo;
use unionhall_web::{OrgScope, Role, RoleName};

use crate::{aid, consultation, duty};

/// As the other counts: 1001 stands for more.
const MANY: i64 = 1001;

/// Published shifts of the next days whose lawyer is on leave; and questions and cases of legal aid that wait for the legal department of
/// a scope, nothing below the county, where the union may be the employer's own.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    role: &Role,
    scope: &OrgScope,
    now: DateTime<Utc>,
) -> Result<Vec<Todo>, Problem> {
    if !role.totp {
        return Ok(Vec::new());
    }
    let sensitive = role.name == RoleName::LegalOfficer;
    let (count, since) = consultation::waiting(conn, scope, sensitive).await?;
    let questions = Todo {
        kind: "consultation",
        count,
        oldest_due: since.map(shanghai_date),
        href: "/v1/admin/consultations",
        needs: Action::ConsultationRead,
    };
    let (count, since) = aid::waiting(conn, (scope, sensitive)).await?;
    let cases = Todo {
        kind: "legal_aid",
        count,
        oldest_due: since.map(shanghai_date),
        href: "/v1/admin/legal-aid",
        needs: Action::LegalAidRead,
    };
    let (count, first) = duty::on_leave(conn, scope, now, MANY).await?;
    let gaps = Todo {
        kind: "duty_gap",
        count,
        oldest_due: first.map(shanghai_date),
        href: "/v1/admin/duty-gaps",
        needs: Action::LegalWrite,
    };
    Ok(vec![questions, cases, gaps])
}
