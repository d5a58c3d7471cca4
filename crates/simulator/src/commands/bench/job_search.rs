//! `job-search`: searches of two characters with a region and pay over a million postings, in an open loop at seven tenths of
//! what the service can do; how deep pages compare with the first; and how many blocks each kind of word reads.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chrono::{Days, NaiveDate};
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use tokio::time::Instant;
use unionhall_jobs::listing::grams::{self, Sought};
use unionhall_jobs::listing::{self, Filter, Key, Order};
use unionhall_jobs::posting::EmploymentType;
use unionhall_jobs::posting::pay::Pay;
use unionhall_kernel::division;
use unionhall_simulator::load::open_loop::OpenLoop;
use unionhall_simulator::load::{machine, median};
use unionhall_simulator::server::Server;
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use super::super::failed;
use super::job_texts::{Job, job, mix, pick};
use super::{CALM, given, millis, rounded, vacuum};

const A_BATCH: i64 = 5_000;
const RECRUITERS: i64 = 500;
const CONNECTIONS: usize = 16;
const PAGE: i64 = 20;
const DEEP: usize = 1_000;
/// What a search may take, and read.
const GOAL_MS: f64 = 50.0;
const GOAL_BLOCKS: i64 = 2_000;
const GOAL_RATIO: f64 = 1.2;

/// Measures.
pub(super) struct JobSearch {
    pub core: Core,
    pub postings: u32,
    pub seconds: u64,
}

impl JobSearch {
    pub(super) async fn run(self, say: impl Fn(&Value)) -> Result<()> {
        let figure = |value: Value| {
            let mut line = json!({"bench": "job-search"});
            super::super::seed_demo::merge(&mut line, value);
            say(&line);
        };
        let loaded = self.ensure_loaded().await?;
        figure(json!({"figure": "rows", "postings": self.postings, "loaded_now": loaded}));
        if loaded > 0 {
            vacuum(&std::path::PathBuf::from(given("UNIONHALL_PG_BIN")?), &given("DATABASE_URL")?)?;
        }
        let blocks = self.blocks().await?;
        figure(json!({"figure": "blocks", "by_kind": blocks}));
        let ratio = self.page_ratio().await?;
        figure(json!({"figure": "pages", "ratio": rounded(ratio, 3)}));

        let server = Server::start(given("UNIONHALL_BIN")?).await?;
        let requests = self.requests(&server)?;
        let address = server.url().trim_start_matches("http://").to_owned();
        let go = |rate: f64, seconds: f64| OpenLoop {
            address: address.clone(),
            requests: requests.clone(),
            rate,
            connections: CONNECTIONS,
            duration: Duration::from_secs_f64(seconds),
        };
        // All at once: the lanes are then a closed loop, whose pace is what the service can do.
        const ALL_AT_ONCE: f64 = 1_000_000.0;
        go(ALL_AT_ONCE, 0.001).run().await?;
        let begun = Instant::now();
        let counted = go(ALL_AT_ONCE, 0.004).run().await?;
        #[allow(clippy::cast_precision_loss)] // thousands
        let saturation = counted.len() as f64 / begun.elapsed().as_secs_f64();
        let rate = CALM * saturation;
        let latencies = go(rate, Duration::from_secs(self.seconds).as_secs_f64()).run().await?;
        let p99 = millis(&latencies, 0.99);
        let (model, cores) = machine::processor();
        let most = blocks.values().copied().max().unwrap_or_default();
        let met = p99 <= GOAL_MS && ratio <= GOAL_RATIO && most <= GOAL_BLOCKS;
        say(&json!({
            "bench": "job-search", "p99_ms": p99, "p50_ms": millis(&latencies, 0.5), "max_ms": millis(&latencies, 1.0),
            "rate": rate.round(), "saturation_rps": saturation.round(), "requests": latencies.len(),
            "page_ratio": rounded(ratio, 3), "buffers": blocks, "buffers_max": most, "postings": self.postings,
            "rss_mib": machine::rss_mib(server.pid()?)?, "processor": model, "cores": cores,
            "goal_ms": GOAL_MS, "goal_ratio": GOAL_RATIO, "goal_buffers": GOAL_BLOCKS, "met": met,
        }));
        Ok(())
    }

    // Searches of two characters with a region and pay, as whole requests.
    fn requests(&self, server: &Server) -> Result<Vec<Vec<u8>>> {
        let address = server.url().trim_start_matches("http://").to_owned();
        let words = ["普工", "司机", "电工", "保安", "会计", "五险", "宿舍", "图纸", "盾构", "航天"];
        let regions: Vec<&str> = cities().chain(counties().into_iter().step_by(9)).collect();
        let request = |n: i64| {
            let (word, region) = (pick(&words, n, 20)?, pick(&regions, n, 21)?);
            let pay = 300_000 + i64::try_from(mix(n, 22) % 8)? * 50_000;
            let order = if mix(n, 23).is_multiple_of(2) { "relevance" } else { "newest" };
            let q: String = word.bytes().map(|b| format!("%{b:02X}")).collect();
            let path = format!("/v1/public/jobs?q={q}&division={region}&salary_min={pay}&order={order}");
            Ok(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").into_bytes())
        };
        (0..2_000).map(request).collect()
    }

    fn today(&self) -> NaiveDate {
        self.core.today()
    }

    async fn ensure_loaded(&self) -> Result<i64> {
        let wanted = i64::from(self.postings);
        let mut conn = self.core.db.writer().await.map_err(failed)?;
        if listing::newest(&mut conn).await.map_err(failed)? >= wanted {
            return Ok(0);
        }
        let mut run = async |sql: &str| anyhow::Ok(diesel::sql_query(sql).execute(&mut conn).await?);
        run("DELETE FROM job_listing").await?;
        run("DELETE FROM job_posting WHERE content_key = '\\x00'").await?;
        run("UPDATE job_listing_no SET last = 0").await?;
        run("DROP INDEX job_listing_words").await?;
        run(&format!(
            "INSERT INTO recruiter (id, org_id, path, name, uscc, division_code, about, contact_name, contact_mobile, state, \
                 verified_until, created_at) \
             SELECT gen_random_uuid(), o.id, o.path, '河南第' || n || '招聘有限公司', 'BENCH' || n, '410102', '制造', '王', '\\x00', \
                 'VERIFIED', current_date + 180, now() FROM generate_series(1, {RECRUITERS}) n, org o WHERE o.code = '410102' \
             ON CONFLICT DO NOTHING"
        ))
        .await?;
        drop(conn);
        let counties = counties();
        let until = self.today().checked_add_days(Days::new(60)).context("a day")?;
        for first in (1..=wanted).step_by(usize::try_from(A_BATCH)?) {
            self.batch(first, (first + A_BATCH).min(wanted + 1), &counties, until).await?;
            if first % (20 * A_BATCH) == 1 {
                eprintln!("{first} of {wanted} postings");
            }
        }
        let mut conn = self.core.db.writer().await.map_err(failed)?;
        let last = diesel::sql_query("UPDATE job_listing_no SET last = $1").bind::<BigInt, _>(wanted);
        last.execute(&mut conn).await?;
        eprintln!("building the index");
        let index = "CREATE INDEX job_listing_words ON job_listing USING gin (words) WITH (fastupdate = off)";
        diesel::sql_query("SET maintenance_work_mem = '1GB'").execute(&mut conn).await?;
        diesel::sql_query(index).execute(&mut conn).await?;
        diesel::sql_query("RESET maintenance_work_mem").execute(&mut conn).await?;
        Ok(wanted)
    }

    async fn batch(&self, first: i64, end: i64, counties: &[&'static str], until: NaiveDate) -> Result<()> {
        let jobs: Vec<(i64, Job)> =
            (first..end).map(|n| Ok((n, job(n, counties)?))).collect::<Result<_>>()?;
        let words: Vec<String> = jobs
            .iter()
            .map(|(no, job)| {
                let numbers = grams::words(&grams::Text {
                    no: *no,
                    title: &job.title,
                    body: &[&job.content, job.conditions],
                    division_code: job.division,
                    employment: EmploymentType::FullTime,
                    pay: job.pay.monthly(),
                });
                let numbers: Vec<String> = numbers.iter().map(i32::to_string).collect();
                format!("{{{}}}", numbers.join(","))
            })
            .collect();
        let ids: Vec<Uuid> = jobs.iter().map(|_| self.core.id()).collect();
        let numbers: Vec<i64> = jobs.iter().map(|(no, _)| *no).collect();
        let texts = |of: fn(&Job) -> &str| jobs.iter().map(|(_, job)| of(job)).collect::<Vec<&str>>();
        let tops: Vec<Option<i64>> = jobs.iter().map(|(_, job)| grams::pay_top(job.pay.monthly())).collect();
        let fen = |of: fn(&Pay) -> Option<i64>| jobs.iter().map(|(_, job)| of(&job.pay)).collect::<Vec<_>>();
        let (least, most) = (fen(|pay| pay.min), fen(|pay| pay.max));
        let mut conn = self.core.db.writer().await.map_err(failed)?;
        diesel::sql_query(format!(
            "INSERT INTO job_posting (id, recruiter_id, org_id, path, title, employment_type, headcount, content, conditions, \
                 division_code, address, pay_min_fen, pay_max_fen, pay_period, pay_months, negotiable, month_min_fen, \
                 month_max_fen, valid_days, hits, content_key, state, valid_through, due_on, published_at, created_at) \
             SELECT m.id, r.id, r.org_id, r.path, m.title, 'full_time', 3, m.content, m.conditions, m.division, '工业路1号', \
                 m.least, m.most, 'month', 12, m.least IS NULL, m.least, m.most, 60, '[]', '\\x00', 'LIVE', $9, $9, now(), now() \
             FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS m (id, no, title, content, conditions, division, least, most) \
             JOIN recruiter r ON r.uscc = 'BENCH' || (m.no % {RECRUITERS} + 1)"
        ))
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<BigInt>, _>(&numbers)
        .bind::<Array<Text>, _>(texts(|job| &job.title))
        .bind::<Array<Text>, _>(texts(|job| &job.content))
        .bind::<Array<Text>, _>(texts(|job| job.conditions))
        .bind::<Array<Text>, _>(texts(|job| job.division))
        .bind::<Array<Nullable<BigInt>>, _>(least)
        .bind::<Array<Nullable<BigInt>>, _>(most)
        .bind::<Date, _>(until)
        .execute(&mut conn)
        .await?;
        diesel::sql_query(format!(
            "INSERT INTO job_listing (posting_id, recruiter_id, no, pay_top_fen, visible_until, words) \
             SELECT m.id, r.id, m.no, m.top, $5, m.words::integer[] FROM unnest($1, $2, $3, $4) AS m (id, no, top, words) \
             JOIN recruiter r ON r.uscc = 'BENCH' || (m.no % {RECRUITERS} + 1) ORDER BY m.no"
        ))
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<BigInt>, _>(&numbers)
        .bind::<Array<Nullable<BigInt>>, _>(tops)
        .bind::<Array<Text>, _>(words)
        .bind::<Date, _>(until)
        .execute(&mut conn)
        .await?;
        Ok(())
    }

    // The blocks of a first page by kind of word, order and filter: the most of each.
    async fn blocks(&self) -> Result<BTreeMap<String, i64>> {
        let mut conn = self.core.db.read().await.map_err(failed)?;
        let mut found = BTreeMap::new();
        let kinds = [
            ("common", "普工"),
            ("common_body", "五险"),
            ("rare", "盾构"),
            ("absent", "航天"),
            ("single", "工"),
        ];
        let filters = [(None, None), (Some("410100"), Some(450_000)), (Some("411722"), Some(400_000))];
        for (kind, word) in kinds {
            for (name, order) in [("relevance", Order::Relevance), ("newest", Order::Newest)] {
                for (division, pay) in filters {
                    let filter = self.filter(word, order, division, pay)?;
                    let before = read_so_far(&mut conn).await?;
                    let page = listing::search(&mut conn, &filter, self.today(), None, PAGE)
                        .await
                        .map_err(failed)?;
                    listing::describe(&mut conn, &page.items).await.map_err(failed)?;
                    let read = read_so_far(&mut conn).await? - before;
                    let most: &mut i64 = found.entry(format!("{kind}/{name}")).or_default();
                    *most = read.max(*most);
                }
            }
        }
        Ok(found)
    }

    fn filter(&self, word: &str, order: Order, division: Option<&str>, pay: Option<i64>) -> Result<Filter> {
        Ok(Filter {
            sought: Some(Sought::parse(word).context("a word")?),
            division_code: division.map(str::to_owned),
            employment: None,
            pay_from: pay,
            undisclosed: false,
            order,
            newer_than: 0,
        })
    }

    // The median of what page 1,000 takes, over that of page 1, of a common word.
    async fn page_ratio(&self) -> Result<f64> {
        let mut conn = self.core.db.read().await.map_err(failed)?;
        let filter = self.filter("普工", Order::Relevance, None, Some(300_000))?;
        let mut after: Option<Key> = None;
        for _ in 1..DEEP {
            let page =
                listing::search(&mut conn, &filter, self.today(), after, PAGE).await.map_err(failed)?;
            after = page.items.last().map(|last| (last.stream, last.no));
            ensure!(page.more, "too few postings for {DEEP} pages");
        }
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..100 {
            for (times, after) in times.iter_mut().zip([None, after]) {
                let begun = Instant::now();
                listing::search(&mut conn, &filter, self.today(), after, PAGE).await.map_err(failed)?;
                times.push(begun.elapsed().as_secs_f64());
            }
        }
        let [first, deep] = &times;
        Ok(median(deep) / median(first))
    }
}

fn counties() -> Vec<&'static str> {
    let level = |of: u8| division::henan().iter().filter(move |division| division.level == of);
    level(3).map(|division| division.code).collect()
}

fn cities() -> impl Iterator<Item = &'static str> {
    division::henan().iter().filter(|division| division.level == 2).map(|division| division.code)
}

// Blocks of this room's tables and indexes that were read so far.
async fn read_so_far(conn: &mut Conn) -> Result<i64> {
    #[derive(diesel::QueryableByName)]
    struct Sum {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    diesel::sql_query("SELECT pg_stat_force_next_flush()").execute(conn).await?;
    let sum: Sum = diesel::sql_query(
        "SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0) \
                    + coalesce(toast_blks_read + toast_blks_hit, 0))::bigint AS n \
         FROM pg_statio_user_tables WHERE relname LIKE 'job%' OR relname = 'recruiter'",
    )
    .get_result(conn)
    .await?;
    Ok(sum.n)
}
