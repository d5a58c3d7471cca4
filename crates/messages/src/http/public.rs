//! `/v1/public/notices`: what is for everybody; and what all who read a notice are shown of it.

use std::collections::HashMap;

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_registry::org;
use unionhall_web::{Answer, App, Id, Listing, PageBody, Public, Query, wire};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::notice::{self, Channel, Head, Key, Notice, Reader, Received};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_public_notices).service(get_public_notice);
}

/// A notice in a list. 通知
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoticeItem {
    /// Its id.
    id: Uuid,
    /// The union it is of. 发布工会
    union_id: Uuid,
    /// 工会名称
    #[schema(example = "中原区总工会")]
    union_name: String,
    /// 标题
    #[schema(example = "关于开展冬季送温暖活动的通知")]
    title: String,
    /// 摘要; empty without one
    #[schema(example = "12月1日起可在线申请")]
    summary: String,
    /// Whether it stands before the others now. 置顶
    pinned: bool,
    /// 发布时间
    published_at: String,
    /// 有效期至, exclusive
    expires_at: Option<String>,
}

/// Names of unions by their ids.
pub(super) type Names = HashMap<Uuid, String>;

impl NoticeItem {
    /// # Errors
    /// `INTERNAL` for a notice that was never published, which nobody is given.
    pub(super) fn of(head: Head, names: &Names, now: DateTime<Utc>) -> Result<Self, Problem> {
        let pinned = head.is_pinned(now);
        let Head {
            id,
            org_id,
            path: _,
            audience: _,
            channels: _,
            title,
            summary,
            pinned_until: _,
            publish_at: _,
            published_at,
            expires_at,
            replaces_id: _,
            state: _,
            reason: _,
            written_by: _,
            version: _,
        } = head;
        let published_at = published_at.ok_or_else(|| Problem::internal("a notice read before its time"))?;
        Ok(Self {
            id,
            union_id: org_id,
            union_name: names.get(&org_id).cloned().unwrap_or_default(),
            title,
            summary,
            pinned,
            published_at: wire::instant(published_at),
            expires_at: expires_at.map(wire::instant),
        })
    }
}

/// A notice. 通知
#[derive(Debug, Serialize, ToSchema)]
struct NoticeText {
    /// What lists show.
    #[serde(flatten)]
    item: NoticeItem,
    /// Plain text or simple Markdown for the client to render, never HTML. 正文
    #[schema(example = "各位会员：\n\n**12月1日**起可在线申请。")]
    body: String,
}

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ChannelQuery {
    /// Those that are shown there; all without, whatever `X-Client` names. 发布渠道
    #[param(example = "member_app")]
    pub(super) channel: Option<Channel>,
}

/// A page of what a reader is addressed, as items.
///
/// # Errors
/// Those of [`Listing`] and the database.
pub(super) async fn page<T: Serialize>(
    app: &App,
    reader: &Reader,
    channel: Option<Channel>,
    listing: &Listing,
    item: impl Fn(NoticeItem, bool) -> T,
) -> Result<PageBody<T>, Problem> {
    let (limit, now) = (listing.limit()?, app.now());
    let binding = format!("received-notices|{reader:?}|{channel:?}");
    let key: Option<Key> = listing.after(app, &binding)?;
    let as_of = key.map_or(now, |(as_of, ..)| as_of);
    let mut conn = app.db.read().await?;
    let page = notice::list_received(&mut conn, reader, channel, (now, key), limit).await?;
    let unions: Vec<Uuid> = page.items.iter().map(|(head, _)| head.org_id).collect();
    let names = org::names_of(&mut conn, &unions).await?;
    let key = |(head, _): &Received<Head>| {
        (as_of, head.is_pinned(as_of), head.published_at.unwrap_or(as_of), head.id)
    };
    PageBody::of(app, &binding, page, key, |(head, read)| Ok(item(NoticeItem::of(head, &names, now)?, read)))
}

/// Notices for everybody 公开通知
#[utoipa::path(
    tag = "public",
    params(ChannelQuery, Listing),
    responses((status = 200, description = "Pinned ones first, then the newest", body = PageBody<NoticeItem>))
)]
#[get("/v1/public/notices")]
async fn list_public_notices(
    app: web::Data<App>,
    _caller: Public,
    query: Query<ChannelQuery>,
    listing: Listing,
) -> Answer {
    let body = page(&app, &Reader::anybody(), query.channel, &listing, |item, _| item).await?;
    Ok(HttpResponse::Ok().json(body))
}

/// One notice for everybody 公开通知
#[utoipa::path(
    tag = "public",
    params(("id" = Uuid, Path, description = "The notice")),
    responses(
        (status = 200, description = "The notice", body = NoticeText),
        (status = 404, description = "`NOT_FOUND`: absent, for members or cadres, not published yet, expired or withdrawn"),
    )
)]
#[get("/v1/public/notices/{id}")]
async fn get_public_notice(app: web::Data<App>, _caller: Public, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let (found, _) = notice::received(&mut conn, &Reader::anybody(), app.now(), id.0).await?;
    let names = org::names_of(&mut conn, &[found.head.org_id]).await?;
    let Notice { head, body } = found;
    Ok(HttpResponse::Ok().json(NoticeText { item: NoticeItem::of(head, &names, app.now())?, body }))
}
