//! `/v1/merchant/applications`: a merchant applies.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::geo::Datum;
use unionhall_kernel::{Fields, Invalid, OrgName, PersonName, Pii, Problem, Uscc, mask};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::wire::{self, Progress};
use unionhall_web::{Answer, App, Body, Empty, Id, MerchantAccount, Once, OnceHeader, PageBody};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::admin_places::{NewMerchantBranch, branch_details};
use super::{division_code, text};
use crate::application::{self, Application, NewApplication, State};
use crate::branch::BranchDetails;

const MAX_BRANCHES: usize = 50;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(create_merchant_application)
        .service(list_own_merchant_applications)
        .service(get_own_merchant_application)
        .service(withdraw_merchant_application)
        .service(sign_merchant_contract);
}

/// A merchant that applies. 入驻申请
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMerchantApplication {
    /// 商户名称
    #[schema(value_type = OrgName, example = "方中山胡辣汤")]
    name: String,
    /// 统一社会信用代码
    #[schema(value_type = Uscc, example = "91410100MA000ABC24")]
    uscc: String,
    /// 行业类别: 1 to 40 characters.
    #[schema(min_length = 1, max_length = 40, example = "餐饮")]
    category: String,
    /// 行政区划代码: 6 or 9 digits; the union of this county decides.
    #[schema(pattern = "^[0-9]{6}([0-9]{3})?$", example = "410102")]
    division_code: String,
    /// 联系人, who becomes the manager
    #[schema(value_type = PersonName, example = "王小明")]
    contact_name: Pii<String>,
    /// 营业执照: a file of one's own, uploaded for `merchant_licence`.
    licence_file_id: Uuid,
    /// 门店
    #[schema(min_items = 1, max_items = 50)]
    branches: Vec<NewMerchantBranch>,
}

fn branches(dto: &[NewMerchantBranch], fields: &mut Fields) -> Vec<BranchDetails> {
    let within = (1..=MAX_BRANCHES).contains(&dto.len());
    fields.require(within, "/branches", Invalid::new("COUNT", "门店须为1至50个。"));
    dto.iter()
        .enumerate()
        .filter_map(|(n, branch)| {
            let refused = |problem: Problem| {
                for error in &problem.errors {
                    let invalid = Invalid { code: error.code, detail: error.detail.clone() };
                    fields.refuse(&format!("/branches/{n}{}", error.pointer), invalid);
                }
            };
            branch_details(branch).map_err(refused).ok()
        })
        .collect()
}

fn stated(dto: &NewMerchantApplication) -> Result<NewApplication, Problem> {
    let mut fields = Fields::new();
    let name = fields.take("/name", OrgName::parse(&dto.name));
    let uscc = fields.take("/uscc", Uscc::parse(&dto.uscc));
    let category = fields.take("/category", text(&dto.category, 1, 40));
    let division = fields.take("/division_code", division_code(&dto.division_code));
    let contact = fields.take("/contact_name", PersonName::parse(dto.contact_name.expose()));
    let branches = branches(&dto.branches, &mut fields);
    let (Some(name), Some(uscc), Some(category), Some(division_code), Some(contact_name)) =
        (name, uscc, category, division, contact)
    else {
        return Err(fields.problem());
    };
    fields.finish()?;
    let (name, licence_file_id) = (name.as_str().to_owned(), dto.licence_file_id);
    Ok(NewApplication { name, uscc, category, division_code, contact_name, branches, licence_file_id })
}

/// A branch of an application. 申请门店
#[derive(Debug, Serialize, ToSchema)]
struct StatedBranch {
    /// 门店名称
    name: String,
    /// 地址
    address: String,
    /// 行政区划代码
    division_code: String,
    /// Latitude in `datum`. 纬度
    lat: Option<f64>,
    /// Longitude in `datum`. 经度
    lng: Option<f64>,
    /// 坐标系
    datum: Option<Datum>,
}

impl From<BranchDetails> for StatedBranch {
    fn from(branch: BranchDetails) -> Self {
        let BranchDetails { name, address, division_code, place } = branch;
        let (lat, lng, datum) =
            place.map_or((None, None, None), |(lat, lng, d)| (Some(lat), Some(lng), Some(d)));
        Self { name, address, division_code, lat, lng, datum }
    }
}

/// An application. 入驻申请
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MerchantApplicationDto {
    /// Its id.
    id: Uuid,
    /// The union that decides. 受理工会
    union_id: Uuid,
    /// 商户名称
    name: String,
    /// 统一社会信用代码
    uscc: String,
    /// 行业类别
    category: String,
    /// 行政区划代码
    division_code: String,
    /// 联系人, masked
    contact_name: String,
    /// 门店
    branches: Vec<StatedBranch>,
    /// 状态
    state: State,
    /// First day of the contract offered. 合同起始日
    contract_from: Option<NaiveDate>,
    /// Its last day, inclusive. 合同截止日
    contract_to: Option<NaiveDate>,
    /// Why it was rejected. 未通过原因
    reason: Option<String>,
    /// The merchant it became.
    merchant_id: Option<Uuid>,
    /// When it was handed in.
    submitted_at: String,
    /// 办理进度
    progress: Progress,
}

fn progress(a: &Application) -> Progress {
    let state = a.state();
    let (waiting_for, next_step) = match state {
        State::Applied => (Some("county"), "县级总工会核验营业执照"),
        State::Verified => (Some("merchant"), "请确认合同期限并签约"),
        State::Signed => (None, "已入驻，可登录收银端"),
        State::Rejected => (None, "可重新申请或联系工会"),
        State::Withdrawn => (None, "可重新申请"),
    };
    Progress {
        state: state.as_str().to_owned(),
        state_text: state.text(),
        waiting_for,
        next_step,
        due_on: (state == State::Applied).then_some(a.due_on),
        missing: Vec::new(),
        contact_phone: Some("12351"),
    }
}

impl MerchantApplicationDto {
    pub(super) fn of(a: &Application) -> Result<Self, Problem> {
        Ok(Self {
            id: a.id,
            union_id: a.org_id,
            name: a.name.clone(),
            uscc: a.uscc.clone(),
            category: a.category.clone(),
            division_code: a.division_code.clone(),
            contact_name: mask::name(&a.contact_name),
            branches: a.branches()?.into_iter().map(StatedBranch::from).collect(),
            state: a.state(),
            contract_from: a.contract_from,
            contract_to: a.contract_to,
            reason: a.reason.clone(),
            merchant_id: a.merchant_id,
            submitted_at: wire::instant(a.created_at),
            progress: progress(a),
        })
    }
}

/// Apply for a merchant 提交入驻申请
///
/// With the tokens of `POST /v1/public/merchant-applications`, or of any account of the realm.
#[utoipa::path(
    tag = "applications",
    security(("merchant" = [])),
    params(OnceHeader),
    request_body = NewMerchantApplication,
    responses(
        (status = 201, description = "Handed in", body = MerchantApplicationDto),
        (status = 409, description = "`APPLICATION_OPEN`; `ALREADY_EXISTS`: a live merchant has the credit code; `INVALID_STATE`: the account has no mobile; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `FILE_UNKNOWN` at `/licence_file_id`, `DIVISION_UNKNOWN` at `/division_code`"),
    )
)]
#[post("/v1/merchant/applications")]
async fn create_merchant_application(
    app: web::Data<App>,
    me: MerchantAccount,
    key: Once,
    body: Body<NewMerchantApplication>,
) -> Answer {
    let new = stated(&body)?;
    let account = me.principal.account;
    let key = key.of(account, "create_merchant_application", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let made = application::submit(&app, tx, &me.actor, account, &new).await?;
        created(format!("/v1/merchant/applications/{}", made.id), &MerchantApplicationDto::of(&made)?)
    })
    .await?;
    Ok(respond(stored))
}

/// My applications 我的入驻申请
#[utoipa::path(
    tag = "applications",
    security(("merchant" = [])),
    responses((status = 200, description = "Newest first", body = PageBody<MerchantApplicationDto>))
)]
#[get("/v1/merchant/applications")]
async fn list_own_merchant_applications(app: web::Data<App>, me: MerchantAccount) -> Answer {
    let found = application::list_own(&mut *app.db.read().await?, me.principal.account).await?;
    let items: Vec<MerchantApplicationDto> =
        found.iter().map(MerchantApplicationDto::of).collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

/// One of my applications 我的入驻申请
#[utoipa::path(
    tag = "applications",
    security(("merchant" = [])),
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, description = "The application", body = MerchantApplicationDto))
)]
#[get("/v1/merchant/applications/{id}")]
async fn get_own_merchant_application(app: web::Data<App>, me: MerchantAccount, id: Id) -> Answer {
    let found = application::own(&mut *app.db.read().await?, me.principal.account, id.0).await?;
    Ok(HttpResponse::Ok().json(MerchantApplicationDto::of(&found)?))
}

/// Withdraw my application 撤回入驻申请
#[utoipa::path(
    tag = "applications",
    security(("merchant" = [])),
    params(("id" = Uuid, Path, description = "The application")),
    responses(
        (status = 200, description = "Withdrawn", body = MerchantApplicationDto),
        (status = 409, description = "`INVALID_STATE`: it has ended"),
    )
)]
#[post("/v1/merchant/applications/{id}/withdraw")]
async fn withdraw_merchant_application(
    app: web::Data<App>,
    me: MerchantAccount,
    id: Id,
    _body: Empty,
) -> Answer {
    let done = application::withdraw(&app, &me.actor, me.principal.account, id.0).await?;
    Ok(HttpResponse::Ok().json(MerchantApplicationDto::of(&done)?))
}

/// Sign the contract that is offered 签约
///
/// The merchant is live with its branches, and the caller is its manager; the next refresh of the token acts as such.
#[utoipa::path(
    tag = "applications",
    security(("merchant" = [])),
    params(("id" = Uuid, Path, description = "The application")),
    responses(
        (status = 200, description = "Signed, with the merchant", body = MerchantApplicationDto),
        (status = 409, description = "`INVALID_STATE`: no contract is offered, or it has ended; `ALREADY_EXISTS`: a live merchant has the credit code by now"),
    )
)]
#[post("/v1/merchant/applications/{id}/sign")]
async fn sign_merchant_contract(app: web::Data<App>, me: MerchantAccount, id: Id, _body: Empty) -> Answer {
    let done = application::sign(&app, &me.actor, me.principal.account, id.0).await?;
    Ok(HttpResponse::Ok().json(MerchantApplicationDto::of(&done)?))
}
