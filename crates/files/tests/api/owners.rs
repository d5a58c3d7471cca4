//! Whose a file is, how many may wait, and when they go.

use std::collections::BTreeSet;

use chrono::Duration;
use futures_util::future::join_all;
use unionhall_gateway::upkeep;
use unionhall_testkit::{CadreHandle, mobile};
use unionhall_web::{Realm, RoleName};

use crate::office::{Office, PDF};

#[tokio::test]
async fn a_file_is_its_owners_alone() {
    let office = Office::open().await;
    let file = office.upload(PDF).await.expect(201);
    let path = format!("/v1/files/{}", file["id"].as_str().unwrap());
    let colleague = office.app.cadre("410102", RoleName::Officer).await;
    let member = office.app.login_member(&mobile()).await;
    for session in [&colleague.session, &member] {
        assert_eq!(office.app.get(&path).by(session).await.problem(404), "NOT_FOUND");
        assert_eq!(office.app.delete(&path).by(session).await.problem(404), "NOT_FOUND");
    }
    let upload = office.app.request("POST", "/v1/files").by(&member);
    let upload = upload.form(&[("purpose", "merchant_licence")], Some(PDF)).await;
    assert_eq!(upload.problem(403), "FORBIDDEN");
    assert_eq!(office.app.number("SELECT count(*) FROM file").await, 1);
}

#[tokio::test]
async fn twenty_wait_at_most_however_many_come_at_once() {
    let office = Office::open().await;
    let replies = join_all((0..28).map(|_| office.upload(PDF))).await;
    let (taken, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(taken.len(), 20);
    for reply in refused {
        assert_eq!(reply.problem(409), "TOO_MANY_FILES");
    }
    assert_eq!(office.app.number("SELECT count(*) FROM blob").await, 20, "what was refused is gone");
    let ids: BTreeSet<String> = taken.iter().map(|r| r.json()["id"].as_str().unwrap().to_owned()).collect();
    let one = ids.first().unwrap();
    let gone = office.app.delete(&format!("/v1/files/{one}")).by(&office.officer.session).await;
    assert_eq!(gone.status, 204);
    assert_eq!(office.upload(PDF).await.status, 201);
}

#[tokio::test]
async fn what_nobody_uses_goes_after_a_day() {
    let office = Office::open().await;
    let file = office.upload(PDF).await.expect(201);
    assert_eq!(file["expires_if_unused"], "2026-11-21T04:00:30.000Z");
    let later = async |by: Duration| {
        office.app.advance(by).await;
        let core = office.app.core();
        upkeep::enqueue_daily(core, &mut core.db.writer().await.unwrap()).await.unwrap();
        office.app.drain().await;
        office.app.number("SELECT count(*) FROM file").await
    };
    assert_eq!(later(Duration::hours(24)).await, 1, "at its last instant");
    assert_eq!(later(Duration::hours(24)).await, 0);
    for table in ["file", "blob", "blob_chunk"] {
        assert_eq!(office.app.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn what_has_expired_takes_no_place() {
    let office = Office::open().await;
    for _ in 0..20 {
        office.upload(PDF).await.expect(201);
    }
    office.app.advance(Duration::hours(24) - Duration::seconds(90)).await;
    let CadreHandle { username, totp, mobile, .. } = &office.officer;
    let officer = office.app.login_cadre(Realm::Cadre, username, totp.as_deref(), mobile).await;
    let upload = async || {
        let request = office.app.request("POST", "/v1/files").by(&officer);
        request.form(&[("purpose", "merchant_licence")], Some(PDF)).await.status
    };
    assert_eq!(upload().await, 409);
    office.app.advance(Duration::seconds(60)).await;
    assert_eq!(upload().await, 201);
    assert_eq!(office.app.number("SELECT count(*) FROM blob").await, 1);
}

#[tokio::test]
async fn one_key_is_one_file() {
    let office = Office::open().await;
    let send = |file: &'static [u8]| {
        let request = office.app.request("POST", "/v1/files").by(&office.officer.session).key("scan-1");
        request.form(&[("purpose", "merchant_licence")], Some(file)).into_future()
    };
    let replies = join_all((0..8).map(|_| send(PDF))).await;
    for reply in &replies {
        assert_eq!((reply.status, &reply.body), (201, &replies[0].body));
    }
    assert_eq!(send(b"%PDF-1.7 another %%EOF").await.problem(422), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(office.app.number("SELECT count(*) FROM file").await, 1);
    assert_eq!(office.app.number("SELECT count(*) FROM blob").await, 1);
}
