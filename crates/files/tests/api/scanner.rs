//! The scanner's protocol, spoken with a scanner of three answers.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use unionhall_files::{Clamd, Verdict};

/// Listens once: reads the stream to its end, and answers by what it holds.
async fn clamd() -> Clamd {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 10];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"zINSTREAM\0");
        let mut all = Vec::new();
        loop {
            let length = usize::try_from(stream.read_u32().await.unwrap()).unwrap();
            if length == 0 {
                break;
            }
            let from = all.len();
            all.resize(from + length, 0);
            stream.read_exact(&mut all[from..]).await.unwrap();
        }
        let answer: &[u8] = match all.as_slice() {
            [b'v', ..] => b"stream: Eicar-Signature FOUND\0",
            [b'?', ..] => b"INSTREAM size limit exceeded. ERROR\0",
            _ => b"stream: OK\0",
        };
        stream.write_all(answer).await.unwrap();
    });
    Clamd::new(address.to_string())
}

#[tokio::test]
async fn what_was_not_scanned_is_not_taken() {
    assert_eq!(clamd().await.scan(&[7; 200_000]).await.unwrap(), Verdict::Clean);
    assert_eq!(clamd().await.scan(b"virus").await.unwrap(), Verdict::Infected);
    let unsure = clamd().await.scan(b"?").await.unwrap_err();
    assert_eq!(unsure.code.entry().code, "UNAVAILABLE");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = Clamd::new(listener.local_addr().unwrap().to_string());
    drop(listener);
    assert_eq!(nobody.scan(b"x").await.unwrap_err().code.entry().code, "UNAVAILABLE");
}
