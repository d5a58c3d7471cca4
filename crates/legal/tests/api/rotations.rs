//! Rotations: planned in turn, planned anew, published.

use serde_json::{Value, json};
use unionhall_testkit::Reply;
use unionhall_testkit::counsel::{Counsel, LawyerHandle};
use unionhall_testkit::shop::id;
use unionhall_web::RoleName;
use uuid::Uuid;

use crate::ids;
use crate::swaps::told;

async fn team(names: &[&str]) -> (Counsel, Vec<LawyerHandle>) {
    let desk = Counsel::open().await;
    let mut lawyers = Vec::new();
    for name in names {
        lawyers.push(desk.app.lawyer(&desk.officer.session, desk.firm, name).await);
    }
    (desk, lawyers)
}

// All day and all night in two shifts.
fn terms(lawyers: &[LawyerHandle]) -> Value {
    let ids: Vec<Uuid> = lawyers.iter().map(|lawyer| lawyer.id).collect();
    json!({"name": "轮值一组", "lawyer_ids": ids, "first_day": "2026-12-01",
           "slots": [{"starts": "08:00", "hours": 12}, {"starts": "20:00", "hours": 12}]})
}

async fn entered(desk: &Counsel, terms: Value) -> Uuid {
    id(&desk.app.post("/v1/admin/rotations", terms).by(&desk.officer.session).await.expect(201))
}

async fn generate(desk: &Counsel, rotation: Uuid, tag: &str, from: &str, to: &str) -> Reply {
    let path = format!("/v1/admin/rotations/{rotation}/generate");
    let body = json!({"from_date": from, "to_date": to});
    desk.app.post(&path, body).by(&desk.officer.session).if_match(tag).await
}

async fn publish(desk: &Counsel, from: &str, to: &str, reason: Option<&str>) -> Reply {
    let mut body = json!({"from_date": from, "to_date": to});
    if let Some(reason) = reason {
        body["reason"] = json!(reason);
    }
    desk.app.post("/v1/admin/duty-roster/publish", body).by(&desk.officer.session).await
}

// Who has which shift, by start.
async fn roster(desk: &Counsel) -> Vec<(String, Uuid)> {
    let list = desk.app.get("/v1/admin/shifts?limit=100").by(&desk.officer.session).await.expect(200);
    let one = |s: &Value| {
        (s["starts_at"].as_str().unwrap()[..13].to_owned(), s["lawyer_id"].as_str().unwrap().parse().unwrap())
    };
    list["items"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn lawyers_have_their_turns_and_whoever_cannot_is_passed_over() {
    let (desk, lawyers) = team(&["赵一", "钱二", "孙三"]).await;
    let [a, c] = [lawyers[0].id, lawyers[2].id];
    let rotation = entered(&desk, terms(&lawyers)).await;
    // B is away on the second; A has something else early on the third.
    let days = json!({"from_date": "2026-12-02", "to_date": "2026-12-02"});
    desk.app.post("/v1/lawyer/leaves", days).by(&lawyers[1].session).await.expect(201);
    let other =
        json!({"lawyer_id": a, "starts_at": "2026-12-02T22:00:00Z", "ends_at": "2026-12-03T02:00:00Z"});
    desk.app.post("/v1/admin/shifts", other).by(&desk.officer.session).await.expect(201);
    let made = generate(&desk, rotation, "\"v1\"", "2026-12-01", "2026-12-02").await.expect(200);
    // In turn A B, C A: B's night would run into their leave, A's into the other shift.
    assert_eq!(
        (&made["planned_count"], &made["replaced_count"], &made["unfilled"]),
        (&json!(4), &json!(0), &json!([]))
    );
    let wanted = [("12-01T00", a), ("12-01T12", c), ("12-02T00", c), ("12-02T12", c), ("12-02T22", a)];
    assert_eq!(roster(&desk).await, wanted.map(|(at, who)| (format!("2026-{at}"), who)));
}

#[tokio::test]
async fn planning_anew_replaces_its_own_plans_and_nothing_else() {
    let (desk, lawyers) = team(&["赵一", "钱二"]).await;
    let by = &desk.officer.session;
    let rotation = entered(&desk, terms(&lawyers)).await;
    let by_hand = json!({"lawyer_id": lawyers[0].id, "starts_at": "2026-12-20T00:00:00Z", "ends_at": "2026-12-20T02:00:00Z"});
    let by_hand = id(&desk.app.post("/v1/admin/shifts", by_hand).by(by).await.expect(201));
    let made = generate(&desk, rotation, "\"v1\"", "2026-12-01", "2026-12-04").await.expect(200);
    assert_eq!(
        (&made["planned_count"], made["gaps"].as_array().unwrap().len()),
        (&json!(8), 1),
        "until eight on the first"
    );
    publish(&desk, "2026-12-01", "2026-12-01", Some("先发布一天")).await.expect(200);
    let list = desk.app.get("/v1/admin/shifts").by(by).await.expect(200);
    let third = ids(&list)[4];
    // Given on by hand.
    let body = json!({"lawyer_id": lawyers[1].id, "reason": "原值班律师出庭"});
    let tag = desk.app.get(&format!("/v1/admin/shifts/{third}")).by(by).await.etag();
    let given = desk.app.post(&format!("/v1/admin/shifts/{third}/reassign"), body).by(by).if_match(&tag);
    given.await.expect(200);
    let again = generate(&desk, rotation, "\"v1\"", "2026-12-01", "2026-12-04").await.expect(200);
    assert_eq!((&again["planned_count"], &again["replaced_count"]), (&json!(5), &json!(5)));
    let rows = "SELECT count(*) FROM legal_shift WHERE state <> 'CANCELLED'";
    assert_eq!(desk.app.number(rows).await, 9, "none twice");
    assert!(ids(&desk.app.get("/v1/admin/shifts").by(by).await.expect(200)).contains(&by_hand));
    // Many at once come to the same.
    let many = (0..5).map(|_| generate(&desk, rotation, "\"v1\"", "2026-12-01", "2026-12-04"));
    assert!(futures_util::future::join_all(many).await.iter().all(|r| r.status == 200));
    assert_eq!(desk.app.number(rows).await, 9);
    let clashes = "SELECT count(*) FROM legal_shift a JOIN legal_shift b ON a.id < b.id AND a.lawyer_id = b.lawyer_id \
                   AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at";
    assert_eq!(desk.app.number(clashes).await, 0);
}

#[tokio::test]
async fn a_roster_is_published_in_time_and_whole_or_with_a_reason() {
    let (desk, lawyers) = team(&["赵一", "钱二"]).await;
    let rotation = entered(&desk, terms(&lawyers)).await;
    assert_eq!(
        publish(&desk, "2026-12-01", "2026-12-02", None).await.problem(409),
        "INVALID_STATE",
        "nothing planned"
    );
    // Friday 20 November at noon; seven days ahead is the 27th at noon.
    generate(&desk, rotation, "\"v1\"", "2026-11-26", "2026-12-03").await.expect(200);
    let early = publish(&desk, "2026-11-27", "2026-11-28", None).await;
    assert_eq!(
        (early.problem(409).as_str(), &early.json()["rule"]),
        ("ROSTER_NEEDS_REASON", &json!("notice"))
    );
    let report = "/v1/admin/duty-gaps";
    let before = desk.app.get(report).by(&desk.officer.session).await.expect(200);
    assert_eq!(before["items"].as_array().unwrap().len(), 1, "plans are nobody on duty");
    // Midnight to midnight, of which the night before covers the first eight hours.
    let done = publish(&desk, "2026-11-28", "2026-11-29", None).await.expect(200);
    assert_eq!((&done["published_count"], &done["gaps"]), (&json!(4), &json!([])));
    // Both go on leave: a gap, and more than that.
    for lawyer in &lawyers {
        let days = json!({"from_date": "2026-12-02", "to_date": "2026-12-02"});
        desk.app.post("/v1/lawyer/leaves", days).by(&lawyer.session).await.expect(201);
    }
    assert_eq!(publish(&desk, "2026-12-01", "2026-12-03", None).await.problem(409), "LAWYER_ON_LEAVE");
    // Planned anew there is nobody for some of it.
    let anew = generate(&desk, rotation, "\"v1\"", "2026-12-01", "2026-12-03").await.expect(200);
    assert_eq!(anew["unfilled"].as_array().unwrap().len(), 3);
    assert!(!anew["gaps"].as_array().unwrap().is_empty());
    let short = publish(&desk, "2026-12-01", "2026-12-03", None).await;
    assert_eq!((short.problem(409).as_str(), &short.json()["rule"]), ("ROSTER_NEEDS_REASON", &json!("gap")));
    assert_eq!(publish(&desk, "2026-12-01", "2026-12-03", Some("x")).await.status, 422);
    let done = publish(&desk, "2026-12-01", "2026-12-03", Some("均请假，转12351")).await.expect(200);
    assert!(!done["gaps"].as_array().unwrap().is_empty());
    assert_eq!(
        publish(&desk, "2026-12-01", "2026-12-03", Some("再发一次")).await.problem(409),
        "INVALID_STATE"
    );
    // Each was told once for each publication.
    assert_eq!(told(&desk, &lawyers[0].session).await, ["shift_published", "shift_published"]);
}

#[tokio::test]
async fn what_a_rotation_says_is_checked() {
    let (desk, lawyers) = team(&["赵一", "钱二"]).await;
    let by = &desk.officer.session;
    let far = desk.app.cadre("410103", RoleName::LegalOfficer).await.session;
    let firm = desk.app.firm(&far, "外地律师事务所").await;
    let stranger = desk.app.lawyer(&far, firm, "周正").await.id;
    let twice = json!([lawyers[0].id, lawyers[0].id]);
    for (field, value, at, code) in [
        ("name", json!("x"), "/name", None),
        ("lawyer_ids", json!([]), "/lawyer_ids", Some("OUT_OF_RANGE")),
        ("lawyer_ids", twice, "/lawyer_ids/1", Some("DUPLICATE_ITEM")),
        ("lawyer_ids", json!([stranger]), "/lawyer_ids/0", Some("LAWYER_UNKNOWN")),
        ("slots", json!([]), "/slots", Some("OUT_OF_RANGE")),
        ("slots", json!([{"starts": "24:00", "hours": 8}]), "/slots/0/starts", Some("TIME_FORMAT")),
        ("slots", json!([{"starts": "8:00", "hours": 8}]), "/slots/0/starts", Some("TIME_FORMAT")),
        ("slots", json!([{"starts": "08:00", "hours": 25}]), "/slots/0/hours", Some("OUT_OF_RANGE")),
        ("backup_offset", json!(2), "/backup_offset", Some("OUT_OF_RANGE")),
        ("backup_offset", json!(0), "/backup_offset", Some("OUT_OF_RANGE")),
    ] {
        let mut body = terms(&lawyers);
        body[field] = value;
        let reply = desk.app.post("/v1/admin/rotations", body).by(by).await;
        let errors = reply.expect(422)["errors"].clone();
        assert_eq!(errors[0]["pointer"], at, "{errors}");
        assert!(code.is_none_or(|code| errors[0]["code"] == code), "{errors}");
    }
    let mut whole = terms(&lawyers);
    whole["backup_offset"] = json!(1);
    let rotation = entered(&desk, whole).await;
    let path = format!("/v1/admin/rotations/{rotation}");
    let shown = desk.app.get(&path).by(by).await;
    assert_eq!(
        (&shown.json()["slots"][1]["starts"], &shown.json()["backup_offset"]),
        (&json!("20:00"), &json!(1))
    );
    let patch = json!({"slots": [{"starts": "22:30", "hours": 9}], "backup_offset": null});
    let changed = desk.app.request("PATCH", &path).json(patch).by(by).if_match(&shown.etag()).await;
    assert_eq!(changed.expect(200)["backup_offset"], Value::Null);
    assert_eq!(generate(&desk, rotation, "\"v1\"", "2026-12-01", "2026-12-02").await.problem(412), "STALE");
    for (from, to, code) in [
        ("2026-11-19", "2026-11-20", "DATE_PAST"),
        ("2026-12-02", "2026-12-01", "OUT_OF_RANGE"),
        ("2026-12-01", "2027-03-03", "OUT_OF_RANGE"),
    ] {
        let reply = generate(&desk, rotation, "\"v2\"", from, to).await;
        assert_eq!(reply.json()["errors"][0]["code"], code, "{from} {to}");
        assert_eq!(publish(&desk, from, to, None).await.status, 422);
    }
    let most = generate(&desk, rotation, "\"v2\"", "2026-12-01", "2027-03-02").await.expect(200);
    assert_eq!(most["planned_count"], 92);
    assert_eq!(desk.app.get(&path).by(&far).await.problem(404), "NOT_FOUND");
    assert!(ids(&desk.app.get("/v1/admin/rotations").by(&far).await.expect(200)).is_empty());
    assert_eq!(ids(&desk.app.get("/v1/admin/rotations").by(by).await.expect(200)), [rotation]);
    // What begins in the past is not planned: today from noon on.
    let today = generate(&desk, rotation, "\"v2\"", "2026-11-20", "2026-11-20").await.expect(200);
    assert_eq!(today["planned_count"], 1);
}
