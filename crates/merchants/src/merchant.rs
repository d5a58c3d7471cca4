//! Merchants 商户: who they are, until when the contract runs, and which union manages them.
//!
//! States: E5 (docs/RULES.md) from LIVE on; what comes before is an [`crate::application`]. A cadre creates a merchant
//! LIVE with its contract; LAPSED is the contract's end, derived from today's date in Shanghai and never stored, so that it hides offers and blocks tills at once.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Mobile, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::page::{Page, after};
use unionhall_storage::{Conn, Core, Sealer, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use crate::schema::merchant;

const MOBILE: &str = "merchant.contact_mobile";

/// E5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// 合作中
    Live,
    /// 已暂停
    Suspended,
    /// 合同到期: derived.
    Lapsed,
    /// 已终止
    Terminated,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Live, Self::Suspended, Self::Lapsed, Self::Terminated];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Suspended => "SUSPENDED",
            Self::Lapsed => "LAPSED",
            Self::Terminated => "TERMINATED",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Live => "合作中",
            Self::Suspended => "已暂停",
            Self::Lapsed => "合同到期",
            Self::Terminated => "已终止",
        }
    }

    /// Whether E5 allows a union to move a merchant from one stored state to another.
    pub const fn allowed(from: Self, to: Self) -> bool {
        matches!((from, to), (Self::Live, Self::Suspended) | (Self::Suspended, Self::Live | Self::Terminated))
    }
}

/// A merchant.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = merchant)]
pub struct Merchant {
    /// Its id.
    pub id: Uuid,
    /// The union that manages it.
    pub org_id: Uuid,
    /// That union's path.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Unified social credit code.
    pub uscc: String,
    /// What it sells.
    pub category: String,
    /// Where it is: 6 or 9 digits.
    pub division_code: String,
    state: String,
    /// First day of the contract.
    pub contract_from: NaiveDate,
    /// Last day of the contract, inclusive.
    pub contract_to: NaiveDate,
    /// Whom the union calls.
    pub contact_name: String,
    contact_mobile: Vec<u8>,
    /// Moves with every change.
    pub version: i32,
    /// The business licence, where one was attached.
    pub licence_file_id: Option<Uuid>,
}

impl Merchant {
    /// The stored state.
    pub fn stored(&self) -> State {
        // A word the table's check does not know cannot be there; it would be nobody's live merchant.
        State::ALL.iter().copied().find(|s| s.as_str() == self.state).unwrap_or(State::Terminated)
    }

    /// Whom the union calls.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed value does not open.
    pub fn contact_mobile(&self, sealer: &Sealer) -> Result<Mobile, Problem> {
        let text = sealer.open_text(MOBILE, self.id, &self.contact_mobile)?;
        Mobile::parse(&text).map_err(|_| Problem::internal("a stored mobile is none"))
    }

    /// The state as of a day.
    pub fn state(&self, today: NaiveDate) -> State {
        match self.stored() {
            State::Live if today > self.contract_to => State::Lapsed,
            other => other,
        }
    }
}

/// What a cadre enters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Its name.
    pub name: String,
    /// Unified social credit code.
    pub uscc: String,
    /// What it sells.
    pub category: String,
    /// Where it is.
    pub division_code: String,
    /// First day of the contract.
    pub contract_from: NaiveDate,
    /// Last day, inclusive.
    pub contract_to: NaiveDate,
    /// Whom the union calls.
    pub contact_name: String,
    /// Their number; sealed in the store.
    pub contact_mobile: Mobile,
}

macro_rules! in_scope {
    ($scope:expr) => {
        merchant::path.ge($scope.start()).and(merchant::path.lt($scope.end()))
    };
}

/// A merchant within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Merchant, Problem> {
    let found = merchant::table
        .find(id)
        .filter(in_scope!(scope))
        .select(Merchant::as_select())
        .first(conn)
        .await
        .optional()?;
    found.ok_or_else(Problem::not_found)
}

/// The merchant that a session of its staff acts for, wherever it stands.
///
/// # Errors
/// `NOT_FOUND` when there is none.
pub async fn own(conn: &mut Conn, id: Uuid) -> Result<Merchant, Problem> {
    let found = merchant::table.find(id).select(Merchant::as_select()).first(conn).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

/// A page of the merchants of a scope, after `(path, id)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    name: Option<&str>,
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Merchant>, Problem> {
    let mut query = merchant::table
        .filter(in_scope!(scope))
        .order((merchant::path, merchant::id))
        .limit(limit + 1)
        .select(Merchant::as_select())
        .into_boxed();
    if let Some(name) = name {
        query = query.filter(merchant::name.like(unionhall_registry::org::contains(name)));
    }
    if let Some(key) = key {
        query = query.filter(after((merchant::path, merchant::id), key));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

fn taken(problem: Problem) -> Problem {
    match constraint(&problem) {
        Some("merchant_uscc") => Problem::new(Code::AlreadyExists).with("field", "uscc"),
        _ => problem,
    }
}

/// Whether a merchant that was not terminated has a credit code.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn is_taken(conn: &mut Conn, uscc: &str) -> Result<bool, Problem> {
    let standing = merchant::uscc.eq(uscc).and(merchant::state.ne(State::Terminated.as_str()));
    Ok(diesel::select(diesel::dsl::exists(merchant::table.filter(standing))).get_result(conn).await?)
}

/// Under which union a merchant is entered, and the licence it has already shown.
#[derive(Debug)]
pub struct Home<'a> {
    /// The union; the caller has judged that it may be entered there.
    pub org: Uuid,
    /// Its path.
    pub path: &'a str,
    /// A file.
    pub licence: Option<Uuid>,
}

/// Enters a merchant under a union, LIVE with its contract.
///
/// # Errors
/// `ALREADY_EXISTS` when a live merchant has the credit code.
pub async fn create(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    home: &Home<'_>,
    details: &Details,
) -> Result<Merchant, Problem> {
    let (id, now) = (core.id(), core.now());
    let made: Merchant = diesel::insert_into(merchant::table)
        .values((
            merchant::id.eq(id),
            merchant::org_id.eq(home.org),
            merchant::path.eq(home.path),
            merchant::licence_file_id.eq(home.licence),
            merchant::name.eq(&details.name),
            merchant::uscc.eq(&details.uscc),
            merchant::category.eq(&details.category),
            merchant::division_code.eq(&details.division_code),
            merchant::state.eq(State::Live.as_str()),
            merchant::contract_from.eq(details.contract_from),
            merchant::contract_to.eq(details.contract_to),
            merchant::contact_name.eq(&details.contact_name),
            merchant::contact_mobile.eq(core.sealer.seal_text(MOBILE, id, details.contact_mobile.e164())?),
            merchant::created_at.eq(now),
        ))
        .returning(Merchant::as_returning())
        .get_result(tx)
        .await
        .map_err(|e| taken(e.into()))?;
    let event = actor.event(core.id(), now, Some(home.path), "merchant.create", ("merchant", Some(id)));
    audit::append(tx, &event.changes(json!({"name": details.name, "uscc": details.uscc}))).await?;
    Ok(made)
}

/// Changes a merchant's details.
///
/// # Errors
/// `STALE` when it changed since `before` was read; `ALREADY_EXISTS`.
pub async fn change(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Merchant,
    details: &Details,
) -> Result<Merchant, Problem> {
    let mobile = core.sealer.seal_text(MOBILE, before.id, details.contact_mobile.e164())?;
    let changed: Option<Merchant> =
        diesel::update(merchant::table.find(before.id).filter(merchant::version.eq(before.version)))
            .set((
                merchant::name.eq(&details.name),
                merchant::uscc.eq(&details.uscc),
                merchant::category.eq(&details.category),
                merchant::division_code.eq(&details.division_code),
                merchant::contract_from.eq(details.contract_from),
                merchant::contract_to.eq(details.contract_to),
                merchant::contact_name.eq(&details.contact_name),
                merchant::contact_mobile.eq(mobile),
                merchant::version.eq(merchant::version + 1),
            ))
            .returning(Merchant::as_returning())
            .get_result(tx)
            .await
            .optional()
            .map_err(|e| taken(e.into()))?;
    let changed = changed.ok_or_else(|| Problem::new(Code::Stale))?;
    let event = actor.event(
        core.id(),
        core.now(),
        Some(&before.path),
        "merchant.change",
        ("merchant", Some(before.id)),
    );
    let changes = json!({
        "name": [before.name, changed.name],
        "contract": [[before.contract_from, before.contract_to], [changed.contract_from, changed.contract_to]],
    });
    audit::append(tx, &event.changes(changes)).await?;
    Ok(changed)
}

/// Moves a merchant to another state, with a reason where there is one.
///
/// # Errors
/// `INVALID_STATE` when E5 does not allow it, `STALE` when it changed since it was read.
pub(crate) async fn turn(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Merchant,
    to: State,
    reason: Option<&str>,
) -> Result<Merchant, Problem> {
    if !State::allowed(before.stored(), to) {
        return Err(Problem::new(Code::InvalidState));
    }
    let turned: Option<Merchant> =
        diesel::update(merchant::table.find(before.id).filter(merchant::version.eq(before.version)))
            .set((merchant::state.eq(to.as_str()), merchant::version.eq(merchant::version + 1)))
            .returning(Merchant::as_returning())
            .get_result(tx)
            .await
            .optional()?;
    let turned = turned.ok_or_else(|| Problem::new(Code::Stale))?;
    let action = match to {
        State::Suspended => "merchant.suspend",
        State::Terminated => "merchant.terminate",
        State::Live | State::Lapsed => "merchant.resume",
    };
    let mut event =
        actor.event(core.id(), core.now(), Some(&before.path), action, ("merchant", Some(before.id)));
    event.reason = reason.map(str::to_owned);
    audit::append(tx, &event.changes(json!({"state": [before.stored().as_str(), to.as_str()]}))).await?;
    Ok(turned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspended_merchant_comes_back_or_goes_for_good() {
        assert!(State::allowed(State::Live, State::Suspended));
        assert!(State::allowed(State::Suspended, State::Live));
        assert!(!State::allowed(State::Terminated, State::Live));
        assert!(!State::allowed(State::Live, State::Lapsed), "a lapse is derived");
        assert!(State::ALL.iter().all(|to| !State::allowed(State::Terminated, *to)));
    }
}
