//! The ground of the tree: the territorial unions of Henan (1 + 17 + 181 + 2,586) and a holding pool for each
//! county, from the division table. Loading twice changes nothing.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sha2::{Digest as _, Sha256};
use unionhall_kernel::Problem;
use unionhall_kernel::division::{self, Division};
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use crate::org::{POOL, path_under};
use crate::schema::org;

/// Rows an INSERT carries: PostgreSQL takes at most 65,535 binds.
const CHUNK: usize = 1000;

/// A territorial union's code: the division code without the zeros that only fill it up.
fn code_of(division: &Division) -> &'static str {
    match division.level {
        1 => division.code.get(..2).unwrap_or(division.code),
        2 => division.code.get(..4).unwrap_or(division.code),
        _ => division.code,
    }
}

// The same in every installation, so that test data and apps may name these unions. An id says nothing that the code does
// not, and the code is public.
fn id_of(code: &str) -> Uuid {
    let digest = Sha256::digest(format!("unionhall territorial union {code}"));
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

const fn type_of(level: u8) -> &'static str {
    match level {
        1 => "10",
        2 => "9",
        3 => "8",
        _ => "6",
    }
}

#[derive(Insertable)]
#[diesel(table_name = org)]
struct Row {
    id: Uuid,
    code: String,
    parent_id: Option<Uuid>,
    path: String,
    name: String,
    org_type: &'static str,
    division_code: &'static str,
    valid_from: NaiveDate,
    created_at: chrono::DateTime<chrono::Utc>,
}

/// Loads what is missing; answers how many unions were added.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn load(core: &Core, conn: &mut Conn) -> Result<usize, Problem> {
    let (now, today) = (core.now(), core.today());
    let existing: Vec<(String, Uuid)> = org::table.select((org::code, org::id)).load(conn).await?;
    let mut ids: std::collections::HashMap<String, Uuid> = existing.into_iter().collect();
    let mut rows = Vec::new();
    // The table is sorted by code, so a parent comes before its children.
    for division in division::henan() {
        let parent = division.parent_code.and_then(division::division);
        let parent_path: Option<String> = parent.map(|_| {
            let mut above: Vec<&Division> = division::ancestors(division.code).collect();
            above.reverse();
            above.iter().fold("/".to_owned(), |path, d| path_under(Some(&path), code_of(d)))
        });
        let parent_id = parent.and_then(|p| ids.get(code_of(p)).copied());
        let mut add = |code: String, parent_id, path: String, name, org_type| {
            if !ids.contains_key(&code) {
                let id = id_of(&code);
                ids.insert(code.clone(), id);
                rows.push(Row {
                    id,
                    code,
                    parent_id,
                    path,
                    name,
                    org_type,
                    division_code: division.code,
                    valid_from: today,
                    created_at: now,
                });
            }
            ids.get(code_of(division)).copied()
        };
        let path = path_under(parent_path.as_deref(), code_of(division));
        let name = format!("{}总工会", division.name);
        let id = add(code_of(division).to_owned(), parent_id, path.clone(), name, type_of(division.level));
        if division.level == 3 {
            let code = format!("{}P", division.code);
            let pool = path_under(Some(&path), &code);
            add(code, id, pool, format!("{}会员周转库", division.name), POOL);
        }
    }
    let added = rows.len();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk: Vec<Row> = rows.by_ref().take(CHUNK).collect();
        diesel::insert_into(org::table).values(chunk).on_conflict_do_nothing().execute(conn).await?;
    }
    Ok(added)
}
