//! Links: one file, five minutes, no token.

use chrono::Duration;

use crate::office::{Office, PDF};

#[tokio::test]
async fn a_link_reads_one_file_for_five_minutes() {
    let office = Office::open().await;
    let file = office.upload(PDF).await.expect(201);
    let other = office.upload(PDF).await.expect(201);
    let read = office.read(&file).await;
    let url = read["url"].as_str().unwrap();
    let reply = office.app.get(url).await;
    assert_eq!((reply.status, reply.body.as_slice()), (200, PDF));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(reply.header(name), Some(value));
    }
    let id = |file: &serde_json::Value| file["id"].as_str().unwrap().to_owned();
    let moved = url.replace(&id(&file), &id(&other));
    let longer = url.replace("expires=1", "expires=2");
    let last = if url.ends_with('A') { "E" } else { "A" };
    let forged = format!("{}{last}", &url[..url.len() - 1]);
    for altered in [moved, longer, forged] {
        assert_eq!(office.app.get(&altered).await.problem(404), "NOT_FOUND", "{altered}");
    }
    office.app.advance(Duration::seconds(299)).await;
    assert_eq!(office.app.get(url).await.status, 200);
    office.app.advance(Duration::seconds(1)).await;
    assert_eq!(office.app.get(url).await.problem(410), "LINK_EXPIRED");
    let again = office.app.copy().await;
    let fresh = office.read(&file).await;
    assert_eq!(again.get(fresh["url"].as_str().unwrap()).await.status, 200, "every copy knows the key");
}

#[tokio::test]
async fn a_link_to_what_is_gone_finds_nothing() {
    let office = Office::open().await;
    let file = office.upload(PDF).await.expect(201);
    let url = office.read(&file).await["url"].as_str().unwrap().to_owned();
    let path = format!("/v1/files/{}", file["id"].as_str().unwrap());
    assert_eq!(office.app.delete(&path).by(&office.officer.session).await.status, 204);
    assert_eq!(office.app.get(&url).await.problem(404), "NOT_FOUND");
    assert_eq!(office.app.delete(&path).by(&office.officer.session).await.problem(404), "NOT_FOUND");
    assert_eq!(office.app.number("SELECT count(*) FROM blob").await, 0);
}
