//! A line that is slow and loses things: it stands between a client and a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// To and fro 300 ms.
const ONE_WAY: Duration = Duration::from_millis(150);
/// Of requests and of answers; one in fifty exchanges loses either.
const LOSS: f64 = 0.01;
/// A request of a till and its answer fit one piece.
const PIECE: usize = 64 * 1024;

/// What was lost so far, by direction.
#[derive(Debug, Default)]
struct Lost {
    requests: AtomicUsize,
    answers: AtomicUsize,
}

/// A listener that hands everything on late, and sometimes hangs up instead.
pub(super) struct Line {
    address: SocketAddr,
    lost: Arc<Lost>,
}

impl Line {
    /// A line to the server at a URL.
    pub(super) async fn to(url: &str, seed: u64) -> Result<Self> {
        let server: SocketAddr = url.strip_prefix("http://").context("an http URL")?.parse()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let lost = Arc::new(Lost::default());
        let told = lost.clone();
        tokio::spawn(async move {
            let mut chance = StdRng::seed_from_u64(seed);
            while let Ok((client, _)) = listener.accept().await {
                let own = StdRng::seed_from_u64(chance.random());
                tokio::spawn(carry(client, server, own, told.clone()));
            }
        });
        Ok(Self { address, lost })
    }

    /// Where clients find it.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests and answers that were lost.
    pub(super) fn lost(&self) -> (usize, usize) {
        (self.lost.requests.load(Ordering::Relaxed), self.lost.answers.load(Ordering::Relaxed))
    }
}

// Ends when either side hangs up or something is lost; both connections close then.
async fn carry(client: TcpStream, server: SocketAddr, mut chance: StdRng, lost: Arc<Lost>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let back = StdRng::seed_from_u64(chance.random());
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = hand_on(from_client, to_server, chance, &lost.requests) => {}
        () = hand_on(from_server, to_client, back, &lost.answers) => {}
    }
}

async fn hand_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut chance: StdRng,
    lost: &AtomicUsize,
) {
    let (late, mut due) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let read = async {
        let mut piece = vec![0; PIECE];
        while let Ok(n @ 1..) = from.read(&mut piece).await {
            if late.send((Instant::now() + ONE_WAY, piece.get(..n).unwrap_or_default().to_vec())).is_err() {
                return;
            }
        }
    };
    let write = async {
        while let Some((at, piece)) = due.recv().await {
            tokio::time::sleep_until(at).await;
            if chance.random_bool(LOSS) {
                lost.fetch_add(1, Ordering::Relaxed);
                return;
            }
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = read => {}
        () = write => {}
    }
}
