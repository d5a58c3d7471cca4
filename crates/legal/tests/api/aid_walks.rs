//! Random walks through E8: whatever people and clocks do, a case that is not over has an owner and a clock that runs, the
//! decision's clock stands still only while papers are missing, and no person decides what they looked through.

use chrono::Duration;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::json;
use unionhall_legal::aid::{Action, MACHINE, State};
use unionhall_testkit::TestApp;
use uuid::Uuid;

use crate::aid::{LEADER, OFFICER, Office, act, again, claim, granted, reason};

const WALKS: usize = 12;
const STEPS: usize = 14;
/// What is done, by the number of the step; any other number lets time pass.
const DONE: &[Action] = &[
    Action::Complete,
    Action::AskPapers,
    Action::Supply,
    Action::Provide,
    Action::Grant,
    Action::Refuse,
    Action::Appoint,
    Action::Accept,
    Action::Recuse { decided: true },
    Action::Report,
    Action::Archive,
    Action::Appeal,
    Action::Overturn,
    Action::Withdraw,
    Action::Rate,
];

// Mostly what the table allows, so that a walk gets somewhere; now and then anything.
fn choose(state: State, chance: u8) -> usize {
    let allowed = |n: &usize| {
        let may = |action: &Action| *action != Action::Withdraw && MACHINE.next(state, *action).is_some();
        DONE.get(*n).is_none_or(may)
    };
    let candidates: Vec<usize> = (0..=DONE.len()).filter(allowed).collect();
    let chance = usize::from(chance);
    if chance % 5 == 0 { chance % (DONE.len() + 1) } else { candidates[chance % candidates.len()] }
}

#[tokio::test]
async fn no_walk_leaves_a_case_without_an_owner_or_a_deadline() {
    let mut office = Office::open().await;
    let above = office.app().cadre("4101", unionhall_web::RoleName::LegalOfficer).await;
    let mut runner = TestRunner::deterministic();
    let mut reached = std::collections::BTreeSet::new();
    for walk in 0..WALKS {
        let mut body = claim();
        // Half of them are near their hearing, so that a lawyer may act first.
        if walk % 2 == 1 {
            body["hearing_on"] = json!(office.app().core().today() + Duration::days(2));
        }
        let case = office.apply(body, &format!("w{walk}")).await;
        let mut state = State::Applied;
        let steps = proptest::collection::vec(1u8.., STEPS).new_tree(&mut runner).unwrap().current();
        for (n, step) in steps.into_iter().enumerate() {
            let (who, key) = (n % 2, format!("k{walk}-{n}"));
            let mine = format!("/v1/me/legal-aid/{case}");
            let theirs = format!("/v1/lawyer/legal-aid/{case}");
            let app = office.app();
            let (member, lawyer) = (&office.asker.session, &office.lawyer.session);
            let said = json!({"text": "留言"});
            let step = choose(state, step);
            let status = match DONE.get(step).copied() {
                Some(Action::Complete) => office.act(OFFICER, case, "complete", json!({})).await.status,
                Some(Action::AskPapers) => office.act(OFFICER, case, "ask-papers", reason()).await.status,
                Some(Action::Supply) => {
                    app.post(&format!("{mine}/papers"), said).by(member).key(&key).await.status
                }
                Some(Action::Provide) => office.act(who, case, "provide", reason()).await.status,
                Some(Action::Grant) => office.act(LEADER, case, "decide", granted(true)).await.status,
                Some(Action::Refuse) => office.act(LEADER, case, "decide", granted(false)).await.status,
                Some(Action::Appoint) => {
                    office.act(who, case, "appoint", json!({"lawyer_id": office.lawyer.id})).await.status
                }
                Some(Action::Accept) => {
                    app.post(&format!("{theirs}/accept"), json!({})).by(lawyer).await.status
                }
                Some(Action::Recuse { .. }) => {
                    app.post(&format!("{theirs}/recuse"), reason()).by(lawyer).await.status
                }
                Some(Action::Report) => {
                    let body = json!({"outcome": "won", "recovered_fen": 100, "text": "裁决支付工资。"});
                    app.post(&format!("{theirs}/outcome"), body).by(lawyer).key(&key).await.status
                }
                Some(Action::Archive) => office.act(who, case, "archive", json!({})).await.status,
                Some(Action::Appeal) => app.post(&format!("{mine}/appeal"), reason()).by(member).await.status,
                Some(Action::Overturn) => {
                    let by = again(app, &above).await;
                    act(app, &by, case, "decide-appeal", granted(walk % 2 == 0)).await.status
                }
                Some(Action::Withdraw) => {
                    app.post(&format!("{mine}/withdraw"), json!({})).by(member).await.status
                }
                Some(Action::Rate) => {
                    app.post(&format!("{mine}/rating"), json!({"stars": 5})).by(member).await.status
                }
                _ => {
                    // Time passes: an hour, a day, two days, or a week and a day.
                    office.pass(Duration::hours([1, 24, 48, 24 * 8][(walk + n) % 4])).await;
                    200
                }
            };
            assert!(status < 500, "step {step}");
            state = sound(office.app(), case).await;
            reached.insert(state.as_str());
        }
        // What still waits ends, so that the next may be applied for.
        office.pass(Duration::hours(1)).await;
        let path = format!("/v1/me/legal-aid/{case}/withdraw");
        let _ = office.app().post(&path, json!({})).by(&office.asker.session).await;
        let _ = office.act(OFFICER, case, "terminate", reason()).await;
        office.pass(Duration::days(16)).await;
    }
    assert!(reached.len() >= 9, "the walks reached {reached:?}");
}

// What the table of states promises is what stands in the database.
async fn sound(app: &TestApp, case: Uuid) -> State {
    let mut found = None;
    for candidate in State::ALL.iter().copied() {
        let word = candidate.as_str();
        let query = format!("SELECT count(*) FROM legal_aid WHERE id = '{case}' AND state = '{word}'");
        if app.number(&query).await == 1 {
            found = Some(candidate);
        }
    }
    let state = found.unwrap();
    let clocks = |also: &str| format!("SELECT count(*) FROM case_clock WHERE case_id = '{case}' AND {also}");
    match state.clock() {
        Some(clock) => {
            let runs = clocks(&format!("name = '{clock}' AND due_at IS NOT NULL"));
            assert_eq!(app.number(&runs).await, 1, "{state:?} without its clock");
        }
        None => assert_eq!(app.number(&clocks("ended_at IS NULL")).await, 0, "{state:?} is over"),
    }
    let own = state.clock().unwrap_or("");
    let others = format!("ended_at IS NULL AND name NOT IN ('{own}', 'decide', 'limitation', 'entrust')");
    assert_eq!(app.number(&clocks(&others)).await, 0, "{state:?} has another state's clock");
    let stands = app.number(&clocks("ended_at IS NULL AND due_at IS NULL")).await;
    assert_eq!(stands, i64::from(state == State::NeedDocs), "{state:?} stops the decision's clock");
    let undecided = "decided_at IS NULL AND state NOT IN ('WITHDRAWN', 'TERMINATED')";
    let undecided = format!("SELECT count(*) FROM legal_aid WHERE id = '{case}' AND {undecided}");
    let decide = clocks("name = 'decide' AND ended_at IS NULL");
    assert_eq!(app.number(&undecided).await, app.number(&decide).await, "{state:?}");
    let gaps = format!("SELECT max(seq) - count(*) FROM case_entry WHERE case_id = '{case}'");
    assert_eq!(app.number(&gaps).await, 0, "the timeline has no gap");
    let last = format!(
        "SELECT count(*) FROM case_entry WHERE case_id = '{case}' AND state = '{}' AND seq = \
         (SELECT max(seq) FROM case_entry WHERE case_id = '{case}' AND state IS NOT NULL)",
        state.as_str()
    );
    assert_eq!(app.number(&last).await, 1, "the timeline tells the state");
    let alone = format!("SELECT count(*) FROM legal_aid WHERE id = '{case}' AND decider_id = reviewer_id");
    assert_eq!(app.number(&alone).await, 0);
    assert!(MACHINE.rule(state).is_some());
    state
}
