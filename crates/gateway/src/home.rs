//! `/v1/me/home`: what the app's first screen shows, over all rooms, in one answer and a dozen queries.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use unionhall_cards::http::CardDto;
use unionhall_cards::issue;
use unionhall_cards::standing::Validity;
use unionhall_kernel::mask;
use unionhall_merchants::claim;
use unionhall_messages::inbox;
use unionhall_messages::notice::{self, Head, Reader};
use unionhall_registry::http::MembershipDto;
use unionhall_registry::membership;
use unionhall_web::wire::{self, Matter};
use unionhall_web::{Answer, App, Member};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::matters;

/// Notices on the first screen.
const NOTICES: i64 = 5;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(get_home);
}

/// Who it is, masked.
#[derive(Debug, Serialize, ToSchema)]
struct HomeMe {
    /// 姓名; null at level 0.
    #[schema(example = "王*明")]
    name: Option<String>,
    /// 实名等级: 0 phone, 1 matched, 2 face or bank.
    #[schema(minimum = 0, maximum = 2)]
    real_name_level: u8,
    /// 会籍; null for somebody who is no member.
    membership: Option<MembershipDto>,
}

/// The coupons.
#[derive(Debug, Serialize, ToSchema)]
struct HomeCoupons {
    /// Claimed, not used and not expired. 可用优惠券
    #[schema(minimum = 0, example = 2)]
    usable: i64,
}

/// A notice in a line. 通知
#[derive(Debug, Serialize, ToSchema)]
struct HomeNotice {
    /// Its id.
    id: Uuid,
    /// 标题
    #[schema(example = "关于开展冬季送温暖活动的通知")]
    title: String,
    /// 摘要; empty without one
    #[schema(example = "12月1日起可在线申请")]
    summary: String,
    /// 置顶
    pinned: bool,
    /// 发布时间
    published_at: Option<String>,
    /// 已读
    read: bool,
}

/// The notices.
#[derive(Debug, Serialize, ToSchema)]
struct HomeNotices {
    /// The first five of `GET /v1/me/notices`.
    #[schema(max_items = 5)]
    items: Vec<HomeNotice>,
    /// How many of all are not read; 1001 stands for more than a thousand. 未读数
    #[schema(minimum = 0, example = 3)]
    unread_count: i64,
}

/// The messages.
#[derive(Debug, Serialize, ToSchema)]
struct HomeInbox {
    /// How many are not read; 1001 stands for more than a thousand. 未读数
    #[schema(minimum = 0, example = 2)]
    unread_count: i64,
}

/// The first screen. 首页
#[derive(Debug, Serialize, ToSchema)]
struct HomeDto {
    /// Who it is.
    me: HomeMe,
    /// The newest card that a till would take; null without one. 会员卡
    card: Option<CardDto>,
    /// 优惠券
    coupons: HomeCoupons,
    /// 在办事项
    open_matters: Vec<Matter>,
    /// 通知
    notices: HomeNotices,
    /// 消息
    inbox: HomeInbox,
}

/// The first screen 首页
///
/// At level 0 it has no name, membership, card or coupons, and the notices for everybody.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses((status = 200, description = "Masked", body = HomeDto))
)]
#[get("/v1/me/home")]
async fn get_home(app: web::Data<App>, me: Member) -> Answer {
    let (account, person) = (me.principal.account, me.principal.person);
    let (today, now) = (app.today(), app.now());
    let cards = match person {
        Some(person) => issue::cards_of(&app, person).await?,
        None => Vec::new(),
    };
    let mut conn = app.db.read().await?;
    let (glance, usable) = match person {
        Some(person) => {
            let glance = membership::glance(&mut conn, person).await?;
            (Some(glance), claim::usable(&mut conn, person, today).await?)
        }
        None => (None, 0),
    };
    let (name, standing) = glance.map_or((None, None), |g| (Some(mask::name(&g.name)), g.standing));
    let reader = Reader::member(account, standing.as_ref().map(|(standing, _)| standing));
    let notices = notice::list_received(&mut conn, &reader, None, (now, None), NOTICES).await?;
    let unread_count = notice::unread(&mut conn, &reader, now).await?;
    let unread_messages = inbox::unread(&mut conn, account).await?;
    let open_matters = matters::open(&app, &mut conn, (account, person)).await?;
    let line = |(head, read): (Head, bool)| HomeNotice {
        id: head.id,
        pinned: head.is_pinned(now),
        title: head.title,
        summary: head.summary,
        published_at: head.published_at.map(wire::instant),
        read,
    };
    let card =
        cards.into_iter().find(|card| card.is_virtual() && matches!(card.validity, Validity::Valid { .. }));
    let home = HomeDto {
        me: HomeMe {
            name,
            real_name_level: me.principal.level,
            membership: standing.map(|(standing, union)| MembershipDto::of(&standing, union)),
        },
        card: card.map(CardDto::from),
        coupons: HomeCoupons { usable },
        open_matters,
        notices: HomeNotices { items: notices.items.into_iter().map(line).collect(), unread_count },
        inbox: HomeInbox { unread_count: unread_messages },
    };
    Ok(HttpResponse::Ok().json(home))
}
