//! `/v1/lawyer/legal-aid`: the cases a lawyer was named for.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use unionhall_casework::timeline;
use unionhall_files::Files;
use unionhall_identity::person;
use unionhall_kernel::text::paragraphs;
use unionhall_kernel::{Fields, Invalid, Problem, mask};
use unionhall_storage::Conn;
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::query::words;
use unionhall_web::{
    Answer, App, Body, Empty, Id, Lawyer, Listing, Once, OnceHeader, PageBody, Query, ReasonBody, can,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::aid_dto::{LegalAidCase, LegalAidLine, full, line};
use super::dto::{CaseEntries, CaseMessage, SinceQuery, few_files};
use super::me::wait_for;
use crate::aid::{self, Aid, Outcome, Report, State, Who};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_given_legal_aid)
        .service(get_given_legal_aid)
        .service(list_given_legal_aid_entries)
        .service(accept_legal_aid)
        .service(recuse_from_legal_aid)
        .service(write_to_aided_member)
        .service(report_legal_aid);
}

impl<'a> Who<'a> {
    fn of(me: &'a Lawyer<can::Advise>) -> Result<Self, Problem> {
        let (lawyer, account) = (me.lawyer, me.principal.account);
        Ok(Self { actor: &me.actor, lawyer, person: me.person()?, account })
    }
}

// Whether the lawyer represents the member, or was only asked to.
fn represents(of: &Aid) -> bool {
    of.state() != State::Appointed
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct GivenAidQuery {
    /// States, comma-separated; those to act on without. 状态
    #[param(max_length = 100, example = "APPOINTED,IN_PROGRESS")]
    state: Option<String>,
}

/// Cases I was named for 承办援助案件
#[utoipa::path(
    tag = "legal_aid",
    security(("lawyer" = ["advise"])),
    params(GivenAidQuery, Listing),
    responses((status = 200, description = "The newest first", body = PageBody<LegalAidLine>))
)]
#[get("/v1/lawyer/legal-aid")]
async fn list_given_legal_aid(
    app: web::Data<App>,
    me: Lawyer<can::Advise>,
    query: Query<GivenAidQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let mut states: Vec<State> = words("state", query.state.as_deref())?;
    if states.is_empty() {
        states.extend([State::Appointed, State::InProgress]);
    }
    let binding = format!("given-aid|{}|{states:?}", me.lawyer);
    let before: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = aid::list_of_lawyer(&mut conn, me.lawyer, &states, before, limit).await?;
    let mut lines = Vec::with_capacity(page.items.len());
    for of in page.items {
        let name = person::view(&app.sealer, &mut conn, of.person_id).await?.name;
        let name = if represents(&of) { name } else { mask::name(&name) };
        lines.push(line(&app, name, (of, None))?);
    }
    let page = unionhall_storage::page::Page { items: lines, more: page.more };
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |line| line.id, Ok)?))
}

/// A case I was named for 援助案件详情
///
/// The member's name is masked until one takes the case.
#[utoipa::path(
    tag = "legal_aid",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "What it is about", body = LegalAidCase))
)]
#[get("/v1/lawyer/legal-aid/{id}")]
async fn get_given_legal_aid(app: web::Data<App>, me: Lawyer<can::Advise>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    Ok(HttpResponse::Ok().json(answer(&app, &mut conn, me.lawyer, id.0).await?))
}

async fn answer(app: &App, conn: &mut Conn, lawyer: Uuid, id: Uuid) -> Result<LegalAidCase, Problem> {
    let found = aid::of_lawyer(conn, lawyer, id).await?;
    let represents = represents(&found);
    full(app, conn, (found, None), represents).await
}

/// What was said and done 援助办理记录
///
/// With `wait` the answer comes when there is something new, or after that many seconds.
#[utoipa::path(
    tag = "legal_aid",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The case"), SinceQuery),
    responses((status = 200, description = "In order", body = CaseEntries))
)]
#[get("/v1/lawyer/legal-aid/{id}/entries")]
async fn list_given_legal_aid_entries(
    app: web::Data<App>,
    files: web::Data<Files>,
    me: Lawyer<can::Advise>,
    id: Id,
    query: Query<SinceQuery>,
) -> Answer {
    let (since, wait) = query.parse()?;
    let found = wait_for(wait, async || {
        let mut conn = app.db.read().await?;
        aid::of_lawyer(&mut conn, me.lawyer, id.0).await?;
        timeline::after(&app, &mut conn, id.0, since, (false, 100)).await
    });
    Ok(HttpResponse::Ok().json(CaseEntries::of(&files, id.0, found.await?, since).await?))
}

/// Take a case 接受指派
#[utoipa::path(
    tag = "legal_aid",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The case")),
    responses(
        (status = 200, description = "One represents the member", body = LegalAidCase),
        (status = 409, description = "`INVALID_STATE`: one has it already, or it is over"),
    )
)]
#[post("/v1/lawyer/legal-aid/{id}/accept")]
async fn accept_legal_aid(app: web::Data<App>, me: Lawyer<can::Advise>, id: Id, _body: Empty) -> Answer {
    let who = Who::of(&me)?;
    let taken = app.db.write(async |tx| {
        aid::accept(&app, tx, who, id.0).await?;
        answer(&app, tx, me.lawyer, id.0).await
    });
    Ok(HttpResponse::Ok().json(taken.await?))
}

/// Give a case back 回避退回
///
/// Another lawyer is named. The member is not told why.
#[utoipa::path(
    tag = "legal_aid",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The case")),
    request_body = ReasonBody,
    responses(
        (status = 204, description = "It is no longer mine"),
        (status = 409, description = "`INVALID_STATE`: it was reported, or is over"),
    )
)]
#[post("/v1/lawyer/legal-aid/{id}/recuse")]
async fn recuse_from_legal_aid(
    app: web::Data<App>,
    me: Lawyer<can::Advise>,
    id: Id,
    body: Body<ReasonBody>,
) -> Answer {
    let (who, reason) = (Who::of(&me)?, body.parse()?);
    app.db.write(async |tx| aid::recuse(&app, tx, who, (id.0, reason)).await).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Write to the member 给会员留言
#[utoipa::path(
    tag = "legal_aid",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The case"), OnceHeader),
    request_body = CaseMessage,
    responses(
        (status = 201, description = "Written", body = LegalAidCase),
        (status = 409, description = "`INVALID_STATE`: one does not have it yet, or it was reported; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `FILE_UNKNOWN` at `/file_ids/n`"),
    )
)]
#[post("/v1/lawyer/legal-aid/{id}/messages")]
async fn write_to_aided_member(
    app: web::Data<App>,
    me: Lawyer<can::Advise>,
    id: Id,
    key: Once,
    body: Body<CaseMessage>,
) -> Answer {
    let (text, who) = (body.parse()?, Who::of(&me)?);
    aid::of_lawyer(&mut *app.db.read().await?, me.lawyer, id.0).await?;
    let key = key.of(me.principal.account, "write_to_aided_member", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        aid::say(&app, tx, who, (id.0, &text, &body.file_ids)).await?;
        let answer = answer(&app, tx, me.lawyer, id.0).await?;
        created(format!("/v1/lawyer/legal-aid/{}/entries", id.0), &answer)
    })
    .await?;
    Ok(respond(stored))
}

/// What came of a case. 办理结果
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LegalAidReport {
    /// 办理结果
    outcome: Outcome,
    /// What the member got, fen; 0 where nothing. 挽回金额
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 1_800_000)]
    recovered_fen: i64,
    /// In words: 5 to 4,000 characters. 承办情况
    #[schema(min_length = 5, max_length = 4000, example = "经仲裁调解，公司一次性支付拖欠工资18000元。")]
    text: String,
    /// The award, the judgment, the agreement; nine at most. 结案材料
    #[serde(default)]
    #[schema(max_items = 9)]
    file_ids: Vec<Uuid>,
}

impl LegalAidReport {
    fn parse(&self) -> Result<Report, Problem> {
        let mut fields = Fields::new();
        let text = fields.take("/text", paragraphs(&self.text, 5, 4000));
        few_files(&mut fields, &self.file_ids);
        let amount = (0..=super::me_aid::MOST_FEN).contains(&self.recovered_fen);
        fields.require(amount, "/recovered_fen", Invalid::new("OUT_OF_RANGE", "金额超出范围。"));
        let Some(text) = text else { return Err(fields.problem()) };
        fields.finish()?;
        let Self { outcome, recovered_fen, .. } = *self;
        Ok(Report { outcome, recovered_fen, text, files: self.file_ids.clone() })
    }
}

/// Report what came of a case 报告办理结果
///
/// The legal department checks it within ten working days, and sends it back where something is missing.
#[utoipa::path(
    tag = "legal_aid",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The case"), OnceHeader),
    request_body = LegalAidReport,
    responses(
        (status = 201, description = "Reported", body = LegalAidCase),
        (status = 409, description = "`INVALID_STATE`: one does not have it yet, or it was reported; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `FILE_UNKNOWN` at `/file_ids/n`"),
    )
)]
#[post("/v1/lawyer/legal-aid/{id}/outcome")]
async fn report_legal_aid(
    app: web::Data<App>,
    me: Lawyer<can::Advise>,
    id: Id,
    key: Once,
    body: Body<LegalAidReport>,
) -> Answer {
    let (report, who) = (body.parse()?, Who::of(&me)?);
    aid::of_lawyer(&mut *app.db.read().await?, me.lawyer, id.0).await?;
    let key = key.of(me.principal.account, "report_legal_aid", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        aid::report(&app, tx, who, (id.0, &report)).await?;
        let answer = answer(&app, tx, me.lawyer, id.0).await?;
        created(format!("/v1/lawyer/legal-aid/{}", id.0), &answer)
    })
    .await?;
    Ok(respond(stored))
}
