//! Whom a complete file does not name 待核减名单: members of the subtree that stood on the day of the upload and
//! whose document is in no row, rejected rows included. A proposal only: silence never ends a membership.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::{Page, after};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Import, Mode, State};
use crate::membership::State as Standing;
use crate::schema::{import_row, membership, org, person_name};

/// A proposed leaver.
#[derive(Debug)]
pub struct Leaver {
    /// The membership; the list goes on after it.
    pub membership: Uuid,
    /// Its path; likewise.
    pub path: String,
    /// Who.
    pub person: Uuid,
    /// Their full name; mask it before it leaves.
    pub name: String,
    /// In which union.
    pub org: Uuid,
    /// Its name.
    pub org_name: String,
    /// How they stand.
    pub state: Standing,
}

/// A page of proposed leavers in tree order, after `key`. Empty unless the import is complete (mode full),
/// of members, and validated.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    import: &Import,
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Leaver>, Problem> {
    let is_known = matches!(import.state, State::Validated | State::Committing | State::Committed);
    let own: Option<String> = org::table.find(import.org).select(org::path).first(conn).await.optional()?;
    let subtree = own.and_then(|path| scope.narrow(&path));
    let Some(subtree) = subtree.filter(|_| is_known && import.mode == Mode::Full) else {
        return Ok(Page { items: Vec::new(), more: false });
    };
    let named = import_row::table
        .filter(import_row::import_id.eq(import.id))
        .filter(import_row::person_id.eq(membership::person_id.nullable()))
        .select(import_row::id);
    let mut query = membership::table
        .inner_join(person_name::table.on(person_name::person_id.eq(membership::person_id)))
        .inner_join(org::table.on(org::id.eq(membership::org_id)))
        .filter(membership::path.ge(subtree.start()).and(membership::path.lt(subtree.end())))
        .filter(membership::superseded_at.is_null().and(membership::valid_to.is_null()))
        .filter(membership::state.ne(Standing::Ended.as_str()))
        .filter(membership::recorded_at.le(import.created_at))
        .filter(diesel::dsl::not(diesel::dsl::exists(named)))
        .order((membership::path, membership::id))
        .limit(limit + 1)
        .select((
            membership::id,
            membership::path,
            membership::person_id,
            person_name::name,
            membership::org_id,
            org::name,
            membership::state,
        ))
        .into_boxed();
    if let Some(key) = key {
        query = query.filter(after((membership::path, membership::id), key));
    }
    type Row = (Uuid, String, Uuid, String, Uuid, String, String);
    let rows: Vec<Row> = query.load(conn).await?;
    let rows = rows.into_iter().map(|(membership, path, person, name, org, org_name, state)| {
        Ok(Leaver { membership, path, person, name, org, org_name, state: Standing::parse(&state)? })
    });
    Ok(Page::cut(rows.collect::<Result<_, Problem>>()?, limit))
}
