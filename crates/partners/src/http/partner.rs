//! `/v1/partner`: what other systems ask.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use unionhall_identity::Identity;
use unionhall_identity::token::ACCESS_SECONDS;
use unionhall_kernel::{Fields, Invalid, Pii};
use unionhall_web::{Answer, App, Body, Partner, Public, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::ticket::{self, SignedIn};
use crate::{subject, token};

const GRANT: &str = "client_credentials";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const MAX_ASSERTION: usize = 4096;
const MAX_TICKET: usize = 128;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(issue_partner_token).service(exchange_sso_ticket);
}

/// A client assertion (RFC 7523, section 2.2), as JSON.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartnerTokenRequest {
    /// `client_credentials`
    #[schema(example = "client_credentials", pattern = "^client_credentials$", max_length = 32)]
    grant_type: String,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`
    #[schema(
        example = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        pattern = "^urn:ietf:params:oauth:client-assertion-type:jwt-bearer$",
        max_length = 64
    )]
    client_assertion_type: String,
    /// A JWT, `alg` EdDSA: `iss` and `sub` the client_id, `aud` the platform's address or that of this operation and nothing
    /// else, `exp` at most five minutes away, `jti` (1 to 128 characters) used once.
    #[schema(value_type = String, min_length = 1, max_length = 4096, example = "eyJhbGciOiJFZERTQSJ9.e30.AA")]
    client_assertion: Pii<String>,
}

/// An access token. 访问令牌
#[derive(Debug, Serialize, ToSchema)]
struct PartnerToken {
    /// JWT of the audience `partner`; send it as `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until it dies; ask for another with a new assertion.
    #[schema(example = 900)]
    expires_in: i64,
}

/// Exchange a client assertion for a token 获取访问令牌
///
/// Every live key of the partner is tried, whatever `kid` the assertion names. Tokens die with the key they were had with, and
/// when the partner is suspended or closed.
#[utoipa::path(
    tag = "partner",
    request_body = PartnerTokenRequest,
    responses(
        (status = 200, description = "A token", body = PartnerToken),
        (status = 401, description = "`ASSERTION_INVALID`, whatever is wrong with it"),
        (status = 422, description = "`VALIDATION_FAILED`: `GRANT_TYPE` at `/grant_type`, `ASSERTION_TYPE` at `/client_assertion_type`"),
    )
)]
#[post("/v1/partner/token")]
async fn issue_partner_token(
    identity: web::Data<Identity>,
    caller: Public,
    body: Body<PartnerTokenRequest>,
) -> Answer {
    let mut fields = Fields::new();
    let grant = Invalid::new("GRANT_TYPE", "须为client_credentials。");
    fields.require(body.grant_type == GRANT, "/grant_type", grant);
    let kind = Invalid::new("ASSERTION_TYPE", "须为JWT断言类型。");
    fields.require(body.client_assertion_type == ASSERTION_TYPE, "/client_assertion_type", kind);
    let assertion = body.client_assertion.expose();
    let length = Invalid::new("LENGTH", "长度须为1至4096个字符。");
    fields.require((1..=MAX_ASSERTION).contains(&assertion.len()), "/client_assertion", length);
    fields.finish()?;
    let access_token = token::issue(&identity, &caller.actor, assertion).await?;
    Ok(HttpResponse::Ok().json(PartnerToken {
        access_token,
        token_type: "Bearer",
        expires_in: ACCESS_SECONDS,
    }))
}

/// A ticket a member brought.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TicketExchange {
    /// As the member's app handed it over.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "q8mN0pQ2rT4uV6wX8yZ0aB2cD4eF6gH8iJ0kL2mN4oP")]
    ticket: Pii<String>,
}

/// A member's union. 所在工会
#[derive(Debug, Serialize, ToSchema)]
struct SharedUnion {
    /// Its id.
    id: Uuid,
    /// 工会名称
    #[schema(example = "中原区总工会")]
    name: String,
    /// Where it is: the code of its county, or of its city where it stands directly below that. 区划代码
    #[schema(example = "410102")]
    county: String,
}

/// What a member shares with this partner. 会员登录信息
#[derive(Debug, Serialize, ToSchema)]
struct SharedMember {
    /// Under which name this partner knows the member: 43 characters, the same for good, another at every other partner.
    #[schema(example = "2jmj7l5rSw0yVb_vlWAYkK_YBwk2jmj7l5rSw0yVb_s")]
    subject: String,
    /// 0 phone, 1 matched, 2 face or bank; null where the partner does not receive it. 实名等级
    #[schema(minimum = 0, maximum = 2)]
    real_name_level: Option<u8>,
    /// Null where the partner does not receive it, and for a member who stands in no union.
    union: Option<SharedUnion>,
    /// Until when this may be taken for true; let the member bring another ticket after that.
    expires_at: String,
}

impl From<SignedIn> for SharedMember {
    fn from(found: SignedIn) -> Self {
        let SignedIn { subject, level, union, expires_at } = found;
        let union = union.map(|union| {
            let ticket::Union { id, name, division } = union;
            SharedUnion { id, name, county: division.chars().take(6).collect() }
        });
        Self {
            subject: subject::text(&subject),
            real_name_level: level,
            union,
            expires_at: wire::instant(expires_at),
        }
    }
}

/// Exchange a member's ticket 兑换登录凭证
#[utoipa::path(
    tag = "partner",
    security(("partner" = [])),
    request_body = TicketExchange,
    responses(
        (status = 200, description = "What the member agreed to share; the ticket is used up", body = SharedMember),
        (status = 409, description = "`TICKET_INVALID`: unknown, used, expired, another partner's, or the member withdrew"),
    )
)]
#[post("/v1/partner/sso/exchange")]
async fn exchange_sso_ticket(app: web::Data<App>, by: Partner, body: Body<TicketExchange>) -> Answer {
    let ticket = body.ticket.expose();
    let mut fields = Fields::new();
    let length = Invalid::new("LENGTH", "长度须为1至128个字符。");
    fields.require((1..=MAX_TICKET).contains(&ticket.chars().count()), "/ticket", length);
    fields.finish()?;
    let found = ticket::exchange(&app, &by.actor, by.principal.account, ticket).await?;
    Ok(HttpResponse::Ok().json(SharedMember::from(found)))
}
