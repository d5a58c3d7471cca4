//! The commands, as an operator calls them.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod clients;
mod dev_pages;
mod doctor;
mod metrics;
mod readiness;
mod server;
mod stopping;
mod traces;
mod training;

use std::process::{Command, Output};

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use unionhall_kernel::clock::RandomIds;
use unionhall_storage::keys::Kek;
use unionhall_testkit::TestDb;

fn unionhall(db: &TestDb, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unionhall"));
    command
        .args(arguments)
        .env("UNIONHALL_PROFILE", "production")
        .env("DATABASE_URL", db.url())
        .env("UNIONHALL_KEK", Kek::generate(&RandomIds::default()).as_str())
        .env("UNIONHALL_SMS_URL", "http://127.0.0.1:9/");
    command.output().unwrap()
}

fn told(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[derive(diesel::QueryableByName)]
struct Tables {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

async fn tables(db: &TestDb) -> i64 {
    let query = "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'public'";
    let found: Tables = diesel::sql_query(query).get_result(&mut db.connect().await).await.unwrap();
    found.n
}

#[tokio::test]
async fn nothing_starts_on_another_versions_schema() {
    let db = TestDb::new().await;
    let older = "DELETE FROM __diesel_schema_migrations WHERE version = \
                 (SELECT max(version) FROM __diesel_schema_migrations)";
    db.connect().await.batch_execute(older).await.unwrap();
    for command in [&["serve"][..], &["worker"], &["keys", "rotate"]] {
        let told = told(&unionhall(&db, command));
        assert!(told.contains("1 migrations are not applied"), "{command:?}: {told}");
    }
}

#[tokio::test]
async fn everything_is_dropped_only_when_it_is_meant() {
    let db = TestDb::new().await;
    let before = tables(&db).await;
    let told = told(&unionhall(&db, &["migrate", "--down"]));
    assert!(told.contains("--yes-drop-everything"), "{told}");
    assert_eq!(tables(&db).await, before);
    let meant = unionhall(&db, &["migrate", "--down", "--yes-drop-everything"]);
    assert!(meant.status.success(), "{}", String::from_utf8_lossy(&meant.stderr));
    assert_eq!(tables(&db).await, 1, "what diesel notes its migrations in");
}
