//! `/v1/admin/legal-aid/{id}/…`: what a legal department does with a case of legal aid.

use actix_web::{post, web};
use serde::Deserialize;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::wire::parse_reason;
use unionhall_web::{Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, ReasonBody, can, etag};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::aid_dto::{LegalAidCase, full};
use super::may_see;
use crate::aid::{self, Aid, By};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(complete_legal_aid_papers)
        .service(ask_for_legal_aid_papers)
        .service(provide_legal_aid_first)
        .service(decide_legal_aid)
        .service(decide_legal_aid_appeal)
        .service(appoint_aid_lawyer)
        .service(archive_legal_aid)
        .service(send_back_legal_aid)
        .service(terminate_legal_aid)
        .service(entrust_legal_aid)
        .service(take_over_legal_aid)
        .service(decline_legal_aid);
}

async fn step(
    app: &App,
    by: &Cadre<can::LegalAidWrite>,
    id: Id,
    take: impl AsyncFn(&mut Conn, By<'_>) -> Result<Aid, Problem>,
) -> Answer {
    let sensitive = may_see(by)?;
    let scope = (&by.scope, sensitive);
    let acts = By { actor: &by.actor, person: by.person()?, scope: &by.scope };
    let (version, answer) = app
        .db
        .write(async |tx| {
            // What is out of scope is absent; a case that is handed over leaves the scope with its last step.
            let (before, lawyer) = aid::of_scope(tx, scope, id.0).await?;
            let taken = take(tx, acts).await?;
            let lawyer = lawyer.filter(|_| before.lawyer_id == taken.lawyer_id);
            let listed = match aid::of_scope(tx, scope, id.0).await {
                Ok(found) => found,
                Err(_) => (taken, lawyer),
            };
            Ok((listed.0.version, full(app, tx, listed, false).await?))
        })
        .await?;
    Ok(etag::tagged(version, &answer))
}

/// The papers are complete 材料齐全
///
/// The review begins; somebody else decides.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    responses(
        (status = 200, description = "Under review", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one's own"),
        (status = 409, description = "`INVALID_STATE`: it is not being looked through"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/complete")]
async fn complete_legal_aid_papers(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::complete(&app, tx, acts, id.0, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// Ask for missing papers 一次性告知补正
///
/// Once, all of them at a time: the reason says what is missing, and the member reads it. Without them in fifteen days the application counts
/// as withdrawn.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "The member is asked; the clock of the decision stands still", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one's own"),
        (status = 409, description = "`INVALID_STATE`: it is not being looked through, or papers were asked for before"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/ask-papers")]
async fn ask_for_legal_aid_papers(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = (id.0, body.parse()?);
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::ask_papers(&app, tx, acts, reason, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// Let a lawyer act before the decision 先行援助
///
/// Where the limitation period or a hearing is less than seven days away (法律援助法 44).
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "A lawyer can be named", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one's own"),
        (status = 409, description = "`INVALID_STATE`: neither is so near, or it is decided"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/provide")]
async fn provide_legal_aid_first(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = (id.0, body.parse()?);
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::provide(&app, tx, acts, reason, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// A decision. 决定
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LegalAidDecision {
    /// 是否准予援助
    granted: bool,
    /// Why, which the member reads: 2 to 200 characters. 理由
    #[schema(min_length = 2, max_length = 200, example = "追索劳动报酬，符合援助条件")]
    reason: String,
}

impl LegalAidDecision {
    fn parse(&self, id: Id) -> Result<(Uuid, bool, &str), Problem> {
        let reason = parse_reason(&self.reason);
        let reason = reason.map_err(|invalid| Problem::invalid("/reason", invalid))?;
        Ok((id.0, self.granted, reason))
    }
}

/// Decide an application 作出援助决定
///
/// By another person than the one who looked it through. Where a lawyer acts already a grant lets them go on, and a refusal ends it.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    request_body = LegalAidDecision,
    responses(
        (status = 200, description = "Decided", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one looked it through, or it is one's own"),
        (status = 409, description = "`INVALID_STATE`: it is not under review, or is decided"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/decide")]
async fn decide_legal_aid(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    body: Body<LegalAidDecision>,
) -> Answer {
    let decision = body.parse(id)?;
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::decide(&app, tx, acts, decision, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// Decide on a refusal that the member contests 复核决定
///
/// By the union above the one that refused, or at the province by another person.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    request_body = LegalAidDecision,
    responses(
        (status = 200, description = "Granted, or refused for good", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: the union that refused; `NOT_ANOTHER_PERSON`: one had a hand in it"),
        (status = 409, description = "`INVALID_STATE`: the member did not ask for it"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/decide-appeal")]
async fn decide_legal_aid_appeal(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    body: Body<LegalAidDecision>,
) -> Answer {
    let decision = body.parse(id)?;
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::decide_appeal(&app, tx, acts, decision, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// Who represents the member. 指派
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AidAppointment {
    /// 律师
    lawyer_id: Uuid,
}

/// Name the lawyer 指派律师
///
/// The lawyer takes it within two working days or another is named.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    request_body = AidAppointment,
    responses(
        (status = 200, description = "Named", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one's own"),
        (status = 409, description = "`INVALID_STATE`: aid is not granted, or another union is asked to handle it; `LAWYER_CONFLICT`: they or their firm act or acted for a party"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `LAWYER_UNKNOWN` at `/lawyer_id`"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/appoint")]
async fn appoint_aid_lawyer(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    body: Body<AidAppointment>,
) -> Answer {
    let to = (id.0, body.lawyer_id);
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::appoint(&app, tx, acts, to, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// Put a reported case away 结案归档
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    responses(
        (status = 200, description = "Closed; the member can rate it", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one is its lawyer, or it is one's own"),
        (status = 409, description = "`INVALID_STATE`: it was not reported, or is not decided yet"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/archive")]
async fn archive_legal_aid(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::archive(&app, tx, acts, id.0, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// Send a report back to the lawyer 退回补充
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "With the lawyer again", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one's own"),
        (status = 409, description = "`INVALID_STATE`: it was not reported"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/send-back")]
async fn send_back_legal_aid(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = (id.0, body.parse()?);
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::send_back(&app, tx, acts, reason, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// End aid 终止援助
///
/// The facts were false, or the member does not want it any more. The member reads the reason.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Over", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one's own"),
        (status = 409, description = "`INVALID_STATE`: aid is not given"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/terminate")]
async fn terminate_legal_aid(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = (id.0, body.parse()?);
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::terminate(&app, tx, acts, reason, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// To whom a case is entrusted. 委托
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LegalAidEntrustment {
    /// A union of the county's level or above, anywhere in the province. 受托工会
    org_id: Uuid,
    /// Why: 2 to 200 characters. 理由
    #[schema(min_length = 2, max_length = 200, example = "用人单位在贵地，便于就地仲裁")]
    reason: String,
}

/// Ask another union to handle a case 异地委托
///
/// It answers within three working days; until then the case stays.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    request_body = LegalAidEntrustment,
    responses(
        (status = 200, description = "Asked", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one's own"),
        (status = 409, description = "`INVALID_STATE`: aid is not granted, or another union is asked already"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `ORG_UNKNOWN` and `ORG_UNSUITABLE` at `/org_id`"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/entrust")]
async fn entrust_legal_aid(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    body: Body<LegalAidEntrustment>,
) -> Answer {
    let reason = parse_reason(&body.reason);
    let reason = reason.map_err(|invalid| Problem::invalid("/reason", invalid))?;
    let take = async |tx: &mut Conn, acts: By<'_>| {
        let to = aid::union(tx, acts.scope, body.org_id).await?;
        aid::entrust(&app, tx, acts, (id.0, &to, reason), |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// Take over a case one is asked to handle 接受委托
///
/// One's own legal department names a lawyer within three days. The union that entrusted it still reads it.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    responses(
        (status = 200, description = "One's own", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one's own"),
        (status = 409, description = "`INVALID_STATE`: one's union is not asked"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/take-over")]
async fn take_over_legal_aid(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::take_over(&app, tx, acts, id.0, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// Decline a case one is asked to handle 拒绝委托
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.write"])),
    params(("id" = Uuid, Path, description = "The case"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "It stays where it is", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county; `NOT_ANOTHER_PERSON`: one's own"),
        (status = 409, description = "`INVALID_STATE`: one's union is not asked"),
    )
)]
#[post("/v1/admin/legal-aid/{id}/decline")]
async fn decline_legal_aid(
    app: web::Data<App>,
    by: Cadre<can::LegalAidWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = (id.0, body.parse()?);
    let take = async |tx: &mut Conn, acts: By<'_>| {
        aid::decline(&app, tx, acts, reason, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}
