//! A question from asking to rating.

use serde_json::json;
use unionhall_testkit::shop::id;

use crate::{answer, ask, entries, ids, question, staffed, state};

#[tokio::test]
async fn a_question_is_asked_answered_followed_up_accepted_and_rated() {
    let (desk, lawyer, asker) = staffed().await;
    let app = &desk.app;
    let asked = ask(app, &asker.session, question(), "1").await;
    let case = id(&asked);
    assert_eq!((&asked["state"], &asked["lawyer"]["id"]), (&json!("ASSIGNED"), &json!(lawyer.id)));
    assert_eq!(asked["number"].as_str().unwrap().len(), 15);
    assert_eq!(asked["progress"]["waiting_for"], "lawyer");
    // The same key is the same question.
    let again = app.post("/v1/me/consultations", question()).by(&asker.session).key("1").await.expect(201);
    assert_eq!(again, asked);
    let given = app.get("/v1/lawyer/consultations").by(&lawyer.session).await.expect(200);
    assert_eq!(ids(&given), [case]);
    let path = format!("/v1/lawyer/consultations/{case}");
    assert_eq!(app.get(&path).by(&lawyer.session).await.expect(200)["title"], "公司拖欠三个月工资");

    answer(app, &lawyer, case, "a1").await;
    let found = app.get(&format!("/v1/me/consultations/{case}")).by(&asker.session).await.expect(200);
    let first = found["first_response_at"].clone();
    assert_eq!((&found["state"], first.is_string()), (&json!("ANSWERED"), true));
    // A second answer changes neither state nor the first response.
    app.advance(chrono::Duration::minutes(3)).await;
    answer(app, &lawyer, case, "a2").await;
    let mine = format!("/v1/me/consultations/{case}");
    let more = json!({"text": "没有签劳动合同怎么办？"});
    let followed = app.post(&format!("{mine}/messages"), more).by(&asker.session).key("f1").await.expect(201);
    assert_eq!((&followed["state"], &followed["first_response_at"]), (&json!("ASSIGNED"), &first));
    answer(app, &lawyer, case, "a3").await;
    let whats: Vec<String> = entries(app, "/v1/me", &asker.session, case)
        .await
        .iter()
        .map(|e| e["what"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(whats, ["asked", "assigned", "message", "message", "follow_up", "message"]);
    let since = format!("{mine}/entries?since=4");
    let rest = app.get(&since).by(&asker.session).await.expect(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["since"]), (2, &json!(6)));

    let rating = |stars: i32| app.post(&format!("{mine}/rating"), json!({"stars": stars, "comment": "清楚"}));
    assert_eq!(rating(5).by(&asker.session).await.problem(409), "INVALID_STATE", "not closed");
    app.post(&format!("{mine}/accept"), json!({})).by(&asker.session).await.expect(200);
    assert_eq!(rating(6).by(&asker.session).await.problem(422), "VALIDATION_FAILED");
    let rated = rating(5).by(&asker.session).await.expect(200);
    assert_eq!((&rated["state"], &rated["rating"]), (&json!("RATED"), &json!(5)));
    assert_eq!(rating(4).by(&asker.session).await.problem(409), "INVALID_STATE", "once");
    let late = json!({"text": "再补充一点。"});
    let path = format!("/v1/lawyer/consultations/{case}/messages");
    let reply = app.post(&path, late).by(&lawyer.session).key("late").await;
    assert_eq!(reply.problem(409), "INVALID_STATE");
    assert_eq!(
        app.number(&format!("SELECT count(*) FROM case_clock WHERE case_id = '{case}' AND ended_at IS NULL"))
            .await,
        0,
        "what is over has no clock"
    );
}

#[tokio::test]
async fn two_ratings_at_once_are_one() {
    let (desk, lawyer, asker) = staffed().await;
    let app = &desk.app;
    let case = id(&ask(app, &asker.session, question(), "1").await);
    answer(app, &lawyer, case, "a").await;
    app.post(&format!("/v1/me/consultations/{case}/accept"), json!({})).by(&asker.session).await.expect(200);
    let tries = (1..=8).map(|n| {
        let path = format!("/v1/me/consultations/{case}/rating");
        app.post(&path, json!({"stars": n % 5 + 1})).by(&asker.session).into_future()
    });
    let replies = futures_util::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|r| r.status == 200).count(), 1);
    assert!(replies.iter().all(|r| r.status == 200 || r.problem(409) == "INVALID_STATE"));
}

#[tokio::test]
async fn a_bad_rating_brings_a_call_of_the_legal_department() {
    let (desk, lawyer, asker) = staffed().await;
    let app = &desk.app;
    let case = id(&ask(app, &asker.session, question(), "1").await);
    answer(app, &lawyer, case, "a").await;
    app.post(&format!("/v1/me/consultations/{case}/accept"), json!({})).by(&asker.session).await.expect(200);
    let path = format!("/v1/me/consultations/{case}/rating");
    let rated = app.post(&path, json!({"stars": 2})).by(&asker.session).await.expect(200);
    assert_eq!(rated["state"], "CALLBACK");
    let list = app.get("/v1/admin/consultations").by(&desk.officer.session).await.expect(200);
    assert_eq!((ids(&list), &list["items"][0]["rating"]), (vec![case], &json!(2)));
    let path = format!("/v1/admin/consultations/{case}");
    let tag = app.get(&path).by(&desk.officer.session).await.etag();
    let call = app.post(&format!("{path}/callback"), json!({"reason": "已电话回访，会员表示理解"}));
    let done = call.by(&desk.officer.session).if_match(&tag).await.expect(200);
    assert_eq!((&done["state"], &done["rating"]), (&json!("RATED"), &json!(2)), "no call improves a rating");
}

#[tokio::test]
async fn a_closed_question_is_reopened_within_fifteen_days_and_keeps_its_clocks() {
    let (desk, lawyer, asker) = staffed().await;
    let app = &desk.app;
    let case = id(&ask(app, &asker.session, question(), "1").await);
    answer(app, &lawyer, case, "a").await;
    let mine = format!("/v1/me/consultations/{case}");
    let reopen = || app.post(&format!("{mine}/reopen"), json!({"reason": "公司仍未支付"}));
    assert_eq!(reopen().by(&asker.session).await.problem(409), "INVALID_STATE", "not closed");
    app.post(&format!("{mine}/accept"), json!({})).by(&asker.session).await.expect(200);
    let before = app.number(&format!("SELECT count(*) FROM case_clock WHERE case_id = '{case}'")).await;
    app.heartbeat(&lawyer.session).await;
    let open = reopen().by(&asker.session).await.expect(200);
    assert_eq!(open["state"], "ASSIGNED", "the lawyer is there");
    assert!(app.number(&format!("SELECT count(*) FROM case_clock WHERE case_id = '{case}'")).await > before);
    answer(app, &lawyer, case, "b").await;
    app.post(&format!("{mine}/accept"), json!({})).by(&asker.session).await.expect(200);
    app.advance(chrono::Duration::days(15) + chrono::Duration::minutes(1)).await;
    let session = app.login_member(&asker.member.mobile).await;
    assert_eq!(reopen().by(&session).await.problem(409), "INVALID_STATE", "the days are over");
    assert_eq!(state(app, &session, case).await, "CLOSED");
}

#[tokio::test]
async fn a_question_is_its_askers_alone_and_odd_input_is_refused() {
    let (desk, lawyer, asker) = staffed().await;
    let app = &desk.app;
    let case = id(&ask(app, &asker.session, question(), "1").await);
    let other = crate::member_of(app, "410102").await;
    for (method, tail) in [("GET", ""), ("GET", "/entries"), ("POST", "/accept"), ("POST", "/withdraw")] {
        let request = app.request(method, &format!("/v1/me/consultations/{case}{tail}"));
        let request = if method == "POST" { request.json(json!({})) } else { request };
        assert_eq!(request.by(&other.session).await.problem(404), "NOT_FOUND", "{method} {tail}");
    }
    assert!(ids(&app.get("/v1/me/consultations").by(&other.session).await.expect(200)).is_empty());
    let second = desk.on_duty("张律").await;
    assert_eq!(
        app.get(&format!("/v1/lawyer/consultations/{case}")).by(&second.session).await.problem(404),
        "NOT_FOUND"
    );
    let refused = async |change: serde_json::Value, pointer: &str| {
        let mut body = question();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let reply = app.post("/v1/me/consultations", body).by(&asker.session).key("x").await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{}", reply.text());
    };
    refused(json!({"title": " "}), "/title").await;
    refused(json!({"question": "短"}), "/question").await;
    refused(json!({"question": "有\u{7}铃声的问题描述"}), "/question").await;
    refused(json!({"category": "divorce"}), "/category").await;
    refused(json!({"lawyer_id": lawyer.id, "colour": 1}), "/colour").await;
    refused(json!({"lawyer_id": case}), "/lawyer_id").await;
    let party =
        json!({"role": "employer", "kind": "organisation", "name": "宏达机械", "uscc": "91410100MA000ABC25"});
    refused(json!({"parties": [party]}), "/parties/0/uscc").await;
    let newcomer = app.login_member(&unionhall_testkit::mobile()).await;
    let low = app.post("/v1/me/consultations", question()).by(&newcomer).key("n").await;
    assert_eq!(low.problem(403), "LEVEL_TOO_LOW");
    app.post(&format!("/v1/me/consultations/{case}/withdraw"), json!({}))
        .by(&asker.session)
        .await
        .expect(200);
    assert_eq!(state(app, &asker.session, case).await, "WITHDRAWN");
}

#[tokio::test]
async fn what_is_sensitive_is_for_legal_officers_alone_and_the_employers_union_sees_nothing() {
    let desk = unionhall_testkit::counsel::Counsel::open().await;
    let app = &desk.app;
    let asker = crate::member_of(app, "410102").await;
    let mut body = question();
    body["category"] = json!("harassment");
    let hidden = id(&ask(app, &asker.session, body, "1").await);
    let plain = id(&ask(app, &asker.session, question(), "2").await);
    app.advance(chrono::Duration::minutes(31)).await;
    app.drain().await;
    let leader = crate::leader(app).await;
    let officer = &app.cadre("410102", unionhall_web::RoleName::LegalOfficer).await.session;
    let list = async |by: &unionhall_testkit::Session| {
        ids(&app.get("/v1/admin/consultations").by(by).await.expect(200))
    };
    assert_eq!(list(officer).await, [hidden, plain]);
    assert_eq!(list(&leader).await, [plain]);
    let path = format!("/v1/admin/consultations/{hidden}");
    assert_eq!(app.get(&path).by(&leader).await.problem(404), "NOT_FOUND");
    let sibling = app.cadre("410103", unionhall_web::RoleName::LegalOfficer).await.session;
    assert!(list(&sibling).await.is_empty());
    assert_eq!(app.get(&path).by(&sibling).await.problem(404), "NOT_FOUND");
    let (_, union) = app.union_under("410102", "宏达机械工会").await;
    let own = app.cadre(&union, unionhall_web::RoleName::Leader).await.session;
    assert_eq!(app.get("/v1/admin/consultations").by(&own).await.problem(403), "WRONG_LEVEL");
}
