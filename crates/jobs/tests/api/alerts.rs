//! Searches that members keep, and the mornings on which they are run.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::shop::id;
use unionhall_testkit::{Reply, RosterMember, Session};
use unionhall_web::RoleName;
use uuid::Uuid;

use crate::applications::{resume, seeker_of};
use crate::desk::{Desk, body};

async fn keep(desk: &Desk, by: &Session, key: &str, body: Value) -> Reply {
    desk.app.post("/v1/me/job-alerts", body).by(by).key(key).await
}

// The n-th morning after the first day, at a minute past eight in Shanghai, with the day's tasks done.
async fn morning(desk: &Desk, day: i64) {
    let failed = morning_failing(desk, day).await;
    assert!(failed.is_empty(), "{failed:?}");
}

async fn morning_failing(desk: &Desk, day: i64) -> Vec<String> {
    let first: DateTime<Utc> = "2026-11-20T00:01:00Z".parse().unwrap();
    let core = desk.app.core();
    let left = first + Duration::days(day) - core.now();
    if left > Duration::zero() {
        desk.app.advance(left).await;
    }
    again(desk).await
}

async fn again(desk: &Desk) -> Vec<String> {
    let core = desk.app.core();
    unionhall_jobs::tasks::enqueue_daily(core, &mut core.db.writer().await.unwrap()).await.unwrap();
    desk.app.drain_failing().await
}

// What the inbox of a member says of alerts, newest first.
async fn told(desk: &Desk, member: &RosterMember) -> Vec<String> {
    // A code by SMS is asked for once a minute.
    desk.app.advance(Duration::minutes(2)).await;
    let session = desk.app.login_member(&member.mobile).await;
    let inbox = desk.app.get("/v1/me/inbox").by(&session).await.expect(200);
    let of_jobs = inbox["items"].as_array().unwrap().iter().filter(|m| m["kind"] == "jobs");
    of_jobs.map(|m| m["body"].as_str().unwrap().to_owned()).collect()
}

fn titled(title: &str) -> Value {
    let mut body = body();
    body["title"] = json!(title);
    body["content"] = json!(format!("{title}，按图纸加工零件。"));
    body
}

async fn messages(desk: &Desk) -> i64 {
    desk.app.number("SELECT count(*) FROM inbox_message WHERE kind = 'jobs'").await
}

#[tokio::test]
async fn every_morning_tells_once_of_what_is_new() {
    let desk = Desk::open().await;
    let (by, member) = seeker_of(&desk, "410102").await;
    desk.publish(&titled("车床操作工")).await;
    let kept =
        keep(&desk, &by, "k", json!({"name": "车工", "q": "车床", "division": "410100"})).await.expect(201);
    assert_eq!((&kept["ends_on"], &kept["undisclosed"]), (&json!("2027-05-19"), &json!(false)));
    keep(&desk, &by, "l", json!({"name": "护士", "q": "护士"})).await.expect(201);
    morning(&desk, 1).await;
    assert_eq!(messages(&desk).await, 0, "what was there already is no news");
    let mut desk = desk.again().await;
    for title in ["车床甲", "车床乙", "车床丙", "车床丁", "焊工"] {
        desk.publish(&titled(title)).await;
    }
    morning(&desk, 2).await;
    assert_eq!(messages(&desk).await, 1, "one message an alert and day, none for what found nothing");
    let says = "您订阅的“车工”有4个新职位：“车床丁”“车床丙”“车床乙”等。";
    assert_eq!(told(&desk, &member).await, [says]);
    // Once more on the same day, as if the worker had died after its last batch; and the next day without news.
    desk.app.sql("UPDATE task SET state = 'queued', finished_at = NULL WHERE kind = 'job.alerts'").await;
    desk.app.drain().await;
    assert!(again(&desk).await.is_empty());
    assert_eq!(messages(&desk).await, 1);
    morning(&desk, 3).await;
    assert_eq!(messages(&desk).await, 1);
    desk = desk.again().await;
    desk.publish(&titled("车床戊")).await;
    morning(&desk, 4).await;
    assert_eq!(told(&desk, &member).await[0], "您订阅的“车工”有1个新职位：“车床戊”。");
    desk.app.advance(Duration::minutes(2)).await;
    let session = desk.app.login_member(&member.mobile).await;
    let inbox = desk.app.get("/v1/me/inbox?limit=1").by(&session).await.expect(200);
    assert_eq!(
        inbox["items"][0]["link"],
        json!({"rel": "job-alert", "href": "/v1/me/job-alerts", "id": kept["id"]})
    );
    let list = desk.app.get("/v1/me/job-alerts").by(&session).await.expect(200);
    assert_eq!(list["items"][0]["ends_on"], "2027-05-23", "180 days from what it found last");
    assert_eq!(list["items"][1]["ends_on"], "2027-05-19");
}

#[tokio::test]
async fn a_run_that_is_cut_off_loses_nothing_and_tells_nothing_twice() {
    let desk = Desk::open().await;
    let (by, _) = seeker_of(&desk, "410102").await;
    for n in 0..3 {
        keep(&desk, &by, &format!("k{n}"), json!({"name": format!("{n}")})).await.expect(201);
    }
    desk.publish(&titled("车床操作工")).await;
    // What tells of it cannot be written: watermark and event stay behind together.
    desk.app
        .sql("ALTER TABLE outbox ADD CONSTRAINT no_news CHECK (topic <> 'job.alert_found') NOT VALID")
        .await;
    assert_eq!(morning_failing(&desk, 1).await, ["job.alerts: INTERNAL"]);
    assert_eq!(messages(&desk).await, 0);
    assert_eq!(desk.app.number("SELECT count(*) FROM job_alert WHERE run_on = '2026-11-21'").await, 0);
    desk.app.sql("ALTER TABLE outbox DROP CONSTRAINT no_news").await;
    desk.app.advance(Duration::hours(2)).await;
    desk.app.drain().await;
    assert_eq!(messages(&desk).await, 3);
    // Two workers at once find each alert once.
    let desk = desk.again().await;
    desk.publish(&titled("铣床操作工")).await;
    desk.app.advance(Duration::days(1)).await;
    let core = desk.app.core();
    unionhall_jobs::tasks::enqueue_daily(core, &mut core.db.writer().await.unwrap()).await.unwrap();
    desk.app
        .sql(
            "INSERT INTO task (id, kind, payload, state, run_at, attempts, created_at) \
              SELECT gen_random_uuid(), kind, payload, state, run_at, 0, created_at FROM task \
              WHERE kind = 'job.alerts' AND state = 'queued'",
        )
        .await;
    let other = desk.app.copy().await;
    let (one, two) = (desk.app.services.worker(), other.services.worker());
    let (first, second) = futures_util::join!(one.drain(), two.drain());
    first.unwrap();
    second.unwrap();
    assert_eq!(messages(&desk).await, 6);
}

#[tokio::test]
async fn what_is_not_shown_or_not_for_them_is_not_told_of() {
    let desk = Desk::open().await;
    let (by, member) = seeker_of(&desk, "410102").await;
    keep(&desk, &by, "k", json!({"name": "全部"})).await.expect(201);
    let (_, union) = desk.app.union_under("410102", "郑州某某机械有限公司工会").await;
    let (worker, _) = seeker_of(&desk, &union).await;
    keep(&desk, &worker, "k", json!({"name": "全部"})).await.expect(201);
    let (wary, _) = seeker_of(&desk, "410102").await;
    let blocked = resume(&[desk.recruiter.uscc.as_str()]);
    desk.app.put("/v1/me/resume", blocked).by(&wary).await.expect(200);
    keep(&desk, &wary, "k", json!({"name": "全部"})).await.expect(201);
    let hidden = desk.publish(&titled("被举报的")).await;
    for _ in 0..3 {
        let report = json!({"posting_id": hidden, "kind": "fee", "statement": "要求交押金"});
        desk.app.post("/v1/me/job-reports", report).by(&desk.member().await).key("r").await.expect(201);
    }
    let closed = desk.publish(&titled("已关闭的")).await;
    desk.step(closed, "close").await.expect(200);
    desk.handed_in(&titled("待审核的")).await;
    let edited = desk.publish(&titled("改过的")).await;
    desk.publish(&titled("在招的")).await;
    let mut short = titled("只招一天的");
    short["valid_days"] = json!(1);
    desk.publish(&short).await;
    desk.app.sql("UPDATE job_posting SET valid_through = '2026-11-20' WHERE title = '只招一天的'").await;
    desk.app.sql("UPDATE job_listing SET visible_until = '2026-11-20' WHERE posting_id = (SELECT id FROM job_posting WHERE title = '只招一天的')").await;
    morning(&desk, 1).await;
    assert_eq!(messages(&desk).await, 1, "not the recruiter's own worker, nor whoever blocked it");
    assert_eq!(told(&desk, &member).await, ["您订阅的“全部”有2个新职位：“在招的”“改过的”。"]);
    // What comes back after a change, or after a report that was nothing, was shown before.
    let desk = desk.again().await;
    let patch = json!({"address": "郑州市二七区大学路2号"});
    let path = format!("/v1/recruiter/postings/{edited}");
    desk.app.request("PATCH", &path).json(patch).by(&desk.recruiter.session).await.expect(200);
    desk.decide(edited, "approve", json!({})).await.expect(200);
    desk.decide(hidden, "restore", json!({"reason": "举报不实"})).await.expect(200);
    morning(&desk, 2).await;
    assert_eq!(messages(&desk).await, 1);
    // A closed part tells nobody.
    let desk = desk.again().await;
    desk.publish(&titled("又一个")).await;
    desk.app
        .sql("INSERT INTO org_module (id, org_id, module, enabled, firm, from_date) \
              SELECT gen_random_uuid(), id, 'jobs', false, false, '2026-11-01' FROM org WHERE code = '410102'")
        .await;
    morning(&desk, 3).await;
    assert_eq!(messages(&desk).await, 1);
}

#[tokio::test]
async fn who_does_not_want_to_be_told_is_not_and_reads_of_nothing_old_later() {
    let desk = Desk::open().await;
    let (by, member) = seeker_of(&desk, "410102").await;
    keep(&desk, &by, "k", json!({"name": "全部"})).await.expect(201);
    let wanted = async |by: &Session, jobs: bool| {
        let chosen = json!({"service": {"push": true}, "benefits": {"inbox": true, "push": true},
                            "jobs": {"inbox": jobs, "push": jobs}, "notices": {"push": true}, "quiet_hours": null});
        desk.app.put("/v1/me/message-preferences", chosen).by(by).await.expect(200);
    };
    wanted(&by, false).await;
    desk.publish(&titled("车床甲")).await;
    morning(&desk, 1).await;
    assert_eq!(messages(&desk).await, 0);
    let by = desk.app.login_member(&member.mobile).await;
    wanted(&by, true).await;
    morning(&desk, 2).await;
    assert_eq!(messages(&desk).await, 0);
}

#[tokio::test]
async fn ten_a_member_also_at_once_and_each_is_its_owners_alone() {
    let desk = Desk::open().await;
    let (by, _) = seeker_of(&desk, "410102").await;
    let keys: Vec<String> = (0..14).map(|n| format!("k{n}")).collect();
    let all = join_all(keys.iter().map(|key| keep(&desk, &by, key, json!({"name": key})))).await;
    assert_eq!(all.iter().filter(|r| r.status == 201).count(), 10);
    assert!(all.iter().filter(|r| r.status != 201).all(|r| r.problem(409) == "ALREADY_HAVE"));
    let list = desk.app.get("/v1/me/job-alerts").by(&by).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 10);
    let first: Uuid = id(&list["items"][0]);
    let path = format!("/v1/me/job-alerts/{first}");
    let (stranger, _) = seeker_of(&desk, "410102").await;
    let delete = |by: &Session| desk.app.request("DELETE", &path).by(by).into_future();
    assert_eq!(delete(&stranger).await.problem(404), "NOT_FOUND");
    assert_eq!(delete(&by).await.status, 204);
    assert_eq!(delete(&by).await.problem(404), "NOT_FOUND");
    keep(&desk, &by, "again", json!({"name": "又有了"})).await.expect(201);
    assert_eq!(desk.app.get("/v1/me/job-alerts").by(&stranger).await.expect(200)["items"], json!([]));
    let chair = desk.app.cadre("410102", RoleName::Leader).await;
    assert_ne!(desk.app.get("/v1/me/job-alerts").by(&chair.session).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_sought_is_named_and_an_alert_that_finds_nothing_ends() {
    let desk = Desk::open().await;
    let (by, _) = seeker_of(&desk, "410102").await;
    for (body, pointer, code) in [
        (json!({"name": ""}), "/name", "TEXT_FORMAT"),
        (json!({"name": "长".repeat(31)}), "/name", "TEXT_FORMAT"),
        (json!({"name": "x", "q": "，"}), "/q", "TEXT_FORMAT"),
        (json!({"name": "x", "division": "999999"}), "/division", "DIVISION_UNKNOWN"),
        (json!({"name": "x", "salary_min": -1}), "/salary_min", "PAY_RANGE"),
        (json!({"name": "x", "order": "newest"}), "/order", "UNKNOWN_FIELD"),
    ] {
        let reply = keep(&desk, &by, "bad", body.clone()).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED", "{body}");
        let error = &reply.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{body}");
    }
    let all = json!({"name": "中原区", "q": "车床 数控", "division": "410102", "salary_min": 400_000,
                     "undisclosed": true, "employment_type": "full_time"});
    let kept = keep(&desk, &by, "k", all.clone()).await.expect(201);
    for field in ["name", "q", "division", "salary_min", "undisclosed", "employment_type"] {
        assert_eq!(kept[field], all[field], "{field}");
    }
    let replayed = keep(&desk, &by, "k", all).await.expect(201);
    assert_eq!(replayed["id"], kept["id"]);
    morning(&desk, 180).await;
    assert_eq!(desk.app.number("SELECT count(*) FROM job_alert").await, 1, "its last day");
    morning(&desk, 181).await;
    assert_eq!(desk.app.number("SELECT count(*) FROM job_alert").await, 0);
}
