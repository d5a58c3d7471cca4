//! Files of the cards that banks issue with the union 联名卡清单: registry's imports ask this room what a row comes to
//! ([`Room`]).
//!
//! A person has one card of a kind that is not over; a row about it changes it, whatever its last four digits were. A row
//! that says a card is over (注销) is about the card with these digits, and makes a record of it where none is known. A file never
//! makes a lost card good again: somebody has to look at that. Tills take the virtual card alone.

mod draft;
mod judge;
mod redact;
mod write;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_registry::import::Kind;
use unionhall_registry::import::cell::Cell;
use unionhall_registry::import::column::Columns;
use unionhall_registry::import::room::{Batch, Room, Undo, Verdict, Written};
use unionhall_registry::reconciliation::Held;
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use self::judge::Purpose;
use crate::schema::{card, member_standing};
use crate::standing::Status;

/// This room's part in imports.
pub struct CardFiles {
    /// Database, clock, chance and keys.
    pub core: Core,
}

#[async_trait]
impl Room for CardFiles {
    fn kind(&self) -> Kind {
        Kind::Cards
    }

    fn redact(&self, columns: &Columns, cells: &mut [Cell]) {
        redact::redact(columns, cells);
    }

    async fn judge(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Verdict>, Problem> {
        let judged = judge::judge(&self.core, conn, batch, Purpose::Validate).await?;
        Ok(judged.iter().map(judge::verdict).collect())
    }

    async fn write(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Written>, Problem> {
        write::write(&self.core, conn, batch).await
    }

    async fn revert(&self, conn: &mut Conn, rows: &[Undo]) -> Result<Vec<(Uuid, &'static str)>, Problem> {
        write::revert(&self.core, conn, rows).await
    }

    async fn holds(&self, conn: &mut Conn, subtree: &OrgScope) -> Result<Vec<Held>, Problem> {
        let counted: Vec<(String, i64)> = card::table
            .inner_join(member_standing::table.on(member_standing::person_id.eq(card::person_id)))
            .filter(member_standing::path.ge(subtree.start()).and(member_standing::path.lt(subtree.end())))
            .filter(card::kind.ne("VIRTUAL"))
            .group_by(card::status)
            .select((card::status, diesel::dsl::count_star()))
            .load(conn)
            .await?;
        let of = |status: Status| counted.iter().find(|(s, _)| s == status.as_str()).map_or(0, |(_, n)| *n);
        Ok(vec![
            Held::new("active", "在用联名卡", of(Status::Active)),
            Held::new("lost", "挂失联名卡", of(Status::Lost)),
            Held::new("revoked", "注销联名卡", of(Status::Revoked)),
        ])
    }
}

/// What a file may change of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Queryable, AsChangeset)]
#[diesel(table_name = card, treat_none_as_null = true)]
struct Stand {
    bank_code: Option<String>,
    last4: Option<String>,
    bank_reference: Option<String>,
    status: String,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    lost_at: Option<DateTime<Utc>>,
}

/// What a row did to a card: the version it left behind, and what was before unless the row made it.
#[derive(Debug, Serialize, Deserialize)]
struct Memo {
    card: Uuid,
    version: i32,
    before: Option<Stand>,
}
