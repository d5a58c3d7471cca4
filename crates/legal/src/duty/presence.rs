//! Who is there: a heartbeat of somebody who may take questions.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Problem, shanghai_date};
use unionhall_storage::Conn;
use uuid::Uuid;

use super::State;
use crate::schema::{
    legal_firm as firms, legal_lawyer as lawyers, legal_leave as leaves, legal_shift as shifts,
};

/// For how long after a heartbeat a lawyer counts as present (E9).
pub const PRESENT_MINUTES: i64 = 5;

// Lawyers on duty at an instant who may take questions.
macro_rules! serving {
    ($at:expr) => {{
        let day = shanghai_date($at);
        let own = shifts::lawyer_id.eq(lawyers::id);
        let theirs = own.or(shifts::backup_id.eq(lawyers::id.nullable()).assume_not_null());
        let is_on = shifts::starts_at.le($at).and(shifts::ends_at.gt($at));
        lawyers::table
            .inner_join(firms::table.on(firms::id.eq(lawyers::firm_id)))
            .inner_join(shifts::table.on(theirs))
            .filter(is_on.and(shifts::state.eq(State::Published.as_str())))
            .filter(lawyers::state.eq("ACTIVE").and(lawyers::licence_until.ge(day)))
            .filter(firms::licence_until.ge(day))
            .filter(not(exists(
                leaves::table
                    .filter(leaves::lawyer_id.eq(lawyers::id).and(leaves::withdrawn_at.is_null()))
                    .filter(leaves::from_date.le(day).and(leaves::to_date.ge(day))),
            )))
    }};
}

/// Notes that a lawyer is there; answers whether they are on duty: a published shift of theirs is on, their service is not
/// suspended, their own licence and their firm's run, and they are not on leave. Only then questions come to them.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn heartbeat(tx: &mut Conn, lawyer: Uuid, now: DateTime<Utc>) -> Result<bool, Problem> {
    diesel::update(lawyers::table.find(lawyer)).set(lawyers::seen_at.eq(now)).execute(tx).await?;
    let on = serving!(now).filter(lawyers::id.eq(lawyer));
    Ok(diesel::select(exists(on)).get_result(tx).await?)
}

/// Whether anybody is on duty at an instant, anywhere, who may take questions.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn is_covered(conn: &mut Conn, at: DateTime<Utc>) -> Result<bool, Problem> {
    let on = serving!(at);
    Ok(diesel::select(exists(on)).get_result(conn).await?)
}
