//! `/v1/lawyer`: giving a shift to a colleague who takes it, and what lawyers are told.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unionhall_web::{Answer, App, Body, Empty, Id, Lawyer, Listing, PageBody, can, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::lawyer::OwnShift;
use crate::duty::Shift;
use crate::duty::offer::{self, Offer};
use crate::notice::{self, Kind, Notice};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(offer_shift)
        .service(withdraw_shift_offer)
        .service(list_shift_offers)
        .service(take_offered_shift)
        .service(list_lawyer_notices)
        .service(read_lawyer_notices);
}

/// To whom a shift is offered. 换班请求
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewShiftOffer {
    /// A lawyer of the roster's union; without, all of them. 接班律师
    to_lawyer_id: Option<Uuid>,
}

/// A shift that is offered. 换班
#[derive(Debug, Serialize, ToSchema)]
struct ShiftOffer {
    /// Its id.
    id: Uuid,
    /// The shift. 班次
    shift_id: Uuid,
    /// 开始时间
    starts_at: String,
    /// 结束时间, exclusive
    ends_at: String,
    /// Whom it is offered to; all lawyers of the roster's union without. 接班律师
    to_lawyer_id: Option<Uuid>,
    /// Until when it can be taken; then the shift is its lawyer's as before. 截止时间
    expires_at: String,
}

impl ShiftOffer {
    fn of(offer: &Offer, shift: &Shift) -> Self {
        Self {
            id: offer.id,
            shift_id: shift.id,
            starts_at: wire::instant(shift.starts_at),
            ends_at: wire::instant(shift.ends_at),
            to_lawyer_id: offer.to_id,
            expires_at: wire::instant(offer.expires_at),
        }
    }
}

/// Offer my shift to another lawyer 申请换班
///
/// It stays mine until somebody takes it, for 48 hours at most and until it begins.
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The shift")),
    request_body = NewShiftOffer,
    responses(
        (status = 201, description = "Offered; those who may take it are told", body = ShiftOffer),
        (status = 409, description = "`INVALID_STATE`: it has begun, or is offered already"),
        (status = 422, description = "`VALIDATION_FAILED`: `LAWYER_UNKNOWN` or `DUPLICATE_ITEM` at `/to_lawyer_id`"),
    )
)]
#[post("/v1/lawyer/shifts/{id}/offer")]
async fn offer_shift(
    app: web::Data<App>,
    me: Lawyer<can::Advise>,
    id: Id,
    body: Body<NewShiftOffer>,
) -> Answer {
    let (who, to) = ((&me.actor, me.lawyer), body.to_lawyer_id);
    let (made, shift) = app.db.write(async |tx| offer::offer(&app, tx, who, id.0, to).await).await?;
    Ok(HttpResponse::Created().json(ShiftOffer::of(&made, &shift)))
}

/// Keep my shift after all 撤回换班
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The shift")),
    responses(
        (status = 204, description = "Nobody can take it any more"),
        (status = 409, description = "`INVALID_STATE`: it is not offered"),
    )
)]
#[post("/v1/lawyer/shifts/{id}/keep")]
async fn withdraw_shift_offer(app: web::Data<App>, me: Lawyer<can::Advise>, id: Id, _body: Empty) -> Answer {
    let who = (&me.actor, me.lawyer);
    app.db.write(async |tx| offer::withdraw(&app, tx, who, id.0).await).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A shift that one may take. 可接班次
#[derive(Debug, Serialize, ToSchema)]
struct TakableShift {
    /// What is taken.
    #[serde(flatten)]
    offer: ShiftOffer,
    /// Whose shift it is. 原值班律师
    #[schema(example = "李明")]
    from_name: String,
}

/// Shifts that I may take 可接班次
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    params(Listing),
    responses((status = 200, description = "Offered to me or to all lawyers of my union's roster; those that end first in front", body = PageBody<TakableShift>))
)]
#[get("/v1/lawyer/shift-offers")]
async fn list_shift_offers(app: web::Data<App>, me: Lawyer<can::Advise>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("shift-offers|{}", me.lawyer);
    let key: Option<(DateTime<Utc>, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = offer::list_for(&mut conn, me.lawyer, app.now(), key.as_ref(), limit).await?;
    let key = |(offer, _, _): &(Offer, Shift, String)| (offer.expires_at, offer.id);
    let item = |(offer, shift, from_name): (Offer, Shift, String)| {
        Ok(TakableShift { offer: ShiftOffer::of(&offer, &shift), from_name })
    };
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, item)?))
}

/// Take an offered shift 接班
///
/// Of two who take it at once one has it.
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The offer")),
    responses(
        (status = 200, description = "It is mine", body = OwnShift),
        (status = 409, description = "`INVALID_STATE`: taken, withdrawn or over; `SHIFT_OVERLAPS`; `LAWYER_ON_LEAVE`; `LICENCE_ENDS`"),
        (status = 422, description = "`VALIDATION_FAILED`: `LAWYER_UNKNOWN`, my service is suspended"),
    )
)]
#[post("/v1/lawyer/shift-offers/{id}/take")]
async fn take_offered_shift(app: web::Data<App>, me: Lawyer<can::Advise>, id: Id, _body: Empty) -> Answer {
    let who = (&me.actor, me.lawyer);
    let taken = app.db.write(async |tx| offer::accept(&app, tx, who, id.0).await).await?;
    Ok(HttpResponse::Ok().json(OwnShift::of(&taken, me.lawyer, None)))
}

/// What I am told. 律师通知
#[derive(Debug, Serialize, ToSchema)]
struct LawyerNotice {
    /// Its id.
    id: Uuid,
    /// 通知类型
    kind: Kind,
    /// A sentence. 内容
    #[schema(example = "12月1日8时30分至12月1日17时30分的值班：排班已发布，由您值班。")]
    text: String,
    /// The shift it is about. 班次
    shift_id: Option<Uuid>,
    /// The question, or the case of legal aid, it is about. 咨询或援助案件
    case_id: Option<Uuid>,
    /// 时间
    at: String,
    /// 是否已读
    is_read: bool,
}

/// What I am told 我的通知
///
/// Of shifts that were published, moved, offered or cancelled, and of questions I was given; for 180 days. Where a shift begins
/// within 48 hours there is an SMS as well, but of an offer to all; for a question there is one after five minutes without an answer.
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    params(Listing),
    responses((status = 200, description = "The newest first", body = PageBody<LawyerNotice>))
)]
#[get("/v1/lawyer/notices")]
async fn list_lawyer_notices(app: web::Data<App>, me: Lawyer<can::Advise>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("lawyer-notices|{}", me.lawyer);
    let before: Option<Uuid> = listing.after(&app, &binding)?;
    let page = notice::list(&mut *app.db.read().await?, me.lawyer, before, limit).await?;
    let item = |of: Notice| {
        Ok(LawyerNotice {
            id: of.id,
            kind: of.kind(),
            text: of.text,
            shift_id: of.shift_id,
            case_id: of.case_id,
            at: wire::instant(of.created_at),
            is_read: of.read_at.is_some(),
        })
    };
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |n| n.id, item)?))
}

/// How many notices were read. 已读数量
#[derive(Debug, Serialize, ToSchema)]
struct NoticesRead {
    /// 数量
    #[schema(minimum = 0, example = 2)]
    read_count: usize,
}

/// Note that I read all my notices 全部标为已读
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    responses((status = 200, description = "Read", body = NoticesRead))
)]
#[post("/v1/lawyer/notices/read-all")]
async fn read_lawyer_notices(app: web::Data<App>, me: Lawyer<can::Advise>, _body: Empty) -> Answer {
    let read_count = app.db.write(async |tx| notice::mark_read(tx, me.lawyer, app.now()).await).await?;
    Ok(HttpResponse::Ok().json(NoticesRead { read_count }))
}
