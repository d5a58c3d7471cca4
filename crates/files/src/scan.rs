//! The seam to a virus scanner: clamd's `INSTREAM` over TCP. Without one configured, files are taken unscanned.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use unionhall_kernel::{Code, Problem};

const TIME_LIMIT: Duration = Duration::from_secs(30);
const PIECE: usize = 64 * 1024;

/// What a scanner said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// Something was found.
    Infected,
}

/// A clamd that listens on TCP.
#[derive(Debug, Clone)]
pub struct Clamd {
    address: String,
}

impl Clamd {
    /// By its `host:port`.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }

    /// Scans.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the scanner cannot be asked or cannot tell: a file that was not scanned is not taken.
    pub async fn scan(&self, bytes: &[u8]) -> Result<Verdict, Problem> {
        let answer = tokio::time::timeout(TIME_LIMIT, self.ask(bytes)).await;
        let answer = answer.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        let answer = answer.map_err(|error| unavailable(error.to_string()))?;
        match answer.trim_end_matches('\0').rsplit(' ').next() {
            Some("OK") => Ok(Verdict::Clean),
            Some("FOUND") => Ok(Verdict::Infected),
            _ => Err(unavailable(answer)),
        }
    }

    /// Asks whether it is there.
    ///
    /// # Errors
    /// Why it does not answer.
    pub async fn ping(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(b"zPING\0").await?;
        let mut answer = String::new();
        stream.take(64).read_to_string(&mut answer).await?;
        match answer.trim_end_matches('\0') {
            "PONG" => Ok(()),
            other => Err(std::io::Error::other(format!("answered {other:?}"))),
        }
    }

    // Each piece is led by its length, four bytes, big-endian; an empty one ends the stream.
    async fn ask(&self, bytes: &[u8]) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(b"zINSTREAM\0").await?;
        for piece in bytes.chunks(PIECE) {
            let length = u32::try_from(piece.len()).map_err(std::io::Error::other)?;
            stream.write_all(&length.to_be_bytes()).await?;
            stream.write_all(piece).await?;
        }
        stream.write_all(&[0; 4]).await?;
        let mut answer = String::new();
        stream.take(1024).read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

fn unavailable(why: String) -> Problem {
    metrics::counter!("unionhall_scan_failures_total").increment(1);
    let mut problem = Problem::new(Code::Unavailable).retry_after(30);
    problem.source = Some(format!("the virus scanner: {why}").into());
    problem
}
