//! The roster: planned, published, given on, its gaps; and presence.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use unionhall_testkit::counsel::Counsel;
use unionhall_testkit::shop::id;
use uuid::Uuid;

use crate::{ask, ids, member_of, question};

fn shift(lawyer: Uuid, from: DateTime<Utc>, hours: i64) -> Value {
    json!({"lawyer_id": lawyer, "starts_at": from, "ends_at": from + Duration::hours(hours)})
}

#[tokio::test]
async fn two_shifts_of_one_lawyer_never_overlap_however_they_are_planned() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let lawyer = desk.app.lawyer(by, desk.firm, "李明").await;
    let from = desk.app.core().now() + Duration::days(1);
    let plans = (0..8).map(|n| {
        let body = shift(lawyer.id, from + Duration::minutes(n * 10), 4);
        desk.app.post("/v1/admin/shifts", body).by(by).into_future()
    });
    let replies = futures_util::future::join_all(plans).await;
    assert_eq!(replies.iter().filter(|r| r.status == 201).count(), 1);
    assert!(replies.iter().all(|r| r.status == 201 || r.problem(409) == "SHIFT_OVERLAPS"));
    // One after the other touches and does not overlap.
    let made = replies.iter().find(|r| r.status == 201).unwrap().json();
    let ends: DateTime<Utc> = made["ends_at"].as_str().unwrap().parse().unwrap();
    desk.app.post("/v1/admin/shifts", shift(lawyer.id, ends, 4)).by(by).await.expect(201);
    let second = desk.app.lawyer(by, desk.firm, "王律").await;
    let mut backed = shift(second.id, from, 4);
    backed["backup_id"] = json!(lawyer.id);
    assert_eq!(desk.app.post("/v1/admin/shifts", backed).by(by).await.problem(409), "SHIFT_OVERLAPS");
    for (hours, code) in [(0, "TIME_ORDER"), (25, "TIME_ORDER")] {
        let reply = desk.app.post("/v1/admin/shifts", shift(second.id, from, hours)).by(by).await;
        assert_eq!(reply.json()["errors"][0]["code"], code);
    }
    let past = desk.app.post("/v1/admin/shifts", shift(second.id, from - Duration::days(3), 4)).by(by).await;
    assert_eq!(past.json()["errors"][0]["code"], "DATE_PAST");
    desk.app.post("/v1/admin/shifts", shift(second.id, from, 24)).by(by).await.expect(201);
}

#[tokio::test]
async fn gaps_are_what_is_not_published_in_the_next_thirty_days() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let lawyer = desk.app.lawyer(by, desk.firm, "李明").await;
    let gaps = async || desk.app.get("/v1/admin/duty-gaps").by(by).await.expect(200)["items"].clone();
    let whole = gaps().await;
    assert_eq!(whole.as_array().unwrap().len(), 1, "nobody for thirty days");
    let now = desk.app.core().now();
    let planned = desk
        .app
        .post("/v1/admin/shifts", shift(lawyer.id, now + Duration::hours(1), 24))
        .by(by)
        .await
        .expect(201);
    assert_eq!(gaps().await, whole, "a plan is nobody on duty");
    let path = format!("/v1/admin/shifts/{}", id(&planned));
    let tag = desk.app.get(&path).by(by).await.etag();
    let published = desk.app.post(&format!("{path}/publish"), json!({})).by(by).if_match(&tag).await;
    assert_eq!(published.status, 200);
    let two = gaps().await;
    assert_eq!((two.as_array().unwrap().len(), &two[0]["to"]), (2, &planned["starts_at"]));
    assert_eq!(two[1]["from"], planned["ends_at"]);
    // Given on, then cancelled.
    let second = desk.app.lawyer(by, desk.firm, "王律").await;
    let body = json!({"lawyer_id": second.id, "reason": "原值班律师出庭"});
    let given = desk.app.post(&format!("{path}/reassign"), body).by(by).if_match(&published.etag()).await;
    assert_eq!(given.json()["lawyer_id"], json!(second.id));
    assert!(ids(&desk.app.get("/v1/lawyer/shifts").by(&lawyer.session).await.expect(200)).is_empty());
    assert_eq!(ids(&desk.app.get("/v1/lawyer/shifts").by(&second.session).await.expect(200)), [id(&planned)]);
    let cancel = desk.app.post(&format!("{path}/cancel"), json!({"reason": "排班有误"}));
    let cancelled = cancel.by(by).if_match(&given.etag()).await;
    assert_eq!(cancelled.json()["state"], "CANCELLED");
    assert_eq!(gaps().await.as_array().unwrap().len(), 1);
    let again = desk.app.post(&format!("{path}/publish"), json!({})).by(by).if_match(&cancelled.etag()).await;
    assert_eq!(again.problem(409), "INVALID_STATE");
    assert_eq!(ids(&desk.app.get("/v1/admin/shifts").by(by).await.expect(200)), [id(&planned)]);
}

#[tokio::test]
async fn a_roster_is_not_presence() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let lawyer = desk.app.lawyer(by, desk.firm, "李明").await;
    let asker = member_of(&desk.app, "410102").await;
    desk.app.put_on_duty(by, lawyer.id).await;
    let first = ask(&desk.app, &asker.session, question(), "1").await;
    assert_eq!(first["state"], "QUEUED", "on duty and not there");
    let there = desk.app.post("/v1/lawyer/presence", json!({})).by(&lawyer.session).await.expect(200);
    assert_eq!(there["on_duty"], true);
    let given = desk.app.get("/v1/lawyer/consultations").by(&lawyer.session).await.expect(200);
    assert_eq!(ids(&given), [id(&first)], "the heartbeat takes what waits");
    desk.app.advance(Duration::minutes(5)).await;
    let second = ask(&desk.app, &asker.session, question(), "2").await;
    assert_eq!(second["state"], "ASSIGNED", "five minutes are present");
    desk.app.advance(Duration::minutes(1)).await;
    assert_eq!(ask(&desk.app, &asker.session, question(), "3").await["state"], "QUEUED");
    // There, and not on duty.
    let idle = desk.app.lawyer(by, desk.firm, "王律").await;
    let there = desk.app.post("/v1/lawyer/presence", json!({})).by(&idle.session).await.expect(200);
    assert_eq!(there["on_duty"], false);
    assert!(ids(&desk.app.get("/v1/lawyer/consultations").by(&idle.session).await.expect(200)).is_empty());
}

#[tokio::test]
async fn who_may_not_take_questions_is_not_on_duty_by_their_own_app() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let lawyer = desk.app.lawyer(by, desk.firm, "李明").await;
    desk.app.put_on_duty(by, lawyer.id).await;
    let asker = member_of(&desk.app, "410102").await;
    let on_duty = async || {
        let said = desk.app.post("/v1/lawyer/presence", json!({})).by(&lawyer.session).await.expect(200);
        said["on_duty"].as_bool().unwrap()
    };
    assert!(on_duty().await);
    let path = format!("/v1/admin/lawyers/{}", lawyer.id);
    let step = async |what: &str, body: Value| {
        let tag = desk.app.get(&path).by(by).await.etag();
        let path = format!("{path}{what}");
        let method = if what.is_empty() { "PATCH" } else { "POST" };
        desk.app.request(method, &path).json(body).by(by).if_match(&tag).await.expect(200)
    };
    step("/suspend", json!({"reason": "年度考核"})).await;
    assert!(!on_duty().await, "suspended");
    let asked = ask(&desk.app, &asker.session, question(), "1").await;
    assert_eq!((&asked["state"], &asked["progress"]["waiting_for"]), (&json!("QUEUED"), &json!("union")));
    step("/resume", json!({"reason": "考核通过"})).await;
    assert!(on_duty().await);
    // 20 November in Shanghai.
    step("", json!({"licence_until": "2026-11-19"})).await;
    assert!(!on_duty().await, "their own licence is over");
    step("", json!({"licence_until": "2026-11-20"})).await;
    assert!(on_duty().await, "its last day counts");
    let firm = format!("/v1/admin/firms/{}", desk.firm);
    let tag = desk.app.get(&firm).by(by).await.etag();
    let over = desk.app.request("PATCH", &firm).json(json!({"licence_until": "2026-11-19"}));
    over.by(by).if_match(&tag).await.expect(200);
    assert!(!on_duty().await, "their firm's licence is over");
}
