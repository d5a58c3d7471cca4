//! Parts of the platform 功能模块 that unions open and close for their subtree, from a Shanghai date on.
//!
//! A union's switch holds for itself and everything below. The deepest union that has said something decides, so that a
//! province can begin with one county; a *firm* switch of a union above cannot be overruled from below. What was begun
//! goes on: a closed part takes nothing new.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::org::{self, Org};
use crate::schema::{org as orgs, org_module as rows};

/// A part of the platform; extensible. 功能模块
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Module {
    /// 申请入会: closed, a union takes no new applications.
    Join,
    /// 会员卡: closed, apps do not show it; a card is issued all the same, stays what it is and is taken by tills.
    Cards,
    /// 普惠优惠: closed, no campaign is approved and nothing is claimed; what runs and what was claimed can be used.
    Benefits,
    /// 法律服务: closed, no question is taken; what was asked is answered.
    Legal,
    /// 通知资讯: closed, no notice is approved and apps show none; what is out is not withdrawn.
    Notices,
    /// 招聘求职: closed, a search finds nothing and nothing is applied for; what was begun goes on.
    Jobs,
}

impl Module {
    /// Every part.
    pub const ALL: &[Module] =
        &[Self::Join, Self::Cards, Self::Benefits, Self::Legal, Self::Notices, Self::Jobs];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Cards => "cards",
            Self::Benefits => "benefits",
            Self::Legal => "legal",
            Self::Notices => "notices",
            Self::Jobs => "jobs",
        }
    }

    /// Reads the word; `None` for a part of a later version.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|module| module.as_str() == word)
    }
}

/// What a union says of a part from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// Of which.
    pub module: Module,
    /// Open or closed.
    pub enabled: bool,
    /// Whether unions below cannot say otherwise.
    pub firm: bool,
    /// From which Shanghai date on.
    pub from: NaiveDate,
}

/// Which parts are open on `day`, of switches from the root of the tree downwards, each with its union's depth and in
/// the order of their days.
fn open(switches: impl Iterator<Item = (usize, Switch)>, day: NaiveDate) -> BTreeSet<Module> {
    let mut said: Vec<(usize, Switch)> = switches.filter(|(_, switch)| switch.from <= day).collect();
    said.sort_by_key(|(depth, switch)| (*depth, switch.from));
    let is_open = |module: Module| {
        let mut answer = (true, None);
        for (depth, switch) in said.iter().filter(|(_, switch)| switch.module == module) {
            // A firm word is overruled by a later one of the same union alone.
            let (_, firm_at) = answer;
            if firm_at.is_none_or(|at| at == *depth) {
                answer = (switch.enabled, switch.firm.then_some(*depth));
            }
        }
        answer.0
    };
    Module::ALL.iter().copied().filter(|module| is_open(*module)).collect()
}

// The union at the end of a path and all above it.
fn line(path: &str) -> Vec<String> {
    path.match_indices('/').skip(1).map(|(at, _)| path.get(..=at).unwrap_or_default().to_owned()).collect()
}

/// Which parts are open to the members of the union at `path` on a Shanghai date.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn open_at(conn: &mut Conn, path: &str, day: NaiveDate) -> Result<BTreeSet<Module>, Problem> {
    let found: Vec<(String, String, bool, bool, NaiveDate)> = rows::table
        .inner_join(orgs::table.on(orgs::id.eq(rows::org_id)))
        .filter(orgs::path.eq_any(line(path)).and(rows::from_date.le(day)))
        .select((orgs::path, rows::module, rows::enabled, rows::firm, rows::from_date))
        .load(conn)
        .await?;
    let switches = found.into_iter().filter_map(|(path, module, enabled, firm, from)| {
        Some((path.len(), Switch { module: Module::parse(&module)?, enabled, firm, from }))
    });
    Ok(open(switches, day))
}

/// # Errors
/// `MODULE_CLOSED` unless the part is open to the members of the union at `path` on a Shanghai date.
pub async fn require(conn: &mut Conn, path: &str, module: Module, day: NaiveDate) -> Result<(), Problem> {
    match open_at(conn, path, day).await?.contains(&module) {
        true => Ok(()),
        false => Err(Problem::new(Code::ModuleClosed)),
    }
}

/// Which parts are open to members of a union, or of the province without one, on a Shanghai date.
///
/// # Errors
/// `NOT_FOUND` for an unknown union.
pub async fn open_to(
    conn: &mut Conn,
    union: Option<Uuid>,
    day: NaiveDate,
) -> Result<BTreeSet<Module>, Problem> {
    let path = match union {
        Some(id) => org::any(conn, id).await?.ok_or_else(Problem::not_found)?.path,
        None => orgs::table
            .filter(orgs::parent_id.is_null())
            .order(orgs::path)
            .select(orgs::path)
            .first(conn)
            .await
            .optional()?
            .unwrap_or_default(),
    };
    open_at(conn, &path, day).await
}

/// What a union says and what holds for it.
#[derive(Debug)]
pub struct Plan {
    /// The union; its version moves with its plan.
    pub union: Org,
    /// Its own switches, past ones too, by part and day.
    pub own: Vec<Switch>,
    /// What is open to its members today.
    pub open: BTreeSet<Module>,
}

/// The plan of a union in scope.
///
/// # Errors
/// `NOT_FOUND` when the union is absent or out of scope.
pub async fn plan(conn: &mut Conn, scope: &OrgScope, union: Uuid, today: NaiveDate) -> Result<Plan, Problem> {
    let union = org::get(conn, scope, union).await?;
    let found: Vec<(String, bool, bool, NaiveDate)> = rows::table
        .filter(rows::org_id.eq(union.id))
        .order((rows::module, rows::from_date))
        .select((rows::module, rows::enabled, rows::firm, rows::from_date))
        .load(conn)
        .await?;
    let own = found.into_iter().filter_map(|(module, enabled, firm, from)| {
        Some(Switch { module: Module::parse(&module)?, enabled, firm, from })
    });
    let open = open_at(conn, &union.path, today).await?;
    Ok(Plan { own: own.collect(), open, union })
}

/// Replaces what a union says from today on; what held before today stays as it was.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`.
pub async fn set(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    union: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    switches: &[Switch],
    reason: &str,
) -> Result<Plan, Problem> {
    let today = core.today();
    core.db
        .write(async |tx| {
            let before = plan(tx, scope, union, today).await?;
            check(before.union.version)?;
            let seen = orgs::table.find(union).filter(orgs::version.eq(before.union.version));
            if diesel::update(seen).set(orgs::version.eq(orgs::version + 1)).execute(tx).await? == 0 {
                return Err(Problem::new(Code::Stale));
            }
            let ahead = rows::table.filter(rows::org_id.eq(union).and(rows::from_date.ge(today)));
            diesel::delete(ahead).execute(tx).await?;
            for switch in switches {
                diesel::insert_into(rows::table)
                    .values((
                        rows::id.eq(core.id()),
                        rows::org_id.eq(union),
                        rows::module.eq(switch.module.as_str()),
                        rows::enabled.eq(switch.enabled),
                        rows::firm.eq(switch.firm),
                        rows::from_date.eq(switch.from),
                    ))
                    .execute(tx)
                    .await?;
            }
            let after = plan(tx, scope, union, today).await?;
            let object = ("union", Some(union));
            let event = actor
                .event(core.id(), core.now(), Some(&after.union.path), "module.set", object)
                .changes(json!({"open": [before.open, after.open], "switches": switches.len()}))
                .reason(reason);
            audit::append(tx, &event).await?;
            Ok(after)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, n).unwrap()
    }

    fn says(depth: usize, enabled: bool, firm: bool, from: u32) -> (usize, Switch) {
        (depth, Switch { module: Module::Join, enabled, firm, from: day(from) })
    }

    fn is_open(switches: &[(usize, Switch)], on: u32) -> bool {
        open(switches.iter().copied(), day(on)).contains(&Module::Join)
    }

    #[test]
    fn where_nobody_has_said_anything_all_is_open() {
        assert_eq!(open(std::iter::empty(), day(1)).len(), Module::ALL.len());
    }

    #[test]
    fn the_deepest_decides_unless_one_above_is_firm() {
        let pilot = [says(4, false, false, 1), says(9, true, false, 1)];
        assert!(is_open(&pilot, 1) && !is_open(&pilot[..1], 1));
        let firm = [says(4, false, true, 1), says(9, true, true, 1)];
        assert!(!is_open(&firm, 1));
        let lifted = [says(4, false, true, 1), says(4, true, false, 5), says(9, false, false, 2)];
        assert!(!is_open(&lifted, 4), "firmly closed above");
        assert!(!is_open(&lifted, 5), "lifted above, closed by itself");
        assert!(is_open(&[says(4, false, true, 1), says(4, true, false, 5)], 5));
    }

    #[test]
    fn a_switch_turns_on_its_day() {
        let later = [says(4, false, false, 10)];
        assert!(is_open(&later, 9) && !is_open(&later, 10));
    }

    #[test]
    fn a_line_is_the_union_and_all_above() {
        assert_eq!(line("/41/4101/410102/"), ["/41/", "/41/4101/", "/41/4101/410102/"]);
        assert!(line("").is_empty());
    }
}
