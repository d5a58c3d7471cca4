//! Open-loop load: requests leave on a schedule whatever the server does, and each latency counts from the
//! intended moment, so a stall is charged to everybody who would have come meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// The longest answer that is expected.
const MAX_ANSWER: usize = 64 * 1024;

/// Whole HTTP/1.1 requests, sent over kept connections at a steady rate.
pub struct OpenLoop {
    /// `host:port`.
    pub address: String,
    /// Requests, bytes as they go out; each in turn.
    pub requests: Vec<Vec<u8>>,
    /// Requests a second.
    pub rate: f64,
    /// How many may be under way.
    pub connections: usize,
    /// For how long.
    pub duration: Duration,
}

/// Latencies in microseconds.
pub type Latencies = Histogram<u64>;

impl OpenLoop {
    /// Sends them.
    ///
    /// # Errors
    /// When a connection breaks or an answer is not 200.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // thousands
    pub async fn run(self) -> Result<Latencies> {
        let total = (self.rate * self.duration.as_secs_f64()) as u64;
        let load = Arc::new(self);
        let next = Arc::new(AtomicU64::new(0));
        let begun = Instant::now() + Duration::from_millis(50);
        let mut lanes = Vec::new();
        for _ in 0..load.connections {
            let mut stream = TcpStream::connect(&load.address).await?;
            stream.set_nodelay(true)?;
            let (load, next) = (load.clone(), next.clone());
            lanes.push(tokio::spawn(async move {
                let mut latencies = Latencies::new(3)?;
                let mut buffer = vec![0; MAX_ANSWER];
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= total {
                        return anyhow::Ok(latencies);
                    }
                    let intended = begun + Duration::from_secs_f64(n as f64 / load.rate);
                    sleep_until(intended).await;
                    let which = usize::try_from(n)? % load.requests.len();
                    let request = load.requests.get(which).context("no requests")?;
                    stream.write_all(request).await?;
                    read_answer(&mut stream, &mut buffer).await?;
                    latencies.record(u64::try_from(intended.elapsed().as_micros())?)?;
                }
            }));
        }
        let mut all = Latencies::new(3)?;
        for lane in lanes {
            all.add(lane.await??)?;
        }
        Ok(all)
    }
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut have = 0;
    loop {
        let room =
            buffer.get_mut(have..).filter(|room| !room.is_empty()).context("the answer is too long")?;
        let read = stream.read(room).await?;
        ensure!(read > 0, "the connection was closed");
        have += read;
        let seen = buffer.get(..have).unwrap_or_default();
        let Some(end) = seen.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(seen.get(..end).unwrap_or_default())?;
        if !head.starts_with("HTTP/1.1 200 ") {
            bail!("answered {head}");
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        if have >= end + 4 + length.context("an answer without content-length")? {
            return Ok(());
        }
    }
}
