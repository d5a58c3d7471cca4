//! How the lists are read: a page begins in the index where the one before ended, whatever was skipped.

use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use unionhall_merchants::{campaign, merchant};
use unionhall_messages::notice;
use unionhall_registry::{member, post};
use unionhall_storage::Conn;
use unionhall_testkit::TestApp;
use unionhall_web::OrgScope;
use uuid::Uuid;

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    text: String,
}

/// The statements that a connection is given.
fn listen(conn: &mut Conn) -> Arc<Mutex<Vec<String>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = heard.clone();
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            hears.lock().unwrap().push(query.to_string());
        }
    });
    heard
}

/// The generic plan of a statement, with sorting and scanning made so dear that only an index is left, where
/// there is one that fits: the tables of a test are too small for the planner to care.
async fn plan(conn: &mut Conn, statement: &str) -> String {
    let sql = statement.split(" -- binds").next().unwrap();
    let binds = (1..).take_while(|n| sql.contains(&format!("${n}"))).count();
    conn.batch_execute(&format!(
        "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off; \
         SET plan_cache_mode = force_generic_plan; DEALLOCATE ALL; PREPARE q AS {sql}"
    ))
    .await
    .unwrap();
    let nulls = vec!["NULL"; binds].join(", ");
    let lines: Vec<Line> =
        diesel::sql_query(format!("EXPLAIN (COSTS OFF) EXECUTE q({nulls})")).load(conn).await.unwrap();
    lines.into_iter().map(|l| l.text).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn scoped_lists_in_tree_order_go_on_by_their_index() {
    let app = TestApp::start().await;
    let core = app.core();
    let scope = OrgScope::subtree("/41/");
    let key = ("/41/4101/".to_owned(), Uuid::nil());
    let mut conn = app.db.connect().await;
    let heard = listen(&mut conn);
    member::list(core, &mut conn, &scope, &member::Filter::default(), Some(&key), 20).await.unwrap();
    post::list(&mut conn, &scope, Some(&key), 20).await.unwrap();
    merchant::list(&mut conn, &scope, None, Some(&key), 20).await.unwrap();
    campaign::list(&mut conn, &scope, &[], Some(&key), 20).await.unwrap();
    notice::list(&mut conn, &scope, &[], Some(&key), 20).await.unwrap();
    let statements = std::mem::take(&mut *heard.lock().unwrap());
    let lists: Vec<&String> = statements.iter().filter(|s| s.contains(" LIMIT ")).collect();
    assert_eq!(lists.len(), 5, "{statements:#?}");
    for statement in lists {
        let plan = plan(&mut conn, statement).await;
        let begins = plan.lines().any(|l| l.contains("Index Cond") && l.contains("ROW("));
        assert!(begins && !plan.contains("Sort"), "{statement}\n{plan}");
    }
}
