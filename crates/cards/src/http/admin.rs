//! `/v1/admin`: a member's cards, for cadres in scope.

use actix_web::{HttpResponse, get, post, web};
use unionhall_kernel::{Code, Problem};
use unionhall_web::{Answer, Body, Cadre, Id, IfMatch, IfMatchHeader, PageBody, ReasonBody, can, etag};
use utoipa_actix_web::service_config::ServiceConfig;

use super::CardDto;
use crate::standing::Status;
use crate::{Cards, loss, store};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_member_cards)
        .service(get_card)
        .service(report_card_lost)
        .service(revoke_card)
        .service(reissue_card);
}

/// Cards of a member 会员的卡
#[utoipa::path(
    tag = "cards",
    security(("admin" = ["member.read"])),
    params(("id" = uuid::Uuid, Path, description = "The member")),
    responses((status = 200, description = "Newest first", body = PageBody<CardDto>))
)]
#[get("/v1/admin/members/{id}/cards")]
async fn list_member_cards(cards: web::Data<Cards>, by: Cadre<can::MemberRead>, id: Id) -> Answer {
    let core = &cards.core;
    let mut conn = core.db.read().await?;
    let views = store::scoped_of_person(core, &mut conn, &by.scope, id.0).await?;
    Ok(HttpResponse::Ok().json(PageBody::whole(views.into_iter().map(CardDto::from).collect::<Vec<_>>())))
}

/// One card 会员卡
#[utoipa::path(
    tag = "cards",
    security(("admin" = ["member.read"])),
    params(("id" = uuid::Uuid, Path, description = "The card")),
    responses((status = 200, description = "The card, with its ETag", body = CardDto))
)]
#[get("/v1/admin/cards/{id}")]
async fn get_card(cards: web::Data<Cards>, by: Cadre<can::MemberRead>, id: Id) -> Answer {
    let core = &cards.core;
    let card = store::scoped(&mut *core.db.read().await?, &by.scope, id.0, core.today()).await?;
    Ok(etag::tagged(card.version, &CardDto::from(card)))
}

/// Report a member's card lost 代会员挂失
#[utoipa::path(
    tag = "cards",
    security(("admin" = ["card.write"])),
    params(("id" = uuid::Uuid, Path, description = "The card"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Lost from this instant on", body = CardDto),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/cards/{id}/report-loss")]
async fn report_card_lost(
    cards: web::Data<Cards>,
    by: Cadre<can::CardWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    set(&cards, &by, id, version, Status::Lost, body.parse()?).await
}

/// Revoke a card 注销会员卡
#[utoipa::path(
    tag = "cards",
    security(("admin" = ["card.write"])),
    params(("id" = uuid::Uuid, Path, description = "The card"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Revoked for good", body = CardDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`: one's own, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/cards/{id}/revoke")]
async fn revoke_card(
    cards: web::Data<Cards>,
    by: Cadre<can::CardWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    set(&cards, &by, id, version, Status::Revoked, body.parse()?).await
}

/// Issue a new card for a revoked one 重发会员卡
///
/// For one that was revoked by mistake. The old one stays dead.
#[utoipa::path(
    tag = "cards",
    security(("admin" = ["card.write"])),
    params(("id" = uuid::Uuid, Path, description = "The revoked card"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "The new card", body = CardDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`: one's own, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: not revoked, no active membership, or another card lives"),
    )
)]
#[post("/v1/admin/cards/{id}/reissue")]
async fn reissue_card(
    cards: web::Data<Cards>,
    by: Cadre<can::CardWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let check = |card: &store::CardView| others(&by, card).and_then(|()| version.check(card.version));
    let card = loss::reissue(&cards.core, &by.actor, &by.scope, id.0, check, body.parse()?).await?;
    Ok(etag::tagged(card.version, &CardDto::from(card)))
}

/// Nobody revokes or issues anew what is their own.
fn others(by: &Cadre<can::CardWrite>, card: &store::CardView) -> Result<(), Problem> {
    match by.actor.person == Some(card.person) {
        true => Err(Problem::new(Code::NotAnotherPerson)),
        false => Ok(()),
    }
}

async fn set(
    cards: &Cards,
    by: &Cadre<can::CardWrite>,
    id: Id,
    version: IfMatch,
    to: Status,
    reason: &str,
) -> Answer {
    let check = |card: &store::CardView| {
        if to == Status::Revoked {
            others(by, card)?;
        }
        version.check(card.version)
    };
    let card = loss::set_by_cadre(&cards.core, &by.actor, &by.scope, id.0, check, to, reason).await?;
    Ok(etag::tagged(card.version, &CardDto::from(card)))
}
