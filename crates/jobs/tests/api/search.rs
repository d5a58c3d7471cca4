//! The search: what is found, in which order, page by page, and at what cost.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use unionhall_jobs::listing::grams::{self, Sought};
use unionhall_jobs::listing::{self, Filter, Found, Order};
use unionhall_jobs::posting::EmploymentType;
use unionhall_jobs::posting::pay::Monthly;
use unionhall_storage::Conn;
use uuid::Uuid;

use crate::desk::{Desk, body};

async fn published(desk: &Desk, changed: Value) -> Uuid {
    let mut terms = body();
    for (name, value) in changed.as_object().unwrap() {
        terms[name] = value.clone();
    }
    desk.publish(&terms).await
}

#[tokio::test]
async fn words_regions_pay_and_types_find_what_they_say() {
    let desk = Desk::open().await;
    let pay = |min: i64, max: Option<i64>| json!({"min_fen": min, "max_fen": max, "period": "month"});
    let lathe = published(&desk, json!({})).await;
    let cook = published(
        &desk,
        json!({"title": "厨师", "content": "会做烩面，包吃住。", "division_code": "410103",
        "pay": pay(300_000, None)}),
    )
    .await;
    let driver = published(
        &desk,
        json!({"title": "货车司机", "content": "送烩面原料。", "division_code": "410102003",
        "pay": {"period": "month", "negotiable": true}}),
    )
    .await;
    let helper = published(
        &desk,
        json!({"title": "烩面馆帮工", "content": "前厅服务。", "division_code": "410202",
        "employment_type": "part_time", "pay": {"min_fen": 2_000, "max_fen": 2_500, "period": "hour"}}),
    )
    .await;
    let newest = async |query: &str| desk.search(&format!("{query}&order=newest")).await;
    assert_eq!(newest("limit=10").await, [helper, driver, cook, lathe]);
    assert_eq!(newest("q=烩面").await, [helper, driver, cook]);
    assert_eq!(desk.search("q=烩面").await, [helper, driver, cook]);
    assert_eq!(desk.search("q=烩面 司机").await, [driver]);
    assert_eq!(desk.search("q=郑州某某").await.len(), 4, "the recruiter's name");
    assert_eq!(desk.search("q=厨").await, [cook], "a single character, in titles");
    assert_eq!(desk.search("q=面").await, [helper]);
    assert!(desk.search("q=程序员").await.is_empty());
    assert_eq!(newest("division=410100").await, [driver, cook, lathe]);
    assert_eq!(newest("division=410102").await, [driver, lathe]);
    assert_eq!(newest("division=410102003").await, [driver]);
    assert_eq!(newest("division=410000").await.len(), 4);
    assert!(newest("division=110000").await.is_empty());
    assert_eq!(newest("employment_type=part_time").await, [helper]);
    // 4500-6000, 3000 and more, not disclosed, 3480-4350 a month.
    assert_eq!(newest("salary_min=435000").await, [helper, cook, lathe]);
    assert_eq!(newest("salary_min=435001").await, [cook, lathe]);
    assert_eq!(newest("salary_min=600000").await, [cook, lathe]);
    assert_eq!(newest("salary_min=600001").await, [cook]);
    assert_eq!(newest("salary_min=600001&undisclosed=true").await, [driver, cook]);
    assert_eq!(newest("salary_min=600001&undisclosed=false").await, [cook]);
    assert_eq!(newest("q=烩面&division=410100&salary_min=100000").await, [cook]);
    for odd in [
        "q=！",
        "q=a b c d e f",
        "division=999999",
        "salary_min=-1",
        "employment_type=any",
        "order=best",
        "city=1",
    ] {
        assert_eq!(desk.app.get(&format!("/v1/public/jobs?{odd}")).await.status, 400, "{odd}");
    }
}

#[tokio::test]
async fn what_has_the_word_in_its_title_comes_first_and_then_the_newest() {
    let desk = Desk::open().await;
    let titled = published(&desk, json!({"title": "电焊工"})).await;
    let told = published(&desk, json!({"content": "协助电焊作业。"})).await;
    let newer = published(&desk, json!({"title": "电焊学徒"})).await;
    assert_eq!(desk.search("q=电焊").await, [newer, titled, told]);
    assert_eq!(desk.search("q=电焊&order=newest").await, [newer, told, titled]);
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/public/jobs?q=电焊&limit=1{after}");
        let page = desk.app.get(&path).await.expect(200);
        seen.push(unionhall_testkit::shop::id(&page["items"][0]));
        let Some(next) = page["next"].as_str() else { break };
        // A cursor is bound to what it was made for.
        let other = desk.app.get(&format!("/v1/public/jobs?q=电焊工&limit=1&after={next}")).await;
        assert_eq!(other.problem(400), "CURSOR_INVALID");
        after = format!("&after={next}");
    }
    assert_eq!(seen, [newer, titled, told]);
}

#[tokio::test]
async fn a_union_that_closed_the_part_shows_nothing() {
    let desk = Desk::open().await;
    desk.publish(&body()).await;
    desk.app
        .sql(
            "INSERT INTO org_module (id, org_id, module, enabled, firm, from_date) \
             SELECT gen_random_uuid(), id, 'jobs', false, false, '2026-11-20' FROM org WHERE code = '4101'",
        )
        .await;
    assert_eq!(desk.search("q=车床").await.len(), 1, "the province has not");
    let member = desk.member().await;
    let found = desk.app.get("/v1/public/jobs?q=车床").by(&member).await.expect(200);
    assert_eq!(found["items"], json!([]));
}

const TITLES: [&str; 6] = ["普工", "数控车床操作工", "货车司机", "厨师长", "仓库管理员", "电焊工"];
const DIVISIONS: [&str; 5] = ["410102", "410103", "410202", "411722", "410105"];
const ROWS: usize = 12_000;

struct Made {
    no: i64,
    id: Uuid,
    title: usize,
    told: bool,
    division: usize,
    top: Option<i64>,
}

// Many postings at once, of which one in eight tells of 电焊 in its text and one in 4,001 of 潜水.
async fn many(desk: &Desk) -> Vec<Made> {
    let core = desk.app.core();
    let mut made = Vec::new();
    let mut rows: Vec<(Uuid, i64, Option<i64>, Vec<i32>, usize, String)> = Vec::new();
    for n in 0..ROWS {
        // No pattern of one shows in another.
        let mixed = (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let at = |of: u64, shift: u64| usize::try_from((mixed >> shift) % of).unwrap();
        let (title, division, told) = (at(6, 0), at(5, 7), at(8, 13) == 0 && n % 4_001 != 7);
        let pay = match at(5, 19) {
            0 => Monthly::Undisclosed,
            1 => Monthly::Range(300_000, None),
            step => Monthly::Range(300_000, Some(300_000 + 100_000 * i64::try_from(step).unwrap())),
        };
        let text = match (told, n % 4_001 == 7) {
            (_, true) => "水下潜水作业",
            (true, _) => "需要电焊经验",
            _ => "认真负责，服从安排",
        };
        let no = i64::try_from(n).unwrap() + 1;
        let words = grams::words(&grams::Text {
            no,
            title: TITLES[title],
            body: &[text],
            division_code: DIVISIONS[division],
            employment: EmploymentType::FullTime,
            pay,
        });
        let (id, top) = (core.id(), grams::pay_top(pay));
        made.push(Made { no, id, title, told, division, top });
        rows.push((id, no, top, words, title, DIVISIONS[division].to_owned()));
    }
    desk.app.sql("DROP INDEX job_listing_words").await;
    let mut conn = core.db.writer().await.unwrap();
    for batch in rows.chunks(2_000) {
        let ids: Vec<Uuid> = batch.iter().map(|r| r.0).collect();
        let titles: Vec<&str> = batch.iter().map(|r| TITLES[r.4]).collect();
        let divisions: Vec<&str> = batch.iter().map(|r| r.5.as_str()).collect();
        diesel::sql_query(format!(
            "INSERT INTO job_posting (id, recruiter_id, org_id, path, title, employment_type, headcount, content, conditions, \
                 division_code, address, pay_period, pay_months, negotiable, valid_days, hits, content_key, state, \
                 valid_through, due_on, published_at, created_at) \
             SELECT m.id, r.id, r.org_id, r.path, m.title, 'full_time', 1, '见标题', '无', m.division, '郑州', 'month', 12, true, \
                 30, '[]', '\\x00', 'LIVE', '2026-12-20', '2026-12-20', now(), now() \
             FROM unnest($1, $2, $3) AS m (id, title, division), recruiter r WHERE r.id = '{}'",
            desk.recruiter.id
        ))
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(titles)
        .bind::<Array<Text>, _>(divisions)
        .execute(&mut conn)
        .await
        .unwrap();
        for (id, no, top, words, ..) in batch {
            diesel::sql_query("INSERT INTO job_listing VALUES ($1, $2, $3, $4, '2026-12-20', $5)")
                .bind::<SqlUuid, _>(id)
                .bind::<SqlUuid, _>(desk.recruiter.id)
                .bind::<BigInt, _>(no)
                .bind::<Nullable<BigInt>, _>(top)
                .bind::<Array<Integer>, _>(words)
                .execute(&mut conn)
                .await
                .unwrap();
        }
    }
    let last = i64::try_from(ROWS).unwrap();
    diesel::sql_query("UPDATE job_listing_no SET last = $1")
        .bind::<BigInt, _>(last)
        .execute(&mut conn)
        .await
        .unwrap();
    drop(conn);
    desk.app
        .sql("CREATE INDEX job_listing_words ON job_listing USING gin (words) WITH (fastupdate = off)")
        .await;
    desk.app.sql("ANALYZE job_listing; ANALYZE job_posting").await;
    made
}

fn filter(query: Option<&str>, order: Order) -> Filter {
    Filter {
        sought: query.map(|q| Sought::parse(q).unwrap()),
        division_code: None,
        employment: None,
        pay_from: None,
        undisclosed: false,
        order,
        newer_than: 0,
    }
}

fn today() -> NaiveDate {
    "2026-11-20".parse().unwrap()
}

// What reading everything and sorting it finds.
fn brute(made: &[Made], filter: &Filter, word: &str) -> Vec<Uuid> {
    let hit = |m: &&Made| {
        let titled = TITLES[m.title].contains(word);
        (titled || (m.told && word == "电焊"))
            && filter.division_code.as_deref().is_none_or(|code| match code {
                "410100" => DIVISIONS[m.division].starts_with("4101"),
                code => DIVISIONS[m.division] == code,
            })
            && filter.pay_from.is_none_or(|from| m.top.map_or(filter.undisclosed, |top| top >= from))
    };
    let mut all: Vec<&Made> = made.iter().filter(hit).collect();
    all.sort_by_key(|m| {
        let first = filter.order == Order::Newest || TITLES[m.title].contains(word);
        (!first, -m.no)
    });
    all.iter().map(|m| m.id).collect()
}

async fn walk(conn: &mut Conn, filter: &Filter, limit: i64, pages: usize) -> Vec<Uuid> {
    let (mut found, mut after): (Vec<Uuid>, _) = (Vec::new(), None);
    for _ in 0..pages {
        let page = listing::search(conn, filter, today(), after, limit).await.unwrap();
        found.extend(page.items.iter().map(|f| f.posting));
        after = page.items.last().map(|last: &Found| (last.stream, last.no));
        if !page.more {
            break;
        }
    }
    found
}

// Blocks that a connection has read of this room's tables and indexes so far.
async fn blocks(conn: &mut Conn) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Sum {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    diesel::sql_query("SELECT pg_stat_force_next_flush()").execute(conn).await.unwrap();
    let sum: Sum = diesel::sql_query(
        "SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0) \
                    + coalesce(toast_blks_read + toast_blks_hit, 0))::bigint AS n \
         FROM pg_statio_user_tables WHERE relname LIKE 'job%' OR relname = 'recruiter'",
    )
    .get_result(conn)
    .await
    .unwrap();
    sum.n
}

#[tokio::test]
async fn windows_find_what_reading_everything_finds_and_read_little() {
    let desk = Desk::open().await;
    let made = many(&desk).await;
    let mut conn = desk.app.db.connect().await;
    for order in [Order::Newest, Order::Relevance] {
        for word in ["电焊", "普工", "普", "潜水员"] {
            let plain = filter(Some(word), order);
            let city = Filter { division_code: Some("410100".to_owned()), ..plain.clone() };
            let paid = Filter { pay_from: Some(600_000), ..city.clone() };
            let silent = Filter { undisclosed: true, ..paid.clone() };
            for filter in [plain, city, paid, silent] {
                let all = brute(&made, &filter, word);
                let found = walk(&mut conn, &filter, 100, 1_000).await;
                assert_eq!(found.len(), found.iter().collect::<BTreeSet<_>>().len(), "{filter:?}: twice");
                assert!(found == all, "{word} {filter:?}: {} of {}", found.len(), all.len());
                assert_eq!(walk(&mut conn, &filter, 7, 3).await, all[..all.len().min(21)], "{filter:?}");
            }
        }
    }
    // The cost: common, rare, absent and single, in both orders, with and without a region and pay.
    for (word, at_least) in [("电焊", 20), ("普工", 20), ("潜水", 2), ("航天", 0), ("工", 20)] {
        for order in [Order::Newest, Order::Relevance] {
            for (division, pay) in [(None, None), (Some("410100"), Some(400_000)), (Some("411722"), None)] {
                let filter = Filter {
                    division_code: division.map(str::to_owned),
                    pay_from: pay,
                    ..filter(Some(word), order)
                };
                let before = blocks(&mut conn).await;
                let page = listing::search(&mut conn, &filter, today(), None, 20).await.unwrap();
                let shown = listing::describe(&mut conn, &page.items).await.unwrap();
                let read = blocks(&mut conn).await - before;
                assert!(division.is_some() || shown.len() >= at_least, "{word}: {}", shown.len());
                assert!((1..=600).contains(&read), "{word} {order:?} {division:?}: {read} blocks");
            }
        }
    }
}
