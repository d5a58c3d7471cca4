//! Correcting what is on record.

use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::{CadreHandle, Reply, RosterMember, Session, TestApp, mobile};
use unionhall_web::RoleName;
use uuid::Uuid;

const PDF: &[u8] = b"%PDF-1.7 evidence %%EOF";

async fn file(app: &TestApp, by: &Session) -> Uuid {
    let upload = app.request("POST", "/v1/files").by(by);
    let made = upload.form(&[("purpose", "correction_evidence")], Some(PDF)).await.expect(201);
    made["id"].as_str().unwrap().parse().unwrap()
}

async fn member_of(app: &TestApp, code: &str) -> (RosterMember, Session) {
    let member = app.on_roster(code).await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    (member, session)
}

fn body(fields: Value, files: &[Uuid]) -> Value {
    json!({"fields": fields, "evidence_file_ids": files, "reason": "入会登记时写错"})
}

async fn submit(app: &TestApp, by: &Session, body: &Value, key: &str) -> Reply {
    app.post("/v1/me/corrections", body.clone()).by(by).key(key).await
}

async fn submitted(app: &TestApp, by: &Session, fields: Value) -> Value {
    let file = file(app, by).await;
    submit(app, by, &body(fields, &[file]), &file.to_string()).await.expect(201)
}

fn path(correction: &Value) -> String {
    format!("/v1/admin/corrections/{}", correction["id"].as_str().unwrap())
}

async fn decide(app: &TestApp, by: &CadreHandle, correction: &Value, step: &str) -> Reply {
    let tag = app.get(&path(correction)).by(&by.session).await.etag();
    let body = if step == "reject" { json!({"reason": "证明材料不清晰"}) } else { json!({}) };
    app.post(&format!("{}/{step}", path(correction)), body).by(&by.session).if_match(&tag).await
}

#[tokio::test]
async fn what_is_approved_holds_at_once_and_is_on_record_masked() {
    let app = TestApp::start().await;
    let (member, session) = member_of(&app, "410102").await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    app.sql(&format!(
        "UPDATE member_profile SET details = '{{\"job\": \"车工\", \"ethnic\": \"01\", \"title\": \"技师\"}}' \
         WHERE person_id = '{}'",
        member.person
    ))
    .await;
    let facts = json!({"name": "王晓明", "ethnic": "03", "job": "高级车工", "migrant": true});
    let made = submitted(&app, &session, facts).await;
    assert_eq!(made["state"], "REVIEW");
    assert_eq!((&made["items"][0]["to"], &made["items"][2]["to"]), (&json!("王*明"), &json!("高***")));
    assert_eq!((&made["progress"]["due_on"], &made["evidence_files"]), (&json!("2026-11-27"), &json!(1)));
    let todos = app.get("/v1/admin/todos").by(&officer.session).await.expect(200);
    let todo = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "correction").unwrap();
    assert_eq!(todo["count"], 1);
    let listed = app.get("/v1/admin/corrections").by(&officer.session).await.expect(200);
    assert_eq!(listed["items"][0]["member"]["id"], member.person.to_string());
    assert!(!listed.to_string().contains("王晓明") && !listed.to_string().contains("高级车工"));

    // In full it is shown beside the evidence, to who decides; the member sees who looked.
    let shown = app.get(&format!("{}/evidence", path(&made))).by(&officer.session).await.expect(200);
    assert_eq!(shown["facts"][0], json!({"field": "name", "from": "王小明", "to": "王晓明"}));
    assert_eq!(shown["facts"][1]["from"], "汉族");
    assert_eq!(shown["facts"][2], json!({"field": "job", "from": "车工", "to": "高级车工"}));
    assert_eq!(shown["facts"][3], json!({"field": "migrant", "from": null, "to": "是"}));
    let read = app.get(shown["files"][0]["url"].as_str().unwrap()).await;
    assert_eq!((read.status, read.body.as_slice()), (200, PDF));
    let looks = app.get("/v1/me/data-accesses").by(&session).await.expect(200);
    assert_eq!(looks["items"][0]["action"], "correction.evidence");
    let intents = "SELECT count(*) FROM audit_event WHERE action = 'correction.evidence'";
    assert_eq!(app.number(intents).await, 2, "an intent and an outcome");

    let approve = format!("{}/approve", path(&made));
    let by = &officer.session;
    assert_eq!(app.post(&approve, json!({})).by(by).await.problem(428), "IF_MATCH_REQUIRED");
    let done = app.post(&approve, json!({})).by(by).if_match("\"v1\"").await.expect(200);
    assert_eq!((&done["state"], &done["progress"]["due_on"]), (&json!("APPROVED"), &Value::Null));
    assert_eq!(app.post(&approve, json!({})).by(by).if_match("\"v1\"").await.problem(412), "STALE");
    assert_eq!(decide(&app, &officer, &made, "reject").await.problem(409), "INVALID_STATE");
    let holds = format!(
        "SELECT count(*) FROM member_profile p JOIN person n ON n.id = p.person_id WHERE p.person_id = '{}' \
         AND n.name = '王晓明' AND p.roster_mobile IS NOT NULL AND p.details = \
         '{{\"job\": \"高级车工\", \"ethnic\": \"03\", \"title\": \"技师\", \"migrant\": true}}'",
        member.person
    );
    assert_eq!(app.number(&holds).await, 1);
    let row = "SELECT count(*) FROM audit_event WHERE action = 'correction.approve' \
               AND changes->'facts'->'name' = '[\"王*明\", \"王*明\"]' AND changes->'facts'->>'job' NOT LIKE '%车工%'";
    assert_eq!(app.number(row).await, 1);
    let own = app.get("/v1/me/corrections").by(&session).await.expect(200);
    assert_eq!(own["items"][0]["state"], "APPROVED");
}

#[tokio::test]
async fn one_waits_at_a_time_and_may_be_withdrawn_or_rejected() {
    let app = TestApp::start().await;
    let (_, session) = member_of(&app, "410102").await;
    let officer = app.cadre("410102", RoleName::Reviewer).await;
    let first_file = file(&app, &session).await;
    let first = body(json!({"job": "钳工"}), &[first_file]);
    let made = submit(&app, &session, &first, "k").await.expect(201);
    assert_eq!(
        submit(&app, &session, &first, "k").await.expect(201),
        made,
        "the same answer for the same key"
    );
    assert_eq!(app.number("SELECT count(*) FROM member_correction").await, 1);
    let second = body(json!({"job": "焊工"}), &[file(&app, &session).await]);
    assert_eq!(submit(&app, &session, &second, "l").await.problem(409), "APPLICATION_OPEN");
    let withdraw = format!("/v1/me/corrections/{}/withdraw", made["id"].as_str().unwrap());
    let gone = app.post(&withdraw, json!({})).by(&session).await.expect(200);
    assert_eq!(gone["state"], "WITHDRAWN");
    assert_eq!(app.post(&withdraw, json!({})).by(&session).await.problem(409), "INVALID_STATE");
    let late = app.post(&format!("{}/approve", path(&made)), json!({})).by(&officer.session);
    assert_eq!(late.if_match("\"v2\"").await.problem(409), "INVALID_STATE");
    // Its evidence went with it; what was refused kept its own.
    assert_eq!(submit(&app, &session, &first, "m").await.json()["errors"][0]["code"], "FILE_UNKNOWN");
    let made = submit(&app, &session, &second, "l").await.expect(201);
    let rejected = decide(&app, &officer, &made, "reject").await.expect(200);
    assert_eq!((&rejected["state"], &rejected["reason"]), (&json!("REJECTED"), &json!("证明材料不清晰")));
    let one = format!("/v1/me/corrections/{}", made["id"].as_str().unwrap());
    assert_eq!(app.get(&one).by(&session).await.expect(200)["reason"], "证明材料不清晰");
    // Two at once: one stands.
    let (a, b) = (file(&app, &session).await, file(&app, &session).await);
    let bodies = [body(json!({"job": "电工"}), &[a]), body(json!({"job": "木工"}), &[b])];
    let both =
        join_all([submit(&app, &session, &bodies[0], "a"), submit(&app, &session, &bodies[1], "b")]).await;
    let mut statuses: Vec<u16> = both.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn what_is_stated_wrongly_is_told_at_once() {
    let app = TestApp::start().await;
    let (_, session) = member_of(&app, "410102").await;
    let errors = |reply: Reply| -> Vec<String> {
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        let errors = reply.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|e| format!("{} {}", e["pointer"], e["code"]).replace('"', "")).collect()
    };
    let good = file(&app, &session).await;
    let bad = json!({"name": "张3", "ethnic": "99", "job": "长".repeat(101)});
    let told = errors(submit(&app, &session, &body(bad, &[]), "a").await);
    let want = [
        "/fields/name NAME_FORMAT",
        "/fields/ethnic CODE_UNKNOWN",
        "/fields/job TEXT_LENGTH",
        "/evidence_file_ids COUNT",
    ];
    assert_eq!(told, want);
    assert_eq!(errors(submit(&app, &session, &body(json!({}), &[good]), "b").await), ["/fields REQUIRED"]);
    let four: Vec<Uuid> = vec![good; 4];
    assert_eq!(
        errors(submit(&app, &session, &body(json!({"job": "钳工"}), &four), "c").await),
        ["/evidence_file_ids COUNT"]
    );
    let twice = body(json!({"job": "钳工"}), &[good, good]);
    assert_eq!(errors(submit(&app, &session, &twice, "d").await), ["/evidence_file_ids/1 FILE_UNKNOWN"]);
    let same = body(json!({"name": "王 小明", "job": "钳工"}), &[good]);
    assert_eq!(errors(submit(&app, &session, &same, "e").await), ["/fields/name FACT_SAME"]);
    let unknown = body(json!({"roster_mobile": "13800138000"}), &[good]);
    assert_eq!(errors(submit(&app, &session, &unknown, "f").await), ["/fields/roster_mobile UNKNOWN_FIELD"]);
    // Somebody else's file, and one for something else, are none.
    let (_, other) = member_of(&app, "410102").await;
    let foreign = body(json!({"job": "钳工"}), &[file(&app, &other).await]);
    assert_eq!(errors(submit(&app, &session, &foreign, "g").await), ["/evidence_file_ids/0 FILE_UNKNOWN"]);
    let keyless = app.post("/v1/me/corrections", body(json!({"job": "钳工"}), &[good])).by(&session).await;
    assert_eq!(keyless.problem(400), "IDEMPOTENCY_KEY_MISSING");
    let newcomer = app.login_member(&mobile()).await;
    let low = submit(&app, &newcomer, &body(json!({"job": "钳工"}), &[good]), "h").await;
    assert_eq!(low.problem(403), "LEVEL_TOO_LOW");
    let cadre = app.cadre("410102", RoleName::Officer).await;
    let upload = app.request("POST", "/v1/files").by(&cadre.session);
    let upload = upload.form(&[("purpose", "correction_evidence")], Some(PDF)).await;
    assert_eq!(upload.problem(403), "FORBIDDEN");
    submit(&app, &session, &body(json!({"job": "钳工"}), &[good]), "i").await.expect(201);
}

#[tokio::test]
async fn the_members_union_and_those_above_decide_and_nobody_about_themself() {
    let app = TestApp::start().await;
    let (_, code) = app.union_under("410102", "中原机械厂工会").await;
    let (member, session) = member_of(&app, &code).await;
    let made = submitted(&app, &session, json!({"name": "王晓明"})).await;
    let sibling = app.cadre("410103", RoleName::Officer).await;
    let list = app.get("/v1/admin/corrections").by(&sibling.session).await.expect(200);
    assert_eq!(list["items"], json!([]));
    for (method, step) in [("GET", ""), ("GET", "/evidence"), ("POST", "/approve"), ("POST", "/reject")] {
        let request = app.request(method, &format!("{}{step}", path(&made))).by(&sibling.session);
        let request = match step {
            "/approve" => request.json(json!({})).if_match("\"v1\""),
            "/reject" => request.json(json!({"reason": "不是我们的"})).if_match("\"v1\""),
            _ => request,
        };
        assert_eq!(request.await.problem(404), "NOT_FOUND", "{step}");
    }
    let (_, stranger) = member_of(&app, &code).await;
    let own = format!("/v1/me/corrections/{}", made["id"].as_str().unwrap());
    assert_eq!(app.get(&own).by(&stranger).await.problem(404), "NOT_FOUND");
    let withdraw = app.post(&format!("{own}/withdraw"), json!({})).by(&stranger).await;
    assert_eq!(withdraw.problem(404), "NOT_FOUND");
    // An auditor reads the case and not the values.
    let auditor = app.cadre("410102", RoleName::Auditor).await;
    assert_eq!(app.get(&path(&made)).by(&auditor.session).await.status, 200);
    let values = app.get(&format!("{}/evidence", path(&made))).by(&auditor.session).await;
    assert_eq!(values.problem(403), "FORBIDDEN");
    // The member is a cadre too: as the person, and by the phone in their hand.
    let chair = app.cadre(&code, RoleName::Leader).await;
    app.sql(&format!(
        "UPDATE member_correction SET person_id = '{}' WHERE person_id = '{}'; \
         INSERT INTO membership (id, person_id, org_id, path, state, valid_from, recorded_at) \
         SELECT gen_random_uuid(), '{}', id, path, 'ACTIVE', '2026-01-01', now() FROM org WHERE code = '{code}'",
        chair.person, member.person, chair.person
    ))
    .await;
    assert_eq!(decide(&app, &chair, &made, "approve").await.problem(403), "NOT_ANOTHER_PERSON");
    app.sql(&format!(
        "UPDATE member_correction SET person_id = '{}'; \
         UPDATE account SET mobile_index = (SELECT mobile_index FROM account WHERE person_id = '{}') \
         WHERE person_id = '{}'",
        member.person, member.person, chair.person
    ))
    .await;
    for step in ["approve", "reject"] {
        assert_eq!(decide(&app, &chair, &made, step).await.problem(403), "NOT_ANOTHER_PERSON");
    }
    // Two who may: one decides.
    let (county, city) =
        (app.cadre("410102", RoleName::Officer).await, app.cadre("4101", RoleName::Leader).await);
    let both = [&county, &city].map(|by| {
        let approve = app.post(&format!("{}/approve", path(&made)), json!({})).by(&by.session);
        approve.if_match("\"v1\"").into_future()
    });
    let replies = join_all(both).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert_eq!(replies.iter().find(|reply| reply.status != 200).unwrap().problem(412), "STALE");
}
