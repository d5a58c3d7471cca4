//! The database and what is in it.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use diesel_async::AsyncConnection as _;
use secrecy::ExposeSecret as _;
use unionhall_kernel::clock::{RandomIds, SystemClock, shanghai, shanghai_day_start};
use unionhall_kernel::{Clock as _, Problem};
use unionhall_storage::keys::KeyRing;
use unionhall_storage::server::{self, Server};
use unionhall_storage::training::{self, Refusal};
use unionhall_storage::{Conn, backlog, db, migrate};

use super::{Finding, fail, ok, timely, warn};
use crate::config::{Config, Profile};

/// The oldest PostgreSQL that is tested.
const OLDEST: i32 = 150_000;
/// Copies agree about what changed lately as long as their clocks are closer than this, in milliseconds.
const CLOCKS: i64 = 5_000;
/// What two machines with a time service do not reach.
const DRIFT: i64 = 500;
/// A due task that waited longer, in seconds, was not waited for by any worker.
const LAG: f64 = 300.0;

fn told(problem: &Problem) -> String {
    problem.source.as_ref().map_or_else(|| problem.code.entry().code.to_owned(), ToString::to_string)
}

async fn asked<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, String> {
    timely(async { work.await.map_err(|problem| told(&problem)) }).await
}

/// Everything that is asked of the database.
pub(super) async fn all(config: &Config) -> Vec<Finding> {
    let mut conn = match timely(Conn::establish(config.database_url.expose_secret())).await {
        Ok(conn) => conn,
        Err(why) => {
            let rest = ["clock", "migrations", "keys", "queue"];
            let what = format!(
                "cannot be reached ({why}): is it running, does database_url name it, may this role log in?"
            );
            let skipped = rest.map(|name| warn(name, "not looked at: the database cannot be reached"));
            return std::iter::once(fail("database", what)).chain(skipped).collect();
        }
    };
    let mut found = Vec::new();
    match asked(server::of(&mut conn)).await {
        Ok(server) => {
            found.extend(the_server(&server));
            found.push(connections(config, &server));
            found.extend(privileges(&server));
        }
        Err(why) => found.push(fail("database", format!("cannot be asked about itself ({why})"))),
    }
    found.push(clock(&mut conn).await);
    found.push(zone(&mut conn).await);
    let (migrations, empty) = migrations(&mut conn).await;
    found.push(migrations);
    if empty {
        let what = "not looked at: there are no tables yet";
        found.extend(["keys", "queue"].map(|name| warn(name, what)));
        return found;
    }
    found.push(keys(config, &mut conn).await);
    found.extend(queue(&mut conn).await);
    found.extend(training_base(config, &mut conn).await);
    found
}

// Only where it matters; the profile itself stands in the line of the configuration.
async fn training_base(config: &Config, conn: &mut Conn) -> Option<Finding> {
    const NAME: &str = "training";
    if config.profile != Profile::Training {
        return None;
    }
    match asked(training::is_production(conn)).await {
        Ok(false) => {}
        Ok(true) => return Some(fail(NAME, Refusal::Production.to_string())),
        Err(why) => return Some(fail(NAME, format!("the database cannot be asked ({why})"))),
    }
    Some(match asked(training::base(conn)).await {
        Err(why) => fail(NAME, format!("the base cannot be read ({why})")),
        Ok(None) => warn(NAME, Refusal::NoBase.to_string()),
        Ok(Some(base)) => {
            let at = |at: DateTime<Utc>| at.with_timezone(&shanghai()).format("%Y-%m-%d %H:%M");
            let told = format!("kept {}, last put back {}", at(base.kept_at), at(base.reset_at));
            match training::is_due(base.reset_at, SystemClock.now(), true) {
                true => warn(NAME, format!("{told}: it is due; does a worker run?")),
                false => ok(NAME, told),
            }
        }
    })
}

fn the_server(server: &Server) -> Vec<Finding> {
    const NAME: &str = "database";
    let version = format!("PostgreSQL {}.{}", server.version / 10_000, server.version % 10_000);
    let mut found = Vec::new();
    if server.version < OLDEST {
        found.push(fail(NAME, format!("{version}: 15 or later is needed")));
    }
    if server.standby {
        found.push(fail(NAME, "it is a standby, which takes no writes: name the primary"));
    }
    if !db::is_english(&server.language) {
        let what = format!(
            "lc_messages is {}: a superuser must ALTER DATABASE … SET lc_messages = 'C'",
            server.language
        );
        found.push(fail(NAME, what));
    }
    if server.encoding != "UTF8" {
        found
            .push(fail(NAME, format!("its encoding is {}: create it with ENCODING 'UTF8'", server.encoding)));
    }
    if !server.unsafe_settings.is_empty() {
        let what =
            format!("{}: what was acknowledged can be lost when the machine fails", server.unsafe_settings);
        found.push(warn(NAME, what));
    }
    if found.is_empty() {
        let size = server.bytes as f64 / f64::from(1 << 30);
        found.push(ok(
            NAME,
            format!("{version}, {size:.1} GiB; no extension is needed; its own disk must be looked at there"),
        ));
    }
    found
}

fn connections(config: &Config, server: &Server) -> Finding {
    const NAME: &str = "connections";
    // A server's threads hold one more each, and a start takes one for a moment.
    let pools = config.db_writers.saturating_add(config.db_readers);
    let own = pools.saturating_add(config.threads()).saturating_add(1);
    let (all, used) = (server.connections, server.connected);
    let needed = i64::try_from(own).unwrap_or(i64::MAX);
    let told = format!(
        "a server takes up to {own}, a worker up to {}; PostgreSQL gives {all}, of which {used} are in use",
        pools.saturating_add(1)
    );
    if needed > all {
        fail(NAME, format!("{told}: raise max_connections or lower db_writers and db_readers"))
    } else if needed.saturating_mul(2) > all {
        warn(NAME, format!("{told}: there is no room for a second copy, as a rolling upgrade needs"))
    } else {
        ok(NAME, told)
    }
}

fn privileges(server: &Server) -> Vec<Finding> {
    const NAME: &str = "privileges";
    let mut found = Vec::new();
    if !server.forbidden.is_empty() {
        found.push(fail(NAME, format!("this role may not read and write: {}", server.forbidden)));
    }
    if !server.may_create {
        found.push(warn(NAME, "this role may not make tables: `migrate` must run as one that may"));
    }
    if server.superuser {
        found.push(warn(NAME, "this role is a superuser: it needs to own its database and nothing more"));
    }
    if found.is_empty() {
        found.push(ok(NAME, "this role may read, write and migrate, and is no superuser"));
    }
    found
}

async fn clock(conn: &mut Conn) -> Finding {
    const NAME: &str = "clock";
    let before = SystemClock.now();
    let theirs = match asked(server::clock(conn)).await {
        Ok(theirs) => theirs,
        Err(why) => return fail(NAME, format!("the database's cannot be asked for ({why})")),
    };
    // Theirs was read somewhere in between.
    let after = SystemClock.now();
    let (ahead, behind) = ((theirs - after).num_milliseconds(), (before - theirs).num_milliseconds());
    let (off, word) = if behind > 0 { (behind, "behind") } else { (ahead.max(0), "ahead") };
    let told = format!("the database's is {off} ms {word} of this machine's");
    match off {
        off if off > CLOCKS => {
            fail(NAME, format!("{told}: codes of cards and revocations go wrong; run a time service on both"))
        }
        off if off > DRIFT => warn(NAME, format!("{told}: does a time service run on both?")),
        _ => ok(NAME, told),
    }
}

async fn zone(conn: &mut Conn) -> Finding {
    const NAME: &str = "time_zone";
    let ours = NaiveDate::from_ymd_opt(2026, 1, 1).map(shanghai_day_start);
    match asked(server::shanghai_midnight(conn)).await {
        Ok(theirs) if Some(theirs) == ours => ok(NAME, "the database knows Asia/Shanghai"),
        Ok(_) => fail(NAME, "the database has another Asia/Shanghai than we: renew its time zone data"),
        Err(why) => fail(
            NAME,
            format!("the database does not know Asia/Shanghai ({why}): install its time zone data"),
        ),
    }
}

// The finding, and whether there is nothing in the database to look at.
async fn migrations(conn: &mut Conn) -> (Finding, bool) {
    const NAME: &str = "migrations";
    let state = match asked(migrate::state(conn)).await {
        Ok(state) => state,
        Err(why) => return (fail(NAME, format!("cannot be asked for ({why})")), false),
    };
    let (applied, pending) = (state.applied.len(), state.pending.len());
    let finding = if pending > 0 {
        fail(NAME, format!("{pending} of {} are not applied: run `unionhall migrate`", pending + applied))
    } else if !state.unknown.is_empty() {
        let unknown = state.unknown.join(", ");
        warn(
            NAME,
            format!(
                "all {applied} are applied, and {unknown}, which a newer version brought: upgrade this one"
            ),
        )
    } else {
        ok(NAME, format!("all {applied} are applied"))
    };
    (finding, applied == 0)
}

async fn keys(config: &Config, conn: &mut Conn) -> Finding {
    const NAME: &str = "keys";
    let Ok(kek) = config.kek() else {
        return fail(NAME, "not looked at: there is no key-encryption key");
    };
    match asked(KeyRing::new(&kek, Arc::new(RandomIds::default())).count(conn)).await {
        Err(why) => fail(
            NAME,
            format!(
                "one does not open ({why}): is this the key-encryption key that the database was made with?"
            ),
        ),
        Ok(counts) if counts.iter().all(|(_, n)| *n == 0) => {
            warn(NAME, "there are none yet: `migrate` makes them")
        }
        Ok(counts) => {
            let (missing, there): (Vec<_>, Vec<_>) = counts.into_iter().partition(|(_, n)| *n == 0);
            let there: Vec<String> =
                there.iter().map(|(purpose, n)| format!("{} {n}", purpose.as_str())).collect();
            let missing: Vec<&str> = missing.iter().map(|(purpose, _)| purpose.as_str()).collect();
            let told = format!("all open: {}", there.join(", "));
            if missing.is_empty() {
                ok(NAME, told)
            } else {
                warn(NAME, format!("{told}; made at the next start: {}", missing.join(", ")))
            }
        }
    }
}

async fn queue(conn: &mut Conn) -> Vec<Finding> {
    const NAME: &str = "queue";
    let now = match asked(backlog::of(conn, SystemClock.now())).await {
        Ok(now) => now,
        Err(why) => return vec![fail(NAME, format!("cannot be asked for ({why})"))],
    };
    let told = format!(
        "{} tasks due, the oldest for {:.0} s; {} running; {} events not dispatched, the oldest for {:.0} s",
        now.due, now.oldest_due, now.running, now.events, now.oldest_event
    );
    let late = now.oldest_due > LAG || now.oldest_event > LAG;
    let mut found =
        vec![if late { fail(NAME, format!("{told}: does a worker run?")) } else { ok(NAME, told) }];
    // A task keeps the code of its last error, never its words.
    for task in asked(backlog::failing(conn)).await.unwrap_or_default() {
        let error = task.last_error.as_deref().unwrap_or("nothing");
        found.push(match task.state.as_str() {
            "failed" => fail(
                "task",
                format!(
                    "{} × {} given up with {error}: see the log for why, then queue it again",
                    task.n, task.kind
                ),
            ),
            _ => warn(
                "task",
                format!("{} × {} failed with {error} and will be tried again", task.n, task.kind),
            ),
        });
    }
    found
}
