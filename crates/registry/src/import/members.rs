//! Judges rows of a members file against the database, a batch at a time: the same function for a dry run, a
//! validation and a commit. After what [`super::draft`] finds in a row alone come, in this order: the union
//! (unknown, or out of the importer's scope, which is not told apart), a document that stood further up, and
//! what somebody has to look at.
//!
//! Somebody to look at (`NEEDS_REVIEW`, which never says why; docs/RULES.md, imports):
//! - the holder of the document has an open membership in another union. Out of scope it is nobody's business
//!   here; within scope it would be a transfer, which has its own case with consent and release (E3), and a
//!   file must not go around it;
//! - the holder has none, and another name than the row: a file must not rename a stranger.
//!
//! In the same union a row may change the name, the roster's mobile and the details; a blank cell changes
//! nothing. The state of a membership (FROZEN, RETAINED, …) is never changed by a file.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use unionhall_identity::{account, people, person};
use unionhall_kernel::Problem;
use unionhall_storage::{BlindIndex, Conn, Core};
use uuid::Uuid;

use super::Import;
use super::cell::Cell;
use super::column::Columns;
use super::draft::{self, Draft};
use super::reason::{DUPLICATE_IN_FILE, NEEDS_REVIEW, Reason, UNION_UNKNOWN};
use super::rows::{self, Outcome};
use super::unions::{self, Place};
use crate::membership::{Standing, State, standing_of};
use crate::schema::{member_profile, member_standing};

/// What a row comes to.
#[derive(Debug)]
pub struct Verdict {
    /// The document, where it could be read.
    pub document: Option<BlindIndex>,
    /// Its holder, where there is one.
    pub person: Option<Uuid>,
    /// What to write, or why not.
    pub ruling: Result<Ruling, Reason>,
}

/// An accepted row.
#[derive(Debug)]
pub struct Ruling {
    /// The row.
    pub draft: Draft,
    /// Its union.
    pub union: Place,
    /// What it does.
    pub effect: Effect,
}

/// What an accepted row does.
#[derive(Debug)]
pub enum Effect {
    /// Makes a person and a membership.
    New,
    /// Begins a membership of somebody who has none now, or ended one.
    Join(Known, Option<Standing>),
    /// Changes what the roster says of a member.
    Update(Known),
    /// Says what is known already.
    Same,
}

/// What is known of a person.
#[derive(Debug, Clone)]
pub struct Known {
    /// Who.
    pub person: Uuid,
    /// The present name.
    pub name: String,
    /// The present profile.
    pub profile: Option<Profile>,
}

/// A profile as it stands.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The roster's mobile, sealed.
    pub mobile: Option<Vec<u8>>,
    /// Its blind index.
    pub mobile_index: Option<Vec<u8>>,
    /// The details.
    pub details: Value,
}

impl Verdict {
    /// The outcome as it is kept.
    pub fn outcome(&self) -> Outcome {
        match self.ruling.as_ref().map(|ruling| &ruling.effect) {
            Err(_) => Outcome::Rejected,
            Ok(Effect::New) => Outcome::New,
            Ok(Effect::Join(..) | Effect::Update(_)) => Outcome::Update,
            Ok(Effect::Same) => Outcome::Same,
        }
    }

    /// What an accepted row does, or why it is none.
    pub(super) fn plain(&self) -> Result<Outcome, Reason> {
        self.ruling.as_ref().map(|_| self.outcome()).map_err(|code| *code)
    }
}

/// The details of a profile with a row's laid over them.
pub fn merged(present: Option<&Value>, row: &serde_json::Map<String, Value>) -> Value {
    let mut details = present.and_then(Value::as_object).cloned().unwrap_or_default();
    details.extend(row.iter().map(|(key, value)| (key.clone(), value.clone())));
    Value::Object(details)
}

/// What the database knows of a batch.
struct Facts {
    unions: unions::Known,
    above: HashSet<BlindIndex>,
    holders: HashMap<BlindIndex, (Uuid, String)>,
    standings: HashMap<Uuid, Standing>,
    profiles: HashMap<Uuid, Profile>,
}

/// What judging is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To tell: nothing is written.
    Validate,
    /// To write at once: memberships are locked, so that nobody is moved in between.
    Commit,
}

/// Judges rows in the order of the file; `first` is the number of the first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn judge(
    core: &Core,
    conn: &mut Conn,
    import: &Import,
    columns: &Columns,
    first: i32,
    rows: &[Vec<Cell>],
    purpose: Purpose,
) -> Result<Vec<Verdict>, Problem> {
    let today = core.today();
    let read: Vec<_> = rows
        .iter()
        .map(|cells| {
            let (document, draft) = draft::read(columns, cells, today);
            (document.map(|document| person::document_index(&core.sealer, &document)), draft)
        })
        .collect();
    let words = read.iter().filter_map(|(_, draft)| draft.as_ref().ok()?.union.clone());
    let documents: Vec<BlindIndex> = read.iter().filter_map(|(document, _)| document.clone()).collect();
    let facts = gather(conn, import, first, words.collect(), &documents, purpose).await?;
    let mut seen = facts.above.clone();
    let mut verdicts = Vec::with_capacity(read.len());
    for (document, draft) in read {
        let holder = document.as_ref().and_then(|index| facts.holders.get(index));
        let ruling = draft.and_then(|draft| {
            let union = match &draft.union {
                Some(word) => facts.unions.find(word)?,
                None => facts.unions.default().ok_or(UNION_UNKNOWN)?,
            };
            if document.as_ref().is_some_and(|index| seen.contains(index)) {
                return Err(DUPLICATE_IN_FILE);
            }
            let effect = effect(core, &facts, holder, &draft, &union)?;
            Ok(Ruling { draft, union, effect })
        });
        if let (Ok(_), Some(index)) = (&ruling, &document) {
            seen.insert(index.clone());
        }
        let person = holder.map(|(person, _)| *person);
        verdicts.push(Verdict { document, person, ruling });
    }
    Ok(verdicts)
}

fn effect(
    core: &Core,
    facts: &Facts,
    holder: Option<&(Uuid, String)>,
    draft: &Draft,
    union: &Place,
) -> Result<Effect, Reason> {
    let Some((person, name)) = holder else { return Ok(Effect::New) };
    let profile = facts.profiles.get(person).cloned();
    let known = Known { person: *person, name: name.clone(), profile };
    let is_renamed = draft.name.as_str() != name;
    match facts.standings.get(person) {
        Some(standing) if standing.state != State::Ended => {
            if standing.org != union.id {
                return Err(NEEDS_REVIEW);
            }
            let present = known.profile.as_ref();
            let details = merged(present.map(|p| &p.details), &draft.details);
            let mobile = draft.mobile.as_ref().map(|mobile| account::mobile_index(&core.sealer, mobile));
            let is_same_mobile =
                mobile.is_none() || mobile.as_ref() == present.and_then(|p| p.mobile_index.as_ref());
            let is_same = !is_renamed && is_same_mobile && present.is_some_and(|p| p.details == details);
            Ok(if is_same { Effect::Same } else { Effect::Update(known) })
        }
        ended => {
            if is_renamed {
                return Err(NEEDS_REVIEW);
            }
            Ok(Effect::Join(known, ended.cloned()))
        }
    }
}

async fn gather(
    conn: &mut Conn,
    import: &Import,
    first: i32,
    words: HashSet<String>,
    documents: &[BlindIndex],
    purpose: Purpose,
) -> Result<Facts, Problem> {
    let unions = unions::known(conn, import, words).await?;
    let above = rows::documents_above(conn, import.id, first, documents).await?;
    let held = people::holders(conn, documents).await?;
    let persons: Vec<Uuid> = held.iter().map(|holder| holder.person).collect();
    let standings = member_standing::table.filter(member_standing::person_id.eq_any(&persons)).select((
        member_standing::membership_id,
        member_standing::person_id,
        member_standing::org_id,
        member_standing::path,
        member_standing::state,
        member_standing::reason,
        member_standing::valid_from,
    ));
    let standings = match purpose {
        Purpose::Validate => standings.load(conn).await?,
        Purpose::Commit => standings.order(member_standing::person_id).for_update().load(conn).await?,
    };
    let standings: Vec<Standing> = standings.into_iter().map(standing_of).collect::<Result<_, _>>()?;
    type Row = (Uuid, Option<Vec<u8>>, Option<Vec<u8>>, Value);
    let profiles: Vec<Row> = member_profile::table
        .filter(member_profile::person_id.eq_any(&persons))
        .select((
            member_profile::person_id,
            member_profile::roster_mobile,
            member_profile::roster_mobile_index,
            member_profile::details,
        ))
        .load(conn)
        .await?;
    Ok(Facts {
        unions,
        above: above.into_iter().collect(),
        holders: held.into_iter().map(|holder| (holder.index, (holder.person, holder.name))).collect(),
        standings: standings.into_iter().map(|standing| (standing.person, standing)).collect(),
        profiles: profiles
            .into_iter()
            .map(|(person, mobile, mobile_index, details)| {
                (person, Profile { mobile, mobile_index, details })
            })
            .collect(),
    })
}
