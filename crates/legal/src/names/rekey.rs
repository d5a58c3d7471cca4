//! Keys of names that were made by an older version are made anew: a migration cannot, since the rules are Rust. Until the task
//! has run, older rows are compared by their older keys. It runs every day and finds nothing to do on all but one.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use unionhall_web::Actor;
use uuid::Uuid;

use super::{VERSION, organisation, person};
use crate::schema::{
    legal_engagement as engagements, legal_firm as firms, legal_lawyer as lawyers, legal_party as parties,
};
use crate::wall;

/// The kind of task.
pub const REKEY: &str = "legal.rekey";
/// Rows of each table in one transaction.
const BATCH: i64 = 500;

// Rows of a table whose keys are old: their ids with what `$keys` makes of the columns.
macro_rules! renewed {
    ($tx:expr, $table:ident, $columns:expr, $keys:expr) => {{
        let old = $table::table.filter($table::keys_version.lt(VERSION)).order($table::id).limit(BATCH);
        let found: Vec<_> = old.select(($table::id, $columns)).for_update().load($tx).await?;
        let number = found.len();
        for (id, told) in found {
            let id: Uuid = id;
            diesel::update($table::table.find(id))
                .set(($table::name_keys.eq($keys(told)), $table::keys_version.eq(VERSION)))
                .execute($tx)
                .await?;
        }
        number
    }};
}

fn of_party((kind, name): (String, String)) -> Vec<String> {
    if kind == "person" { person(&name) } else { organisation(&name) }
}

async fn batch(tx: &mut Conn) -> Result<usize, Problem> {
    let firms = renewed!(tx, firms, firms::name, |name: String| organisation(&name));
    let lawyers = renewed!(tx, lawyers, lawyers::name, |name: String| person(&name));
    let engaged = renewed!(tx, engagements, (engagements::kind, engagements::name), of_party);
    let parties = renewed!(tx, parties, (parties::kind, parties::name), of_party);
    Ok(firms + lawyers + engaged + parties)
}

/// Makes old keys anew, and takes questions back from those who stand behind the wall by the new ones.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn rekey(core: &Core) -> Result<(), Problem> {
    let once = async |tx: &mut Conn| {
        let renewed = batch(tx).await?;
        if renewed > 0 {
            wall::take_back(core, tx, &Actor::task()).await?;
        }
        Ok(renewed)
    };
    while core.db.write(once).await? > 0 {}
    Ok(())
}
