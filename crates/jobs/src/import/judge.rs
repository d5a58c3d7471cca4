//! Judges rows of a file of postings against the database, by what judges a recruiter's posting.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::import::reason::{
    BELOW_MINIMUM_WAGE, DUPLICATE_IN_FILE, EMPLOYER_REFUSED, LEXICON_BLOCKED, Reason, UNION_UNKNOWN,
};
use unionhall_registry::import::room::{Batch, Verdict};
use unionhall_registry::import::rows::{self, Outcome};
use unionhall_registry::import::unions::{self, Place};
use unionhall_storage::{BlindIndex, Conn, Core};

use super::draft::{self, Draft};
use crate::posting::lint::Hit;
use crate::posting::{self, Source};
use crate::schema::{job_posting_source as source, recruiter};

/// A batch, judged.
pub(super) struct Judged {
    /// The union its postings are entered under; none when it is out of the importer's reach by now.
    pub home: Option<Place>,
    pub rows: Vec<Row>,
}

/// A row, judged.
pub(super) struct Row {
    pub key: Option<BlindIndex>,
    pub ruling: Result<Ruling, Reason>,
}

/// An accepted row.
pub(super) enum Ruling {
    /// A posting, with what the reviewer is to look at.
    New(Box<Draft>, Vec<Hit>),
    /// The source's number is known: nothing changes.
    Same,
}

/// The verdict as imports keep it.
pub(super) fn verdict(row: &Row, home: Option<&Place>) -> Verdict {
    let outcome = |ruling: &Ruling| match ruling {
        Ruling::New(..) => Outcome::New,
        Ruling::Same => Outcome::Same,
    };
    Verdict {
        key: row.key.clone(),
        person: None,
        org: row.ruling.as_ref().ok().and(home).map(|home| home.id),
        flags: Vec::new(),
        ruling: row.ruling.as_ref().map(outcome).map_err(|code| *code),
    }
}

// A number of a source is told once in a file.
fn key(core: &Core, of: &Source) -> BlindIndex {
    core.sealer.blind("job_posting_source", &format!("{}\n{}", of.name, of.number))
}

/// Judges the rows of a batch.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(super) async fn judge(core: &Core, conn: &mut Conn, batch: Batch<'_>) -> Result<Judged, Problem> {
    let today = core.today();
    let home = unions::known(conn, batch.import, HashSet::new()).await?.default();
    let read: Vec<Result<(BlindIndex, Draft), Reason>> = batch
        .rows
        .iter()
        .map(|cells| {
            let draft = draft::read(batch.columns, cells, today)?;
            Ok((key(core, &draft.source), draft))
        })
        .collect();
    let good = || read.iter().filter_map(|row| row.as_ref().ok());
    let keys: Vec<BlindIndex> = good().map(|(key, _)| key.clone()).collect();
    let above = rows::documents_above(conn, batch.import.id, batch.first, &keys).await?;
    let numbers: Vec<&str> = good().map(|(_, draft)| draft.source.number.as_str()).collect();
    let known: HashSet<(String, String)> = source::table
        .filter(source::number.eq_any(numbers))
        .select((source::name, source::number))
        .load(conn)
        .await?
        .into_iter()
        .collect();
    let usccs: Vec<&str> = good().map(|(_, draft)| draft.uscc.as_str()).collect();
    let refused: Vec<String> = recruiter::table
        .filter(recruiter::uscc.eq_any(usccs).and(recruiter::state.ne("VERIFIED")))
        .select(recruiter::uscc)
        .load(conn)
        .await?;
    let refused: HashSet<String> = refused.into_iter().collect();
    let mut seen: HashSet<BlindIndex> = above.into_iter().collect();
    let mut judged = Vec::with_capacity(read.len());
    for row in read {
        judged.push(match row {
            Err(code) => Row { key: None, ruling: Err(code) },
            Ok((key, draft)) => {
                let named = (draft.source.name.clone(), draft.source.number.clone());
                let ruling = if home.is_none() {
                    Err(UNION_UNKNOWN)
                } else if seen.contains(&key) {
                    Err(DUPLICATE_IN_FILE)
                } else if refused.contains(&draft.uscc) {
                    Err(EMPLOYER_REFUSED)
                } else if known.contains(&named) {
                    Ok(Ruling::Same)
                } else {
                    said(conn, draft, today).await?
                };
                if ruling.is_ok() {
                    seen.insert(key.clone());
                }
                Row { key: Some(key), ruling }
            }
        });
    }
    Ok(Judged { home, rows: judged })
}

async fn said(
    conn: &mut Conn,
    draft: Draft,
    today: chrono::NaiveDate,
) -> Result<Result<Ruling, Reason>, Problem> {
    match posting::judge(conn, &draft.terms, today).await {
        Ok(hits) => Ok(Ok(Ruling::New(Box::new(draft), hits))),
        Err(problem) if problem.code == Code::ValidationFailed => {
            let is_lexicon = problem.errors.iter().any(|error| error.code == "LEXICON_BLOCKED");
            Ok(Err(if is_lexicon { LEXICON_BLOCKED } else { BELOW_MINIMUM_WAGE }))
        }
        Err(problem) => Err(problem),
    }
}
