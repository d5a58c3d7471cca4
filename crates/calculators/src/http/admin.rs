//! `/v1/admin/law-parameters`: entered by one person of the province's legal department, approved by another.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use unionhall_kernel::text::line;
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::query::words;
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, MaybeOnceHeader,
    PageBody, Query, ReasonBody, can, etag, wire,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::parameter::{self, By, Key, NewVersion, State, Version};
use crate::working;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_law_parameters)
        .service(enter_law_parameter)
        .service(get_law_parameter)
        .service(approve_law_parameter)
        .service(reject_law_parameter);
}

/// A version of a parameter of the law. 法律参数版本
#[derive(Debug, Serialize, ToSchema)]
struct LawParameter {
    /// Its id.
    id: Uuid,
    /// 参数
    key: Key,
    /// The division it is published for; 000000 for the country. 适用地区
    #[schema(example = "410000")]
    region: String,
    /// Its number among those of its key and region, from 1. 版本
    #[schema(minimum = 1, example = 3)]
    number: i32,
    /// First day. 生效日期
    valid_from: NaiveDate,
    /// Last day, counted; open without. 失效日期
    valid_to: Option<NaiveDate>,
    /// What it says, in the shape of its key. 参数值
    #[schema(value_type = Object)]
    value: Map<String, Value>,
    /// In what its numbers are. 单位
    #[schema(example = "分/月")]
    unit: &'static str,
    /// Where it was published. 依据文件
    #[schema(example = "郑州市统计局公报")]
    source: String,
    /// 状态
    state: State,
    /// 状态说明
    #[schema(example = "待审核")]
    state_text: &'static str,
    /// Whether calculations of its days use it. 是否有效
    standing: bool,
    /// Why it was rejected. 退回原因
    #[schema(example = "数额与文件不符")]
    reason: Option<String>,
    /// When it was entered. 录入时间
    recorded_at: String,
    /// When it was approved or rejected. 审核时间
    decided_at: Option<String>,
    /// When another version for the same first day took its place. 被替代时间
    superseded_at: Option<String>,
}

impl From<Version> for LawParameter {
    fn from(of: Version) -> Self {
        let standing = of.is_standing();
        let Version {
            id,
            path: _,
            key,
            region,
            number,
            valid_from,
            valid_to,
            value,
            source,
            state,
            reason,
            recorded_at,
            recorded_by: _,
            decided_at,
            decided_by: _,
            superseded_at,
            version: _,
        } = of;
        Self {
            id,
            key,
            region,
            number,
            valid_from,
            valid_to,
            value: value.as_object().cloned().unwrap_or_default(),
            unit: key.unit(),
            source,
            state,
            state_text: state.text(),
            standing,
            reason,
            recorded_at: wire::instant(recorded_at),
            decided_at: decided_at.map(wire::instant),
            superseded_at: superseded_at.map(wire::instant),
        }
    }
}

/// Which versions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LawParameterQuery {
    /// Keys, comma-separated; all without. 参数
    #[param(max_length = 400, example = "minimum_wage,local_average_wage")]
    key: Option<String>,
    /// States, comma-separated; all without. 状态
    #[param(max_length = 64, example = "PENDING")]
    state: Option<String>,
    /// Of this division alone. 适用地区
    #[param(max_length = 9, example = "410000")]
    region: Option<String>,
}

/// Versions of the parameters of the law 法律参数
#[utoipa::path(
    tag = "law-parameters",
    security(("admin" = ["law_parameter.read"])),
    params(LawParameterQuery, Listing),
    responses((status = 200, description = "By key, the oldest first; empty for whoever does not act for the province", body = PageBody<LawParameter>))
)]
#[get("/v1/admin/law-parameters")]
async fn list_law_parameters(
    app: web::Data<App>,
    by: Cadre<can::LawParameterRead>,
    query: Query<LawParameterQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let keys: Vec<Key> = words("key", query.key.as_deref())?;
    let states: Vec<State> = words("state", query.state.as_deref())?;
    let region = query.region.as_deref();
    let binding = format!("law-parameters|{}|{keys:?}|{states:?}|{region:?}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = parameter::list(&mut conn, &by.scope, (&keys, &states, region), after.as_ref(), limit).await?;
    let key = |of: &Version| (of.key.as_str().to_owned(), of.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, |of| Ok(LawParameter::from(of)))?))
}

/// A version to enter. 法律参数新版本
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLawParameter {
    /// 参数
    #[schema(example = "local_average_wage")]
    key: Key,
    /// The division it is published for, or 000000 for the country. 适用地区
    #[schema(min_length = 6, max_length = 9, example = "410100")]
    region: String,
    /// First day. 生效日期
    #[schema(example = "2026-07-01")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    valid_from: NaiveDate,
    /// Last day, counted; open without. 失效日期
    #[schema(example = "2027-06-30")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    valid_to: Option<NaiveDate>,
    /// What it says, in the shape of its key. 参数值
    #[schema(value_type = Object)]
    value: Map<String, Value>,
    /// Where it was published: 2 to 200 characters. 依据文件
    #[schema(min_length = 2, max_length = 200, example = "郑州市统计局公报")]
    source: String,
}

impl NewLawParameter {
    fn parse(&self) -> Result<NewVersion, Problem> {
        let mut fields = Fields::new();
        let regions = fields.take("/region", parameter::chain(&self.region));
        let source = fields.take("/source", line(&self.source, 2, 200));
        let value = Value::Object(self.value.clone());
        fields.take("/value", self.key.check(&value));
        working::ordered(&mut fields, self.valid_from, self.valid_to.unwrap_or(self.valid_from), "/valid_to");
        let region = regions.and_then(|regions| regions.first().copied());
        let (Some(region), Some(source)) = (region, source) else { return Err(fields.problem()) };
        let county = Invalid::new("DIVISION_LEVEL", "参数按国家、省、市、县发布，不到乡镇街道。");
        fields.require(region.len() == 6, "/region", county);
        fields.finish()?;
        let (valid_from, valid_to) = (self.valid_from, self.valid_to);
        Ok(NewVersion { key: self.key, region, valid_from, valid_to, value, source })
    }
}

/// Enter a version of a parameter 录入法律参数
///
/// It counts once another person approved it. The shapes of `value`: `minimum_wage` `{"month_fen": [3], "hour_fen": [3]}` by
/// class, `minimum_wage_class` `{"class": 1}`, `local_average_wage` `{"month_fen"}`, `national_income` `{"year_fen"}`,
/// `paid_days` `{"hundredths"}`, `overtime_rates` `{"workday", "rest_day", "holiday"}` in percent, `retirement_male` and the two
/// for women `{"age_years", "from", "step_months", "cap_months"}`, `pension_minimum` `{"months", "from_year", "step_months",
/// "most_months"}`, `injury_months` `{"months": [10]}`, `injury_allowance` `{"percent": [6]}`, `nursing` `{"full", "most",
/// "part"}`, `death_benefits` `{"funeral_months", "income_years", "spouse", "other", "alone"}`, `dues` `{"basis_points",
/// "step_fen"}`, `union_funds` `{"basis_points", "kept_basis_points"}`.
#[utoipa::path(
    tag = "law-parameters",
    security(("admin" = ["law_parameter.write"])),
    params(MaybeOnceHeader),
    request_body = NewLawParameter,
    responses(
        (status = 201, description = "Waits for another person", body = LawParameter,
            headers(("Location" = String, description = "The version"))),
        (status = 404, description = "`NOT_FOUND`: the caller does not act for the province"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `PARAMETER_SHAPE` at `/value`, `DIVISION_UNKNOWN` and `DIVISION_LEVEL` at `/region`, `DATE_ORDER` at `/valid_to`, `TEXT_FORMAT` at `/source`"),
    )
)]
#[post("/v1/admin/law-parameters")]
async fn enter_law_parameter(
    app: web::Data<App>,
    by: Cadre<can::LawParameterWrite>,
    key: MaybeOnce,
    body: Body<NewLawParameter>,
) -> Answer {
    let new = body.parse()?;
    let who = By { person: by.person()?, actor: &by.actor, scope: &by.scope };
    let key = key.of(by.principal.account, "enter_law_parameter", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let made = parameter::enter(&app, tx, who, &new).await?;
        created(format!("/v1/admin/law-parameters/{}", made.id), &LawParameter::from(made))
    })
    .await?;
    Ok(respond(stored))
}

/// One version of a parameter 法律参数版本
#[utoipa::path(
    tag = "law-parameters",
    security(("admin" = ["law_parameter.read"])),
    params(("id" = Uuid, Path, description = "The version")),
    responses((status = 200, description = "The version, with its ETag", body = LawParameter))
)]
#[get("/v1/admin/law-parameters/{id}")]
async fn get_law_parameter(app: web::Data<App>, by: Cadre<can::LawParameterRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let found = parameter::get(&mut conn, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &LawParameter::from(found)))
}

/// Approve a version another person entered 审核法律参数
///
/// From this moment on calculations of its days use it; what stood for the same first day gives way.
#[utoipa::path(
    tag = "law-parameters",
    security(("admin" = ["law_parameter.approve"])),
    params(("id" = Uuid, Path, description = "The version"), IfMatchHeader),
    responses(
        (status = 200, description = "Approved", body = LawParameter),
        (status = 403, description = "`NOT_ANOTHER_PERSON`: who entered it cannot approve it"),
        (status = 409, description = "`INVALID_STATE`: it was decided already"),
    )
)]
#[post("/v1/admin/law-parameters/{id}/approve")]
async fn approve_law_parameter(
    app: web::Data<App>,
    by: Cadre<can::LawParameterApprove>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    let who = By { person: by.person()?, actor: &by.actor, scope: &by.scope };
    let approved = app
        .db
        .write(async |tx| {
            let before = parameter::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            parameter::approve(&app, tx, who, &before).await
        })
        .await?;
    Ok(etag::tagged(approved.version, &LawParameter::from(approved)))
}

/// Reject a version, also one's own 退回法律参数
#[utoipa::path(
    tag = "law-parameters",
    security(("admin" = ["law_parameter.write"])),
    params(("id" = Uuid, Path, description = "The version"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Rejected: it never counts", body = LawParameter),
        (status = 409, description = "`INVALID_STATE`: it was decided already"),
    )
)]
#[post("/v1/admin/law-parameters/{id}/reject")]
async fn reject_law_parameter(
    app: web::Data<App>,
    by: Cadre<can::LawParameterWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    let who = By { person: by.person()?, actor: &by.actor, scope: &by.scope };
    let rejected = app
        .db
        .write(async |tx| {
            let before = parameter::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            parameter::reject(&app, tx, who, &before, reason).await
        })
        .await?;
    Ok(etag::tagged(rejected.version, &LawParameter::from(rejected)))
}
