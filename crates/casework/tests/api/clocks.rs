//! Clocks of cases: they stop and go on, run out once, and follow the calendar.

use chrono::{DateTime, Duration, Utc};
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_casework::calendar::Calendar;
use unionhall_casework::clock::{self, Breached, Case, Clock};
use unionhall_casework::hours::{Hours, Limit, elapsed};
use unionhall_testkit::TestApp;
use uuid::Uuid;

const NAME: &str = "decide";

fn at(text: &str) -> DateTime<Utc> {
    format!("{}:00+08:00", text.replace(' ', "T")).parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc()
}

async fn go_to(app: &TestApp, when: &str) {
    app.clock.advance(at(when) - app.core().now());
}

struct Desk {
    app: TestApp,
    case: Case,
}

impl Desk {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let case = Case { kind: "test", id: app.core().id() };
        Self { app, case }
    }

    async fn start(&self, limit: Limit) -> DateTime<Utc> {
        let core = self.app.core();
        let started = core.db.write(async |tx| {
            let calendar = Calendar::load(tx).await?;
            clock::start(core, tx, &calendar, self.case, (NAME, limit)).await
        });
        started.await.unwrap()
    }

    async fn stop(&self) {
        let core = self.app.core();
        let stopped = core.db.write(async |tx| {
            let calendar = Calendar::load(tx).await?;
            clock::stop(core, tx, &calendar, self.case, (NAME, "NEED_DOCS")).await
        });
        stopped.await.unwrap();
    }

    async fn resume(&self) {
        let core = self.app.core();
        let resumed = core.db.write(async |tx| {
            let calendar = Calendar::load(tx).await?;
            clock::resume(core, tx, &calendar, self.case, NAME).await
        });
        resumed.await.unwrap();
    }

    async fn end(&self) {
        let core = self.app.core();
        let ended = core.db.write(async |tx| {
            let calendar = Calendar::load(tx).await?;
            clock::end(core, tx, &calendar, self.case, NAME, true).await
        });
        ended.await.unwrap();
    }

    async fn clock(&self) -> Clock {
        let mut conn = self.app.core().db.read().await.unwrap();
        clock::of_case(&mut conn, self.case.id).await.unwrap().pop().unwrap()
    }

    async fn breaches(&self) -> Vec<Breached> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Jsonb)]
            payload: serde_json::Value,
        }
        let mut conn = self.app.core().db.read().await.unwrap();
        let query = "SELECT payload FROM outbox WHERE topic = 'case.breached' ORDER BY id";
        let rows: Vec<Row> = diesel::sql_query(query).load(&mut conn).await.unwrap();
        rows.into_iter().map(|row| serde_json::from_value(row.payload).unwrap()).collect()
    }
}

#[tokio::test]
async fn a_clock_that_runs_out_tells_it_once() {
    let desk = Desk::open().await;
    let due_at = desk.start(Limit::Minutes(30)).await;
    desk.app.clock.advance(Duration::minutes(29));
    desk.app.drain().await;
    assert!(desk.breaches().await.is_empty());
    desk.app.clock.advance(Duration::minutes(1));
    desk.app.drain().await;
    let told = desk.breaches().await;
    assert_eq!(
        (told.len(), told[0].case, told[0].name.as_str(), told[0].due_at),
        (1, desk.case.id, NAME, due_at)
    );
    // Two copies that look at once, and again later.
    desk.app.clock.advance(Duration::days(2));
    desk.app.sql("UPDATE task SET state = 'queued', run_at = created_at WHERE kind = 'casework.due'").await;
    let other = desk.app.copy().await;
    futures_util::future::join(desk.app.drain(), other.drain()).await;
    assert_eq!(desk.breaches().await.len(), 1);
    assert!(
        desk.clock().await.breached_at.is_some() && desk.clock().await.running_since.is_some(),
        "it runs on"
    );
    desk.end().await;
    assert_eq!(desk.clock().await.met, Some(true), "late, and done");
}

#[tokio::test]
async fn what_was_done_in_time_is_no_breach_and_a_clock_of_the_same_name_begins_anew() {
    let desk = Desk::open().await;
    desk.start(Limit::Minutes(30)).await;
    desk.end().await;
    desk.end().await;
    desk.start(Limit::Minutes(60)).await;
    desk.start(Limit::Minutes(90)).await;
    desk.app.clock.advance(Duration::minutes(89));
    desk.app.drain().await;
    assert!(desk.breaches().await.is_empty());
    let mut conn = desk.app.core().db.read().await.unwrap();
    let all = clock::of_case(&mut conn, desk.case.id).await.unwrap();
    assert_eq!(all.iter().map(|c| c.met).collect::<Vec<_>>(), [Some(true), Some(false), None]);
}

#[tokio::test]
async fn a_clock_stands_still_in_the_states_that_say_so_and_its_segments_add_up() {
    let desk = Desk::open().await;
    go_to(&desk.app, "2027-02-03 10:00").await;
    let due_at = desk.start(Limit::WorkingDays(3)).await;
    // Statutory days from the 5th to the 8th; no make-up days are published yet.
    assert_eq!(due_at, at("2027-02-10 10:00"));
    go_to(&desk.app, "2027-02-03 16:00").await;
    desk.stop().await;
    desk.stop().await;
    let still = desk.clock().await;
    assert_eq!((still.due_at, still.running_since), (None, None));
    go_to(&desk.app, "2027-02-20 16:00").await;
    desk.app.drain().await;
    assert!(desk.breaches().await.is_empty(), "it stood still");
    go_to(&desk.app, "2027-02-22 09:00").await;
    desk.resume().await;
    desk.resume().await;
    // Four of 21 hours were used.
    assert_eq!(desk.clock().await.due_at, Some(at("2027-02-24 12:00")));
    go_to(&desk.app, "2027-02-24 12:00").await;
    desk.app.drain().await;
    assert_eq!(desk.breaches().await.len(), 1);
    let mut conn = desk.app.core().db.read().await.unwrap();
    let calendar = Calendar::load(&mut conn).await.unwrap();
    let segments = clock::segments_of(&mut conn, desk.clock().await.id).await.unwrap();
    let sum: Duration = segments
        .iter()
        .map(|(from, to)| elapsed(&calendar, Hours::Office, *from, to.unwrap_or(at("2027-02-24 12:00"))))
        .sum();
    assert_eq!((segments.len(), sum), (2, Hours::office_day() * 3));
}

#[tokio::test]
async fn a_notice_that_comes_late_moves_what_is_open() {
    let desk = Desk::open().await;
    let leader = desk.app.cadre("41", unionhall_web::RoleName::Leader).await;
    go_to(&desk.app, "2027-02-03 10:00").await;
    desk.start(Limit::WorkingDays(4)).await;
    assert_eq!(desk.clock().await.due_at, Some(at("2027-02-11 10:00")));
    // The 9th to the 12th become days off, the 6th and 20th stay what they are, the 21st is worked.
    let mut days: Vec<serde_json::Value> = [
        "2027-01-01",
        "2027-02-05",
        "2027-02-06",
        "2027-02-07",
        "2027-02-08",
        "2027-04-05",
        "2027-05-01",
        "2027-05-02",
        "2027-06-09",
        "2027-09-15",
        "2027-10-01",
        "2027-10-02",
        "2027-10-03",
    ]
    .iter()
    .map(|date| json!({"date": date, "kind": "statutory"}))
    .collect();
    for date in ["2027-02-09", "2027-02-10", "2027-02-11", "2027-02-12"] {
        days.push(json!({"date": date, "kind": "rest"}));
    }
    days.push(json!({"date": "2027-02-14", "kind": "work"}));
    let body = json!({"year": 2027, "source": "国务院办公厅关于2027年部分节假日安排的通知", "days": days});
    let session = desk
        .app
        .login_cadre(unionhall_web::Realm::Cadre, &leader.username, leader.totp.as_deref(), &leader.mobile)
        .await;
    desk.app.post("/v1/admin/work-calendars", body).by(&session).key("2027").await.expect(201);
    desk.app.drain().await;
    // Used by the evening of the 4th: 13 of 28 hours; the 14th is a Sunday that is worked.
    assert_eq!(desk.clock().await.due_at, Some(at("2027-02-16 10:00")));
    go_to(&desk.app, "2027-02-11 10:00").await;
    desk.app.drain().await;
    assert!(desk.breaches().await.is_empty(), "the day it was due first is a day off now");
    go_to(&desk.app, "2027-02-16 10:00").await;
    desk.app.drain().await;
    assert_eq!(desk.breaches().await.len(), 1);
    let _: Uuid = desk.case.id;
}
