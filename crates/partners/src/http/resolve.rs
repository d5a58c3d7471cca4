//! `/v1/admin/partners/{id}/resolve`: which member stands behind a subject.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, mask};
use unionhall_registry::member::Member;
use unionhall_web::{Answer, App, Body, Cadre, Id, can, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::partner::By;
use crate::resolve::{self, Question};
use crate::subject;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resolve_subject);
}

/// A subject, and why it is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubjectQuestion {
    /// As the partner was told it.
    #[schema(min_length = 43, max_length = 43, example = "2jmj7l5rSw0yVb_vlWAYkK_YBwk2jmj7l5rSw0yVb_s")]
    subject: String,
    /// Why: 2 to 200 characters; the member can read it.
    #[schema(min_length = 2, max_length = 200, example = "合作方投诉核实")]
    reason: String,
}

/// Who it is, masked. 对应会员（脱敏）
#[derive(Debug, Serialize, ToSchema)]
struct ResolvedSubject {
    /// The member's id for cadres.
    member_id: Uuid,
    /// 姓名
    #[schema(example = "王*明")]
    name: String,
    /// 手机 (the roster's)
    #[schema(example = "138****8000")]
    mobile: Option<String>,
    /// 所属工会
    union_id: Uuid,
    /// 工会名称
    #[schema(example = "中原区总工会")]
    union_name: String,
}

impl From<Member> for ResolvedSubject {
    fn from(member: Member) -> Self {
        Self {
            member_id: member.person,
            name: mask::name(&member.name),
            mobile: member.mobile.map(|mobile| mobile.masked()),
            union_id: member.union,
            union_name: member.union_name,
        }
    }
}

/// Whom a partner's subject stands for 标识对应会员
///
/// From the county up, for a partner of one's own unions or of one above, and one's own members. Masked; that it was asked,
/// by whom and why is on record before the answer, and the member can see it.
#[utoipa::path(
    tag = "partners",
    security(("admin" = ["partner.resolve"])),
    params(("id" = Uuid, Path, description = "The partner")),
    request_body = SubjectQuestion,
    responses(
        (status = 200, description = "The member", body = ResolvedSubject),
        (status = 403, description = "`FORBIDDEN`: also to a union below the county"),
        (status = 404, description = "`NOT_FOUND`: the partner, the subject or the member is absent or out of scope"),
        (status = 422, description = "`VALIDATION_FAILED`: `SUBJECT_FORMAT` at `/subject`, `REASON_LENGTH` at `/reason`"),
    )
)]
#[post("/v1/admin/partners/{id}/resolve")]
async fn resolve_subject(
    app: web::Data<App>,
    by: Cadre<can::PartnerResolve>,
    id: Id,
    body: Body<SubjectQuestion>,
) -> Answer {
    let mut fields = Fields::new();
    let subject = fields.take("/subject", subject::parse(&body.subject));
    let reason = fields.take("/reason", wire::parse_reason(&body.reason));
    let (Some(subject), Some(reason)) = (subject, reason) else { return Err(fields.problem().into()) };
    let who = By { person: by.person()?, actor: &by.actor, scope: &by.scope };
    let question = Question { partner: id.0, subject: &subject, reason };
    let found = resolve::resolve(&app, who, by.union, &question).await?;
    Ok(HttpResponse::Ok().json(ResolvedSubject::from(found)))
}
