//! Joining 入会 (E1): an application to a union, or to the county's holding pool for those without one. The
//! union confirms somebody its roster knows, or admits somebody new; only its cadre sees which.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_identity::{account, person};
use unionhall_kernel::{Code, Document, PersonName, Problem};
use unionhall_storage::tasks::Worker;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Principal};
use uuid::Uuid;

use crate::membership::{self, State as Membership};
use crate::module::{self, Module};
use crate::org::{self, Org};
use crate::schema::member_application as application;

mod decide;
mod state;
mod store;

pub use decide::{DECIDED, Decided, Decision, Match, compare, decide};
pub use state::State;
pub use store::{Application, get, list, list_open, list_own, own, waiting};
use store::{MOBILE, NUMBER};

/// Working days a basic union has.
const UNION_DAYS: u32 = 5;
/// Working days a county has for its pool.
const POOL_DAYS: u32 = 7;

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
    module::require(tx, &org.path, Module::Join, core.today()).await?;
    let account = account::get(tx, me.account).await?.ok_or_else(Problem::not_found)?;
    let mobile = account.mobile(&core.sealer)?.ok_or_else(|| Problem::new(Code::InvalidState))?;
    let open_one: i64 = application::table
        .filter(application::account_id.eq(me.account))
        .filter(application::state.eq_any(State::words(State::OPEN)))
        .count()
        .get_result(tx)
        .await?;
    if open_one > 0 {
        return Err(Problem::new(Code::ApplicationOpen));
    }
    // A pool that was found by its name is no union that could judge: its county does.
    let (via, state, days) = match target {
        Target::Union(_) if org.org_type != org::POOL => ("union", State::BuReview, UNION_DAYS),
        _ => ("pool", State::PoolReview, POOL_DAYS),
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
            let due_on = match statement {
                Some(_) => working_days_after(core.today(), days),
                None => a.due_on,
            };
            let row = application::table.find(id).filter(application::version.eq(a.version));
            let changed = diesel::update(row)
                .set((
                    application::state.eq(to.as_str()),
                    application::due_on.eq(due_on),
                    application::version.eq(application::version + 1),
                ))
                .execute(tx)
                .await?;
            if changed == 0 {
                return Err(Problem::new(Code::Stale));
            }
            if let Some(statement) = statement {
                diesel::update(application::table.find(id))
                    .set((stated(core, id, statement)?, application::reason.eq(None::<&str>)))
                    .execute(tx)
                    .await?;
            }
            let object = ("join_application", Some(id));
            audit::append(tx, &actor.event(core.id(), core.now(), Some(&a.path), action, object)).await?;
            own(core, tx, account, id).await
        })
        .await
}

/// Withdraws what an account that was closed has left open.
pub(crate) const WITHDRAW: &str = "join.withdraw";

/// Teaches the worker this concept's task.
#[must_use]
pub fn tasks(worker: Worker, core: &Core) -> Worker {
    let core = core.clone();
    worker.on(unionhall_identity::closing::CLOSED, WITHDRAW).handle(WITHDRAW, move |leased| {
        let core = core.clone();
        async move {
            let account = leased.payload.get("account_id").and_then(|v| v.as_str());
            let account = account.and_then(|id| Uuid::parse_str(id).ok());
            let waiting = Waiting::Account(account.ok_or_else(|| Problem::internal("no account_id"))?);
            let by = Actor::task();
            core.db.write(async |tx| withdraw_open(&core, tx, &by, waiting, "账号已注销").await).await
        }
    })
}

/// Applications that wait for one thing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Waiting<'a> {
    /// To be confirmed as the holder of a document, by its blind index.
    Document(&'a [u8]),
    /// Handed in by an account.
    Account(Uuid),
}

/// Withdraws open applications that something else has decided.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub(crate) async fn withdraw_open(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    waiting: Waiting<'_>,
    reason: &str,
) -> Result<(), Problem> {
    let mut open = application::table
        .filter(application::state.eq_any(State::words(State::OPEN)))
        .select(application::id)
        .into_boxed();
    open = match waiting {
        Waiting::Document(index) => open.filter(application::number_index.eq(index)),
        Waiting::Account(account) => open.filter(application::account_id.eq(account)),
    };
    let open: Vec<Uuid> = open.load(tx).await?;
    let still = application::id.eq_any(open).and(application::state.eq_any(State::words(State::OPEN)));
    let withdrawn: Vec<(Uuid, Uuid)> = diesel::update(application::table.filter(still))
        .set((
            application::state.eq(State::Withdrawn.as_str()),
            application::reason.eq(reason),
            application::decided_at.eq(core.now()),
            application::version.eq(application::version + 1),
        ))
        .returning((application::id, application::org_id))
        .get_results(tx)
        .await?;
    for (id, union) in withdrawn {
        let path = org::any(tx, union).await?.map(|union| union.path);
        let object = ("join_application", Some(id));
        let event = actor.event(core.id(), core.now(), path.as_deref(), "join.withdraw", object);
        audit::append(tx, &event.reason(reason)).await?;
    }
    Ok(())
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
}
