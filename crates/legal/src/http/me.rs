//! `/v1/me/consultations`: a member's questions.

use std::time::Duration;

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_casework::clock::{self, Clock};
use unionhall_casework::timeline::Entry;
use unionhall_files::Files;
use unionhall_kernel::text::{line, paragraphs};
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_storage::once::once;
use unionhall_storage::{Conn, Core};
use unionhall_web::once::{created, respond};
use unionhall_web::wire::{self, Progress};
use unionhall_web::{Answer, App, Body, Id, Listing, Member, Once, OnceHeader, PageBody, Query};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::credit_code;
use super::dto::{AdvisingLawyer, CaseEntries, CaseMessage, SinceQuery, few_files};
use super::progress;
use crate::consultation::{self, Listed, NewConsultation, State};
use crate::engagement::PartyKind;
use crate::lawyer::LegalField;
use crate::party::{NewParty, PartyRole};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(ask_lawyer)
        .service(list_own_consultations)
        .service(get_own_consultation)
        .service(list_own_consultation_entries)
        .service(write_to_lawyer);
}

/// A question to a lawyer. 法律咨询
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnConsultation {
    /// Its id.
    id: Uuid,
    /// What to say on the phone: 15 digits. 咨询编号
    #[schema(example = "261120123456785")]
    number: String,
    /// 类别
    category: LegalField,
    /// 标题
    #[schema(example = "公司拖欠三个月工资")]
    title: String,
    /// 状态
    state: State,
    /// 状态说明
    state_text: &'static str,
    /// Who has it. 承办律师
    lawyer: Option<AdvisingLawyer>,
    /// 提问时间
    asked_at: String,
    /// When a lawyer first answered. 首次答复时间
    first_response_at: Option<String>,
    /// One to five stars. 评价
    rating: Option<i32>,
    /// 办理进度
    progress: Progress,
}

fn own(core: &Core, clocks: Option<&Vec<Clock>>, (of, lawyer): Listed) -> Result<OwnConsultation, Problem> {
    let state = of.state();
    Ok(OwnConsultation {
        id: of.id,
        category: LegalField::parse(&of.category).unwrap_or(LegalField::Other),
        title: of.title(core)?,
        state,
        state_text: state.text(),
        lawyer: of.lawyer_id.zip(lawyer).map(|(id, name)| AdvisingLawyer { id, name }),
        asked_at: wire::instant(of.asked_at),
        first_response_at: of.first_response_at.map(wire::instant),
        rating: of.rating,
        progress: progress::of_question(&of, clocks),
        number: of.number,
    })
}

pub(super) async fn answer(
    core: &Core,
    conn: &mut Conn,
    person: Uuid,
    id: Uuid,
) -> Result<OwnConsultation, Problem> {
    let found = consultation::of_person(conn, person, id).await?;
    let clocks = clock::open_of(conn, &[id]).await?;
    own(core, clocks.get(&id), found)
}

/// Somebody else a case is about. 当事人
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseParty {
    /// 角色
    role: PartyRole,
    /// 主体类型
    kind: PartyKind,
    /// 姓名或名称: 2 to 100 characters.
    #[schema(min_length = 2, max_length = 100, example = "郑州宏达机械有限公司")]
    name: String,
    /// 统一社会信用代码
    #[schema(min_length = 18, max_length = 64, example = "91410100MA000ABC24")]
    uscc: Option<String>,
}

impl CaseParty {
    /// Parties, checked; what is wrong is told by the fields.
    pub(super) fn parse_all(fields: &mut Fields, all: &[Self]) -> Vec<NewParty> {
        fields.require(all.len() <= 20, "/parties", Invalid::new("TOO_MANY", "最多20个当事人。"));
        let mut parties = Vec::new();
        for (n, party) in all.iter().take(20).enumerate() {
            let name = fields.take(&format!("/parties/{n}/name"), line(&party.name, 2, 100));
            let uscc = credit_code(fields, &format!("/parties/{n}/uscc"), party.uscc.as_deref());
            parties.extend(name.map(|name| NewParty { role: party.role, kind: party.kind, name, uscc }));
        }
        parties
    }
}

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConsultationQuestion {
    /// 类别
    category: LegalField,
    /// In short: 2 to 60 characters. 标题
    #[schema(min_length = 2, max_length = 60, example = "公司拖欠三个月工资")]
    title: String,
    /// In full: 5 to 4,000 characters. 问题描述
    #[schema(
        min_length = 5,
        max_length = 4000,
        example = "我在公司工作两年，公司已三个月没有发工资，该怎么办？"
    )]
    question: String,
    /// Everybody else it is about: no lawyer who acts or acted for any of them learns of it. 当事人
    #[serde(default)]
    #[schema(max_items = 20)]
    parties: Vec<CaseParty>,
    /// A lawyer of the directory who is wanted; where they may not or do not take it, it goes to those on duty. 指定律师
    lawyer_id: Option<Uuid>,
    /// Files of one's own, uploaded for `legal_material`; nine at most. 附件
    #[serde(default)]
    #[schema(max_items = 9)]
    file_ids: Vec<Uuid>,
    /// For the legal officers of the union alone; of category `harassment` it always is. 敏感
    #[serde(default)]
    sensitive: bool,
}

impl ConsultationQuestion {
    fn parse(&self) -> Result<NewConsultation, Problem> {
        let mut fields = Fields::new();
        let title = fields.take("/title", line(&self.title, 2, 60));
        let question = fields.take("/question", paragraphs(&self.question, 5, 4000));
        let parties = CaseParty::parse_all(&mut fields, &self.parties);
        few_files(&mut fields, &self.file_ids);
        let (Some(title), Some(question)) = (title, question) else { return Err(fields.problem()) };
        fields.finish()?;
        let Self { category, lawyer_id, sensitive, .. } = *self;
        let files = self.file_ids.clone();
        Ok(NewConsultation { category, title, question, parties, files, lawyer: lawyer_id, sensitive })
    }
}

/// Ask a lawyer 法律咨询
///
/// At any hour. It goes to the lawyer who is wanted, or to one on duty, where there is one without a conflict of interest; or else it waits, and
/// after half an hour the union's legal department sees to it.
#[utoipa::path(
    tag = "consultations",
    security(("member" = ["level:1"])),
    params(OnceHeader),
    request_body = ConsultationQuestion,
    responses(
        (status = 201, description = "Asked", body = OwnConsultation,
            headers(("Location" = String, description = "The question"))),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`MODULE_CLOSED`; `NOT_ELIGIBLE` without a membership; `APPLICATION_OPEN` when twenty are open; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `LAWYER_UNKNOWN` at `/lawyer_id`, `FILE_UNKNOWN` at `/file_ids/n`"),
    )
)]
#[post("/v1/me/consultations")]
async fn ask_lawyer(
    app: web::Data<App>,
    me: Member<1>,
    key: Once,
    body: Body<ConsultationQuestion>,
) -> Answer {
    let (new, person) = (body.parse()?, me.person()?);
    let account = me.principal.account;
    let key = key.of(account, "ask_lawyer", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let asked = consultation::ask(&app, tx, &me.actor, (account, person), &new).await?;
        let answer = answer(&app, tx, person, asked.id).await?;
        created(format!("/v1/me/consultations/{}", asked.id), &answer)
    })
    .await?;
    Ok(respond(stored))
}

/// My questions 我的咨询
#[utoipa::path(
    tag = "consultations",
    security(("member" = ["level:1"])),
    params(Listing),
    responses(
        (status = 200, description = "The newest first", body = PageBody<OwnConsultation>),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
    )
)]
#[get("/v1/me/consultations")]
async fn list_own_consultations(app: web::Data<App>, me: Member<1>, listing: Listing) -> Answer {
    let (limit, person) = (listing.limit()?, me.person()?);
    let binding = format!("consultations|{person}");
    let before: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = consultation::list_of_person(&mut conn, person, before, limit).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|(of, _)| of.id).collect();
    let clocks = clock::open_of(&mut conn, &ids).await?;
    let item = |listed: Listed| own(&app, clocks.get(&listed.0.id), listed);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |(of, _)| of.id, item)?))
}

/// One of my questions 咨询详情
#[utoipa::path(
    tag = "consultations",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The question")),
    responses(
        (status = 200, description = "Where it stands", body = OwnConsultation),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
    )
)]
#[get("/v1/me/consultations/{id}")]
async fn get_own_consultation(app: web::Data<App>, me: Member<1>, id: Id) -> Answer {
    Ok(HttpResponse::Ok().json(answer(&app, &mut *app.db.read().await?, me.person()?, id.0).await?))
}

/// What was said and done 咨询记录
///
/// With `wait` the answer comes when there is something new, or after that many seconds: ask again with the `since` of the answer.
#[utoipa::path(
    tag = "consultations",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The question"), SinceQuery),
    responses(
        (status = 200, description = "In order", body = CaseEntries),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
    )
)]
#[get("/v1/me/consultations/{id}/entries")]
async fn list_own_consultation_entries(
    app: web::Data<App>,
    files: web::Data<Files>,
    me: Member<1>,
    id: Id,
    query: Query<SinceQuery>,
) -> Answer {
    let (person, (since, wait)) = (me.person()?, query.parse()?);
    let found = wait_for(wait, async || {
        let mut conn = app.db.read().await?;
        consultation::of_person(&mut conn, person, id.0).await?;
        consultation::entries_after(&app, &mut conn, id.0, since, false).await
    });
    Ok(HttpResponse::Ok().json(CaseEntries::of(&files, id.0, found.await?, since).await?))
}

/// How often somebody who waits is looked after.
const LOOK: Duration = Duration::from_millis(500);

/// Asks until there is something, for at most some seconds. Nothing is held meanwhile.
pub(super) async fn wait_for(
    seconds: u8,
    ask: impl AsyncFn() -> Result<Vec<Entry>, Problem>,
) -> Result<Vec<Entry>, Problem> {
    let mut left = Duration::from_secs(u64::from(seconds));
    loop {
        let found = ask().await?;
        if !found.is_empty() || left.is_zero() {
            return Ok(found);
        }
        let pause = LOOK.min(left);
        tokio::time::sleep(pause).await;
        left -= pause;
    }
}

/// Write to the lawyer 追问
///
/// Until the question is closed. After an answer the lawyer has fifteen minutes again.
#[utoipa::path(
    tag = "consultations",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The question"), OnceHeader),
    request_body = CaseMessage,
    responses(
        (status = 201, description = "Written", body = OwnConsultation),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`INVALID_STATE`: no lawyer has it; `IN_PROGRESS`"),
    )
)]
#[post("/v1/me/consultations/{id}/messages")]
async fn write_to_lawyer(
    app: web::Data<App>,
    me: Member<1>,
    id: Id,
    key: Once,
    body: Body<CaseMessage>,
) -> Answer {
    let (text, person) = (body.parse()?, me.person()?);
    let key = key.of(me.principal.account, "write_to_lawyer", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let who = (person, me.principal.account);
        consultation::follow_up(&app, tx, &me.actor, who, (id.0, &text, &body.file_ids)).await?;
        let answer = answer(&app, tx, person, id.0).await?;
        created(format!("/v1/me/consultations/{}/entries", id.0), &answer)
    })
    .await?;
    Ok(respond(stored))
}
