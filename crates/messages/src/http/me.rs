//! `/v1/me/notices`: what a member is addressed.

use actix_web::{HttpResponse, get, post, web};
use serde::Serialize;
use unionhall_kernel::Problem;
use unionhall_registry::org;
use unionhall_storage::Conn;
use unionhall_web::{Answer, App, Empty, Id, Listing, Member, PageBody, Query};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::public::{ChannelQuery, NoticeItem, page};
use crate::notice::{self, Notice, Reader};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_my_notices).service(get_my_notice).service(read_my_notice);
}

/// A notice in a reader's list. 收到的通知
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReceivedNoticeItem {
    /// The notice.
    #[serde(flatten)]
    item: NoticeItem,
    /// Whether the caller read it. 已读
    read: bool,
}

impl ReceivedNoticeItem {
    pub(super) fn of(item: NoticeItem, read: bool) -> Self {
        Self { item, read }
    }
}

/// A notice, as its reader sees it. 收到的通知
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReceivedNotice {
    /// What lists show.
    #[serde(flatten)]
    item: ReceivedNoticeItem,
    /// Plain text or simple Markdown for the client to render, never HTML. 正文
    #[schema(example = "各位会员：\n\n**12月1日**起可在线申请。")]
    body: String,
}

impl ReceivedNotice {
    pub(super) async fn of(app: &App, conn: &mut Conn, found: Notice, read: bool) -> Result<Self, Problem> {
        let names = org::names_of(conn, &[found.head.org_id]).await?;
        let Notice { head, body } = found;
        let item = NoticeItem::of(head, &names, app.now())?;
        Ok(Self { item: ReceivedNoticeItem::of(item, read), body })
    }
}

async fn reader(app: &App, me: &Member) -> Result<Reader, Problem> {
    Reader::member_now(&mut *app.db.read().await?, me.principal.account, me.principal.person).await
}

/// My notices 我的通知
///
/// Those of my union and of all above it, as it is now, and those for everybody.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(ChannelQuery, Listing),
    responses((status = 200, description = "Pinned ones first, then the newest", body = PageBody<ReceivedNoticeItem>))
)]
#[get("/v1/me/notices")]
async fn list_my_notices(
    app: web::Data<App>,
    me: Member,
    query: Query<ChannelQuery>,
    listing: Listing,
) -> Answer {
    let reader = reader(&app, &me).await?;
    let body = page(&app, &reader, query.channel, &listing, ReceivedNoticeItem::of).await?;
    Ok(HttpResponse::Ok().json(body))
}

/// One of my notices 我的通知
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(("id" = uuid::Uuid, Path, description = "The notice")),
    responses(
        (status = 200, description = "The notice; reading it here does not count", body = ReceivedNotice),
        (status = 404, description = "`NOT_FOUND`: absent, for others, not published yet, expired or withdrawn"),
    )
)]
#[get("/v1/me/notices/{id}")]
async fn get_my_notice(app: web::Data<App>, me: Member, id: Id) -> Answer {
    let reader = reader(&app, &me).await?;
    let mut conn = app.db.read().await?;
    let (found, read) = notice::received(&mut conn, &reader, app.now(), id.0).await?;
    Ok(HttpResponse::Ok().json(ReceivedNotice::of(&app, &mut conn, found, read).await?))
}

/// Note that I read a notice 标为已读
///
/// Any number of times; a reader counts once.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(("id" = uuid::Uuid, Path, description = "The notice")),
    responses(
        (status = 200, description = "Read", body = ReceivedNotice),
        (status = 404, description = "`NOT_FOUND`: absent, for others, not published yet, expired or withdrawn"),
    )
)]
#[post("/v1/me/notices/{id}/read")]
async fn read_my_notice(app: web::Data<App>, me: Member, id: Id, _body: Empty) -> Answer {
    let (account, person) = (me.principal.account, me.principal.person);
    let body = app
        .db
        .write(async |tx| {
            let reader = Reader::member_now(tx, account, person).await?;
            let found = notice::mark_read(&app, tx, &reader, id.0).await?;
            ReceivedNotice::of(&app, tx, found, true).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(body))
}
