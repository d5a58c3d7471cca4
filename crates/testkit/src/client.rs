//! Requests and replies.

use std::future::IntoFuture;
use std::panic::Location;
use std::pin::Pin;

use serde_json::Value;
use unionhall_storage::Db;
use uuid::Uuid;

use crate::{audited, published};

/// Tokens of a login.
#[derive(Debug, Clone)]
pub struct Session {
    /// Access token.
    pub access: String,
    /// Refresh token.
    pub refresh: String,
    /// The account.
    pub account: Uuid,
    /// The whole answer.
    pub body: Value,
}

impl Session {
    /// Reads the tokens of a login's answer.
    #[track_caller]
    pub fn of(reply: Reply) -> Self {
        assert_eq!(reply.status, 200, "login: {}", reply.text());
        let body = reply.json();
        Self {
            access: body["access_token"].as_str().unwrap().to_owned(),
            refresh: body["refresh_token"].as_str().unwrap().to_owned(),
            account: body["account"]["id"].as_str().unwrap().parse().unwrap(),
            body,
        }
    }

    /// The role the token acts in.
    pub fn role(&self) -> Uuid {
        let roles = self.body["account"]["roles"].as_array().unwrap();
        let current = roles.iter().find(|r| r["current"] == true).expect("a current role");
        current["role_id"].as_str().unwrap().parse().unwrap()
    }
}

/// A request; await it to send it.
#[must_use = "a request is sent when it is awaited"]
pub struct Request {
    builder: reqwest::RequestBuilder,
    db: Db,
    unchanging: bool,
    // Where the test made it: what is wrong with the answer is found later, on no line of the test.
    place: &'static Location<'static>,
}

impl Request {
    #[track_caller]
    pub(crate) fn new(builder: reqwest::RequestBuilder, db: Db) -> Self {
        Self { builder, db, unchanging: false, place: Location::caller() }
    }

    /// With a session's access token.
    pub fn by(self, session: &Session) -> Self {
        self.bearer(&session.access)
    }

    /// With any bearer token.
    pub fn bearer(self, token: &str) -> Self {
        Self { builder: self.builder.bearer_auth(token), ..self }
    }

    /// With a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    /// With an `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// With `If-Match`.
    pub fn if_match(self, tag: &str) -> Self {
        self.header("if-match", tag)
    }

    /// With a JSON body.
    pub fn json(self, body: Value) -> Self {
        Self { builder: self.builder.json(&body), ..self }
    }

    /// With a body of any kind.
    pub fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        Self { builder: self.builder.header("content-type", content_type).body(body), ..self }
    }

    /// With a multipart form, the file in the middle of its fields.
    pub fn form(self, fields: &[(&str, &str)], file: Option<&[u8]>) -> Self {
        let mut body = Vec::new();
        let mut file = file;
        let mut add_file = |body: &mut Vec<u8>| {
            if let Some(file) = file.take() {
                let head = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"名册.csv\"\r\n\
                            Content-Type: application/octet-stream\r\n\r\n";
                body.extend(head.as_bytes());
                body.extend(file);
                body.extend(b"\r\n");
            }
        };
        for (at, (name, value)) in fields.iter().enumerate() {
            if at == 1 {
                add_file(&mut body);
            }
            let part = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.as_bytes());
        }
        add_file(&mut body);
        body.extend(b"--XX--\r\n");
        self.body("multipart/form-data; boundary=XX", body)
    }

    /// A request that succeeds without changing anything, and therefore leaves no audit row.
    pub fn changes_nothing(self) -> Self {
        Self { unchanging: true, ..self }
    }

    // Sends it, and holds the answer to what is published, and a change to the audit row it must leave.
    async fn send(self) -> Reply {
        let (client, request) = self.builder.build_split();
        let request = request.expect("a request");
        let method = match request.headers().get("x-http-method-override") {
            Some(wanted) if request.method() == "POST" && wanted == "PATCH" => "PATCH".to_owned(),
            _ => request.method().to_string(),
        };
        let path = request.url().path().to_owned();
        let key = request.headers().get("idempotency-key").map(|v| v.to_str().unwrap().to_owned());
        let response = client.execute(request).await.expect("the server answers");
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await.expect("the answer arrives").to_vec();
        let reply = Reply { status, headers, body };
        let (place, answer) = (self.place, reply.text());
        let operation = match published::judge(&method, &path, &reply) {
            Ok(operation) => operation.filter(|operation| audited::is_due(operation, &reply)),
            Err(wrong) => panic!("{place}: {method} {path}: {wrong}: {answer}"),
        };
        if let Some(operation) = operation {
            let there = audited::is_there(&self.db, &operation.id, key.as_deref(), &reply).await;
            assert!(there || self.unchanging, "{place}: {method} {path} left no audit row: {answer}");
            assert!(!(there && self.unchanging), "{place}: {method} {path} left an audit row: {answer}");
        }
        reply
    }
}

impl IntoFuture for Request {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// An answer.
#[derive(Debug, Clone)]
#[must_use = "an answer nobody looks at proves nothing"]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        // No closure: the panic is to name the test's line.
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(e) => panic!("{e}: {} {}", self.status, self.text()),
        }
    }

    /// The body, the status being what is expected.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem's code, the status being what is expected.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        let kind = self.headers.get("content-type").and_then(|v| v.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"));
        self.json()["code"].as_str().expect("a code").to_owned()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// The entity tag.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").expect("an ETag").to_owned()
    }
}
