//! Random walks through E7: whatever people and clocks do, a question that is not over has an owner and a clock that runs.

use chrono::Duration;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::json;
use unionhall_legal::consultation::{MACHINE, State};
use unionhall_testkit::counsel::LawyerHandle;
use unionhall_testkit::shop::id;
use unionhall_testkit::{CadreHandle, Session, TestApp};
use unionhall_web::Realm;

use crate::{Asker, ask, question, staffed};

const WALKS: usize = 12;
const STEPS: usize = 14;

#[tokio::test]
async fn no_walk_leaves_a_question_without_an_owner_or_a_deadline() {
    let (desk, mut first, mut asker) = staffed().await;
    let app = &desk.app;
    let mut second = desk.on_duty("王律").await;
    let mut runner = TestRunner::deterministic();
    let mut reached = std::collections::BTreeSet::new();
    for walk in 0..WALKS {
        refresh(app, &mut asker, [&mut first, &mut second]).await;
        let case = id(&ask(app, &asker.session, question(), &format!("w{walk}")).await);
        let steps = proptest::collection::vec(0u8..12, STEPS).new_tree(&mut runner).unwrap().current();
        for (n, step) in steps.into_iter().enumerate() {
            let mine = format!("/v1/me/consultations/{case}");
            let theirs = format!("/v1/lawyer/consultations/{case}");
            let lawyer = if n % 2 == 0 { first.clone() } else { second.clone() };
            let (session, member) = (lawyer.session, asker.session.clone());
            let key = format!("k{walk}-{n}");
            let reply = match step {
                0 | 1 => {
                    app.post(&format!("{theirs}/messages"), json!({"text": "答复"}))
                        .by(&session)
                        .key(&key)
                        .await
                }
                2 => app.post(&format!("{theirs}/recuse"), json!({"reason": "回避"})).by(&session).await,
                3 => {
                    app.post(&format!("{mine}/messages"), json!({"text": "追问"})).by(&member).key(&key).await
                }
                4 => app.post(&format!("{mine}/accept"), json!({})).by(&member).await,
                5 => app.post(&format!("{mine}/reopen"), json!({"reason": "未解决"})).by(&member).await,
                6 if walk % 3 == 0 => app.post(&format!("{mine}/withdraw"), json!({})).by(&member).await,
                7 => app.post(&format!("{mine}/rating"), json!({"stars": n % 5 + 1})).by(&member).await,
                8 => app.post("/v1/lawyer/presence", json!({})).by(&session).await,
                9 => {
                    let cadre = cadre(app, &desk.officer).await;
                    let path = format!("/v1/admin/consultations/{case}");
                    let tag = app.get(&path).by(&cadre).await.etag();
                    let body = json!({"lawyer_id": lawyer.id});
                    app.post(&format!("{path}/assign"), body).by(&cadre).if_match(&tag).await
                }
                10 => {
                    let cadre = cadre(app, &desk.officer).await;
                    let path = format!("/v1/admin/consultations/{case}");
                    let tag = app.get(&path).by(&cadre).await.etag();
                    let body = json!({"reason": "已回访"});
                    app.post(&format!("{path}/callback"), body).by(&cadre).if_match(&tag).await
                }
                _ => {
                    // Time passes: a quarter of an hour, a day, or a month.
                    app.advance(Duration::minutes([16, 31, 60 * 24 * 4, 60 * 24 * 32][n % 4])).await;
                    app.drain().await;
                    refresh(app, &mut asker, [&mut first, &mut second]).await;
                    app.get(&mine).by(&asker.session).await
                }
            };
            assert!(reply.status < 500, "{}", reply.text());
            let word = sound(app, case).await;
            reached.insert(word);
        }
        app.advance(Duration::days(1)).await;
    }
    assert!(reached.len() >= 6, "the walks reached {reached:?}");
}

// New tokens, where the old ones are too old by the test's clock.
async fn refresh(app: &TestApp, asker: &mut Asker, lawyers: [&mut LawyerHandle; 2]) {
    asker.again(app).await;
    for lawyer in lawyers {
        lawyer.session = app.login_lawyer(&lawyer.username).await;
    }
}

async fn cadre(app: &TestApp, who: &CadreHandle) -> Session {
    app.login_cadre(Realm::Cadre, &who.username, who.totp.as_deref(), &who.mobile).await
}

// What the table of states promises is what stands in the database.
async fn sound(app: &TestApp, case: uuid::Uuid) -> String {
    let mut found = None;
    for candidate in State::ALL.iter().copied() {
        let query = format!(
            "SELECT count(*) FROM legal_consultation WHERE id = '{case}' AND state = '{}'",
            candidate.as_str()
        );
        if app.number(&query).await == 1 {
            found = Some(candidate);
        }
    }
    let state = found.unwrap();
    let running = |name: &str| {
        format!(
            "SELECT count(*) FROM case_clock WHERE case_id = '{case}' AND name = '{name}' AND due_at IS NOT NULL"
        )
    };
    match state.clock() {
        Some(clock) => assert_eq!(app.number(&running(clock)).await, 1, "{state:?} without its clock"),
        None => {
            let open =
                format!("SELECT count(*) FROM case_clock WHERE case_id = '{case}' AND ended_at IS NULL");
            assert_eq!(app.number(&open).await, 0, "{state:?} is over");
        }
    }
    let others = format!(
        "SELECT count(*) FROM case_clock WHERE case_id = '{case}' AND ended_at IS NULL AND name NOT IN ('{}', 'first_response')",
        state.clock().unwrap_or("")
    );
    assert_eq!(app.number(&others).await, 0, "{state:?} has another state's clock");
    let gaps = format!("SELECT max(seq) - count(*) FROM case_entry WHERE case_id = '{case}'");
    assert_eq!(app.number(&gaps).await, 0, "the timeline has no gap");
    let last = format!(
        "SELECT count(*) FROM case_entry WHERE case_id = '{case}' AND state = '{}' AND seq = \
         (SELECT max(seq) FROM case_entry WHERE case_id = '{case}' AND state IS NOT NULL)",
        state.as_str()
    );
    assert_eq!(app.number(&last).await, 1, "the timeline tells the state");
    assert!(MACHINE.rule(state).is_some());
    state.as_str().to_owned()
}
