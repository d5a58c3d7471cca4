//! What happens when nobody acts.

use chrono::Duration;
use serde_json::json;
use unionhall_testkit::counsel::Counsel;
use unionhall_testkit::shop::id;

use crate::{answer, ask, entries, ids, member_of, question, staffed, state};

#[tokio::test]
async fn a_silent_lawyer_loses_the_question_to_another_one() {
    let (desk, mut silent, mut asker) = staffed().await;
    let app = &desk.app;
    let case = id(&ask(app, &asker.session, question(), "1").await);
    let mut second = desk.on_duty("王律").await;
    app.advance(Duration::minutes(14)).await;
    app.heartbeat(&second.session).await;
    let more = json!({"text": "有人在吗？"});
    let mine = format!("/v1/me/consultations/{case}/messages");
    app.post(&mine, more).by(&asker.session).key("more").await.expect(201);
    app.drain().await;
    assert_eq!(ids(&app.get("/v1/lawyer/consultations").by(&silent.session).await.expect(200)), [case]);
    app.advance(Duration::minutes(1)).await;
    app.drain().await;
    silent.session = app.login_lawyer(&silent.username).await;
    second.session = app.login_lawyer(&second.username).await;
    asker.again(app).await;
    assert!(ids(&app.get("/v1/lawyer/consultations").by(&silent.session).await.expect(200)).is_empty());
    assert_eq!(ids(&app.get("/v1/lawyer/consultations").by(&second.session).await.expect(200)), [case]);
    let path = format!("/v1/lawyer/consultations/{case}/messages");
    let late = app.post(&path, json!({"text": "我来答复"})).by(&silent.session).key("late").await;
    assert_eq!(late.problem(404), "NOT_FOUND");
    answer(app, &second, case, "a").await;
    let breached =
        "SELECT count(*) FROM case_clock WHERE name = 'answer' AND breached_at IS NOT NULL AND NOT met";
    assert_eq!(app.number(breached).await, 1);
    // The member reads that somebody else has it now, not that one was silent.
    let public = entries(app, "/v1/me", &asker.session, case).await;
    assert!(public.iter().all(|e| e["what"] != "silent"));
}

#[tokio::test]
async fn a_lawyer_on_duty_is_woken_once_where_they_have_not_answered() {
    let (desk, lawyer, asker) = staffed().await;
    let app = &desk.app;
    ask(app, &asker.session, question(), "1").await;
    let second = ask(app, &asker.session, question(), "2").await;
    answer(app, &lawyer, id(&second), "a").await;
    app.drain().await;
    let before = app.sms.count(&lawyer.mobile);
    let woken = || app.sms.count(&lawyer.mobile) - before;
    app.advance(Duration::minutes(4)).await;
    app.drain().await;
    assert_eq!(woken(), 0);
    app.advance(Duration::minutes(1)).await;
    app.drain().await;
    assert_eq!(woken(), 1, "for the one that waits");
    assert_eq!(app.sms.last(&lawyer.mobile), Some("consultation_waiting"));
    let todos = app.get("/v1/admin/todos").by(&desk.officer.session).await.expect(200);
    assert!(
        todos["items"].as_array().unwrap().iter().any(|t| t["type"] == "consultation" && t["count"] == 0)
    );
}

#[tokio::test]
async fn what_nobody_takes_is_escalated_and_goes_up_until_the_department_gives_it_out() {
    let desk = Counsel::open().await;
    let app = &desk.app;
    let lawyer = app.lawyer(&desk.officer.session, desk.firm, "李明").await;
    let asker = member_of(app, "410102").await;
    let case = id(&ask(app, &asker.session, question(), "1").await);
    assert_eq!(state(app, &asker.session, case).await, "QUEUED");
    app.advance(Duration::minutes(30)).await;
    app.drain().await;
    let session = app.login_member(&asker.member.mobile).await;
    assert_eq!(state(app, &session, case).await, "ESCALATED");
    let path = format!("/v1/admin/consultations/{case}");
    let officer = app.cadre("410102", unionhall_web::RoleName::LegalOfficer).await.session;
    let first = app.get(&path).by(&officer).await;
    assert_eq!(first.expect(200)["escalated"], 0);
    // Friday noon; the day of the office is over on Monday at noon, and then a level up each.
    for level in [1, 2, 2] {
        app.advance(Duration::days(3)).await;
        app.drain().await;
        let officer = app.cadre("410102", unionhall_web::RoleName::LegalOfficer).await.session;
        assert_eq!(app.get(&path).by(&officer).await.expect(200)["escalated"], level);
    }
    let officer = app.cadre("410102", unionhall_web::RoleName::LegalOfficer).await.session;
    let tag = app.get(&path).by(&officer).await.etag();
    let to = json!({"lawyer_id": lawyer.id});
    let given = app.post(&format!("{path}/assign"), to.clone()).by(&officer).if_match(&tag).await.expect(200);
    assert_eq!((&given["state"], &given["lawyer"]["id"]), (&json!("ASSIGNED"), &json!(lawyer.id)));
    let tag = app.get(&path).by(&officer).await.etag();
    let again = app.post(&format!("{path}/assign"), to).by(&officer).if_match(&tag).await;
    assert_eq!(again.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn an_answer_nobody_questions_is_accepted_and_what_nobody_rates_is_over() {
    let (desk, lawyer, mut asker) = staffed().await;
    let app = &desk.app;
    let case = id(&ask(app, &asker.session, question(), "1").await);
    answer(app, &lawyer, case, "a").await;
    // Seven days after today: until the 28th at midnight in Shanghai.
    app.advance(Duration::days(7) + Duration::hours(11)).await;
    app.drain().await;
    asker.again(app).await;
    assert_eq!(state(app, &asker.session, case).await, "ANSWERED");
    app.advance(Duration::hours(1)).await;
    app.drain().await;
    asker.again(app).await;
    assert_eq!(state(app, &asker.session, case).await, "CLOSED");
    app.advance(Duration::days(31)).await;
    app.drain().await;
    asker.again(app).await;
    assert_eq!(state(app, &asker.session, case).await, "UNRATED");
}

#[tokio::test]
async fn a_lawyer_who_gives_it_back_does_not_get_it_again() {
    let (desk, lawyer, asker) = staffed().await;
    let app = &desk.app;
    let case = id(&ask(app, &asker.session, question(), "1").await);
    let path = format!("/v1/lawyer/consultations/{case}/recuse");
    app.post(&path, json!({"reason": "与公司经理相识"})).by(&lawyer.session).await.expect(204);
    assert_eq!(state(app, &asker.session, case).await, "QUEUED");
    app.heartbeat(&lawyer.session).await;
    assert_eq!(state(app, &asker.session, case).await, "QUEUED", "not to them again");
    let member = entries(app, "/v1/me", &asker.session, case).await;
    assert!(!json!(member).to_string().contains("相识"), "the reason is between the lawyer and the union");
    app.advance(Duration::minutes(31)).await;
    app.drain().await;
    let officer = app.cadre("410102", unionhall_web::RoleName::LegalOfficer).await;
    let inner = entries(app, "/v1/admin", &officer.session, case).await;
    assert!(inner.iter().any(|e| e["what"] == "recused" && e["text"] == "与公司经理相识"));
    let second = app.lawyer(&officer.session, desk.firm, "王律").await;
    app.put_on_duty(&officer.session, second.id).await;
    app.heartbeat(&second.session).await;
    assert_eq!(ids(&app.get("/v1/lawyer/consultations").by(&second.session).await.expect(200)), [case]);
}
