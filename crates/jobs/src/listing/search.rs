//! The search: down the order of publication in windows, of which the index finds what they have in common with what is
//! sought. A rank over all matches of a common word costs what there are of them; a window costs what is in it.
//!
//! The first window is the newest thousand. While there is too little it goes on below with a larger one, sixteen times
//! larger when nothing was found, so that a word nobody uses costs four looks into the index and a common one a single.
//! By relevance, what has all of it in its title comes first, then the rest; each is a stream of its own in the order of
//! publication, and a page knows in which it ended.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Integer, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::hot::{bind, hot};
use unionhall_storage::page::Page;
use utoipa::ToSchema;
use uuid::Uuid;

use super::grams::{self, BLOCK_BITS, NONE, Sought};
use crate::posting::EmploymentType;
use crate::schema::job_listing_no as counter;

/// How much larger a window may be than the one before.
const GROWTH: i64 = 16;

macro_rules! window {
    ($sought:literal) => {
        concat!(
            "SELECT l.no, l.posting_id FROM job_listing l WHERE ",
            $sought,
            "l.words && $2 AND l.no < $3 AND l.visible_until >= $4 \
             AND (l.pay_top_fen >= $5 OR (l.pay_top_fen IS NULL AND $6)) AND NOT (l.words @> $7) \
             ORDER BY l.no DESC LIMIT $8"
        )
    };
}

/// A window of what has all the numbers sought.
pub const SOUGHT: &str = window!("l.words @> $1 AND ");
/// A window of everything: containing nothing would make the index read all of itself.
pub const ALL: &str = window!("$1::integer[] IS NOT NULL AND ");

/// In which order. 排序
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobOrder)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// 相关度: what has the words in its title first, then the newest
    Relevance,
    /// 最新
    Newest,
}

/// Which half of an order by relevance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// All words in the title, or not by relevance at all.
    First,
    /// The rest.
    Rest,
}

/// Where a page ended.
pub type Key = (Stream, i64);

/// What is sought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Words.
    pub sought: Option<Sought>,
    /// A division with all below it.
    pub division_code: Option<String>,
    /// How somebody is employed.
    pub employment: Option<EmploymentType>,
    /// Fen a month; what pays less at most is left out.
    pub pay_from: Option<i64>,
    /// Whether what is not disclosed stays in, where pay is asked for.
    pub undisclosed: bool,
    /// In which order.
    pub order: Order,
    /// Only what was published after this number.
    pub newer_than: i64,
}

/// A listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// In which half it was found.
    pub stream: Stream,
    /// Its place in the order of publication.
    pub no: i64,
    /// The posting.
    pub posting: Uuid,
}

struct Window<'a> {
    has: Vec<i32>,
    has_not: &'a [i32],
    filter: &'a Filter,
    today: NaiveDate,
}

impl Window<'_> {
    async fn read(
        &self,
        conn: &mut Conn,
        blocks: (i64, i64),
        below: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Uuid)>, Problem> {
        let statement = if self.has.is_empty() { ALL } else { SOUGHT };
        let shown_undisclosed = self.filter.pay_from.is_none() || self.filter.undisclosed;
        let query = hot::<(BigInt, SqlUuid), _>(
            statement,
            (
                bind::<Array<Integer>, _>(self.has.clone()),
                bind::<Array<Integer>, _>(grams::cover(blocks.0, blocks.1)),
                bind::<BigInt, _>(below),
                bind::<Date, _>(self.today),
                bind::<BigInt, _>(self.filter.pay_from.unwrap_or_default()),
                bind::<Bool, _>(shown_undisclosed),
                bind::<Array<Integer>, _>(self.has_not.to_vec()),
                bind::<BigInt, _>(limit),
            ),
        );
        Ok(query.load(conn).await?)
    }

    // The newest `limit` below a number.
    async fn walk(&self, conn: &mut Conn, below: i64, limit: i64) -> Result<Vec<(i64, Uuid)>, Problem> {
        let lowest = self.filter.newer_than >> BLOCK_BITS;
        let mut found: Vec<(i64, Uuid)> = Vec::new();
        let mut to = (below.saturating_sub(1).max(0) >> BLOCK_BITS) + 1;
        let mut size = 1;
        while to > lowest {
            let from = to.saturating_sub(size).max(lowest);
            let before = i64::try_from(found.len())?;
            let rows = self.read(conn, (from, to), below, limit - before).await?;
            found.extend(rows.into_iter().filter(|(no, _)| *no > self.filter.newer_than));
            let have = i64::try_from(found.len())?;
            if have >= limit {
                break;
            }
            to = from;
            // As large as what was found so far promises, twice over.
            let more = match have - before {
                0 => GROWTH,
                n => (2 * (limit - have)).div_euclid(n).clamp(2, GROWTH),
            };
            size = size.saturating_mul(more);
        }
        Ok(found)
    }
}

/// The number of the newest listing there ever was.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn newest(conn: &mut Conn) -> Result<i64, Problem> {
    Ok(counter::table.find(1_i16).select(counter::last).first(conn).await?)
}

/// A page of what is sought, after a key.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn search(
    conn: &mut Conn,
    filter: &Filter,
    today: NaiveDate,
    after: Option<Key>,
    limit: i64,
) -> Result<Page<Found>, Problem> {
    let top = newest(conn).await? + 1;
    let wanted = limit + 1;
    let numbers = grams::filters(
        filter.division_code.as_deref(),
        filter.employment,
        // Beside what is not disclosed, the index cannot decide by pay.
        filter.pay_from.filter(|_| !filter.undisclosed),
    );
    let with = |some: &[i32]| [some, numbers.as_slice()].concat();
    let none = [NONE];
    let mut found: Vec<Found> = Vec::new();
    let titled = filter.sought.as_ref().filter(|_| filter.order == Order::Relevance);
    let (first_below, rest_below) = match after {
        None => (Some(top), top),
        Some((Stream::First, no)) => (Some(no), top),
        Some((Stream::Rest, no)) => (None, no),
    };
    if let Some(below) = first_below {
        let has = match (titled, &filter.sought) {
            (Some(sought), _) => with(&sought.in_title),
            (None, Some(sought)) => with(&sought.anywhere),
            (None, None) => with(&[]),
        };
        let window = Window { has, has_not: &none, filter, today };
        let rows = window.walk(conn, below, wanted).await?;
        found.extend(rows.into_iter().map(|(no, posting)| Found { stream: Stream::First, no, posting }));
    }
    let have = i64::try_from(found.len())?;
    if let Some(sought) = titled.filter(|sought| sought.has_body && have < wanted) {
        let window = Window { has: with(&sought.anywhere), has_not: &sought.in_title, filter, today };
        let rows = window.walk(conn, rest_below, wanted - have).await?;
        found.extend(rows.into_iter().map(|(no, posting)| Found { stream: Stream::Rest, no, posting }));
    }
    Ok(Page::cut(found, limit))
}
