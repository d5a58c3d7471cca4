//! Client assertions: what is taken, and that everything else is refused alike.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::ASSERTION_TYPE;
use uuid::Uuid;

use crate::city::City;

async fn refused(city: &City, assertion: &str, what: &str) {
    let reply = city.app.assert_partner(assertion).await;
    assert_eq!(reply.problem(401), "ASSERTION_INVALID", "{what}");
    let mut body = reply.json();
    body.as_object_mut().unwrap().remove("request_id");
    let uniform = json!({
        "type": "urn:unionhall:problem:ASSERTION_INVALID", "title": "身份断言无效", "status": 401,
        "detail": "合作系统的身份断言未通过验证，请重新签发后再试。", "code": "ASSERTION_INVALID",
    });
    assert_eq!(body, uniform, "{what}");
}

#[tokio::test]
async fn a_good_assertion_serves_once_and_opens_what_is_a_partners_alone() {
    let city = City::open().await;
    let (app, partner) = (&city.app, &city.partner);
    let member = city.member().await;
    for typ in [None, Some("JWT"), Some("jwt"), Some("client-authentication+jwt")] {
        for aud in [json!("https://unionhall.test"), json!(["https://unionhall.test/v1/partner/token"])] {
            let mut claims = app.claims(partner.id);
            claims["aud"] = aud;
            let assertion = partner.key.sign(typ, &claims);
            let body = app.assert_partner(&assertion).await.expect(200);
            assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
            refused(&city, &assertion, "a second time").await;
        }
    }
    let session = app.login_partner(partner).await;
    assert_eq!(app.exchange(&session, "unknown").await.problem(409), "TICKET_INVALID");
    // What is open to any person is not open to a system, nor what ends a session.
    for path in ["/v1/auth/roles", "/v1/auth/sessions", "/v1/me/partners", "/v1/admin/partners"] {
        assert_eq!(app.get(path).by(&session).await.problem(401), "UNAUTHENTICATED", "{path}");
    }
    for path in ["/v1/auth/logout", "/v1/auth/logout-everywhere"] {
        assert_eq!(app.post(path, json!({})).by(&session).await.problem(401), "UNAUTHENTICATED", "{path}");
    }
    for other in [&member.session, &city.leader.session] {
        assert_eq!(app.exchange(other, "unknown").await.problem(401), "UNAUTHENTICATED");
    }
    assert_eq!(app.exchange(&session, "unknown").await.problem(409), "TICKET_INVALID");
    let rows = "SELECT count(*) FROM audit_event WHERE action = 'partner.token' AND chain = '/41/4101/'";
    assert_eq!(app.number(rows).await, 9);
}

#[tokio::test]
async fn a_token_lives_a_quarter_of_an_hour() {
    let city = City::open().await;
    let session = city.app.login_partner(&city.partner).await;
    city.app.advance(Duration::seconds(899)).await;
    assert_eq!(city.app.exchange(&session, "x").await.problem(409), "TICKET_INVALID");
    city.app.advance(Duration::seconds(1)).await;
    assert_eq!(city.app.exchange(&session, "x").await.problem(401), "TOKEN_EXPIRED");
}

#[tokio::test]
async fn what_is_wrong_with_an_assertion_is_not_told() {
    let city = City::open().await;
    let (app, partner) = (&city.app, &city.partner);
    let other = city.another().await;
    let now = app.claims(partner.id)["iat"].as_i64().unwrap();
    let bad: Vec<(&str, &str, Value)> = vec![
        ("another issuer", "iss", json!(other.id)),
        ("an issuer written otherwise", "iss", json!(partner.id.simple())),
        ("nobody", "sub", json!(Uuid::nil())),
        ("no id", "sub", json!("park")),
        ("another audience", "aud", json!("https://elsewhere.example/token")),
        ("an audience with a slash", "aud", json!("https://unionhall.test/")),
        ("us and another", "aud", json!(["https://unionhall.test", "https://elsewhere.example"])),
        ("no audience", "aud", json!([])),
        ("expired", "exp", json!(now)),
        ("too long", "exp", json!(now + 301)),
        ("far away", "exp", json!(i64::MAX)),
        ("no number", "exp", json!("soon")),
        ("not yet", "nbf", json!(now + 6)),
        ("made in the future", "iat", json!(now + 6)),
        ("no name", "jti", json!("")),
        ("a long name", "jti", json!("x".repeat(129))),
        ("a name the store cannot hold", "jti", json!("a\0b")),
    ];
    for (what, claim, value) in bad {
        let mut claims = app.claims(partner.id);
        claims[claim] = value;
        refused(&city, &partner.key.sign(Some("JWT"), &claims), what).await;
    }
    for missing in ["iss", "sub", "aud", "exp", "jti"] {
        let mut claims = app.claims(partner.id);
        claims.as_object_mut().unwrap().remove(missing);
        refused(&city, &partner.key.sign(Some("JWT"), &claims), missing).await;
    }
    // Both ends of what is allowed.
    for (claim, value) in [("exp", now + 1), ("exp", now + 300), ("nbf", now + 5), ("iat", now + 5)] {
        let mut claims = app.claims(partner.id);
        claims[claim] = json!(value);
        app.assert_partner(&partner.key.sign(None, &claims)).await.expect(200);
    }
    let claims = app.claims(partner.id);
    refused(&city, &other.key.sign(Some("JWT"), &claims), "another's key").await;
    refused(&city, &partner.key.sign(Some("at+jwt"), &claims), "an access token's type").await;
    refused(&city, &app.login_partner(partner).await.access, "an access token").await;
    refused(&city, &city.leader.session.access, "a cadre's access token").await;
}

#[tokio::test]
async fn only_one_algorithm_is_taken() {
    let city = City::open().await;
    let (app, partner) = (&city.app, &city.partner);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = |header: Value| format!("{}.{}", part(&header), part(&app.claims(partner.id)));
    for alg in ["none", "None", "NONE"] {
        let message = unsigned(json!({"alg": alg, "typ": "JWT"}));
        refused(&city, &format!("{message}."), alg).await;
    }
    // The public key is no secret: whoever takes it for one takes anybody's signature.
    let raw = URL_SAFE_NO_PAD.decode(&partner.key.public).unwrap();
    for secret in [raw.as_slice(), partner.key.public.as_bytes()] {
        let key = jsonwebtoken::EncodingKey::from_secret(secret);
        let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        let signed = jsonwebtoken::encode(&header, &app.claims(partner.id), &key).unwrap();
        refused(&city, &signed, "HS256 with the public key").await;
    }
    let good = partner.key.sign(Some("JWT"), &app.claims(partner.id));
    let (message, signature) = good.rsplit_once('.').unwrap();
    refused(&city, &format!("{message}."), "no signature").await;
    let (header, claims) = message.split_once('.').unwrap();
    let critical = part(&json!({"alg": "EdDSA", "crit": ["b64"], "b64": true}));
    refused(&city, &format!("{critical}.{claims}.{signature}"), "critical").await;
    for broken in ["x", "..", &format!("{header}.{claims}"), &format!("{header}.e30.{signature}")] {
        refused(&city, broken, broken).await;
    }
    app.assert_partner(&good).await.expect(200);
}

#[tokio::test]
async fn the_form_of_the_request_is_told_in_full() {
    let city = City::open().await;
    let body = json!({"grant_type": "password", "client_assertion_type": "x", "client_assertion": ""});
    let reply = city.app.post("/v1/partner/token", body).await;
    assert_eq!(reply.problem(422), "VALIDATION_FAILED");
    let errors = reply.json();
    let codes: Vec<_> = errors["errors"].as_array().unwrap().iter().map(|e| e["code"].clone()).collect();
    assert_eq!(codes, ["GRANT_TYPE", "ASSERTION_TYPE", "LENGTH"]);
    let long = json!({"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE,
                      "client_assertion": "x".repeat(4097)});
    assert_eq!(city.app.post("/v1/partner/token", long).await.problem(422), "VALIDATION_FAILED");
}
