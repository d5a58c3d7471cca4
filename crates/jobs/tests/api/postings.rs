//! E17 over HTTP: written, looked at, live to the end of its last day, changed, reported, ended.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::shop::id;
use unionhall_testkit::{Reply, TestApp};
use unionhall_web::RoleName;

use crate::desk::{Desk, body, midnight};

#[tokio::test]
async fn a_posting_is_seen_by_the_county_before_anybody_else() {
    let desk = Desk::open().await;
    let app = &desk.app;
    let made = desk.write(&body()).await.expect(201);
    let posting = id(&made);
    assert_eq!((&made["state"], &made["pay_text"]), (&json!("DRAFT"), &json!("4500-6000元/月")));
    assert_eq!((&made["valid_days"], &made["progress"]["due_on"]), (&json!(30), &json!("2027-02-18")));
    let path = format!("/v1/admin/job-postings/{posting}");
    assert_eq!(app.get(&path).by(&desk.officer.session).await.problem(404), "NOT_FOUND", "a draft");
    assert_eq!(app.get(&format!("/v1/public/jobs/{posting}")).await.problem(404), "NOT_FOUND");

    let handed = desk.step(posting, "submit").await.expect(200);
    assert_eq!((&handed["state"], &handed["progress"]["due_on"]), (&json!("REVIEW"), &json!("2026-11-24")));
    assert_eq!(desk.step(posting, "submit").await.problem(409), "INVALID_STATE");
    let todos = app.get("/v1/admin/todos").by(&desk.officer.session).await.expect(200);
    let todo = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "job_posting").unwrap();
    assert_eq!((&todo["count"], &todo["oldest_due"]), (&json!(1), &json!("2026-11-24")));
    let list = app.get("/v1/admin/job-postings").by(&desk.officer.session).await.expect(200);
    assert_eq!(list["items"][0]["id"], made["id"]);
    assert_eq!(app.get(&format!("/v1/public/jobs/{posting}")).await.problem(404), "NOT_FOUND");

    let live = desk.decide(posting, "approve", json!({})).await.expect(200);
    assert_eq!((&live["state"], &live["valid_through"]), (&json!("LIVE"), &json!("2026-12-20")));
    assert_eq!(live["recruiter_name"], desk.recruiter.name);
    let job = app.get(&format!("/v1/public/jobs/{posting}")).await.expect(200);
    assert_eq!((&job["state"], &job["recruiter_name"]), (&json!("LIVE"), &json!(desk.recruiter.name)));
    let ld = &job["json_ld"];
    assert_eq!((&ld["@type"], &ld["employmentType"]), (&json!("JobPosting"), &json!("FULL_TIME")));
    assert_eq!(ld["validThrough"], "2026-12-20T23:59:59+08:00");
    assert_eq!(ld["baseSalary"]["value"]["minValue"], 4500.0);
    assert_eq!(ld["jobLocation"]["address"]["addressLocality"], "中原区");
    assert_eq!(desk.decide(posting, "approve", json!({})).await.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn what_is_mandatory_or_forbidden_is_named_at_its_field() {
    let desk = Desk::open().await;
    desk.app.sql("INSERT INTO job_wage_class VALUES ('410102', 1)").await;
    let errors = async |changed: Value| {
        let mut body = body();
        for (name, value) in changed.as_object().unwrap() {
            match value.is_null() {
                true => body.as_object_mut().unwrap().remove(name),
                false => body.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        let reply = desk.write(&body).await;
        match reply.status {
            201 => Vec::new(),
            _ => {
                assert_eq!(reply.problem(422), "VALIDATION_FAILED");
                let json = reply.json();
                let errors = json["errors"].as_array().unwrap().clone();
                let word =
                    |e: &Value| format!("{} {}", e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap());
                errors.iter().map(word).collect()
            }
        }
    };
    for field in ["headcount", "content", "conditions", "address", "pay", "employment_type", "division_code"]
    {
        assert_eq!(errors(json!({field: null})).await, [format!("/{field} REQUIRED")]);
    }
    assert_eq!(errors(json!({"content": "限男性，35岁以下"})).await, ["/content LEXICON_BLOCKED"]);
    assert_eq!(errors(json!({"conditions": "仅 限 男 性"})).await, ["/conditions LEXICON_BLOCKED"]);
    assert_eq!(errors(json!({"content": "入职交押金300元"})).await, ["/content LEXICON_BLOCKED"]);
    assert_eq!(errors(json!({"title": "普工（未婚）"})).await, ["/title LEXICON_BLOCKED"]);
    let ok = json!({"content": "招聘普工，男女不限，月薪4500-6000"});
    assert!(errors(ok).await.is_empty());
    let pay = |min: i64, period: &str| json!({"pay": {"min_fen": min, "period": period}});
    assert_eq!(errors(pay(150_000, "month")).await, ["/pay/min_fen BELOW_MINIMUM_WAGE"]);
    assert_eq!(errors(pay(209_999, "month")).await, ["/pay/min_fen BELOW_MINIMUM_WAGE"]);
    assert!(errors(pay(210_000, "month")).await.is_empty());
    let mut elsewhere = pay(180_000, "month");
    elsewhere["division_code"] = json!("411722");
    assert!(errors(elsewhere.clone()).await.is_empty(), "class III where nobody has entered one");
    elsewhere["pay"]["min_fen"] = json!(179_999);
    assert_eq!(errors(elsewhere).await, ["/pay/min_fen BELOW_MINIMUM_WAGE"]);
    let mut part = pay(2_059, "hour");
    part["employment_type"] = json!("part_time");
    assert_eq!(errors(part).await, ["/pay/min_fen BELOW_MINIMUM_WAGE"]);
    assert_eq!(errors(json!({"pay": {"period": "month"}})).await, ["/pay/min_fen PAY_REQUIRED"]);
    assert!(errors(json!({"pay": {"period": "month", "negotiable": true}})).await.is_empty());
    assert_eq!(errors(json!({"valid_days": 91})).await, ["/valid_days VALID_DAYS"]);
    assert!(errors(json!({"valid_days": 90})).await.is_empty());
    assert_eq!(errors(json!({"headcount": 0})).await, ["/headcount COUNT"]);
    assert_eq!(errors(json!({"wage": 1})).await, ["/wage UNKNOWN_FIELD"]);
    let hits = json!({"conditions": "35岁以下优先，不收押金"});
    let mut flagged = body();
    flagged["conditions"] = hits["conditions"].clone();
    let made = desk.write(&flagged).await.expect(201);
    let phrases: Vec<&str> =
        made["hits"].as_array().unwrap().iter().map(|h| h["phrase"].as_str().unwrap()).collect();
    assert_eq!(phrases, ["岁以下", "押金"], "the reviewer looks at them");
}

#[tokio::test]
async fn a_newer_lexicon_counts_from_its_day_on() {
    let desk = Desk::open().await;
    let posting = id(&desk.write(&body()).await.expect(201));
    desk.app
        .sql("INSERT INTO job_lexicon VALUES (8, '2026-11-21', '车床', 'block', '{}'), (9, '2026-12-01', '图纸', 'block', '{}')")
        .await;
    desk.write(&body()).await.expect(201);
    midnight(&desk.app).await;
    let desk = desk.again().await;
    let reply = desk.step(posting, "submit").await;
    assert_eq!(reply.problem(422), "VALIDATION_FAILED");
    assert_eq!(reply.json()["errors"][0]["pointer"], "/title");
}

#[tokio::test]
async fn the_last_day_ends_at_midnight_in_shanghai_everywhere() {
    let desk = Desk::open().await;
    let mut short = body();
    short["valid_days"] = json!(1);
    let posting = desk.publish(&short).await;
    let found = async |desk: &Desk| desk.search("q=车床").await.len();
    midnight(&desk.app).await;
    let desk = desk.again().await;
    assert_eq!(found(&desk).await, 1, "its last day");
    midnight(&desk.app).await;
    let desk = desk.again().await;
    assert_eq!(found(&desk).await, 0);
    let job = desk.app.get(&format!("/v1/public/jobs/{posting}")).await.expect(200);
    assert_eq!((&job["state"], &job["json_ld"]), (&json!("EXPIRED"), &Value::Null));
    let own =
        desk.app.get("/v1/recruiter/postings?state=EXPIRED").by(&desk.recruiter.session).await.expect(200);
    assert_eq!(own["items"][0]["id"], json!(posting));
    let live =
        desk.app.get("/v1/recruiter/postings?state=LIVE").by(&desk.recruiter.session).await.expect(200);
    assert_eq!(live["items"], json!([]));
    let path = format!("/v1/recruiter/postings/{posting}/extend");
    let extend =
        async |days: i64| desk.app.post(&path, json!({"days": days})).by(&desk.recruiter.session).await;
    assert_eq!(extend(91).await.problem(422), "VALIDATION_FAILED");
    let extended = extend(90).await.expect(200);
    assert_eq!((&extended["state"], &extended["valid_through"]), (&json!("LIVE"), &json!("2027-02-20")));
    assert_eq!(found(&desk).await, 1);
}

#[tokio::test]
async fn pay_and_place_go_back_to_the_county_and_numbers_do_not() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let path = format!("/v1/recruiter/postings/{posting}");
    let patch = async |changed: Value| {
        desk.app.request("PATCH", &path).json(changed).by(&desk.recruiter.session).await
    };
    let same = patch(json!({"headcount": 7, "note": "请尽快审核"})).await.expect(200);
    assert_eq!((&same["state"], &same["headcount"]), (&json!("LIVE"), &json!(7)));
    assert_eq!(desk.search("q=车床").await.len(), 1);
    let edited =
        patch(json!({"pay": {"min_fen": 400_000, "max_fen": 500_000, "period": "month"}})).await.expect(200);
    assert_eq!(edited["state"], "REVIEW");
    assert!(desk.search("q=车床").await.is_empty());
    let returned = desk.decide(posting, "return", json!({"reason": "薪酬与原来不符"})).await.expect(200);
    assert_eq!((&returned["state"], &returned["reason"]), (&json!("DRAFT"), &json!("薪酬与原来不符")));
    desk.step(posting, "submit").await.expect(200);
    let live = desk.decide(posting, "approve", json!({})).await.expect(200);
    assert_eq!(live["valid_through"], "2026-12-20", "the last day it had");
    assert_eq!(patch(json!({"headcount": null})).await.problem(422), "VALIDATION_FAILED");
    let unknown = patch(json!({"state": "LIVE"})).await;
    assert_eq!(unknown.json()["errors"][0]["code"], "UNKNOWN_FIELD");
    assert_eq!(unknown.status, 422);
}

#[tokio::test]
async fn the_last_place_closes_a_posting() {
    let desk = Desk::open().await;
    let mut two = body();
    two["headcount"] = json!(2);
    let posting = desk.publish(&two).await;
    let fill = async |filled: i64| {
        let path = format!("/v1/recruiter/postings/{posting}/filled");
        desk.app.put(&path, json!({"filled": filled})).by(&desk.recruiter.session).await
    };
    assert_eq!(fill(3).await.problem(422), "VALIDATION_FAILED");
    assert_eq!(fill(1).await.expect(200)["state"], "LIVE");
    let path = format!("/v1/recruiter/postings/{posting}");
    let fewer =
        desk.app.request("PATCH", &path).json(json!({"headcount": 1})).by(&desk.recruiter.session).await;
    assert_eq!(fewer.status, 200);
    let closed = fill(1).await.expect(200);
    assert_eq!((&closed["state"], &closed["valid_through"]), (&json!("CLOSED"), &json!("2026-11-20")));
    assert!(desk.search("q=车床").await.is_empty());
    assert_eq!(fill(0).await.problem(409), "INVALID_STATE");
    assert_eq!(desk.step(posting, "close").await.problem(409), "INVALID_STATE");
    let job = desk.app.get(&format!("/v1/public/jobs/{posting}")).await.expect(200);
    assert_eq!(job["state"], "CLOSED");
}

async fn report(desk: &Desk, posting: uuid::Uuid, by: &unionhall_testkit::Session) -> Reply {
    let body = json!({"posting_id": posting, "kind": "fee", "statement": "面试要求交押金。"});
    desk.app.post("/v1/me/job-reports", body).by(by).key("report").await
}

#[tokio::test]
async fn the_third_person_hides_a_posting_until_the_county_has_looked() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let mut members = Vec::new();
    for _ in 0..7 {
        members.push(desk.member().await);
    }
    report(&desk, posting, &members[0]).await.expect(201);
    report(&desk, posting, &members[0]).await.expect(201);
    let again = json!({"posting_id": posting, "kind": "fraud", "statement": "还是要交押金。"});
    let again = desk.app.post("/v1/me/job-reports", again).by(&members[0]).key("again").await;
    assert_eq!(again.problem(409), "ALREADY_EXISTS");
    assert_eq!(desk.search("q=车床").await.len(), 1, "one person, however often");
    let replies = join_all(members[1..5].iter().map(|by| report(&desk, posting, by))).await;
    assert!(replies.iter().filter(|r| r.status == 201).count() >= 2, "the rest came when it was hidden");
    assert!(desk.search("q=车床").await.is_empty());
    assert_eq!(desk.app.get(&format!("/v1/public/jobs/{posting}")).await.problem(404), "NOT_FOUND");
    assert_eq!(desk.step(posting, "close").await.problem(409), "INVALID_STATE");
    let path = format!("/v1/admin/job-postings/{posting}");
    let reports = desk.app.get(&format!("{path}/reports")).by(&desk.officer.session).await.expect(200);
    assert_eq!(reports["items"][0]["statement"], "面试要求交押金。");
    let todos = desk.app.get("/v1/admin/todos").by(&desk.officer.session).await.expect(200);
    let todo = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "job_report").unwrap();
    assert_eq!((&todo["count"], &todo["oldest_due"]), (&json!(1), &json!("2026-11-23")));
    let restored =
        desk.decide(posting, "restore", json!({"reason": "经核实为工服押金误报"})).await.expect(200);
    assert_eq!(restored["state"], "LIVE");
    assert_eq!(desk.search("q=车床").await.len(), 1);
    // What was decided does not count again.
    report(&desk, posting, &members[5]).await.expect(201);
    assert_eq!(desk.search("q=车床").await.len(), 1);
    let removed = desk.decide(posting, "remove", json!({"reason": "收取押金属实"})).await.expect(200);
    assert_eq!((&removed["state"], &removed["progress"]["due_on"]), (&json!("REMOVED"), &Value::Null));
    assert_eq!(report(&desk, posting, &members[6]).await.problem(404), "NOT_FOUND");
    assert_eq!(
        desk.decide(posting, "restore", json!({"reason": "不能恢复"})).await.problem(409),
        "INVALID_STATE"
    );
}

#[tokio::test]
async fn a_suspended_recruiter_shows_nothing_and_writes_nothing() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let recruiter = format!("/v1/admin/recruiters/{}", desk.recruiter.id);
    let turn = async |step: &str| {
        desk.app
            .decide(&recruiter, step, &desk.officer.session, json!({"reason": "多次被举报"}))
            .await
            .expect(200)
    };
    turn("suspend").await;
    assert!(desk.search("q=车床").await.is_empty());
    assert_eq!(desk.app.get(&format!("/v1/public/jobs/{posting}")).await.problem(404), "NOT_FOUND");
    assert_eq!(desk.write(&body()).await.problem(409), "INVALID_STATE");
    turn("resume").await;
    assert_eq!(desk.search("q=车床").await.len(), 1);
    turn("suspend").await;
    turn("ban").await;
    assert!(desk.search("q=车床").await.is_empty());
}

#[tokio::test]
async fn postings_are_hidden_from_the_day_on_which_the_verification_has_ended() {
    let desk = Desk::open().await;
    let until =
        format!("UPDATE recruiter SET verified_until = '2026-11-21' WHERE id = '{}'", desk.recruiter.id);
    desk.app.sql(&until).await;
    desk.publish(&body()).await;
    midnight(&desk.app).await;
    let desk = desk.again().await;
    assert_eq!(desk.search("q=车床").await.len(), 1);
    midnight(&desk.app).await;
    let desk = desk.again().await;
    assert!(desk.search("q=车床").await.is_empty());
    assert_eq!(desk.write(&body()).await.problem(409), "INVALID_STATE");
    // Verified again, they are shown again.
    let mut papers = desk.app.recruiter_body(&desk.recruiter.session).await;
    papers["uscc"] = json!(desk.recruiter.uscc);
    let made = id(&desk.app.apply_as_recruiter(&desk.recruiter.session, &papers).await.expect(201));
    desk.app.verify_recruiter(made, &desk.officer).await.expect(200);
    assert_eq!(desk.search("q=车床").await.len(), 1);
}

#[tokio::test]
async fn what_nobody_cares_for_is_closed_in_its_time() {
    let desk = Desk::open().await;
    let (draft, mut short) = (id(&desk.write(&body()).await.expect(201)), body());
    short["valid_days"] = json!(1);
    let live = desk.publish(&short).await;
    let state = async |of: uuid::Uuid| {
        let query = format!("SELECT (state = 'CLOSED')::int FROM job_posting WHERE id = '{of}'");
        desk.app.number(&query).await == 1
    };
    let run = async |day: i64| {
        desk.app.clock.set(
            "2026-11-20T04:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() + Duration::days(day),
        );
        let core = desk.app.core();
        unionhall_jobs::tasks::enqueue_daily(core, &mut core.db.writer().await.unwrap()).await.unwrap();
        desk.app.drain().await;
    };
    run(90).await;
    assert_eq!((state(draft).await, state(live).await), (false, false));
    run(91).await;
    assert_eq!((state(draft).await, state(live).await), (true, false));
    run(92).await;
    assert!(state(live).await);
    assert_eq!(desk.app.number("SELECT count(*) FROM job_listing").await, 0);
}

#[tokio::test]
async fn the_neighbours_reach_nothing() {
    let desk = Desk::open().await;
    let posting = desk.handed_in(&body()).await;
    let sibling = desk.app.cadre("410103", RoleName::Leader).await;
    let path = format!("/v1/admin/job-postings/{posting}");
    assert_eq!(desk.app.get(&path).by(&sibling.session).await.problem(404), "NOT_FOUND");
    let all = desk.app.get("/v1/admin/job-postings").by(&sibling.session).await.expect(200);
    assert_eq!(all["items"], json!([]));
    let approve =
        desk.app.post(&format!("{path}/approve"), json!({})).by(&sibling.session).if_match("\"v1\"");
    assert_eq!(approve.await.problem(404), "NOT_FOUND");
    let stale =
        desk.app.post(&format!("{path}/approve"), json!({})).by(&desk.officer.session).if_match("\"v9\"");
    assert_eq!(stale.await.problem(412), "STALE");
    let other = desk.app.recruiter(&desk.officer, "410102", "郑州另一家机械有限公司").await;
    let own = format!("/v1/recruiter/postings/{posting}");
    assert_eq!(desk.app.get(&own).by(&other.session).await.problem(404), "NOT_FOUND");
    let list = desk.app.get("/v1/recruiter/postings").by(&other.session).await.expect(200);
    assert_eq!(list["items"], json!([]));
    let close = desk.app.post(&format!("{own}/close"), json!({})).by(&other.session).await;
    assert_eq!(close.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn approving_and_closing_at_once_leaves_a_posting_in_one_state() {
    let desk = Desk::open().await;
    let posting = desk.handed_in(&body()).await;
    let (approved, closed) =
        tokio::join!(desk.decide(posting, "approve", json!({})), desk.step(posting, "close"));
    let state = desk.app.get(&format!("/v1/recruiter/postings/{posting}")).by(&desk.recruiter.session).await;
    let state = state.expect(200)["state"].clone();
    let shown = desk.search("q=车床").await.len();
    match (approved.status, closed.status) {
        (200, 200) | (412, 200) | (409, 200) => assert_eq!((state, shown), (json!("CLOSED"), 0)),
        (200, 409) => assert_eq!((state, shown), (json!("LIVE"), 1)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_same_key_writes_one_draft() {
    let desk = Desk::open().await;
    let send = || desk.app.post("/v1/recruiter/postings", body()).by(&desk.recruiter.session).key("same");
    let replies = join_all((0..8).map(|_| send().into_future())).await;
    let ids: std::collections::BTreeSet<String> =
        replies.iter().map(|r| r.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(desk.app.number("SELECT count(*) FROM job_posting").await, 1);
    let _: &TestApp = &desk.app;
}
