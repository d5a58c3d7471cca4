//! `/v1/me/inbox`: what a member is told of their own affairs.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_web::{Answer, App, Empty, Id, Listing, Member, PageBody, Query, wire};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::inbox::{self, Kind, Link, Message, Which};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_inbox)
        // Before `{id}`, for which they would be taken.
        .service(count_unread_inbox)
        .service(read_whole_inbox)
        .service(get_inbox_message)
        .service(read_inbox_message);
}

/// What a message leads to. 相关事项
#[derive(Debug, Serialize, ToSchema)]
struct InboxLink {
    /// `join-application`, `correction`, `mobile`, `account-closing`, `membership`, `card`, `coupon`.
    #[schema(example = "join-application")]
    rel: String,
    /// Its path in this API.
    #[schema(example = "/v1/me/join-applications/019300a0-0000-7000-8000-000000000001")]
    href: String,
    /// Which one of what is there, where there are several.
    id: Option<Uuid>,
}

impl From<Link> for InboxLink {
    fn from(link: Link) -> Self {
        let href = link.href();
        let Link { rel, id } = link;
        Self { rel, href, id }
    }
}

/// A message. 消息
#[derive(Debug, Serialize, ToSchema)]
struct InboxMessage {
    /// Its id, which a push carries.
    id: Uuid,
    /// What it is about.
    kind: Kind,
    /// The kind in words.
    #[schema(example = "服务通知")]
    kind_text: &'static str,
    /// 标题
    #[schema(example = "入会申请已通过")]
    title: String,
    /// 正文
    #[schema(example = "您已加入中原区总工会。")]
    body: String,
    /// What it leads to; it may be gone by now.
    link: Option<InboxLink>,
    /// Since when it is there.
    created_at: String,
    /// When it was read first; null while it is unread. 已读时间
    read_at: Option<String>,
}

impl From<Message> for InboxMessage {
    fn from(message: Message) -> Self {
        let Message { id, kind, title, body, link, created_at, read_at } = message;
        Self {
            id,
            kind,
            kind_text: kind.text(),
            title,
            body,
            link: link.map(InboxLink::from),
            created_at: wire::instant(created_at),
            read_at: read_at.map(wire::instant),
        }
    }
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InboxQuery {
    /// Those that are unread or read; all without. 阅读状态
    #[param(inline, example = "unread")]
    state: Option<Which>,
}

/// My messages 我的消息
///
/// Kept for 180 days. Notices are not among them: they are `GET /v1/me/notices`.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(InboxQuery, Listing),
    responses((status = 200, description = "The newest first", body = PageBody<InboxMessage>))
)]
#[get("/v1/me/inbox")]
async fn list_inbox(app: web::Data<App>, me: Member, query: Query<InboxQuery>, listing: Listing) -> Answer {
    let (limit, account) = (listing.limit()?, me.principal.account);
    let binding = format!("inbox|{account}|{:?}", query.state);
    let after = listing.after(&app, &binding)?;
    let page = inbox::list(&mut *app.db.read().await?, account, query.state, after, limit).await?;
    let body = PageBody::of(&app, &binding, page, |message| message.id, |m| Ok(InboxMessage::from(m)))?;
    Ok(HttpResponse::Ok().json(body))
}

/// How many are unread. 未读数
#[derive(Debug, Serialize, ToSchema)]
struct UnreadCount {
    /// 1001 stands for more than a thousand.
    #[schema(minimum = 0, maximum = 1001, example = 3)]
    unread_count: i64,
}

/// How many of my messages are unread 未读消息数
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses((status = 200, description = "The number", body = UnreadCount))
)]
#[get("/v1/me/inbox/unread-count")]
async fn count_unread_inbox(app: web::Data<App>, me: Member) -> Answer {
    let unread_count = inbox::unread(&mut *app.db.read().await?, me.principal.account).await?;
    Ok(HttpResponse::Ok().json(UnreadCount { unread_count }))
}

/// One of my messages 消息详情
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(("id" = Uuid, Path, description = "The message")),
    responses(
        (status = 200, description = "The message; reading it here does not count", body = InboxMessage),
        (status = 404, description = "`NOT_FOUND`: absent, another's, or past its time"),
    )
)]
#[get("/v1/me/inbox/{id}")]
async fn get_inbox_message(app: web::Data<App>, me: Member, id: Id) -> Answer {
    let found = inbox::get(&mut *app.db.read().await?, me.principal.account, id.0).await?;
    Ok(HttpResponse::Ok().json(InboxMessage::from(found)))
}

/// Note that I read a message 标为已读
///
/// Any number of times; the first counts.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(("id" = Uuid, Path, description = "The message")),
    responses(
        (status = 200, description = "Read", body = InboxMessage),
        (status = 404, description = "`NOT_FOUND`: absent, another's, or past its time"),
    )
)]
#[post("/v1/me/inbox/{id}/read")]
async fn read_inbox_message(app: web::Data<App>, me: Member, id: Id, _body: Empty) -> Answer {
    let account = me.principal.account;
    let read = app.db.write(async |tx| inbox::mark_read(tx, account, id.0, app.now()).await).await?;
    Ok(HttpResponse::Ok().json(InboxMessage::from(read)))
}

/// How many became read. 本次标为已读
#[derive(Debug, Serialize, ToSchema)]
struct ReadCount {
    /// Messages that were unread until now.
    #[schema(minimum = 0, example = 3)]
    read_count: usize,
}

/// Note that I read all my messages 全部标为已读
///
/// All that are there at this moment.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses((status = 200, description = "Read", body = ReadCount))
)]
#[post("/v1/me/inbox/read-all")]
async fn read_whole_inbox(app: web::Data<App>, me: Member, _body: Empty) -> Answer {
    let account = me.principal.account;
    let read_count = app.db.write(async |tx| inbox::mark_all_read(tx, account, app.now()).await).await?;
    Ok(HttpResponse::Ok().json(ReadCount { read_count }))
}
