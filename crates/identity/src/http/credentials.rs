//! `/v1/auth`: activating an invited account, changing the password.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Mobile, Pii};
use unionhall_web::{Answer, Anyone, Body, Public, Realm};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::login::parse_password;
use crate::{Identity, credentials, otp, password};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(activate_account).service(change_password);
}

/// What an invited person sends first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Activation {
    /// The realm of the invitation; `cadre` without.
    realm: Option<Realm>,
    /// The mobile the invitation went to.
    #[schema(value_type = Mobile, example = "13800138000")]
    mobile: String,
    /// A code (purpose `confirm`).
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    code: String,
    /// The password to be; the present one of an active account that enrols TOTP for a new post.
    #[schema(value_type = String, min_length = 10, max_length = 128, format = Password, example = "correct-horse-battery")]
    password: Pii<String>,
}

/// The account is active. 激活结果
#[derive(Debug, Serialize, ToSchema)]
struct ActivatedDto {
    /// Base32 secret for an authenticator app, shown once; null where no post needs one.
    totp_secret: Option<String>,
    /// The same as a link.
    totp_uri: Option<String>,
}

/// Activate an invited account 激活受邀账号
#[utoipa::path(
    tag = "auth",
    request_body = Activation,
    responses(
        (status = 200, description = "Active; log in with the password now", body = ActivatedDto),
        (status = 401, description = "`OTP_INVALID`"),
    )
)]
#[post("/v1/auth/activate")]
async fn activate_account(identity: web::Data<Identity>, caller: Public, body: Body<Activation>) -> Answer {
    let dto = body.into_inner();
    let mut fields = Fields::new();
    let mobile = fields.take("/mobile", Mobile::parse(&dto.mobile));
    let code = fields.take("/code", otp::parse_code(&dto.code));
    let password = fields.take("/password", password::parse_new(dto.password.expose(), ""));
    let (Some(mobile), Some(code), Some(password)) = (mobile, code, password) else {
        return Err(fields.problem().into());
    };
    let realm = dto.realm.unwrap_or(Realm::Cadre);
    let done = credentials::activate(&identity, &caller.actor, realm, &mobile, code, password).await?;
    let (totp_secret, totp_uri) = done.totp.unzip();
    Ok(HttpResponse::Ok().json(ActivatedDto { totp_secret, totp_uri }))
}

/// A change of password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// The present password.
    #[schema(value_type = String, min_length = 1, max_length = 128, format = Password, example = "correct-horse-battery")]
    present: Pii<String>,
    /// The new one: 10 characters or more, not a common one.
    #[schema(value_type = String, min_length = 10, max_length = 128, format = Password, example = "battery-staple-correct")]
    new: Pii<String>,
}

/// Change the password 修改密码
#[utoipa::path(
    tag = "auth",
    security(("any" = [])),
    request_body = PasswordChange,
    responses(
        (status = 204, description = "Changed; every session is over"),
        (status = 401, description = "`LOGIN_FAILED`: the present password is wrong; `UNAUTHENTICATED`"),
        (status = 429, description = "`LOGIN_DELAYED`, `RATE_LIMITED`"),
    )
)]
#[post("/v1/auth/password")]
async fn change_password(
    identity: web::Data<Identity>,
    caller: Anyone,
    body: Body<PasswordChange>,
) -> Answer {
    let dto = body.into_inner();
    let mut fields = Fields::new();
    let present = fields.take("/present", parse_password(dto.present));
    let new = fields.take("/new", password::parse_new(dto.new.expose(), ""));
    let (Some(present), Some(new)) = (present, new) else {
        return Err(fields.problem().into());
    };
    credentials::change_password(&identity, &caller.actor, &caller.principal, present, new).await?;
    Ok(HttpResponse::NoContent().finish())
}
