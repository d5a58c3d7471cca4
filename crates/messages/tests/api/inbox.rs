//! Reading the inbox: pages, what is unread, and nobody else's.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::{Session, TestApp, mobile};
use uuid::Uuid;

/// The titles of an account's messages, the newest first.
pub(crate) async fn titles(app: &TestApp, by: &Session) -> Vec<String> {
    let list = app.get("/v1/me/inbox?limit=100").by(by).await.expect(200);
    list["items"].as_array().unwrap().iter().map(|m| m["title"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn unread(app: &TestApp, by: &Session) -> i64 {
    let count = app.get("/v1/me/inbox/unread-count").by(by).await.expect(200);
    count["unread_count"].as_i64().unwrap()
}

/// Puts messages into an inbox as the worker would, the newest last.
pub(crate) async fn fill(app: &TestApp, account: Uuid, n: usize) -> Vec<Uuid> {
    let ids: Vec<Uuid> = (0..n).map(|_| app.core().id()).collect();
    let mut sorted = ids;
    sorted.sort_unstable();
    let rows = sorted.iter().enumerate().map(|(at, id)| {
        format!(
            "('{id}', '{account}', 'test:{id}', 'service', '第{at}条', '正文', 'card', NULL, '{}')",
            app.core().now()
        )
    });
    let rows: Vec<String> = rows.collect();
    app.sql(&format!(
        "INSERT INTO inbox_message (id, account_id, event_key, kind, title, body, link_rel, link_id, created_at) \
         VALUES {}",
        rows.join(", ")
    ))
    .await;
    sorted
}

#[tokio::test]
async fn an_empty_inbox_is_empty_in_every_way() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    let list = app.get("/v1/me/inbox").by(&session).await.expect(200);
    assert_eq!(list, json!({"items": [], "next": null}));
    assert_eq!(unread(&app, &session).await, 0);
    let all = app.post("/v1/me/inbox/read-all", json!({})).by(&session).await.expect(200);
    assert_eq!(all, json!({"read_count": 0}));
    let home = app.get("/v1/me/home").by(&session).await.expect(200);
    assert_eq!(home["inbox"], json!({"unread_count": 0}));
    for path in ["/v1/me/inbox", "/v1/me/inbox/unread-count", "/v1/me/message-preferences", "/v1/me/devices"]
    {
        assert_eq!(app.get(path).await.problem(401), "UNAUTHENTICATED", "{path}");
    }
    let wrong = app.get("/v1/me/inbox?state=old").by(&session).await;
    assert_eq!(wrong.problem(400), "INVALID_PARAMETER");
    let unknown = app.get("/v1/me/inbox?kind=service").by(&session).await;
    assert_eq!(unknown.problem(400), "UNKNOWN_PARAMETER");
}

#[tokio::test]
async fn pages_show_each_message_once_also_while_new_ones_come_and_old_ones_are_read() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    let there = fill(&app, session.account, 25).await;
    for state in ["", "&state=unread"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/me/inbox?limit=10{state}{after}");
            let page = app.get(&path).by(&session).await.expect(200);
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|m| m["id"].as_str().unwrap().parse::<Uuid>().unwrap()));
            app.advance(Duration::milliseconds(2)).await;
            fill(&app, session.account, 1).await;
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        let newest_first: Vec<Uuid> = there.iter().rev().copied().collect();
        assert_eq!(seen[seen.len() - 25..], newest_first);
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), seen.len());
    }
    // A cursor belongs to its list and its owner.
    let page = app.get("/v1/me/inbox?limit=10").by(&session).await.expect(200);
    let next = page["next"].as_str().unwrap();
    let other = app.login_member(&mobile()).await;
    for (by, path) in [
        (&session, format!("/v1/me/inbox?state=read&after={next}")),
        (&other, format!("/v1/me/inbox?after={next}")),
    ] {
        assert_eq!(app.get(&path).by(by).await.problem(400), "CURSOR_INVALID");
    }
}

#[tokio::test]
async fn reading_counts_the_first_time_and_moves_a_message_from_one_list_to_the_other() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    let there = fill(&app, session.account, 3).await;
    let path = format!("/v1/me/inbox/{}", there[1]);
    let one = app.get(&path).by(&session).await.expect(200);
    assert_eq!((&one["title"], &one["read_at"]), (&json!("第1条"), &Value::Null));
    assert_eq!((&one["kind"], &one["kind_text"]), (&json!("service"), &json!("服务通知")));
    assert_eq!(one["link"], json!({"rel": "card", "href": "/v1/me/cards", "id": null}));
    assert_eq!(unread(&app, &session).await, 3, "looking at it does not count");
    let read = app.post(&format!("{path}/read"), json!({})).by(&session).await.expect(200);
    assert_eq!(read["read_at"], "2026-11-20T04:00:00.000Z");
    app.advance(Duration::minutes(1)).await;
    let again = app.post(&format!("{path}/read"), json!({})).by(&session).await.expect(200);
    assert_eq!(again, read);
    let of = async |state: &str| {
        let list = app.get(&format!("/v1/me/inbox?state={state}")).by(&session).await.expect(200);
        list["items"].as_array().unwrap().iter().map(|m| m["title"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("read").await, ["第1条"]);
    assert_eq!(of("unread").await, ["第2条", "第0条"]);
    let all = app.post("/v1/me/inbox/read-all", json!({})).by(&session).await.expect(200);
    assert_eq!(all, json!({"read_count": 2}));
    assert_eq!(unread(&app, &session).await, 0);
    assert_eq!(app.get(&path).by(&session).await.expect(200)["read_at"], read["read_at"]);
}

#[tokio::test]
async fn nobody_reads_or_marks_anothers_message() {
    let app = TestApp::start().await;
    let (owner, other) = (app.login_member(&mobile()).await, app.login_member(&mobile()).await);
    let there = fill(&app, owner.account, 2).await;
    fill(&app, other.account, 1).await;
    let absent = Uuid::from_u128(7);
    for id in [there[0], absent] {
        let path = format!("/v1/me/inbox/{id}");
        assert_eq!(app.get(&path).by(&other).await.problem(404), "NOT_FOUND");
        let read = app.post(&format!("{path}/read"), json!({})).by(&other).await;
        assert_eq!(read.problem(404), "NOT_FOUND");
    }
    let list = app.get("/v1/me/inbox").by(&other).await;
    assert!(!list.text().contains(&there[0].to_string()));
    app.post("/v1/me/inbox/read-all", json!({})).by(&other).await.expect(200);
    assert_eq!((unread(&app, &other).await, unread(&app, &owner).await), (0, 2));
}

#[tokio::test]
async fn the_count_is_exact_however_many_read_at_once() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    let there = fill(&app, session.account, 40).await;
    let read = |id: &Uuid| app.post(&format!("/v1/me/inbox/{id}/read"), json!({})).by(&session).into_future();
    // Each of thirty, three times over, all at once.
    let replies = join_all((0..3).flat_map(|_| &there[..30]).map(read)).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(unread(&app, &session).await, 10);
    let all = (0..8).map(|_| app.post("/v1/me/inbox/read-all", json!({})).by(&session).into_future());
    let marked: i64 =
        join_all(all).await.into_iter().map(|r| r.expect(200)["read_count"].as_i64().unwrap()).sum();
    assert_eq!(marked, 10, "each is marked by one of them");
    assert_eq!(unread(&app, &session).await, 0);
}

#[tokio::test]
async fn counting_stops_beyond_a_thousand() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    let first = fill(&app, session.account, 1000).await;
    assert_eq!(unread(&app, &session).await, 1000);
    fill(&app, session.account, 2).await;
    assert_eq!(unread(&app, &session).await, 1001);
    let home = app.get("/v1/me/home").by(&session).await.expect(200);
    assert_eq!(home["inbox"]["unread_count"], 1001);
    app.post(&format!("/v1/me/inbox/{}/read", first[0]), json!({})).by(&session).await.expect(200);
    assert_eq!(unread(&app, &session).await, 1001);
}

#[tokio::test]
async fn messages_are_in_the_copy_of_ones_data_and_go_after_their_time() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    let other = app.login_member(&mobile()).await;
    fill(&app, session.account, 2).await;
    fill(&app, other.account, 1).await;
    app.advance(Duration::seconds(60)).await;
    let code = app.otp(&number, "confirm", unionhall_web::Realm::Member).await;
    let data = app.post("/v1/me/data", json!({"code": code})).by(&session).await.expect(200);
    let copied = &data["messages"];
    assert_eq!(copied["inbox"]["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&copied["inbox"]["items"][0]["title"], &copied["inbox"]["more"]),
        (&json!("第1条"), &json!(false))
    );
    assert_eq!(copied["preferences"]["quiet_hours"], json!({"start": "22:00", "end": "08:00"}));
    assert_eq!(copied["devices"], json!([]));

    let begun = app.core().now();
    for (day, left) in [(179, 3), (181, 0)] {
        app.clock.set(begun + Duration::days(day));
        let core = app.core();
        let mut conn = core.db.writer().await.unwrap();
        unionhall_gateway::upkeep::enqueue_daily(core, &mut conn).await.unwrap();
        drop(conn);
        app.drain().await;
        assert_eq!(app.number("SELECT count(*) FROM inbox_message").await, left, "on day {day}");
    }
}
