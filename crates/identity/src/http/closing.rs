//! `/v1/me/account-closing`: leaving the platform.

use actix_web::{HttpResponse, delete, get, post, web};
use chrono::NaiveDate;
use serde::Serialize;
use unionhall_kernel::Problem;
use unionhall_web::{Answer, Body, Member, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::Confirmation;
use crate::Identity;
use crate::closing::{self, Asked};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(ask_account_closing).service(get_account_closing).service(cancel_account_closing);
}

/// An account that is to be closed. 账号注销
#[derive(Debug, Serialize, ToSchema)]
struct AccountClosing {
    /// When it was asked for.
    asked_at: String,
    /// The day on which it is done, Shanghai; until then it can be cancelled. 注销日期
    closes_on: NaiveDate,
    /// What ends and what stays, to be read. 说明
    notice: &'static str,
}

impl From<Asked> for AccountClosing {
    fn from(Asked { asked_at, closes_on }: Asked) -> Self {
        let notice =
            "注销后账号不能登录，授权同意全部撤回，手机号可重新注册；会籍、会员卡和资金记录依法保留。";
        Self { asked_at: wire::instant(asked_at), closes_on, notice }
    }
}

/// Close my account 申请注销账号
///
/// After seven days to think again, during which everything works and every login shows `closes_on`. Then nobody logs in to
/// it any more, consents are withdrawn and the mobile is free for a new account; membership, card and records of money
/// stay.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    request_body = Confirmation,
    responses(
        (status = 200, description = "Taken; the mobile is told", body = AccountClosing),
        (status = 401, description = "`OTP_INVALID`"),
        (status = 409, description = "`APPLICATION_OPEN`: it was asked for already"),
    )
)]
#[post("/v1/me/account-closing")]
async fn ask_account_closing(identity: web::Data<Identity>, me: Member, body: Body<Confirmation>) -> Answer {
    let asked = closing::ask(&identity, &me.actor, &me.principal, body.parse()?).await?;
    Ok(HttpResponse::Ok().json(AccountClosing::from(asked)))
}

/// When my account closes 注销进度
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses(
        (status = 200, description = "It was asked for", body = AccountClosing),
        (status = 404, description = "`NOT_FOUND`: it was not"),
    )
)]
#[get("/v1/me/account-closing")]
async fn get_account_closing(identity: web::Data<Identity>, me: Member) -> Answer {
    let asked = closing::of(&mut *identity.core.db.read().await?, me.principal.account).await?;
    Ok(HttpResponse::Ok().json(AccountClosing::from(asked.ok_or_else(Problem::not_found)?)))
}

/// Keep my account after all 撤销注销申请
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses(
        (status = 204, description = "It stays open"),
        (status = 404, description = "`NOT_FOUND`: nothing was asked"),
    )
)]
#[delete("/v1/me/account-closing")]
async fn cancel_account_closing(identity: web::Data<Identity>, me: Member) -> Answer {
    closing::cancel(&identity.core, &me.actor, &me.principal).await?;
    Ok(HttpResponse::NoContent().finish())
}
