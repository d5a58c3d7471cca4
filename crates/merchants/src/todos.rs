//! What waits for a cadre in this room.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Problem, shanghai_date};
use unionhall_storage::Conn;
use unionhall_storage::page::{COUNTED_ROWS, counted};
use unionhall_web::OrgScope;
use unionhall_web::policy::Action;
use unionhall_web::wire::Todo;

use crate::schema::campaign;
use crate::{application, suspension};

/// Campaigns to approve and merchants that apply, in a scope.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(conn: &mut Conn, scope: &OrgScope) -> Result<Vec<Todo>, Problem> {
    let entered: Vec<chrono::DateTime<chrono::Utc>> = campaign::table
        .filter(campaign::path.ge(scope.start()).and(campaign::path.lt(scope.end())))
        .filter(campaign::state.eq("REVIEW"))
        .order(campaign::id)
        .limit(COUNTED_ROWS)
        .select(campaign::created_at)
        .load(conn)
        .await?;
    let (waiting, due) = application::waiting(conn, scope).await?;
    let (appeals, appeals_due) = suspension::waiting(conn, scope).await?;
    Ok(vec![
        Todo {
            kind: "campaign",
            count: counted(&entered),
            oldest_due: entered.as_slice().first().copied().map(shanghai_date),
            href: "/v1/admin/campaigns",
            needs: Action::CampaignApprove,
        },
        Todo {
            kind: "merchant_application",
            count: waiting,
            oldest_due: due,
            href: "/v1/admin/merchant-applications",
            needs: Action::MerchantWrite,
        },
        Todo {
            kind: "merchant_appeal",
            count: appeals,
            oldest_due: appeals_due,
            href: "/v1/admin/merchant-suspensions",
            needs: Action::MerchantWrite,
        },
    ])
}
