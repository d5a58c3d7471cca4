//! `/v1/admin/campaigns`: entered by one person, approved by another.

use actix_web::{HttpResponse, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{BasisPoints, Code, Fen, Invalid, Problem};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::policy::{Action, allows};
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, MaybeOnceHeader,
    PageBody, Query, ReasonBody, can, etag, wire,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::campaign_terms::{BenefitKind, CampaignPatch, CampaignTerms, parse, terms_dto};
use super::{Patch, patched, words};
use crate::campaign::{self, By, Campaign, CampaignState, LimitPeriod, OfferKind, Phase, Step};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_campaigns)
        .service(create_campaign)
        .service(get_campaign)
        .service(change_campaign)
        .service(submit_campaign)
        .service(approve_campaign)
        .service(return_campaign)
        .service(pause_campaign)
        .service(resume_campaign);
}

/// A campaign. 普惠活动
#[derive(Debug, Serialize, ToSchema)]
struct CampaignDto {
    /// Its id, the `offer_id` at tills.
    id: Uuid,
    /// 状态
    state: CampaignState,
    /// Where it stands now, derived from clock and counters. 阶段
    phase: Phase,
    /// 阶段说明
    phase_text: &'static str,
    /// The union whose members it is for. 工会
    union_id: Uuid,
    /// 活动名称
    title: String,
    /// 优惠类型
    kind: OfferKind,
    /// 规则说明
    rule_text: String,
    /// 门店
    branch_ids: Vec<Uuid>,
    /// 优惠方式
    benefit_kind: BenefitKind,
    /// 立减金额
    benefit_fen: Option<Fen>,
    /// 优惠比例
    benefit_bp: Option<BasisPoints>,
    /// 优惠上限
    cap_fen: Option<Fen>,
    /// 最低消费
    min_spend_fen: Fen,
    /// 每人限次
    per_member_limit: i32,
    /// 限次周期
    period: LimitPeriod,
    /// 总数量
    quota: Option<i64>,
    /// Taken of the quota: claimed and used, or redeemed. 已用数量
    quota_used: i64,
    /// 总预算
    budget_fen: Option<Fen>,
    /// Taken of the budget. 已用预算
    budget_used_fen: Fen,
    /// 开始时间
    starts_at: String,
    /// 结束时间, exclusive
    ends_at: String,
    /// For coupons. 领取开始
    claim_from: Option<String>,
    /// For coupons, exclusive. 领取截止
    claim_until: Option<String>,
    /// For coupons. 券有效天数
    coupon_valid_days: Option<i32>,
    /// 保留会籍可用
    retained_allowed: bool,
    /// Why it was returned. 退回原因
    return_reason: Option<String>,
}

fn campaign_dto(campaign: &Campaign, now: DateTime<Utc>) -> CampaignDto {
    let (phase, terms) = (campaign.phase(now), &campaign.terms);
    let CampaignTerms { benefit_kind, benefit_fen, benefit_bp, cap_fen, .. } = terms_dto(campaign);
    CampaignDto {
        id: campaign.id,
        state: campaign.state,
        phase,
        phase_text: phase.text(),
        union_id: campaign.org,
        title: terms.title.clone(),
        kind: terms.kind,
        rule_text: terms.benefit.text(),
        branch_ids: terms.branches.clone(),
        benefit_kind,
        benefit_fen,
        benefit_bp,
        cap_fen,
        min_spend_fen: terms.benefit.min_spend,
        per_member_limit: terms.member_limit,
        period: terms.period,
        quota: terms.quota,
        quota_used: campaign.quota_used,
        budget_fen: terms.budget,
        budget_used_fen: campaign.budget_used,
        starts_at: wire::instant(terms.starts_at),
        ends_at: wire::instant(terms.ends_at),
        claim_from: terms.coupon.map(|c| wire::instant(c.claim_from)),
        claim_until: terms.coupon.map(|c| wire::instant(c.claim_until)),
        coupon_valid_days: terms.coupon.map(|c| c.valid_days),
        retained_allowed: terms.retained_allowed,
        return_reason: campaign.return_reason.clone(),
    }
}

/// Which campaigns.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CampaignQuery {
    /// Stored states, comma-separated; all without. 状态
    #[param(max_length = 64, example = "REVIEW,APPROVED")]
    state: Option<String>,
}

/// Campaigns of the scope 活动列表
#[utoipa::path(
    tag = "campaigns",
    security(("admin" = ["campaign.read"])),
    params(CampaignQuery, Listing),
    responses((status = 200, description = "In tree order", body = PageBody<CampaignDto>))
)]
#[get("/v1/admin/campaigns")]
async fn list_campaigns(
    app: web::Data<App>,
    by: Cadre<can::CampaignRead>,
    query: Query<CampaignQuery>,
    listing: Listing,
) -> Answer {
    let (limit, now) = (listing.limit()?, app.now());
    let states: Vec<CampaignState> = words("state", query.state.as_deref())?;
    let binding = format!("campaigns|{}|{states:?}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = campaign::list(&mut conn, &by.scope, &states, after.as_ref(), limit).await?;
    let key = |c: &Campaign| (c.path.clone(), c.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, |c| Ok(campaign_dto(&c, now)))?))
}

/// Enter a campaign 录入活动
#[utoipa::path(
    tag = "campaigns",
    security(("admin" = ["campaign.write"])),
    params(MaybeOnceHeader),
    request_body = CampaignTerms,
    responses(
        (status = 201, description = "A draft", body = CampaignDto),
        (status = 404, description = "`NOT_FOUND`: the union is absent or out of scope"),
    )
)]
#[post("/v1/admin/campaigns")]
async fn create_campaign(
    app: web::Data<App>,
    by: Cadre<can::CampaignWrite>,
    key: MaybeOnce,
    body: Body<CampaignTerms>,
) -> Answer {
    let terms = parse(&body)?;
    let union = body.union_id.unwrap_or(by.union);
    let who = By { person: by.person()?, actor: &by.actor, scope: &by.scope };
    let key = key.of(by.principal.account, "create_campaign", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let made = campaign::create(&app, tx, who, union, &terms).await?;
        created(format!("/v1/admin/campaigns/{}", made.id), &campaign_dto(&made, app.now()))
    })
    .await?;
    Ok(respond(stored))
}

/// One campaign 活动
#[utoipa::path(
    tag = "campaigns",
    security(("admin" = ["campaign.read"])),
    params(("id" = Uuid, Path, description = "The campaign")),
    responses((status = 200, description = "The campaign, with its ETag", body = CampaignDto))
)]
#[get("/v1/admin/campaigns/{id}")]
async fn get_campaign(app: web::Data<App>, by: Cadre<can::CampaignRead>, id: Id) -> Answer {
    let found = campaign::get(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &campaign_dto(&found, app.now())))
}

/// Change a campaign 变更活动
#[utoipa::path(
    tag = "campaigns",
    security(("admin" = ["campaign.write"])),
    params(("id" = Uuid, Path, description = "The campaign"), IfMatchHeader),
    request_body(content = CampaignPatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "The campaign, with its new ETag", body = CampaignDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`: more quota or budget needs who may approve and did not enter it"),
        (status = 409, description = "`INVALID_STATE`: neither a draft nor only limits of an approved one"),
    )
)]
#[patch("/v1/admin/campaigns/{id}")]
async fn change_campaign(
    app: web::Data<App>,
    by: Cadre<can::CampaignWrite>,
    id: Id,
    version: IfMatch,
    body: Body<Patch>,
) -> Answer {
    let who = By { person: by.person()?, actor: &by.actor, scope: &by.scope };
    let may_approve = allows(by.role.name, Action::CampaignApprove);
    let changed = app
        .db
        .write(async |tx| {
            let before = campaign::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            let dto: CampaignTerms = patched(&terms_dto(&before), &body)?;
            if dto.union_id != Some(before.org) {
                return Err(Problem::invalid("/union_id", Invalid::new("FIXED", "所属工会不能变更。")));
            }
            let terms = parse(&dto)?;
            if before.state == CampaignState::Draft {
                return campaign::rewrite(&app, tx, who, &before, &terms).await;
            }
            if !body.keys().all(|k| matches!(k.as_str(), "quota" | "budget_fen")) {
                return Err(Problem::new(Code::InvalidState));
            }
            let limits = (terms.quota, terms.budget);
            campaign::set_limits(&app, tx, who, may_approve, &before, limits).await
        })
        .await?;
    Ok(etag::tagged(changed.version, &campaign_dto(&changed, app.now())))
}

async fn step<A>(app: &App, by: &Cadre<A>, (id, version): (Id, IfMatch), step: Step<'_>) -> Answer {
    let who = By { person: by.person()?, actor: &by.actor, scope: &by.scope };
    let taken = app
        .db
        .write(async |tx| {
            let before = campaign::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            campaign::take(app, tx, who, &before, step).await
        })
        .await?;
    Ok(etag::tagged(taken.version, &campaign_dto(&taken, app.now())))
}

/// Submit a campaign for approval 提交审批
#[utoipa::path(
    tag = "campaigns",
    security(("admin" = ["campaign.write"])),
    params(("id" = Uuid, Path, description = "The campaign"), IfMatchHeader),
    responses(
        (status = 200, description = "Waits for another person", body = CampaignDto),
        (status = 409, description = "`INVALID_STATE`: it is no draft, or a `code_pool` has fewer codes than its quota (`detail` says which)"),
    )
)]
#[post("/v1/admin/campaigns/{id}/submit")]
async fn submit_campaign(
    app: web::Data<App>,
    by: Cadre<can::CampaignWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    step(&app, &by, (id, version), Step::Submit).await
}

/// Approve a campaign another person entered 审批通过
#[utoipa::path(
    tag = "campaigns",
    security(("admin" = ["campaign.approve"])),
    params(("id" = Uuid, Path, description = "The campaign"), IfMatchHeader),
    responses(
        (status = 200, description = "Approved: it runs by the clock", body = CampaignDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`: who entered or changed it cannot approve it; `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: it does not wait for approval; `MODULE_CLOSED`"),
    )
)]
#[post("/v1/admin/campaigns/{id}/approve")]
async fn approve_campaign(
    app: web::Data<App>,
    by: Cadre<can::CampaignApprove>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    step(&app, &by, (id, version), Step::Approve).await
}

/// Return a campaign to who entered it 退回修改
#[utoipa::path(
    tag = "campaigns",
    security(("admin" = ["campaign.approve"])),
    params(("id" = Uuid, Path, description = "The campaign"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "A draft again", body = CampaignDto),
        (status = 409, description = "`INVALID_STATE`: it does not wait for approval"),
    )
)]
#[post("/v1/admin/campaigns/{id}/return")]
async fn return_campaign(
    app: web::Data<App>,
    by: Cadre<can::CampaignApprove>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    step(&app, &by, (id, version), Step::Return(reason)).await
}

/// Pause a campaign 暂停活动
#[utoipa::path(
    tag = "campaigns",
    security(("admin" = ["campaign.write"])),
    params(("id" = Uuid, Path, description = "The campaign"), IfMatchHeader),
    responses(
        (status = 200, description = "Paused: nothing is claimed or redeemed", body = CampaignDto),
        (status = 409, description = "`INVALID_STATE`: it is not approved"),
    )
)]
#[post("/v1/admin/campaigns/{id}/pause")]
async fn pause_campaign(
    app: web::Data<App>,
    by: Cadre<can::CampaignWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    step(&app, &by, (id, version), Step::Pause).await
}

/// Resume a campaign 恢复活动
#[utoipa::path(
    tag = "campaigns",
    security(("admin" = ["campaign.write"])),
    params(("id" = Uuid, Path, description = "The campaign"), IfMatchHeader),
    responses(
        (status = 200, description = "Runs by the clock again", body = CampaignDto),
        (status = 409, description = "`INVALID_STATE`: it is not paused"),
    )
)]
#[post("/v1/admin/campaigns/{id}/resume")]
async fn resume_campaign(
    app: web::Data<App>,
    by: Cadre<can::CampaignWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    step(&app, &by, (id, version), Step::Resume).await
}
