//! Audit rows. A write leaves one in the transaction of its effect; a reveal or an export commits its
//! *intent* before anything is shown. Rows are only ever inserted; `audit_unsealed` names those that no
//! signed checkpoint covers yet.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use unionhall_kernel::Problem;
use uuid::Uuid;

use crate::db::Conn;
use crate::schema::{audit_event, audit_unsealed};

/// One row.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = audit_event)]
pub struct Event {
    /// UUIDv7.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// The chain it belongs to: the path of the touched row's county union, else the province's.
    pub chain: String,
    /// The natural person who acted.
    pub actor_person: Option<Uuid>,
    /// The account they acted with.
    pub actor_account: Option<Uuid>,
    /// The post they acted for.
    pub post_id: Option<Uuid>,
    /// The union of that post.
    pub org_id: Option<Uuid>,
    /// The channel of the request: `member-app`, `console`, `api`, `task`.
    pub channel: String,
    /// The request.
    pub request_id: Option<Uuid>,
    /// What was done: `membership.freeze`.
    pub action: String,
    /// On what kind of thing.
    pub object_type: String,
    /// Which one.
    pub object_id: Option<Uuid>,
    /// The natural person whose data it is, so they can be shown who looked at it.
    pub subject_person: Option<Uuid>,
    /// Changed fields, masked.
    pub changes: Value,
    /// Why, where a state machine names a reason.
    pub reason: Option<String>,
    /// `done`, `intent`, `refused`.
    pub outcome: String,
    /// The natural person somebody acted for.
    pub on_behalf_of: Option<Uuid>,
}

/// Whether somebody has a hand in a thing already: whoever entered it for another does not decide it.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn has_entered(conn: &mut Conn, object: Uuid, person: Uuid) -> Result<bool, Problem> {
    let rows = audit_event::table
        .filter(audit_event::object_id.eq(object).and(audit_event::actor_person.eq(person)))
        .filter(audit_event::on_behalf_of.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(rows)).get_result(conn).await?)
}

/// Appends a row in the caller's transaction.
///
/// # Errors
/// `INTERNAL` when the row cannot be written; the effect must then not happen either.
pub async fn append(conn: &mut Conn, event: &Event) -> Result<(), Problem> {
    diesel::insert_into(audit_event::table).values(event).execute(conn).await?;
    diesel::insert_into(audit_unsealed::table)
        .values(audit_unsealed::event_id.eq(event.id))
        .execute(conn)
        .await?;
    Ok(())
}

/// Appends many rows in the caller's transaction.
///
/// # Errors
/// As [`append`].
pub async fn append_all(conn: &mut Conn, events: &[Event]) -> Result<(), Problem> {
    // Far below the 65,535 parameters of a statement.
    for events in events.chunks(500) {
        diesel::insert_into(audit_event::table).values(events).execute(conn).await?;
        let unsealed: Vec<_> = events.iter().map(|event| audit_unsealed::event_id.eq(event.id)).collect();
        diesel::insert_into(audit_unsealed::table).values(unsealed).execute(conn).await?;
    }
    Ok(())
}

/// The chain of a union path `/41/4101/410102/…/`: its first three parts, or all of a shorter one. That is the county, and
/// one level deeper where a county stands directly under the province (济源), whose auditors see it all the same.
pub fn chain_of(path: &str) -> String {
    let mut parts = path.split('/').filter(|p| !p.is_empty());
    let mut chain = String::from("/");
    for part in parts.by_ref().take(3) {
        chain.push_str(part);
        chain.push('/');
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::chain_of;

    #[test]
    fn the_chain_is_the_county() {
        assert_eq!(chain_of("/41/4101/410102/E7K2/"), "/41/4101/410102/");
        assert_eq!(chain_of("/41/4101/"), "/41/4101/");
        assert_eq!(chain_of("/41/"), "/41/");
    }
}
