//! Real name: raising an account to level 1 by a claim. It succeeds only when name and number match a roster
//! AND the account's proved mobile is the roster's. Everything else answers alike, so nobody learns who is on
//! a roster: the only further outcomes are told to the rightful mobile.

use serde::Serialize;
use serde_json::json;
use unionhall_identity::counts::{self, REAL_NAME_TRIES};
use unionhall_identity::{Identity, account, person};
use unionhall_kernel::{Code, Document, PersonName, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Principal, Realm};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::join::Waiting;
use crate::membership::{self, State};
use crate::{join, profile};

/// Published when an account reaches level 1 or more: `{person_id}`.
pub const LEVEL_RAISED: &str = "level.raised";

/// What became of a claim. 实名认证结果
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 认证成功: name, number and mobile agree with the roster.
    Matched,
    /// 姓名不符: number and mobile agree; ask for a correction.
    NameDiffers,
    /// 已被认领: all agree, and another account holds the person; ask for a release.
    AlreadyClaimed,
    /// 未能确认: choose a union, which confirms or takes a join application.
    Unconfirmed,
}

impl Outcome {
    /// What the member reads.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Matched => "实名认证成功。",
            Self::NameDiffers => "姓名与工会名册不一致，请核对，或联系所在工会更正。",
            Self::AlreadyClaimed => "该身份已绑定其他账号，如手机已更换，请申请换号。",
            Self::Unconfirmed => "暂未核对成功：如登记的手机已更换，请申请换号；如尚未入会，请申请入会。",
        }
    }
}

/// Judges a claim.
///
/// # Errors
/// `TRIES_EXHAUSTED` after five a day, by account or by document; `INVALID_STATE` for an account that is
/// somebody else already.
pub async fn claim(
    identity: &Identity,
    actor: &Actor,
    me: &Principal,
    name: &PersonName,
    document: &Document,
) -> Result<Outcome, Problem> {
    let core = &identity.core;
    let index = person::document_index(&core.sealer, document);
    take_try(core, me.account, name_of_try(core, me.account, &index).await?, &index).await?;
    let outcome = core
        .db
        .write(async |tx| {
            let outcome = judge(tx, me, name, &index).await?;
            let (outcome, person) = match outcome {
                Judged::Bind(person) => {
                    raise(core, tx, me.account, person).await?;
                    // An application reserves nothing: the rightful mobile's full match ends whatever waits for the document.
                    let waiting = Waiting::Document(&index);
                    join::withdraw_open(core, tx, actor, waiting, "本人已通过实名认证").await?;
                    (Outcome::Matched, Some(person))
                }
                Judged::Already(person) => (Outcome::Matched, Some(person)),
                Judged::Outcome(outcome) => (outcome, None),
            };
            let event =
                actor.event(core.id(), core.now(), None, "real_name.claim", ("account", Some(me.account)));
            let mut event = event.changes(json!({"outcome": outcome}));
            event.subject_person = person;
            audit::append(tx, &event).await?;
            Ok(outcome)
        })
        .await;
    identity.states.forget(me.account);
    match outcome {
        // Two claims of one person at once: the other one won. It may have been this account's own, tapped twice.
        Err(problem) if constraint(&problem) == Some("account_person") => {
            let own = account::get(&mut *core.db.read().await?, me.account).await?;
            let matched = own.is_some_and(|a| a.person.is_some() && a.level >= 1);
            Ok(if matched { Outcome::Matched } else { Outcome::AlreadyClaimed })
        }
        other => other,
    }
}

// Strangers' tries with a number must not use up its owner's: a try from the roster's mobile has a count of its own.
async fn name_of_try(core: &Core, account: Uuid, index: &Vec<u8>) -> Result<&'static str, Problem> {
    let mut conn = core.db.read().await?;
    let account = account::get(&mut conn, account).await?.ok_or_else(Problem::not_found)?;
    let person = person::holder(&mut conn, index).await?.map_or(Uuid::nil(), |(id, _)| id);
    let roster = profile::mobile_index(&mut conn, person).await?;
    let rightful = roster.is_some() && roster.as_deref() == account.mobile_index();
    Ok(if rightful { "real_name_document_owner" } else { "real_name_document" })
}

// Counted on its own, before anything is judged: a try that fails half-way is still a try.
async fn take_try(core: &Core, account: Uuid, kind: &str, index: &[u8]) -> Result<(), Problem> {
    let today = core.today();
    let left = core
        .db
        .write(async |tx| {
            let by_account =
                counts::take(tx, "real_name_account", account.as_bytes(), today, REAL_NAME_TRIES).await?;
            let by_document = counts::take(tx, kind, index, today, REAL_NAME_TRIES).await?;
            Ok(by_account.zip(by_document))
        })
        .await?;
    let wait = core.seconds_to_midnight();
    left.map(|_| ()).ok_or_else(|| Problem::new(Code::TriesExhausted).retry_after(wait))
}

enum Judged {
    Bind(Uuid),
    Already(Uuid),
    Outcome(Outcome),
}

async fn judge(tx: &mut Conn, me: &Principal, name: &PersonName, index: &Vec<u8>) -> Result<Judged, Problem> {
    let account = account::get(tx, me.account).await?.ok_or_else(Problem::not_found)?;
    let holder = person::holder(tx, index).await?;
    // The same questions are asked whoever it is, about a person nobody is when the number is unknown.
    let person = holder.as_ref().map_or(Uuid::nil(), |(id, _)| *id);
    let roster_mobile = profile::mobile_index(tx, person).await?;
    let standing = membership::standing(tx, person).await?;
    let claimed = account::find_by_person(tx, Realm::Member, person).await?;
    // Tapped twice: the other request bound this very account between two statements of this one.
    if claimed.as_ref().is_some_and(|own| own.id == me.account && own.level >= 1) {
        return Ok(Judged::Already(person));
    }
    if let Some(own) = account.person {
        return if own == person && account.level >= 1 {
            Ok(Judged::Already(own))
        } else {
            Err(Problem::new(Code::InvalidState).with_detail("此账号已实名为其他人。"))
        };
    }
    let on_roster = standing.is_some_and(|s| s.state != State::Ended);
    let same_mobile = roster_mobile.is_some() && roster_mobile.as_deref() == account.mobile_index();
    let same_name = holder.is_some_and(|(_, held)| PersonName::parse(&held).is_ok_and(|held| held == *name));
    Ok(match (on_roster && same_mobile, same_name, claimed.is_some()) {
        (true, true, false) => Judged::Bind(person),
        (true, true, true) => Judged::Outcome(Outcome::AlreadyClaimed),
        (true, false, _) => Judged::Outcome(Outcome::NameDiffers),
        (false, _, _) => Judged::Outcome(Outcome::Unconfirmed),
    })
}

/// Binds an account to a person at level 1 and tells the rooms above.
///
/// # Errors
/// The unique index `account_person`.
pub(crate) async fn raise(core: &Core, tx: &mut Conn, account: Uuid, person: Uuid) -> Result<(), Problem> {
    account::bind(tx, account, person, 1, core.now()).await?;
    outbox::publish(tx, core.id(), core.now(), LEVEL_RAISED, &json!({"person_id": person})).await
}
