//! `/v1/me/mobile`: another phone number.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use unionhall_kernel::{Fields, Mobile};
use unionhall_web::{Answer, Body, Member};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::tokens::TokensDto;
use crate::mobile::{self, Change};
use crate::{Identity, otp};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(change_mobile);
}

/// A change of mobile, both numbers proved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MobileChange {
    /// A code to the present mobile (purpose `confirm`).
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    code: String,
    /// The mobile to be.
    #[schema(value_type = Mobile, example = "13900139000")]
    new_mobile: String,
    /// A code to it (purpose `new_mobile`, asked with this token).
    #[schema(pattern = "^[0-9]{6}$", example = "654321")]
    new_code: String,
}

/// Change my mobile 更换手机号
///
/// For who still has the old phone; without it, `POST /v1/public/mobile-changes`. Every session of the account ends; the
/// answer holds the tokens of a new one on the same device. The old number is told by SMS.
/// If the answer is lost and the refresh is refused, it was done: log in with the new number. The old one would be a new account.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    request_body = MobileChange,
    responses(
        (status = 200, description = "Changed; go on with these tokens", body = TokensDto),
        (status = 401, description = "`OTP_INVALID`: the code named by `field` is wrong, and neither is used up"),
        (status = 409, description = "`ALREADY_EXISTS`: another account has the new mobile; `INVALID_STATE`: the mobile was changed meanwhile"),
        (status = 422, description = "`VALIDATION_FAILED`: `MOBILE_SAME` at `/new_mobile`"),
    )
)]
#[post("/v1/me/mobile")]
async fn change_mobile(identity: web::Data<Identity>, me: Member, body: Body<MobileChange>) -> Answer {
    let mut fields = Fields::new();
    let code = fields.take("/code", otp::parse_code(&body.code));
    let mobile = fields.take("/new_mobile", Mobile::parse(&body.new_mobile));
    let new_code = fields.take("/new_code", otp::parse_code(&body.new_code));
    let (Some(code), Some(mobile), Some(new_code)) = (code, mobile, new_code) else {
        return Err(fields.problem().into());
    };
    let change = Change { code, mobile: &mobile, new_code };
    let tokens = mobile::change(&identity, &me.actor, &me.principal, &change).await?;
    Ok(HttpResponse::Ok().json(TokensDto::of(tokens)))
}
