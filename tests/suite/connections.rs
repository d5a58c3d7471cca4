//! What breaks between machines: a slow moment of the database, a connection that died, a request that never ends.

use std::time::Duration;

use diesel::result::Error;
use diesel::sql_types::{Integer, Text};
use diesel_async::RunQueryDsl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use unionhall_storage::{Db, POINT_LIMIT};
use unionhall_testkit::{TestApp, TestDb};

#[derive(diesel::QueryableByName)]
struct Told {
    #[diesel(sql_type = Text)]
    limit: String,
    #[diesel(sql_type = Integer)]
    pid: i32,
}

async fn ask(db: &Db, query: &str) -> Told {
    db.point(async |conn| {
        let told: Result<Told, Error> = diesel::sql_query(query).get_result(conn).await;
        told
    })
    .await
    .unwrap()
}

const WHO: &str = "SELECT current_setting('statement_timeout') AS limit, pg_backend_pid() AS pid";

#[tokio::test]
async fn a_point_read_that_is_slow_or_cut_off_is_asked_once_more() {
    let test = TestDb::new().await;
    let mut config = test.config();
    config.point_limit = POINT_LIMIT;
    let db = Db::new(tokio::runtime::Handle::current(), &config).unwrap();
    let usual = ask(&db, WHO).await;
    assert_eq!(usual.limit, "50ms");
    let slow = ask(
        &db,
        "SELECT current_setting('statement_timeout') AS limit, pg_backend_pid() AS pid FROM pg_sleep(0.2)",
    )
    .await;
    assert_eq!(slow.limit, "10s", "answered by the read pool");
    assert_ne!(slow.pid, usual.pid);
    let again = ask(&db, WHO).await;
    assert_eq!(again.pid, usual.pid, "the pipeline goes on");
    let cut = format!("SELECT pg_terminate_backend({}, 5000)::text AS limit, 0 AS pid", usual.pid);
    let mut other = test.connect().await;
    let _: Told = diesel::sql_query(cut).get_result(&mut other).await.unwrap();
    let after = ask(&db, WHO).await;
    assert_eq!(after.limit, "10s", "the cut read was asked through the read pool");
    let healed = ask(&db, WHO).await;
    assert_eq!(healed.limit, "50ms", "and the next one has a pipeline of its own again");
    assert_ne!(healed.pid, usual.pid);
}

#[tokio::test]
async fn a_request_that_never_ends_is_given_up_with_a_problem() {
    let app = TestApp::with_time_limit(Duration::from_millis(200)).await;
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    let head = "POST /v1/auth/otp HTTP/1.1\r\nhost: till\r\naccept-language: en\r\n\
                content-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "{}", String::from_utf8_lossy(&answer));
    }
    let answer = String::from_utf8(answer).unwrap().to_lowercase();
    for said in ["http/1.1 408", "application/problem+json", "x-request-id: ", "request_timeout"] {
        assert!(answer.contains(said), "{said}: {answer}");
    }
}
