//! Keys of requests and keys at rest, when two come at once.

use std::sync::Arc;

use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use unionhall_kernel::clock::RandomIds;
use unionhall_kernel::{Code, IdGen as _};
use unionhall_storage::Db;
use unionhall_storage::keys::{Kek, KeyRing, Purpose};
use unionhall_storage::once::{Key, Stored, once};
use unionhall_testkit::TestDb;

fn key() -> Key {
    let account = RandomIds::default().opaque_id();
    Key { account, operation: "test", key: "k".to_owned(), body_hash: vec![0; 32] }
}

fn done() -> Stored {
    Stored { status: 200, body: b"{}".to_vec(), location: None }
}

#[tokio::test]
async fn in_progress_is_who_waits_for_the_key_and_nobody_else() {
    let test = TestDb::new().await;
    let db = Db::new(tokio::runtime::Handle::current(), &test.config()).unwrap();
    let now = "2026-11-20T04:00:00Z".parse().unwrap();
    let mut held = test.connect().await;
    held.batch_execute("BEGIN; LOCK TABLE task").await.unwrap();
    // The first waits for a row that its work needs; a second, with the same key, for the first.
    let (tell, begun) = tokio::sync::oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let shared = key();
    let first = once(&db, now, Some(shared.clone()), async |tx| {
        tx.batch_execute("SET LOCAL lock_timeout = '4s'").await?;
        tell.lock().unwrap().take().unwrap().send(()).unwrap();
        tx.batch_execute("SELECT FROM task FOR UPDATE").await?;
        Ok(done())
    });
    let second = async {
        begun.await.unwrap();
        once(&db, now, Some(shared.clone()), async |_| Ok(done())).await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.unwrap_err().code, Code::Unavailable);
    assert_eq!(second.unwrap_err().code, Code::InProgress);
}

#[tokio::test]
async fn processes_that_start_at_once_make_one_first_key() {
    let test = TestDb::new().await;
    let kek = Kek::parse(&Kek::generate(&RandomIds::default())).unwrap();
    let now = "2026-11-20T04:00:00Z".parse().unwrap();
    let mut conns = Vec::new();
    for _ in 0..8 {
        conns.push(test.connect().await);
    }
    for round in 0..10 {
        conns[0].batch_execute("DELETE FROM storage_key").await.unwrap();
        let starts = conns.iter_mut().map(async |conn| {
            let ring = KeyRing::new(&kek, Arc::new(RandomIds::default()));
            let live = ring.ensure(conn, Purpose::Cursor, now).await.unwrap();
            live.iter().map(|key| key.secret.to_vec()).collect::<Vec<_>>()
        });
        let seen = join_all(starts).await;
        assert!(seen.iter().all(|keys| keys.len() == 1 && *keys == seen[0]), "round {round}");
    }
}
