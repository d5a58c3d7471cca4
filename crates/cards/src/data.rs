//! What this room holds about somebody, for their own copy of it.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::schema::card;

/// A card. 会员卡
#[derive(Debug, Serialize, ToSchema)]
pub struct CardCopy {
    /// 卡号
    number: String,
    #[schema(example = "virtual")]
    kind: String,
    /// As it is stored; what holds at the till is computed.
    #[schema(example = "ACTIVE")]
    status: String,
    bank_code: Option<String>,
    last4: Option<String>,
    bank_reference: Option<String>,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    issued_at: String,
    lost_at: Option<String>,
}

/// Copies a person's cards.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn copy(conn: &mut Conn, person: Uuid) -> Result<Copied<CardCopy>, Problem> {
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = card)]
    struct Row {
        number: String,
        kind: String,
        status: String,
        bank_code: Option<String>,
        last4: Option<String>,
        bank_reference: Option<String>,
        valid_from: NaiveDate,
        valid_to: NaiveDate,
        issued_at: DateTime<Utc>,
        lost_at: Option<DateTime<Utc>>,
    }
    let rows: Vec<Row> = card::table
        .filter(card::person_id.eq(person))
        .order(card::n.desc())
        .limit(COPIED + 1)
        .select(Row::as_select())
        .load(conn)
        .await?;
    Ok(Copied::cut(rows, |row| CardCopy {
        number: row.number,
        kind: row.kind,
        status: row.status,
        bank_code: row.bank_code,
        last4: row.last4,
        bank_reference: row.bank_reference,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        issued_at: instant(row.issued_at),
        lost_at: row.lost_at.map(instant),
    }))
}
