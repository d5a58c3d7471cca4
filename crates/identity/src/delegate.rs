//! Delegates 家属代办: a relative whom a member names, for some things and until a day. Both confirm: the member with a fresh code or a
//! signed form, the relative by accepting in their own account. They act in short sessions of the member's, on record
//! under both persons; either side ends it at any time.

mod steps;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Mobile, Problem, mask};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::assist::Scope;
use unionhall_web::{Actor, Principal};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::account::{self, Account};
use crate::assist;
use crate::schema::account_delegate as d;
use crate::sms::{self, Message, Template};
use crate::{Identity, person};

pub use steps::{Step, open, step};

const MOBILE: &str = "account_delegate.mobile";
/// The longest a member can be acted for without saying so again.
pub const MOST_DAYS: u64 = 366;
/// The most delegates of one member at a time.
const MOST: usize = 5;

/// What the relative is to the member. 与会员关系
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DelegateRelation)]
pub enum Relation {
    /// 配偶
    Spouse,
    /// 子女
    Child,
    /// 父母
    Parent,
    /// 兄弟姐妹
    Sibling,
    /// 其他
    Other,
}

impl Relation {
    const ALL: &[Relation] = &[Self::Spouse, Self::Child, Self::Parent, Self::Sibling, Self::Other];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Spouse => "spouse",
            Self::Child => "child",
            Self::Parent => "parent",
            Self::Sibling => "sibling",
            Self::Other => "other",
        }
    }
}

/// Where a delegation stands; extensible. 委托状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = DelegationState)]
pub enum State {
    /// 待对方确认
    Proposed,
    /// 有效
    Active,
    /// 对方谢绝
    Declined,
    /// 已解除
    Revoked,
    /// 已到期: by the clock, after its last day.
    Expired,
}

impl State {
    const ALL: &[State] = &[Self::Proposed, Self::Active, Self::Declined, Self::Revoked, Self::Expired];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "PROPOSED",
            Self::Active => "ACTIVE",
            Self::Declined => "DECLINED",
            Self::Revoked => "REVOKED",
            Self::Expired => "EXPIRED",
        }
    }

    /// Whether a change is allowed.
    pub const fn may_become(self, to: Self) -> bool {
        matches!(
            (self, to),
            (Self::Proposed, Self::Active | Self::Declined | Self::Revoked | Self::Expired)
                | (Self::Active, Self::Revoked | Self::Expired)
        )
    }
}

/// A delegation.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = d)]
pub struct Delegation {
    /// Its id.
    pub id: Uuid,
    /// The member's account.
    pub account_id: Uuid,
    /// The member.
    pub person_id: Uuid,
    mobile: Vec<u8>,
    mobile_index: Vec<u8>,
    /// The relative's account, once they accepted.
    pub delegate_id: Option<Uuid>,
    relation: String,
    scopes: Vec<String>,
    state: String,
    /// Its last day, Shanghai.
    pub expires_on: NaiveDate,
    /// When it was offered.
    pub created_at: DateTime<Utc>,
}

impl Delegation {
    /// Where it stands on a Shanghai date.
    pub fn state(&self, today: NaiveDate) -> State {
        // A word the table's check does not know lets nobody act.
        let stored = State::ALL.iter().copied().find(|s| s.as_str() == self.state).unwrap_or(State::Revoked);
        match stored {
            State::Proposed | State::Active if self.expires_on < today => State::Expired,
            other => other,
        }
    }

    /// What the relative is to the member.
    pub fn relation(&self) -> Relation {
        let known = Relation::ALL.iter().copied().find(|r| r.as_str() == self.relation);
        known.unwrap_or(Relation::Other)
    }

    /// What they may do.
    pub fn scopes(&self) -> Vec<Scope> {
        self.scopes.iter().filter_map(|word| Scope::parse(word)).collect()
    }

    /// The relative's mobile, masked.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed value does not open.
    pub fn mobile(&self, core: &Core) -> Result<String, Problem> {
        let mobile = Mobile::parse(&core.sealer.open_text(MOBILE, self.id, &self.mobile)?);
        Ok(mobile.map(|mobile| mobile.masked().to_string()).unwrap_or_default())
    }
}

/// What a member offers.
#[derive(Debug)]
pub struct Offer {
    /// The relative's mobile.
    pub mobile: Mobile,
    /// What they are to the member.
    pub relation: Relation,
    /// What they may do.
    pub scopes: Vec<Scope>,
    /// Until when, that day included.
    pub expires_on: NaiveDate,
}

/// Names a delegate. The relative is told by SMS.
///
/// # Errors
/// As [`assist::wish`]; `APPLICATION_OPEN` for somebody who is named already; `TOO_MANY_DELEGATES` beyond five; `INVALID_STATE`
/// for oneself.
pub async fn offer(
    identity: &Identity,
    actor: &Actor,
    (me, person): (&Principal, Uuid),
    code: Option<&str>,
    offer: &Offer,
) -> Result<Delegation, Problem> {
    let core = &identity.core;
    let wish = assist::wish(core, me, code).await?;
    let (id, index) = (core.id(), account::mobile_index(&core.sealer, &offer.mobile));
    let made = core
        .db
        .write(async |tx| {
            wish.consume(tx, core.now()).await?;
            let own = account::get(tx, me.account).await?.ok_or_else(Problem::not_found)?;
            if own.mobile_index() == Some(index.as_slice()) {
                return Err(Problem::new(Code::InvalidState).with_detail("不能委托自己。"));
            }
            let today = core.today();
            // What ended by the clock makes room.
            let over = d::table.filter(d::account_id.eq(me.account).and(d::expires_on.lt(today)));
            diesel::update(over.filter(d::state.eq_any(["PROPOSED", "ACTIVE"])))
                .set((d::state.eq(State::Revoked.as_str()), d::ended_at.eq(core.now())))
                .execute(tx)
                .await?;
            let open = given(tx, me.account).await?;
            if open.iter().filter(|o| State::Active.as_str() == o.state || o.state == "PROPOSED").count()
                >= MOST
            {
                return Err(Problem::new(Code::InvalidState).with_detail("最多委托5人，请先解除一人。"));
            }
            let made: Delegation = diesel::insert_into(d::table)
                .values((
                    d::id.eq(id),
                    d::account_id.eq(me.account),
                    d::person_id.eq(person),
                    d::mobile.eq(core.sealer.seal_text(MOBILE, id, offer.mobile.e164())?),
                    d::mobile_index.eq(&index),
                    d::relation.eq(offer.relation.as_str()),
                    d::scopes.eq(offer.scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>()),
                    d::state.eq(State::Proposed.as_str()),
                    d::expires_on.eq(offer.expires_on),
                    d::created_at.eq(core.now()),
                ))
                .returning(Delegation::as_returning())
                .get_result(tx)
                .await?;
            note(core, tx, actor, "delegate.offer", &made).await?;
            let name = person::view(&core.sealer, tx, person).await?.name;
            Ok((made, name))
        })
        .await;
    let (made, name) = made.map_err(|problem| match constraint(&problem) {
        Some("account_delegate_open") => Problem::new(Code::ApplicationOpen).with_detail("已委托此手机号。"),
        _ => problem,
    })?;
    let template = Template::DelegationOffered { name: mask::name(&name) };
    sms::tell(identity.sms.as_ref(), &Message { mobile: offer.mobile.clone(), template });
    Ok(made)
}

async fn note(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    action: &str,
    of: &Delegation,
) -> Result<(), Problem> {
    let event = actor.event(core.id(), core.now(), None, action, ("delegation", Some(of.id)));
    let changes = json!({"scopes": of.scopes, "expires_on": of.expires_on, "relation": of.relation});
    audit::append(tx, &event.about(of.person_id).changes(changes)).await
}

/// Whom a member has named, the newest first; all that were, at most a hundred.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn given(conn: &mut Conn, account: Uuid) -> Result<Vec<Delegation>, Problem> {
    let own = d::table.filter(d::account_id.eq(account)).order(d::id.desc()).limit(100);
    Ok(own.select(Delegation::as_select()).load(conn).await?)
}

/// What was offered to an account's mobile or accepted by it, and has not ended, with the member's masked name.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn received(core: &Core, conn: &mut Conn, me: Uuid) -> Result<Vec<(Delegation, String)>, Problem> {
    let own = account::get(conn, me).await?.ok_or_else(Problem::not_found)?;
    let found: Vec<Delegation> = d::table
        .filter(theirs(&own))
        .filter(d::state.eq_any(["PROPOSED", "ACTIVE"]).and(d::expires_on.ge(core.today())))
        .order(d::id.desc())
        .limit(100)
        .select(Delegation::as_select())
        .load(conn)
        .await?;
    let mut named = Vec::with_capacity(found.len());
    for delegation in found {
        let name = person::view(&core.sealer, conn, delegation.person_id).await?.name;
        named.push((delegation, mask::name(&name)));
    }
    Ok(named)
}

type Theirs<'a> = diesel::dsl::Or<
    diesel::dsl::And<diesel::dsl::Eq<d::state, &'static str>, diesel::dsl::Eq<d::mobile_index, &'a [u8]>>,
    diesel::dsl::AssumeNotNull<diesel::dsl::Eq<d::delegate_id, Option<Uuid>>>,
>;

// An offer is for whoever has the mobile now; what was accepted stays with the account that did.
fn theirs(own: &Account) -> Theirs<'_> {
    let offered = d::state.eq("PROPOSED").and(d::mobile_index.eq(own.mobile_index().unwrap_or_default()));
    offered.or(d::delegate_id.eq(Some(own.id)).assume_not_null())
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn what_ended_stays() {
        for from in State::ALL {
            let moves = State::ALL.iter().any(|to| from.may_become(*to));
            assert_eq!(moves, matches!(from, State::Proposed | State::Active), "{from:?}");
        }
    }
}
