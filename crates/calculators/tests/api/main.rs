//! The calculators over HTTP: every published vector, the boundaries, what is refused; and the parameters they reckon with.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod answers;
mod boundaries;
mod parameters;
mod refusals;
mod vectors;

use serde_json::Value;
use unionhall_testkit::TestApp;

/// What a calculator answers.
async fn ask(app: &TestApp, calculator: &str, inputs: Value) -> Value {
    app.post(&format!("/v1/public/calculators/{calculator}"), inputs).await.expect(200)
}

/// The result alone.
async fn result(app: &TestApp, calculator: &str, inputs: Value) -> Value {
    ask(app, calculator, inputs).await["result"].take()
}

/// What is refused of a request: `pointer CODE` of each field, in their order.
async fn refused(app: &TestApp, calculator: &str, inputs: Value) -> String {
    let reply = app.post(&format!("/v1/public/calculators/{calculator}"), inputs).await;
    assert_eq!(reply.problem(422), "VALIDATION_FAILED");
    let body = reply.json();
    let told = body["errors"].as_array().unwrap().iter();
    let told = told
        .map(|error| format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()));
    told.collect::<Vec<_>>().join(", ")
}
