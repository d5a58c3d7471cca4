//! Background work when something goes wrong: a worker that dies, one that is too slow, a body that panics.

use std::sync::Arc;

use chrono::Duration;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use unionhall_kernel::clock::{ManualClock, RandomIds};
use unionhall_kernel::{Clock as _, Code, IdGen as _};
use unionhall_storage::Db;
use unionhall_storage::tasks::{self, Leased, Worker};
use unionhall_testkit::TestDb;

const LEASE: Duration = Duration::seconds(61);

struct Bench {
    test: TestDb,
    db: Db,
    clock: Arc<ManualClock>,
}

impl Bench {
    async fn new() -> Self {
        let test = TestDb::new().await;
        let mut config = test.config();
        // One connection: what a panic leaves behind is what the next task is given.
        config.writers = 1;
        let db = Db::new(tokio::runtime::Handle::current(), &config).unwrap();
        let clock = Arc::new(ManualClock::new("2026-11-20T04:00:00Z".parse().unwrap()));
        Self { test, db, clock }
    }

    fn worker(&self) -> Worker {
        Worker::new(self.db.clone(), self.clock.clone(), Arc::new(RandomIds::default()))
    }

    async fn enqueue(&self, kind: &str) {
        let (id, now) = (RandomIds::default().id(self.clock.now()), self.clock.now());
        let mut conn = self.db.writer().await.unwrap();
        tasks::enqueue(&mut conn, id, now, kind, None, &json!({})).await.unwrap();
    }

    /// The task of a kind as `state attempts last_error`.
    async fn stands(&self, kind: &str) -> String {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            row: String,
        }
        let query = "SELECT concat_ws(' ', state, attempts, last_error) AS row FROM task WHERE kind = ";
        let mut conn = self.test.connect().await;
        let row: Row = diesel::sql_query(format!("{query}'{kind}'")).get_result(&mut conn).await.unwrap();
        row.row
    }
}

/// A worker whose `slow` task tells when it was begun and goes on when it is told to.
fn slow(bench: &Bench) -> (Worker, mpsc::UnboundedReceiver<(Leased, oneshot::Sender<()>)>) {
    let (tell, begun) = mpsc::unbounded_channel();
    let worker = bench.worker().handle("slow", move |leased| {
        let (go, wait) = oneshot::channel();
        tell.send((leased, go)).unwrap();
        async move {
            wait.await.unwrap();
            Ok(())
        }
    });
    (worker, begun)
}

#[tokio::test]
async fn a_task_that_takes_its_worker_down_is_given_up_at_last() {
    let bench = Bench::new().await;
    let (worker, mut begun) = slow(&bench);
    bench.enqueue("slow").await;
    for attempt in 1..=12 {
        tokio::select! {
            done = worker.step() => panic!("attempt {attempt}: {done:?}"),
            leased = begun.recv() => assert_eq!(leased.unwrap().0.attempt, attempt),
        }
        // The step was dropped with its body: the worker is gone, the lease is not.
        assert_eq!(bench.stands("slow").await, format!("running {attempt}"));
        assert!(!worker.step().await.unwrap(), "a lease is respected while it lasts");
        bench.clock.advance(LEASE);
    }
    tokio::select! {
        done = worker.step() => assert!(!done.unwrap()),
        _ = begun.recv() => panic!("it was begun once more"),
    }
    assert_eq!(bench.stands("slow").await, "failed 12 INTERNAL");
}

#[tokio::test]
async fn who_lost_a_task_neither_finishes_nor_keeps_it() {
    let bench = Bench::new().await;
    let (worker, mut begun) = slow(&bench);
    bench.enqueue("slow").await;
    let (mut first, mut second) = (Box::pin(worker.step()), Box::pin(worker.step()));
    let (lost, go_lost) = tokio::select! {
        done = &mut first => panic!("{done:?}"),
        leased = begun.recv() => leased.unwrap(),
    };
    bench.clock.advance(LEASE);
    let (held, go_held) = tokio::select! {
        done = &mut second => panic!("{done:?}"),
        leased = begun.recv() => leased.unwrap(),
    };
    let mut conn = bench.test.connect().await;
    let now = bench.clock.now();
    let stop = tasks::extend(&mut conn, lost.id, now).await.unwrap_err();
    assert_eq!(stop.code, Code::Unavailable);
    tasks::extend(&mut conn, held.id, now).await.unwrap();
    go_lost.send(()).unwrap();
    first.await.unwrap();
    assert_eq!(bench.stands("slow").await, "running 2");
    go_held.send(()).unwrap();
    second.await.unwrap();
    assert_eq!(bench.stands("slow").await, "done 2");
}

#[tokio::test]
async fn a_kind_that_a_worker_does_not_know_is_left_for_one_that_does() {
    let bench = Bench::new().await;
    bench.enqueue("slow").await;
    assert!(!bench.worker().step().await.unwrap());
    assert_eq!(bench.stands("slow").await, "queued 0");
}

struct BrokenClock;

impl unionhall_kernel::Clock for BrokenClock {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        panic!("no such instant")
    }
}

#[tokio::test]
async fn a_worker_whose_thread_ends_does_not_end_unnoticed() {
    let bench = Bench::new().await;
    let worker = Worker::new(bench.db.clone(), Arc::new(BrokenClock), Arc::new(RandomIds::default()));
    let mut background = tokio::task::JoinSet::new();
    let on = tokio::runtime::Handle::current();
    unionhall_gateway::worker::spawn(worker, &mut background, &on).unwrap();
    background.join_next().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_worker_that_is_stopped_finishes_its_task_and_begins_no_other() {
    let bench = Bench::new().await;
    let (worker, mut begun) = slow(&bench);
    bench.enqueue("slow").await;
    bench.enqueue("slow").await;
    let mut background = tokio::task::JoinSet::new();
    let on = tokio::runtime::Handle::current();
    let thread = unionhall_gateway::worker::spawn(worker, &mut background, &on).unwrap();
    let (_, go) = begun.recv().await.unwrap();
    let mut finished = Box::pin(thread.finish(std::time::Duration::from_secs(60)));
    assert!(futures_util::poll!(&mut finished).is_pending(), "it is told to stop and not done");
    go.send(()).unwrap();
    assert!(finished.await, "the thread ended in time");
    assert!(begun.recv().await.is_none(), "the second task is left to others");
    background.join_next().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_task_that_takes_too_long_is_not_waited_for() {
    let bench = Bench::new().await;
    let (worker, mut begun) = slow(&bench);
    bench.enqueue("slow").await;
    let mut background = tokio::task::JoinSet::new();
    let on = tokio::runtime::Handle::current();
    let thread = unionhall_gateway::worker::spawn(worker, &mut background, &on).unwrap();
    let (_, go) = begun.recv().await.unwrap();
    assert!(!thread.finish(std::time::Duration::ZERO).await);
    assert_eq!(bench.stands("slow").await, "running 1", "its lease runs out and another takes it");
    go.send(()).unwrap();
    background.join_next().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_panic_is_the_failure_of_one_task() {
    let bench = Bench::new().await;
    let worker = bench
        .worker()
        .handle("hostile", |leased| async move {
            let work = leased.db.write(async |tx| {
                tx.batch_execute("DELETE FROM task").await?;
                panic!("a reader met what it never expected")
            });
            work.await
        })
        .handle("honest", |_| async { Ok(()) });
    bench.enqueue("hostile").await;
    bench.enqueue("honest").await;
    worker.drain().await.unwrap();
    assert_eq!(bench.stands("hostile").await, "queued 1 INTERNAL");
    assert_eq!(bench.stands("honest").await, "done 1");
}
