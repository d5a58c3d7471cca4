//! `/v1/me/consultations/{id}/…`: how a member ends a question, or takes it up again.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use unionhall_kernel::text::paragraphs;
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_storage::Conn;
use unionhall_web::{Answer, App, Body, Empty, Id, Member, ReasonBody};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::me::{OwnConsultation, answer};
use crate::consultation::{self, Consultation};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(accept_answer)
        .service(reopen_consultation)
        .service(rate_consultation)
        .service(withdraw_consultation);
}

async fn stepped(
    app: &App,
    person: Uuid,
    id: Uuid,
    step: impl AsyncFn(&mut Conn) -> Result<Consultation, Problem>,
) -> Answer {
    let done = app.db.write(async |tx| {
        step(tx).await?;
        answer(app, tx, person, id).await
    });
    Ok(HttpResponse::Ok().json(done.await?))
}

/// Accept the answer 确认已解决
#[utoipa::path(
    tag = "consultations",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The question")),
    responses(
        (status = 200, description = "Closed; it can be rated", body = OwnConsultation),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`INVALID_STATE`: it is not answered"),
    )
)]
#[post("/v1/me/consultations/{id}/accept")]
async fn accept_answer(app: web::Data<App>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    let person = me.person()?;
    stepped(&app, person, id.0, async |tx| consultation::accept(&app, tx, &me.actor, person, id.0).await)
        .await
}

/// Reopen a question 重新打开
///
/// Within fifteen days of its closing and before it is rated. It goes to a lawyer anew; what it ran before stays on record.
#[utoipa::path(
    tag = "consultations",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The question")),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Waits for a lawyer, or has one", body = OwnConsultation),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`INVALID_STATE`: it is not closed, is rated, or the days are over"),
    )
)]
#[post("/v1/me/consultations/{id}/reopen")]
async fn reopen_consultation(app: web::Data<App>, me: Member<1>, id: Id, body: Body<ReasonBody>) -> Answer {
    let (person, reason) = (me.person()?, body.parse()?);
    let step = async |tx: &mut Conn| consultation::reopen(&app, tx, &me.actor, person, (id.0, reason)).await;
    stepped(&app, person, id.0, step).await
}

/// A rating. 评价
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseRating {
    /// One to five; with one or two the legal department calls. 星级
    #[schema(minimum = 1, maximum = 5, example = 5)]
    stars: i32,
    /// 1 to 500 characters. 评语
    #[schema(min_length = 1, max_length = 500, example = "答复及时，讲得清楚")]
    comment: Option<String>,
}

impl CaseRating {
    /// Stars and comment, checked.
    pub(super) fn parse(&self) -> Result<(i32, Option<String>), Problem> {
        let mut fields = Fields::new();
        let stars = Invalid::new("OUT_OF_RANGE", "请选择1至5星。");
        fields.require((1..=5).contains(&self.stars), "/stars", stars);
        let comment = self.comment.as_deref().map(|comment| paragraphs(comment, 1, 500)).transpose();
        let comment = fields.take("/comment", comment).flatten();
        fields.finish()?;
        Ok((self.stars, comment))
    }
}

/// Rate a closed question 评价
///
/// Once, within thirty days of its closing.
#[utoipa::path(
    tag = "consultations",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The question")),
    request_body = CaseRating,
    responses(
        (status = 200, description = "Rated", body = OwnConsultation),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`INVALID_STATE`: it is not closed, or is rated already"),
    )
)]
#[post("/v1/me/consultations/{id}/rating")]
async fn rate_consultation(app: web::Data<App>, me: Member<1>, id: Id, body: Body<CaseRating>) -> Answer {
    let (person, (stars, comment)) = (me.person()?, body.parse()?);
    let rating = (id.0, stars, comment.as_deref());
    let step = async |tx: &mut Conn| consultation::rate(&app, tx, &me.actor, person, rating).await;
    stepped(&app, person, id.0, step).await
}

/// Withdraw a question 撤回咨询
#[utoipa::path(
    tag = "consultations",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The question")),
    responses(
        (status = 200, description = "Over", body = OwnConsultation),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`INVALID_STATE`: it was answered"),
    )
)]
#[post("/v1/me/consultations/{id}/withdraw")]
async fn withdraw_consultation(app: web::Data<App>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    let person = me.person()?;
    stepped(&app, person, id.0, async |tx| consultation::withdraw(&app, tx, &me.actor, person, id.0).await)
        .await
}
