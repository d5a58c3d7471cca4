//! Carrying pushes out. Before anything leaves, a push is judged once more by what is true now, and its next try is
//! planned in the same transaction: a worker that dies in between leaves a try behind, never a push that is lost.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::StreamExt as _;
use serde::Deserialize;
use unionhall_identity::session;
use unionhall_kernel::Problem;
use unionhall_storage::tasks::Leased;
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use super::device::{give_credit_back, token};
use super::plan::schedule;
use super::{Breaker, Channel, Outcome, Push, PushGateway, TITLE, Template};
use crate::inbox::Kind;
use crate::preference::{self, Preferences};
use crate::schema::{inbox_message as message, push_delivery as delivery, push_device as device};

/// The kind of task that carries pushes out.
pub const SEND: &str = "push.send";
/// Tries after which a push is given up.
pub const MAX_TRIES: i32 = 8;
/// How long a push may take from its message on, quiet hours included: nobody wants to be told later.
pub const GIVE_UP: Duration = Duration::hours(48);
/// Pushes that are on their way at the same time.
const AT_ONCE: usize = 8;

/// What it takes to carry pushes out.
pub struct Sending {
    /// Who brings them; without, none goes out.
    pub gateway: Option<Arc<dyn PushGateway>>,
    /// Before it.
    pub breaker: Breaker,
}

#[derive(Deserialize)]
struct Batch {
    ids: Vec<Uuid>,
}

#[derive(Debug, Clone, Queryable)]
struct Delivery {
    id: Uuid,
    message: Uuid,
    account: Uuid,
    device: Uuid,
    tries: i32,
    created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Queryable)]
struct ToDevice {
    id: Uuid,
    name: String,
    account: Uuid,
    channel: String,
    token: Vec<u8>,
}

// What is true when a push is due.
struct Now {
    at: DateTime<Utc>,
    devices: HashMap<Uuid, ToDevice>,
    messages: HashMap<Uuid, (Kind, bool)>,
    chosen: HashMap<Uuid, Preferences>,
    live: HashSet<(Uuid, String)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Send,
    Wait(DateTime<Utc>),
    Drop(&'static str),
    Dead(&'static str),
}

impl Now {
    fn judge(&self, push: &Delivery) -> Verdict {
        let Some(to) = self.devices.get(&push.device).filter(|to| to.account == push.account) else {
            return Verdict::Drop("device");
        };
        let Some((kind, was_read)) = self.messages.get(&push.message) else {
            return Verdict::Drop("message");
        };
        let chosen = self.chosen.get(&push.account).copied().unwrap_or_default();
        let due = chosen.due(*kind, self.at);
        if !self.live.contains(&(to.account, to.name.clone())) {
            Verdict::Drop("session")
        } else if *was_read {
            Verdict::Drop("read")
        } else if !chosen.pushes(*kind) {
            Verdict::Drop("preference")
        } else if push.tries >= MAX_TRIES {
            Verdict::Dead("tries")
        } else if self.at - push.created_at > GIVE_UP {
            Verdict::Dead("late")
        } else if due > self.at {
            Verdict::Wait(due)
        } else {
            Verdict::Send
        }
    }
}

// A push that goes out, and the row it is of.
struct Ready {
    push: Push,
    device: Uuid,
    sealed: Vec<u8>,
    tries: i32,
}

#[derive(Debug, Clone, Copy)]
enum Done {
    Told(Outcome),
    // The breaker was open: nothing was tried.
    Held(DateTime<Utc>),
}

/// Carries out what is due of a task's pushes.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached; the task then runs again.
pub async fn send(core: &Core, sending: &Sending, leased: &Leased) -> Result<(), Problem> {
    let Batch { ids } = serde_json::from_value(leased.payload.clone())?;
    let Some(gateway) = &sending.gateway else {
        return core.db.write(async |tx| finish(tx, &ids, ("DROPPED", "off"), core.now()).await).await;
    };
    let (ready, dropped, dead) = core.db.write(async |tx| claim(core, tx, &ids).await).await?;
    count("dropped", dropped);
    count("dead", dead);
    let tried = futures_util::stream::iter(ready).map(|ready| async move {
        if let Some(until) = sending.breaker.closed_until(core.now()) {
            return (ready, Done::Held(until));
        }
        let outcome = gateway.send(&ready.push).await;
        sending.breaker.note(outcome != Outcome::Failed, core.now());
        (ready, Done::Told(outcome))
    });
    let tried: Vec<(Ready, Done)> = tried.buffer_unordered(AT_ONCE).collect().await;
    let dead = core.db.write(async |tx| settle(core, tx, &tried).await).await?;
    count("dead", dead);
    for (_, done) in &tried {
        match done {
            Done::Told(Outcome::Taken) => count("sent", 1),
            Done::Told(Outcome::Gone) => count("gone", 1),
            Done::Told(Outcome::Failed) => count("failed", 1),
            Done::Held(_) => {}
        }
    }
    Ok(())
}

fn count(outcome: &'static str, n: usize) {
    metrics::counter!("unionhall_pushes_total", "outcome" => outcome).increment(n as u64);
}

/// Before try `n` + 1: half a minute after the first, and twice as long each time.
fn backoff(tries: i32) -> Duration {
    Duration::seconds(30 << (tries - 1).clamp(0, 10))
}

// Takes what is due and still to be sent, counts the try and plans the next. Whoever asks for the same at the same moment
// waits for the rows and finds them due later. Answers how many were dropped and given up, too.
async fn claim(core: &Core, tx: &mut Conn, ids: &[Uuid]) -> Result<(Vec<Ready>, usize, usize), Problem> {
    let due: Vec<Delivery> = delivery::table
        .filter(delivery::id.eq_any(ids).and(delivery::state.eq("WAITING")))
        .filter(delivery::due_at.le(core.now()))
        .order(delivery::id)
        .select((
            delivery::id,
            delivery::message_id,
            delivery::account_id,
            delivery::push_device_id,
            delivery::tries,
            delivery::created_at,
        ))
        .for_update()
        .load(tx)
        .await?;
    let now = look(core, tx, &due).await?;
    let (mut ready, mut dropped, mut dead) = (Vec::new(), 0, 0);
    let mut later = BTreeMap::<DateTime<Utc>, Vec<Uuid>>::new();
    for push in &due {
        match now.judge(push) {
            Verdict::Drop(why) => {
                dropped += 1;
                give_back(tx, &now, push).await?;
                finish(tx, &[push.id], ("DROPPED", why), now.at).await?;
            }
            Verdict::Dead(why) => {
                dead += 1;
                finish(tx, &[push.id], ("DEAD", why), now.at).await?;
            }
            Verdict::Wait(until) => later.entry(until).or_default().push(push.id),
            Verdict::Send => {
                let (Some(to), Some((kind, _))) =
                    (now.devices.get(&push.device), now.messages.get(&push.message))
                else {
                    continue;
                };
                let tries = push.tries + 1;
                diesel::update(delivery::table.find(push.id))
                    .set(delivery::tries.eq(tries))
                    .execute(tx)
                    .await?;
                later.entry(now.at + backoff(tries)).or_default().push(push.id);
                ready.push(of(core, push, to, *kind, tries)?);
            }
        }
    }
    put_off(core, tx, &later).await?;
    Ok((ready, dropped, dead))
}

fn of(core: &Core, push: &Delivery, to: &ToDevice, kind: Kind, tries: i32) -> Result<Ready, Problem> {
    let channel = Channel::parse(&to.channel)?;
    let push = Push {
        id: push.id,
        message_id: push.message,
        title: TITLE,
        channel,
        token: token(core, to.id, &to.token)?,
        kind: Some(kind).filter(|kind| kind.may_be_named()),
        template: (channel == Channel::WechatSubscribe).then(|| Template::of(kind)),
    };
    Ok(Ready { push, device: to.id, sealed: to.token.clone(), tries })
}

async fn look(core: &Core, tx: &mut Conn, due: &[Delivery]) -> Result<Now, Problem> {
    let devices: Vec<ToDevice> = device::table
        .filter(device::id.eq_any(due.iter().map(|push| push.device)))
        .select((device::id, device::device_id, device::account_id, device::channel, device::token))
        .load(tx)
        .await?;
    let messages: Vec<(Uuid, String, bool)> = message::table
        .filter(message::id.eq_any(due.iter().map(|push| push.message)))
        .select((message::id, message::kind, message::read_at.is_not_null()))
        .load(tx)
        .await?;
    let messages = messages.into_iter().map(|(id, kind, was_read)| Ok((id, (Kind::parse(&kind)?, was_read))));
    let accounts: Vec<Uuid> = due.iter().map(|push| push.account).collect();
    Ok(Now {
        at: core.now(),
        devices: devices.into_iter().map(|to| (to.id, to)).collect(),
        messages: messages.collect::<Result<_, Problem>>()?,
        chosen: preference::of_all(tx, &accounts).await?,
        live: session::live_devices(tx, &accounts, core.now()).await?,
    })
}

// A subscription that was taken for what never left is its owner's again.
async fn give_back(tx: &mut Conn, now: &Now, push: &Delivery) -> Result<(), Problem> {
    let channel = now.devices.get(&push.device).map(|to| to.channel.as_str());
    let kind = now.messages.get(&push.message).map(|(kind, _)| *kind);
    match (channel, kind) {
        (Some(channel), Some(kind)) if channel == Channel::WechatSubscribe.as_str() && push.tries == 0 => {
            give_credit_back(tx, push.device, Template::of(kind)).await
        }
        _ => Ok(()),
    }
}

async fn finish(
    tx: &mut Conn,
    ids: &[Uuid],
    (state, why): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let why = Some(why).filter(|why| !why.is_empty());
    diesel::update(delivery::table.filter(delivery::id.eq_any(ids).and(delivery::state.eq("WAITING"))))
        .set((delivery::state.eq(state), delivery::why.eq(why), delivery::finished_at.eq(now)))
        .execute(tx)
        .await?;
    Ok(())
}

async fn put_off(
    core: &Core,
    tx: &mut Conn,
    later: &BTreeMap<DateTime<Utc>, Vec<Uuid>>,
) -> Result<(), Problem> {
    for (at, ids) in later {
        diesel::update(delivery::table.filter(delivery::id.eq_any(ids).and(delivery::state.eq("WAITING"))))
            .set(delivery::due_at.eq(at))
            .execute(tx)
            .await?;
    }
    schedule(core, tx, later).await
}

// Writes down what became of the tries; answers how many were given up.
async fn settle(core: &Core, tx: &mut Conn, tried: &[(Ready, Done)]) -> Result<usize, Problem> {
    let (now, mut dead) = (core.now(), 0);
    let mut held = BTreeMap::<DateTime<Utc>, Vec<Uuid>>::new();
    for (ready, done) in tried {
        let id = ready.push.id;
        match done {
            Done::Told(Outcome::Taken) => finish(tx, &[id], ("SENT", ""), now).await?,
            Done::Told(Outcome::Gone) => {
                // Unless it was registered anew meanwhile.
                let same = device::id.eq(ready.device).and(device::token.eq(&ready.sealed));
                diesel::delete(device::table.filter(same)).execute(tx).await?;
                finish(tx, &[id], ("DROPPED", "gone"), now).await?;
            }
            Done::Told(Outcome::Failed) if ready.tries >= MAX_TRIES => {
                dead += 1;
                finish(tx, &[id], ("DEAD", "tries"), now).await?;
            }
            // The next try is planned already.
            Done::Told(Outcome::Failed) => {}
            Done::Held(until) => {
                held.entry(*until).or_default().push(id);
                diesel::update(delivery::table.find(id))
                    .set(delivery::tries.eq(delivery::tries - 1))
                    .execute(tx)
                    .await?;
            }
        }
    }
    put_off(core, tx, &held).await?;
    Ok(dead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_spread_over_an_hour() {
        let waits: Vec<i64> = (1..MAX_TRIES).map(|n| backoff(n).num_seconds()).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1920]);
        assert!(backoff(i32::MAX) > Duration::zero());
    }
}
