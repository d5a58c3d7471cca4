//! `/v1/me/home`: the first screen at every level.

use chrono::Duration;
use serde_json::json;
use unionhall_testkit::shop::{Shop, id};
use unionhall_testkit::{citizen, mobile};

#[tokio::test]
async fn the_first_screen_has_what_is_there_and_null_for_the_rest() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let coupon = shop.campaign(shop.terms("coupon")).await;
    let mut body = app.notice_body("给会员");
    app.notice(&shop.officer, &shop.leader, &body).await;
    body["audience"] = json!("everyone");
    for n in 0..6 {
        app.advance(Duration::milliseconds(1)).await;
        body["title"] = json!(format!("公开{n}"));
        app.notice(&shop.officer, &shop.leader, &body).await;
    }

    let number = mobile();
    let newcomer = app.login_member(&number).await;
    let home = app.get("/v1/me/home").by(&newcomer).await.expect(200);
    assert_eq!(home["me"], json!({"name": null, "real_name_level": 0, "membership": null}));
    assert_eq!((&home["card"], &home["coupons"]["usable"]), (&json!(null), &json!(0)));
    assert_eq!(home["open_matters"], json!([]));
    assert_eq!(home["notices"]["unread_count"], 6);
    let titles: Vec<_> = home["notices"]["items"].as_array().unwrap().iter().map(|n| &n["title"]).collect();
    assert_eq!(titles, ["公开5", "公开4", "公开3", "公开2", "公开1"]);
    let application = json!({"union_id": shop.officer.union,
                             "statement": {"name": "王小明", "id_type": "citizen_id", "id_number": citizen()}});
    let made = app.post("/v1/me/join-applications", application).by(&newcomer).key("a").await.expect(201);
    let matters = app.get("/v1/me/home").by(&newcomer).await.expect(200)["open_matters"].clone();
    assert_eq!(matters.as_array().unwrap().len(), 1);
    assert_eq!((&matters[0]["id"], &matters[0]["kind"]), (&made["id"], &json!("join_application")));
    assert_eq!(matters[0]["progress"], made["progress"]);
    let withdraw = format!("/v1/me/join-applications/{}/withdraw", id(&made));
    app.post(&withdraw, json!({})).by(&newcomer).await.expect(200);
    assert_eq!(app.get("/v1/me/home").by(&newcomer).await.expect(200)["open_matters"], json!([]));

    // The first look at the first screen issues the card that is due, as the list of cards does.
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    app.post("/v1/me/coupons", json!({"campaign_id": coupon})).by(&session).key("c").await.expect(201);
    let home = app.get("/v1/me/home").by(&session).await.expect(200);
    assert_eq!(home["me"]["real_name_level"], 1);
    assert!(home["me"]["name"].as_str().unwrap().contains('*'));
    let me = app.get("/v1/me").by(&session).await.expect(200);
    assert_eq!((&home["me"]["name"], &home["me"]["membership"]), (&me["name"], &me["membership"]));
    let cards = app.get("/v1/me/cards").by(&session).await.expect(200);
    assert_eq!((&home["card"], &home["card"]["state"]), (&cards["items"][0], &json!("ACTIVE")));
    assert_eq!(home["coupons"]["usable"], 1);
    assert_eq!(home["notices"]["unread_count"], 7);
    assert!(!home.to_string().contains(&member.name) && !home.to_string().contains(&member.id_number));

    let lost = format!("/v1/me/cards/{}/report-loss", id(&home["card"]));
    app.post(&lost, json!({})).by(&session).await.expect(200);
    app.sql("UPDATE coupon SET expires_on = '2026-11-19'").await;
    let home = app.get("/v1/me/home").by(&session).await.expect(200);
    assert_eq!((&home["card"], &home["coupons"]["usable"]), (&json!(null), &json!(0)));
    assert_eq!(app.get("/v1/me/home").await.problem(401), "UNAUTHENTICATED");
}

#[tokio::test]
async fn whose_membership_has_ended_is_told_so_and_reads_what_is_for_everybody() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let mut body = app.notice_body("给会员");
    app.notice(&shop.officer, &shop.leader, &body).await;
    (body["audience"], body["title"]) = (json!("everyone"), json!("公开"));
    app.notice(&shop.officer, &shop.leader, &body).await;
    let holder = shop.holder().await;
    app.sql("UPDATE membership SET state = 'ENDED', reason = 'quit'").await;
    let home = app.get("/v1/me/home").by(&holder.session).await.expect(200);
    assert_eq!((&home["me"]["membership"]["state"], &home["card"]), (&json!("ENDED"), &json!(null)));
    assert_eq!(home["notices"]["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&home["notices"]["items"][0]["title"], &home["notices"]["unread_count"]),
        (&json!("公开"), &json!(1))
    );
}
