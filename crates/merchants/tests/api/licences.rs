//! A merchant's licence: a file attached once, read by whoever sees the merchant.

use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::shop::{Shop, id};
use unionhall_testkit::{Reply, Session};
use unionhall_web::RoleName;

async fn upload(shop: &Shop, by: &Session) -> Value {
    json!({"file_id": shop.app.licence(by).await})
}

fn path(shop: &Shop) -> String {
    format!("/v1/admin/merchants/{}/licence", shop.merchant)
}

async fn put(shop: &Shop, body: &Value, tag: &str) -> Reply {
    shop.app.request("PUT", &path(shop)).json(body.clone()).by(&shop.officer.session).if_match(tag).await
}

async fn tag(shop: &Shop) -> String {
    let path = format!("/v1/admin/merchants/{}", shop.merchant);
    shop.app.get(&path).by(&shop.officer.session).await.etag()
}

fn unknown(reply: &Reply) {
    assert_eq!(reply.problem(422), "VALIDATION_FAILED");
    let error = &reply.json()["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/file_id"), &json!("FILE_UNKNOWN")));
}

#[tokio::test]
async fn a_licence_is_attached_and_read_in_scope_only() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let get = async |by: &Session| app.get(&path(&shop)).by(by).await;
    assert_eq!(get(&shop.officer.session).await.problem(404), "NOT_FOUND", "there is none yet");
    let file = upload(&shop, &shop.officer.session).await;
    let changed = put(&shop, &file, &tag(&shop).await).await.expect(200);
    assert_eq!(changed["has_licence"], true);
    let read = get(&shop.leader.session).await.expect(200);
    assert_eq!((&read["id"], &read["expires_if_unused"]), (&file["file_id"], &Value::Null));
    assert_eq!(app.get(read["url"].as_str().unwrap()).await.status, 200);
    let sibling = app.cadre("410103", RoleName::Leader).await;
    assert_eq!(get(&sibling.session).await.problem(404), "NOT_FOUND");
    let own = format!("/v1/files/{}", id(&read));
    assert_eq!(app.delete(&own).by(&shop.officer.session).await.problem(409), "INVALID_STATE");
    let next = upload(&shop, &shop.officer.session).await;
    put(&shop, &next, &tag(&shop).await).await.expect(200);
    assert_eq!(get(&shop.officer.session).await.expect(200)["id"], next["file_id"]);
}

#[tokio::test]
async fn a_file_is_attached_once_by_its_owner_in_time() {
    let shop = Shop::open().await;
    let tag_now = tag(&shop).await;
    unknown(&put(&shop, &json!({"file_id": shop.merchant}), &tag_now).await);
    let of_another = upload(&shop, &shop.leader.session).await;
    unknown(&put(&shop, &of_another, &tag_now).await);
    let file = upload(&shop, &shop.officer.session).await;
    assert_eq!(put(&shop, &file, "\"v9\"").await.problem(412), "STALE");
    let replies = join_all((0..6).map(|_| put(&shop, &file, &tag_now))).await;
    let (done, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(done.len(), 1);
    for reply in &refused {
        assert!([412, 422].contains(&reply.status), "{}", reply.text());
    }
    unknown(&put(&shop, &file, &tag(&shop).await).await);
    let late = upload(&shop, &shop.officer.session).await;
    shop.app.sql("UPDATE file SET expires_at = '2026-11-20T00:00:00Z' WHERE expires_at IS NOT NULL").await;
    unknown(&put(&shop, &late, &tag(&shop).await).await);
}
