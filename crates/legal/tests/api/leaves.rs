//! Leave: gaps, refusals, and the legal department.

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::counsel::Counsel;
use unionhall_testkit::shop::id;
use unionhall_testkit::{Reply, Session};
use uuid::Uuid;

use crate::swaps::published;
use crate::{ask, ids, member_of, question};

async fn leave(desk: &Counsel, by: &Session, from: &str, to: &str) -> Reply {
    desk.app.post("/v1/lawyer/leaves", json!({"from_date": from, "to_date": to})).by(by).await
}

async fn gaps(desk: &Counsel) -> Vec<Value> {
    let report = desk.app.get("/v1/admin/duty-gaps").by(&desk.officer.session).await.expect(200);
    report["items"].as_array().unwrap().clone()
}

async fn waiting(desk: &Counsel) -> Value {
    let todos = desk.app.get("/v1/admin/todos").by(&desk.officer.session).await.expect(200);
    let all = todos["items"].as_array().unwrap().clone();
    all.into_iter().find(|todo| todo["type"] == "duty_gap").unwrap()
}

#[tokio::test]
async fn a_shift_inside_a_leave_is_a_gap_until_the_leave_is_taken_back() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let lawyer = desk.app.lawyer(by, desk.firm, "李明").await;
    // Friday 20 November, noon in Shanghai; from 20 o'clock on the 21st to 4 o'clock on the 22nd.
    let shift = published(&desk, lawyer.id, 32, None).await;
    assert_eq!(gaps(&desk).await.len(), 2);
    assert_eq!(waiting(&desk).await["count"], 0);
    let entered = leave(&desk, &lawyer.session, "2026-11-22", "2026-11-22").await.expect(201);
    assert_eq!(entered["shift_count"], 1);
    // The part before midnight counts.
    let now = gaps(&desk).await;
    assert_eq!((now.len(), &now[1]["from"]), (2, &json!("2026-11-21T16:00:00.000Z")));
    assert_eq!((&now[0]["shift_ids"], &now[1]["shift_ids"]), (&json!([]), &json!([shift])));
    let told = waiting(&desk).await;
    assert_eq!((&told["count"], &told["oldest_due"]), (&json!(1), &json!("2026-11-21")));
    let listed = desk.app.get("/v1/admin/lawyer-leaves").by(by).await.expect(200);
    assert_eq!((ids(&listed), &listed["items"][0]["lawyer_name"]), (vec![id(&entered)], &json!("李明")));
    let own = desk.app.get("/v1/lawyer/leaves").by(&lawyer.session).await.expect(200);
    assert_eq!(ids(&own), [id(&entered)]);
    let path = format!("/v1/lawyer/leaves/{}/withdraw", id(&entered));
    desk.app.post(&path, json!({})).by(&lawyer.session).await.expect(204);
    assert_eq!(desk.app.post(&path, json!({})).by(&lawyer.session).await.problem(404), "NOT_FOUND");
    let whole = desk.app.get(&format!("/v1/admin/shifts/{shift}")).by(by).await.expect(200);
    assert_eq!(gaps(&desk).await[1]["from"], whole["ends_at"]);
    assert_eq!(waiting(&desk).await["count"], 0);
}

#[tokio::test]
async fn the_days_of_a_leave_are_checked() {
    let desk = Counsel::open().await;
    let lawyer = desk.app.lawyer(&desk.officer.session, desk.firm, "李明").await;
    let by = &lawyer.session;
    for (from, to, at) in [
        ("2026-11-19", "2026-11-20", "DATE_PAST"),
        ("2026-11-21", "2026-11-20", "OUT_OF_RANGE"),
        ("2026-12-01", "2027-12-02", "OUT_OF_RANGE"),
    ] {
        assert_eq!(leave(&desk, by, from, to).await.json()["errors"][0]["code"], at, "{from} {to}");
    }
    leave(&desk, by, "2026-11-20", "2026-11-20").await.expect(201);
    leave(&desk, by, "2026-12-01", "2027-12-01").await.expect(201);
    // Many at once for one day: one stands.
    let many = (0..6).map(|_| leave(&desk, by, "2026-11-25", "2026-11-26"));
    let replies = futures_util::future::join_all(many).await;
    assert_eq!(replies.iter().filter(|r| r.status == 201).count(), 1);
    assert!(replies.iter().all(|r| r.status == 201 || r.problem(409) == "ALREADY_EXISTS"));
    assert_eq!(leave(&desk, by, "2026-11-26", "2026-11-27").await.problem(409), "ALREADY_EXISTS");
    leave(&desk, by, "2026-11-27", "2026-11-27").await.expect(201);
    // What is over stays as it was.
    let list = desk.app.get("/v1/lawyer/leaves").by(by).await.expect(200);
    let first = id(&list["items"][0]);
    desk.app.advance(Duration::hours(12)).await;
    let by = &desk.app.login_lawyer(&lawyer.username).await;
    let path = format!("/v1/lawyer/leaves/{first}/withdraw");
    assert_eq!(desk.app.post(&path, json!({})).by(by).await.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn nobody_is_put_on_duty_over_their_leave_but_with_a_reason() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let (away, there) =
        (desk.app.lawyer(by, desk.firm, "李明").await, desk.app.lawyer(by, desk.firm, "王律").await);
    leave(&desk, &away.session, "2026-11-22", "2026-11-23").await.expect(201);
    let plan = async |lawyer: Uuid, backup: Option<Uuid>| {
        let body = json!({"lawyer_id": lawyer, "backup_id": backup, "starts_at": "2026-11-22T01:00:00Z",
                          "ends_at": "2026-11-22T09:00:00Z"});
        id(&desk.app.post("/v1/admin/shifts", body).by(by).await.expect(201))
    };
    let publish = async |shift: Uuid, body: Value| {
        desk.app.post(&format!("/v1/admin/shifts/{shift}/publish"), body).by(by).if_match("\"v1\"").await
    };
    let backed = plan(there.id, Some(away.id)).await;
    assert_eq!(publish(backed, json!({})).await.problem(409), "LAWYER_ON_LEAVE", "the backup as well");
    let cancel = desk.app.post(&format!("/v1/admin/shifts/{backed}/cancel"), json!({"reason": "重排"}));
    cancel.by(by).if_match("\"v1\"").await.expect(200);
    let shift = plan(away.id, None).await;
    assert_eq!(publish(shift, json!({})).await.problem(409), "LAWYER_ON_LEAVE");
    assert_eq!(publish(shift, json!({"reason": "无"})).await.status, 422, "a reason has two characters");
    publish(shift, json!({"reason": "本人同意回岗"})).await.expect(200);
    let rows = "SELECT count(*) FROM audit_event WHERE action = 'shift.publish' AND reason = '本人同意回岗'";
    assert_eq!(desk.app.number(rows).await, 1);
    // Nor do they take one of a colleague.
    let theirs = published(&desk, there.id, 70, None).await;
    let offer = desk.app.post(&format!("/v1/lawyer/shifts/{theirs}/offer"), json!({})).by(&there.session);
    let offer = id(&offer.await.expect(201));
    let take = desk.app.post(&format!("/v1/lawyer/shift-offers/{offer}/take"), json!({})).by(&away.session);
    assert_eq!(take.await.problem(409), "LAWYER_ON_LEAVE");
}

#[tokio::test]
async fn who_is_on_leave_gets_no_questions_by_the_roster() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let lawyer = desk.app.lawyer(by, desk.firm, "李明").await;
    desk.app.put_on_duty(by, lawyer.id).await;
    leave(&desk, &lawyer.session, "2026-11-20", "2026-11-20").await.expect(201);
    let there = desk.app.post("/v1/lawyer/presence", json!({})).by(&lawyer.session).await.expect(200);
    assert_eq!(there["on_duty"], false);
    let asker = member_of(&desk.app, "410102").await;
    assert_eq!(ask(&desk.app, &asker.session, question(), "1").await["state"], "QUEUED");
    // At midnight the leave is over and the shift is not.
    desk.app.advance(Duration::hours(12)).await;
    let session = desk.app.login_lawyer(&lawyer.username).await;
    let there = desk.app.post("/v1/lawyer/presence", json!({})).by(&session).await.expect(200);
    assert_eq!(there["on_duty"], true);
    // Suspended: what is published is a gap as well.
    let path = format!("/v1/admin/lawyers/{}", lawyer.id);
    let officer = desk.app.cadre("410102", unionhall_web::RoleName::LegalOfficer).await.session;
    let tag = desk.app.get(&path).by(&officer).await.etag();
    let stop = desk.app.post(&format!("{path}/suspend"), json!({"reason": "年度考核"}));
    stop.by(&officer).if_match(&tag).await.expect(200);
    let report = desk.app.get("/v1/admin/duty-gaps").by(&officer).await.expect(200);
    assert_eq!(report["items"].as_array().unwrap().len(), 1, "all of the thirty days");
    assert_eq!(report["items"][0]["shift_ids"].as_array().unwrap().len(), 1);
}
