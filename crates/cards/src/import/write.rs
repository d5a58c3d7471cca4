//! Writes what the rows of a cards file say, with an audit row each, and takes them back.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::import::kept::CHANGED_SINCE;
use unionhall_registry::import::room::{Batch, Undo, Written};
use unionhall_registry::org;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::judge::{self, Effect, Home, Judged, Purpose, Ruling};
use super::{Memo, Stand};
use crate::issue::{self, NewCard};
use crate::schema::card;
use crate::standing::Status;

/// The last day of a card of which the file says none.
fn open_end() -> NaiveDate {
    NaiveDate::from_ymd_opt(2099, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// Judges a batch again and writes its accepted rows.
///
/// # Errors
/// `ALREADY_EXISTS`, `STALE` when somebody was faster with a card.
pub(super) async fn write(core: &Core, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Written>, Problem> {
    let judged = judge::judge(core, conn, batch, Purpose::Commit).await?;
    let mut written = Vec::with_capacity(judged.len());
    for row in &judged {
        let verdict = judge::verdict(row);
        let memo = match row {
            Judged { ruling: Ok(ruling), .. } => apply(core, conn, ruling).await?,
            Judged { ruling: Err(_), .. } => None,
        };
        let created = memo.as_ref().filter(|memo| memo.before.is_none()).map(|memo| memo.card);
        written.push(Written { verdict, created, memo: memo.map(serde_json::to_value).transpose()? });
    }
    Ok(written)
}

async fn apply(core: &Core, conn: &mut Conn, ruling: &Ruling) -> Result<Option<Memo>, Problem> {
    let Ruling { draft, home, effect } = ruling;
    match effect {
        Effect::Same => Ok(None),
        Effect::Change(known, stand) => {
            set(conn, (known.id, known.version), stand).await?;
            note(core, conn, home, "card.import_change", known.id).await?;
            Ok(Some(Memo { card: known.id, version: known.version + 1, before: Some(known.stand.clone()) }))
        }
        Effect::New => {
            let from = draft.from.unwrap_or(core.today());
            let stand = Stand {
                bank_code: Some(draft.bank.to_owned()),
                last4: Some(draft.last4.clone()),
                bank_reference: draft.reference.clone(),
                status: draft.status.as_str().to_owned(),
                valid_from: from,
                valid_to: draft.to.unwrap_or(open_end()).max(from),
                lost_at: (draft.status == Status::Lost).then(|| core.now()),
            };
            let division = org::division_of(conn, home.org).await?;
            let new = NewCard {
                person: home.person,
                kind: draft.kind,
                status: draft.status,
                valid: (stand.valid_from, stand.valid_to),
                replaces: None,
            };
            let id = issue::insert(core, conn, &division, &new).await?;
            set(conn, (id, 1), &stand).await?;
            note(core, conn, home, "card.import", id).await?;
            Ok(Some(Memo { card: id, version: 2, before: None }))
        }
    }
}

async fn set(conn: &mut Conn, (id, version): (Uuid, i32), stand: &Stand) -> Result<(), Problem> {
    let done = diesel::update(card::table.find(id).filter(card::version.eq(version)))
        .set((stand, card::version.eq(card::version + 1)))
        .execute(conn)
        .await?;
    if done == 1 { Ok(()) } else { Err(Problem::new(Code::Stale)) }
}

async fn note(core: &Core, conn: &mut Conn, home: &Home, action: &str, id: Uuid) -> Result<(), Problem> {
    let event = Actor::task().event(core.id(), core.now(), Some(&home.path), action, ("card", Some(id)));
    audit::append(conn, &event.about(home.person)).await
}

/// Takes rows back whose cards nobody changed since; answers the others.
///
/// # Errors
/// A foreign key's refusal, for what is in use.
pub(super) async fn revert(
    core: &Core,
    conn: &mut Conn,
    rows: &[Undo],
) -> Result<Vec<(Uuid, &'static str)>, Problem> {
    let mut kept = Vec::new();
    for row in rows {
        let Memo { card: id, version, before } = serde_json::from_value(row.memo.clone())?;
        let found: Option<(Uuid, i32)> = card::table
            .find(id)
            .select((card::person_id, card::version))
            .for_update()
            .first(conn)
            .await
            .optional()?;
        let Some((person, _)) = found.filter(|(_, now)| *now == version) else {
            kept.push((row.id, CHANGED_SINCE));
            continue;
        };
        match before {
            Some(stand) => set(conn, (id, version), &stand).await?,
            None => {
                diesel::delete(card::table.find(id)).execute(conn).await?;
            }
        }
        let event = Actor::task().event(core.id(), core.now(), None, "card.take_back", ("card", Some(id)));
        audit::append(conn, &event.about(person).changes(json!({"version": version}))).await?;
    }
    Ok(kept)
}
