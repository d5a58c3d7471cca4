//! A training system 培训环境 is put back to a *base* every night. The base is a second schema of the same database with a copy
//! of every table; putting back is one transaction, so that whoever dies in the middle leaves all as it was.
//!
//! What is the installation's own is neither copied nor put back: keys (what is sealed must open afterwards), migrations, and
//! the profiles that ran here. Sessions are copied by name and emptied by the reset, so that every token from before is void.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_kernel::clock::{shanghai_date, shanghai_day_start};

use crate::Core;
use crate::audit::{self, Event};
use crate::db::Conn;
use crate::schema::storage_profile;

/// The word of the profile.
pub const PROFILE: &str = "training";
/// The most accounts of a database that becomes a base without being asked twice.
pub const FEW_ACCOUNTS: i64 = 500;
/// When it is put back, hours after midnight in Shanghai.
const HOUR: i64 = 3;
/// How long after that a night still counts as kept; later it is missed.
const NIGHT: Duration = Duration::hours(1);
/// A system that was put back longer ago than this has missed a night.
const DAY: Duration = Duration::hours(24);
/// "Two at once": whoever keeps or resets holds this.
const LOCK: &str = "SET LOCAL statement_timeout = '15min'; SET LOCAL lock_timeout = '60s'; \
                    SELECT pg_advisory_xact_lock(4103)";
/// What a reset leaves empty, with all that refers to it.
const EMPTIED: &[&str] = &["session"];

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A production system has run on this database.
    Production,
    /// Nobody has kept a base.
    NoBase,
    /// The base is another version's.
    OtherSchema,
    /// More accounts than a training system has: how many.
    ManyAccounts(i64),
    /// It is not night, or it is done.
    NotDue,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Production => f.write_str(
                "a production system has run on this database: it is never reset; use a database of its own",
            ),
            Self::NoBase => f.write_str("there is no base: run `unionhall training keep` first"),
            Self::OtherSchema => {
                f.write_str("the base is of another version's schema: run `unionhall training keep` again")
            }
            Self::ManyAccounts(found) => write!(
                f,
                "there are {found} accounts, more than {FEW_ACCOUNTS}: if this really is a training database, say --with-many-accounts"
            ),
            Self::NotDue => f.write_str("it is not due"),
        }
    }
}

/// What came of it: how many tables were copied.
pub type Outcome = Result<usize, Refusal>;

/// The base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Base {
    /// When it was kept.
    #[diesel(sql_type = Timestamptz)]
    pub kept_at: DateTime<Utc>,
    /// When the tables were last as it says: kept or put back.
    #[diesel(sql_type = Timestamptz)]
    pub reset_at: DateTime<Utc>,
}

/// Whether a system that was last put back at `last` is to be put back now: in the hour after three at night in Shanghai; a
/// process that is `starting` also makes up for a night where a whole day was missed. One that runs does not, since whoever put
/// it back by hand in the afternoon would be surprised in the next one.
pub fn is_due(last: DateTime<Utc>, now: DateTime<Utc>, starting: bool) -> bool {
    let at = |day| shanghai_day_start(day) + Duration::hours(HOUR);
    let today = shanghai_date(now);
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let night = if at(today) <= now { at(today) } else { at(yesterday) };
    last < night && (now - night < NIGHT || (starting && now - last > DAY))
}

/// Notes that a profile runs here.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be written.
pub async fn note(conn: &mut Conn, profile: &str, now: DateTime<Utc>) -> Result<(), Problem> {
    diesel::insert_into(storage_profile::table)
        .values((storage_profile::profile.eq(profile), storage_profile::since.eq(now)))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether a production system has run here.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn is_production(conn: &mut Conn) -> Result<bool, Problem> {
    let there = storage_profile::table.filter(storage_profile::profile.eq("production"));
    Ok(diesel::select(diesel::dsl::exists(there)).get_result(conn).await?)
}

/// The base, if one was kept.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn base(conn: &mut Conn) -> Result<Option<Base>, Problem> {
    let there = words(conn, "SELECT '' AS word WHERE to_regclass('training_base._base') IS NOT NULL").await?;
    if there.is_empty() {
        return Ok(None);
    }
    let query = diesel::sql_query("SELECT kept_at, reset_at FROM training_base._base");
    Ok(query.get_result(conn).await.optional()?)
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

async fn words(conn: &mut Conn, query: &str) -> Result<Vec<String>, Problem> {
    let rows: Vec<Word> = diesel::sql_query(query).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.word).collect())
}

// Tables of the application: all but what is the installation's own.
const TABLES: &str = "SELECT c.relname::text AS word FROM pg_class c \
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') \
      AND c.relname NOT LIKE 'storage\\_%' AND c.relname NOT LIKE '\\_\\_diesel%' ORDER BY 1";
const LINKS: &str = "SELECT k.conrelid::regclass::text || ' ' || k.confrelid::regclass::text AS word FROM pg_constraint k \
    WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND k.conrelid <> k.confrelid";
const SHAPE: &str = "SELECT md5(string_agg(format('%s.%s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod)), \
           ',' ORDER BY c.relname, a.attnum)) AS word \
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')";
const TRIGGERS: &str = "SELECT t.tgname::text AS word FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
    WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal";

/// The tables in an order in which they can be filled, and those of them that stay empty.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    order: Vec<String>,
    empty: BTreeSet<String>,
}

impl Plan {
    /// Of tables with whom each refers to.
    fn of(tables: &[String], links: &[(String, String)], emptied: &[&str]) -> Result<Self, Problem> {
        let mut refers: BTreeMap<&str, BTreeSet<&str>> =
            tables.iter().map(|table| (table.as_str(), BTreeSet::new())).collect();
        for (from, to) in links {
            // What refers to the installation's own finds it there.
            if refers.contains_key(to.as_str())
                && let Some(waits) = refers.get_mut(from.as_str())
            {
                waits.insert(to);
            }
        }
        let mut empty: BTreeSet<String> = emptied.iter().map(|table| (*table).to_owned()).collect();
        let mut order: Vec<String> = Vec::with_capacity(tables.len());
        while !refers.is_empty() {
            let ready: Vec<&str> = refers
                .iter()
                .filter(|(_, waits)| waits.iter().all(|on| !refers.contains_key(on)))
                .map(|(t, _)| *t)
                .collect();
            if ready.is_empty() {
                return Err(Problem::internal("tables refer to each other in a circle"));
            }
            for table in ready {
                let waits = refers.remove(table).unwrap_or_default();
                if waits.iter().any(|on| empty.contains(*on)) {
                    empty.insert(table.to_owned());
                }
                order.push(table.to_owned());
            }
        }
        Ok(Self { order, empty })
    }

    async fn read(conn: &mut Conn) -> Result<Self, Problem> {
        // Rows are put back as they were; a trigger would have its own view of that.
        if let Some(name) = words(conn, TRIGGERS).await?.as_slice().first() {
            return Err(Problem::internal(format!("trigger {name} would run while rows are put back")));
        }
        let tables = words(conn, TABLES).await?;
        let links = words(conn, LINKS).await?;
        let links: Vec<(String, String)> = links
            .iter()
            .filter_map(|link| {
                link.replace('"', "").split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()))
            })
            .collect();
        Self::of(&tables, &links, EMPTIED)
    }
}

async fn shape(conn: &mut Conn) -> Result<String, Problem> {
    Ok(words(conn, SHAPE).await?.pop().unwrap_or_default())
}

/// Takes the present state as the base, in place of an earlier one.
///
/// # Errors
/// `INTERNAL` when the role may not create schemas.
pub async fn keep(core: &Core, many: bool) -> Result<Outcome, Problem> {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    core.db
        .write(async |tx| {
            // One picture of all tables, whoever works meanwhile.
            tx.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
            tx.batch_execute(LOCK).await?;
            if is_production(tx).await? {
                return Ok(Err(Refusal::Production));
            }
            let accounts: Number =
                diesel::sql_query("SELECT count(*) AS n FROM account").get_result(tx).await?;
            if accounts.n > FEW_ACCOUNTS && !many {
                return Ok(Err(Refusal::ManyAccounts(accounts.n)));
            }
            let plan = Plan::read(tx).await?;
            tx.batch_execute("DROP SCHEMA IF EXISTS training_base CASCADE; CREATE SCHEMA training_base")
                .await?;
            for table in &plan.order {
                let rows = if plan.empty.contains(table) { "WITH NO DATA" } else { "" };
                let copy =
                    format!("CREATE TABLE training_base.\"{table}\" AS TABLE public.\"{table}\" {rows}");
                tx.batch_execute(&copy).await?;
            }
            tx.batch_execute(
                "CREATE TABLE training_base._base (kept_at timestamptz, reset_at timestamptz, shape text)",
            )
            .await?;
            diesel::sql_query("INSERT INTO training_base._base VALUES ($1, $1, $2)")
                .bind::<Timestamptz, _>(core.now())
                .bind::<Text, _>(shape(tx).await?)
                .execute(tx)
                .await?;
            append(core, tx, "training.keep", plan.order.len()).await?;
            Ok(Ok(plan.order.len()))
        })
        .await
}

/// Puts all tables back to the base, in one transaction; with `nightly` only when it [`is_due`], a missed night included. Of two
/// at once one does it.
///
/// # Errors
/// `UNAVAILABLE` when somebody works on a table for longer than a minute.
pub async fn reset(core: &Core, nightly: bool) -> Result<Outcome, Problem> {
    core.db
        .write(async |tx| {
            tx.batch_execute(LOCK).await?;
            if is_production(tx).await? {
                return Ok(Err(Refusal::Production));
            }
            let Some(base) = base(tx).await? else { return Ok(Err(Refusal::NoBase)) };
            if nightly && !is_due(base.reset_at, core.now(), true) {
                return Ok(Err(Refusal::NotDue));
            }
            if words(tx, "SELECT shape AS word FROM training_base._base").await? != [shape(tx).await?] {
                return Ok(Err(Refusal::OtherSchema));
            }
            let plan = Plan::read(tx).await?;
            let all: Vec<String> = plan.order.iter().map(|table| format!("public.\"{table}\"")).collect();
            tx.batch_execute(&format!("TRUNCATE {}", all.join(", "))).await?;
            for table in &plan.order {
                let back = format!("INSERT INTO public.\"{table}\" SELECT * FROM training_base.\"{table}\"");
                tx.batch_execute(&back).await?;
            }
            diesel::sql_query("UPDATE training_base._base SET reset_at = $1")
                .bind::<Timestamptz, _>(core.now())
                .execute(tx)
                .await?;
            append(core, tx, "training.reset", plan.order.len()).await?;
            Ok(Ok(plan.order.len()))
        })
        .await
}

async fn append(core: &Core, conn: &mut Conn, action: &str, tables: usize) -> Result<(), Problem> {
    let event = Event {
        id: core.id(),
        at: core.now(),
        chain: "/".to_owned(),
        actor_person: None,
        actor_account: None,
        post_id: None,
        org_id: None,
        channel: "task".to_owned(),
        request_id: None,
        action: action.to_owned(),
        object_type: "installation".to_owned(),
        object_id: None,
        subject_person: None,
        changes: json!({"tables": tables}),
        reason: None,
        outcome: "done".to_owned(),
        on_behalf_of: None,
    };
    audit::append(conn, &event).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_due_once_in_the_hour_after_three_in_shanghai() {
        let last = at("2026-11-19T19:00:05Z");
        for (now, due) in [
            ("2026-11-20T16:00:00Z", false),
            ("2026-11-20T18:59:59Z", false),
            ("2026-11-20T19:00:00Z", true),
            ("2026-11-20T19:59:59Z", true),
        ] {
            assert_eq!(is_due(last, at(now), false), due, "{now}");
        }
        assert!(!is_due(at("2026-11-20T19:00:01Z"), at("2026-11-20T19:01:00Z"), true), "done");
    }

    #[test]
    fn a_missed_night_is_made_up_for_at_the_start_and_only_after_a_whole_day() {
        let by_hand = at("2026-11-20T08:00:00Z");
        assert!(!is_due(by_hand, at("2026-11-21T01:00:00Z"), true), "people work already");
        assert!(!is_due(by_hand, at("2026-11-21T08:00:00Z"), true));
        assert!(is_due(by_hand, at("2026-11-21T08:00:01Z"), true));
        assert!(
            !is_due(by_hand, at("2026-11-21T08:00:01Z"), false),
            "whoever runs already waits for the night"
        );
    }

    fn plan(tables: &[&str], links: &[(&str, &str)]) -> Result<Plan, Problem> {
        let tables: Vec<String> = tables.iter().map(|t| (*t).to_owned()).collect();
        let links: Vec<_> = links.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Plan::of(&tables, &links, EMPTIED)
    }

    #[test]
    fn what_is_referred_to_comes_first_and_what_hangs_on_sessions_stays_empty() {
        let links =
            [("a", "b"), ("assist", "session"), ("session", "b"), ("note", "assist"), ("b", "storage_key")];
        let made = plan(&["a", "assist", "b", "note", "session"], &links).unwrap();
        assert_eq!(made.order, ["b", "a", "session", "assist", "note"]);
        assert_eq!(made.empty.iter().collect::<Vec<_>>(), ["assist", "note", "session"]);
        assert!(plan(&["a", "b"], &[("a", "b"), ("b", "a")]).is_err(), "a circle");
    }
}
