//! Whom a firm acts or acted for 服务关系: what the wall is made of. Rows end and are never removed, since what a firm knew it knows.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::firm::Firm;
use crate::names;
use crate::schema::{legal_engagement as rows, legal_firm as firms, legal_lawyer as lawyers};

/// What somebody is. 主体类型
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    /// 单位
    Organisation,
    /// 个人
    Person,
}

impl PartyKind {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Person => "person",
        }
    }

    /// What the names of such are compared by.
    pub fn keys(self, name: &str) -> Vec<String> {
        match self {
            Self::Organisation => names::organisation(name),
            Self::Person => names::person(name),
        }
    }
}

/// An engagement.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = rows)]
pub struct Engagement {
    /// Its id.
    pub id: Uuid,
    /// The firm.
    pub firm_id: Uuid,
    /// The lawyer whose own it is, wherever they go.
    pub lawyer_id: Option<Uuid>,
    kind: String,
    /// The client's name.
    pub name: String,
    /// The client's credit code.
    pub uscc: Option<String>,
    /// As what the firm acts: free words; no role makes it less of a conflict.
    pub role: String,
    /// First day.
    pub from_date: NaiveDate,
    /// Last day.
    pub to_date: Option<NaiveDate>,
    /// Moves when it ends.
    pub version: i32,
}

impl Engagement {
    /// What the client is.
    pub fn kind(&self) -> PartyKind {
        if self.kind == "person" { PartyKind::Person } else { PartyKind::Organisation }
    }
}

/// A new engagement.
#[derive(Debug, Clone)]
pub struct NewEngagement {
    /// The lawyer whose own it is.
    pub lawyer: Option<Uuid>,
    /// What the client is.
    pub kind: PartyKind,
    /// The client's name.
    pub name: String,
    /// The client's credit code.
    pub uscc: Option<String>,
    /// As what the firm acts.
    pub role: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: Option<NaiveDate>,
}

/// Enters an engagement of a firm. The wall stands from this transaction on; whoever calls takes questions back from those
/// who now stand behind it.
///
/// # Errors
/// `VALIDATION_FAILED` at `/lawyer_id` for a lawyer of another firm.
pub async fn create(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    firm: &Firm,
    new: &NewEngagement,
) -> Result<Engagement, Problem> {
    if let Some(lawyer) = new.lawyer {
        let of = lawyers::table.find(lawyer).filter(lawyers::firm_id.eq(firm.id));
        let found: i64 = of.count().get_result(tx).await?;
        if found == 0 {
            let unknown = Invalid::new("LAWYER_UNKNOWN", "不是本所律师。");
            return Err(Problem::invalid("/lawyer_id", unknown));
        }
    }
    let made: Engagement = diesel::insert_into(rows::table)
        .values((
            rows::id.eq(core.id()),
            rows::firm_id.eq(firm.id),
            rows::lawyer_id.eq(new.lawyer),
            rows::kind.eq(new.kind.as_str()),
            rows::name.eq(&new.name),
            rows::name_keys.eq(new.kind.keys(&new.name)),
            rows::keys_version.eq(names::VERSION),
            rows::uscc.eq(&new.uscc),
            rows::role.eq(&new.role),
            rows::from_date.eq(new.from),
            rows::to_date.eq(new.to),
            rows::created_at.eq(core.now()),
        ))
        .returning(Engagement::as_returning())
        .get_result(tx)
        .await?;
    let object = ("engagement", Some(made.id));
    let event = actor.event(core.id(), core.now(), Some(&firm.path), "engagement.create", object);
    audit::append(tx, &event.changes(json!({"firm": firm.id, "kind": new.kind}))).await?;
    Ok(made)
}

/// An engagement of a firm of a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Engagement, Problem> {
    let found = rows::table
        .inner_join(firms::table.on(firms::id.eq(rows::firm_id)))
        .filter(rows::id.eq(id).and(firms::path.ge(scope.start())).and(firms::path.lt(scope.end())))
        .select(Engagement::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// Ends an engagement. The wall stays: a firm that knew the other side's matters still knows them.
///
/// # Errors
/// `STALE`; `INVALID_STATE` when it has ended; `VALIDATION_FAILED` for a day before its first.
pub async fn end(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Engagement,
    on: NaiveDate,
) -> Result<Engagement, Problem> {
    if before.to_date.is_some() {
        return Err(Problem::new(Code::InvalidState));
    }
    if on < before.from_date {
        let invalid = Invalid::new("OUT_OF_RANGE", "结束日期不能早于开始日期。");
        return Err(Problem::invalid("/to_date", invalid));
    }
    let ended: Option<Engagement> =
        diesel::update(rows::table.find(before.id).filter(rows::version.eq(before.version)))
            .set((rows::to_date.eq(on), rows::version.eq(rows::version + 1)))
            .returning(Engagement::as_returning())
            .get_result(tx)
            .await
            .optional()?;
    let ended = ended.ok_or_else(|| Problem::new(Code::Stale))?;
    let path: String = firms::table.find(before.firm_id).select(firms::path).first(tx).await?;
    let object = ("engagement", Some(ended.id));
    let event = actor.event(core.id(), core.now(), Some(&path), "engagement.end", object);
    audit::append(tx, &event.changes(json!({"to_date": on}))).await?;
    Ok(ended)
}

/// A page of a firm's engagements, by id.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    firm: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Engagement>, Problem> {
    let of = rows::table.filter(rows::firm_id.eq(firm).and(rows::id.gt(after.unwrap_or(Uuid::nil()))));
    let found = of.order(rows::id).limit(limit + 1).select(Engagement::as_select()).load(conn).await?;
    Ok(Page::cut(found, limit))
}
