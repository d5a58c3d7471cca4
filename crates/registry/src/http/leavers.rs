//! `/v1/admin/leaver-proposals`: who has left, as one person proposes and another confirms.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::mask;
use unionhall_storage::Core;
use unionhall_web::batch::{BatchBody, BatchResult};
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, PageBody, Query, ReasonBody, can,
    etag, wire,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::members::narrowed;
use crate::leaver::{self, Decision, Kind, Leaver, State};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(propose_leavers)
        .service(list_leaver_proposals)
        .service(decide_leaver_proposals)
        .service(get_leaver_proposal)
        .service(confirm_leaver_proposal)
        .service(reject_leaver_proposal)
        .service(withdraw_leaver_proposal);
}

/// A proposal that somebody has left. 离会提议
#[derive(Debug, Serialize, ToSchema)]
struct LeaverProposal {
    /// Its id.
    id: Uuid,
    /// Whose membership.
    member_id: Uuid,
    /// Their name, masked. 姓名
    #[schema(example = "王*明")]
    name: String,
    /// Where they stand now. 工会
    union_id: Uuid,
    /// 工会名称
    union_name: String,
    /// 离会情形
    kind: Kind,
    /// Why, as the proposer says. 说明
    reason: String,
    /// 状态
    state: State,
    /// In words. 状态说明
    #[schema(example = "待另一人确认")]
    state_text: &'static str,
    /// Whether the caller proposed it, who then cannot confirm it. 本人提议
    mine: bool,
    /// When it was proposed. 提议时间
    proposed_at: String,
    /// By when somebody is to have looked at it. 办理期限
    due_on: NaiveDate,
    /// Why it was rejected. 未予确认的原因
    decision_reason: Option<String>,
}

impl LeaverProposal {
    fn of(by: Option<Uuid>, leaver: Leaver) -> Self {
        let Leaver {
            id,
            person,
            name,
            org,
            org_name,
            path: _,
            membership: _,
            kind,
            reason,
            state,
            proposed_by,
            proposed_at,
            due_on,
            decision_reason,
            version: _,
        } = leaver;
        Self {
            id,
            member_id: person,
            name: mask::name(&name),
            union_id: org,
            union_name: org_name,
            kind,
            reason,
            state,
            state_text: state.text(),
            mine: by == Some(proposed_by),
            proposed_at: wire::instant(proposed_at),
            due_on,
            decision_reason,
        }
    }
}

/// How the members left. 提议
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(as = LeaverAction)]
enum Proposed {
    /// 退休
    #[serde(rename = "propose_retire")]
    Retire,
    /// 失业
    #[serde(rename = "propose_unemployed")]
    Unemployed,
    /// 服兵役
    #[serde(rename = "propose_military")]
    Military,
    /// 死亡
    #[serde(rename = "propose_deceased")]
    Deceased,
    /// 自动退会
    #[serde(rename = "propose_auto_quit")]
    AutoQuit,
}

impl From<Proposed> for Kind {
    fn from(proposed: Proposed) -> Self {
        match proposed {
            Proposed::Retire => Self::Retire,
            Proposed::Unemployed => Self::Unemployed,
            Proposed::Military => Self::Military,
            Proposed::Deceased => Self::Deceased,
            Proposed::AutoQuit => Self::AutoQuit,
        }
    }
}

/// Propose that members have left 提议会员离会
///
/// Of members by their id, as lists and the leavers of a complete roster name them. Nothing changes before another person
/// confirms.
#[utoipa::path(
    tag = "members",
    security(("admin" = ["leaver.propose"])),
    request_body = BatchBody<Proposed>,
    responses((status = 200, description = "What became of each: `NOT_FOUND` out of scope, `NOT_ANOTHER_PERSON` for oneself, `INVALID_STATE` as they stand, `APPLICATION_OPEN` while another proposal waits", body = BatchResult))
)]
#[post("/v1/admin/members/batch")]
async fn propose_leavers(
    app: web::Data<App>,
    by: Cadre<can::LeaverPropose>,
    body: Body<BatchBody<Proposed>>,
) -> Answer {
    let reason = body.parse(true)?.unwrap_or_default();
    let kind = Kind::from(body.action);
    let mut outcomes = Vec::with_capacity(body.ids.len());
    for person in &body.ids {
        let done = leaver::propose(&app, &by.actor, &by.scope, *person, kind, reason).await;
        outcomes.push((*person, done));
    }
    Ok(HttpResponse::Ok().json(BatchResult::of(outcomes)))
}

/// Which proposals.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LeaverQuery {
    /// A union with its subtree; the caller's own without. 工会
    union_id: Option<Uuid>,
    /// Those that ended, instead of those that wait. 已办结
    #[serde(default)]
    ended: bool,
}

/// Proposals of the scope 离会提议列表
#[utoipa::path(
    tag = "members",
    security(("admin" = ["leaver.propose"])),
    params(LeaverQuery, Listing),
    responses((status = 200, description = "Oldest first", body = PageBody<LeaverProposal>))
)]
#[get("/v1/admin/leaver-proposals")]
async fn list_leaver_proposals(
    app: web::Data<App>,
    by: Cadre<can::LeaverPropose>,
    query: Query<LeaverQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let Some(scope) = narrowed(&app, &by.scope, query.union_id).await? else {
        return Ok(HttpResponse::Ok().json(PageBody::<LeaverProposal>::whole(Vec::new())));
    };
    let binding = format!("leaver-proposals|{}|{}", scope.start(), query.ended);
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let page = leaver::list(&mut *app.db.read().await?, &scope, !query.ended, after, limit).await?;
    let dto = |l| Ok(LeaverProposal::of(by.actor.person, l));
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |l| l.id, dto)?))
}

/// One proposal 离会提议
#[utoipa::path(
    tag = "members",
    security(("admin" = ["leaver.propose"])),
    params(("id" = Uuid, Path, description = "The proposal")),
    responses((status = 200, description = "With its ETag", body = LeaverProposal))
)]
#[get("/v1/admin/leaver-proposals/{id}")]
async fn get_leaver_proposal(app: web::Data<App>, by: Cadre<can::LeaverPropose>, id: Id) -> Answer {
    let found = leaver::get(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &LeaverProposal::of(by.actor.person, found)))
}

async fn decide(
    core: &Core,
    by: &Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch,
    decision: Decision,
) -> Answer {
    let check = |current| version.check(current);
    let done = leaver::decide(core, &by.actor, &by.scope, id.0, check, &decision).await?;
    Ok(etag::tagged(done.version, &LeaverProposal::of(by.actor.person, done)))
}

/// Confirm that somebody has left 确认离会
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The proposal"), IfMatchHeader),
    responses(
        (status = 200, description = "The membership is retained or has ended, from today on", body = LeaverProposal),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: decided, or the membership changed otherwise"),
    )
)]
#[post("/v1/admin/leaver-proposals/{id}/confirm")]
async fn confirm_leaver_proposal(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    decide(&app, &by, id, version, Decision::Confirm).await
}

/// Reject a proposal 不予确认
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The proposal"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Rejected; the membership stays", body = LeaverProposal),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/leaver-proposals/{id}/reject")]
async fn reject_leaver_proposal(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    decide(&app, &by, id, version, Decision::Reject(body.parse()?.to_owned())).await
}

/// Take one's own proposal back 撤回离会提议
#[utoipa::path(
    tag = "members",
    security(("admin" = ["leaver.propose"])),
    params(("id" = Uuid, Path, description = "The proposal"), IfMatchHeader),
    responses(
        (status = 200, description = "Taken back", body = LeaverProposal),
        (status = 404, description = "`NOT_FOUND`: absent, out of scope or another's"),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/leaver-proposals/{id}/withdraw")]
async fn withdraw_leaver_proposal(
    app: web::Data<App>,
    by: Cadre<can::LeaverPropose>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    let check = |current| version.check(current);
    let done = leaver::withdraw(&app, &by.actor, &by.scope, id.0, check).await?;
    Ok(etag::tagged(done.version, &LeaverProposal::of(by.actor.person, done)))
}

/// What is said to each. 决定
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeaverDecision)]
enum BatchAction {
    /// 确认
    Confirm,
    /// 不予确认; takes a reason.
    Reject,
}

/// Decide many proposals 批量确认离会
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    request_body = BatchBody<BatchAction>,
    responses((status = 200, description = "What became of each, in the order asked", body = BatchResult))
)]
#[post("/v1/admin/leaver-proposals/batch")]
async fn decide_leaver_proposals(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    body: Body<BatchBody<BatchAction>>,
) -> Answer {
    let reason = body.parse(body.action == BatchAction::Reject)?.unwrap_or_default().to_owned();
    let decision = match body.action {
        BatchAction::Confirm => Decision::Confirm,
        BatchAction::Reject => Decision::Reject(reason),
    };
    let mut outcomes = Vec::with_capacity(body.ids.len());
    for id in &body.ids {
        let done = leaver::decide(&app, &by.actor, &by.scope, *id, |_| Ok(()), &decision).await;
        outcomes.push((*id, done.map(|_| ())));
    }
    Ok(HttpResponse::Ok().json(BatchResult::of(outcomes)))
}
