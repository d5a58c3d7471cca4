//! `unionhall doctor`: everything an installation needs, looked at once. It changes nothing, goes on after what fails, and
//! prints neither secrets nor anything about persons.

mod database;
mod machine;
mod outside;

use std::future::Future;
use std::io::Write as _;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::config::Config;

/// No single question may hold up the others for longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and somebody should know.
    Warn,
    /// Something does not work.
    Fail,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// How it ended.
    pub level: Level,
    /// The check.
    pub name: &'static str,
    /// What is found, and what to do.
    pub what: String,
}

fn ok(name: &'static str, what: impl Into<String>) -> Finding {
    Finding { level: Level::Ok, name, what: what.into() }
}

fn warn(name: &'static str, what: impl Into<String>) -> Finding {
    Finding { level: Level::Warn, name, what: what.into() }
}

fn fail(name: &'static str, what: impl Into<String>) -> Finding {
    Finding { level: Level::Fail, name, what: what.into() }
}

// What does not answer in time is told as an error.
async fn timely<T, E: std::fmt::Display>(work: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

/// Looks at everything.
pub async fn examine() -> Vec<Finding> {
    let config = match Config::read() {
        Ok(config) => config,
        Err(error) => {
            let mut found = vec![fail(
                "configuration",
                format!("{}: nothing that it names was looked at", error.root_cause()),
            )];
            found.extend(machine::disks(None));
            return found;
        }
    };
    let mut found = machine::configuration(&config);
    found.extend(database::all(&config).await);
    found.extend(machine::disks(Some(&config)));
    found.extend(outside::all(&config).await);
    found
}

/// Prints the report; answers whether no check fails.
///
/// # Errors
/// When nobody reads it.
pub async fn run(as_json: bool) -> anyhow::Result<bool> {
    let found = examine().await;
    let count = |level| found.iter().filter(|f| f.level == level).count();
    let (warnings, failures) = (count(Level::Warn), count(Level::Fail));
    let mut out = std::io::stdout().lock();
    if as_json {
        let report = json!({"checks": found, "warnings": warnings, "failures": failures});
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        for Finding { level, name, what } in &found {
            writeln!(out, "{:<4}  {name:<13}  {what}", level.as_str())?;
        }
    }
    out.flush()?;
    Ok(failures == 0)
}
