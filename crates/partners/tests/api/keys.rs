//! Keys of partners: two at most, exchanged one for the other, and what dies with one.

use serde_json::{Value, json};
use unionhall_testkit::{CadreHandle, Reply, TestApp};
use uuid::Uuid;

use crate::city::City;

async fn add(app: &TestApp, by: &CadreHandle, partner: Uuid, key: Value) -> Reply {
    let path = format!("/v1/admin/partners/{partner}");
    let tag = app.get(&path).by(&by.session).await.etag();
    let body = json!({"public_key": key});
    app.post(&format!("{path}/keys"), body).by(&by.session).if_match(&tag).await
}

async fn remove(app: &TestApp, by: &CadreHandle, partner: Uuid, key: &Value) -> Reply {
    let path = format!("/v1/admin/partners/{partner}");
    let tag = app.get(&path).by(&by.session).await.etag();
    let key = key.as_str().unwrap();
    app.delete(&format!("{path}/keys/{key}")).by(&by.session).if_match(&tag).await
}

#[tokio::test]
async fn a_partner_goes_over_from_one_key_to_the_next() {
    let city = City::open().await;
    let (app, officer, old) = (&city.app, &city.officer, &city.partner);
    let before = app.login_partner(old).await;
    let next = app.signing_key();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": next.public, "kid": "2027"});
    let both = add(app, officer, old.id, jwk).await.expect(200);
    let keys = both["keys"].as_array().unwrap();
    assert_eq!(
        keys.iter().map(|k| k["public_key"].clone()).collect::<Vec<_>>(),
        [json!(old.key.public), json!(next.public)]
    );
    let new = unionhall_testkit::PartnerHandle { id: old.id, key: next };
    let after = app.login_partner(&new).await;
    let third = add(app, officer, old.id, json!(app.signing_key().public)).await;
    assert_eq!(third.problem(409), "INVALID_STATE");
    let copy = app.copy().await;
    for session in [&before, &after] {
        assert_eq!(copy.exchange(session, "x").await.problem(409), "TICKET_INVALID");
    }

    remove(app, officer, old.id, &keys[0]["id"]).await.expect(200);
    copy.services.identity.states.poll().await.unwrap();
    for app in [app, &copy] {
        assert_eq!(app.exchange(&before, "x").await.problem(401), "UNAUTHENTICATED");
        assert_eq!(app.exchange(&after, "x").await.problem(409), "TICKET_INVALID");
    }
    let assertion = old.key.sign(Some("JWT"), &app.claims(old.id));
    assert_eq!(app.assert_partner(&assertion).await.problem(401), "ASSERTION_INVALID");
    assert_eq!(remove(app, officer, old.id, &keys[0]["id"]).await.problem(404), "NOT_FOUND");
    // What was removed may have been stolen.
    let again = add(app, officer, old.id, json!(old.key.public)).await;
    assert_eq!(
        (again.problem(409), &again.json()["field"]),
        ("ALREADY_EXISTS".to_owned(), &json!("public_key"))
    );
    // The last one, too: the partner has no way in then.
    remove(app, officer, old.id, &keys[1]["id"]).await.expect(200);
    assert_eq!(app.exchange(&after, "x").await.problem(401), "UNAUTHENTICATED");
    let audited =
        "SELECT count(*) FROM audit_event WHERE action IN ('partner.key_add', 'partner.key_remove')";
    assert_eq!(app.number(audited).await, 3);
}

#[tokio::test]
async fn a_key_is_one_partners_and_a_stranger_removes_none() {
    let city = City::open().await;
    let (app, officer) = (&city.app, &city.officer);
    let other = city.another().await;
    let taken = add(app, officer, other.id, json!(city.partner.key.public)).await;
    assert_eq!(taken.problem(409), "ALREADY_EXISTS");
    let keys = app.get(&format!("/v1/admin/partners/{}", other.id)).by(&officer.session).await.expect(200);
    assert_eq!(remove(app, officer, city.partner.id, &keys["keys"][0]["id"]).await.problem(404), "NOT_FOUND");
    app.login_partner(&other).await;
    for bad in [json!("short"), json!({"kty": "RSA", "crv": "Ed25519", "x": "AA"})] {
        let reply = add(app, officer, other.id, bad).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        assert_eq!(reply.json()["errors"][0]["code"], "KEY_FORMAT");
    }
    let private = json!({"kty": "OKP", "crv": "Ed25519", "x": other.key.public, "d": other.key.public});
    assert_eq!(add(app, officer, other.id, private).await.problem(422), "VALIDATION_FAILED");
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_stale() {
    let city = City::open().await;
    let (app, officer, partner) = (&city.app, &city.officer, &city.partner);
    let path = format!("/v1/admin/partners/{}", partner.id);
    let tag = app.get(&path).by(&officer.session).await.etag();
    let keys: Vec<_> = (0..8).map(|_| json!({"public_key": app.signing_key().public})).collect();
    let all = keys.into_iter().map(|body| {
        app.post(&format!("{path}/keys"), body).by(&officer.session).if_match(&tag).into_future()
    });
    let statuses: Vec<u16> =
        futures_util::future::join_all(all).await.into_iter().map(|reply| reply.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
    let live = "SELECT count(*) FROM partner_key WHERE removed_at IS NULL";
    assert_eq!(app.number(live).await, 2);
}

#[tokio::test]
async fn a_key_that_needs_no_private_one_is_refused() {
    let city = City::open().await;
    let (app, officer) = (&city.app, &city.officer);
    // Points of small order, and what is no canonical point: signatures are made for those without any key.
    for weak in [
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "7P________________________________________8",
        "7v________________________________________8",
        "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
    ] {
        let mut body = app.partner_body("停车场", &app.signing_key());
        body["public_key"] = json!(weak);
        let refused = app.post("/v1/admin/partners", body).by(&officer.session).await;
        assert_eq!(refused.json()["errors"][0]["code"], "KEY_WEAK", "{weak}");
        let added = add(app, officer, city.partner.id, json!(weak)).await;
        assert_eq!(added.json()["errors"][0]["code"], "KEY_WEAK", "{weak}");
    }
}
