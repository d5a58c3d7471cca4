//! What members choose to be told, and when not to be woken.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use unionhall_testkit::shop::{Holder, Shop};
use unionhall_testkit::{PushServer, Session, TestApp, mobile};

use crate::devices::register;
use crate::inbox::titles;

const PREFERENCES: &str = "/v1/me/message-preferences";

fn chosen(quiet: &Value) -> Value {
    json!({"service": {"push": true}, "benefits": {"inbox": true, "push": true}, "notices": {"push": true},
           "quiet_hours": quiet})
}

pub(crate) async fn choose(app: &TestApp, by: &Session, preferences: Value) {
    app.put(PREFERENCES, preferences).by(by).await.expect(200);
}

/// A cadre freezes or unfreezes a membership: something of the kind `service` to tell of.
async fn freeze(shop: &Shop, holder: &Holder, step: &str) {
    let path = format!("/v1/admin/members/{}", holder.person);
    let tag = shop.app.get(&path).by(&shop.leader.session).await.etag();
    let step = shop.app.post(&format!("{path}/{step}"), json!({"reason": "核实情况"}));
    step.by(&shop.leader.session).if_match(&tag).await.expect(200);
}

/// A shop whose clock stands at an instant of the same Friday, Shanghai, and a holder with a device.
async fn at(gateway: &PushServer, time: &str) -> (Shop, Holder) {
    let mut shop = Shop::open_in(TestApp::with_push(gateway).await, "410102").await;
    let mut holder = shop.holder().await;
    shop.app.drain().await;
    let instant: DateTime<Utc> =
        format!("2026-11-20T{time}+08:00").parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc();
    // A cadre's second login takes up to half a minute of the clock: it ends where it is wanted.
    shop.app.advance(instant - Duration::minutes(2) - shop.app.core().now()).await;
    shop.cadres_again().await;
    holder.session = shop.login_again(&holder).await;
    register(&shop.app, &holder.session, &holder.mobile, "huawei", &format!("token-{}", holder.mobile)).await;
    shop.app.advance(instant - shop.app.core().now()).await;
    (shop, holder)
}

#[tokio::test]
async fn preferences_have_defaults_and_are_replaced_as_a_whole() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    let usual = app.get(PREFERENCES).by(&session).await.expect(200);
    let mut all = chosen(&json!({"start": "22:00", "end": "08:00"}));
    let left_out = app.put(PREFERENCES, all.clone()).by(&session).await.expect(200);
    all["jobs"] = json!({"inbox": true, "push": true});
    assert_eq!((&usual, &left_out), (&all, &all), "what was added later may be left out");
    let mine = json!({"service": {"push": false}, "benefits": {"inbox": false, "push": false},
                      "jobs": {"inbox": false, "push": false}, "notices": {"push": false}, "quiet_hours": null});
    assert_eq!(app.put(PREFERENCES, mine.clone()).by(&session).await.expect(200), mine);
    assert_eq!(app.get(PREFERENCES).by(&session).await.expect(200), mine);
    let other = app.login_member(&mobile()).await;
    assert_eq!(app.get(PREFERENCES).by(&other).await.expect(200), usual, "nobody else's");

    let refused = async |body: Value| {
        let reply = app.put(PREFERENCES, body).by(&session).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        let errors = reply.json()["errors"].clone();
        (errors[0]["pointer"].as_str().unwrap().to_owned(), errors[0]["code"].as_str().unwrap().to_owned())
    };
    let said = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let mut body = mine.clone();
    body.as_object_mut().unwrap().remove("quiet_hours");
    assert_eq!(refused(body).await, said("/quiet_hours", "REQUIRED"), "left out is not none");
    for (quiet, code) in [
        (json!({"start": "22:00", "end": "22:00"}), "QUIET_HOURS_EMPTY"),
        (json!({"start": "24:00", "end": "08:00"}), "TIME_FORMAT"),
        (json!({"start": "22:00", "end": "8:00"}), "TIME_FORMAT"),
    ] {
        assert_eq!(refused(chosen(&quiet)).await, said("/quiet_hours", code));
    }
    let mut body = mine.clone();
    body["benefits"]["push"] = json!(true);
    assert_eq!(refused(body).await, said("/benefits/push", "PUSH_WITHOUT_INBOX"));
    let mut body = mine.clone();
    body["jobs"]["push"] = json!(true);
    assert_eq!(refused(body).await, said("/jobs/push", "PUSH_WITHOUT_INBOX"));
    let mut body = mine.clone();
    body["service"]["inbox"] = json!(false);
    assert_eq!(refused(body).await, said("/service/inbox", "UNKNOWN_FIELD"), "it cannot be switched off");
    let mut body = mine.clone();
    body["security"] = json!({"push": false});
    assert_eq!(refused(body).await, said("/security", "UNKNOWN_FIELD"), "nor can this");
    assert_eq!(app.get(PREFERENCES).by(&session).await.expect(200), mine, "a refusal changes nothing");
}

#[tokio::test]
async fn what_comes_in_quiet_hours_is_in_the_inbox_at_once_and_pushed_when_they_end() {
    let gateway = PushServer::start().await;
    // On both sides of both edges, and before midnight: how many seconds the push waits.
    for (time, waits) in [
        ("21:59:59", 0),
        ("22:00:00", 10 * 3600),
        ("23:59:59", 8 * 3600 + 1),
        ("07:59:59", 1),
        ("08:00:00", 0),
    ] {
        // The test's day begins at noon: what is earlier is the next day's.
        let before = gateway.taken().len();
        let (shop, holder) = if time < "12:00:00" {
            let (mut shop, mut holder) = at(&gateway, "21:00:00").await;
            let next: DateTime<Utc> =
                format!("2026-11-21T{time}+08:00").parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc();
            shop.app.advance(next - Duration::minutes(2) - shop.app.core().now()).await;
            shop.cadres_again().await;
            holder.session = shop.login_again(&holder).await;
            shop.app.advance(next - shop.app.core().now()).await;
            (shop, holder)
        } else {
            at(&gateway, time).await
        };
        freeze(&shop, &holder, "freeze").await;
        shop.app.drain().await;
        assert_eq!(titles(&shop.app, &holder.session).await[0], "会籍已冻结", "{time}");
        let waited = usize::from(waits == 0);
        assert_eq!(gateway.taken().len() - before, waited, "at {time}");
        if waits > 0 {
            shop.app.advance(Duration::seconds(waits - 1)).await;
            shop.app.drain().await;
            assert_eq!(gateway.taken().len() - before, 0, "a second before their end, from {time} on");
            shop.app.advance(Duration::seconds(1)).await;
            shop.app.drain().await;
            assert_eq!(gateway.taken().len() - before, 1, "at their end, from {time} on");
        }
        shop.app.advance(Duration::hours(30)).await;
        shop.app.drain().await;
        assert_eq!(gateway.taken().len() - before, 1, "once, from {time} on");
    }
}

#[tokio::test]
async fn what_is_about_security_is_pushed_at_once() {
    let gateway = PushServer::start().await;
    let (shop, holder) = at(&gateway, "23:00:00").await;
    let lost = format!("/v1/me/cards/{}/report-loss", holder.card);
    shop.app.post(&lost, json!({})).by(&holder.session).await.expect(200);
    shop.app.drain().await;
    assert_eq!(titles(&shop.app, &holder.session).await[0], "会员卡已挂失");
    assert_eq!(gateway.taken().len(), 1);
}

#[tokio::test]
async fn who_changes_the_quiet_hours_changes_when_what_waits_goes_out() {
    let gateway = PushServer::start().await;
    let (shop, mut holder) = at(&gateway, "22:30:00").await;
    freeze(&shop, &holder, "freeze").await;
    shop.app.drain().await;
    assert_eq!(gateway.taken().len(), 0);
    // A shorter night: until half an hour from now.
    choose(&shop.app, &holder.session, chosen(&json!({"start": "22:00", "end": "23:00"}))).await;
    shop.app.drain().await;
    assert_eq!(gateway.taken().len(), 0, "it is quiet still");
    // A longer one before that is over, and none at all: what waits goes out now, once.
    choose(&shop.app, &holder.session, chosen(&json!({"start": "22:00", "end": "07:00"}))).await;
    shop.app.advance(Duration::minutes(30)).await;
    shop.app.drain().await;
    assert_eq!(gateway.taken().len(), 0, "the shorter night holds no more");
    holder.session = shop.login_again(&holder).await;
    choose(&shop.app, &holder.session, chosen(&Value::Null)).await;
    shop.app.drain().await;
    assert_eq!(gateway.taken().len(), 1);
    shop.app.advance(Duration::hours(12)).await;
    shop.app.drain().await;
    assert_eq!(gateway.taken().len(), 1, "the end of the nights that were chosen before brings nothing more");
}

#[tokio::test]
async fn who_wants_no_pushes_gets_none_and_finds_the_message_all_the_same() {
    let gateway = PushServer::start().await;
    let (shop, holder) = at(&gateway, "22:30:00").await;
    freeze(&shop, &holder, "freeze").await;
    shop.app.drain().await;
    let mut silent = chosen(&json!({"start": "22:00", "end": "08:00"}));
    silent["service"]["push"] = json!(false);
    choose(&shop.app, &holder.session, silent).await;
    freeze(&shop, &holder, "unfreeze").await;
    shop.app.drain().await;
    let found = titles(&shop.app, &holder.session).await;
    assert_eq!(found[..2], ["会籍已恢复", "会籍已冻结"]);
    shop.app.advance(Duration::hours(12)).await;
    shop.app.drain().await;
    assert_eq!(gateway.taken().len(), 0, "neither what came since nor what waited");
    assert_eq!(shop.app.number("SELECT count(*) FROM push_delivery WHERE why = 'preference'").await, 1);
}
