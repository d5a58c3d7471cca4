//! `/v1/me/sso-tickets`, `/v1/me/partners`: entering a partner's pages, and what was agreed to.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_web::{Answer, App, Body, Id, Listing, Member, PageBody, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::Partners;
use crate::consent::{self, Given, Giver};
use crate::receives::Receives;
use crate::ticket;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(create_sso_ticket).service(list_my_partners).service(withdraw_partner_consent);
}

/// Which partner is entered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSsoTicket {
    /// The partner.
    partner_id: Uuid,
    /// Whether the member agrees to what is shared; needed until they have. 同意
    #[serde(default)]
    #[schema(example = true)]
    consent: bool,
}

/// A ticket, once for one partner within a minute. 登录凭证
#[derive(Debug, Serialize, ToSchema)]
struct SsoTicket {
    /// 43 characters; carry it to the partner's page.
    #[schema(example = "q8mN0pQ2rT4uV6wX8yZ0aB2cD4eF6gH8iJ0kL2mN4oP")]
    ticket: String,
    /// When it dies.
    expires_at: String,
    /// The only origins it may be carried to. 回跳域名
    #[schema(example = json!(["https://park.example.cn"]))]
    redirect_origins: Vec<String>,
}

/// A ticket to a partner's pages 生成登录凭证
///
/// The first time `consent` must be true; without it the refusal says what the partner would learn. What it learns under any
/// consent is a subject that is its own: no name, number or mobile, and nothing by which two partners could find that they
/// speak of the same member.
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    request_body = NewSsoTicket,
    responses(
        (status = 201, description = "Good once, for a minute, for this partner", body = SsoTicket),
        (status = 403, description = "`CONSENT_REQUIRED` with `partner_name` and `receives`; `LEVEL_TOO_LOW`"),
        (status = 404, description = "`NOT_FOUND`: there is no such partner, or it is not active"),
    )
)]
#[post("/v1/me/sso-tickets")]
async fn create_sso_ticket(
    app: web::Data<App>,
    partners: web::Data<Partners>,
    me: Member<1>,
    body: Body<NewSsoTicket>,
) -> Answer {
    let by = Giver { account: me.principal.account, person: me.person()?, actor: &me.actor };
    let made = ticket::make(&app, &partners.subjects, by, body.partner_id, body.consent).await?;
    Ok(HttpResponse::Created().json(SsoTicket {
        ticket: made.text,
        expires_at: wire::instant(made.expires_at),
        redirect_origins: made.partner.redirect_origins,
    }))
}

/// A partner one agreed to. 我的合作系统授权
#[derive(Debug, Serialize, ToSchema)]
struct MyPartner {
    /// The partner.
    partner_id: Uuid,
    /// 名称
    #[schema(example = "郑州职工文化宫")]
    name: String,
    /// 单位名称
    #[schema(example = "郑州市工人文化宫")]
    organisation: Option<String>,
    /// What it learns, beside a subject of its own. 提供的信息
    receives: Vec<Receives>,
    /// Since when.
    given_at: String,
    /// Until when; null while it stands.
    withdrawn_at: Option<String>,
    /// By which channel it was given.
    #[schema(example = "member-app")]
    channel: String,
}

impl From<Given> for MyPartner {
    fn from(given: Given) -> Self {
        let Given { id: _, partner, name, organisation, receives, given_at, withdrawn_at, channel } = given;
        Self {
            partner_id: partner,
            name,
            organisation,
            receives: receives.as_slice().to_vec(),
            given_at: wire::instant(given_at),
            withdrawn_at: withdrawn_at.map(wire::instant),
            channel,
        }
    }
}

/// Partners I agreed to 我的合作系统授权
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(Listing),
    responses((status = 200, description = "Newest first, withdrawn ones too", body = PageBody<MyPartner>))
)]
#[get("/v1/me/partners")]
async fn list_my_partners(app: web::Data<App>, me: Member, listing: Listing) -> Answer {
    let (limit, account) = (listing.limit()?, me.principal.account);
    let binding = format!("my-partners|{account}");
    let before: Option<Uuid> = listing.after(&app, &binding)?;
    let page = consent::list(&mut *app.db.read().await?, account, before, limit).await?;
    let body = PageBody::of(&app, &binding, page, |given: &Given| given.id, |g| Ok(MyPartner::from(g)))?;
    Ok(HttpResponse::Ok().json(body))
}

/// Withdraw my consent to a partner 撤回合作系统授权
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(("id" = Uuid, Path, description = "The partner")),
    responses(
        (status = 204, description = "Withdrawn: tickets that were not used are dead, and the partner learns nothing more"),
        (status = 404, description = "`NOT_FOUND`: nothing to withdraw"),
    )
)]
#[delete("/v1/me/partners/{id}")]
async fn withdraw_partner_consent(app: web::Data<App>, me: Member, id: Id) -> Answer {
    let account = me.principal.account;
    app.db.write(async |tx| consent::withdraw(&app, tx, &me.actor, account, id.0).await).await?;
    Ok(HttpResponse::NoContent().finish())
}
