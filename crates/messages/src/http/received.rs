//! `/v1/admin/received-notices`: what a cadre is addressed, from their own union and from above, where their scope does
//! not reach.

use actix_web::{HttpResponse, get, post, web};
use unionhall_web::{Answer, App, Cadre, Empty, Id, Listing, PageBody, Query, can};
use utoipa_actix_web::service_config::ServiceConfig;

use super::me::{ReceivedNotice, ReceivedNoticeItem};
use super::public::{ChannelQuery, page};
use crate::notice::{self, Reader};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_received_notices).service(get_received_notice).service(read_received_notice);
}

fn reader(by: &Cadre<can::NoticeReceive>) -> Reader {
    Reader::cadre(by.principal.account, by.scope.start())
}

/// Notices for cadres 收到的通知
///
/// Those for cadres of the acting union and of all above it, and those for everybody.
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.receive"])),
    params(ChannelQuery, Listing),
    responses((status = 200, description = "Pinned ones first, then the newest", body = PageBody<ReceivedNoticeItem>))
)]
#[get("/v1/admin/received-notices")]
async fn list_received_notices(
    app: web::Data<App>,
    by: Cadre<can::NoticeReceive>,
    query: Query<ChannelQuery>,
    listing: Listing,
) -> Answer {
    let body = page(&app, &reader(&by), query.channel, &listing, ReceivedNoticeItem::of).await?;
    Ok(HttpResponse::Ok().json(body))
}

/// One notice for cadres 收到的通知
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.receive"])),
    params(("id" = uuid::Uuid, Path, description = "The notice")),
    responses(
        (status = 200, description = "The notice; reading it here does not count", body = ReceivedNotice),
        (status = 404, description = "`NOT_FOUND`: absent, for others, not published yet, expired or withdrawn"),
    )
)]
#[get("/v1/admin/received-notices/{id}")]
async fn get_received_notice(app: web::Data<App>, by: Cadre<can::NoticeReceive>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let (found, read) = notice::received(&mut conn, &reader(&by), app.now(), id.0).await?;
    Ok(HttpResponse::Ok().json(ReceivedNotice::of(&app, &mut conn, found, read).await?))
}

/// Note that I read a notice for cadres 标为已读
///
/// Any number of times; a reader counts once.
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.receive"])),
    params(("id" = uuid::Uuid, Path, description = "The notice")),
    responses(
        (status = 200, description = "Read", body = ReceivedNotice),
        (status = 404, description = "`NOT_FOUND`: absent, for others, not published yet, expired or withdrawn"),
    )
)]
#[post("/v1/admin/received-notices/{id}/read")]
async fn read_received_notice(
    app: web::Data<App>,
    by: Cadre<can::NoticeReceive>,
    id: Id,
    _body: Empty,
) -> Answer {
    let reader = reader(&by);
    let body = app
        .db
        .write(async |tx| {
            let found = notice::mark_read(&app, tx, &reader, id.0).await?;
            ReceivedNotice::of(&app, tx, found, true).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(body))
}
