//! What waits for a cadre in this room.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Problem, shanghai_date};
use unionhall_storage::Conn;
use unionhall_storage::page::{COUNTED_ROWS, counted};
use unionhall_web::OrgScope;
use unionhall_web::policy::Action;
use unionhall_web::wire::Todo;
use uuid::Uuid;

use crate::mobile_change::Desk;
use crate::schema::import;
use crate::{correction, export, join, leaver, mobile_change, reconciliation};

/// Applications, new mobiles, corrections, leavers and exports to decide, imports to commit and their sheets to sign, as the union acted for sees them.
///
/// # Errors
/// `NOT_FOUND` when there is no such union.
pub async fn list(
    conn: &mut Conn,
    union: Uuid,
    scope: &OrgScope,
    now: DateTime<Utc>,
) -> Result<Vec<Todo>, Problem> {
    let (count, oldest_due) = join::waiting(conn, scope).await?;
    let applications = Todo {
        kind: "join_application",
        count,
        oldest_due,
        href: "/v1/admin/join-applications",
        needs: Action::ApplicationReview,
    };
    let desk = Desk::of(conn, union, scope).await?;
    let (count, oldest_due) = mobile_change::waiting(conn, &desk).await?;
    let mobile_changes = Todo {
        kind: "mobile_change",
        count,
        oldest_due,
        href: "/v1/admin/mobile-changes",
        needs: Action::ApplicationReview,
    };
    let (count, oldest_due) = correction::waiting(conn, scope).await?;
    let corrections = Todo {
        kind: "correction",
        count,
        oldest_due,
        href: "/v1/admin/corrections",
        needs: Action::ApplicationReview,
    };
    let (count, oldest_due) = leaver::waiting(conn, scope).await?;
    let leavers = Todo {
        kind: "leaver_proposal",
        count,
        oldest_due,
        href: "/v1/admin/leaver-proposals",
        needs: Action::MemberWrite,
    };
    let (count, oldest_due) = export::waiting(conn, scope, now).await?;
    let exports =
        Todo { kind: "export", count, oldest_due, href: "/v1/admin/exports", needs: Action::ExportApprove };
    let created: Vec<DateTime<Utc>> = import::table
        .filter(import::path.ge(scope.start()).and(import::path.lt(scope.end())))
        .filter(import::state.eq("validated").and(import::dry_run.eq(false)))
        .order(import::id)
        .limit(COUNTED_ROWS)
        .select(import::created_at)
        .load(conn)
        .await?;
    let oldest: Option<NaiveDate> = created.as_slice().first().copied().map(shanghai_date);
    let imports = Todo {
        kind: "import",
        count: counted(&created),
        oldest_due: oldest,
        href: "/v1/admin/imports",
        needs: Action::ImportWrite,
    };
    let (count, oldest_due) = reconciliation::waiting(conn, scope).await?;
    let reconciliations = Todo {
        kind: "import_reconciliation",
        count,
        oldest_due,
        href: "/v1/admin/import-reconciliations",
        needs: Action::ImportSign,
    };
    Ok(vec![applications, mobile_changes, corrections, leavers, exports, imports, reconciliations])
}
