//! A server of one's own to be killed: `unionhall serve` as a child process on a free port.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A child process that serves, with everything else taken from the environment.
pub struct Server {
    binary: String,
    port: u16,
    internal: u16,
    child: Option<Child>,
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Server {
    /// Starts `binary` and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn start(binary: String) -> Result<Self> {
        let mut server = Self { binary, port: free_port()?, internal: free_port()?, child: None };
        server.restart().await?;
        Ok(server)
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its process.
    ///
    /// # Errors
    /// When it is not running.
    pub fn pid(&self) -> Result<u32> {
        Ok(self.child.as_ref().context("the server is not running")?.id())
    }

    /// Kills it (-9), without a word.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Starts it again on the same port; answers how long it took to be ready.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn restart(&mut self) -> Result<Duration> {
        self.kill()?;
        let begun = Instant::now();
        let child = Command::new(&self.binary)
            .arg("serve")
            .env("UNIONHALL_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("UNIONHALL_INTERNAL_LISTEN", format!("127.0.0.1:{}", self.internal))
            // What is tried here is not the rate limits.
            .env("UNIONHALL_RATE_ADDRESS", "1000000")
            .env("UNIONHALL_RATE_ACCOUNT", "1000000")
            .env("UNIONHALL_RATE_SHAPED", "1000000")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| self.binary.clone())?;
        self.child = Some(child);
        let http = reqwest::Client::new();
        let ready = format!("{}/readyz", self.url());
        loop {
            if http.get(&ready).send().await.is_ok_and(|r| r.status().is_success()) {
                return Ok(begun.elapsed());
            }
            ensure!(begun.elapsed() < PATIENCE, "the server does not become ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is left to tell anybody here.
        let _ = self.kill();
    }
}
