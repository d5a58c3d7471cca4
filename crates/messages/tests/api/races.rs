//! Twice at once.

use futures_util::future::join_all;
use serde_json::json;
use unionhall_testkit::Reply;
use unionhall_web::RoleName;

use crate::office::Office;

fn statuses(replies: &[Reply]) -> Vec<u16> {
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn of_two_approvals_one_stands() {
    let office = Office::open().await;
    let (app, leader) = (&office.app, &office.leader);
    let second = app.cadre("410102", RoleName::Leader).await;
    for _ in 0..5 {
        let notice = app.submitted(&office.officer, &app.notice_body("争")).await;
        let path = format!("/v1/admin/notices/{notice}/approve");
        let approve = |by| app.post(&path, json!({})).by(by).if_match("\"v2\"").into_future();
        let replies = join_all([approve(&leader.session), approve(&second.session)]).await;
        assert_eq!(statuses(&replies), [200, 412]);
        let rows = format!(
            "SELECT count(*) FROM audit_event WHERE action = 'notice.approve' AND object_id = '{notice}'"
        );
        assert_eq!(app.number(&rows).await, 1);
    }
}

#[tokio::test]
async fn an_approval_and_a_return_exclude_each_other() {
    let office = Office::open().await;
    let (app, leader) = (&office.app, &office.leader);
    let second = app.cadre("410102", RoleName::Leader).await;
    for _ in 0..5 {
        let notice = app.submitted(&office.officer, &app.notice_body("争")).await;
        let path = format!("/v1/admin/notices/{notice}");
        let approve = app.post(&format!("{path}/approve"), json!({})).by(&leader.session);
        let back = app.post(&format!("{path}/return"), json!({"reason": "再改"})).by(&second.session);
        let replies =
            join_all([approve.if_match("\"v2\"").into_future(), back.if_match("\"v2\"").into_future()]).await;
        assert_eq!(statuses(&replies), [200, 412]);
        let state = office.read(notice).await["state"].clone();
        assert_eq!(state, if replies[0].status == 200 { "APPROVED" } else { "DRAFT" });
    }
}

#[tokio::test]
async fn an_approval_and_a_withdrawal_at_once_end_in_order() {
    let office = Office::open().await;
    let (app, leader, officer) = (&office.app, &office.leader, &office.officer);
    for tag in ["\"v2\"", "\"v3\"", "\"v2\"", "\"v3\""] {
        let notice = app.submitted(officer, &app.notice_body("争")).await;
        let path = format!("/v1/admin/notices/{notice}");
        let approve = app.post(&format!("{path}/approve"), json!({})).by(&leader.session).if_match("\"v2\"");
        let withdraw = app.post(&format!("{path}/withdraw"), json!({"reason": "有误"})).by(&officer.session);
        let replies = join_all([approve.into_future(), withdraw.if_match(tag).into_future()]).await;
        assert_eq!(replies[0].status, 200);
        // What is not approved yet is not withdrawn; what is withdrawn was approved before.
        let state = office.read(notice).await["state"].clone();
        match replies[1].status {
            200 => assert_eq!((tag, state), ("\"v3\"", json!("WITHDRAWN"))),
            409 => assert_eq!((replies[1].problem(409), state), ("INVALID_STATE".into(), json!("APPROVED"))),
            _ => assert_eq!((replies[1].problem(412), state), ("STALE".into(), json!("APPROVED"))),
        }
    }
}

#[tokio::test]
async fn many_readings_at_once_are_one_and_withdrawals_too() {
    let office = Office::open().await;
    let (app, leader) = (&office.app, &office.leader);
    let (_, member) = office.member("410102").await;
    let notice = office.publish("必读", &json!({})).await;
    let path = format!("/v1/me/notices/{notice}/read");
    let replies = join_all((0..8).map(|_| app.post(&path, json!({})).by(&member).into_future())).await;
    assert_eq!(statuses(&replies), [200; 8]);
    assert_eq!(office.read(notice).await["readers"], 1);
    let path = format!("/v1/admin/notices/{notice}/withdraw");
    let withdraw = || app.post(&path, json!({"reason": "有误"})).by(&leader.session).if_match("\"v3\"");
    let replies = join_all((0..4).map(|_| withdraw().into_future())).await;
    assert_eq!(statuses(&replies), [200, 412, 412, 412]);
}
