//! Lawyers 律师: their accounts, what the public sees of them, presence, and with which firms they were when.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_identity::account::{self, NewAccount};
use unionhall_identity::person;
use unionhall_kernel::{Code, Document, Mobile, PersonName, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::page::{Page, after};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope, Realm};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::firm::Firm;
use crate::names;
use crate::schema::{legal_affiliation as affiliations, legal_lawyer as lawyers};

/// What a lawyer is asked about. 业务领域
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegalField {
    /// 工资报酬
    Wages,
    /// 工伤
    WorkInjury,
    /// 劳动合同
    Contract,
    /// 解除与补偿
    Dismissal,
    /// 社会保险
    SocialInsurance,
    /// 工时休假
    WorkingTime,
    /// 女职工权益
    Women,
    /// 骚扰与报复
    Harassment,
    /// 其他
    Other,
}

impl LegalField {
    /// Every field.
    pub const ALL: &[LegalField] = &[
        Self::Wages,
        Self::WorkInjury,
        Self::Contract,
        Self::Dismissal,
        Self::SocialInsurance,
        Self::WorkingTime,
        Self::Women,
        Self::Harassment,
        Self::Other,
    ];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wages => "wages",
            Self::WorkInjury => "work_injury",
            Self::Contract => "contract",
            Self::Dismissal => "dismissal",
            Self::SocialInsurance => "social_insurance",
            Self::WorkingTime => "working_time",
            Self::Women => "women",
            Self::Harassment => "harassment",
            Self::Other => "other",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.as_str() == word)
    }
}

/// Whether a lawyer takes questions. 状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = LawyerState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 执业
    Active,
    /// 暂停服务
    Suspended,
}

impl State {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
        }
    }
}

/// A lawyer.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = lawyers)]
pub struct Lawyer {
    /// Their id, and the role's.
    pub id: Uuid,
    /// Their account.
    pub account_id: Uuid,
    /// The natural person.
    pub person_id: Uuid,
    /// Their present firm.
    pub firm_id: Uuid,
    /// The union that looks after them.
    pub org_id: Uuid,
    /// That union's path.
    pub path: String,
    /// 姓名, public.
    pub name: String,
    /// 执业证号
    pub practice_no: String,
    /// Its last day.
    pub licence_until: NaiveDate,
    fields: Vec<String>,
    /// Where they are: six digits.
    pub division: String,
    /// 简介
    pub intro: String,
    state: String,
    /// The last heartbeat.
    pub seen_at: Option<DateTime<Utc>>,
    /// Moves with every change.
    pub version: i32,
}

impl Lawyer {
    /// What they are asked about.
    pub fn fields(&self) -> Vec<LegalField> {
        self.fields.iter().filter_map(|word| LegalField::parse(word)).collect()
    }

    /// Whether they take questions.
    pub fn state(&self) -> State {
        if self.state == "ACTIVE" { State::Active } else { State::Suspended }
    }

    /// Whether they were heard of in the last minutes.
    pub fn is_present(&self, now: DateTime<Utc>) -> bool {
        self.seen_at.is_some_and(|at| now - at <= Duration::minutes(crate::duty::PRESENT_MINUTES))
    }
}

/// What is said of a lawyer.
#[derive(Debug, Clone)]
pub struct LawyerTerms {
    /// Their firm.
    pub firm: Uuid,
    /// 执业证号
    pub practice_no: String,
    /// Its last day.
    pub licence_until: NaiveDate,
    /// What they are asked about.
    pub fields: Vec<LegalField>,
    /// Where they are.
    pub division: String,
    /// 简介
    pub intro: String,
}

/// Who a new lawyer is.
#[derive(Debug)]
pub struct NewLawyer {
    /// Full name.
    pub name: PersonName,
    /// Document.
    pub document: Document,
    /// Mobile; the invitation goes there.
    pub mobile: Mobile,
    /// Login name.
    pub username: String,
    /// The rest.
    pub terms: LawyerTerms,
}

fn taken(problem: Problem) -> Problem {
    let field = match constraint(&problem) {
        Some("legal_lawyer_practice") => "practice_no",
        Some("legal_lawyer_person" | "account_person" | "person_document_number") => "id_number",
        Some("account_username") => "username",
        Some("account_mobile") => "mobile",
        _ => return problem,
    };
    Problem::new(Code::AlreadyExists).with("field", field)
}

fn words(fields: &[LegalField]) -> Vec<&'static str> {
    fields.iter().map(|field| field.as_str()).collect()
}

/// Enters a lawyer of a firm: the natural person, an account that waits to be activated, and their present firm.
///
/// # Errors
/// `ALREADY_EXISTS` when the document, the practice number, the login name or the mobile is another's.
pub async fn create(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    firm: &Firm,
    new: &NewLawyer,
) -> Result<Lawyer, Problem> {
    enter(core, tx, actor, firm, new).await.map_err(taken)
}

async fn enter(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    firm: &Firm,
    new: &NewLawyer,
) -> Result<Lawyer, Problem> {
    let index = person::document_index(&core.sealer, &new.document);
    let person = match person::holder(tx, &index).await? {
        // A number with another name is a mistake of somebody's, to be looked at by people.
        Some((_, held)) if PersonName::parse(&held).ok().as_ref() != Some(&new.name) => {
            return Err(Problem::new(Code::AlreadyExists).with("field", "id_number"));
        }
        Some((person, _)) => person,
        None => person::create(core, tx, &new.name, &new.document).await?,
    };
    let fresh = NewAccount {
        realm: Realm::Lawyer,
        person: Some(person),
        username: Some(&new.username),
        mobile: Some(&new.mobile),
        state: account::State::Invited,
        password_hash: None,
        totp_secret: None,
    };
    let account = account::create(core, tx, &fresh).await?;
    let terms = &new.terms;
    let made: Lawyer = diesel::insert_into(lawyers::table)
        .values((
            lawyers::id.eq(core.id()),
            lawyers::account_id.eq(account),
            lawyers::person_id.eq(person),
            lawyers::firm_id.eq(firm.id),
            lawyers::org_id.eq(firm.org_id),
            lawyers::path.eq(&firm.path),
            lawyers::name.eq(new.name.as_str()),
            lawyers::name_keys.eq(names::person(new.name.as_str())),
            lawyers::keys_version.eq(names::VERSION),
            lawyers::practice_no.eq(&terms.practice_no),
            lawyers::licence_until.eq(terms.licence_until),
            lawyers::fields.eq(words(&terms.fields)),
            lawyers::division.eq(&terms.division),
            lawyers::intro.eq(&terms.intro),
            lawyers::state.eq(State::Active.as_str()),
            lawyers::created_at.eq(core.now()),
        ))
        .returning(Lawyer::as_returning())
        .get_result(tx)
        .await?;
    join(core, tx, made.id, firm.id).await?;
    let object = ("lawyer", Some(made.id));
    let event = actor.event(core.id(), core.now(), Some(&firm.path), "lawyer.create", object).about(person);
    audit::append(tx, &event.changes(json!({"firm": firm.id, "licence_until": terms.licence_until}))).await?;
    Ok(made)
}

async fn join(core: &Core, tx: &mut Conn, lawyer: Uuid, firm: Uuid) -> Result<(), Problem> {
    diesel::insert_into(affiliations::table)
        .values((
            affiliations::id.eq(core.id()),
            affiliations::lawyer_id.eq(lawyer),
            affiliations::firm_id.eq(firm),
            affiliations::from_date.eq(core.today()),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// Changes what is said of a lawyer. Another firm is added to those they were with; what they knew at the last one they know.
///
/// # Errors
/// `STALE`; `ALREADY_EXISTS` for a practice number that is another's.
pub async fn change(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Lawyer,
    (firm, terms): (&Firm, &LawyerTerms),
) -> Result<Lawyer, Problem> {
    let read = lawyers::table.find(before.id).filter(lawyers::version.eq(before.version));
    let changed: Result<Option<Lawyer>, _> = diesel::update(read)
        .set((
            lawyers::firm_id.eq(firm.id),
            lawyers::org_id.eq(firm.org_id),
            lawyers::path.eq(&firm.path),
            lawyers::practice_no.eq(&terms.practice_no),
            lawyers::licence_until.eq(terms.licence_until),
            lawyers::fields.eq(words(&terms.fields)),
            lawyers::division.eq(&terms.division),
            lawyers::intro.eq(&terms.intro),
            lawyers::version.eq(lawyers::version + 1),
        ))
        .returning(Lawyer::as_returning())
        .get_result(tx)
        .await
        .optional();
    let changed = changed.map_err(|error| taken(error.into()))?.ok_or_else(|| Problem::new(Code::Stale))?;
    if changed.firm_id != before.firm_id {
        let present = affiliations::lawyer_id.eq(before.id).and(affiliations::to_date.is_null());
        diesel::update(affiliations::table.filter(present))
            .set(affiliations::to_date.eq(core.today()))
            .execute(tx)
            .await?;
        join(core, tx, before.id, firm.id).await?;
    }
    account::touch(tx, before.account_id, core.now()).await?;
    let object = ("lawyer", Some(changed.id));
    let event = actor.event(core.id(), core.now(), Some(&changed.path), "lawyer.change", object);
    let moved = json!({"firm": [before.firm_id, changed.firm_id],
                       "licence_until": [before.licence_until, changed.licence_until]});
    audit::append(tx, &event.about(changed.person_id).changes(moved)).await?;
    Ok(changed)
}

/// Suspends a lawyer's service or takes it up again. Who is suspended gets no questions and keeps those they have until they
/// are given on.
///
/// # Errors
/// `INVALID_STATE` when it is so already; `STALE`.
pub async fn set_state(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Lawyer,
    (to, reason): (State, &str),
) -> Result<Lawyer, Problem> {
    if before.state() == to {
        return Err(Problem::new(Code::InvalidState));
    }
    let read = lawyers::table.find(before.id).filter(lawyers::version.eq(before.version));
    let changed: Option<Lawyer> = diesel::update(read)
        .set((lawyers::state.eq(to.as_str()), lawyers::version.eq(lawyers::version + 1)))
        .returning(Lawyer::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    let changed = changed.ok_or_else(|| Problem::new(Code::Stale))?;
    let action = if to == State::Active { "lawyer.resume" } else { "lawyer.suspend" };
    let object = ("lawyer", Some(changed.id));
    let event = actor.event(core.id(), core.now(), Some(&changed.path), action, object);
    audit::append(tx, &event.about(changed.person_id).reason(reason)).await?;
    Ok(changed)
}

/// A lawyer of a scope.
///
/// # Errors
/// `NOT_FOUND` when they are absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Lawyer, Problem> {
    let within = lawyers::path.ge(scope.start()).and(lawyers::path.lt(scope.end()));
    let found = lawyers::table.find(id).filter(within).select(Lawyer::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of the lawyers of a scope, in tree order.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Lawyer>, Problem> {
    let mut query = lawyers::table
        .filter(lawyers::path.ge(scope.start()).and(lawyers::path.lt(scope.end())))
        .order((lawyers::path, lawyers::id))
        .limit(limit + 1)
        .select(Lawyer::as_select())
        .into_boxed();
    if let Some(key) = key {
        query = query.filter(after((lawyers::path, lawyers::id), key));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}
