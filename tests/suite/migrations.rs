//! Migrations go up, down and up again, and end where they began.

use diesel_async::RunQueryDsl;
use unionhall_storage::migrate::{self, Direction};
use unionhall_testkit::TestDb;

#[derive(diesel::QueryableByName, PartialEq, Debug)]
struct Shape {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

async fn shape(db: &TestDb) -> Vec<Shape> {
    let mut conn = db.connect().await;
    diesel::sql_query(
        "SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) AS line \
         FROM information_schema.columns WHERE table_schema = 'public' \
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
         UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint \
                   WHERE connamespace = 'public'::regnamespace \
         UNION ALL SELECT format('%s %s', viewname, definition) FROM pg_views WHERE schemaname = 'public' \
         ORDER BY line",
    )
    .load(&mut conn)
    .await
    .unwrap()
}

#[tokio::test]
async fn up_down_up() {
    let db = TestDb::empty().await;
    let up = migrate::run(db.url(), Direction::Up).await.unwrap();
    assert_eq!(migrate::pending(db.url()).await.unwrap(), 0);
    let first = shape(&db).await;
    let down = migrate::run(db.url(), Direction::Down).await.unwrap();
    assert_eq!(up.len(), down.len());
    let bare: Vec<Shape> = shape(&db).await.into_iter().filter(|s| !s.line.contains("__diesel")).collect();
    assert_eq!(bare, []);
    migrate::run(db.url(), Direction::Up).await.unwrap();
    assert_eq!(shape(&db).await, first);
}
