//! Figures that hold on any machine: the ratio of the service to pgbench with the same SQL text over the same
//! rows, on the same cluster, in the same run, interleaved, the median of five.
//!
//! `card-verify`: the till's first step, whole: the merchant's token, the code opened, the live card and its
//! holder's standing and the offers of the branch from PostgreSQL, the token for step two sealed, the log noted.
//!
//! `job-search` stands in a module of its own.

mod job_search;
mod job_texts;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args as ClapArgs;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use unionhall_cards::Cards;
use unionhall_cards::code::step_at;
use unionhall_simulator::api::Api;
use unionhall_simulator::demo_data::DemoData;
use unionhall_simulator::load::machine::{self, Ticks};
use unionhall_simulator::load::open_loop::{Latencies, OpenLoop};
use unionhall_simulator::load::pgbench::Pgbench;
use unionhall_simulator::load::wrk::Wrk;
use unionhall_simulator::load::{median, spread};
use unionhall_simulator::server::Server;
use unionhall_storage::Core;
use uuid::Uuid;

use super::failed;
use super::holders::{self, numbered};
use super::seed_demo::core;

const COUNTY: &str = "410102";
const VERIFY: &str = "/v1/merchant/verifications";
/// What verification is to reach of pgbench.
const GOAL: f64 = 0.85;
const ROUNDS: u32 = 5;
/// A cluster whose own figure wanders further than this measures the machine's neighbours.
const MAX_SPREAD: f64 = 0.15;
/// Each side is measured at its own best number of clients, found by short runs over these.
const CLIENTS: [usize; 5] = [8, 16, 32, 64, 128];
const TRIAL_SECONDS: u64 = 3;
/// Latency is taken at this part of the service's own saturation.
const CALM: f64 = 0.7;

/// Measures, and says so in JSON.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// What to measure: `card-verify`, `job-search`.
    name: String,
    /// The folder of `demo.json`.
    #[arg(long)]
    data: PathBuf,
    /// One JSON line for each figure on stdout, the verdict last.
    #[arg(long)]
    json: bool,
    /// How many members hold a card.
    #[arg(long, default_value_t = 20_000)]
    members: u32,
    /// How many postings are searched.
    #[arg(long, default_value_t = 1_000_000)]
    postings: u32,
    /// Seconds of each of the ten runs.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
}

/// Runs it; an error says that nothing was measured, or that what was measured is void.
pub fn run(args: Args) -> Result<()> {
    let known = ["card-verify", "job-search"].contains(&args.name.as_str());
    ensure!(known, "there is no bench named {}: card-verify, job-search", args.name);
    // A code lives for at least 30 s and is made when a run begins.
    ensure!((1..=20).contains(&args.seconds), "--seconds goes from 1 to 20");
    ensure!((1..=1_000_000).contains(&args.members), "--members goes from 1 to 1000000");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let handle = runtime.handle().clone();
    runtime.block_on(async move {
        let data = DemoData::read(&args.data)?;
        let (core, cards) = core(handle).await?;
        if args.name == "job-search" {
            let json = args.json;
            let (postings, seconds) = (args.postings, args.seconds);
            return job_search::JobSearch { core, postings, seconds }.run(|line| say(json, line)).await;
        }
        CardVerify { core, cards, data, args }.run().await
    })
}

struct CardVerify {
    core: Core,
    cards: Cards,
    data: DemoData,
    args: Args,
}

#[derive(diesel::QueryableByName)]
struct Word {
    #[diesel(sql_type = diesel::sql_types::Text)]
    word: String,
}

#[allow(clippy::disallowed_methods)] // `./dev` says where its programs and its database are
fn given(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set (run this with ./dev bench)"))
}

impl CardVerify {
    async fn run(self) -> Result<()> {
        self.is_durable().await?;
        let made = holders::ensure_numbered(&self.core, COUNTY, self.args.members).await?;
        self.figure(&json!({"figure": "rows", "members": self.args.members, "loaded_now": made}));
        let url = given("DATABASE_URL")?;
        let tools = PathBuf::from(given("UNIONHALL_PG_BIN")?);
        vacuum(&tools, &url)?;

        let folder = self.args.data.join("bench");
        std::fs::create_dir_all(&folder)?;
        let script = folder.join("verify.sql");
        std::fs::write(&script, script_of(unionhall_merchants::verify::SQL, self.args.members))?;
        let merchant = self.data.merchants.iter().find(|m| m.division == COUNTY).context("a merchant")?;
        let variables = [
            ("branch", merchant.branch_id.clone()),
            ("now", self.core.now().to_rfc3339()),
            ("today", self.core.today().to_string()),
        ];
        let pgbench = Pgbench {
            program: &tools.join("pgbench"),
            url: &url,
            script: &script,
            variables: &variables,
            options: "-c jit=off",
        };

        let server = Server::start(given("UNIONHALL_BIN")?).await?;
        let api = Api::new(&server.url(), &self.data.sms_outbox);
        let token = api.login_merchant(&merchant.staff).await?;
        self.is_right(&api, &token).await?;
        let before = self.logged().await?;
        let headers = vec![format!("authorization: Bearer {token}")];
        let wrk = Wrk { url: format!("{}{VERIFY}", server.url()), headers, folder: &folder };
        let closed = |connections, seconds| Ok(wrk.run(&self.bodies()?, connections, seconds)?.rps());

        let (clients, _) = best(|clients| pgbench.run(clients, TRIAL_SECONDS))?;
        let (connections, _) = best(|connections| closed(connections, TRIAL_SECONDS))?;
        let ticks = Ticks::now()?;
        let (mut tps, mut rps, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 1..=ROUNDS {
            let (database, service) =
                (pgbench.run(clients, self.args.seconds)?, closed(connections, self.args.seconds)?);
            self.figure(&json!({"figure": "round", "round": round, "pgbench_tps": database.round(),
                                "rps": service.round(), "ratio": rounded(service / database, 3)}));
            tps.push(database);
            rps.push(service);
            ratios.push(service / database);
        }
        let rss = machine::rss_mib(server.pid()?)?;
        let rate = CALM * median(&rps);
        let latencies = self.open_loop(&server, &token, rate, connections).await?;
        let stolen = Ticks::now()?.stolen_since(ticks);
        self.was_right(before).await?;

        let (model, cores) = machine::processor();
        let void = spread(&tps) > MAX_SPREAD;
        let ratio = median(&ratios);
        self.figure(&json!({"figure": "latency", "rate": rate.round(), "requests": latencies.len(),
                            "p50_ms": millis(&latencies, 0.5), "p99_ms": millis(&latencies, 0.99),
                            "p999_ms": millis(&latencies, 0.999), "max_ms": millis(&latencies, 1.0)}));
        let verdict = json!({
            "bench": "card-verify", "ratio_to_pgbench": rounded(ratio, 3), "rps": median(&rps).round(),
            "p50_ms": millis(&latencies, 0.5), "p99_ms": millis(&latencies, 0.99), "rss_mib": rss,
            "pgbench_tps": median(&tps).round(), "pgbench_spread": rounded(spread(&tps), 3),
            "pgbench_clients": clients, "connections": connections, "members": self.args.members,
            "steal_percent": rounded(stolen, 2), "processor": model, "cores": cores,
            "goal": GOAL, "met": ratio >= GOAL, "void": void,
        });
        self.say(&verdict);
        ensure!(!void, "void: pgbench itself spread over {:.0} %", 100.0 * spread(&tps));
        Ok(())
    }

    // Progress goes to stderr and figures to stdout, in JSON or for people.
    fn figure(&self, figure: &Value) {
        self.say(&{
            let mut line = json!({"bench": "card-verify"});
            super::seed_demo::merge(&mut line, figure.clone());
            line
        });
    }

    fn say(&self, line: &Value) {
        say(self.args.json, line);
    }

    // Speed without durability would be another database.
    async fn is_durable(&self) -> Result<()> {
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            let word = self.word(&format!("SELECT current_setting('{setting}') AS word")).await?;
            ensure!(word == "on", "{setting} is {word}: a figure needs it on");
        }
        Ok(())
    }

    async fn word(&self, query: &str) -> Result<String> {
        let mut conn = self.core.db.read().await.map_err(failed)?;
        let found: Word = diesel::sql_query(query).get_result(&mut conn).await?;
        Ok(found.word)
    }

    /// Verifications in the log so far: all, and those that said anything but valid.
    async fn logged(&self) -> Result<(u64, u64)> {
        let counts = "SELECT count(*) || ' ' || count(*) FILTER (WHERE result <> 'valid') AS word FROM verification_log";
        let word = self.word(counts).await?;
        let (all, bad) = word.split_once(' ').context("two counts")?;
        Ok((all.parse()?, bad.parse()?))
    }

    async fn is_right(&self, api: &Api, token: &str) -> Result<()> {
        let code = self.code(numbered(self.args.members))?;
        let seen = api.post(VERIFY, &json!({"code": code})).by(token).send().await?.expect(200)?;
        ensure!(seen.get("valid") == Some(&json!(true)), "{seen}");
        let offers = seen.get("offers").and_then(Value::as_array).map_or(0, Vec::len);
        ensure!(offers >= 2, "the branch has a standing and a quota offer: {seen}");
        Ok(())
    }

    // Every answer was a whole one: the load was not a load of refusals.
    async fn was_right(&self, (all, bad): (u64, u64)) -> Result<()> {
        let (all_now, bad_now) = self.logged().await?;
        ensure!(all_now > all, "no verification was logged");
        ensure!(bad_now == bad, "{} verifications of the run said something else than valid", bad_now - bad);
        Ok(())
    }

    fn code(&self, person: Uuid) -> Result<String> {
        self.cards.codes.seal(person, 1, step_at(self.core.now())).map_err(failed)
    }

    fn bodies(&self) -> Result<Vec<String>> {
        (1..=self.args.members).map(|n| Ok(json!({"code": self.code(numbered(n))?}).to_string())).collect()
    }

    async fn open_loop(
        &self,
        server: &Server,
        token: &str,
        rate: f64,
        connections: usize,
    ) -> Result<Latencies> {
        let address = server.url().trim_start_matches("http://").to_owned();
        let whole = |body: String| {
            format!(
                "POST {VERIFY} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
        };
        let requests = self.bodies()?.into_iter().map(whole).collect();
        let duration = Duration::from_secs(self.args.seconds);
        OpenLoop { address: address.clone(), requests, rate, connections, duration }.run().await
    }
}

fn say(json: bool, line: &Value) {
    if json {
        println!("{line}");
        return;
    }
    let mut text = String::new();
    for (name, value) in line.as_object().into_iter().flatten().filter(|(name, _)| *name != "bench") {
        let _ = write!(text, "{name} {value}  ");
    }
    println!("{}", text.trim_end());
}

// The statement with pgbench's variables for its binds: the person by number, the rest as at a till.
fn script_of(sql: &str, members: u32) -> String {
    let person = numbered(0).to_string();
    let stem = person.trim_end_matches('0');
    let digits = person.len() - stem.len();
    let bound = sql
        .replace("$1", &format!("('{stem}' || lpad(:n::text, {digits}, '0'))::uuid"))
        .replace("$2", ":ordinal::int")
        .replace("$3", ":branch::uuid")
        .replace("$4", ":now::timestamptz")
        .replace("$5", ":today::date");
    format!("\\set n random(1, {members})\n\\set ordinal 1\n{};\n", bound.trim().trim_end_matches(';'))
}

fn best(mut measure: impl FnMut(usize) -> Result<f64>) -> Result<(usize, f64)> {
    let mut best = (0, 0.0);
    for clients in CLIENTS {
        let speed = measure(clients)?;
        eprintln!("{clients} clients: {speed:.0} a second");
        if speed > best.1 {
            best = (clients, speed);
        }
    }
    Ok(best)
}

fn vacuum(tools: &Path, url: &str) -> Result<()> {
    let mut psql = std::process::Command::new(tools.join("psql"));
    // Tables of others are skipped with a warning.
    psql.args(["-X", "-q", "-d", url, "-c", "VACUUM (ANALYZE)"])
        .env("PGOPTIONS", "-c client_min_messages=error");
    ensure!(psql.status()?.success(), "VACUUM failed");
    Ok(())
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

#[allow(clippy::cast_precision_loss)] // microseconds of a run fit a mantissa
fn millis(latencies: &Latencies, quantile: f64) -> f64 {
    rounded(latencies.value_at_quantile(quantile) as f64 / 1000.0, 2)
}
