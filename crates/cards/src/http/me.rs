//! `/v1/me/cards`: a member's own cards.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_identity::http::Confirmation;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::Core;
use unionhall_web::{Answer, Body, Empty, Id, Member, PageBody, Query, wire};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::CardDto;
use crate::code::{STEP_SECONDS, STEP_TOLERANCE, step_start};
use crate::standing::Validity;
use crate::store::CardView;
use crate::till_code::TillCode;
use crate::{Cards, issue, loss, store, till_code};

/// Most codes that can be fetched ahead.
const MAX_CODES: u32 = 20;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_my_cards)
        .service(get_card_qr)
        .service(issue_till_code)
        .service(report_my_card_lost)
        .service(my_card_found)
        .service(replace_my_card);
}

/// My cards 我的会员卡
#[utoipa::path(
    tag = "cards",
    security(("member" = [])),
    responses((status = 200, description = "Newest first; empty below level 1 or without a membership", body = PageBody<CardDto>))
)]
#[get("/v1/me/cards")]
async fn list_my_cards(cards: web::Data<Cards>, me: Member) -> Answer {
    let Some(person) = me.principal.person else {
        return Ok(HttpResponse::Ok().json(PageBody::<CardDto>::whole(Vec::new())));
    };
    let views = issue::cards_of(&cards.core, person).await?;
    let items: Vec<CardDto> = views.into_iter().map(CardDto::from).collect();
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

/// How many codes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct QrQuery {
    /// Codes to fetch, for shops without signal: 1 to 20, 1 without. 预取数量
    #[param(minimum = 1, maximum = 20, default = 1)]
    count: Option<u32>,
}

/// Codes for the QR. 动态二维码
#[derive(Debug, Serialize, ToSchema)]
struct QrDto {
    /// Now, as the server has it.
    server_time: String,
    /// One code a step of 30 seconds. A redemption kills the code it used and all before it; the first here is the next one and is
    /// valid now, or from its `not_before` on where two were redeemed within half a minute.
    codes: Vec<CodeDto>,
}

/// A code. 动态码
#[derive(Debug, Serialize, ToSchema)]
struct CodeDto {
    /// What the QR shows: at most 64 characters.
    #[schema(max_length = 64)]
    code: String,
    /// From when it is to be shown. A till takes it thirty seconds before its step, too, and as long after it.
    not_before: String,
    /// Until when: its step's end.
    not_after: String,
}

/// One's own card, if a till would take it.
async fn presentable(core: &Core, me: &Member<1>, id: Id) -> Result<CardView, Problem> {
    let card = store::own(&mut *core.db.read().await?, me.person()?, id.0, core.today()).await?;
    match card.validity {
        Validity::Valid { .. } if card.is_virtual() => Ok(card),
        _ => Err(Problem::new(Code::CardNotValid).with("state_text", card.state.text())),
    }
}

/// Codes of a card 会员卡二维码
#[utoipa::path(
    tag = "cards",
    security(("member" = ["level:1"])),
    params(("id" = uuid::Uuid, Path, description = "The card"), QrQuery),
    responses(
        (status = 200, description = "Codes", body = QrDto),
        (status = 409, description = "`CARD_NOT_VALID`: lost, revoked, suspended or expired, or a bank's card"),
    )
)]
#[get("/v1/me/cards/{id}/qr")]
async fn get_card_qr(cards: web::Data<Cards>, me: Member<1>, id: Id, query: Query<QrQuery>) -> Answer {
    let count = query.count.unwrap_or(1);
    if !(1..=MAX_CODES).contains(&count) {
        return Err(Problem::new(Code::InvalidParameter).with("parameter", "count").into());
    }
    let core = &cards.core;
    let card = presentable(core, &me, id).await?;
    let now = core.now();
    let first = card.step_at(now);
    let codes = (first..first + i64::from(count)).map(|step| {
        let code = cards.codes.seal(card.person, card.n, step)?;
        let begins = step_start(step);
        // A till takes a code a step early, so the first may be shown at once unless two were redeemed within one step.
        let early = step_start(step - STEP_TOLERANCE).max(now);
        let from = if step == first { begins.min(early) } else { begins };
        let ends = begins + chrono::Duration::seconds(STEP_SECONDS);
        Ok(CodeDto { code, not_before: wire::instant(from), not_after: wire::instant(ends) })
    });
    let codes = codes.collect::<Result<Vec<_>, Problem>>()?;
    Ok(HttpResponse::Ok().json(QrDto { server_time: wire::instant(now), codes }))
}

/// Digits for a till that cannot scan. 数字码
#[derive(Debug, Serialize, ToSchema)]
struct TillCodeDto {
    /// Eight digits to tell the cashier.
    #[schema(pattern = "^[0-9]{8}$", example = "40713265")]
    code: String,
    /// When they die: a minute from now.
    expires_at: String,
}

/// Eight digits instead of the QR 获取数字码
///
/// For tills that cannot scan. They serve like a code of this moment; those asked before are dead.
#[utoipa::path(
    tag = "cards",
    security(("member" = ["level:1"])),
    params(("id" = uuid::Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The digits", body = TillCodeDto),
        (status = 409, description = "`CARD_NOT_VALID`: lost, revoked, suspended or expired, or a bank's card"),
    )
)]
#[post("/v1/me/cards/{id}/till-code")]
async fn issue_till_code(cards: web::Data<Cards>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    let core = &cards.core;
    let card = presentable(core, &me, id).await?;
    let TillCode { code, expires_at } = till_code::issue(core, &card).await?;
    Ok(HttpResponse::Ok().json(TillCodeDto { code, expires_at: wire::instant(expires_at) }))
}

/// Report my card lost 挂失
#[utoipa::path(
    tag = "cards",
    security(("member" = ["level:1"])),
    params(("id" = uuid::Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "Lost from this instant on", body = CardDto),
        (status = 409, description = "`INVALID_STATE`: replaced or revoked"),
    )
)]
#[post("/v1/me/cards/{id}/report-loss")]
async fn report_my_card_lost(cards: web::Data<Cards>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    let card = loss::report_own(&cards.core, &me.actor, me.person()?, id.0).await?;
    Ok(HttpResponse::Ok().json(CardDto::from(card)))
}

/// My card was found 解除挂失
#[utoipa::path(
    tag = "cards",
    security(("member" = ["level:1"])),
    params(("id" = uuid::Uuid, Path, description = "The card")),
    request_body = Confirmation,
    responses(
        (status = 200, description = "Active again", body = CardDto),
        (status = 401, description = "`OTP_INVALID`"),
        (status = 409, description = "`INVALID_STATE`: not lost, or lost for more than seven days"),
    )
)]
#[post("/v1/me/cards/{id}/found")]
async fn my_card_found(cards: web::Data<Cards>, me: Member<1>, id: Id, body: Body<Confirmation>) -> Answer {
    let who = (&me.principal, me.person()?);
    let card = loss::found(&cards.core, &me.actor, who, id.0, body.parse()?).await?;
    Ok(HttpResponse::Ok().json(CardDto::from(card)))
}

/// Replace my lost card 补办新卡
#[utoipa::path(
    tag = "cards",
    security(("member" = ["level:1"])),
    params(("id" = uuid::Uuid, Path, description = "The lost card")),
    request_body = Confirmation,
    responses(
        (status = 200, description = "The new card", body = CardDto),
        (status = 401, description = "`OTP_INVALID`"),
        (status = 409, description = "`INVALID_STATE`: not lost, no active membership, or a bank's card, which the bank replaces"),
    )
)]
#[post("/v1/me/cards/{id}/replace")]
async fn replace_my_card(cards: web::Data<Cards>, me: Member<1>, id: Id, body: Body<Confirmation>) -> Answer {
    let who = (&me.principal, me.person()?);
    let card = loss::replace(&cards.core, &me.actor, who, id.0, body.parse()?).await?;
    Ok(HttpResponse::Ok().json(CardDto::from(card)))
}
