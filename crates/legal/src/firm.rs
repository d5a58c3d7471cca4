//! Law firms 律师事务所 and whom they act for. For a conflict of interest a firm is one head.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::org;
use unionhall_storage::db::constraint;
use unionhall_storage::page::{Page, after};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use crate::names;
use crate::schema::legal_firm as firms;

/// A firm.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = firms)]
pub struct Firm {
    /// Its id.
    pub id: Uuid,
    /// The union that looks after it.
    pub org_id: Uuid,
    /// That union's path.
    pub path: String,
    /// 律所名称
    pub name: String,
    /// 统一社会信用代码
    pub uscc: Option<String>,
    /// 执业许可证号
    pub licence_no: String,
    /// Its last day.
    pub licence_until: NaiveDate,
    /// Moves with every change.
    pub version: i32,
}

/// What is said of a firm.
#[derive(Debug, Clone)]
pub struct FirmTerms {
    /// 律所名称
    pub name: String,
    /// 统一社会信用代码
    pub uscc: Option<String>,
    /// 执业许可证号
    pub licence_no: String,
    /// Its last day.
    pub licence_until: NaiveDate,
}

fn taken(problem: Problem) -> Problem {
    let field = match constraint(&problem) {
        Some("legal_firm_licence") => "licence_no",
        Some("legal_firm_uscc") => "uscc",
        _ => return problem,
    };
    Problem::new(Code::AlreadyExists).with("field", field)
}

/// Enters a firm under a union of the scope.
///
/// # Errors
/// `NOT_FOUND` for a union out of scope; `ALREADY_EXISTS` when the licence or the credit code is another's.
pub async fn create(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    union: Uuid,
    terms: &FirmTerms,
) -> Result<Firm, Problem> {
    let union = org::get(tx, scope, union).await?;
    let made: Result<Firm, _> = diesel::insert_into(firms::table)
        .values((
            firms::id.eq(core.id()),
            firms::org_id.eq(union.id),
            firms::path.eq(&union.path),
            firms::name.eq(&terms.name),
            firms::name_keys.eq(names::organisation(&terms.name)),
            firms::keys_version.eq(names::VERSION),
            firms::uscc.eq(&terms.uscc),
            firms::licence_no.eq(&terms.licence_no),
            firms::licence_until.eq(terms.licence_until),
            firms::created_at.eq(core.now()),
        ))
        .returning(Firm::as_returning())
        .get_result(tx)
        .await;
    let made = made.map_err(|error| taken(error.into()))?;
    let event = actor.event(core.id(), core.now(), Some(&made.path), "firm.create", ("firm", Some(made.id)));
    audit::append(tx, &event.changes(json!({"licence_until": made.licence_until}))).await?;
    Ok(made)
}

/// Changes what is said of a firm.
///
/// # Errors
/// `STALE`; `ALREADY_EXISTS`.
pub async fn change(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Firm,
    terms: &FirmTerms,
) -> Result<Firm, Problem> {
    let read = firms::table.find(before.id).filter(firms::version.eq(before.version));
    let changed: Result<Option<Firm>, _> = diesel::update(read)
        .set((
            firms::name.eq(&terms.name),
            firms::name_keys.eq(names::organisation(&terms.name)),
            firms::keys_version.eq(names::VERSION),
            firms::uscc.eq(&terms.uscc),
            firms::licence_no.eq(&terms.licence_no),
            firms::licence_until.eq(terms.licence_until),
            firms::version.eq(firms::version + 1),
        ))
        .returning(Firm::as_returning())
        .get_result(tx)
        .await
        .optional();
    let changed = changed.map_err(|error| taken(error.into()))?.ok_or_else(|| Problem::new(Code::Stale))?;
    let object = ("firm", Some(changed.id));
    let event = actor.event(core.id(), core.now(), Some(&changed.path), "firm.change", object);
    let moved = json!({"licence_until": [before.licence_until, changed.licence_until], "name": before.name != changed.name});
    audit::append(tx, &event.changes(moved)).await?;
    Ok(changed)
}

/// A firm of a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Firm, Problem> {
    let within = firms::path.ge(scope.start()).and(firms::path.lt(scope.end()));
    let found =
        firms::table.find(id).filter(within).select(Firm::as_select()).first(conn).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

/// A page of the firms of a scope, in tree order.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Firm>, Problem> {
    let mut query = firms::table
        .filter(firms::path.ge(scope.start()).and(firms::path.lt(scope.end())))
        .order((firms::path, firms::id))
        .limit(limit + 1)
        .select(Firm::as_select())
        .into_boxed();
    if let Some(key) = key {
        query = query.filter(after((firms::path, firms::id), key));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}
