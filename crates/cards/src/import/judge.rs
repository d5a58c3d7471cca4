//! Judges rows of a cards file against the database, a batch at a time.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_identity::{people, person};
use unionhall_kernel::Problem;
use unionhall_registry::import::reason::{
    DUPLICATE_IN_FILE, MEMBER_UNKNOWN, NAME_DIFFERS, NEEDS_REVIEW, Reason,
};
use unionhall_registry::import::room::{Batch, Verdict};
use unionhall_registry::import::rows::{self, Outcome};
use unionhall_storage::{BlindIndex, Conn, Core};
use uuid::Uuid;

use super::Stand;
use super::draft::{self, Draft};
use crate::schema::{card, member_standing};
use crate::standing::Status;

/// What judging is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To tell.
    Validate,
    /// To write at once: memberships are locked, so that of two files each sees what the other wrote.
    Commit,
}

/// A row, judged.
pub(super) struct Judged {
    pub key: Option<BlindIndex>,
    pub person: Option<Uuid>,
    pub ruling: Result<Ruling, Reason>,
}

/// An accepted row.
pub(super) struct Ruling {
    pub draft: Draft,
    pub home: Home,
    pub effect: Effect,
}

/// Where the holder stands.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub person: Uuid,
    pub org: Uuid,
    pub path: String,
}

/// What an accepted row does.
pub(super) enum Effect {
    New,
    Change(Box<Known>, Box<Stand>),
    Same,
}

/// A card as it stands.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub id: Uuid,
    pub kind: String,
    pub version: i32,
    pub stand: Stand,
}

/// The verdict as imports keep it.
pub(super) fn verdict(row: &Judged) -> Verdict {
    let outcome = |ruling: &Ruling| match ruling.effect {
        Effect::New => Outcome::New,
        Effect::Change(..) => Outcome::Update,
        Effect::Same => Outcome::Same,
    };
    Verdict {
        key: row.key.clone(),
        person: row.person,
        org: row.ruling.as_ref().ok().map(|ruling| ruling.home.org),
        flags: Vec::new(),
        ruling: row.ruling.as_ref().map(outcome).map_err(|code| *code),
    }
}

struct Facts {
    holders: HashMap<BlindIndex, (Uuid, String)>,
    homes: HashMap<Uuid, Home>,
    cards: HashMap<Uuid, Vec<Known>>,
}

async fn gather(
    conn: &mut Conn,
    batch: Batch<'_>,
    documents: &[BlindIndex],
    purpose: Purpose,
) -> Result<Facts, Problem> {
    use member_standing as s;
    let held = people::holders(conn, documents).await?;
    let persons: Vec<Uuid> = held.iter().map(|holder| holder.person).collect();
    let scope = batch.import.scope();
    let query = s::table
        .filter(s::person_id.eq_any(&persons).and(s::state.ne("ENDED")))
        .filter(s::path.ge(scope.start()).and(s::path.lt(scope.end())))
        .order(s::person_id)
        .select((s::person_id, s::org_id, s::path));
    let homes: Vec<(Uuid, Uuid, String)> = match purpose {
        Purpose::Validate => query.load(conn).await?,
        Purpose::Commit => query.for_update().load(conn).await?,
    };
    let rows: Vec<(Uuid, Uuid, String, i32, Stand)> = card::table
        .filter(card::person_id.eq_any(&persons).and(card::kind.ne("VIRTUAL")))
        .order(card::n)
        .select((
            card::person_id,
            card::id,
            card::kind,
            card::version,
            (
                card::bank_code,
                card::last4,
                card::bank_reference,
                card::status,
                card::valid_from,
                card::valid_to,
                card::lost_at,
            ),
        ))
        .load(conn)
        .await?;
    let mut cards: HashMap<Uuid, Vec<Known>> = HashMap::new();
    for (person, id, kind, version, stand) in rows {
        cards.entry(person).or_default().push(Known { id, kind, version, stand });
    }
    Ok(Facts {
        holders: held.into_iter().map(|holder| (holder.index, (holder.person, holder.name))).collect(),
        homes: homes.into_iter().map(|(person, org, path)| (person, Home { person, org, path })).collect(),
        cards,
    })
}

/// A card is told once in a file: of each kind the one that is not over, and each that is.
fn key(document: &BlindIndex, draft: &Draft) -> BlindIndex {
    let mut key = document.clone();
    key.extend_from_slice(draft.kind.as_bytes());
    if draft.status == Status::Revoked {
        key.extend_from_slice(draft.bank.as_bytes());
        key.extend_from_slice(draft.last4.as_bytes());
    }
    key
}

/// Judges the rows of a batch.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(super) async fn judge(
    core: &Core,
    conn: &mut Conn,
    batch: Batch<'_>,
    purpose: Purpose,
) -> Result<Vec<Judged>, Problem> {
    let today = core.today();
    let read: Vec<_> = batch
        .rows
        .iter()
        .map(|cells| {
            let draft = draft::read(batch.columns, cells, today)?;
            let document = person::document_index(&core.sealer, &draft.document);
            Ok((key(&document, &draft), document, draft))
        })
        .collect();
    let good = || read.iter().filter_map(|row: &Result<_, Reason>| row.as_ref().ok());
    let documents: Vec<BlindIndex> = good().map(|(_, document, _)| document.clone()).collect();
    let keys: Vec<BlindIndex> = good().map(|(key, ..)| key.clone()).collect();
    let above = rows::documents_above(conn, batch.import.id, batch.first, &keys).await?;
    let facts = gather(conn, batch, &documents, purpose).await?;
    let mut seen: HashSet<BlindIndex> = above.into_iter().collect();
    let mut judged = Vec::with_capacity(read.len());
    for row in read {
        judged.push(match row {
            Err(code) => Judged { key: None, person: None, ruling: Err(code) },
            Ok((key, document, draft)) => {
                let holder = facts.holders.get(&document);
                let home = holder.and_then(|(person, _)| facts.homes.get(person));
                let ruling = if seen.contains(&key) {
                    Err(DUPLICATE_IN_FILE)
                } else {
                    rule(core, &facts, holder.map(|(_, name)| name.as_str()), home, draft)
                };
                if ruling.is_ok() {
                    seen.insert(key.clone());
                }
                Judged { key: Some(key), person: home.map(|home| home.person), ruling }
            }
        });
    }
    Ok(judged)
}

fn rule(
    core: &Core,
    facts: &Facts,
    name: Option<&str>,
    home: Option<&Home>,
    draft: Draft,
) -> Result<Ruling, Reason> {
    // Out of scope is like nobody at all; that a name differs is told of one's own members alone.
    let home = home.ok_or(MEMBER_UNKNOWN)?.clone();
    if name != Some(draft.name.as_str()) {
        return Err(NAME_DIFFERS);
    }
    let cards = facts.cards.get(&home.person).map(Vec::as_slice).unwrap_or_default();
    let effect = effect(core, cards, &draft)?;
    Ok(Ruling { draft, home, effect })
}

fn effect(core: &Core, cards: &[Known], draft: &Draft) -> Result<Effect, Reason> {
    let is_this = |known: &&Known| {
        known.kind == draft.kind
            && known.stand.bank_code.as_deref() == Some(draft.bank)
            && known.stand.last4.as_deref() == Some(draft.last4.as_str())
    };
    let is_open =
        |known: &&Known| matches!(Status::parse(&known.stand.status), Status::Active | Status::Lost);
    let known = if draft.status == Status::Revoked {
        // The one that is open comes before a record of an older one with the same digits.
        cards.iter().filter(is_this).find(is_open).or_else(|| cards.iter().find(is_this))
    } else {
        cards.iter().filter(|known| known.kind == draft.kind).find(is_open)
    };
    let Some(known) = known else { return Ok(Effect::New) };
    let was = Status::parse(&known.stand.status);
    if was == Status::Lost && draft.status == Status::Active {
        return Err(NEEDS_REVIEW);
    }
    let mut stand = known.stand.clone();
    stand.bank_code = Some(draft.bank.to_owned());
    stand.last4 = Some(draft.last4.clone());
    stand.bank_reference = draft.reference.clone().or(stand.bank_reference);
    draft.status.as_str().clone_into(&mut stand.status);
    stand.valid_from = draft.from.unwrap_or(stand.valid_from);
    stand.valid_to = draft.to.unwrap_or(stand.valid_to).max(stand.valid_from);
    if draft.status == Status::Lost {
        stand.lost_at = stand.lost_at.or_else(|| Some(core.now()));
    }
    Ok(if stand == known.stand {
        Effect::Same
    } else {
        Effect::Change(Box::new(known.clone()), Box::new(stand))
    })
}
