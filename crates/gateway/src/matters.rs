//! `/v1/me/matters`: what a member has under way, over all services, in one list.

use actix_web::{HttpResponse, get, web};
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::wire::Matter;
use unionhall_web::{Answer, App, Member, PageBody};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(list_own_matters);
}

/// Everything an account, and the person it is of, has under way: what waits for them first, then the newest.
pub(crate) async fn open(
    app: &App,
    conn: &mut Conn,
    (account, person): (Uuid, Option<Uuid>),
) -> Result<Vec<Matter>, Problem> {
    let mut items = unionhall_registry::matters::list(app, conn, (account, person)).await?;
    if let Some(person) = person {
        items.extend(unionhall_legal::matters::list(app, conn, person).await?);
        items.extend(unionhall_jobs::matters::list(conn, person).await?);
    }
    items.sort_by(|a, b| b.opened_at.cmp(&a.opened_at));
    items.sort_by_key(|matter| matter.progress.waiting_for != Some("member"));
    Ok(items)
}

/// What I have under way 我的办件
///
/// Of every service, each with where it stands, who has to act and by when: what waits for the member first, then the newest. What is
/// over stands in the lists of its own service.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses((status = 200, description = "All of them", body = PageBody<Matter>))
)]
#[get("/v1/me/matters")]
async fn list_own_matters(app: web::Data<App>, me: Member) -> Answer {
    let mut conn = app.db.read().await?;
    let items = open(&app, &mut conn, (me.principal.account, me.principal.person)).await?;
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}
