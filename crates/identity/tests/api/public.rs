//! What anybody may ask, and the rules of every operation.

use serde_json::json;
use unionhall_testkit::{TestApp, mobile};

#[tokio::test]
async fn app_config_tells_what_an_app_needs_before_login() {
    let app = TestApp::start().await;
    let config = app.get("/v1/public/app-config").await.expect(200);
    assert_eq!(config["server_time"], "2026-11-20T04:00:00.000Z");
    assert_eq!(config["minimum_versions"]["member-app"], "3.0.0");
    assert_eq!(config["consents"][0]["document"], "terms");
    assert_eq!(config["environment"], "test");
}

#[tokio::test]
async fn code_tables_and_divisions_are_public() {
    let app = TestApp::start().await;
    let tables = app.get("/v1/public/code-tables").await.expect(200);
    assert_eq!(tables["items"].as_array().unwrap().len(), 19);
    let ethnic = app.get("/v1/public/code-tables/ethnic").await.expect(200);
    assert_eq!(ethnic["items"].as_array().unwrap().len(), 58);
    assert_eq!(app.get("/v1/public/code-tables/none").await.problem(404), "NOT_FOUND");
    let provinces = app.get("/v1/public/divisions").await.expect(200);
    assert_eq!(provinces["items"].as_array().unwrap().len(), 34);
    let henan = app.get("/v1/public/divisions?parent=410000").await.expect(200);
    assert_eq!(henan["items"].as_array().unwrap().len(), 18, "17 cities and 济源");
    let nowhere = app.get("/v1/public/divisions?parent=000000").await.expect(200);
    assert_eq!(nowhere["items"], json!([]));
}

#[tokio::test]
async fn an_unknown_query_parameter_is_refused_on_every_operation() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    for path in ["/v1/public/divisions?parnet=410000", "/v1/public/app-config?x", "/v1/me?state=ACTIVE"] {
        assert_eq!(app.get(path).by(&session).await.problem(400), "UNKNOWN_PARAMETER", "{path}");
    }
}

#[tokio::test]
async fn problems_speak_the_callers_language_and_carry_the_request() {
    let app = TestApp::start().await;
    let zh = app.get("/v1/me").await;
    assert_eq!(zh.problem(401), "UNAUTHENTICATED");
    assert_eq!(zh.json()["title"], "请先登录");
    assert_eq!(zh.json()["request_id"].as_str(), zh.header("x-request-id"));
    let en = app.get("/v1/me").header("accept-language", "en-GB,en;q=0.9").await;
    assert_eq!(en.json()["title"], "Not authenticated");
    assert_eq!(app.get("/v1/nowhere").await.problem(404), "NOT_FOUND");
    let method = app.get("/v1/auth/otp").await;
    assert_eq!(method.problem(405), "METHOD_NOT_ALLOWED");
    assert_eq!(method.header("allow"), Some("POST"));
    let long = app.get("/v1/public/divisions?parent=4100000000000").await;
    assert_eq!(long.problem(400), "INVALID_PARAMETER", "the documents' lengths hold");
}

#[tokio::test]
async fn bodies_are_held_to_size_type_and_shape() {
    let app = TestApp::start().await;
    let post = |kind: &str, body: String| app.request("POST", "/v1/auth/otp").body(kind, body).into_future();
    assert_eq!(post("text/plain", "{}".into()).await.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(post("application/json", "{".into()).await.problem(400), "MALFORMED");
    assert_eq!(post("application/json", "x".repeat(70_000)).await.problem(413), "TOO_LARGE");
    let unknown =
        post("application/json", r#"{"mobile":"13800138000","purpose":"login","x":1}"#.into()).await;
    assert_eq!(unknown.problem(422), "VALIDATION_FAILED");
    assert_eq!(
        unknown.json()["errors"][0],
        json!({"pointer": "/x", "code": "UNKNOWN_FIELD", "detail": "系统不认识的字段。"})
    );
}

#[tokio::test]
async fn an_old_client_is_told_to_update_and_strangers_pass() {
    let app = TestApp::start().await;
    let with = |client: &str| app.get("/v1/public/app-config").header("x-client", client).into_future();
    let old = with("member-app/2.9.9 android").await;
    assert_eq!(old.problem(426), "CLIENT_TOO_OLD");
    assert_eq!(old.json()["minimum_version"], "3.0.0");
    with("member-app/3.0.0 ios").await.expect(200);
    with("somebody-else/0.1").await.expect(200);
}

#[tokio::test]
async fn browsers_of_configured_origins_may_call() {
    let app = TestApp::start().await;
    let preflight = |origin: &str| {
        app.request("OPTIONS", "/v1/me")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization")
            .into_future()
    };
    let ours = preflight("https://console.unionhall.test").await;
    assert_eq!(ours.header("access-control-allow-origin"), Some("https://console.unionhall.test"));
    let answer = app.get("/v1/public/app-config").header("origin", "https://console.unionhall.test").await;
    let mut shown: Vec<&str> = answer.header("access-control-expose-headers").unwrap().split(", ").collect();
    shown.sort_unstable();
    let needed =
        ["etag", "location", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id", "x-training"];
    assert_eq!(shown, needed, "what an app reads of an answer");
    assert_eq!(preflight("https://evil.example").await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn consents_are_given_and_withdrawn() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    let give = json!({"document": "notifications", "version": "2026-01"});
    let list = app.post("/v1/me/consents", give.clone()).by(&session).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    app.post("/v1/me/consents", give).by(&session).await.expect(200);
    let wrong = json!({"document": "notifications", "version": "1999"});
    assert_eq!(app.post("/v1/me/consents", wrong).by(&session).await.problem(422), "VALIDATION_FAILED");
    assert_eq!(app.delete("/v1/me/consents/notifications").by(&session).await.status, 204);
    let again = app.delete("/v1/me/consents/notifications").by(&session).await;
    assert_eq!(again.problem(404), "NOT_FOUND");
    let list = app.get("/v1/me/consents").by(&session).await.expect(200);
    let withdrawn = list["items"].as_array().unwrap().iter().filter(|c| !c["withdrawn_at"].is_null());
    assert_eq!(withdrawn.count(), 1);
}

#[tokio::test]
async fn withdrawing_is_one_request_like_giving_and_the_list_keeps_both() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    assert_eq!(session.body["consents_due"], json!([]));
    // Also what the service needs can be withdrawn: the account goes on, and the next login asks for it.
    assert_eq!(app.delete("/v1/me/consents/privacy").by(&session).await.status, 204);
    assert_eq!(app.get("/v1/me").by(&session).await.status, 200);
    app.advance(chrono::Duration::seconds(60)).await;
    let code = app.otp(&number, "login", unionhall_web::Realm::Member).await;
    let device = json!({"id": "d", "platform": "web"});
    let body = json!({"mobile": number, "code": code, "device": device, "consents": []});
    let login = app.post("/v1/auth/login/otp", body).await.expect(200);
    assert_eq!(login["consents_due"], json!(["privacy"]));
    let give = json!({"document": "privacy", "version": "2026-01"});
    let list = app.post("/v1/me/consents", give).by(&session).await.expect(200);
    let privacy: Vec<bool> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|consent| consent["document"] == "privacy")
        .map(|consent| consent["withdrawn_at"].is_null())
        .collect();
    assert_eq!(privacy, [false, true], "what was withdrawn stays on the list beside what was given again");
    // Of two withdrawals at once one is made, and each that is made is on record.
    let both = (0..2).map(|_| app.delete("/v1/me/consents/privacy").by(&session).into_future());
    let mut statuses: Vec<u16> =
        futures_util::future::join_all(both).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404]);
    assert_eq!(app.number("SELECT count(*) FROM audit_event WHERE action = 'consent.withdraw'").await, 2);
}
