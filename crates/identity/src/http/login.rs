//! `/v1/auth`: codes, logging in, refreshing.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Fields, Invalid, Mobile, Pii, Problem};
use unionhall_web::{Answer, Body, Public, Realm, RequestInfo};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::device::{DeviceDto, parse_device_id};
use super::tokens::TokensDto;
use crate::consent::Given;
use crate::login::{self, Factors, MemberLogin};
use crate::otp::{self, Purpose};
use crate::{Identity, account, password};

const MAX_LOGIN_CHARS: usize = 64;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(request_otp)
        .service(login_password)
        .service(login_otp)
        .service(begin_merchant_application)
        .service(begin_recruiter_application)
        .service(refresh_token);
}

fn parse_username(username: &str) -> Result<&str, Invalid> {
    if (1..=MAX_LOGIN_CHARS).contains(&username.chars().count()) {
        Ok(username)
    } else {
        Err(Invalid::new("USERNAME_LENGTH", "用户名须为1至64个字符。"))
    }
}

pub(super) fn parse_password(password: Pii<String>) -> Result<Pii<String>, Invalid> {
    if (1..=password::MAX_CHARS).contains(&password.expose().chars().count()) {
        Ok(password)
    } else {
        Err(Invalid::new("PASSWORD_LENGTH", "密码须为1至128个字符。"))
    }
}

pub(super) fn parse_totp(code: Option<String>, fields: &mut Fields, pointer: &str) -> Option<String> {
    let code = code?;
    fields.take(pointer, otp::parse_code(&code).map(ToOwned::to_owned))
}

pub(super) fn parse_binding_code(code: Option<String>, fields: &mut Fields) -> Option<String> {
    let code = code?;
    let is_one = code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit());
    fields.require(is_one, "/binding_code", Invalid::new("CODE_FORMAT", "绑定码为8位数字。"));
    is_one.then_some(code)
}

/// A request for a code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OtpRequest {
    /// 11 digits; `+86` and spaces are accepted. With a token and purpose `confirm` it may be left out: the account's own then.
    #[schema(value_type = Option<Mobile>, example = "13800138000")]
    mobile: Option<String>,
    /// What the code is for.
    purpose: Purpose,
    /// In which realm; without, `cadre` for `second_factor`, that of the token where the mobile is left out, else `member`.
    realm: Option<Realm>,
}

/// A code is on its way, or would be if the number were somebody's.
#[derive(Debug, Serialize, ToSchema)]
struct OtpSent {
    /// Seconds until the code dies.
    expires_in: i64,
    /// Seconds until another may be asked.
    resend_after: u32,
}

/// Ask a one-time code by SMS 获取短信验证码
///
/// `mobile` may be left out for `confirm` with a token: the code goes to the account's own. `realm` is `cadre` without for
/// `second_factor`, that of the token where the mobile is left out, else `member`. A code for `new_mobile` is sent only with a member's token: nobody else has a mobile to change. Ask one a minute for each
/// number and purpose.
#[utoipa::path(
    tag = "auth",
    request_body = OtpRequest,
    responses(
        (status = 202, description = "Taken; the same answer for every number", body = OtpSent),
        (status = 401, description = "`UNAUTHENTICATED`: `new_mobile` without a member's token, or in another realm"),
        (status = 409, description = "`INVALID_STATE`: the mobile was left out and the account has none"),
        (status = 429, description = "`OTP_TOO_OFTEN`, `RATE_LIMITED`"),
    )
)]
#[post("/v1/auth/otp")]
async fn request_otp(
    identity: web::Data<Identity>,
    caller: Public,
    info: RequestInfo,
    body: Body<OtpRequest>,
) -> Answer {
    let dto = body.into_inner();
    let mut fields = Fields::new();
    let own = caller.principal.as_ref().filter(|_| dto.purpose == Purpose::Confirm);
    let mobile = match (&dto.mobile, own) {
        (Some(typed), _) => fields.take("/mobile", Mobile::parse(typed)),
        (None, Some(by)) => {
            let core = &identity.core;
            let account = account::get(&mut *core.db.read().await?, by.account).await?;
            let own = account.map(|account| account.mobile(&core.sealer)).transpose()?.flatten();
            Some(own.ok_or_else(|| Problem::new(Code::InvalidState))?)
        }
        (None, None) => fields.take("/mobile", Err(Invalid::new("REQUIRED", "请填写手机号。"))),
    };
    let Some(mobile) = mobile else { return Err(fields.problem().into()) };
    let realm = dto.realm.unwrap_or(match (dto.purpose, own) {
        (Purpose::SecondFactor, _) => Realm::Cadre,
        (_, Some(by)) if dto.mobile.is_none() => by.realm,
        _ => Realm::Member,
    });
    let is_member = caller.principal.is_some_and(|by| by.realm == Realm::Member && by.assist.is_none())
        && realm == Realm::Member;
    if dto.purpose == Purpose::NewMobile && !is_member {
        return Err(Problem::new(Code::Unauthenticated).into());
    }
    otp::request(&identity.core, identity.sms.as_ref(), realm, dto.purpose, &mobile, info.ip).await?;
    let sent = OtpSent { expires_in: otp::TTL_SECONDS, resend_after: otp::RESEND_SECONDS };
    Ok(HttpResponse::Accepted().json(sent))
}

/// A login with a password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordLogin {
    /// Login name; case does not matter.
    #[schema(min_length = 1, max_length = 64, example = "zz.leader")]
    username: String,
    /// The password.
    #[schema(value_type = String, min_length = 1, max_length = 128, format = Password, example = "correct-horse-battery")]
    password: Pii<String>,
    /// `cadre` without.
    realm: Option<Realm>,
    /// TOTP code, for cadres of the county and above and for auditors.
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    totp: Option<String>,
    /// SMS code (purpose `second_factor`), for cadres below the county.
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    otp: Option<String>,
    /// The device.
    device: Option<DeviceDto>,
    /// What a bound device shows, where this one is not bound yet; for cadres below the county.
    #[schema(pattern = "^[0-9]{8}$", example = "40718265")]
    binding_code: Option<String>,
}

/// Log in with a password 密码登录
#[utoipa::path(
    tag = "auth",
    request_body = PasswordLogin,
    responses(
        (status = 200, description = "Logged in", body = TokensDto),
        (status = 401, description = "`LOGIN_FAILED`, `SECOND_FACTOR_REQUIRED`, `SECOND_FACTOR_FAILED`; `DEVICE_NOT_BOUND`: all was right, but this is none of the cadre's phones"),
        (status = 429, description = "`LOGIN_DELAYED`, `RATE_LIMITED`"),
    )
)]
#[post("/v1/auth/login/password")]
async fn login_password(identity: web::Data<Identity>, caller: Public, body: Body<PasswordLogin>) -> Answer {
    let dto = body.into_inner();
    let mut fields = Fields::new();
    let username = fields.take("/username", parse_username(&dto.username).map(ToOwned::to_owned));
    let password = fields.take("/password", parse_password(dto.password));
    let totp = parse_totp(dto.totp, &mut fields, "/totp");
    let otp = parse_totp(dto.otp, &mut fields, "/otp");
    let device = dto.device.and_then(|d| d.parse(&mut fields));
    let binding_code = parse_binding_code(dto.binding_code, &mut fields);
    let realm = dto.realm.unwrap_or(Realm::Cadre);
    let (Some(username), Some(password)) = (username, password) else {
        return Err(fields.problem().into());
    };
    fields.finish()?;
    let factors = Factors { totp, otp, device, binding_code };
    let tokens = login::with_password(&identity, &caller.actor, realm, &username, password, factors).await?;
    Ok(HttpResponse::Ok().json(TokensDto::of(tokens)))
}

/// A login with a code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OtpLogin {
    /// 11 digits; `+86` and spaces are accepted.
    #[schema(value_type = Mobile, example = "13800138000")]
    mobile: String,
    /// The code (purpose `login`).
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    code: String,
    /// `member` without. Cadres and auditors need a password.
    realm: Option<Realm>,
    /// The device.
    device: DeviceDto,
    /// Documents agreed to; none without. What is still due is answered as `consents_due`.
    #[schema(max_items = 16)]
    #[serde(default)]
    consents: Vec<Given>,
}

/// Tokens, and where a member stands. 会员登录结果
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberTokens {
    /// The tokens.
    #[serde(flatten)]
    tokens: TokensDto,
    /// Whether the account was created by this login.
    is_new: bool,
    /// 0 phone, 1 matched, 2 face or bank.
    #[schema(minimum = 0, maximum = 2)]
    real_name_level: u8,
    /// Required documents still to be agreed to.
    consents_due: Vec<&'static str>,
    /// The day on which the account closes, since its owner asked for that; null otherwise. 注销日期
    closes_on: Option<chrono::NaiveDate>,
}

impl From<MemberLogin> for MemberTokens {
    fn from(login: MemberLogin) -> Self {
        let MemberLogin { tokens, is_new, level, consents_due, closes_on } = login;
        let tokens = TokensDto::of(tokens);
        Self { tokens, is_new, real_name_level: level, consents_due, closes_on }
    }
}

pub(super) fn parse_consents(fields: &mut Fields, consents: &[Given]) {
    for (n, given) in consents.iter().enumerate() {
        let unknown = Invalid::new("CONSENT_UNKNOWN", "没有此文件或版本。");
        fields.require(given.is_known(), &format!("/consents/{n}"), unknown);
    }
}

/// Log in with a code 短信验证码登录
#[utoipa::path(
    tag = "auth",
    request_body = OtpLogin,
    responses(
        (status = 200, description = "Logged in; an unknown member mobile became an account", body = MemberTokens),
        (status = 401, description = "`OTP_INVALID`"),
    )
)]
#[post("/v1/auth/login/otp")]
async fn login_otp(identity: web::Data<Identity>, caller: Public, body: Body<OtpLogin>) -> Answer {
    let dto = body.into_inner();
    let mut fields = Fields::new();
    let mobile = fields.take("/mobile", Mobile::parse(&dto.mobile));
    let code = fields.take("/code", otp::parse_code(&dto.code));
    let device = dto.device.parse(&mut fields);
    let realm = dto.realm.unwrap_or(Realm::Member);
    fields.require(
        !matches!(realm, Realm::Cadre | Realm::Auditor | Realm::Partner),
        "/realm",
        Invalid::new("REALM_NEEDS_PASSWORD", "该类账号须用密码登录。"),
    );
    parse_consents(&mut fields, &dto.consents);
    let (Some(mobile), Some(code), Some(device)) = (mobile, code, device) else {
        return Err(fields.problem().into());
    };
    fields.finish()?;
    let (purpose, mobile, device, consents) = (Purpose::Login, &mobile, &device, dto.consents.as_slice());
    let login = login::OtpLogin { realm, purpose, mobile, code, device, consents };
    let login = login::with_otp(&identity, &caller.actor, &login).await?;
    Ok(HttpResponse::Ok().json(MemberTokens::from(login)))
}

/// A mobile that a merchant is applied for from.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicantLogin {
    /// 11 digits; `+86` and spaces are accepted.
    #[schema(value_type = Mobile, example = "13800138000")]
    mobile: String,
    /// The code (purpose `apply`, realm `merchant` or `recruiter`).
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    code: String,
    /// The device.
    device: DeviceDto,
}

/// Begin a merchant's application 商户入驻（验证手机）
///
/// Answers tokens of an account in the realm `merchant`, which is made unless the mobile has one. With them the licence is
/// uploaded (`POST /v1/files`) and the application handed in (`POST /v1/merchant/applications`).
#[utoipa::path(
    tag = "auth",
    request_body = ApplicantLogin,
    responses(
        (status = 200, description = "Logged in", body = TokensDto),
        (status = 401, description = "`OTP_INVALID`"),
    )
)]
#[post("/v1/public/merchant-applications")]
async fn begin_merchant_application(
    identity: web::Data<Identity>,
    caller: Public,
    body: Body<ApplicantLogin>,
) -> Answer {
    begin_application(&identity, &caller, Realm::Merchant, body.into_inner()).await
}

/// Begin a recruiter's application 招聘单位入驻（验证手机）
///
/// Answers tokens of an account in the realm `recruiter`, which is made unless the mobile has one. With them the papers are
/// uploaded (`POST /v1/files`) and the application handed in (`POST /v1/recruiter/applications`).
#[utoipa::path(
    tag = "auth",
    request_body = ApplicantLogin,
    responses(
        (status = 200, description = "Logged in", body = TokensDto),
        (status = 401, description = "`OTP_INVALID`"),
    )
)]
#[post("/v1/public/recruiter-applications")]
async fn begin_recruiter_application(
    identity: web::Data<Identity>,
    caller: Public,
    body: Body<ApplicantLogin>,
) -> Answer {
    begin_application(&identity, &caller, Realm::Recruiter, body.into_inner()).await
}

async fn begin_application(
    identity: &Identity,
    caller: &Public,
    realm: Realm,
    dto: ApplicantLogin,
) -> Answer {
    let mut fields = Fields::new();
    let mobile = fields.take("/mobile", Mobile::parse(&dto.mobile));
    let code = fields.take("/code", otp::parse_code(&dto.code));
    let device = dto.device.parse(&mut fields);
    let (Some(mobile), Some(code), Some(device)) = (&mobile, code, &device) else {
        return Err(fields.problem().into());
    };
    let (purpose, consents) = (Purpose::Apply, [].as_slice());
    let login = login::OtpLogin { realm, purpose, mobile, code, device, consents };
    let login = login::with_otp(identity, &caller.actor, &login).await?;
    Ok(HttpResponse::Ok().json(TokensDto::of(login.tokens)))
}

/// A refresh.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// The refresh token held.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "AZrC")]
    refresh_token: Pii<String>,
    /// The device; the same one gets the same successor again until that was used.
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]{1,64}$", example = "d-5f0c2a")]
    device_id: String,
}

/// Exchange a refresh token 刷新令牌
#[utoipa::path(
    tag = "auth",
    operation_id = "refresh",
    request_body = Refresh,
    responses(
        (status = 200, description = "A new pair", body = TokensDto),
        (status = 401, description = "`REFRESH_INVALID`: not live; a replay ended the session"),
    )
)]
#[post("/v1/auth/refresh")]
async fn refresh_token(identity: web::Data<Identity>, _caller: Public, body: Body<Refresh>) -> Answer {
    let mut fields = Fields::new();
    let Some(device) = fields.take("/device_id", parse_device_id(&body.device_id)) else {
        return Err(fields.problem().into());
    };
    let tokens = login::refresh(&identity, body.refresh_token.expose(), &device).await?;
    Ok(HttpResponse::Ok().json(TokensDto::of(tokens)))
}
