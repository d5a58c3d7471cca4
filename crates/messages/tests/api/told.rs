//! What happens is told to whom it happens, once, and to nobody else.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_merchants::tasks as coupons;
use unionhall_testkit::shop::{Holder, Shop, id};
use unionhall_testkit::{Session, TestApp, citizen, mobile};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

use crate::inbox::{titles, unread};
use crate::pushes::publish;

async fn messages(app: &TestApp) -> i64 {
    app.drain().await;
    app.number("SELECT count(*) FROM inbox_message").await
}

/// The newest message of an account, after one more of all was written.
async fn newest(app: &TestApp, by: &Session, before: i64) -> Value {
    assert_eq!(messages(app).await, before + 1, "one message in the whole house");
    let list = app.get("/v1/me/inbox?limit=1").by(by).await.expect(200);
    list["items"][0].clone()
}

async fn step(shop: &Shop, path: &str, step: &str, reason: bool) {
    let by = &shop.leader.session;
    let tag = shop.app.get(path).by(by).await.etag();
    let body = if reason { json!({"reason": "材料不清晰"}) } else { json!({}) };
    shop.app.post(&format!("{path}/{step}"), body).by(by).if_match(&tag).await.expect(200);
}

fn says(message: &Value, kind: &str, title: &str, href: &str) {
    assert_eq!((&message["kind"], &message["title"]), (&json!(kind), &json!(title)), "{message}");
    assert_eq!(message["link"]["href"], href, "{message}");
    assert_eq!(message["read_at"], Value::Null);
}

#[tokio::test]
async fn an_application_is_told_at_every_decision() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let number = citizen();
    let statement = json!({"name": "赵敏", "id_type": "citizen_id", "id_number": number});
    let join = json!({"union_id": shop.officer.union, "statement": statement});
    let applicant = app.login_member(&mobile()).await;
    let made = app.post("/v1/me/join-applications", join.clone()).by(&applicant).key("a").await.expect(201);
    let (path, own) = (
        format!("/v1/admin/join-applications/{}", id(&made)),
        format!("/v1/me/join-applications/{}", id(&made)),
    );
    assert_eq!(messages(app).await, 0, "who hands something in knows");
    step(&shop, &path, "return", true).await;
    let told = newest(app, &applicant, 0).await;
    says(&told, "service", "入会申请需要补正", &own);
    assert!(!told.to_string().contains("材料不清晰"), "why stands with the application");
    app.post(&format!("{own}/resubmit"), statement.clone()).by(&applicant).await.expect(200);
    step(&shop, &path, "return", true).await;
    says(&newest(app, &applicant, 1).await, "service", "入会申请需要补正", &own);
    app.post(&format!("{own}/resubmit"), statement.clone()).by(&applicant).await.expect(200);
    step(&shop, &path, "approve", false).await;
    // With the membership comes the card: two events, two messages.
    assert_eq!(messages(app).await, 4);
    assert_eq!(
        titles(app, &applicant).await,
        ["会员卡已发放", "入会申请已通过", "入会申请需要补正", "入会申请需要补正"]
    );
    let other = app.login_member(&mobile()).await;
    let mut join = join;
    join["statement"]["id_number"] = json!(citizen());
    let made = app.post("/v1/me/join-applications", join).by(&other).key("b").await.expect(201);
    step(&shop, &format!("/v1/admin/join-applications/{}", id(&made)), "reject", true).await;
    let own = format!("/v1/me/join-applications/{}", id(&made));
    says(&newest(app, &other, 4).await, "service", "入会申请未通过", &own);
    assert_eq!((unread(app, &applicant).await, unread(app, &other).await), (4, 1));
    assert!(app.get(&own).by(&other).await.status == 200, "the link leads somewhere");
}

#[tokio::test]
async fn a_correction_is_told_when_it_is_decided() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let holder = shop.holder().await;
    let mut before = messages(app).await;
    for (decision, title) in [("reject", "信息更正未通过"), ("approve", "信息更正已通过")] {
        let upload = app.request("POST", "/v1/files").by(&holder.session);
        let file = upload.form(&[("purpose", "correction_evidence")], Some(b"%PDF-1.7 evidence %%EOF")).await;
        let body = json!({"fields": {"job": "钳工"}, "evidence_file_ids": [id(&file.expect(201))], "reason": "写错"});
        let made = app.post("/v1/me/corrections", body).by(&holder.session).key(decision).await.expect(201);
        step(&shop, &format!("/v1/admin/corrections/{}", id(&made)), decision, decision == "reject").await;
        let told = newest(app, &holder.session, before).await;
        says(&told, "service", title, &format!("/v1/me/corrections/{}", id(&made)));
        assert!(!told.to_string().contains("钳工"));
        before += 1;
    }
}

async fn lost_phone(shop: &Shop, name: &str, number: &str) -> (String, String) {
    let (app, new) = (&shop.app, mobile());
    let code = app.otp(&new, "apply", Realm::Member).await;
    let body =
        json!({"mobile": new, "code": code, "name": name, "id_type": "citizen_id", "id_number": number});
    app.post("/v1/public/mobile-changes", body).await.expect(202);
    let list = app.get("/v1/admin/mobile-changes").by(&shop.leader.session).await.expect(200);
    let request = list["items"].as_array().unwrap().last().unwrap().clone();
    (format!("/v1/admin/mobile-changes/{}", id(&request)), new)
}

#[tokio::test]
async fn a_request_for_a_new_mobile_is_told_to_whom_it_is_about() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let before = messages(app).await;
    let (path, new) = lost_phone(&shop, &member.name, &member.id_number).await;
    assert_eq!(messages(app).await, before);
    step(&shop, &path, "reject", true).await;
    let told = newest(app, &session, before).await;
    says(&told, "security", "更换手机号申请未通过", "/v1/me");
    assert!(!told.to_string().contains(&new[7..]), "not the stranger's number");

    let (path, new) = lost_phone(&shop, &member.name, &member.id_number).await;
    step(&shop, &path, "approve", false).await;
    assert_eq!(messages(app).await, before + 2, "one for the decision and none for the change it brings");
    app.advance(Duration::seconds(60)).await;
    let session = app.login_member(&new).await;
    assert_eq!(titles(app, &session).await[0], "登录手机号已更换");

    // Of who has no account nobody is told of a rejection.
    let nobody = app.on_roster("410102").await;
    let (path, _) = lost_phone(&shop, &nobody.name, &nobody.id_number).await;
    step(&shop, &path, "reject", true).await;
    assert_eq!(messages(app).await, before + 2);
}

#[tokio::test]
async fn changing_ones_mobile_and_closing_ones_account_is_told() {
    let app = TestApp::start().await;
    let (old, new) = (mobile(), mobile());
    let session = app.login_member(&old).await;
    let code = app.otp(&old, "confirm", Realm::Member).await;
    let body = json!({"mobile": new, "purpose": "new_mobile"});
    app.post("/v1/auth/otp", body).by(&session).await.expect(202);
    let new_code = app.sms.code(&new).unwrap();
    let body = json!({"code": code, "new_mobile": new, "new_code": new_code});
    let session = Session::of(app.post("/v1/me/mobile", body).by(&session).await);
    says(&newest(&app, &session, 0).await, "security", "登录手机号已更换", "/v1/me");
    app.advance(Duration::seconds(60)).await;
    let code = app.otp(&new, "confirm", Realm::Member).await;
    app.post("/v1/me/account-closing", json!({"code": code})).by(&session).await.expect(200);
    let told = newest(&app, &session, 1).await;
    says(&told, "security", "已申请注销账号", "/v1/me/account-closing");
    assert!(told["body"].as_str().unwrap().contains("2026年11月27日"), "{told}");

    // Then nothing is left of the inbox.
    let device = json!({"platform": "android", "channel": "vivo", "push_token": "t"});
    app.put(&format!("/v1/me/devices/device-{old}"), device).by(&session).await.expect(200);
    let other = app.login_member(&mobile()).await;
    publish(&app, other.account).await;
    app.clock.advance(Duration::days(8));
    let core = app.core();
    let mut conn = core.db.writer().await.unwrap();
    unionhall_gateway::upkeep::enqueue_daily(core, &mut conn).await.unwrap();
    drop(conn);
    app.drain().await;
    for table in ["inbox_message", "inbox_preference", "push_device"] {
        let theirs = format!("SELECT count(*) FROM {table} WHERE account_id = '{}'", session.account);
        assert_eq!(app.number(&theirs).await, 0, "{table}");
    }
    assert_eq!(app.number("SELECT count(*) FROM inbox_message").await, 1, "the other's is there");
    publish(&app, session.account).await;
    assert_eq!(messages(&app).await, 1, "a closed account is told nothing");
}

async fn confirmed(app: &TestApp, holder: &Holder, path: &str) {
    app.advance(Duration::seconds(60)).await;
    let code = app.otp(&holder.mobile, "confirm", Realm::Member).await;
    app.post(path, json!({"code": code})).by(&holder.session).await.expect(200);
}

#[tokio::test]
async fn what_becomes_of_a_card_is_told() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let holder = shop.holder().await;
    says(&newest(app, &holder.session, 0).await, "service", "会员卡已发放", "/v1/me/cards");
    let (own, admin) = (format!("/v1/me/cards/{}", holder.card), format!("/v1/admin/cards/{}", holder.card));
    app.post(&format!("{own}/report-loss"), json!({})).by(&holder.session).await.expect(200);
    says(&newest(app, &holder.session, 1).await, "security", "会员卡已挂失", "/v1/me/cards");
    let again = app.post(&format!("{own}/report-loss"), json!({})).by(&holder.session).changes_nothing();
    again.await.expect(200);
    assert_eq!(messages(app).await, 2, "a lost card is not lost once more");
    confirmed(app, &holder, &format!("{own}/found")).await;
    says(&newest(app, &holder.session, 2).await, "security", "会员卡已解除挂失", "/v1/me/cards");
    step(&shop, &admin, "report-loss", true).await;
    says(&newest(app, &holder.session, 3).await, "security", "会员卡已挂失", "/v1/me/cards");
    confirmed(app, &holder, &format!("{own}/replace")).await;
    says(&newest(app, &holder.session, 4).await, "service", "会员卡已补办", "/v1/me/cards");
    let cards = app.get("/v1/me/cards").by(&holder.session).await.expect(200);
    step(&shop, &format!("/v1/admin/cards/{}", id(&cards["items"][0])), "revoke", true).await;
    says(&newest(app, &holder.session, 5).await, "security", "会员卡已注销", "/v1/me/cards");
}

#[tokio::test]
async fn where_a_member_stands_is_told_and_of_the_dead_nothing() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let (holder, late) = (shop.holder().await, shop.holder().await);
    let mut before = messages(app).await;
    let change = async |person: Uuid, step: &str, body: Value| {
        let path = format!("/v1/admin/members/{person}");
        let tag = app.get(&path).by(&shop.leader.session).await.etag();
        let step = app.post(&format!("{path}/{step}"), body).by(&shop.leader.session);
        step.if_match(&tag).await.expect(200);
    };
    for (step, body, title) in [
        ("freeze", json!({"reason": "核实情况"}), "会籍已冻结"),
        ("unfreeze", json!({"reason": "核实无误"}), "会籍已恢复"),
        ("retain", json!({"kind": "retire", "reason": "办理退休"}), "已保留会籍"),
        ("end", json!({"kind": "auto_quit", "reason": "长期失联"}), "会籍已终止"),
    ] {
        change(holder.person, step, body).await;
        says(&newest(app, &holder.session, before).await, "service", title, "/v1/me");
        before += 1;
    }
    change(late.person, "end", json!({"kind": "deceased", "reason": "家属告知"})).await;
    assert_eq!(messages(app).await, before);
}

#[tokio::test]
async fn a_coupon_is_told_of_three_days_before_its_last_day_unless_that_is_not_wanted() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let campaign = shop.campaign(shop.terms("coupon")).await;
    let mut holders = Vec::new();
    for n in 0..3 {
        let holder = shop.holder().await;
        let claim = app.post("/v1/me/coupons", json!({"campaign_id": campaign})).by(&holder.session);
        let coupon = claim.key(&format!("c{n}")).await.expect(201);
        assert_eq!(coupon["expires_on"], "2026-11-26");
        holders.push((holder, id(&coupon)));
    }
    let unwanted = json!({"service": {"push": true}, "benefits": {"inbox": false, "push": false},
                          "notices": {"push": true}, "quiet_hours": null});
    app.put("/v1/me/message-preferences", unwanted).by(&holders[1].0.session).await.expect(200);
    app.sql(&format!("UPDATE coupon SET state = 'USED', redemption_id = id WHERE id = '{}'", holders[2].1))
        .await;
    let before = messages(app).await;
    for day in 0..8 {
        let core = app.core();
        let mut conn = core.db.writer().await.unwrap();
        for _ in 0..2 {
            coupons::enqueue_daily(core, &mut conn).await.unwrap();
        }
        drop(conn);
        let told = i64::from(day >= 3);
        assert_eq!(messages(app).await - before, told, "on day {day}");
        app.advance(Duration::days(1)).await;
    }
    let session = shop.login_again(&holders[0].0).await;
    let list = app.get("/v1/me/inbox?limit=1").by(&session).await.expect(200);
    let told = &list["items"][0];
    assert_eq!((&told["kind"], &told["title"]), (&json!("benefits"), &json!("优惠券即将到期")));
    assert_eq!(told["body"], "您的优惠券“会员卡满30减5”将于2026年11月26日到期。");
    assert_eq!(told["link"], json!({"rel": "coupon", "href": "/v1/me/coupons", "id": holders[0].1}));
}

#[tokio::test]
async fn many_coupons_of_one_day_are_each_told_once_also_when_the_reminder_runs_again() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let campaign = shop.campaign(shop.terms("coupon")).await;
    let holder = shop.holder().await;
    let before = messages(app).await;
    app.sql(&format!(
        "INSERT INTO coupon (id, campaign_id, person_id, period_key, seq, state, claimed_at, expires_on, reserved_fen) \
         SELECT gen_random_uuid(), '{campaign}', '{}', 'x', n, 'CLAIMED', '2026-11-10T00:00:00Z', '2026-11-23', 0 \
         FROM generate_series(1, 401) AS n",
        holder.person
    ))
    .await;
    let core = app.core();
    for _ in 0..2 {
        let mut conn = core.db.writer().await.unwrap();
        coupons::enqueue_daily(core, &mut conn).await.unwrap();
        drop(conn);
        assert_eq!(messages(app).await - before, 401);
        // As if it had been cut off after its last batch.
        app.sql("UPDATE task SET state = 'queued', finished_at = NULL WHERE kind = 'coupon.remind'").await;
    }
    assert_eq!(messages(app).await - before, 401);
    assert_eq!(app.number("SELECT count(*) FROM outbox WHERE topic = 'coupon.expiring'").await, 6 + 3);
}

#[tokio::test]
async fn an_event_that_is_delivered_again_changes_nothing() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    publish(&app, session.account).await;
    assert_eq!(messages(&app).await, 1);
    let first = app.get("/v1/me/inbox").by(&session).await.expect(200);
    app.post("/v1/me/inbox/read-all", json!({})).by(&session).await.expect(200);
    let read = app.get("/v1/me/inbox").by(&session).await.expect(200);
    assert_ne!(first, read);
    // The tasks are forgotten after a week; the event is dispatched once more.
    app.sql("DELETE FROM task; UPDATE outbox SET dispatched_at = NULL").await;
    assert_eq!(messages(&app).await, 1);
    assert_eq!(app.get("/v1/me/inbox").by(&session).await.expect(200), read);
}

#[tokio::test]
async fn many_workers_at_once_tell_each_event_once() {
    let app = TestApp::start().await;
    let other = app.copy().await;
    let mut sessions = Vec::new();
    for _ in 0..5 {
        sessions.push(app.login_member(&mobile()).await);
    }
    for n in 0..40 {
        publish(&app, sessions[n % 5].account).await;
    }
    // Each event is there to be consumed by three tasks.
    app.sql(
        "INSERT INTO task (id, kind, payload, state, run_at, attempts, created_at) \
         SELECT gen_random_uuid(), 'inbox.closing_asked', payload, 'queued', created_at, 0, created_at \
         FROM outbox, generate_series(1, 2)",
    )
    .await;
    let workers = [&app, &other, &app, &other].map(|app| app.services.worker());
    join_all(workers.iter().map(|worker| worker.drain())).await.into_iter().for_each(|done| done.unwrap());
    assert_eq!(messages(&app).await, 40);
    for session in &sessions {
        assert_eq!(unread(&app, session).await, 8);
    }
    assert_eq!(app.number("SELECT count(*) FROM task WHERE kind = 'inbox.closing_asked'").await, 120);
}

#[tokio::test]
async fn a_consumer_that_fails_half_way_has_done_nothing_and_does_it_later() {
    let gateway = unionhall_testkit::PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let number = mobile();
    let session = app.login_member(&number).await;
    crate::devices::register(&app, &session, &number, "oppo", "token").await;
    publish(&app, session.account).await;
    app.sql("ALTER TABLE push_delivery RENAME TO push_delivery_away").await;
    let failed = app.drain_failing().await;
    assert_eq!(failed, ["inbox.closing_asked: INTERNAL"]);
    assert_eq!(app.number("SELECT count(*) FROM inbox_message").await, 0, "not the message without its push");
    app.sql("ALTER TABLE push_delivery_away RENAME TO push_delivery").await;
    app.advance(Duration::seconds(10)).await;
    assert_eq!(messages(&app).await, 1);
    assert_eq!(gateway.taken().len(), 1);
}

#[tokio::test]
async fn who_is_no_member_of_the_platform_is_told_nothing() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let member = app.on_roster("410102").await;
    let registrar = app.cadre("410102", RoleName::Leader).await;
    let path = format!("/v1/admin/members/{}", member.person);
    let tag = app.get(&path).by(&registrar.session).await.etag();
    let freeze = app.post(&format!("{path}/freeze"), json!({"reason": "核实情况"})).by(&registrar.session);
    freeze.if_match(&tag).await.expect(200);
    assert_eq!(messages(app).await, 0);
}
