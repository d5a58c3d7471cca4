//! Nothing is written without an audit row: after every change that succeeded, the row of its request is there.

use std::sync::LazyLock;

use diesel::sql_types::{Bool, Bytea, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use unionhall_storage::Db;
use uuid::Uuid;

use crate::client::Reply;
use crate::published;

/// Operations that write no audit row on purpose, each with its reason.
const WITHOUT: &[(&str, &str)] = &[
    ("request_otp", "changes nothing but the code, which is counted; what is done with it has a row"),
    ("refresh", "goes on with a session whose opening has a row, every quarter of an hour"),
    ("search_members", "a search that is a POST only to keep numbers out of URLs; answers are masked"),
    (
        "issue_till_code",
        "changes nothing but the digits, which live a minute; every try is a row of `verification_log`",
    ),
    ("tell_presence", "says that a lawyer is there, every minute; what they are given by it has a row"),
    ("read_my_notice", "`notice_read` says itself who read what and when, and is never changed"),
    ("read_received_notice", "as `read_my_notice`"),
    ("read_inbox_message", "`inbox_message` says itself when its owner read it, and nobody else can"),
    ("read_whole_inbox", "as `read_inbox_message`"),
    ("read_lawyer_notices", "`legal_notice` says itself when its lawyer read it, and nobody else can"),
    ("verify_card", "changes nothing; every try is a row of `verification_log`"),
    (
        "redeem_offer",
        "the redemption is the record of who, where and when, is never deleted, and one statement",
    ),
    (
        "calculate_overtime",
        "a POST only to keep what is told out of URLs; a pure function of it, and nothing is kept",
    ),
    ("calculate_severance", "as `calculate_overtime`"),
    ("calculate_no_contract", "as `calculate_overtime`"),
    ("calculate_annual_leave", "as `calculate_overtime`"),
    ("calculate_work_injury", "as `calculate_overtime`"),
    ("calculate_probation", "as `calculate_overtime`"),
    ("calculate_retirement", "as `calculate_overtime`"),
    ("calculate_limitation", "as `calculate_overtime`"),
    ("calculate_dues", "as `calculate_overtime`"),
    ("redeem_at_branch", "as `redeem_offer`; voiding either has a row"),
];

static WITHOUT_IDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let known = |id: &str| published::operations().iter().any(|operation| operation.id == id);
    let ids = WITHOUT.iter().map(|(id, _)| *id);
    ids.inspect(|id| assert!(known(id), "{id} is listed without being an operation")).collect()
});

/// Whether an operation leaves a row. A batch that decided nothing does not: each thing's row is its own.
pub(crate) fn is_due(operation: &published::Operation, reply: &Reply) -> bool {
    operation.changes()
        && (200..300).contains(&reply.status)
        && !WITHOUT_IDS.contains(&operation.id.as_str())
        && !(operation.is_batch() && reply.json()["done"] == 0)
}

/// Whether there is a row of the request; for the repeat of a key, one in the transaction that stored the answer.
pub(crate) async fn is_there(db: &Db, operation: &str, key: Option<&str>, reply: &Reply) -> bool {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let request: Uuid = reply.header("x-request-id").expect("a request id").parse().expect("a request id");
    // What one transaction wrote has one xmin.
    let query = "SELECT EXISTS (SELECT FROM audit_event WHERE request_id = $1) OR EXISTS (\
                     SELECT FROM idempotency i JOIN audit_event a ON a.xmin = i.xmin \
                     WHERE i.operation = $2 AND i.key = $3 AND i.response = $4 AND a.request_id IS NOT NULL) AS found";
    let mut conn = db.read().await.expect("a connection");
    let found: Found = diesel::sql_query(query)
        .bind::<SqlUuid, _>(request)
        .bind::<Text, _>(operation)
        .bind::<Nullable<Text>, _>(key)
        .bind::<Bytea, _>(&reply.body)
        .get_result(&mut conn)
        .await
        .expect("the query answers");
    found.found
}
