//! `/v1/admin/audit-events`: read by auditors, in scope.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unionhall_web::{Answer, App, Cadre, Listing, PageBody, Query, can, wire};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::looks::{self, Entry};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_audit_events);
}

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// One action only. 操作
    #[param(max_length = 64, example = "member.reveal")]
    action: Option<String>,
}

/// An audit row. 审计记录
#[derive(Debug, Serialize, ToSchema)]
struct AuditDto {
    /// Its id.
    id: Uuid,
    /// When.
    at: String,
    /// Path of the county's union it belongs to.
    #[schema(example = "/41/4101/410102/")]
    chain: String,
    /// The natural person who acted.
    actor_person: Option<Uuid>,
    /// The account they acted with; merchants' staff and applicants are known by it alone.
    actor_account: Option<Uuid>,
    /// The post acted for.
    post_id: Option<Uuid>,
    /// The union acted for.
    union_id: Option<Uuid>,
    /// By which channel.
    channel: String,
    /// What was done.
    action: String,
    /// On what kind of thing.
    object_type: String,
    /// Which one.
    object_id: Option<Uuid>,
    /// Changed fields, masked.
    #[schema(value_type = Object)]
    changes: Value,
    /// Why.
    reason: Option<String>,
    /// `done`, `intent`, `refused`.
    outcome: String,
    /// The natural person somebody acted for. 代办对象
    on_behalf_of: Option<Uuid>,
}

impl From<Entry> for AuditDto {
    fn from(entry: Entry) -> Self {
        let Entry {
            id,
            at,
            chain,
            actor_person,
            actor_account,
            post_id,
            org_id,
            channel,
            action,
            object_type,
            object_id,
            changes,
            reason,
            outcome,
            on_behalf_of,
        } = entry;
        Self {
            id,
            at: wire::instant(at),
            chain,
            actor_person,
            actor_account,
            post_id,
            union_id: org_id,
            channel,
            action,
            object_type,
            object_id,
            changes,
            reason,
            outcome,
            on_behalf_of,
        }
    }
}

/// Audit rows 审计记录
#[utoipa::path(
    tag = "audit",
    security(("admin" = ["audit.read"])),
    params(AuditQuery, Listing),
    responses((status = 200, description = "By county, oldest first", body = PageBody<AuditDto>))
)]
#[get("/v1/admin/audit-events")]
async fn list_audit_events(
    app: web::Data<App>,
    by: Cadre<can::AuditRead>,
    query: Query<AuditQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("audit|{}|{:?}", by.scope.start(), query.action);
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = looks::in_scope(&mut conn, &by.scope, query.action.as_deref(), after.as_ref(), limit).await?;
    let key = |e: &Entry| (e.chain.clone(), e.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, |e| Ok(AuditDto::from(e)))?))
}
