//! Joining 入会 (E1): an application to a union, or to the county's holding pool for those without one. The
//! union confirms somebody its roster knows, or admits somebody new; only its cadre sees which.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_identity::{Identity, account, person};
use unionhall_kernel::document::Entry;
use unionhall_kernel::{Code, Document, IdType, Mobile, PersonName, Problem};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope, Principal, Realm};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::membership::{self, State as Membership};
use crate::org::{self, Org};
use crate::schema::{self, member_application as application};
use crate::{profile, real_name};

const NUMBER: &str = "member_application.number";
const MOBILE: &str = "member_application.mobile";
/// Working days a basic union has.
const UNION_DAYS: u32 = 5;
/// Working days a county has for its pool.
const POOL_DAYS: u32 = 7;

/// Where an application stands. 入会申请状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = JoinState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 工会审核中
    BuReview,
    /// 县级审核中 (holding pool)
    PoolReview,
    /// 退回补正
    Returned,
    /// 已通过
    Approved,
    /// 未通过
    Rejected,
    /// 已撤回
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: &[State] =
        &[Self::BuReview, Self::PoolReview, Self::Returned, Self::Approved, Self::Rejected, Self::Withdrawn];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuReview => "BU_REVIEW",
            Self::PoolReview => "POOL_REVIEW",
            Self::Returned => "RETURNED",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::BuReview => "工会审核中",
            Self::PoolReview => "县级工会审核中",
            Self::Returned => "退回补正",
            Self::Approved => "已通过",
            Self::Rejected => "未通过",
            Self::Withdrawn => "已撤回",
        }
    }

    fn parse(word: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().copied().find(|s| s.as_str() == word);
        found.ok_or_else(|| Problem::internal("unknown application state"))
    }

    /// Whether E1 allows a change.
    pub const fn may_become(self, to: Self) -> bool {
        use State::{Approved, BuReview, PoolReview, Rejected, Returned, Withdrawn};
        matches!(
            (self, to),
            (BuReview | PoolReview, Approved | Rejected | Returned | Withdrawn)
                | (Returned, BuReview | PoolReview | Withdrawn)
        )
    }

    /// Whether a cadre has something to do.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::BuReview | Self::PoolReview)
    }
}

/// Day `n` working days after `from`: Saturdays and Sundays do not count. (Statutory holidays and make-up
/// days come with the calendar of casework.)
pub fn working_days_after(from: NaiveDate, n: u32) -> NaiveDate {
    let mut day = from;
    let mut left = n;
    while left > 0 {
        day = day.checked_add_days(Days::new(1)).unwrap_or(day);
        if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            left -= 1;
        }
    }
    day
}

/// What an applicant states.
#[derive(Debug)]
pub struct Statement {
    /// Full name.
    pub name: PersonName,
    /// Document.
    pub document: Document,
    /// `employment_form` of the code tables.
    pub employment_form: Option<String>,
    /// County division of the place of work.
    pub work_division: Option<String>,
}

/// Where somebody wants to join.
#[derive(Debug, Clone)]
pub enum Target {
    /// A union.
    Union(Uuid),
    /// The holding pool of a county division.
    Pool(String),
}

/// An application as the use-cases read it.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account: Uuid,
    /// To which union.
    pub org: Uuid,
    /// That union's name.
    pub org_name: String,
    /// That union's path.
    pub path: String,
    /// Where it stands.
    pub state: State,
    /// Full name; mask it before it leaves.
    pub name: String,
    /// Type of document.
    pub id_type: IdType,
    /// Full number; mask it before it leaves.
    pub id_number: String,
    /// The applicant's proved mobile; mask it before it leaves.
    pub mobile: Mobile,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// By when it is to be decided.
    pub due_on: NaiveDate,
    /// Why it was returned or rejected.
    pub reason: Option<String>,
    /// Moves with every change.
    pub version: i32,
    number_index: Vec<u8>,
    mobile_index: Vec<u8>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = application)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    org_id: Uuid,
    state: String,
    name: String,
    id_type: String,
    number: Vec<u8>,
    number_index: Vec<u8>,
    mobile: Vec<u8>,
    mobile_index: Vec<u8>,
    submitted_at: DateTime<Utc>,
    due_on: NaiveDate,
    reason: Option<String>,
    version: i32,
}

fn open(core: &Core, (row, org_name, path): (Row, String, String)) -> Result<Application, Problem> {
    let number = core.sealer.open_text(NUMBER, row.id, &row.number)?;
    let mobile = core.sealer.open_text(MOBILE, row.id, &row.mobile)?;
    Ok(Application {
        id: row.id,
        account: row.account_id,
        org: row.org_id,
        org_name,
        path,
        state: State::parse(&row.state)?,
        name: row.name,
        id_type: row.id_type.parse().map_err(|_| Problem::internal("unknown id_type in the store"))?,
        id_number: number,
        mobile: Mobile::parse(&mobile).map_err(|_| Problem::internal("a stored mobile is none"))?,
        submitted_at: row.submitted_at,
        due_on: row.due_on,
        reason: row.reason,
        version: row.version,
        number_index: row.number_index,
        mobile_index: row.mobile_index,
    })
}

macro_rules! applications {
    () => {
        application::table
            .inner_join(schema::org::table.on(schema::org::id.eq(application::org_id)))
            .select((Row::as_select(), schema::org::name, schema::org::path))
    };
}

async fn target_org(conn: &mut Conn, target: &Target) -> Result<Org, Problem> {
    let found = match target {
        Target::Union(id) => org::any(conn, *id).await?.filter(|o| o.valid_to.is_none()),
        Target::Pool(division) => org::pool_of(conn, division).await?,
    };
    found.ok_or_else(Problem::not_found)
}

/// Hands an application in, in the caller's transaction.
///
/// # Errors
/// `NOT_FOUND` for an unknown union; `INVALID_STATE` for somebody who is a member; `APPLICATION_OPEN`.
pub async fn submit(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    me: &Principal,
    target: &Target,
    statement: &Statement,
) -> Result<Application, Problem> {
    let org = target_org(tx, target).await?;
    if let Some(person) = me.person
        && membership::standing(tx, person).await?.is_some_and(|s| s.state != Membership::Ended)
    {
        return Err(Problem::new(Code::InvalidState).with_detail("您已是会员，转会请办理会籍转接。"));
    }
    let account = account::get(tx, me.account).await?.ok_or_else(Problem::not_found)?;
    let mobile = account.mobile(&core.sealer)?.ok_or_else(|| Problem::new(Code::InvalidState))?;
    let open_one: i64 = application::table
        .filter(application::account_id.eq(me.account))
        .filter(application::state.eq_any(["BU_REVIEW", "POOL_REVIEW", "RETURNED"]))
        .count()
        .get_result(tx)
        .await?;
    if open_one > 0 {
        return Err(Problem::new(Code::ApplicationOpen));
    }
    let (via, state, days) = match target {
        Target::Union(_) => ("union", State::BuReview, UNION_DAYS),
        Target::Pool(_) => ("pool", State::PoolReview, POOL_DAYS),
    };
    let (id, now) = (core.id(), core.now());
    diesel::insert_into(application::table)
        .values((
            (
                application::id.eq(id),
                application::account_id.eq(me.account),
                application::org_id.eq(org.id),
                application::via.eq(via),
                application::state.eq(state.as_str()),
                application::mobile.eq(core.sealer.seal_text(MOBILE, id, mobile.e164())?),
                application::mobile_index.eq(account::mobile_index(&core.sealer, &mobile)),
                application::submitted_at.eq(now),
                application::due_on.eq(working_days_after(core.today(), days)),
            ),
            stated(core, id, statement)?,
        ))
        .execute(tx)
        .await?;
    let event = actor.event(core.id(), now, Some(&org.path), "join.submit", ("join_application", Some(id)));
    audit::append(tx, &event).await?;
    own(core, tx, me.account, id).await
}

type Stated<'a> = (
    diesel::dsl::Eq<application::name, &'a str>,
    diesel::dsl::Eq<application::id_type, &'static str>,
    diesel::dsl::Eq<application::number, Vec<u8>>,
    diesel::dsl::Eq<application::number_index, Vec<u8>>,
    diesel::dsl::Eq<application::employment_form, Option<&'a str>>,
    diesel::dsl::Eq<application::work_division, Option<&'a str>>,
);

fn stated<'a>(core: &Core, id: Uuid, statement: &'a Statement) -> Result<Stated<'a>, Problem> {
    let Statement { name, document, employment_form, work_division } = statement;
    Ok((
        application::name.eq(name.as_str()),
        application::id_type.eq(document.id_type().as_str()),
        application::number.eq(core.sealer.seal_text(NUMBER, id, document.number())?),
        application::number_index.eq(person::document_index(&core.sealer, document)),
        application::employment_form.eq(employment_form.as_deref()),
        application::work_division.eq(work_division.as_deref()),
    ))
}

/// The applicant's own applications, newest first; there are few.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn list_own(core: &Core, conn: &mut Conn, account: Uuid) -> Result<Vec<Application>, Problem> {
    let rows: Vec<(Row, String, String)> = applications!()
        .filter(application::account_id.eq(account))
        .order(application::id.desc())
        .limit(50)
        .load(conn)
        .await?;
    rows.into_iter().map(|row| open(core, row)).collect()
}

/// One of the applicant's own applications.
///
/// # Errors
/// `NOT_FOUND` when it is absent or somebody else's.
pub async fn own(core: &Core, conn: &mut Conn, account: Uuid, id: Uuid) -> Result<Application, Problem> {
    let row = applications!()
        .filter(application::id.eq(id).and(application::account_id.eq(account)))
        .first(conn)
        .await
        .optional()?;
    open(core, row.ok_or_else(Problem::not_found)?)
}

/// A page of the applications of a scope, oldest first.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn list(
    core: &Core,
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[&str],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Application>, Problem> {
    let mut query = applications!()
        .filter(schema::org::path.ge(scope.start()).and(schema::org::path.lt(scope.end())))
        .filter(application::state.eq_any(states.to_vec()))
        .order(application::id)
        .limit(limit + 1)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(application::id.gt(after));
    }
    let rows: Vec<(Row, String, String)> = query.load(conn).await?;
    Ok(Page::cut(rows.into_iter().map(|row| open(core, row)).collect::<Result<_, _>>()?, limit))
}

/// One application of a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(core: &Core, conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Application, Problem> {
    let row = applications!()
        .filter(application::id.eq(id))
        .filter(schema::org::path.ge(scope.start()).and(schema::org::path.lt(scope.end())))
        .first(conn)
        .await
        .optional()?;
    open(core, row.ok_or_else(Problem::not_found)?)
}

/// What the union's cadre sees of the document an application names. 比对结果
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// 本工会名册已有: on this union's roster, name and mobile alike.
    Roster,
    /// 名册有, 手机不同: on this union's roster with another mobile; make sure who it is.
    RosterOtherMobile,
    /// 名册有, 姓名不同
    RosterOtherName,
    /// 系统中没有: somebody new.
    New,
    /// 需另行核实: cannot be approved here.
    NeedsReview,
}

/// Compares an application with the roster.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn compare(conn: &mut Conn, a: &Application) -> Result<Match, Problem> {
    let Some((person, held)) = person::holder(conn, &a.number_index).await? else { return Ok(Match::New) };
    let standing = membership::standing(conn, person).await?;
    let bound = account::find_by_person(conn, Realm::Member, person).await?;
    let same_name = PersonName::parse(&held).ok() == PersonName::parse(&a.name).ok();
    if bound.is_some_and(|b| b.id != a.account) {
        return Ok(Match::NeedsReview);
    }
    Ok(match standing {
        Some(s) if s.state != Membership::Ended && s.org != a.org => Match::NeedsReview,
        Some(s) if s.state != Membership::Ended && !same_name => Match::RosterOtherName,
        Some(s) if s.state != Membership::Ended => {
            let mobile = profile::mobile_index(conn, person).await?;
            if mobile.as_ref() == Some(&a.mobile_index) { Match::Roster } else { Match::RosterOtherMobile }
        }
        _ if same_name => Match::New,
        _ => Match::NeedsReview,
    })
}

/// A cadre's decision.
#[derive(Debug, Clone)]
pub enum Decision {
    /// The applicant is (or becomes) a member of this union.
    Approve,
    /// No; they may apply again.
    Reject(String),
    /// Something is to be mended first.
    Return(String),
}

/// Decides an application.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`; `INVALID_STATE`; `NOT_ANOTHER_PERSON` for one's own;
/// `ALREADY_EXISTS` when the document cannot be admitted here.
pub async fn decide(
    identity: &Identity,
    actor: &Actor,
    scope: &OrgScope,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    decision: &Decision,
) -> Result<Application, Problem> {
    let core = &identity.core;
    let done = core
        .db
        .write(async |tx| {
            let a = get(core, tx, scope, id).await?;
            check(a.version)?;
            let (to, action, reason) = match decision {
                Decision::Approve => (State::Approved, "join.approve", None),
                Decision::Reject(reason) => (State::Rejected, "join.reject", Some(reason.as_str())),
                Decision::Return(reason) => (State::Returned, "join.return", Some(reason.as_str())),
            };
            if !a.state.may_become(to) {
                return Err(Problem::new(Code::InvalidState));
            }
            let applicant = account::get(tx, a.account).await?.ok_or_else(Problem::not_found)?;
            let holder = person::holder(tx, &a.number_index).await?.map(|(person, _)| person);
            if let Some(decider) = actor.person {
                // Before it is confirmed, an application has no person yet: a mobile of the decider's is theirs too.
                let own = account::of_person(tx, decider).await?;
                let own_mobile = own.iter().any(|o| o.mobile_index() == Some(a.mobile_index.as_slice()));
                if own_mobile || applicant.person == Some(decider) || holder == Some(decider) {
                    return Err(Problem::new(Code::NotAnotherPerson));
                }
            }
            let person = match decision {
                Decision::Approve => Some(admit(core, tx, &a).await?),
                Decision::Reject(_) | Decision::Return(_) => None,
            };
            let changed =
                diesel::update(application::table.find(id).filter(application::version.eq(a.version)))
                    .set((
                        application::state.eq(to.as_str()),
                        application::reason.eq(reason),
                        application::decided_at.eq(core.now()),
                        application::decided_by.eq(actor.person),
                        application::person_id.eq(person),
                        application::version.eq(application::version + 1),
                    ))
                    .execute(tx)
                    .await?;
            if changed == 0 {
                return Err(Problem::new(Code::Stale));
            }
            let object = ("join_application", Some(id));
            let mut event = actor.event(core.id(), core.now(), Some(&a.path), action, object);
            event.subject_person = person;
            event.reason = reason.map(ToOwned::to_owned);
            audit::append(tx, &event.changes(json!({"state": to}))).await?;
            get(core, tx, scope, id).await
        })
        .await?;
    identity.states.forget(done.account);
    Ok(done)
}

// Confirms who is on the roster, or admits who is not; either way the account is theirs from now on.
async fn admit(core: &Core, tx: &mut Conn, a: &Application) -> Result<Uuid, Problem> {
    let found = compare(tx, a).await?;
    if matches!(found, Match::NeedsReview | Match::RosterOtherName) {
        return Err(Problem::new(Code::AlreadyExists).with_detail("该证件须另行核实，暂不能通过。"));
    }
    let holder = person::holder(tx, &a.number_index).await?;
    let person = match holder {
        Some((person, _)) => person,
        None => {
            let name = PersonName::parse(&a.name).map_err(|_| Problem::internal("a stored name is none"))?;
            let document = Document::parse(a.id_type, &a.id_number, core.today(), Entry::Person)
                .map_err(|_| Problem::internal("a stored number is none"))?;
            person::create(core, tx, &name, &document).await?
        }
    };
    if matches!(found, Match::New) {
        let org = org::any(tx, a.org).await?.ok_or_else(Problem::not_found)?;
        membership::admit(core, tx, person, &org, core.today()).await?;
        profile::put(core, tx, person, Some(&a.mobile), &json!({})).await?;
    }
    real_name::raise(core, tx, a.account, person).await?;
    Ok(person)
}

/// Withdraws one's own application.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` once it is decided.
pub async fn withdraw(core: &Core, actor: &Actor, account: Uuid, id: Uuid) -> Result<Application, Problem> {
    move_own(core, actor, account, id, None).await
}

/// Hands a returned application in again with what was mended.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless it was returned.
pub async fn resubmit(
    core: &Core,
    actor: &Actor,
    account: Uuid,
    id: Uuid,
    statement: &Statement,
) -> Result<Application, Problem> {
    move_own(core, actor, account, id, Some(statement)).await
}

async fn move_own(
    core: &Core,
    actor: &Actor,
    account: Uuid,
    id: Uuid,
    statement: Option<&Statement>,
) -> Result<Application, Problem> {
    core.db
        .write(async |tx| {
            let a = own(core, tx, account, id).await?;
            let via: String = application::table.find(id).select(application::via).first(tx).await?;
            let (again, days) = match via.as_str() {
                "pool" => (State::PoolReview, POOL_DAYS),
                _ => (State::BuReview, UNION_DAYS),
            };
            let (to, action) = match statement {
                Some(_) => (again, "join.resubmit"),
                None => (State::Withdrawn, "join.withdraw"),
            };
            if !a.state.may_become(to) {
                return Err(Problem::new(Code::InvalidState));
            }
            let row = application::table.find(id).filter(application::version.eq(a.version));
            let changed = diesel::update(row)
                .set((
                    application::state.eq(to.as_str()),
                    application::due_on.eq(working_days_after(core.today(), days)),
                    application::version.eq(application::version + 1),
                ))
                .execute(tx)
                .await?;
            if changed == 0 {
                return Err(Problem::new(Code::Stale));
            }
            if let Some(statement) = statement {
                diesel::update(application::table.find(id))
                    .set(stated(core, id, statement)?)
                    .execute(tx)
                    .await?;
            }
            let object = ("join_application", Some(id));
            audit::append(tx, &actor.event(core.id(), core.now(), Some(&a.path), action, object)).await?;
            own(core, tx, account, id).await
        })
        .await
}

/// How many applications wait in a scope (at most 1,000 are counted), and the earliest due date.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(conn: &mut Conn, scope: &OrgScope) -> Result<(i64, Option<NaiveDate>), Problem> {
    let due: Vec<NaiveDate> = application::table
        .inner_join(schema::org::table.on(schema::org::id.eq(application::org_id)))
        .filter(schema::org::path.ge(scope.start()).and(schema::org::path.lt(scope.end())))
        .filter(application::state.eq_any(["BU_REVIEW", "POOL_REVIEW"]))
        .order(application::due_on)
        .limit(1001)
        .select(application::due_on)
        .load(conn)
        .await?;
    Ok((i64::try_from(due.len()).unwrap_or(1001), due.as_slice().first().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_do_not_count() {
        let friday = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        assert_eq!(working_days_after(friday, 1).to_string(), "2026-11-23");
        assert_eq!(working_days_after(friday, 5).to_string(), "2026-11-27");
        assert_eq!(working_days_after(friday, 0), friday);
    }

    #[test]
    fn every_open_state_can_end_and_ended_ones_stay() {
        for from in State::ALL {
            let ends = matches!(from, State::Approved | State::Rejected | State::Withdrawn);
            assert_eq!(!State::ALL.iter().any(|to| from.may_become(*to)), ends, "{from:?}");
        }
    }
}
