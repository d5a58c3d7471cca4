//! A process of ours, as an operator runs it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use serde_json::Value;
use unionhall_testkit::{KEK, TestDb};

/// The program, configured for a test's database. Its ports are free ones.
pub(crate) fn program(db: &TestDb) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unionhall"));
    command
        .env("UNIONHALL_PROFILE", "production")
        .env("DATABASE_URL", db.url())
        .env("UNIONHALL_KEK", KEK)
        .env("UNIONHALL_SMS_URL", "http://127.0.0.1:9/")
        .env("UNIONHALL_LISTEN", "127.0.0.1:0")
        .env("UNIONHALL_INTERNAL_LISTEN", "127.0.0.1:0")
        .env_remove("RUST_LOG");
    command
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    log: BufReader<ChildStderr>,
    /// Where the API is.
    pub address: SocketAddr,
    /// Where metrics and health are.
    pub internal: SocketAddr,
}

impl Server {
    /// Starts it and waits until it serves.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.arg("serve").stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let line = until(&mut log, "serving");
        let address = |name: &str| line["fields"][name].as_str().unwrap().parse().unwrap();
        Self { child, address: address("address"), internal: address("internal"), log }
    }

    /// Reads the log until it says so.
    pub fn says(&mut self, message: &str) -> Value {
        until(&mut self.log, message)
    }

    /// Tells it to stop.
    pub fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end.
    pub fn ended(mut self) -> ExitStatus {
        // Whoever writes to a pipe that nobody reads waits.
        std::io::copy(&mut self.log, &mut std::io::sink()).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves no server behind.
        let _ = self.child.kill();
    }
}

fn until(log: &mut BufReader<ChildStderr>, message: &str) -> Value {
    let mut told = String::new();
    loop {
        let before = told.len();
        assert!(log.read_line(&mut told).unwrap() > 0, "it ended before it said {message:?}: {told}");
        let line: Value = serde_json::from_str(&told[before..]).unwrap_or_default();
        if line["fields"]["message"] == message {
            return line;
        }
    }
}
