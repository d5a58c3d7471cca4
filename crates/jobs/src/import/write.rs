//! Writes what the rows of a file of postings say, and takes it back.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_registry::import::kept::CHANGED_SINCE;
use unionhall_registry::import::room::{Batch, Undo, Written};
use unionhall_registry::import::unions::Place;
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use super::Memo;
use super::draft::Draft;
use super::judge::{self, Ruling};
use crate::posting::lint::Hit;
use crate::posting::{self, Imported};
use crate::recruiter;
use crate::schema::job_posting_source as source;

/// Judges a batch again and writes its accepted rows.
///
/// # Errors
/// `ALREADY_EXISTS` when another file was faster with a source's number.
pub(super) async fn write(core: &Core, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Written>, Problem> {
    let judged = judge::judge(core, conn, batch).await?;
    let mut written = Vec::with_capacity(judged.rows.len());
    for row in &judged.rows {
        let verdict = judge::verdict(row, judged.home.as_ref());
        let memo = match (&row.ruling, &judged.home) {
            (Ok(Ruling::New(draft, hits)), Some(home)) => Some(enter(core, conn, home, draft, hits).await?),
            _ => None,
        };
        let created = memo.as_ref().map(|memo| memo.posting);
        written.push(Written { verdict, created, memo: memo.map(serde_json::to_value).transpose()? });
    }
    Ok(written)
}

async fn enter(
    core: &Core,
    conn: &mut Conn,
    home: &Place,
    draft: &Draft,
    hits: &[Hit],
) -> Result<Memo, Problem> {
    let Draft { name, uscc, terms, valid_through, source } = draft;
    let of =
        recruiter::of_public_service(core, conn, (home.id, &home.path), name, uscc, &terms.division_code)
            .await?;
    let made =
        posting::enter(core, conn, &Imported { of: &of, terms, hits, valid_through: *valid_through, source })
            .await?;
    Ok(Memo { posting: made.id, version: made.version })
}

/// Takes down the postings that nobody touched since; answers the others.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub(super) async fn revert(
    core: &Core,
    conn: &mut Conn,
    rows: &[Undo],
) -> Result<Vec<(Uuid, &'static str)>, Problem> {
    let mut kept = Vec::new();
    for row in rows {
        let Memo { posting: id, version } = serde_json::from_value(row.memo.clone())?;
        if !posting::take_back(core, conn, id, version).await? {
            kept.push((row.id, CHANGED_SINCE));
            continue;
        }
        // The number is free again: the mended file may bring it.
        diesel::delete(source::table.find(id)).execute(conn).await?;
    }
    Ok(kept)
}
