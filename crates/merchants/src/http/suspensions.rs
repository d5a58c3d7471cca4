//! Suspensions and appeals, for the merchant and for its union.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::wire::{self, Progress};
use unionhall_web::{
    Answer, App, Body, Cadre, Id, Listing, Merchant, Once, OnceHeader, PageBody, Query, can,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{text, words};
use crate::merchant;
use crate::suspension::{self, State, Suspension};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(get_own_suspension)
        .service(appeal_against_suspension)
        .service(list_merchant_suspensions)
        .service(get_merchant_suspension);
}

/// A suspension of a merchant, with the appeal where there is one. 商户暂停与申诉
#[derive(Debug, Serialize, ToSchema)]
struct MerchantSuspension {
    /// Its id.
    id: Uuid,
    /// The merchant.
    merchant_id: Uuid,
    /// 状态
    state: State,
    /// Why it was suspended. 暂停原因
    reason: String,
    /// Since when.
    suspended_at: String,
    /// The last day of an appeal, Shanghai. 申诉截止日
    appeal_until: NaiveDate,
    /// What the manager says. 申诉理由
    statement: Option<String>,
    /// When they said it.
    appealed_at: Option<String>,
    /// Why it was terminated. 终止原因
    decision_reason: Option<String>,
    /// When it ended.
    decided_at: Option<String>,
    /// 办理进度
    progress: Progress,
}

fn progress(s: &Suspension, today: NaiveDate) -> Progress {
    let state = s.state();
    let may_appeal = state == State::Suspended && today <= s.appeal_until;
    let (waiting_for, next_step) = match state {
        State::Suspended if may_appeal => (Some("merchant"), "可在申诉截止日前提出申诉"),
        State::Suspended => (Some("county"), "申诉期已过，由所属工会决定恢复或终止"),
        State::Appealed => (Some("county"), "由原决定人以外的工会人员复核"),
        State::Resumed => (None, "已恢复合作"),
        State::Terminated => (None, "合作已终止，可重新申请入驻"),
    };
    Progress {
        state: state.as_str().to_owned(),
        state_text: state.text(),
        waiting_for,
        next_step,
        due_on: if may_appeal { Some(s.appeal_until) } else { s.due_on.filter(|_| !state.is_over()) },
        missing: Vec::new(),
        contact_phone: Some("12351"),
    }
}

impl MerchantSuspension {
    fn of(s: Suspension, today: NaiveDate) -> Self {
        let (state, progress) = (s.state(), progress(&s, today));
        Self {
            id: s.id,
            merchant_id: s.merchant_id,
            state,
            reason: s.reason,
            suspended_at: wire::instant(s.suspended_at),
            appeal_until: s.appeal_until,
            statement: s.statement,
            appealed_at: s.appealed_at.map(wire::instant),
            decision_reason: s.decision_reason,
            decided_at: s.decided_at.map(wire::instant),
            progress,
        }
    }
}

/// The latest suspension of my merchant 本店暂停情况
#[utoipa::path(
    tag = "suspensions",
    security(("merchant" = ["merchant.manage"])),
    responses(
        (status = 200, description = "The latest one, over or not", body = MerchantSuspension),
        (status = 404, description = "`NOT_FOUND`: it never was suspended"),
    )
)]
#[get("/v1/merchant/suspension")]
async fn get_own_suspension(app: web::Data<App>, by: Merchant<can::MerchantManage>) -> Answer {
    let found = suspension::latest(&mut *app.db.read().await?, by.merchant).await?;
    Ok(HttpResponse::Ok().json(MerchantSuspension::of(found, app.today())))
}

/// An appeal. 申诉
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MerchantAppeal {
    /// What speaks against the suspension: 5 to 1,000 characters. 申诉理由
    #[schema(min_length = 5, max_length = 1000, example = "投诉所称的交易并非在本店发生，附当日流水说明")]
    statement: String,
}

/// Appeal against the suspension of my merchant 提出申诉
///
/// Once, within five working days of the suspension. Another person than who suspended decides within ten: the merchant
/// is live again, or its contract is over.
#[utoipa::path(
    tag = "suspensions",
    security(("merchant" = ["merchant.manage"])),
    params(OnceHeader),
    request_body = MerchantAppeal,
    responses(
        (status = 201, description = "Handed in", body = MerchantSuspension),
        (status = 404, description = "`NOT_FOUND`: it never was suspended"),
        (status = 409, description = "`INVALID_STATE`: the suspension is over, was appealed against already, or the last day has passed; `IN_PROGRESS`"),
    )
)]
#[post("/v1/merchant/appeals")]
async fn appeal_against_suspension(
    app: web::Data<App>,
    by: Merchant<can::MerchantManage>,
    key: Once,
    body: Body<MerchantAppeal>,
) -> Answer {
    let statement = text(&body.statement, 5, 1000);
    let statement = statement.map_err(|invalid| Problem::invalid("/statement", invalid))?;
    let account = by.principal.account;
    let key = key.of(account, "appeal_against_suspension", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let made = suspension::appeal(&app, tx, (&by.actor, account), by.merchant, &statement).await?;
        created("/v1/merchant/suspension".to_owned(), &MerchantSuspension::of(made, app.today()))
    })
    .await?;
    Ok(respond(stored))
}

/// Which suspensions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SuspensionQuery {
    /// States, comma-separated; those with an appeal to decide without. 状态
    #[param(max_length = 60, example = "APPEALED")]
    state: Option<String>,
}

/// Suspensions of the scope 商户暂停与申诉列表
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(SuspensionQuery, Listing),
    responses((status = 200, description = "In tree order, oldest first", body = PageBody<MerchantSuspension>))
)]
#[get("/v1/admin/merchant-suspensions")]
async fn list_merchant_suspensions(
    app: web::Data<App>,
    by: Cadre<can::MerchantRead>,
    query: Query<SuspensionQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let mut states: Vec<State> = words("state", query.state.as_deref())?;
    if states.is_empty() {
        states.push(State::Appealed);
    }
    let binding = format!("merchant-suspensions|{}|{states:?}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let page =
        suspension::list(&mut *app.db.read().await?, &by.scope, &states, after.as_ref(), limit).await?;
    let key = |s: &Suspension| (s.path.clone(), s.id);
    let today = app.today();
    Ok(HttpResponse::Ok()
        .json(PageBody::of(&app, &binding, page, key, |s| Ok(MerchantSuspension::of(s, today)))?))
}

/// The latest suspension of a merchant 商户暂停情况
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(("id" = Uuid, Path, description = "The merchant")),
    responses(
        (status = 200, description = "The latest one, over or not", body = MerchantSuspension),
        (status = 404, description = "`NOT_FOUND`: no such merchant, or it never was suspended"),
    )
)]
#[get("/v1/admin/merchants/{id}/suspension")]
async fn get_merchant_suspension(app: web::Data<App>, by: Cadre<can::MerchantRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let of = merchant::get(&mut conn, &by.scope, id.0).await?;
    let found = suspension::latest(&mut conn, of.id).await?;
    Ok(HttpResponse::Ok().json(MerchantSuspension::of(found, app.today())))
}
