//! Writes what a file of unions says: its rows when it is validated, the unions when it is committed, each in
//! one transaction.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{self, Array, Date, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Problem, Uscc};
use unionhall_storage::tasks::Leased;
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use super::apply::BEFORE;
use super::cell::{self, Cell};
use super::column::Columns;
use super::read::Rows;
use super::rows::{self, Applied, Kept};
use super::run::{self, Walked, number};
use super::union_file::{Draft, Effect, Parent, Verdict, count, judge, outcome};
use super::{Failure, Import, MAX_UNION_ROWS, State, Stop, store};
use crate::org::{self, Org};
use crate::schema::org as orgs;

/// What was before a row changed it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Before {
    pub name: String,
    pub org_type: String,
    pub division_code: String,
    pub uscc: Option<String>,
    /// The version the row left behind.
    pub version: i32,
}

/// Validates a whole file.
///
/// # Errors
/// The file's fault, or ours.
pub(super) async fn validate(
    core: &Core,
    import: &Import,
    columns: &Columns,
    mut source: Rows,
    leased: Option<&Leased>,
) -> Result<Walked, Stop> {
    let mut all = Vec::new();
    while let Some(row) = source.next().await? {
        all.push(row);
        if all.len() > MAX_UNION_ROWS {
            let detail = format!("工会清单不超过{MAX_UNION_ROWS}行，请分批上传。");
            return Err(Stop::File(Failure::new("TOO_MANY_ROWS", detail)));
        }
    }
    if all.is_empty() {
        return Err(Stop::File(Failure::new("NO_ROWS", "文件只有表头，没有数据行。")));
    }
    core.db
        .write(async |tx| {
            let Some(held) = run::hold(tx, import.id, State::Validating, 0).await? else { return Ok(()) };
            run::still_here(core, tx, leased).await?;
            store::set_header(tx, held.id, columns).await?;
            let verdicts = judge(tx, &held, columns, &all).await?;
            let now = core.now();
            let mut kept = Vec::with_capacity(all.len());
            for (at, (cells, verdict)) in all.iter().zip(&verdicts).enumerate() {
                let id = core.ids.id(now);
                let org = match verdict {
                    Ok((_, Effect::Update(org))) => Some(org.id),
                    Ok((_, Effect::Same(org))) => Some(*org),
                    _ => None,
                };
                kept.push(Kept {
                    row_no: number(at + 1),
                    id,
                    cells: cell::seal(&core.sealer, id, cells)?,
                    document: None,
                    outcome: outcome(verdict),
                    code: verdict.as_ref().err().copied(),
                    flags: Vec::new(),
                    org,
                    person: None,
                });
            }
            rows::insert(tx, held.id, &kept).await?;
            store::set_counts(tx, held.id, &count(&verdicts)).await?;
            run::finish(tx, held.id).await
        })
        .await?;
    Ok(Walked::Done)
}

/// Writes all accepted rows in one transaction.
///
/// # Errors
/// The unique index `org_uscc` when somebody was faster: the file is then judged again.
pub(super) async fn write(core: &Core, conn: &mut Conn, import: Import) -> Result<Walked, Problem> {
    let columns = Columns::read(import.kind, import.header.clone().unwrap_or_default());
    let stored = rows::after(conn, import.id, 0, false, MAX_UNION_ROWS).await?;
    let cells: Vec<Vec<Cell>> =
        stored.iter().map(|row| cell::open(&core.sealer, row.id, &row.cells)).collect::<Result<_, _>>()?;
    let verdicts = judge(conn, &import, &columns, &cells).await?;
    let parents = parents(conn, &verdicts).await?;
    let now = core.now();
    let mut made: HashMap<usize, Made<'_>> = HashMap::new();
    let mut applied = Vec::with_capacity(stored.len());
    for (at, (row, verdict)) in stored.iter().zip(&verdicts).enumerate() {
        let mut done = Applied {
            id: row.id,
            outcome: outcome(verdict),
            code: verdict.as_ref().err().copied(),
            org: None,
            person: None,
            created: None,
            membership: None,
            before: None,
        };
        match verdict {
            Ok((draft, Effect::New(parent))) => {
                let above = match parent {
                    Parent::Known(id) => {
                        parents.get(id).map(|p| (p.id, p.path.clone(), p.division_code.clone()))
                    }
                    Parent::Row(at) => made.get(at).map(|m| (m.id, m.path.clone(), m.division.clone())),
                };
                let (parent, path, division) =
                    above.ok_or_else(|| Problem::internal("a union without its parent"))?;
                let code = org::new_code(core.ids.as_ref());
                let new = Made {
                    id: core.ids.id(now),
                    path: org::path_under(Some(&path), &code),
                    code,
                    parent,
                    division: draft.division.map_or(division, str::to_owned),
                    draft,
                };
                (done.created, done.org) = (Some(new.id), Some(new.id));
                made.insert(at, new);
            }
            Ok((draft, Effect::Update(org))) => {
                done.org = Some(org.id);
                done.before = Some(update(core, conn, row.id, org, draft).await?);
            }
            Ok((_, Effect::Same(org))) => done.org = Some(*org),
            Err(_) => {}
        }
        applied.push(done);
    }
    insert(core, conn, &made).await?;
    rows::set_applied(conn, &applied, now).await?;
    let mut counts = count(&verdicts);
    // The rows rejected before are not judged again; they stay rejected for their own reasons.
    counts.total = import.counts.total;
    counts.done = import.counts.total;
    counts.rejected += import.counts.rejected;
    for (code, n) in &import.counts.by_reason {
        *counts.by_reason.entry(code.clone()).or_default() += n;
    }
    store::set_counts(conn, import.id, &counts).await?;
    store::set_state(conn, import.id, State::Committed).await?;
    Ok(Walked::Done)
}

/// A union that a row makes.
struct Made<'a> {
    id: Uuid,
    code: String,
    parent: Uuid,
    path: String,
    division: String,
    draft: &'a Draft,
}

async fn parents(conn: &mut Conn, verdicts: &[Verdict]) -> Result<HashMap<Uuid, Org>, Problem> {
    let known = |verdict: &Verdict| match verdict {
        Ok((_, Effect::New(Parent::Known(id)))) => Some(*id),
        _ => None,
    };
    let ids: HashSet<Uuid> = verdicts.iter().filter_map(known).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let rows: Vec<Org> = orgs::table.filter(orgs::id.eq_any(ids)).select(Org::as_select()).load(conn).await?;
    Ok(rows.into_iter().map(|org| (org.id, org)).collect())
}

async fn insert(core: &Core, conn: &mut Conn, made: &HashMap<usize, Made<'_>>) -> Result<(), Problem> {
    let all: Vec<&Made<'_>> = made.values().collect();
    diesel::sql_query(
        "INSERT INTO org (id, code, parent_id, path, name, org_type, division_code, uscc, valid_from, created_at) \
         SELECT m.*, $9, $10 FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS m",
    )
    .bind::<Array<sql_types::Uuid>, _>(all.iter().map(|m| m.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all.iter().map(|m| m.code.as_str()).collect::<Vec<_>>())
    .bind::<Array<sql_types::Uuid>, _>(all.iter().map(|m| m.parent).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all.iter().map(|m| m.path.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all.iter().map(|m| m.draft.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all.iter().map(|m| m.draft.org_type.unwrap_or("1")).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all.iter().map(|m| m.division.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(
        all.iter().map(|m| m.draft.uscc.as_ref().map(Uscc::as_str)).collect::<Vec<_>>(),
    )
    .bind::<Date, _>(core.today())
    .bind::<Timestamptz, _>(core.now())
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes a union; answers what it was before, sealed.
async fn update(
    core: &Core,
    conn: &mut Conn,
    row: Uuid,
    org: &Org,
    draft: &Draft,
) -> Result<Vec<u8>, Problem> {
    let uscc = draft.uscc.as_ref().map(|uscc| uscc.as_str().to_owned()).or_else(|| org.uscc.clone());
    diesel::update(orgs::table.find(org.id))
        .set((
            orgs::name.eq(draft.name.as_str()),
            orgs::org_type.eq(draft.org_type.unwrap_or(&org.org_type)),
            orgs::division_code.eq(draft.division.unwrap_or(&org.division_code)),
            orgs::uscc.eq(uscc),
            orgs::version.eq(orgs::version + 1),
        ))
        .execute(conn)
        .await?;
    let before = Before {
        name: org.name.clone(),
        org_type: org.org_type.clone(),
        division_code: org.division_code.clone(),
        uscc: org.uscc.clone(),
        version: org.version + 1,
    };
    core.sealer.seal(BEFORE, row, &serde_json::to_vec(&before)?)
}
