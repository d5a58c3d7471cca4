//! The union tree. A union's place is its `path` of immutable org codes; industry, regional and enterprise
//! unions cut across divisions, so the division code is an attribute and never decides what a cadre sees.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{IdGen, OrgName, Problem, Uscc};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use crate::schema::org;

/// `union_org_type` of the code tables: county, city and province federations.
const COUNTY_AND_ABOVE: &[&str] = &["8", "9", "10", "14"];
/// `union_org_type` of a county's holding pool.
pub const POOL: &str = "90";

/// A union.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = org)]
pub struct Org {
    /// Its id.
    pub id: Uuid,
    /// Its immutable short code.
    pub code: String,
    /// The union above.
    pub parent_id: Option<Uuid>,
    /// `/41/4101/410102/`
    pub path: String,
    /// Its name.
    pub name: String,
    /// `union_org_type` of the code tables.
    pub org_type: String,
    /// Where it is: 6 or 9 digits.
    pub division_code: String,
    /// Unified social credit code.
    pub uscc: Option<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
    /// Moves with every change.
    pub version: i32,
}

impl Org {
    /// Whether posts here take TOTP: county, city and province federations.
    pub fn is_county_or_above(&self) -> bool {
        is_federation(&self.org_type)
    }
}

/// Whether a `union_org_type` is that of a county, city or province federation.
pub fn is_federation(org_type: &str) -> bool {
    COUNTY_AND_ABOVE.contains(&org_type)
}

/// A union's path under its parent's.
pub fn path_under(parent: Option<&str>, code: &str) -> String {
    format!("{}{code}/", parent.unwrap_or("/"))
}

/// A code for a new enterprise union: `E` and eight characters that cannot be misread.
pub fn new_code(ids: &dyn IdGen) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0u8; 8];
    ids.fill(&mut bytes);
    let tail = bytes.iter().filter_map(|b| ALPHABET.get(usize::from(b % 32))).map(|b| char::from(*b));
    std::iter::once('E').chain(tail).collect()
}

/// A union by id, whatever the scope: for rules inside this room, never for an answer.
pub(crate) async fn any(conn: &mut Conn, id: Uuid) -> Result<Option<Org>, Problem> {
    Ok(org::table.find(id).select(Org::as_select()).first(conn).await.optional()?)
}

/// The county, city or province federation nearest above a place in the tree, that place itself included.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn federation_above(conn: &mut Conn, path: &str) -> Result<Option<Org>, Problem> {
    let ends = path.match_indices('/').map(|(at, _)| at).skip(1);
    let above: Vec<&str> = ends.filter_map(|at| path.get(..=at)).collect();
    let found = org::table
        .filter(org::path.eq_any(above).and(org::org_type.eq_any(COUNTY_AND_ABOVE)))
        .order(org::path.desc())
        .select(Org::as_select());
    Ok(found.first(conn).await.optional()?)
}

/// A union within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Org, Problem> {
    org::table
        .find(id)
        .filter(org::path.ge(scope.start()).and(org::path.lt(scope.end())))
        .select(Org::as_select())
        .first(conn)
        .await
        .optional()?
        .ok_or_else(Problem::not_found)
}

/// Unions of a scope in tree order.
#[derive(Debug, Default)]
pub struct Filter {
    /// Direct children of this union only.
    pub parent: Option<Uuid>,
    /// Part of the name.
    pub name: Option<String>,
    /// `union_org_type`.
    pub org_type: Option<String>,
}

/// A page of unions in tree order, after `after` (a path).
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    filter: &Filter,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<Org>, Problem> {
    let mut query = org::table
        .filter(org::path.ge(scope.start()).and(org::path.lt(scope.end())))
        .filter(org::valid_to.is_null())
        .order(org::path)
        .limit(limit + 1)
        .select(Org::as_select())
        .into_boxed();
    if let Some(parent) = filter.parent {
        query = query.filter(org::parent_id.eq(parent));
    }
    if let Some(name) = &filter.name {
        query = query.filter(org::name.like(contains(name)));
    }
    if let Some(org_type) = &filter.org_type {
        query = query.filter(org::org_type.eq(org_type));
    }
    if let Some(after) = after {
        query = query.filter(org::path.gt(after));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// A `LIKE` pattern for text that contains `part`, taken literally.
pub fn contains(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// A new union.
#[derive(Debug)]
pub struct NewOrg<'a> {
    /// Its code; made for enterprise unions, given for territorial ones.
    pub code: Option<String>,
    /// The union above.
    pub parent: &'a Org,
    /// Its name.
    pub name: &'a OrgName,
    /// `union_org_type`.
    pub org_type: &'a str,
    /// Where it is.
    pub division_code: &'a str,
    /// Unified social credit code.
    pub uscc: Option<&'a Uscc>,
}

/// Creates a union under another.
///
/// # Errors
/// The unique index `org_uscc` when another union has the credit code.
pub async fn create(core: &Core, conn: &mut Conn, new: NewOrg<'_>) -> Result<Org, Problem> {
    let code = new.code.unwrap_or_else(|| new_code(core.ids.as_ref()));
    let path = path_under(Some(&new.parent.path), &code);
    Ok(diesel::insert_into(org::table)
        .values((
            org::id.eq(core.id()),
            org::code.eq(code),
            org::parent_id.eq(new.parent.id),
            org::path.eq(path),
            org::name.eq(new.name.as_str()),
            org::org_type.eq(new.org_type),
            org::division_code.eq(new.division_code),
            org::uscc.eq(new.uscc.map(Uscc::as_str)),
            org::valid_from.eq(core.today()),
            org::created_at.eq(core.now()),
        ))
        .returning(Org::as_returning())
        .get_result(conn)
        .await?)
}

/// The holding pool of a county division.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn pool_of(conn: &mut Conn, division: &str) -> Result<Option<Org>, Problem> {
    Ok(org::table
        .filter(org::org_type.eq(POOL).and(org::division_code.eq(division)))
        .select(Org::as_select())
        .first(conn)
        .await
        .optional()?)
}

/// A union's name; names are public.
///
/// # Errors
/// `NOT_FOUND` when there is no such union.
pub async fn name_of(conn: &mut Conn, id: Uuid) -> Result<String, Problem> {
    let found = org::table.find(id).select(org::name).first(conn).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

/// The names of some unions.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn names_of(conn: &mut Conn, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, Problem> {
    let names: Vec<(Uuid, String)> =
        org::table.filter(org::id.eq_any(ids)).select((org::id, org::name)).load(conn).await?;
    Ok(names.into_iter().collect())
}

/// Where a union is: its division code.
///
/// # Errors
/// `NOT_FOUND` when there is no such union.
pub async fn division_of(conn: &mut Conn, id: Uuid) -> Result<String, Problem> {
    let found = org::table.find(id).select(org::division_code).first(conn).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

/// A union by its code.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn by_code(conn: &mut Conn, code: &str) -> Result<Option<Org>, Problem> {
    Ok(org::table.filter(org::code.eq(code)).select(Org::as_select()).first(conn).await.optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unionhall_kernel::clock::RandomIds;

    #[test]
    fn paths_are_codes_from_the_root_down() {
        assert_eq!(path_under(None, "41"), "/41/");
        assert_eq!(path_under(Some("/41/"), "4101"), "/41/4101/");
        let code = new_code(&RandomIds::default());
        assert!(code.len() == 9 && code.starts_with('E'));
    }

    #[test]
    fn a_search_term_is_taken_literally() {
        assert_eq!(contains("50%_"), "%50\\%\\_%");
    }
}
