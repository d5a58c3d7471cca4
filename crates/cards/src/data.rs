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
    type Row = (String, String, String, NaiveDate, NaiveDate, DateTime<Utc>, Option<DateTime<Utc>>);
    let rows: Vec<Row> = card::table
        .filter(card::person_id.eq(person))
        .order(card::n.desc())
        .limit(COPIED + 1)
        .select((
            card::number,
            card::kind,
            card::status,
            card::valid_from,
            card::valid_to,
            card::issued_at,
            card::lost_at,
        ))
        .load(conn)
        .await?;
    Ok(Copied::cut(rows, |(number, kind, status, valid_from, valid_to, issued, lost)| CardCopy {
        number,
        kind,
        status,
        valid_from,
        valid_to,
        issued_at: instant(issued),
        lost_at: lost.map(instant),
    }))
}
