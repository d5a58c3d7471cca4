//! `/v1/me/consents`: what the caller agreed to.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::Serialize;
use unionhall_kernel::{Fields, Invalid};
use unionhall_storage::audit;
use unionhall_web::actor::EventExt;
use unionhall_web::{Answer, Body, Member, PageBody, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::Identity;
use crate::consent::{self, Given, Standing};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_consents).service(give_consent).service(withdraw_consent);
}

/// An agreement. 授权同意记录
#[derive(Debug, Serialize, ToSchema)]
struct ConsentDto {
    /// Which document.
    document: String,
    /// Which version.
    version: String,
    /// Since when.
    given_at: String,
    /// Until when; null while it stands.
    withdrawn_at: Option<String>,
    /// By which channel it was given.
    channel: String,
}

impl From<Standing> for ConsentDto {
    fn from(standing: Standing) -> Self {
        let Standing { document, version, given_at, withdrawn_at, channel } = standing;
        Self {
            document,
            version,
            given_at: wire::instant(given_at),
            withdrawn_at: withdrawn_at.map(wire::instant),
            channel,
        }
    }
}

/// My consents 我的授权同意
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses((status = 200, description = "Oldest first, withdrawn ones too", body = PageBody<ConsentDto>))
)]
#[get("/v1/me/consents")]
async fn list_consents(identity: web::Data<Identity>, me: Member) -> Answer {
    let mut conn = identity.core.db.read().await?;
    let items = consent::list(&mut conn, me.principal.account).await?;
    Ok(HttpResponse::Ok().json(PageBody::whole(items.into_iter().map(ConsentDto::from).collect::<Vec<_>>())))
}

/// Agree to a document 同意文件
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    request_body = Given,
    responses((status = 200, description = "All agreements, this one included", body = PageBody<ConsentDto>))
)]
#[post("/v1/me/consents")]
async fn give_consent(identity: web::Data<Identity>, me: Member, body: Body<Given>) -> Answer {
    let mut fields = Fields::new();
    let unknown = Invalid::new("CONSENT_UNKNOWN", "没有此文件或版本。");
    fields.require(body.is_known(), "/document", unknown);
    fields.finish()?;
    let (core, account) = (&identity.core, me.principal.account);
    let items = core
        .db
        .write(async |tx| {
            consent::give(core, tx, account, std::slice::from_ref(&*body), &me.actor.channel).await?;
            let event =
                me.actor.event(core.id(), core.now(), None, "consent.give", ("account", Some(account)));
            let event =
                event.changes(serde_json::json!({"document": body.document, "version": body.version}));
            audit::append(tx, &event).await?;
            consent::list(tx, account).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(PageBody::whole(items.into_iter().map(ConsentDto::from).collect::<Vec<_>>())))
}

/// Withdraw a consent 撤回同意
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(("document" = String, Path, description = "The document", max_length = 64)),
    responses(
        (status = 204, description = "Withdrawn; what was done before stays valid"),
        (status = 404, description = "`NOT_FOUND`: nothing to withdraw"),
    )
)]
#[delete("/v1/me/consents/{document}")]
async fn withdraw_consent(identity: web::Data<Identity>, me: Member, document: web::Path<String>) -> Answer {
    let (core, account) = (&identity.core, me.principal.account);
    core.db
        .write(async |tx| {
            consent::withdraw(tx, account, &document, core.now()).await?;
            let event =
                me.actor.event(core.id(), core.now(), None, "consent.withdraw", ("account", Some(account)));
            audit::append(tx, &event.changes(serde_json::json!({"document": document.as_str()}))).await
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
