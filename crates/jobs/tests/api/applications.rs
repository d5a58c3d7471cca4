//! From a resume to a place: who sees what, once and only once, and what becomes of it.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::shop::id;
use unionhall_testkit::{Reply, RosterMember, Session};
use unionhall_web::RoleName;
use uuid::Uuid;

use crate::desk::{Desk, body};

pub fn resume(blocked: &[&str]) -> Value {
    json!({
        "content": {"headline": "数控车床操作工", "education": "中专", "skills": "车工三级", "about": "吃苦耐劳。",
                    "experiences": [{"employer": "洛阳某轴承厂", "title": "车工", "description": "2019年至2024年"}]},
        "blocked_employers": blocked,
    })
}

/// A member of a union who is proved and has written a resume.
pub async fn seeker_of(desk: &Desk, union: &str) -> (Session, RosterMember) {
    let member = desk.app.on_roster(union).await;
    let session = desk.app.login_member(&member.mobile).await;
    desk.app.prove(&session, &member).await;
    desk.app.put("/v1/me/resume", resume(&[])).by(&session).await.expect(200);
    (session, member)
}

pub async fn seeker(desk: &Desk) -> Session {
    seeker_of(desk, "410102").await.0
}

pub async fn apply(desk: &Desk, posting: Uuid, by: &Session, key: &str) -> Reply {
    desk.app.post("/v1/me/job-applications", json!({"posting_id": posting})).by(by).key(key).await
}

pub async fn recruiter_step(desk: &Desk, application: Uuid, step: &str, body: Value) -> Reply {
    let path = format!("/v1/recruiter/candidates/{application}/{step}");
    desk.app.post(&path, body).by(&desk.recruiter.session).await
}

pub async fn member_step(desk: &Desk, application: Uuid, step: &str, by: &Session) -> Reply {
    desk.app.post(&format!("/v1/me/job-applications/{application}/{step}"), json!({})).by(by).await
}

pub async fn candidate(desk: &Desk, application: Uuid) -> Value {
    let path = format!("/v1/recruiter/candidates/{application}");
    desk.app.get(&path).by(&desk.recruiter.session).await.expect(200)
}

#[tokio::test]
async fn a_member_is_hired_and_known_only_from_the_invitation_on() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let (by, member) = seeker_of(&desk, "410102").await;
    let made = apply(&desk, posting, &by, "k").await.expect(201);
    assert_eq!((&made["state"], &made["revealed"]), (&json!("SUBMITTED"), &json!(false)));
    assert_eq!(made["progress"]["due_on"], "2026-12-27", "a week after the posting's last day");
    let application = id(&made);
    let list = format!("/v1/recruiter/postings/{posting}/candidates");
    let list = desk.app.get(&list).by(&desk.recruiter.session).await;
    assert!(!list.text().contains(&member.mobile) && !list.text().contains(&member.name), "{}", list.text());
    let list = list.expect(200);
    let masked = format!("{}****{}", &member.mobile[..3], &member.mobile[7..]);
    assert_eq!((&list["items"][0]["name"], &list["items"][0]["mobile"]), (&json!("王*明"), &json!(masked)));
    assert_eq!(list["items"][0]["resume"]["skills"], "车工三级");
    // What was handed in stays what it was.
    let mut newer = resume(&[]);
    newer["content"]["skills"] = json!("车工二级");
    desk.app.put("/v1/me/resume", newer).by(&by).await.expect(200);
    assert_eq!(candidate(&desk, application).await["resume"]["skills"], "车工三级");

    assert_eq!(recruiter_step(&desk, application, "offer", json!({})).await.problem(409), "INVALID_STATE");
    recruiter_step(&desk, application, "view", json!({})).await.expect(200);
    assert_eq!(recruiter_step(&desk, application, "view", json!({})).await.problem(409), "INVALID_STATE");
    let invited = recruiter_step(&desk, application, "invite", json!({})).await.expect(200);
    assert_eq!((&invited["name"], &invited["mobile"]), (&json!(member.name), &json!(member.mobile)));
    assert_eq!(member_step(&desk, application, "accept", &by).await.problem(409), "INVALID_STATE");
    recruiter_step(&desk, application, "offer", json!({})).await.expect(200);
    let hired = member_step(&desk, application, "accept", &by).await.expect(200);
    assert_eq!((&hired["state"], &hired["progress"]["due_on"]), (&json!("HIRED"), &Value::Null));
    let path = format!("/v1/recruiter/postings/{posting}");
    let own = desk.app.get(&path).by(&desk.recruiter.session).await.expect(200);
    assert_eq!((&own["filled"], &own["state"]), (&json!(1), &json!("LIVE")));
    desk.app.drain().await;
    let inbox = desk.app.get("/v1/me/inbox").by(&by).await.expect(200);
    let titles: Vec<&str> =
        inbox["items"].as_array().unwrap().iter().map(|m| m["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"收到面谈邀约") && titles.contains(&"收到录用通知"), "{titles:?}");
    let stats = desk.app.get("/v1/admin/stats/jobs").by(&desk.officer.session).await.expect(200);
    assert_eq!(
        [&stats["postings"], &stats["offered"], &stats["applications"], &stats["hired"], &stats["filled"]],
        [&json!(1), &json!(5), &json!(1), &json!(1), &json!(1)]
    );
}

#[tokio::test]
async fn one_application_a_person_and_posting_however_it_is_tried() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let by = seeker(&desk).await;
    let keys: Vec<String> = (0..8).map(|n| format!("k{n}")).collect();
    let replies = join_all(keys.iter().map(|key| apply(&desk, posting, &by, key))).await;
    assert_eq!(replies.iter().filter(|r| r.status == 201).count(), 1);
    for lost in replies.iter().filter(|r| r.status != 201) {
        assert_eq!(lost.problem(409), "ALREADY_EXISTS");
    }
    assert_eq!(desk.app.number("SELECT count(*) FROM job_application").await, 1);
    // The same text posted anew is the same job, spaces or not.
    let mut again = body();
    again["content"] = json!("操作数控车床， 按图纸加工零件。包吃住，五险一金！");
    let twin = desk.publish(&again).await;
    assert_eq!(apply(&desk, twin, &by, "twin").await.problem(409), "ALREADY_EXISTS");
    let mut other = body();
    other["content"] = json!("操作数控铣床。");
    let other = desk.publish(&other).await;
    apply(&desk, other, &by, "other").await.expect(201);
    // Who withdrew may apply again while it is live.
    let mine = desk.app.get("/v1/me/job-applications").by(&by).await.expect(200);
    let first =
        mine["items"].as_array().unwrap().iter().find(|a| a["job"]["id"] == json!(posting)).map(id).unwrap();
    member_step(&desk, first, "withdraw", &by).await.expect(200);
    assert_eq!(member_step(&desk, first, "withdraw", &by).await.problem(409), "INVALID_STATE");
    assert_eq!(candidate(&desk, first).await["resume"], Value::Null, "taken back");
    apply(&desk, posting, &by, "again").await.expect(201);
    desk.step(other, "close").await.expect(200);
    let late = seeker(&desk).await;
    assert_eq!(apply(&desk, other, &late, "late").await.problem(409), "POSTING_CLOSED");
}

#[tokio::test]
async fn nobody_applies_to_their_own_employer_or_one_they_blocked() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let (_, by_name) = desk.app.union_under("410102", "郑州某某机械有限公司工会").await;
    let (_, by_code) = desk.app.union_under("410102", "名字不同的企业工会").await;
    let coded = format!("UPDATE org SET uscc = '{}' WHERE code = '{by_code}'", desk.recruiter.uscc);
    desk.app.sql(&coded).await;
    for union in [by_name, by_code] {
        let (worker, _) = seeker_of(&desk, &union).await;
        let refused = apply(&desk, posting, &worker, "own").await;
        assert_eq!(refused.problem(409), "NOT_ELIGIBLE");
        assert_eq!(refused.json()["rule"], "own_employer");
    }
    let by = seeker(&desk).await;
    let blocked = resume(&[desk.recruiter.uscc.as_str()]);
    desk.app.put("/v1/me/resume", blocked).by(&by).await.expect(200);
    let refused = apply(&desk, posting, &by, "blocked").await;
    assert_eq!(
        (refused.problem(409).as_str(), &refused.json()["rule"]),
        ("NOT_ELIGIBLE", &json!("blocked_employer"))
    );
    assert_eq!(desk.app.number("SELECT count(*) FROM job_application").await, 0);
    let without = desk.member().await;
    assert_eq!(desk.app.get("/v1/me/resume").by(&without).await.problem(404), "NOT_FOUND");
    assert_eq!(apply(&desk, posting, &without, "none").await.problem(409), "INVALID_STATE");
    let wrong = desk.app.put("/v1/me/resume", resume(&["91410100MA000ABC25"])).by(&by).await;
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/blocked_employers/0");
    assert_eq!(wrong.status, 422);
}

#[tokio::test]
async fn cadres_read_numbers_and_those_of_an_enterprise_union_not_even_these() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let (_, union) = desk.app.union_under("410102", "郑州另一家企业工会").await;
    let (worker, member) = seeker_of(&desk, &union).await;
    let application = id(&apply(&desk, posting, &worker, "k").await.expect(201));
    let chair = desk.app.cadre(&union, RoleName::Leader).await;
    let stats = desk.app.get("/v1/admin/stats/jobs").by(&chair.session).await;
    assert_eq!(stats.problem(403), "FORBIDDEN");
    for path in ["/v1/admin/job-postings?state=LIVE", "/v1/admin/recruiters", "/v1/admin/todos"] {
        let seen = desk.app.get(path).by(&chair.session).await;
        assert!(!seen.text().contains(&application.to_string()), "{path}");
        assert!(path.ends_with("todos") || seen.json()["items"] == json!([]), "{path}: {}", seen.text());
    }
    let stats = desk.app.get("/v1/admin/stats/jobs").by(&desk.officer.session).await;
    assert!(!stats.text().contains(&member.person.to_string()));
    assert_eq!(stats.expect(200)["applications"], 1);
    let sibling = desk.app.cadre("410103", RoleName::Leader).await;
    let none = desk.app.get("/v1/admin/stats/jobs").by(&sibling.session).await.expect(200);
    assert_eq!((&none["postings"], &none["applications"]), (&json!(0), &json!(0)));
    // Another recruiter and another member reach nothing.
    let other = desk.app.recruiter(&desk.officer, "410102", "郑州另一家机械有限公司").await;
    let foreign = desk.app.get(&format!("/v1/recruiter/candidates/{application}")).by(&other.session).await;
    assert_eq!(foreign.problem(404), "NOT_FOUND");
    let list = desk.app.get(&format!("/v1/recruiter/postings/{posting}/candidates")).by(&other.session).await;
    assert_eq!(list.problem(404), "NOT_FOUND");
    let stranger = seeker(&desk).await;
    let theirs = desk.app.get(&format!("/v1/me/job-applications/{application}")).by(&stranger).await;
    assert_eq!(theirs.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn an_open_application_ends_a_week_after_its_posting() {
    let desk = Desk::open().await;
    let mut short = body();
    short["valid_days"] = json!(1);
    let posting = desk.publish(&short).await;
    let (by, member) = seeker_of(&desk, "410102").await;
    let rejecting = seeker(&desk).await;
    apply(&desk, posting, &by, "k").await.expect(201);
    let rejected = id(&apply(&desk, posting, &rejecting, "k").await.expect(201));
    let reply = recruiter_step(&desk, rejected, "reject", json!({"reason_code": "filled"})).await.expect(200);
    assert_eq!((&reply["state"], &reply["resume"]), (&json!("REJECTED"), &Value::Null));
    let reason =
        desk.app.get(&format!("/v1/me/job-applications/{rejected}")).by(&rejecting).await.expect(200);
    assert_eq!((&reason["reason"], &reason["reason_text"]), (&json!("filled"), &json!("岗位已招满")));
    let lapsed = async |day: i64| {
        let begun: DateTime<Utc> = "2026-11-20T04:00:00Z".parse().unwrap();
        let core = desk.app.core();
        desk.app.advance(begun + Duration::days(day) - core.now()).await;
        unionhall_jobs::tasks::enqueue_daily(core, &mut core.db.writer().await.unwrap()).await.unwrap();
        desk.app.drain().await;
        desk.app.number("SELECT count(*) FROM job_application WHERE state = 'LAPSED'").await
    };
    assert_eq!(lapsed(8).await, 0, "the seventh day after the 21st");
    assert_eq!(lapsed(9).await, 1);
    assert_eq!(lapsed(10).await, 1);
    let session = desk.app.login_member(&member.mobile).await;
    let inbox = desk.app.get("/v1/me/inbox").by(&session).await.expect(200);
    assert!(inbox["items"].as_array().unwrap().iter().any(|m| m["title"] == "求职申请已失效"));
}

#[tokio::test]
async fn whoever_applied_is_told_what_becomes_of_the_posting() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let by = seeker(&desk).await;
    apply(&desk, posting, &by, "k").await.expect(201);
    let path = format!("/v1/recruiter/postings/{posting}");
    let patch = json!({"address": "郑州市二七区大学路2号"});
    desk.app.request("PATCH", &path).json(patch).by(&desk.recruiter.session).await.expect(200);
    desk.decide(posting, "approve", json!({})).await.expect(200);
    desk.decide(posting, "remove", json!({"reason": "收取押金属实"})).await.expect(200);
    desk.app.drain().await;
    let inbox = desk.app.get("/v1/me/inbox").by(&by).await.expect(200);
    let titles: Vec<&str> =
        inbox["items"].as_array().unwrap().iter().map(|m| m["title"].as_str().unwrap()).collect();
    assert_eq!(titles.iter().filter(|t| **t == "投递的职位有变更").count(), 1, "{titles:?}");
    assert_eq!(titles.iter().filter(|t| **t == "投递的职位已下架").count(), 1, "{titles:?}");
}

#[tokio::test]
async fn the_last_place_taken_closes_the_posting_and_of_two_at_once_neither_is_lost() {
    let desk = Desk::open().await;
    let mut two = body();
    two["headcount"] = json!(2);
    let posting = desk.publish(&two).await;
    let mut offered = Vec::new();
    for _ in 0..2 {
        let by = seeker(&desk).await;
        let application = id(&apply(&desk, posting, &by, "k").await.expect(201));
        for step in ["invite", "offer"] {
            recruiter_step(&desk, application, step, json!({})).await.expect(200);
        }
        offered.push((application, by));
    }
    let taken =
        join_all(offered.iter().map(|(application, by)| member_step(&desk, *application, "accept", by)))
            .await;
    assert!(taken.iter().all(|r| r.status == 200));
    let path = format!("/v1/recruiter/postings/{posting}");
    let own = desk.app.get(&path).by(&desk.recruiter.session).await.expect(200);
    assert_eq!((&own["filled"], &own["state"]), (&json!(2), &json!("CLOSED")));
    assert!(desk.search("q=车床").await.is_empty());
}

#[tokio::test]
async fn whoever_was_suspended_reads_no_candidates_and_invites_none() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let by = seeker(&desk).await;
    let application = id(&apply(&desk, posting, &by, "k").await.expect(201));
    let recruiter = format!("/v1/admin/recruiters/{}", desk.recruiter.id);
    let reason = json!({"reason": "多次被举报"});
    desk.app.decide(&recruiter, "suspend", &desk.officer.session, reason).await.expect(200);
    let read = |path: String| desk.app.get(&path).by(&desk.recruiter.session).into_future();
    for path in [
        format!("/v1/recruiter/candidates/{application}"),
        format!("/v1/recruiter/postings/{posting}/candidates"),
    ] {
        assert_eq!(read(path).await.problem(403), "FORBIDDEN");
    }
    for step in ["view", "invite", "offer"] {
        assert_eq!(recruiter_step(&desk, application, step, json!({})).await.problem(409), "INVALID_STATE");
    }
    let seen = desk.app.get(&format!("/v1/me/job-applications/{application}")).by(&by).await.expect(200);
    assert_eq!(seen["state"], "SUBMITTED");
}
