//! Pushes on their way: what they say, what is tried again, and that one is told once.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_identity::closing::{self, ClosingAsked};
use unionhall_registry::correction::{self, Decided};
use unionhall_storage::outbox;
use unionhall_testkit::{PushServer, Session, TestApp, mobile};
use uuid::Uuid;

use crate::devices::{login_on, register, register_again, try_register};
use crate::inbox::{titles, unread};
use crate::quiet::choose;

/// Publishes something about security, which is pushed at once.
pub(crate) async fn publish(app: &TestApp, account: Uuid) -> Uuid {
    let core = app.core();
    let closes_on = core.today();
    let news = ClosingAsked { id: core.id(), account_id: account, closes_on };
    let publish =
        core.db.write(async |tx| outbox::publish(tx, news.id, core.now(), closing::ASKED, &news).await);
    publish.await.unwrap();
    news.id
}

/// Tells an account something about security.
pub(crate) async fn tell(app: &TestApp, by: &Session) {
    publish(app, by.account).await;
    app.drain().await;
}

/// Tells an account something that waits for the end of its quiet hours, which are now.
pub(crate) async fn told_later(app: &TestApp, by: &Session) {
    let quiet = json!({"service": {"push": true}, "benefits": {"inbox": true, "push": true},
                       "notices": {"push": true}, "quiet_hours": {"start": "11:00", "end": "20:00"}});
    choose(app, by, quiet).await;
    let core = app.core();
    let news = Decided { id: core.id(), account_id: by.account, approved: true };
    let publish = core
        .db
        .write(async |tx| outbox::publish(tx, core.id(), core.now(), correction::DECIDED, &news).await);
    publish.await.unwrap();
    app.drain().await;
}

/// A member with a device.
async fn pushed_to(app: &TestApp) -> (Session, String) {
    let number = mobile();
    let session = app.login_member(&number).await;
    register(app, &session, &number, "huawei", &format!("token-{number}")).await;
    (session, number)
}

async fn states(app: &TestApp) -> String {
    let mut found = Vec::new();
    for state in ["WAITING", "SENT", "DROPPED", "DEAD"] {
        let n = app.number(&format!("SELECT count(*) FROM push_delivery WHERE state = '{state}'")).await;
        if n > 0 {
            found.push(format!("{n} {state}"));
        }
    }
    found.join(", ")
}

#[tokio::test]
async fn a_push_says_that_there_is_a_message_and_nothing_of_it() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    register(&app, &session, &member.mobile, "huawei", "the-token").await;
    app.prove(&session, &member).await;
    app.drain().await;
    tell(&app, &session).await;
    let list = app.get("/v1/me/inbox").by(&session).await.expect(200);
    let messages = list["items"].as_array().unwrap();
    assert_eq!((messages.len(), gateway.got().len()), (2, 2));
    for pushed in gateway.got() {
        let message = messages.iter().find(|m| m["id"] == pushed.body["message_id"]).expect("its message");
        let names: Vec<&str> = pushed.body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["channel", "id", "message_id", "title", "token"]);
        assert_eq!(pushed.body["title"], "您有一条新消息");
        assert_eq!((&pushed.body["channel"], &pushed.body["token"]), (&json!("huawei"), &json!("the-token")));
        assert_eq!(pushed.at, app.core().now().timestamp());
        let account = session.account.to_string();
        let secrets = [&message["title"], &message["body"], &message["kind_text"]]
            .map(|v| v.as_str().unwrap().to_owned());
        for secret in secrets.iter().chain([&member.name, &member.mobile, &member.id_number, &account]) {
            assert!(!pushed.text.contains(secret.as_str()), "{secret} in {}", pushed.text);
        }
    }
}

#[tokio::test]
async fn what_says_nothing_of_somebodys_affairs_may_be_named() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    app.drain().await;
    register(&app, &session, &member.mobile, "honor", "the-token").await;
    let core = app.core();
    let coupon = unionhall_merchants::tasks::ExpiringCoupon {
        id: core.id(),
        person_id: member.person,
        title: "满30减5".to_owned(),
    };
    let news = unionhall_merchants::tasks::Expiring { expires_on: core.today(), coupons: vec![coupon] };
    let topic = unionhall_merchants::tasks::EXPIRING;
    core.db.write(async |tx| outbox::publish(tx, core.id(), core.now(), topic, &news).await).await.unwrap();
    app.drain().await;
    let got = gateway.got();
    assert_eq!((got.len(), &got[0].body["kind"]), (1, &json!("benefits")));
    assert!(!got[0].text.contains("满30减5"));
}

#[tokio::test]
async fn a_gateway_that_is_down_is_asked_again_and_told_once() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let (session, _) = pushed_to(&app).await;
    gateway.answer(503);
    tell(&app, &session).await;
    assert_eq!(
        (gateway.got().len(), unread(&app, &session).await),
        (1, 1),
        "the message is there all the same"
    );
    app.drain().await;
    assert_eq!(gateway.got().len(), 1, "not at once");
    app.advance(Duration::seconds(30)).await;
    app.drain().await;
    assert_eq!(gateway.got().len(), 2);
    gateway.answer(202);
    app.advance(Duration::seconds(60)).await;
    app.drain().await;
    app.advance(Duration::hours(3)).await;
    app.drain().await;
    assert_eq!((gateway.got().len(), gateway.taken().len()), (3, 1));
    let ids: Vec<Value> = gateway.got().into_iter().map(|p| p.body["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "the gateway tells repeats by the id");
    assert_eq!(states(&app).await, "1 SENT");
}

#[tokio::test]
async fn a_push_that_nobody_takes_is_given_up() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let (session, _) = pushed_to(&app).await;
    gateway.answer(500);
    tell(&app, &session).await;
    for _ in 0..40 {
        app.advance(Duration::minutes(2)).await;
        app.drain().await;
    }
    assert_eq!((gateway.got().len(), states(&app).await.as_str()), (8, "1 DEAD"));
    app.advance(Duration::hours(2)).await;
    app.drain().await;
    assert_eq!(gateway.got().len(), 8);
    assert_eq!(app.number("SELECT count(*) FROM task WHERE state <> 'done'").await, 0);
}

#[tokio::test]
async fn while_the_gateway_is_down_others_wait_and_lose_no_try() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let mut members = Vec::new();
    for _ in 0..12 {
        members.push(pushed_to(&app).await.0);
    }
    gateway.answer(503);
    for member in &members {
        publish(&app, member.account).await;
    }
    app.drain().await;
    assert_eq!(gateway.got().len(), 5, "then nobody asks any more");
    assert_eq!(app.number("SELECT count(*) FROM push_delivery WHERE tries = 0").await, 7);
    app.advance(Duration::seconds(30)).await;
    app.drain().await;
    assert_eq!(gateway.got().len(), 6, "one asks for all");
    gateway.answer(200);
    for _ in 0..6 {
        app.advance(Duration::seconds(30)).await;
        app.drain().await;
    }
    assert_eq!((gateway.taken().len(), states(&app).await.as_str()), (12, "12 SENT"));
}

#[tokio::test]
async fn a_token_that_is_nobodys_is_dropped() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let (session, number) = pushed_to(&app).await;
    gateway.answer(410);
    tell(&app, &session).await;
    let devices = app.get("/v1/me/devices").by(&session).await.expect(200);
    assert_eq!(devices["items"], json!([]));
    gateway.answer(202);
    tell(&app, &session).await;
    app.advance(Duration::hours(1)).await;
    app.drain().await;
    assert_eq!((gateway.got().len(), states(&app).await.as_str()), (1, "1 DROPPED"));
    // A new token serves again.
    let session = login_on(&app, &number, "new").await;
    try_register(&app, &session, "new", "huawei", "another").await.expect(200);
    tell(&app, &session).await;
    assert_eq!(gateway.taken().len(), 1);
}

#[tokio::test]
async fn what_was_read_meanwhile_is_not_pushed() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let (session, _) = pushed_to(&app).await;
    told_later(&app, &session).await;
    assert_eq!(titles(&app, &session).await, ["信息更正已通过"]);
    app.post("/v1/me/inbox/read-all", json!({})).by(&session).await.expect(200);
    app.advance(Duration::hours(9)).await;
    app.drain().await;
    assert_eq!((gateway.got().len(), states(&app).await.as_str()), (0, "1 DROPPED"));
}

#[tokio::test]
async fn two_workers_push_once() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let other = app.copy().await;
    let mut members = Vec::new();
    for _ in 0..20 {
        members.push(pushed_to(&app).await.0);
    }
    for member in &members {
        publish(&app, member.account).await;
    }
    let workers = [&app, &other, &app, &other].map(|app| app.services.worker());
    join_all(workers.iter().map(|worker| worker.drain())).await.into_iter().for_each(|done| done.unwrap());
    assert_eq!((gateway.got().len(), states(&app).await.as_str()), (20, "20 SENT"));
    // The same deliveries, asked for by many tasks at the same moment: each claims what no other has claimed.
    app.sql(
        "UPDATE push_delivery SET state = 'WAITING', finished_at = NULL, tries = 0, due_at = created_at; \
         INSERT INTO task (id, kind, payload, state, run_at, attempts, created_at) \
         SELECT gen_random_uuid(), 'push.send', (SELECT jsonb_build_object('ids', jsonb_agg(id)) FROM push_delivery), \
                'queued', now() - interval '1 year', 0, now() FROM generate_series(1, 6)",
    )
    .await;
    join_all(workers.iter().map(|worker| worker.drain())).await.into_iter().for_each(|done| done.unwrap());
    assert_eq!((gateway.got().len(), states(&app).await.as_str()), (40, "20 SENT"));
}

#[tokio::test]
async fn a_worker_that_dies_after_sending_sends_the_same_again() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let (session, _) = pushed_to(&app).await;
    // What it wrote down last is lost: the gateway was told, and the row does not say so.
    tell(&app, &session).await;
    app.sql("UPDATE push_delivery SET state = 'WAITING', finished_at = NULL").await;
    app.advance(Duration::seconds(30)).await;
    app.drain().await;
    let got = gateway.got();
    assert_eq!(
        (got.len(), &got[0].body),
        (2, &got[1].body),
        "the same id: the gateway does not tell it twice"
    );
    assert_eq!(states(&app).await, "1 SENT");
}

#[tokio::test]
async fn without_a_gateway_nothing_is_planned() {
    let app = TestApp::start().await;
    let (session, _) = pushed_to(&app).await;
    tell(&app, &session).await;
    assert_eq!((unread(&app, &session).await, states(&app).await.as_str()), (1, ""));
}

#[tokio::test]
async fn what_waited_when_the_gateway_was_taken_away_is_dropped() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let (session, _) = pushed_to(&app).await;
    told_later(&app, &session).await;
    assert_eq!(states(&app).await, "1 WAITING");
    app.clock.advance(Duration::hours(9));
    let without = unionhall_messages::Messages::new(app.core().clone(), None);
    let core = app.core();
    let worker = unionhall_storage::tasks::Worker::new(core.db.clone(), core.clock.clone(), core.ids.clone());
    unionhall_messages::tasks::handle(worker, &std::sync::Arc::new(without)).drain().await.unwrap();
    assert_eq!((gateway.got().len(), states(&app).await.as_str()), (0, "1 DROPPED"));
}

#[tokio::test]
async fn in_development_pushes_go_to_a_file() {
    let app = TestApp::start().await;
    let (session, number) = pushed_to(&app).await;
    publish(&app, session.account).await;
    let core = app.core();
    let file = std::env::temp_dir().join(format!("uh-push-{}-{number}", std::process::id()));
    let outbox = unionhall_messages::push::FilePush::new(file.clone(), core.clock.clone());
    let messages = unionhall_messages::Messages::new(core.clone(), Some(std::sync::Arc::new(outbox)));
    let worker = unionhall_storage::tasks::Worker::new(core.db.clone(), core.clock.clone(), core.ids.clone());
    let worker = unionhall_messages::tasks::handle(worker, &std::sync::Arc::new(messages));
    worker.drain().await.unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let line: Value = serde_json::from_str(&text).expect("one line");
    assert_eq!(
        (&line["at"], &line["token"]),
        (&json!("2026-11-20T04:00:00.000Z"), &json!(format!("token-{number}")))
    );
    assert_eq!((line["title"].as_str(), states(&app).await.as_str()), (Some("您有一条新消息"), "1 SENT"));
}

#[tokio::test]
async fn wechat_lets_one_message_out_for_each_subscription() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let number = mobile();
    let session = app.login_member(&number).await;
    let path = format!("/v1/me/devices/device-{number}/subscriptions");
    let subscribe = async |template: &str, key: &str| {
        app.post(&path, json!({"template": template})).by(&session).key(key).await
    };
    assert_eq!(subscribe("new_message", "a").await.problem(404), "NOT_FOUND");
    register(&app, &session, &number, "huawei", "no-subscriptions").await;
    assert_eq!(subscribe("new_message", "b").await.problem(409), "INVALID_STATE");
    let made = register(&app, &session, &number, "wechat_subscribe", "openid-1").await;
    assert_eq!(made["subscriptions"], json!({"new_message": 0, "benefits": 0}));
    tell(&app, &session).await;
    assert_eq!(gateway.got().len(), 0, "nobody agreed yet");

    let unkeyed = app.post(&path, json!({"template": "new_message"})).by(&session).await;
    assert_eq!(unkeyed.problem(400), "IDEMPOTENCY_KEY_MISSING");
    let one = subscribe("new_message", "c").await.expect(200);
    assert_eq!(one["subscriptions"], json!({"new_message": 1, "benefits": 0}));
    assert_eq!(subscribe("new_message", "c").await.expect(200), one, "a repeat counts once");
    let replies = join_all((0..4).map(|n| {
        let (app, path, session) = (&app, &path, &session);
        async move {
            let body = json!({"template": if n < 2 { "new_message" } else { "benefits" }});
            app.post(path, body).by(session).key(&format!("many-{n}")).await
        }
    }))
    .await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    let again = register_again(&app, &session, &number, "openid-1").await;
    assert_eq!(again["subscriptions"], json!({"new_message": 3, "benefits": 2}), "the app started again");
    for n in 1..=4 {
        tell(&app, &session).await;
        assert_eq!(gateway.taken().len(), n.min(3), "message {n}");
    }
    assert_eq!(gateway.taken()[0]["template"], "new_message");
    assert_eq!(gateway.taken()[0]["token"], "openid-1");
    // What never leaves gives its subscription back.
    subscribe("new_message", "d").await.expect(200);
    told_later(&app, &session).await;
    let taken = register_again(&app, &session, &number, "openid-1").await;
    assert_eq!(taken["subscriptions"]["new_message"], 0);
    app.post("/v1/me/inbox/read-all", json!({})).by(&session).await.expect(200);
    app.clock.advance(Duration::hours(9));
    app.drain().await;
    assert_eq!(app.number("SELECT credits_new_message FROM push_device").await, 1);
    // Somebody else's OpenID begins with none.
    let session = login_on(&app, &number, &format!("device-{number}")).await;
    let other = register(&app, &session, &number, "wechat_subscribe", "openid-2").await;
    assert_eq!(other["subscriptions"], json!({"new_message": 0, "benefits": 0}));
}

#[tokio::test]
async fn devices_without_a_login_and_pushes_that_are_done_are_forgotten() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let (gone, _) = pushed_to(&app).await;
    let (_, _) = pushed_to(&app).await;
    tell(&app, &gone).await;
    app.post("/v1/auth/logout", json!({})).by(&gone).await.expect(204);
    let begun = app.core().now();
    for (day, devices, pushes) in [(0, 2, 1), (2, 1, 1), (6, 1, 1), (8, 1, 0), (89, 1, 0), (91, 0, 0)] {
        app.clock.set(begun + Duration::days(day));
        let core = app.core();
        let mut conn = core.db.writer().await.unwrap();
        unionhall_gateway::upkeep::enqueue_daily(core, &mut conn).await.unwrap();
        drop(conn);
        app.drain().await;
        assert_eq!(app.number("SELECT count(*) FROM push_device").await, devices, "on day {day}");
        assert_eq!(app.number("SELECT count(*) FROM push_delivery").await, pushes, "on day {day}");
    }
}
