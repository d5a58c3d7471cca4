//! The timeline of a case: what was done and said, in order, never changed. Entries are public, for the member too, or
//! internal; their text is sealed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use crate::clock::Case;
use crate::schema::case_entry as entries;

const TEXT: &str = "case_entry.text";

/// Who made an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The member it is about.
    Member(Uuid),
    /// A lawyer: the natural person.
    Lawyer(Uuid),
    /// A union's cadre: the natural person.
    Cadre(Uuid),
    /// The platform.
    Platform,
}

impl Author {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member(_) => "member",
            Self::Lawyer(_) => "lawyer",
            Self::Cadre(_) => "cadre",
            Self::Platform => "platform",
        }
    }

    const fn person(self) -> Option<Uuid> {
        match self {
            Self::Member(person) | Self::Lawyer(person) | Self::Cadre(person) => Some(person),
            Self::Platform => None,
        }
    }
}

/// A new entry.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    /// Whether the member reads it.
    pub public: bool,
    /// `message`, `note`, or what was done: `assigned`, `closed`, …
    pub what: &'a str,
    /// Who made it.
    pub author: Author,
    /// The state the case is in from now on, where it changed.
    pub state: Option<&'a str>,
    /// What was said.
    pub text: Option<&'a str>,
}

/// An entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// Its place in the case, from 1 on without a gap.
    pub seq: i32,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the member reads it.
    pub public: bool,
    /// What was done.
    pub what: String,
    /// `member`, `lawyer`, `cadre`, `platform`.
    pub author: String,
    /// The natural person, for those who may know.
    pub person: Option<Uuid>,
    /// The state it led to.
    pub state: Option<String>,
    /// What was said.
    pub text: Option<String>,
}

/// Appends an entry. The caller holds the case's row, so that two entries never want one place.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn append(core: &Core, tx: &mut Conn, case: Case, entry: NewEntry<'_>) -> Result<i32, Problem> {
    let last: Option<i32> = entries::table
        .filter(entries::case_id.eq(case.id))
        .select(diesel::dsl::max(entries::seq))
        .first(tx)
        .await?;
    let (id, seq) = (core.id(), last.unwrap_or(0) + 1);
    let text = entry.text.map(|text| core.sealer.seal_text(TEXT, id, text)).transpose()?;
    diesel::insert_into(entries::table)
        .values((
            entries::id.eq(id),
            entries::kind.eq(case.kind),
            entries::case_id.eq(case.id),
            entries::seq.eq(seq),
            entries::at.eq(core.now()),
            entries::public.eq(entry.public),
            entries::what.eq(entry.what),
            entries::author.eq(entry.author.as_str()),
            entries::person_id.eq(entry.author.person()),
            entries::state.eq(entry.state),
            entries::text.eq(text),
        ))
        .execute(tx)
        .await?;
    Ok(seq)
}

/// Entries of a case after a place, in order; internal ones too where asked for.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn after(
    core: &Core,
    conn: &mut Conn,
    case: Uuid,
    seq: i32,
    (internal, limit): (bool, i64),
) -> Result<Vec<Entry>, Problem> {
    type Row =
        (Uuid, i32, DateTime<Utc>, bool, String, String, Option<Uuid>, Option<String>, Option<Vec<u8>>);
    let mut query = entries::table
        .filter(entries::case_id.eq(case).and(entries::seq.gt(seq)))
        .order(entries::seq)
        .limit(limit)
        .select((
            entries::id,
            entries::seq,
            entries::at,
            entries::public,
            entries::what,
            entries::author,
            entries::person_id,
            entries::state,
            entries::text,
        ))
        .into_boxed();
    if !internal {
        query = query.filter(entries::public.eq(true));
    }
    let entry = |(id, seq, at, public, what, author, person, state, text): Row| {
        let text = text.map(|sealed| core.sealer.open_text(TEXT, id, &sealed)).transpose()?;
        Ok(Entry { id, seq, at, public, what, author, person, state, text })
    };
    query.load::<Row>(conn).await?.into_iter().map(entry).collect()
}
