//! How a server stops: it says so first, and finishes what is under way.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;
use unionhall_testkit::TestDb;

use crate::server::{Server, program};

async fn ready(server: &Server) -> (u16, Value) {
    let answer = reqwest::get(format!("http://{}/readyz", server.address)).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn readiness_fails_first_and_what_is_under_way_is_finished() {
    let db = TestDb::new().await;
    // Longer than any test: the second signal ends it.
    let mut server = Server::start(program(&db).env("UNIONHALL_DRAIN_SECONDS", "600"));
    assert_eq!(ready(&server).await.0, 200);

    let mut under_way = TcpStream::connect(server.address).unwrap();
    let body = br#"{"mobile":"13900000000","purpose":"login"}"#;
    let head = format!(
        "POST /v1/auth/otp HTTP/1.1\r\nhost: app\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    under_way.write_all(head.as_bytes()).unwrap();
    under_way.write_all(&body[..5]).unwrap();

    server.terminate();
    server.says("draining");
    let (status, told) = ready(&server).await;
    assert_eq!((status, &told["checks"][0]["name"]), (503, &Value::from("draining")), "{told}");
    let live = reqwest::get(format!("http://{}/livez", server.address)).await.unwrap();
    assert_eq!(live.status(), 200, "whoever comes is still served");

    server.terminate();
    server.says("stopping");
    under_way.write_all(&body[5..]).unwrap();
    let mut answer = [0; 12];
    under_way.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 202");
    drop(under_way);
    assert!(server.ended().success());
}

#[tokio::test]
async fn without_draining_it_stops_at_once() {
    let db = TestDb::new().await;
    let mut server = Server::start(program(&db).env("UNIONHALL_DRAIN_SECONDS", "0"));
    server.terminate();
    server.says("stopping");
    assert!(server.ended().success());
}
