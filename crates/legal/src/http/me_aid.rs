//! `/v1/me/legal-aid`: a member's cases of legal aid.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::Deserialize;
use unionhall_casework::{clock, timeline};
use unionhall_files::Files;
use unionhall_kernel::text::{line, paragraphs};
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_storage::Conn;
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::{
    Answer, App, Body, Empty, Id, Listing, Member, Once, OnceHeader, PageBody, Query, ReasonBody,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::aid_dto::{OwnLegalAid, one_own, own};
use super::dto::{CaseEntries, CaseMessage, SinceQuery, few_files};
use super::me::{CaseParty, wait_for};
use super::me_steps::CaseRating;
use crate::aid::{self, Aid, Form, Ground, Listed, NewAid, Whose};
use crate::lawyer::LegalField;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(apply_for_legal_aid)
        .service(list_own_legal_aid)
        .service(get_own_legal_aid)
        .service(list_own_legal_aid_entries)
        .service(supply_legal_aid_papers)
        .service(write_to_aid_lawyer)
        .service(withdraw_legal_aid)
        .service(appeal_legal_aid)
        .service(rate_legal_aid);
}

/// An application for legal aid. 法律援助申请
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LegalAidApplication {
    /// A question of one's own that it comes from: its parties are taken over, and one that a lawyer still has ends with it. 咨询
    consultation_id: Option<Uuid>,
    /// 类别
    category: LegalField,
    /// 援助形式
    form: Form,
    /// Why: not needed for `wages` and `work_injury`, which take no means test. 申请理由
    ground: Option<Ground>,
    /// In short: 2 to 60 characters. 标题
    #[schema(min_length = 2, max_length = 60, example = "追索拖欠的三个月工资")]
    title: String,
    /// What happened and what is wanted: 5 to 4,000 characters. 事实与请求
    #[schema(
        min_length = 5,
        max_length = 4000,
        example = "我自2024年3月起在该公司工作，2026年8月至10月的工资至今未发，请求支付工资18000元。"
    )]
    claim: String,
    /// What is claimed, fen. 请求金额
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 1_800_000)]
    claimed_fen: Option<i64>,
    /// When one knew or should have known of the breach: the year to ask for arbitration runs from it. 知道权利受侵害之日
    #[schema(example = "2026-09-15")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    known_on: NaiveDate,
    /// For wages: when the job ended; null while it lasts. 劳动关系终止日期
    #[schema(example = "2026-10-31")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    employment_ended_on: Option<NaiveDate>,
    /// 开庭日期
    #[schema(example = "2026-12-15")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    hearing_on: Option<NaiveDate>,
    /// Everybody else it is about: no lawyer who acts or acted for any of them learns of it. 当事人
    #[serde(default)]
    #[schema(max_items = 20)]
    parties: Vec<CaseParty>,
    /// Papers, uploaded for `legal_material`; nine at most. 申请材料
    #[serde(default)]
    #[schema(max_items = 9)]
    file_ids: Vec<Uuid>,
    /// For the legal officers of the union alone; of category `harassment` it always is. 敏感
    #[serde(default)]
    sensitive: bool,
}

/// The largest amount that can be claimed, fen: ten thousand million yuan.
pub(super) const MOST_FEN: i64 = 1_000_000_000_000;

impl LegalAidApplication {
    fn parse(&self, today: NaiveDate) -> Result<NewAid, Problem> {
        let mut fields = Fields::new();
        let title = fields.take("/title", line(&self.title, 2, 60));
        let claim = fields.take("/claim", paragraphs(&self.claim, 5, 4000));
        let parties = CaseParty::parse_all(&mut fields, &self.parties);
        few_files(&mut fields, &self.file_ids);
        let amount = self.claimed_fen.is_none_or(|fen| (0..=MOST_FEN).contains(&fen));
        fields.require(amount, "/claimed_fen", Invalid::new("OUT_OF_RANGE", "金额超出范围。"));
        let past = || Invalid::new("OUT_OF_RANGE", "日期不能晚于今天。");
        fields.require(self.known_on <= today, "/known_on", past());
        let ended = self.employment_ended_on.is_none_or(|on| on <= today);
        fields.require(ended, "/employment_ended_on", past());
        let hearing = self.hearing_on.is_none_or(|on| on >= today);
        fields.require(hearing, "/hearing_on", Invalid::new("OUT_OF_RANGE", "开庭日期不能早于今天。"));
        let (Some(title), Some(claim)) = (title, claim) else { return Err(fields.problem()) };
        fields.finish()?;
        Ok(NewAid {
            consultation: self.consultation_id,
            category: self.category,
            form: self.form,
            ground: self.ground,
            title,
            claim,
            claimed_fen: self.claimed_fen,
            known_on: self.known_on,
            employment_ended_on: self.employment_ended_on,
            hearing_on: self.hearing_on,
            parties,
            files: self.file_ids.clone(),
            sensitive: self.sensitive,
        })
    }
}

async fn answer(app: &App, conn: &mut Conn, person: Uuid, id: Uuid) -> Result<OwnLegalAid, Problem> {
    let found = aid::of_person(conn, person, id).await?;
    one_own(app, conn, found).await
}

/// Apply for legal aid 申请法律援助
///
/// The county's legal department looks it through and decides within seven days; a refusal can be taken to the union above. Aid costs
/// nothing. Where the limitation period or a hearing is less than seven days away a lawyer may act before the decision.
#[utoipa::path(
    tag = "legal_aid",
    security(("member" = ["level:1"])),
    params(OnceHeader),
    request_body = LegalAidApplication,
    responses(
        (status = 201, description = "Applied", body = OwnLegalAid,
            headers(("Location" = String, description = "The case"))),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`APPLICATION_OPEN`: the question led to a case already, or five are open; `MODULE_CLOSED`; `NOT_ELIGIBLE` without a membership; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `NOT_EXEMPT` at `/ground`, `CONSULTATION_UNKNOWN` at `/consultation_id`, `FILE_UNKNOWN` at `/file_ids/n`"),
    )
)]
#[post("/v1/me/legal-aid")]
async fn apply_for_legal_aid(
    app: web::Data<App>,
    me: Member<1>,
    key: Once,
    body: Body<LegalAidApplication>,
) -> Answer {
    let (new, person) = (body.parse(app.today())?, me.person()?);
    let account = me.principal.account;
    let key = key.of(account, "apply_for_legal_aid", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let applied = aid::apply(&app, tx, &me.actor, (account, person), &new).await?;
        let answer = answer(&app, tx, person, applied.id).await?;
        created(format!("/v1/me/legal-aid/{}", applied.id), &answer)
    })
    .await?;
    Ok(respond(stored))
}

/// My cases of legal aid 我的法律援助
#[utoipa::path(
    tag = "legal_aid",
    security(("member" = ["level:1"])),
    params(Listing),
    responses(
        (status = 200, description = "The newest first", body = PageBody<OwnLegalAid>),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
    )
)]
#[get("/v1/me/legal-aid")]
async fn list_own_legal_aid(app: web::Data<App>, me: Member<1>, listing: Listing) -> Answer {
    let (limit, person) = (listing.limit()?, me.person()?);
    let binding = format!("legal-aid|{person}");
    let before: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = aid::list_of_person(&mut conn, person, before, limit).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|(of, _)| of.id).collect();
    let clocks = clock::open_of(&mut conn, &ids).await?;
    let item = |listed: Listed| own(&app, clocks.get(&listed.0.id), listed);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |(of, _)| of.id, item)?))
}

/// One of my cases of legal aid 法律援助详情
#[utoipa::path(
    tag = "legal_aid",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The case")),
    responses(
        (status = 200, description = "Where it stands, and what is missing", body = OwnLegalAid),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
    )
)]
#[get("/v1/me/legal-aid/{id}")]
async fn get_own_legal_aid(app: web::Data<App>, me: Member<1>, id: Id) -> Answer {
    Ok(HttpResponse::Ok().json(answer(&app, &mut *app.db.read().await?, me.person()?, id.0).await?))
}

/// What was said and done 援助办理记录
///
/// With `wait` the answer comes when there is something new, or after that many seconds: ask again with the `since` of the answer.
#[utoipa::path(
    tag = "legal_aid",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The case"), SinceQuery),
    responses(
        (status = 200, description = "In order", body = CaseEntries),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
    )
)]
#[get("/v1/me/legal-aid/{id}/entries")]
async fn list_own_legal_aid_entries(
    app: web::Data<App>,
    files: web::Data<Files>,
    me: Member<1>,
    id: Id,
    query: Query<SinceQuery>,
) -> Answer {
    let (person, (since, wait)) = (me.person()?, query.parse()?);
    let found = wait_for(wait, async || {
        let mut conn = app.db.read().await?;
        aid::of_person(&mut conn, person, id.0).await?;
        timeline::after(&app, &mut conn, id.0, since, (false, 100)).await
    });
    Ok(HttpResponse::Ok().json(CaseEntries::of(&files, id.0, found.await?, since).await?))
}

impl<'a> Whose<'a> {
    fn of(me: &'a Member<1>) -> Result<Self, Problem> {
        Ok(Self { actor: &me.actor, account: me.principal.account, person: me.person()? })
    }
}

async fn said(
    app: &App,
    me: &Member<1>,
    id: Id,
    (key, operation, body): (Once, &'static str, &Body<CaseMessage>),
    step: impl AsyncFn(&mut Conn, Whose<'_>, &str) -> Result<Aid, Problem>,
) -> Answer {
    let (text, who) = (body.parse()?, Whose::of(me)?);
    let key = key.of(me.principal.account, operation, body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        step(tx, who, &text).await?;
        let answer = answer(app, tx, who.person, id.0).await?;
        created(format!("/v1/me/legal-aid/{}/entries", id.0), &answer)
    })
    .await?;
    Ok(respond(stored))
}

/// Hand in the papers that were missing 补正材料
#[utoipa::path(
    tag = "legal_aid",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The case"), OnceHeader),
    request_body = CaseMessage,
    responses(
        (status = 201, description = "Handed in; the clock of the decision runs on", body = OwnLegalAid),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`INVALID_STATE`: nothing is missing; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `FILE_UNKNOWN` at `/file_ids/n`"),
    )
)]
#[post("/v1/me/legal-aid/{id}/papers")]
async fn supply_legal_aid_papers(
    app: web::Data<App>,
    me: Member<1>,
    id: Id,
    key: Once,
    body: Body<CaseMessage>,
) -> Answer {
    let step = async |tx: &mut Conn, who: Whose<'_>, text: &str| {
        aid::supply(&app, tx, who, (id.0, text, &body.file_ids)).await
    };
    said(&app, &me, id, (key, "supply_legal_aid_papers", &body), step).await
}

/// Write to the lawyer 给承办律师留言
#[utoipa::path(
    tag = "legal_aid",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The case"), OnceHeader),
    request_body = CaseMessage,
    responses(
        (status = 201, description = "Written", body = OwnLegalAid),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`INVALID_STATE`: no lawyer is at it; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `FILE_UNKNOWN` at `/file_ids/n`"),
    )
)]
#[post("/v1/me/legal-aid/{id}/messages")]
async fn write_to_aid_lawyer(
    app: web::Data<App>,
    me: Member<1>,
    id: Id,
    key: Once,
    body: Body<CaseMessage>,
) -> Answer {
    let step = async |tx: &mut Conn, who: Whose<'_>, text: &str| {
        aid::write(&app, tx, who, (id.0, text, &body.file_ids)).await
    };
    said(&app, &me, id, (key, "write_to_aid_lawyer", &body), step).await
}

async fn stepped(
    app: &App,
    me: &Member<1>,
    id: Id,
    step: impl AsyncFn(&mut Conn, Whose<'_>) -> Result<Aid, Problem>,
) -> Answer {
    let who = Whose::of(me)?;
    let done = app.db.write(async |tx| {
        step(tx, who).await?;
        answer(app, tx, who.person, id.0).await
    });
    Ok(HttpResponse::Ok().json(done.await?))
}

/// Take an application back 撤回申请
///
/// As long as no lawyer has it; afterwards the legal department ends it on request.
#[utoipa::path(
    tag = "legal_aid",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The case")),
    responses(
        (status = 200, description = "Withdrawn", body = OwnLegalAid),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`INVALID_STATE`: a lawyer has it, or it is over"),
    )
)]
#[post("/v1/me/legal-aid/{id}/withdraw")]
async fn withdraw_legal_aid(app: web::Data<App>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    stepped(&app, &me, id, async |tx, who| aid::withdraw(&app, tx, who, id.0).await).await
}

/// Ask the union above to look at a refusal 申请复核
///
/// Within fifteen days of it; answered within ten working days by somebody who had no hand in it.
#[utoipa::path(
    tag = "legal_aid",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The case")),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "With the union above", body = OwnLegalAid),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`INVALID_STATE`: it was not refused, or the days are over"),
    )
)]
#[post("/v1/me/legal-aid/{id}/appeal")]
async fn appeal_legal_aid(app: web::Data<App>, me: Member<1>, id: Id, body: Body<ReasonBody>) -> Answer {
    let reason = body.parse()?;
    stepped(&app, &me, id, async |tx, who| aid::appeal(&app, tx, who, (id.0, reason)).await).await
}

/// Rate a closed case 评价法律援助
///
/// Once, within thirty days of its closing.
#[utoipa::path(
    tag = "legal_aid",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The case")),
    request_body = CaseRating,
    responses(
        (status = 200, description = "Rated", body = OwnLegalAid),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 409, description = "`INVALID_STATE`: it is not closed, or is rated already"),
    )
)]
#[post("/v1/me/legal-aid/{id}/rating")]
async fn rate_legal_aid(app: web::Data<App>, me: Member<1>, id: Id, body: Body<CaseRating>) -> Answer {
    let (stars, comment) = body.parse()?;
    let comment = comment.as_deref();
    stepped(&app, &me, id, async |tx, who| aid::rate(&app, tx, who, (id.0, stars, comment)).await).await
}
