//! Traces reach a collector, and say what they should and no more.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use unionhall_testkit::TestDb;

use crate::server::{Server, program};

/// Takes one export and answers what was sent.
fn collector() -> (SocketAddr, JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let taking = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        let mut piece = [0; 4096];
        loop {
            let n = stream.read(&mut piece).unwrap();
            assert!(n > 0, "the export breaks off");
            bytes.extend_from_slice(&piece[..n]);
            let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|l| l.strip_prefix("content-length: "))
                .unwrap()
                .parse::<usize>()
                .unwrap();
            if bytes.len() == end + 4 + length {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                return (head, bytes.split_off(end + 4));
            }
        }
    });
    (address, taking)
}

fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|a| a.key == key).unwrap_or_else(|| panic!("no {key}: {span:?}"));
    match found.value.as_ref().unwrap().value.as_ref().unwrap() {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(n) => n.to_string(),
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[tokio::test]
async fn a_request_is_a_span_below_its_callers() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const PARENT: &str = "b7ad6b7169203331";
    let db = TestDb::new().await;
    let (collector, taken) = collector();
    let server = Server::start(
        program(&db)
            .env("UNIONHALL_OTLP_ENDPOINT", format!("http://{collector}"))
            .env("UNIONHALL_DRAIN_SECONDS", "0"),
    );
    let http = reqwest::Client::new();
    let body = serde_json::json!({"mobile": "13912345678", "purpose": "login"});
    let sent = http.post(format!("http://{}/v1/auth/otp", server.address)).json(&body);
    let answer = sent.header("traceparent", format!("00-{TRACE}-{PARENT}-01")).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let request_id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let _ = http.get(format!("http://{}/v1/me", server.address)).send().await.unwrap();
    // What is not sent yet is sent before the process ends.
    server.terminate();
    assert!(server.ended().success());

    let (head, bytes) = taken.join().unwrap();
    assert!(head.starts_with("post /v1/traces ") && head.contains("application/x-protobuf"), "{head}");
    assert!(!String::from_utf8_lossy(&bytes).contains("13912345678"));
    let export = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
    let spans: Vec<Span> = export
        .resource_spans
        .into_iter()
        .flat_map(|r| r.scope_spans.into_iter().flat_map(|s| s.spans))
        .collect();
    let span = spans.iter().find(|s| s.name == "request_otp").unwrap_or_else(|| panic!("{spans:#?}"));
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!(attribute(span, "http.response.status_code"), "202");
    assert_eq!(attribute(span, "http.route"), "/v1/auth/otp");
    assert_eq!(attribute(span, "request_id"), request_id);
    let other = spans.iter().find(|s| s.name == "get_me").unwrap();
    assert_eq!(attribute(other, "http.response.status_code"), "401");
    assert_ne!(hex(&other.trace_id), TRACE);
    assert!(spans.iter().all(|s| s.events.is_empty()), "log lines stay in the log");
}
