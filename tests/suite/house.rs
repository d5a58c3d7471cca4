//! The structure: who may depend on whom, and whose tables are whose.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use unionhall_testkit::TestDb;

use crate::root;

// A crate may depend on those before it in its row, and on nothing else of ours.
const ALLOWED: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("storage", &["kernel"]),
    ("web", &["kernel", "storage"]),
    ("files", &["kernel", "storage", "web"]),
    ("casework", &["kernel", "storage", "web"]),
    ("identity", &["kernel", "storage", "web"]),
    ("registry", &["kernel", "storage", "web", "files", "identity"]),
    ("cards", &["kernel", "storage", "web", "identity", "registry"]),
    ("merchants", &["kernel", "storage", "web", "files", "identity", "registry", "cards"]),
    ("jobs", &["kernel", "storage", "web", "files", "identity", "registry"]),
    (
        "messages",
        &["kernel", "storage", "web", "files", "identity", "registry", "cards", "legal", "merchants", "jobs"],
    ),
    ("legal", &["kernel", "storage", "web", "casework", "calculators", "files", "identity", "registry"]),
    ("partners", &["kernel", "storage", "web", "identity", "registry"]),
    ("calculators", &["kernel", "storage", "web", "casework", "identity", "registry"]),
    (
        "gateway",
        &[
            "kernel",
            "storage",
            "web",
            "casework",
            "legal",
            "files",
            "identity",
            "registry",
            "cards",
            "merchants",
            "jobs",
            "messages",
            "partners",
            "calculators",
        ],
    ),
];
// Rooms that only tools and tests stand on.
const ON_TOP: &[&str] = &["testkit", "simulator", "tests"];

#[test]
fn dependencies_point_downward_only() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ours = |name: &str| name.strip_prefix("unionhall-").map(ToOwned::to_owned);
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut seen = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = ours(package["name"].as_str().unwrap()).expect("a package of ours");
        seen.insert(name.clone());
        if ON_TOP.contains(&name.as_str()) {
            continue;
        }
        let allowed =
            allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no place in the house"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let normal = dependency["kind"].is_null();
            if let Some(on) = ours(dependency["name"].as_str().unwrap()).filter(|_| normal) {
                assert!(allowed.contains(&on.as_str()), "{name} must not depend on {on}");
            }
        }
    }
    for (name, _) in ALLOWED {
        assert!(seen.contains(*name), "{name} is listed and missing");
    }
}

// A table's name begins with a prefix of its owner; a view is published by the room that owns its prefix.
const PREFIXES: &[(&str, &[&str])] = &[
    ("storage", &["storage", "idempotency", "outbox", "task", "audit", "blob"]),
    ("casework", &["case"]),
    ("legal", &["legal"]),
    ("files", &["file"]),
    ("identity", &["person", "account", "session", "otp", "consent"]),
    ("registry", &["org", "post", "member", "membership", "import", "export"]),
    ("cards", &["card"]),
    ("merchants", &["merchant", "campaign", "coupon", "redemption", "verification"]),
    ("jobs", &["job", "recruiter"]),
    ("messages", &["notice", "inbox", "push"]),
    ("partners", &["partner"]),
    ("calculators", &["law"]),
];
// Views a room publishes for those above; `member_standing` is the only relation of registry they may name.
const PUBLISHED: &[&str] = &[
    "person_name",
    "person_account",
    "member_standing",
    "card_standing",
    "card_burn",
    "audit_entry",
    "legal_conflict",
];

fn owner(table: &str) -> Option<&'static str> {
    let begins = |prefix: &&str| {
        table.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let longest = PREFIXES
        .iter()
        .flat_map(|(room, prefixes)| prefixes.iter().filter(|p| begins(p)).map(move |p| (p.len(), *room)))
        .max();
    longest.map(|(_, room)| room)
}

/// `table!` blocks of a room: table to its columns with nullability.
fn declared(room: &str) -> Vec<(String, BTreeMap<String, bool>)> {
    let text = std::fs::read_to_string(root().join(format!("crates/{room}/src/schema.rs"))).unwrap();
    let mut tables = Vec::new();
    for block in text.split("table! {").skip(1) {
        let mut lines = block.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("//"));
        let head = lines.next().unwrap();
        let name = head.split(' ').next().unwrap().to_owned();
        let columns = lines
            .take_while(|l| *l != "}")
            .map(|l| {
                let (column, kind) = l.trim_end_matches(',').split_once(" -> ").unwrap();
                (column.to_owned(), kind.starts_with("Nullable<"))
            })
            .collect();
        tables.push((name, columns));
    }
    tables
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = diesel::sql_types::Text)]
    table_name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    column_name: String,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    nullable: bool,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_view: bool,
}

#[tokio::test]
async fn every_table_is_its_rooms_own_or_a_published_view_and_matches_the_database() {
    use diesel_async::RunQueryDsl;
    let db = TestDb::new().await;
    let mut conn = db.connect().await;
    let rows: Vec<Column> = diesel::sql_query(
        "SELECT c.table_name::text, c.column_name::text, c.is_nullable = 'YES' AS nullable, \
                t.table_type = 'VIEW' AS is_view \
         FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) \
         WHERE c.table_schema = 'public'",
    )
    .load(&mut conn)
    .await
    .unwrap();
    let mut real: BTreeMap<String, BTreeMap<String, (bool, bool)>> = BTreeMap::new();
    for row in rows {
        real.entry(row.table_name).or_default().insert(row.column_name, (row.nullable, row.is_view));
    }
    let mut declared_somewhere = BTreeSet::new();
    for (room, _) in PREFIXES {
        for (table, columns) in declared(room) {
            let columns_in_database =
                real.get(&table).unwrap_or_else(|| panic!("{room}: no table {table} in the database"));
            let own = owner(&table) == Some(room);
            assert!(own || PUBLISHED.contains(&table.as_str()), "{room} names {table}, which is not its own");
            if own {
                declared_somewhere.insert(table.clone());
            }
            for (column, nullable) in columns {
                let (really, is_view) = columns_in_database
                    .get(&column)
                    .unwrap_or_else(|| panic!("{room}: no column {table}.{column} in the database"));
                // A view's columns always count as nullable there.
                assert!(*is_view || nullable == *really, "{room}: nullability of {table}.{column} differs");
            }
        }
    }
    for (table, columns) in &real {
        if table == "__diesel_schema_migrations" {
            continue;
        }
        let room = owner(table).unwrap_or_else(|| panic!("{table} has no owner"));
        let is_view = columns.values().all(|(_, is_view)| *is_view);
        let known = if is_view { PUBLISHED.contains(&table.as_str()) } else { true };
        assert!(known, "view {table} of {room} is not in the list of published ones");
    }
}
