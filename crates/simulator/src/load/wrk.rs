//! wrk: closed-loop load, for saturation only. Bodies are prepared, so that what is measured is the server.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

// Arguments: a file with a body a line, then the headers "name: value". Each request takes a random body.
const SCRIPT: &str = r#"
local prepared = {}
function init(args)
   local headers = {["content-type"] = "application/json"}
   for i = 2, #args do
      local name, value = args[i]:match("^([^:]+): (.+)$")
      headers[name] = value
   end
   for body in io.lines(args[1]) do
      prepared[#prepared + 1] = wrk.format("POST", nil, headers, body)
   end
   math.randomseed(os.time())
end
function request()
   return prepared[math.random(#prepared)]
end
function done(summary, latency)
   local e = summary.errors
   io.write(string.format('\n{"requests": %d, "micros": %d, "refused": %d, "broken": %d}\n',
      summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout))
end
"#;

/// Posts prepared bodies to one URL.
pub struct Wrk<'a> {
    /// Where to.
    pub url: String,
    /// Headers, `name: value`.
    pub headers: Vec<String>,
    /// A folder for what wrk is given.
    pub folder: &'a Path,
}

/// What was measured.
#[derive(Debug, Deserialize)]
pub struct Measured {
    /// Answers.
    pub requests: u64,
    micros: u64,
    refused: u64,
    broken: u64,
}

impl Measured {
    /// Answers a second.
    #[allow(clippy::cast_precision_loss)] // counts of a run fit a mantissa
    pub fn rps(&self) -> f64 {
        self.requests as f64 * 1e6 / self.micros as f64
    }
}

impl Wrk<'_> {
    /// Runs `connections` for `seconds`.
    ///
    /// # Errors
    /// When wrk is missing or fails, and when one answer was not 2xx or did not come.
    pub fn run(&self, bodies: &[String], connections: usize, seconds: u64) -> Result<Measured> {
        let file = |name: &str| -> PathBuf { self.folder.join(name) };
        std::fs::write(file("wrk.lua"), SCRIPT)?;
        std::fs::write(file("bodies"), bodies.join("\n"))?;
        let output = Command::new("wrk")
            .args(["-t2", &format!("-c{connections}"), &format!("-d{seconds}s")])
            .args(["-s".as_ref(), file("wrk.lua").as_os_str()])
            .args([&self.url, "--", &file("bodies").display().to_string()])
            .args(&self.headers)
            .output()
            .context("wrk does not run: install the package wrk")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "wrk: {text}{}", String::from_utf8_lossy(&output.stderr));
        let line = text.lines().find(|l| l.starts_with('{')).with_context(|| format!("wrk: {text}"))?;
        let measured: Measured = serde_json::from_str(line)?;
        ensure!(
            measured.refused == 0 && measured.broken == 0,
            "wrk: not every request was answered: {measured:?}"
        );
        Ok(measured)
    }
}
