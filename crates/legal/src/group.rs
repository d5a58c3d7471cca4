//! Which companies are one for a conflict of interest 企业集团: a firm that acts for one of a group acts for all.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};

use crate::schema::legal_group as rows;

/// Says to which group a company belongs: the credit code of the group's head, its own where it belongs to none. Rows name the root:
/// where the head belongs to a group itself that group's head is entered, and where the company is a head its members come
/// along. A company that leaves leaves alone. Answers the root. Whoever calls takes questions back from those who now stand behind
/// the wall.
///
/// # Errors
/// `GROUP_CYCLE` when the head belongs to the company's own group.
pub async fn set(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    (company, head): (&str, &str),
) -> Result<String, Problem> {
    // Two chains that are tied at once would be tied at their middles.
    diesel::sql_query("LOCK TABLE legal_group IN SHARE ROW EXCLUSIVE MODE").execute(tx).await?;
    let above = rows::table.find(head).select(rows::group_uscc).first::<String>(tx).await.optional()?;
    let leaves = company == head;
    let root = above.filter(|_| !leaves).unwrap_or_else(|| head.to_owned());
    if root == company && !leaves {
        return Err(Problem::new(Code::GroupCycle));
    }
    if !leaves {
        let members = rows::table.filter(rows::group_uscc.eq(company));
        diesel::update(members).set(rows::group_uscc.eq(&root)).execute(tx).await?;
    }
    for (uscc, overrule) in [(root.as_str(), false), (company, true)] {
        let row = (rows::uscc.eq(uscc), rows::group_uscc.eq(&root));
        let insert = diesel::insert_into(rows::table).values(row).on_conflict(rows::uscc);
        match overrule {
            true => insert.do_update().set(rows::group_uscc.eq(&root)).execute(tx).await?,
            false => insert.do_nothing().execute(tx).await?,
        };
    }
    let event =
        actor.event(core.id(), core.now(), Some(scope.start()), "company_group.set", ("company_group", None));
    let told = json!({"uscc": company, "said": head, "group_uscc": root});
    audit::append(tx, &event.changes(told)).await?;
    Ok(root)
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
