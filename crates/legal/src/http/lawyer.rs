//! `/v1/lawyer`: what a lawyer does: be there, answer, give back.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unionhall_files::Files;
use unionhall_kernel::Problem;
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::query::words;
use unionhall_web::{
    Answer, App, Body, Empty, Id, Lawyer, Listing, Once, OnceHeader, PageBody, Query, ReasonBody, can, wire,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::dto::{CaseEntries, CaseMessage, SinceQuery};
use super::me::wait_for;
use crate::consultation::{self, Consultation, State};
use crate::duty::{self, PRESENT_MINUTES, Shift, Whose};
use crate::lawyer::LegalField;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(tell_presence)
        .service(list_own_shifts)
        .service(list_given_consultations)
        .service(get_given_consultation)
        .service(list_given_entries)
        .service(answer_member)
        .service(recommend_legal_aid)
        .service(recuse_from_consultation);
}

/// Until when a lawyer counts as present. 在线
#[derive(Debug, Serialize, ToSchema)]
struct Presence {
    /// Tell again before then.
    until: String,
    /// Whether a shift of one's own is on and one may take questions: not suspended, both licences run. 当班
    on_duty: bool,
}

/// Say that I am there 在线心跳
///
/// Every minute or two while the app is open. Who is on duty and present gets questions, those that wait already at once.
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    responses((status = 200, description = "Present for five minutes", body = Presence))
)]
#[post("/v1/lawyer/presence")]
async fn tell_presence(app: web::Data<App>, me: Lawyer<can::Advise>, _body: Empty) -> Answer {
    let now = app.now();
    let on_duty = app
        .db
        .write(async |tx| {
            let on_duty = duty::heartbeat(tx, me.lawyer, now).await?;
            if on_duty {
                consultation::assign_queued(&app, tx, &me.actor).await?;
            }
            Ok(on_duty)
        })
        .await?;
    let until = wire::instant(now + chrono::Duration::minutes(PRESENT_MINUTES));
    Ok(HttpResponse::Ok().json(Presence { until, on_duty }))
}

/// A shift of one's own. 我的值班
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnShift {
    /// Its id.
    id: Uuid,
    /// 开始时间
    starts_at: String,
    /// 结束时间, exclusive
    ends_at: String,
    /// Whether one stands in for another. 备勤
    is_backup: bool,
    /// Until when colleagues may take it, where it is offered. 换班截止时间
    offered_until: Option<String>,
}

impl OwnShift {
    pub(super) fn of(shift: &Shift, me: Uuid, offered: Option<DateTime<Utc>>) -> Self {
        Self {
            id: shift.id,
            starts_at: wire::instant(shift.starts_at),
            ends_at: wire::instant(shift.ends_at),
            is_backup: shift.lawyer_id != me,
            offered_until: offered.map(wire::instant),
        }
    }
}

/// My shifts 我的值班
#[utoipa::path(
    tag = "duty",
    security(("lawyer" = ["advise"])),
    params(Listing),
    responses((status = 200, description = "Those published that are not over, by start", body = PageBody<OwnShift>))
)]
#[get("/v1/lawyer/shifts")]
async fn list_own_shifts(app: web::Data<App>, me: Lawyer<can::Advise>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("own-shifts|{}", me.lawyer);
    let after: Option<(DateTime<Utc>, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = duty::list(&mut conn, Whose::Lawyer(me.lawyer), app.now(), after.as_ref(), limit).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|shift| shift.id).collect();
    let offered = duty::offer::open_of(&mut conn, &ids, app.now()).await?;
    let item = |shift: Shift| Ok(OwnShift::of(&shift, me.lawyer, offered.get(&shift.id).copied()));
    let key = |shift: &Shift| (shift.starts_at, shift.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, item)?))
}

/// A question one was given. 承办咨询
#[derive(Debug, Serialize, ToSchema)]
struct GivenConsultation {
    /// Its id.
    id: Uuid,
    /// 咨询编号
    #[schema(example = "261120123456785")]
    number: String,
    /// 类别
    category: LegalField,
    /// 标题
    title: String,
    /// 状态
    state: State,
    /// 状态说明
    state_text: &'static str,
    /// 提问时间
    asked_at: String,
    /// 首次答复时间
    first_response_at: Option<String>,
    /// One to five stars. 评价
    rating: Option<i32>,
}

fn given(app: &App, of: &Consultation) -> Result<GivenConsultation, Problem> {
    let state = of.state();
    Ok(GivenConsultation {
        id: of.id,
        number: of.number.clone(),
        category: LegalField::parse(&of.category).unwrap_or(LegalField::Other),
        title: of.title(app)?,
        state,
        state_text: state.text(),
        asked_at: wire::instant(of.asked_at),
        first_response_at: of.first_response_at.map(wire::instant),
        rating: of.rating,
    })
}

/// Which questions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct GivenQuery {
    /// States, comma-separated; those to answer without. 状态
    #[param(max_length = 100, example = "ASSIGNED,ANSWERED")]
    state: Option<String>,
}

/// Questions I was given 承办咨询列表
#[utoipa::path(
    tag = "consultations",
    security(("lawyer" = ["advise"])),
    params(GivenQuery, Listing),
    responses((status = 200, description = "The newest first", body = PageBody<GivenConsultation>))
)]
#[get("/v1/lawyer/consultations")]
async fn list_given_consultations(
    app: web::Data<App>,
    me: Lawyer<can::Advise>,
    query: Query<GivenQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let mut states: Vec<State> = words("state", query.state.as_deref())?;
    if states.is_empty() {
        states.push(State::Assigned);
    }
    let binding = format!("given|{}|{states:?}", me.lawyer);
    let before: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = consultation::list_of_lawyer(&mut conn, me.lawyer, &states, before, limit).await?;
    let item = |of: Consultation| given(&app, &of);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |c| c.id, item)?))
}

/// A question I was given 承办咨询
#[utoipa::path(
    tag = "consultations",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The question")),
    responses((status = 200, description = "Where it stands", body = GivenConsultation))
)]
#[get("/v1/lawyer/consultations/{id}")]
async fn get_given_consultation(app: web::Data<App>, me: Lawyer<can::Advise>, id: Id) -> Answer {
    let found = consultation::of_lawyer(&mut *app.db.read().await?, me.lawyer, id.0).await?;
    Ok(HttpResponse::Ok().json(given(&app, &found)?))
}

/// What was said and done 咨询记录
///
/// With `wait` the answer comes when there is something new, or after that many seconds.
#[utoipa::path(
    tag = "consultations",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The question"), SinceQuery),
    responses((status = 200, description = "In order", body = CaseEntries))
)]
#[get("/v1/lawyer/consultations/{id}/entries")]
async fn list_given_entries(
    app: web::Data<App>,
    files: web::Data<Files>,
    me: Lawyer<can::Advise>,
    id: Id,
    query: Query<SinceQuery>,
) -> Answer {
    let (since, wait) = query.parse()?;
    let found = wait_for(wait, async || {
        let mut conn = app.db.read().await?;
        consultation::of_lawyer(&mut conn, me.lawyer, id.0).await?;
        consultation::entries_after(&app, &mut conn, id.0, since, false).await
    });
    Ok(HttpResponse::Ok().json(CaseEntries::of(&files, id.0, found.await?, since).await?))
}

/// Answer the member 答复
///
/// The first answer stops the clock of the first response. Until the question is closed one may write on.
#[utoipa::path(
    tag = "consultations",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The question"), OnceHeader),
    request_body = CaseMessage,
    responses(
        (status = 201, description = "Answered", body = GivenConsultation),
        (status = 409, description = "`INVALID_STATE`: it is closed; `IN_PROGRESS`"),
    )
)]
#[post("/v1/lawyer/consultations/{id}/messages")]
async fn answer_member(
    app: web::Data<App>,
    me: Lawyer<can::Advise>,
    id: Id,
    key: Once,
    body: Body<CaseMessage>,
) -> Answer {
    let (text, who) = (body.parse()?, (me.lawyer, me.person()?, me.principal.account));
    // What was answered once is not told again to whoever stands behind the wall by now.
    consultation::of_lawyer(&mut *app.db.read().await?, me.lawyer, id.0).await?;
    let key = key.of(me.principal.account, "answer_member", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let answered = consultation::reply(&app, tx, &me.actor, who, (id.0, &text, &body.file_ids)).await?;
        created(format!("/v1/lawyer/consultations/{}/entries", id.0), &given(&app, &answered)?)
    })
    .await?;
    Ok(respond(stored))
}

/// Tell the member that a lawyer should represent them 建议申请法律援助
///
/// The member reads it among the entries and applies for legal aid, which then goes on with the question.
#[utoipa::path(
    tag = "consultations",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The question")),
    request_body = ReasonBody,
    responses(
        (status = 204, description = "Told"),
        (status = 409, description = "`INVALID_STATE`: it is closed"),
    )
)]
#[post("/v1/lawyer/consultations/{id}/recommend-aid")]
async fn recommend_legal_aid(
    app: web::Data<App>,
    me: Lawyer<can::Advise>,
    id: Id,
    body: Body<ReasonBody>,
) -> Answer {
    let (reason, who) = (body.parse()?, (me.lawyer, me.person()?));
    let told =
        app.db.write(async |tx| consultation::recommend_aid(&app, tx, &me.actor, who, (id.0, reason)).await);
    told.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Give a question back 回避退回
///
/// It goes to somebody else, and not to me again. The member is not told why.
#[utoipa::path(
    tag = "consultations",
    security(("lawyer" = ["advise"])),
    params(("id" = Uuid, Path, description = "The question")),
    request_body = ReasonBody,
    responses(
        (status = 204, description = "It is no longer mine"),
        (status = 409, description = "`INVALID_STATE`: it was answered"),
    )
)]
#[post("/v1/lawyer/consultations/{id}/recuse")]
async fn recuse_from_consultation(
    app: web::Data<App>,
    me: Lawyer<can::Advise>,
    id: Id,
    body: Body<ReasonBody>,
) -> Answer {
    let (reason, who) = (body.parse()?, (me.lawyer, me.person()?));
    let recused =
        app.db.write(async |tx| consultation::recuse(&app, tx, &me.actor, who, (id.0, reason)).await);
    recused.await?;
    Ok(HttpResponse::NoContent().finish())
}
