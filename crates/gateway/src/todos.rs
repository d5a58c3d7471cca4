//! `/v1/admin/todos`: what waits for a cadre, over all rooms.

use actix_web::{HttpResponse, get, web};
use unionhall_web::policy::allows;
use unionhall_web::wire::Todo;
use unionhall_web::{Answer, App, Cadre, PageBody, can};
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(list_todos);
}

/// What waits for me 我的待办
#[utoipa::path(
    tag = "todos",
    security(("admin" = ["todo.read"])),
    responses((status = 200, description = "One entry for each kind that the caller may work off, also where nothing waits", body = PageBody<Todo>))
)]
#[get("/v1/admin/todos")]
async fn list_todos(app: web::Data<App>, by: Cadre<can::TodoRead>) -> Answer {
    let mut conn = app.db.read().await?;
    let mut items = unionhall_registry::todos::list(&mut conn, by.union, &by.scope, app.now()).await?;
    items.extend(unionhall_merchants::todos::list(&mut conn, &by.scope).await?);
    items.extend(unionhall_jobs::todos::list(&mut conn, &by.scope).await?);
    items.extend(unionhall_messages::todos::list(&mut conn, &by.scope).await?);
    items.extend(unionhall_legal::todos::list(&mut conn, &by.role, &by.scope, app.now()).await?);
    items.retain(|item| allows(by.role.name, item.needs));
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}
