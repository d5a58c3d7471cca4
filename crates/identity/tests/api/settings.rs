//! What a member chose for all their devices.

use serde_json::json;
use unionhall_testkit::{TestApp, mobile};

#[tokio::test]
async fn the_elder_mode_follows_its_member_to_every_device() {
    let app = TestApp::start().await;
    let phone = mobile();
    let session = app.login_member(&phone).await;
    assert_eq!(app.get("/v1/me/settings").by(&session).await.expect(200)["ui_mode"], "standard");
    app.put("/v1/me/settings", json!({"ui_mode": "elder"})).by(&session).await.expect(200);
    app.advance(chrono::Duration::seconds(61)).await;
    let other = app.login_member(&phone).await;
    assert_eq!(app.get("/v1/me/settings").by(&other).await.expect(200)["ui_mode"], "elder");
    let odd = app.put("/v1/me/settings", json!({"ui_mode": "tiny"})).by(&other).await;
    assert_eq!(odd.json()["errors"][0]["pointer"], "/ui_mode");
}
