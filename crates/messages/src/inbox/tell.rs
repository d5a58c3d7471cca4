//! Writing messages from events, and planning their pushes, in one transaction: a consumer that dies has done both or
//! neither, and one that runs again finds the message there.

use std::collections::HashMap;

use chrono::Utc;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_identity::account;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use super::{Kind, To, Told};
use crate::preference;
use crate::push::{self, Fresh};
use crate::schema::{inbox_message as message, person_account};

type Row<'a> = (
    diesel::dsl::Eq<message::id, Uuid>,
    diesel::dsl::Eq<message::account_id, Uuid>,
    diesel::dsl::Eq<message::event_key, &'a str>,
    diesel::dsl::Eq<message::kind, &'static str>,
    diesel::dsl::Eq<message::title, &'static str>,
    diesel::dsl::Eq<message::body, &'a str>,
    diesel::dsl::Eq<message::link_rel, &'a str>,
    diesel::dsl::Eq<message::link_id, Option<Uuid>>,
    diesel::dsl::Eq<message::created_at, chrono::DateTime<Utc>>,
);

/// Writes what is new of some messages, each into the inbox of the account it is for; with `pushing`, plans their pushes.
/// Who has no account, or a closed one, is told nothing. Answers the kinds of those that were new.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn tell(core: &Core, tx: &mut Conn, all: &[Told], pushing: bool) -> Result<Vec<Kind>, Problem> {
    let accounts = accounts(tx, all).await?;
    let addressed = |told: &Told| accounts.get(&told.to).copied();
    let ids: Vec<Uuid> = all.iter().filter_map(addressed).collect();
    let chosen = preference::of_all(tx, &ids).await?;
    let now = core.now();
    let rows: Vec<Row<'_>> = all
        .iter()
        .filter_map(|told| Some((told, addressed(told)?)))
        .filter(|(told, account)| chosen.get(account).copied().unwrap_or_default().writes(told.kind))
        .map(|(told, account)| {
            (
                message::id.eq(core.id()),
                message::account_id.eq(account),
                message::event_key.eq(told.key.as_str()),
                message::kind.eq(told.kind.as_str()),
                message::title.eq(told.title),
                message::body.eq(told.body.as_str()),
                message::link_rel.eq(told.link.rel.as_str()),
                message::link_id.eq(told.link.id),
                message::created_at.eq(now),
            )
        })
        .collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let written: Vec<(Uuid, Uuid, String)> = diesel::insert_into(message::table)
        .values(rows)
        .on_conflict((message::account_id, message::event_key))
        .do_nothing()
        .returning((message::id, message::account_id, message::kind))
        .get_results(tx)
        .await?;
    let fresh = written.into_iter().map(|(message, account, kind)| {
        let kind = Kind::parse(&kind)?;
        Ok(Fresh { message, account, kind, chosen: chosen.get(&account).copied().unwrap_or_default() })
    });
    let fresh = fresh.collect::<Result<Vec<_>, Problem>>()?;
    if pushing {
        push::plan(core, tx, &fresh).await?;
    }
    Ok(fresh.iter().map(|fresh| fresh.kind).collect())
}

// The account each is for.
async fn accounts(conn: &mut Conn, all: &[Told]) -> Result<HashMap<To, Uuid>, Problem> {
    let (mut ids, mut persons) = (Vec::new(), Vec::new());
    for told in all {
        match told.to {
            To::Account(id) => ids.push(id),
            To::Person(id) => persons.push(id),
        }
    }
    let open = account::not_closed(conn, &ids).await?;
    let theirs: Vec<(Uuid, Uuid)> = person_account::table
        .filter(person_account::person_id.eq_any(persons))
        .select((person_account::person_id, person_account::account_id))
        .load(conn)
        .await?;
    let by_account = open.into_iter().map(|id| (To::Account(id), id));
    Ok(by_account.chain(theirs.into_iter().map(|(person, id)| (To::Person(person), id))).collect())
}
