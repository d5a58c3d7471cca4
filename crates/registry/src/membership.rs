//! Membership 会籍: which union somebody belongs to, in what state, from when. Append-only versions with valid
//! time (when it was so) and record time (when we knew); the row with neither end is what holds now.
//!
//! States and transitions: E2 (docs/RULES.md). A join application is not a membership, and neither is
//! an open transfer.

use std::fmt;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, outbox};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::org::Org;
use crate::schema::{member_standing, membership, org, person_name};

mod news;

pub use news::{MOVED, Moved};

/// Published when a membership becomes ACTIVE: `{person_id}`.
pub const ACTIVATED: &str = "membership.activated";

/// Where a member stands. 会籍状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = MembershipState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 在籍
    Active,
    /// 保留会籍: retired, unemployed or serving; no dues, no vote.
    Retained,
    /// 冻结
    Frozen,
    /// 退会中: asked to leave, seven days to think again.
    Leaving,
    /// 会籍终止
    Ended,
}

/// Why. 会籍原因
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = MembershipReason)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// 退休
    Retire,
    /// 失业
    Unemployed,
    /// 服兵役
    Military,
    /// 退会
    Quit,
    /// 自动退会
    AutoQuit,
    /// 开除会籍
    Expelled,
    /// 死亡
    Deceased,
    /// 转出
    Transferred,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Active, Self::Retained, Self::Frozen, Self::Leaving, Self::Ended];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Retained => "RETAINED",
            Self::Frozen => "FROZEN",
            Self::Leaving => "LEAVING",
            Self::Ended => "ENDED",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Active => "在籍",
            Self::Retained => "保留会籍",
            Self::Frozen => "冻结",
            Self::Leaving => "退会中",
            Self::Ended => "会籍终止",
        }
    }

    /// Reads the word of the store.
    ///
    /// # Errors
    /// `INTERNAL` for a word that is none.
    pub fn parse(word: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().copied().find(|s| s.as_str() == word);
        found.ok_or_else(|| Problem::internal("unknown membership state"))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Reason {
    /// Every reason.
    pub const ALL: &[Reason] = &[
        Self::Retire,
        Self::Unemployed,
        Self::Military,
        Self::Quit,
        Self::AutoQuit,
        Self::Expelled,
        Self::Deceased,
        Self::Transferred,
    ];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retire => "retire",
            Self::Unemployed => "unemployed",
            Self::Military => "military",
            Self::Quit => "quit",
            Self::AutoQuit => "auto_quit",
            Self::Expelled => "expelled",
            Self::Deceased => "deceased",
            Self::Transferred => "transferred",
        }
    }

    /// Reads the word of the store.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.as_str() == word)
    }
}

/// Whether E2 allows a change, `None` being somebody who has no membership yet. A new membership after an
/// ended one is a new admission.
pub const fn allowed(from: Option<State>, to: State, reason: Option<Reason>) -> bool {
    use Reason::{AutoQuit, Deceased, Expelled, Military, Quit, Retire, Transferred, Unemployed};
    use State::{Active, Ended, Frozen, Leaving, Retained};
    matches!(
        (from, to, reason),
        (None | Some(Ended | Retained | Frozen | Leaving), Active, None)
            | (Some(Active), Retained, Some(Retire | Unemployed | Military))
            | (Some(Active), Frozen, None)
            | (Some(Active | Retained), Leaving, None)
            | (Some(Leaving), Ended, Some(Quit))
            | (Some(Active | Retained), Ended, Some(AutoQuit | Expelled | Transferred))
            | (Some(Active | Retained | Frozen | Leaving), Ended, Some(Deceased))
    )
}

/// Where somebody stands now.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The current version.
    pub id: Uuid,
    /// Who.
    pub person: Uuid,
    /// In which union.
    pub org: Uuid,
    /// That union's path.
    pub path: String,
    /// How.
    pub state: State,
    /// Why.
    pub reason: Option<Reason>,
    /// Since when.
    pub since: NaiveDate,
}

type Row = (Uuid, Uuid, Uuid, String, String, Option<String>, NaiveDate);

pub(crate) fn standing_of((id, person, org, path, state, reason, since): Row) -> Result<Standing, Problem> {
    let state = State::parse(&state)?;
    let reason = reason.as_deref().and_then(Reason::parse);
    Ok(Standing { id, person, org, path, state, reason, since })
}

/// Where somebody stands; `None` for a person who never was a member. ENDED counts as standing nowhere for
/// what a member may do, but its row is answered.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn standing(conn: &mut Conn, person: Uuid) -> Result<Option<Standing>, Problem> {
    let row: Option<Row> = member_standing::table
        .filter(member_standing::person_id.eq(person))
        .select((
            member_standing::membership_id,
            member_standing::person_id,
            member_standing::org_id,
            member_standing::path,
            member_standing::state,
            member_standing::reason,
            member_standing::valid_from,
        ))
        .first(conn)
        .await
        .optional()?;
    row.map(standing_of).transpose()
}

/// Somebody's name and where they stand, in one query.
#[derive(Debug, Clone)]
pub struct Glance {
    /// Full name; mask it before it leaves.
    pub name: String,
    /// As [`standing`], with the union's name.
    pub standing: Option<(Standing, String)>,
}

/// Somebody at a glance.
///
/// # Errors
/// `NOT_FOUND` when there is no such person.
pub async fn glance(conn: &mut Conn, person: Uuid) -> Result<Glance, Problem> {
    let standing = (
        member_standing::membership_id,
        member_standing::person_id,
        member_standing::org_id,
        member_standing::path,
        member_standing::state,
        member_standing::reason,
        member_standing::valid_from,
    );
    let found: Option<(String, Option<Row>, Option<String>)> = person_name::table
        .left_join(member_standing::table.on(member_standing::person_id.eq(person_name::person_id)))
        .left_join(org::table.on(org::id.eq(member_standing::org_id)))
        .filter(person_name::person_id.eq(person))
        .select((person_name::name, standing.nullable(), org::name.nullable()))
        .first(conn)
        .await
        .optional()?;
    let (name, row, union_name) = found.ok_or_else(Problem::not_found)?;
    let standing = row.map(standing_of).transpose()?;
    Ok(Glance { name, standing: standing.zip(union_name) })
}

/// A change of where somebody stands.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Who.
    pub person: Uuid,
    /// The version it was judged by, `None` for somebody who had none: another one since is `STALE`.
    pub seen: Option<Uuid>,
    /// In which union; their present one for a change of state.
    pub org: (Uuid, &'a str),
    /// To what.
    pub to: State,
    /// Why.
    pub reason: Option<Reason>,
    /// From which Shanghai date on; not before the present version began, not in the future.
    pub on: NaiveDate,
}

/// Records a change: closes the present version the day it ends and opens the next, without a gap.
///
/// # Errors
/// `STALE` when the version seen is not the present one; `INVALID_STATE` when E2 does not allow it or the date is
/// before the present version's; the unique index `membership_open` when two first ones race.
pub async fn change(core: &Core, conn: &mut Conn, change: Change<'_>) -> Result<Uuid, Problem> {
    let now = core.now();
    let present: Option<(Uuid, Uuid, String, String, Option<String>, NaiveDate)> = membership::table
        .filter(membership::person_id.eq(change.person))
        .filter(membership::superseded_at.is_null().and(membership::valid_to.is_null()))
        .select((
            membership::id,
            membership::org_id,
            membership::path,
            membership::state,
            membership::reason,
            membership::valid_from,
        ))
        .for_update()
        .first(conn)
        .await
        .optional()?;
    if present.as_ref().map(|row| row.0) != change.seen {
        return Err(Problem::new(Code::Stale));
    }
    let from = present.as_ref().map(|row| State::parse(&row.3)).transpose()?;
    if !allowed(from, change.to, change.reason) || change.on > core.today() {
        return Err(Problem::new(Code::InvalidState));
    }
    let was = present.as_ref().map(|row| row.1);
    if let Some((id, org, path, state, reason, since)) = present {
        if change.on < since {
            return Err(Problem::new(Code::InvalidState));
        }
        diesel::update(membership::table.find(id))
            .set(membership::superseded_at.eq(now))
            .execute(conn)
            .await?;
        // A version that would last no day at all never was.
        if change.on > since {
            diesel::insert_into(membership::table)
                .values((
                    membership::id.eq(core.id()),
                    membership::person_id.eq(change.person),
                    membership::org_id.eq(org),
                    membership::path.eq(path),
                    membership::state.eq(state),
                    membership::reason.eq(reason),
                    membership::valid_from.eq(since),
                    membership::valid_to.eq(change.on),
                    membership::recorded_at.eq(now),
                ))
                .execute(conn)
                .await?;
        }
    }
    let id = core.id();
    diesel::insert_into(membership::table)
        .values((
            membership::id.eq(id),
            membership::person_id.eq(change.person),
            membership::org_id.eq(change.org.0),
            membership::path.eq(change.org.1),
            membership::state.eq(change.to.as_str()),
            membership::reason.eq(change.reason.map(Reason::as_str)),
            membership::valid_from.eq(change.on),
            membership::recorded_at.eq(now),
        ))
        .execute(conn)
        .await?;
    if change.to == State::Active {
        let payload = json!({"person_id": change.person});
        outbox::publish(conn, core.id(), now, ACTIVATED, &payload).await?;
    }
    if let (Some(from), Some(was)) = (from, was) {
        let Change { person: person_id, to: state, reason, org: (union, _), .. } = change;
        let moved = Moved { id, person_id, from, state, reason, union_changed: union != was };
        outbox::publish(conn, core.id(), now, MOVED, &moved).await?;
    }
    Ok(id)
}

/// Admits somebody to a union from a date on.
///
/// # Errors
/// `INVALID_STATE` when they are a member somewhere.
pub async fn admit(
    core: &Core,
    conn: &mut Conn,
    person: Uuid,
    org: &Org,
    on: NaiveDate,
) -> Result<Uuid, Problem> {
    let standing = standing(conn, person).await?;
    if standing.as_ref().is_some_and(|s| s.state != State::Ended) {
        return Err(Problem::new(Code::InvalidState));
    }
    let (seen, org) = (standing.map(|s| s.id), (org.id, org.path.as_str()));
    change(core, conn, Change { person, seen, org, to: State::Active, reason: None, on }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_left_or_final_and_reached() {
        let reasons: Vec<Option<Reason>> =
            std::iter::once(None).chain(Reason::ALL.iter().copied().map(Some)).collect();
        let any = |from, to| reasons.iter().any(|r| allowed(from, to, *r));
        for to in State::ALL {
            let reached = any(None, *to) || State::ALL.iter().any(|from| any(Some(*from), *to));
            assert!(reached, "{to} is never reached");
        }
        for from in State::ALL {
            assert!(State::ALL.iter().any(|to| any(Some(*from), *to)), "{from} is a dead end");
        }
    }

    #[test]
    fn nobody_is_made_a_member_twice_or_retires_without_a_reason() {
        assert!(!allowed(Some(State::Active), State::Active, None));
        assert!(!allowed(Some(State::Active), State::Retained, None));
        assert!(!allowed(Some(State::Ended), State::Ended, Some(Reason::Quit)));
        assert!(!allowed(None, State::Ended, Some(Reason::Quit)));
        assert!(allowed(Some(State::Ended), State::Active, None), "who left may join again");
    }
}
