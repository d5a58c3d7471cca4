//! Which companies are one for a conflict of interest 企业集团: a firm that acts for one of a group acts for all.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};

use crate::schema::legal_group as rows;

/// Says to which group a company belongs: the credit code of the group's head, its own where it belongs to none. Whoever calls
/// takes questions back from those who now stand behind the wall.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn set(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    (company, head): (&str, &str),
) -> Result<(), Problem> {
    for (uscc, overrule) in [(head, false), (company, true)] {
        let row = (rows::uscc.eq(uscc), rows::group_uscc.eq(head));
        let insert = diesel::insert_into(rows::table).values(row).on_conflict(rows::uscc);
        match overrule {
            true => insert.do_update().set(rows::group_uscc.eq(head)).execute(tx).await?,
            false => insert.do_nothing().execute(tx).await?,
        };
    }
    let event =
        actor.event(core.id(), core.now(), Some(scope.start()), "company_group.set", ("company_group", None));
    audit::append(tx, &event.changes(json!({"uscc": company, "group_uscc": head}))).await
}

/// A page of companies with their groups' heads, by credit code.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<(String, String)>, Problem> {
    let found = rows::table.filter(rows::uscc.gt(after.unwrap_or(""))).order(rows::uscc).limit(limit + 1);
    Ok(Page::cut(found.select((rows::uscc, rows::group_uscc)).load(conn).await?, limit))
}
