//! Writes a batch of accepted rows: a statement for each table, however many rows. Accounts are not among
//! them: a roster that names another mobile changes what a *claim* must match, never a login or a level.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::sql_types::{self, Array, Bytea, Date, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use unionhall_identity::account;
use unionhall_identity::people::{self, NewPerson};
use unionhall_kernel::{Mobile, Problem};
use unionhall_storage::seal::Column;
use unionhall_storage::{Conn, Core, outbox};
use uuid::Uuid;

use super::members::{Effect, Known, Ruling, Verdict, merged};
use super::rows::Applied;
use crate::membership::{self, ACTIVATED, Change, State};
use crate::profile;

pub(super) const BEFORE: Column = "import_row.before";

/// What was before a row changed it, kept sealed for a revert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Before {
    /// The name, if the row changed it.
    pub name: Option<String>,
    /// Whether there was a profile.
    pub profile: bool,
    /// The roster's mobile, E.164.
    pub mobile: Option<String>,
    /// The details.
    pub details: Value,
    /// The ended membership that the new one follows.
    pub ended: Option<Uuid>,
    /// Whether the person had an account.
    pub bound: bool,
}

/// A membership that begins.
struct Begin<'a> {
    id: Uuid,
    person: Uuid,
    union: &'a super::unions::Place,
    on: NaiveDate,
}

/// A profile to be written.
struct Write {
    person: Uuid,
    mobile: Option<Mobile>,
    details: Value,
}

/// Writes what the verdicts say; `rows` are the ids of the import's rows, in the same order.
///
/// # Errors
/// The unique indexes `person_document_number` and `membership_open` when another import or an application
/// was faster: the batch is then judged again.
pub async fn members(
    core: &Core,
    conn: &mut Conn,
    rows: &[Uuid],
    verdicts: &[Verdict],
    now: DateTime<Utc>,
) -> Result<Vec<Applied>, Problem> {
    let today = core.today();
    let touched: Vec<Uuid> = verdicts
        .iter()
        .filter_map(|verdict| match &verdict.ruling.as_ref().ok()?.effect {
            Effect::Join(known, _) | Effect::Update(known) => Some(known.person),
            Effect::New | Effect::Same => None,
        })
        .collect();
    let bound = people::with_account(conn, &touched).await?;
    let (mut new, mut begins, mut writes, mut renames) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut applied = Vec::with_capacity(rows.len());
    for (row, verdict) in rows.iter().zip(verdicts) {
        let mut done = Applied {
            id: *row,
            outcome: verdict.outcome(),
            code: verdict.ruling.as_ref().err().copied(),
            org: verdict.ruling.as_ref().ok().map(|ruling| ruling.union.id),
            person: verdict.person,
            created: None,
            membership: None,
            before: None,
        };
        if let Ok(Ruling { draft, union, effect }) = &verdict.ruling {
            let on = draft.joined.unwrap_or(today);
            match effect {
                Effect::New => {
                    let (person, membership) = (core.ids.id(now), core.ids.id(now));
                    new.push(NewPerson { id: person, name: draft.name.as_str(), document: &draft.document });
                    begins.push(Begin { id: membership, person, union, on });
                    let details = Value::Object(draft.details.clone());
                    writes.push(Write { person, mobile: draft.mobile.clone(), details });
                    (done.created, done.membership) = (Some(person), Some(membership));
                }
                Effect::Join(known, ended) => {
                    let begun = match ended {
                        // Few people come back; the rules of versions stand in one place.
                        Some(ended) => {
                            let change = Change {
                                person: known.person,
                                seen: Some(ended.id),
                                org: (union.id, &union.path),
                                to: State::Active,
                                reason: None,
                                on: on.max(ended.since).min(today),
                            };
                            membership::change(core, conn, change).await?
                        }
                        None => {
                            let id = core.ids.id(now);
                            begins.push(Begin { id, person: known.person, union, on });
                            id
                        }
                    };
                    done.membership = Some(begun);
                    let mut before = before(core, known, bound.contains(&known.person))?;
                    before.ended = ended.as_ref().map(|ended| ended.id);
                    done.before = Some(seal(core, *row, &before)?);
                    writes.push(over(known, ruling_details(known, &draft.details), draft.mobile.clone()));
                }
                Effect::Update(known) => {
                    let mut before = before(core, known, bound.contains(&known.person))?;
                    if known.name != draft.name.as_str() {
                        before.name = Some(known.name.clone());
                        renames.push((known.person, draft.name.as_str()));
                    }
                    done.before = Some(seal(core, *row, &before)?);
                    writes.push(over(known, ruling_details(known, &draft.details), draft.mobile.clone()));
                }
                Effect::Same => {}
            }
        }
        applied.push(done);
    }
    if !new.is_empty() {
        people::create(core, conn, &new, now).await?;
    }
    if !renames.is_empty() {
        people::rename(conn, &renames).await?;
    }
    begin(core, conn, &begins, now).await?;
    write_profiles(core, conn, &writes, now).await?;
    Ok(applied)
}

fn ruling_details(known: &Known, row: &serde_json::Map<String, Value>) -> Value {
    merged(known.profile.as_ref().map(|profile| &profile.details), row)
}

fn over(known: &Known, details: Value, mobile: Option<Mobile>) -> Write {
    Write { person: known.person, mobile, details }
}

fn before(core: &Core, known: &Known, bound: bool) -> Result<Before, Problem> {
    let sealed = known.profile.as_ref().and_then(|profile| profile.mobile.as_deref());
    let mobile = match sealed {
        Some(sealed) => profile::open_mobile(&core.sealer, known.person, sealed)?,
        None => None,
    };
    Ok(Before {
        name: None,
        profile: known.profile.is_some(),
        mobile: mobile.map(|mobile| mobile.e164().to_owned()),
        details: known.profile.as_ref().map_or(Value::Null, |profile| profile.details.clone()),
        ended: None,
        bound,
    })
}

fn seal(core: &Core, row: Uuid, before: &Before) -> Result<Vec<u8>, Problem> {
    core.sealer.seal(BEFORE, row, &serde_json::to_vec(before)?)
}

async fn begin(
    core: &Core,
    conn: &mut Conn,
    begins: &[Begin<'_>],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if begins.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO membership (id, person_id, org_id, path, state, valid_from, recorded_at) \
         SELECT b.id, b.person_id, b.org_id, b.path, 'ACTIVE', b.valid_from, $6 \
         FROM unnest($1, $2, $3, $4, $5) AS b (id, person_id, org_id, path, valid_from)",
    )
    .bind::<Array<sql_types::Uuid>, _>(begins.iter().map(|b| b.id).collect::<Vec<_>>())
    .bind::<Array<sql_types::Uuid>, _>(begins.iter().map(|b| b.person).collect::<Vec<_>>())
    .bind::<Array<sql_types::Uuid>, _>(begins.iter().map(|b| b.union.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(begins.iter().map(|b| b.union.path.as_str()).collect::<Vec<_>>())
    .bind::<Array<Date>, _>(begins.iter().map(|b| b.on).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    // Whoever has no account yet has nothing that could follow from it: what is due comes with their first claim.
    let persons: Vec<Uuid> = begins.iter().map(|b| b.person).collect();
    let events: Vec<(Uuid, Value)> = people::with_account(conn, &persons)
        .await?
        .into_iter()
        .map(|person| (core.ids.id(now), json!({"person_id": person})))
        .collect();
    outbox::publish_many(conn, now, ACTIVATED, &events).await
}

async fn write_profiles(
    core: &Core,
    conn: &mut Conn,
    writes: &[Write],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if writes.is_empty() {
        return Ok(());
    }
    let mut sealed = Vec::with_capacity(writes.len());
    let mut indexes = Vec::with_capacity(writes.len());
    for write in writes {
        let mobile = write.mobile.as_ref();
        sealed
            .push(mobile.map(|mobile| profile::seal_mobile(&core.sealer, write.person, mobile)).transpose()?);
        indexes.push(mobile.map(|mobile| account::mobile_index(&core.sealer, mobile)));
    }
    diesel::sql_query(
        "INSERT INTO member_profile (person_id, roster_mobile, roster_mobile_index, details, updated_at) \
         SELECT w.person_id, w.mobile, w.mobile_index, w.details, $5 \
         FROM unnest($1, $2, $3, $4) AS w (person_id, mobile, mobile_index, details) \
         ON CONFLICT (person_id) DO UPDATE SET \
             roster_mobile = coalesce(excluded.roster_mobile, member_profile.roster_mobile), \
             roster_mobile_index = coalesce(excluded.roster_mobile_index, member_profile.roster_mobile_index), \
             details = excluded.details, updated_at = excluded.updated_at",
    )
    .bind::<Array<sql_types::Uuid>, _>(writes.iter().map(|w| w.person).collect::<Vec<_>>())
    .bind::<Array<Nullable<Bytea>>, _>(sealed)
    .bind::<Array<Nullable<Bytea>>, _>(indexes)
    .bind::<Array<Jsonb>, _>(writes.iter().map(|w| &w.details).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    Ok(())
}
