//! Everyday mistakes, each undone over HTTP in three calls at most. `docs/mistakes.md` is what these tests did.

mod console;
mod members;
mod own;
mod till;

use std::fmt::Write as _;
use std::pin::Pin;

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::task::{LocalSet, spawn_local};
use unionhall_testkit::{Reply, Session, TestApp};

use crate::assert_committed;

/// Calls that an undo may take, reading the version of what is changed among them.
const CALLS: usize = 3;

/// Databases that are made at once; the machine has other tests to run.
const AT_ONCE: usize = 2;

/// A mistake that was made, undone and looked at.
struct Undone {
    mistake: &'static str,
    by: &'static str,
    calls: Vec<String>,
    after: &'static str,
}

type Story = Pin<Box<dyn Future<Output = Undone>>>;

/// Whoever undoes a mistake. Each of their calls is counted and written down.
struct Mender<'a> {
    app: &'a TestApp,
    token: String,
    calls: Vec<String>,
}

impl<'a> Mender<'a> {
    fn new(app: &'a TestApp, session: &Session) -> Self {
        Self { app, token: session.access.clone(), calls: Vec::new() }
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<Value>, tag: Option<&str>) -> Reply {
        self.calls.push(format!("{method} {}", template(path)));
        let mut request = self.app.request(method, path);
        if !self.token.is_empty() {
            request = request.bearer(&self.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(tag) = tag {
            request = request.if_match(tag);
        }
        request.key(&format!("undo-{}", self.calls.len())).await
    }

    async fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, None, None).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(body), None).await
    }

    async fn delete(&mut self, path: &str) {
        let reply = self.send("DELETE", path, None, None).await;
        assert!(matches!(reply.status, 200 | 204), "{path}: {}", reply.text());
    }

    /// Reads a thing and takes a step of it at the version read: two calls.
    async fn step(&mut self, path: &str, step: &str, body: Value) -> Value {
        let tag = self.get(path).await.etag();
        let reply = self.send("POST", &format!("{path}/{step}"), Some(body), Some(&tag)).await;
        assert!(matches!(reply.status, 200 | 202), "{step}: {}", reply.text());
        reply.json()
    }

    /// Asks a code by SMS: one call.
    async fn code(&mut self, mobile: &str, purpose: &str) -> String {
        let body = json!({"mobile": mobile, "purpose": purpose, "realm": "member"});
        let _: Value = self.post("/v1/auth/otp", body).await.expect(202);
        self.app.sms.code(mobile).expect("a code was sent")
    }

    fn done(self, mistake: &'static str, by: &'static str, after: &'static str) -> Undone {
        assert!(!self.calls.is_empty() && self.calls.len() <= CALLS, "{mistake}: {:?}", self.calls);
        Undone { mistake, by, calls: self.calls, after }
    }
}

/// A path as the documents write it.
fn template(path: &str) -> String {
    let is_id = |part: &str| part.len() == 36 && part.bytes().filter(|b| *b == b'-').count() == 4;
    path.split('/').map(|part| if is_id(part) { "{id}" } else { part }).collect::<Vec<_>>().join("/")
}

/// The first item of a list that a condition holds of.
fn pick(list: &Value, holds: impl Fn(&Value) -> bool) -> Value {
    list["items"].as_array().unwrap().iter().find(|item| holds(item)).expect("it is listed").clone()
}

/// The path of one thing.
fn of(folder: &str, thing: &Value) -> String {
    format!("{folder}/{}", thing["id"].as_str().expect("an id"))
}

fn table(undone: &[Undone]) -> String {
    let mut text = String::from(
        "# Mistakes and how they are undone 误操作与撤销\n\n\
         Written by the tests in `tests/suite/mistakes`: each mistake was made, undone with exactly these calls, and what stands \
         afterwards was looked at. Reading the version of what is changed (`If-Match`) counts as a call.\n\n\
         | | mistake | who undoes it | calls | afterwards |\n|---|---|---|---|---|\n",
    );
    for (at, row) in undone.iter().enumerate() {
        let calls: Vec<String> = row.calls.iter().map(|call| format!("`{call}`")).collect();
        let (mistake, by, after) = (row.mistake, row.by, row.after);
        writeln!(text, "| {} | {mistake} | {by} | {} | {after} |", at + 1, calls.join("<br>")).unwrap();
    }
    text
}

#[tokio::test]
async fn every_mistake_is_undone_in_three_calls() {
    let stories = [members::stories(), own::stories(), console::stories(), till::stories()];
    // Each on its own, so that one run tells of all that fail.
    let told = LocalSet::new()
        .run_until(
            stream::iter(stories.into_iter().flatten())
                .map(spawn_local)
                .buffered(AT_ONCE)
                .collect::<Vec<_>>(),
        )
        .await;
    let failed = told.iter().filter(|story| story.is_err()).count();
    assert_eq!(failed, 0, "mistakes that are not undone");
    let undone: Vec<Undone> = told.into_iter().flatten().collect();
    assert!(undone.len() >= 25, "{} mistakes", undone.len());
    let expected = table(&undone);
    let written = concat!(env!("CARGO_TARGET_TMPDIR"), "/mistakes.md");
    std::fs::write(written, &expected).unwrap();
    assert_committed("docs/mistakes.md", &expected, &format!("cp {written} docs/mistakes.md"));
}
