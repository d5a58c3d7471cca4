//! Ten thousand requests of all calculators, made up from a fixed seed, come out as in a second implementation: `oracle.py`,
//! written from the rules and not from this code. Needs python3, which `./dev test` installs.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod requests;

use std::process::Stdio;

use chrono::NaiveDate;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use unionhall_calculators::annual_leave::AnnualLeave;
use unionhall_calculators::calculation::{Calculation, Calculator, Context};
use unionhall_calculators::dues::Dues;
use unionhall_calculators::limitation::Limitation;
use unionhall_calculators::no_contract::NoContract;
use unionhall_calculators::overtime::Overtime;
use unionhall_calculators::parameter;
use unionhall_calculators::probation::Probation;
use unionhall_calculators::retirement::Retirement;
use unionhall_calculators::severance::Severance;
use unionhall_calculators::work_injury::WorkInjury;
use unionhall_casework::calendar::Calendar;
use unionhall_testkit::TestApp;

const REQUESTS: usize = 10_000;
const SEED: u64 = 20_261_120;

/// The result of a request; what is refused is nothing that was meant to be asked.
fn worked<C: Calculation + DeserializeOwned>(inputs: &Value, context: &Context) -> Value {
    let asked: C = serde_json::from_value(inputs.clone()).unwrap_or_else(|error| panic!("{inputs}: {error}"));
    let mut context = context.clone();
    match asked.work(&mut context) {
        Ok(worked) => serde_json::to_value(worked.result).unwrap(),
        Err(problem) => panic!("{inputs} is refused: {:?}", problem.errors),
    }
}

fn result(of: Calculator, inputs: &Value, context: &Context) -> Value {
    match of {
        Calculator::Overtime => worked::<Overtime>(inputs, context),
        Calculator::Severance => worked::<Severance>(inputs, context),
        Calculator::NoContract => worked::<NoContract>(inputs, context),
        Calculator::AnnualLeave => worked::<AnnualLeave>(inputs, context),
        Calculator::WorkInjury => worked::<WorkInjury>(inputs, context),
        Calculator::Probation => worked::<Probation>(inputs, context),
        Calculator::Retirement => worked::<Retirement>(inputs, context),
        Calculator::Limitation => worked::<Limitation>(inputs, context),
        Calculator::Dues => worked::<Dues>(inputs, context),
    }
}

/// What the second implementation answers, a line for each request.
async fn asked(requests: &[Value]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/oracle.py");
    let mut python = Command::new("python3")
        .args(["-B", "-X", "utf8", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed: ./dev test does that");
    let mut input = python.stdin.take().unwrap();
    let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
    // Both pipes at once: either side may fill up.
    let write = tokio::spawn(async move {
        input.write_all(lines.as_bytes()).await.unwrap();
    });
    let output = python.wait_with_output().await.unwrap();
    write.await.unwrap();
    assert!(output.status.success(), "python3 failed");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn ten_thousand_requests_come_out_as_in_a_second_implementation() {
    let app = TestApp::start().await;
    let mut conn = app.core().db.read().await.unwrap();
    let regions = parameter::chain(parameter::PROVINCE).unwrap();
    let book = parameter::load(&mut conn, regions).await.unwrap();
    let calendar = Calendar::load(&mut conn).await.unwrap();
    let today: NaiveDate = "2026-11-20".parse().unwrap();
    let context = Context { book, calendar, today };
    let mut chance = StdRng::seed_from_u64(SEED);
    let mut requests = Vec::with_capacity(REQUESTS);
    for n in 0..REQUESTS {
        let of = Calculator::ALL[n % Calculator::ALL.len()];
        requests.push((of, requests::made_up(of, &mut chance)));
    }
    let lines: Vec<Value> = requests
        .iter()
        .map(|(of, inputs)| json!({"calculator": of, "today": today, "inputs": inputs}))
        .collect();
    let expected = asked(&lines).await;
    assert_eq!(expected.len(), REQUESTS);
    let mut different = Vec::new();
    for ((of, inputs), expected) in requests.iter().zip(expected) {
        let got = result(*of, inputs, &context);
        if got != expected {
            different.push(format!("{of:?} {inputs}\n  here  {got}\n  there {expected}"));
        }
    }
    assert!(
        different.is_empty(),
        "{} differ, among them\n{}",
        different.len(),
        different[..different.len().min(5)].join("\n")
    );
}
