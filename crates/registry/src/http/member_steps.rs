//! `/v1/admin/members/{id}/…`: the steps of a membership, and whose account the member's is.

use actix_web::{post, web};
use serde::Deserialize;
use unionhall_identity::Identity;
use unionhall_kernel::{Code, Fields, Problem};
use unionhall_web::{Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, ReasonBody, can, etag, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::MemberDto;
use crate::member::{self, Transition};
use crate::membership::{Reason, State};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(freeze_member)
        .service(unfreeze_member)
        .service(retain_member)
        .service(end_member)
        .service(reinstate_member)
        .service(unbind_member);
}

/// Why a membership is kept without dues or vote. 保留会籍原因
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RetainKind {
    /// 退休
    Retire,
    /// 失业
    Unemployed,
    /// 服兵役
    Military,
}

/// Why a membership ends here. Expulsion and transfer have procedures of their own; quitting is the member's.
/// 终止会籍原因
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EndKind {
    /// 死亡
    Deceased,
    /// 自动退会
    AutoQuit,
}

/// Keep, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberRetention {
    /// The reason.
    kind: RetainKind,
    /// Why, for the audit row: 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200, example = "办理退休手续")]
    reason: String,
}

/// End, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberEnding {
    /// The reason.
    kind: EndKind,
    /// Why, for the audit row: 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200, example = "有死亡证明")]
    reason: String,
}

async fn change(
    app: &App,
    by: &Cadre<can::MemberWrite>,
    (id, version): (Id, IfMatch<Uuid>),
    to: State,
    why: Option<Reason>,
    action: &'static str,
    reason: &str,
) -> Answer {
    let mut fields = Fields::new();
    let Some(reason) = fields.take("/reason", wire::parse_reason(reason)) else {
        return Err(fields.problem().into());
    };
    let transition = Transition { to, why, action };
    let named = (id.0, version);
    let changed = app
        .db
        .write(async |tx| member::change(app, tx, &by.actor, &by.scope, named, transition, reason).await);
    let member = changed.await?;
    Ok(etag::tagged(member.membership, &MemberDto::from(member)))
}

/// Freeze a membership 冻结会籍
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Frozen: the card is suspended at once", body = MemberDto),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/members/{id}/freeze")]
async fn freeze_member(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<ReasonBody>,
) -> Answer {
    change(&app, &by, (id, version), State::Frozen, None, "membership.freeze", &body.reason).await
}

/// Unfreeze a membership 解除冻结
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Active again", body = MemberDto),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/members/{id}/unfreeze")]
async fn unfreeze_member(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<ReasonBody>,
) -> Answer {
    change(&app, &by, (id, version), State::Active, None, "membership.unfreeze", &body.reason).await
}

/// Retain a membership 保留会籍
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = MemberRetention,
    responses(
        (status = 200, description = "Retained: no dues, no vote", body = MemberDto),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/members/{id}/retain")]
async fn retain_member(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<MemberRetention>,
) -> Answer {
    let why = match body.kind {
        RetainKind::Retire => Reason::Retire,
        RetainKind::Unemployed => Reason::Unemployed,
        RetainKind::Military => Reason::Military,
    };
    change(&app, &by, (id, version), State::Retained, Some(why), "membership.retain", &body.reason).await
}

/// End a membership 终止会籍
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = MemberEnding,
    responses(
        (status = 200, description = "Ended from today on", body = MemberDto),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/members/{id}/end")]
async fn end_member(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<MemberEnding>,
) -> Answer {
    let why = match body.kind {
        EndKind::Deceased => Reason::Deceased,
        EndKind::AutoQuit => Reason::AutoQuit,
    };
    change(&app, &by, (id, version), State::Ended, Some(why), "membership.end", &body.reason).await
}

/// Reinstate a membership 恢复会籍
///
/// For one that was retained or ended by mistake, or whose holder works again: active from today on, in the same union.
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Active again, and so is the card", body = MemberDto),
        (status = 409, description = "`INVALID_STATE`: neither retained nor ended"),
    )
)]
#[post("/v1/admin/members/{id}/reinstate")]
async fn reinstate_member(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<ReasonBody>,
) -> Answer {
    let found = member::get(&app, &mut *app.db.read().await?, &by.scope, id.0).await?;
    if !matches!(found.state, State::Retained | State::Ended) {
        return Err(Problem::new(Code::InvalidState).into());
    }
    change(&app, &by, (id, version), State::Active, None, "membership.reinstate", &body.reason).await
}

/// Take an account off a member 解除账号绑定
///
/// Where the wrong person was confirmed as this member: the account is at level 0 again and its sessions are over; whoever
/// is the member claims their place. Cards, coupons and matters stay the member's.
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Nobody's account is the member's", body = MemberDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`: one's own, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: the member has no account"),
    )
)]
#[post("/v1/admin/members/{id}/unbind")]
async fn unbind_member(
    identity: web::Data<Identity>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    let done = member::unbind(&identity, &by.actor, &by.scope, (id.0, version), reason).await?;
    Ok(etag::tagged(done.membership, &MemberDto::from(done)))
}
