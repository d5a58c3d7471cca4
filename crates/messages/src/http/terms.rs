//! What a notice says, as cadres write it and as it is parsed.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::text::line;
use unionhall_kernel::{Fields, Invalid, Problem};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::notice::{self, Audience, Channel, Channels, Content, Notice};

/// Most bytes of a request: 20,000 characters, also where a client writes each as an escape.
pub(super) const LIMIT: usize = 256 * 1024;

/// What a notice says. 通知内容
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticeTerms {
    /// The union it is of; the caller's own without. 发布工会
    pub(super) union_id: Option<Uuid>,
    /// Whom it is for. 发布对象
    audience: Audience,
    /// Where it is shown: each channel once. 发布渠道
    #[schema(min_items = 1, max_items = 4)]
    channels: Vec<Channel>,
    /// 标题: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100, example = "关于开展冬季送温暖活动的通知")]
    title: String,
    /// 摘要: up to 200 characters.
    #[schema(max_length = 200, example = "12月1日起可在线申请")]
    #[serde(default)]
    summary: Option<String>,
    /// 正文: 1 to 20,000 characters of plain text or simple Markdown (headings, lists, emphasis, links). Kept and answered
    /// as text for the client to render, never as HTML: what looks like HTML is text too.
    #[schema(min_length = 1, max_length = 20_000, example = "各位会员：\n\n**12月1日**起可在线申请。")]
    body: String,
    /// Until when it stands before the others, exclusive. 置顶截止
    #[schema(example = "2030-12-08T16:00:00Z")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pinned_until: Option<DateTime<Utc>>,
    /// From when on it is read; from its approval on without, or when that comes later. 定时发布
    #[schema(example = "2030-12-01T00:00:00Z")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    publish_at: Option<DateTime<Utc>>,
    /// From when on it is not read any more. 有效期至
    #[schema(example = "2030-12-31T16:00:00Z")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    expires_at: Option<DateTime<Utc>>,
    /// The notice of the same union that this one corrects; that has to be withdrawn by its own operation. 更正的通知
    replaces: Option<Uuid>,
}

/// Fields to change; absent ones stay, null takes one away. 通知变更
#[derive(ToSchema)]
#[allow(dead_code)] // documentation of the merge patch
pub(super) struct NoticePatch {
    /// 发布对象
    audience: Option<Audience>,
    /// 发布渠道
    #[schema(min_items = 1, max_items = 4)]
    channels: Option<Vec<Channel>>,
    /// 标题
    #[schema(min_length = 1, max_length = 100, example = "关于开展冬季送温暖活动的通知（更正）")]
    title: Option<String>,
    /// 摘要
    #[schema(max_length = 200, example = "12月2日起可在线申请")]
    summary: Option<String>,
    /// 正文
    #[schema(min_length = 1, max_length = 20_000, example = "各位会员：\n\n**12月2日**起可在线申请。")]
    body: Option<String>,
    /// 置顶截止
    pinned_until: Option<DateTime<Utc>>,
    /// 定时发布
    publish_at: Option<DateTime<Utc>>,
    /// 有效期至
    expires_at: Option<DateTime<Utc>>,
    /// 更正的通知
    replaces: Option<Uuid>,
}

/// How long a notice may stand before all others.
const PINNED_FOR: TimeDelta = TimeDelta::days(90);

fn summary(raw: Option<&str>) -> Result<String, Invalid> {
    match raw {
        None | Some("") => Ok(String::new()),
        Some(text) => line(text, 1, 200),
    }
}

pub(super) fn parse(dto: &NoticeTerms, now: DateTime<Utc>) -> Result<Content, Problem> {
    let mut fields = Fields::new();
    let channels = fields.take("/channels", Channels::parse(&dto.channels));
    let title = fields.take("/title", line(&dto.title, 1, 100));
    let summary = fields.take("/summary", summary(dto.summary.as_deref()));
    let body = fields.take("/body", notice::body(&dto.body));
    // What is answered and compared are milliseconds.
    let [pinned_until, publish_at, expires_at] =
        [dto.pinned_until, dto.publish_at, dto.expires_at].map(|at| at.map(|at| at.trunc_subsecs(3)));
    let begins = publish_at.map_or(now, |at| at.max(now));
    for (pointer, ends) in [("/pinned_until", pinned_until), ("/expires_at", expires_at)] {
        let order = Invalid::new("TIME_ORDER", "须晚于发布时间和现在。");
        fields.require(ends.is_none_or(|at| at > begins), pointer, order);
    }
    let pinned_for = Invalid::new("PIN_LENGTH", "置顶不能超过90天。");
    fields.require(pinned_until.is_none_or(|at| at <= begins + PINNED_FOR), "/pinned_until", pinned_for);
    let (Some(channels), Some(title), Some(summary), Some(body)) = (channels, title, summary, body) else {
        return Err(fields.problem());
    };
    fields.finish()?;
    let (audience, replaces) = (dto.audience, dto.replaces);
    Ok(Content { title, summary, body, audience, channels, pinned_until, publish_at, expires_at, replaces })
}

pub(super) fn terms_dto(notice: &Notice) -> NoticeTerms {
    let head = &notice.head;
    NoticeTerms {
        union_id: Some(head.org_id),
        audience: head.audience,
        channels: head.channels.as_slice().to_vec(),
        title: head.title.clone(),
        summary: Some(head.summary.clone()),
        body: notice.body.clone(),
        pinned_until: head.pinned_until,
        publish_at: head.publish_at,
        expires_at: head.expires_at,
        replaces: head.replaces_id,
    }
}
