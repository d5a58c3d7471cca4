//! Firms and lawyers: entered, changed, listed, and hidden when a licence ends.

use serde_json::json;
use unionhall_testkit::counsel::Counsel;
use unionhall_testkit::shop::id;
use unionhall_web::RoleName;
use uuid::Uuid;

use crate::{ask, ids, member_of, question};

async fn listed(desk: &Counsel, query: &str) -> Vec<Uuid> {
    ids(&desk.app.get(&format!("/v1/public/lawyers{query}")).await.expect(200))
}

#[tokio::test]
async fn the_public_sees_who_takes_questions_and_nothing_private() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let lawyer = desk.app.lawyer(by, desk.firm, "李明").await;
    for query in ["", "?division=410102", "?division=410100", "?division=410000", "?field=wages"] {
        assert_eq!(listed(&desk, query).await, [lawyer.id], "{query}");
    }
    assert!(
        listed(&desk, "?division=410200").await.is_empty() && listed(&desk, "?field=women").await.is_empty()
    );
    assert_eq!(desk.app.get("/v1/public/lawyers?field=divorce").await.problem(400), "INVALID_PARAMETER");
    let shown = desk.app.get("/v1/public/lawyers").await.expect(200).to_string();
    assert!(!shown.contains(&lawyer.mobile) && !shown.contains(&lawyer.username));
    assert!(shown.contains("\"is_present\":false"));
    desk.app.heartbeat(&lawyer.session).await;
    assert!(desk.app.get("/v1/public/lawyers").await.expect(200).to_string().contains("\"is_present\":true"));

    let path = format!("/v1/admin/lawyers/{}", lawyer.id);
    let tag = desk.app.get(&path).by(by).await.etag();
    let step = |step: &str, tag: &str| {
        desk.app.post(&format!("{path}/{step}"), json!({"reason": "年度考核"})).by(by).if_match(tag)
    };
    let suspended = step("suspend", &tag).await;
    assert!(listed(&desk, "").await.is_empty());
    assert_eq!(step("suspend", &suspended.etag()).await.problem(409), "INVALID_STATE");
    assert_eq!(step("resume", &tag).await.problem(412), "STALE");
    step("resume", &suspended.etag()).await.expect(200);
    assert_eq!(listed(&desk, "").await, [lawyer.id]);
    // The last day of the licence counts in full, in Shanghai.
    let tag = desk.app.get(&path).by(by).await.etag();
    let change = json!({"licence_until": "2026-11-20"});
    desk.app.request("PATCH", &path).json(change).by(by).if_match(&tag).await.expect(200);
    assert_eq!(listed(&desk, "").await, [lawyer.id]);
    desk.app.advance(chrono::Duration::hours(12)).await;
    assert!(listed(&desk, "").await.is_empty());
}

#[tokio::test]
async fn who_is_wanted_gets_the_question_unless_their_licence_ended() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let (first, second) =
        (desk.app.lawyer(by, desk.firm, "李明").await, desk.app.lawyer(by, desk.firm, "王律").await);
    let mut asker = member_of(&desk.app, "410102").await;
    let wants = |lawyer: Uuid| {
        let mut body = question();
        body["lawyer_id"] = json!(lawyer);
        body
    };
    let asked = ask(&desk.app, &asker.session, wants(second.id), "1").await;
    assert_eq!(asked["lawyer"]["id"], json!(second.id), "present or not, on duty or not");
    let path = format!("/v1/admin/firms/{}", desk.firm);
    let tag = desk.app.get(&path).by(by).await.etag();
    let change = json!({"licence_until": "2026-11-19"});
    desk.app.request("PATCH", &path).json(change).by(by).if_match(&tag).await.expect(200);
    let refused = desk.app.post("/v1/me/consultations", wants(first.id)).by(&asker.session).key("2").await;
    assert_eq!(refused.json()["errors"][0]["code"], "LAWYER_UNKNOWN", "the firm's licence ended");
    // A wanted lawyer who is silent: whoever is on duty.
    desk.app.advance(chrono::Duration::minutes(15)).await;
    desk.app.drain().await;
    asker.again(&desk.app).await;
    let found = desk.app.get(&format!("/v1/me/consultations/{}", id(&asked))).by(&asker.session).await;
    assert_eq!(found.expect(200)["state"], "QUEUED");
}

#[tokio::test]
async fn what_is_anothers_is_refused_and_who_may_not_does_not() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let body = desk.app.lawyer_body(desk.firm, "李明");
    let made = desk.app.post("/v1/admin/lawyers", body.clone()).by(by).await.expect(201);
    for field in ["id_number", "mobile", "username"] {
        let mut other = desk.app.lawyer_body(desk.firm, "李明");
        other[field] = body[field].clone();
        let reply = desk.app.post("/v1/admin/lawyers", other).by(by).await;
        assert_eq!(reply.problem(409), "ALREADY_EXISTS");
        assert_eq!(reply.json()["field"], field);
    }
    let mut other = desk.app.lawyer_body(desk.firm, "李明");
    other["terms"]["practice_no"] = body["terms"]["practice_no"].clone();
    assert_eq!(desk.app.post("/v1/admin/lawyers", other).by(by).await.json()["field"], "practice_no");
    let mut odd = desk.app.lawyer_body(desk.firm, "李明");
    (odd["terms"]["fields"], odd["terms"]["division"], odd["id_number"]) =
        (json!([]), json!("999999"), json!("410102194912319983"));
    let reply = desk.app.post("/v1/admin/lawyers", odd).by(by).await;
    let pointers: Vec<String> = reply.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["pointer"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        ["/id_number", "/terms/division", "/terms/fields"]
            .iter()
            .all(|p| pointers.contains(&(*p).to_owned()))
    );
    let sibling = desk.app.cadre("410103", RoleName::LegalOfficer).await;
    for path in [format!("/v1/admin/lawyers/{}", id(&made)), format!("/v1/admin/firms/{}", desk.firm)] {
        assert_eq!(desk.app.get(&path).by(&sibling.session).await.problem(404), "NOT_FOUND");
    }
    let theirs = desk.app.lawyer_body(desk.firm, "赵律");
    assert_eq!(
        desk.app.post("/v1/admin/lawyers", theirs).by(&sibling.session).await.problem(404),
        "NOT_FOUND"
    );
    let officer = desk.app.cadre("410102", RoleName::Officer).await;
    let body = json!({"name": "河南某律师事务所", "licence_no": "L000001", "licence_until": "2028-12-31"});
    assert_eq!(
        desk.app.post("/v1/admin/firms", body.clone()).by(&officer.session).await.problem(403),
        "FORBIDDEN"
    );
    desk.app.post("/v1/admin/firms", body.clone()).by(by).await.expect(201);
    let twice = desk.app.post("/v1/admin/firms", body).by(by).await;
    assert_eq!(
        (twice.problem(409).as_str(), &twice.json()["field"]),
        ("ALREADY_EXISTS", &json!("licence_no"))
    );
}

#[tokio::test]
async fn an_engagement_ends_once_and_not_before_it_began() {
    let desk = Counsel::open().await;
    let by = &desk.officer.session;
    let path = format!("/v1/admin/firms/{}/engagements", desk.firm);
    let body = json!({"kind": "person", "name": "钱大友", "role": "诉讼代理", "from_date": "2026-03-01"});
    let made = desk.app.post(&path, body).by(by).await.expect(201);
    let own = format!("/v1/admin/engagements/{}", id(&made));
    let tag = desk.app.get(&own).by(by).await.etag();
    let end = |on: &str, tag: &str| {
        desk.app.post(&format!("{own}/end"), json!({"to_date": on})).by(by).if_match(tag).into_future()
    };
    assert_eq!(end("2026-02-28", &tag).await.json()["errors"][0]["pointer"], "/to_date");
    let ended = end("2026-10-31", &tag).await;
    assert_eq!(ended.status, 200);
    assert_eq!(end("2026-10-31", &ended.etag()).await.problem(409), "INVALID_STATE");
    assert_eq!(desk.app.get(&path).by(by).await.expect(200)["items"][0]["to_date"], "2026-10-31");
    let other = desk.app.firm(by, "河南公平律师事务所").await;
    let lawyer = desk.app.lawyer(by, other, "赵律").await;
    let body = json!({"kind": "person", "name": "钱大友", "role": "诉讼代理", "from_date": "2026-03-01", "lawyer_id": lawyer.id});
    let reply = desk.app.post(&path, body).by(by).await;
    assert_eq!(reply.json()["errors"][0]["code"], "LAWYER_UNKNOWN", "a lawyer of another firm");
}
