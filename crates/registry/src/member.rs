//! Members as cadres see them: lists by scope, exact search, and the full values with a reason.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_identity::person::{self, PersonView};
use unionhall_identity::{Identity, account, session};
use unionhall_kernel::{Code, IdType, Mobile, Problem};
use unionhall_storage::page::{Page, after};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, IfMatch, OrgScope, Realm};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::membership::{self, Reason, State};
use crate::org::contains;
use crate::profile;
use crate::schema::{member_profile, member_standing, org, person_account, person_name};

/// A member with where they stand.
#[derive(Debug, Clone)]
pub struct Member {
    /// The natural person; the member's id for cadres.
    pub person: Uuid,
    /// The membership version, for paging.
    pub membership: Uuid,
    /// The union's path, for paging.
    pub path: String,
    /// Full name; mask it before it leaves.
    pub name: String,
    /// Type of document.
    pub id_type: IdType,
    /// Full number; mask it before it leaves.
    pub id_number: String,
    /// The roster's mobile; mask it before it leaves.
    pub mobile: Option<Mobile>,
    /// The union.
    pub union: Uuid,
    /// Its name.
    pub union_name: String,
    /// How they stand.
    pub state: State,
    /// Why.
    pub reason: Option<Reason>,
    /// Real-name level of their account; 0 without one.
    pub level: u8,
}

/// Which members.
#[derive(Debug, Default)]
pub struct Filter {
    /// In these states; all but ENDED when empty.
    pub states: Vec<State>,
    /// Part of the name.
    pub name: Option<String>,
}

type Row = (Uuid, Uuid, String, Uuid, String, String, Option<String>, Option<Vec<u8>>, Option<i16>);

macro_rules! members {
    () => {
        member_standing::table
            .inner_join(org::table.on(org::id.eq(member_standing::org_id)))
            .left_join(member_profile::table.on(member_profile::person_id.eq(member_standing::person_id)))
            .left_join(person_account::table.on(person_account::person_id.eq(member_standing::person_id)))
            .select((
                member_standing::membership_id,
                member_standing::person_id,
                member_standing::path,
                member_standing::org_id,
                org::name,
                member_standing::state,
                member_standing::reason,
                member_profile::roster_mobile.nullable(),
                person_account::level.nullable(),
            ))
    };
}

async fn members(core: &Core, conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Member>, Problem> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.1).collect();
    let mut views: std::collections::HashMap<Uuid, PersonView> =
        person::views(&core.sealer, conn, &ids).await?.into_iter().map(|view| (view.id, view)).collect();
    rows.into_iter()
        .map(|(membership, person, path, union, union_name, state, reason, mobile, level)| {
            let view =
                views.remove(&person).ok_or_else(|| Problem::internal("a member without a document"))?;
            let mobile = mobile.map(|m| profile::open_mobile(&core.sealer, person, &m)).transpose()?;
            Ok(Member {
                person,
                membership,
                path,
                name: view.name,
                id_type: view.id_type,
                id_number: view.id_number,
                mobile: mobile.flatten(),
                union,
                union_name,
                state: State::parse(&state)?,
                reason: reason.as_deref().and_then(Reason::parse),
                level: level.and_then(|l| u8::try_from(l).ok()).unwrap_or(0),
            })
        })
        .collect()
}

/// A page of the members of a scope, in tree order.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn list(
    core: &Core,
    conn: &mut Conn,
    scope: &OrgScope,
    filter: &Filter,
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Member>, Problem> {
    let states: Vec<&str> = match filter.states.as_slice() {
        [] => State::ALL.iter().filter(|s| **s != State::Ended).map(|s| s.as_str()).collect(),
        some => some.iter().map(|s| s.as_str()).collect(),
    };
    let mut query = members!()
        .filter(member_standing::path.ge(scope.start()).and(member_standing::path.lt(scope.end())))
        .filter(member_standing::state.eq_any(states))
        .order((member_standing::path, member_standing::membership_id))
        .limit(limit + 1)
        .into_boxed();
    if let Some(name) = &filter.name {
        let named = person_name::table
            .filter(person_name::person_id.eq(member_standing::person_id))
            .filter(person_name::name.like(contains(name)));
        query = query.filter(diesel::dsl::exists(named));
    }
    if let Some(key) = key {
        query = query.filter(after((member_standing::path, member_standing::membership_id), key));
    }
    let rows: Vec<Row> = query.load(conn).await?;
    let page = Page::cut(rows, limit);
    let more = page.more;
    Ok(Page { items: members(core, conn, page.items).await?, more })
}

/// One member of a scope.
///
/// # Errors
/// `NOT_FOUND` when absent or out of scope.
pub async fn get(core: &Core, conn: &mut Conn, scope: &OrgScope, person: Uuid) -> Result<Member, Problem> {
    let rows: Vec<Row> = members!()
        .filter(member_standing::person_id.eq(person))
        .filter(member_standing::path.ge(scope.start()).and(member_standing::path.lt(scope.end())))
        .load(conn)
        .await?;
    members(core, conn, rows).await?.pop().ok_or_else(Problem::not_found)
}

/// Members by person, whatever the scope: for what is itself read within one.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub(crate) async fn of(core: &Core, conn: &mut Conn, persons: &[Uuid]) -> Result<Vec<Member>, Problem> {
    let rows: Vec<Row> =
        members!().filter(member_standing::person_id.eq_any(persons.to_vec())).load(conn).await?;
    members(core, conn, rows).await
}

/// By what a member is searched: only exact values, so nothing can be tried out piece by piece.
#[derive(Debug)]
pub enum Exact {
    /// The blind index of a document.
    Document(Vec<u8>),
    /// The blind index of a mobile: the roster's or the account's.
    Mobile(Vec<u8>),
}

/// Members of a scope with exactly this document or mobile; at most 20.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn search(
    core: &Core,
    conn: &mut Conn,
    scope: &OrgScope,
    by: &Exact,
) -> Result<Vec<Member>, Problem> {
    let mut query = members!()
        .filter(member_standing::path.ge(scope.start()).and(member_standing::path.lt(scope.end())))
        .order(member_standing::membership_id)
        .limit(20)
        .into_boxed();
    match by {
        Exact::Document(index) => {
            let Some((person, _)) = person::holder(conn, index).await? else { return Ok(Vec::new()) };
            query = query.filter(member_standing::person_id.eq(person));
        }
        Exact::Mobile(index) => {
            let by_roster = member_profile::roster_mobile_index.eq(index);
            let by_account = person_account::mobile_index.eq(index);
            query = query.filter(by_roster.or(by_account));
        }
    }
    let rows: Vec<Row> = query.load(conn).await?;
    members(core, conn, rows).await
}

/// A field that can be revealed. 可查看的敏感字段
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// 姓名
    Name,
    /// 证件号码
    IdNumber,
    /// 手机
    Mobile,
    /// 出生日期
    BirthDate,
}

/// Full values, as far as they were asked for. 明文
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Revealed {
    /// 姓名
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 证件号码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_number: Option<String>,
    /// 手机 (the roster's)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// 出生日期
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<NaiveDate>,
}

/// Shows full values of a member, with a reason. The intent is committed before anything is read, and the
/// member can see it.
///
/// # Errors
/// `NOT_FOUND` when absent or out of scope.
pub async fn reveal(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    person: Uuid,
    fields: &[Field],
    reason: &str,
) -> Result<Revealed, Problem> {
    let found = get(core, &mut *core.db.read().await?, scope, person).await?;
    let note = |outcome: &str| {
        actor
            .event(core.id(), core.now(), Some(&found.path), "member.reveal", ("member", Some(person)))
            .about(person)
            .changes(json!({"fields": fields}))
            .reason(reason)
            .outcome(outcome)
    };
    core.db.write(async |tx| audit::append(tx, &note("intent")).await).await?;
    let mut revealed = Revealed::default();
    for field in fields {
        match field {
            Field::Name => revealed.name = Some(found.name.clone()),
            Field::IdNumber => revealed.id_number = Some(found.id_number.clone()),
            Field::Mobile => revealed.mobile = found.mobile.as_ref().map(|m| m.national().to_owned()),
            Field::BirthDate => {
                let mut conn = core.db.read().await?;
                revealed.birth_date = person::birth_date(&core.sealer, &mut conn, person).await?;
            }
        }
    }
    core.db.write(async |tx| audit::append(tx, &note("done")).await).await?;
    Ok(revealed)
}

/// A cadre's change of where a member stands.
#[derive(Debug, Clone, Copy)]
pub struct Transition {
    /// To what.
    pub to: State,
    /// Why, where E2 names one.
    pub why: Option<Reason>,
    /// The action of the audit row.
    pub action: &'static str,
}

/// Changes where a member of the scope stands, from today on, in the caller's transaction.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE` when they moved since; `INVALID_STATE`; `NOT_ANOTHER_PERSON` for the cadre's own
/// membership.
pub async fn change(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    scope: &OrgScope,
    (person, version): (Uuid, IfMatch<Uuid>),
    transition: Transition,
    reason: &str,
) -> Result<Member, Problem> {
    if actor.person == Some(person) {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    let found = get(core, tx, scope, person).await?;
    version.check(found.membership)?;
    let change = membership::Change {
        person,
        seen: Some(found.membership),
        org: (found.union, &found.path),
        to: transition.to,
        reason: transition.why,
        on: core.today(),
    };
    membership::change(core, tx, change).await?;
    let object = ("member", Some(person));
    let event = actor
        .event(core.id(), core.now(), Some(&found.path), transition.action, object)
        .about(person)
        .changes(json!({"state": [found.state, transition.to]}))
        .reason(reason);
    audit::append(tx, &event).await?;
    get(core, tx, scope, person).await
}

/// Takes the account off a member of the scope that was confirmed by mistake. One without a mobile, which nobody can log in to,
/// is closed.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`; `NOT_ANOTHER_PERSON` for the cadre's own; `INVALID_STATE` when there is none.
pub async fn unbind(
    identity: &Identity,
    actor: &Actor,
    scope: &OrgScope,
    (person, version): (Uuid, IfMatch<Uuid>),
    reason: &str,
) -> Result<Member, Problem> {
    if actor.person == Some(person) {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    let core = &identity.core;
    let (member, account) = core
        .db
        .write(async |tx| {
            let found = get(core, tx, scope, person).await?;
            version.check(found.membership)?;
            let account = account::find_by_person(tx, Realm::Member, person).await?;
            let account = account.ok_or_else(|| Problem::new(Code::InvalidState))?;
            account::unbind(tx, &account).await?;
            session::end_all(tx, account.id, "unbound", core.now()).await?;
            let event = actor
                .event(core.id(), core.now(), Some(&found.path), "member.unbind", ("member", Some(person)))
                .about(person)
                .changes(json!({"account": account.id}))
                .reason(reason);
            audit::append(tx, &event).await?;
            Ok((get(core, tx, scope, person).await?, account.id))
        })
        .await?;
    identity.states.forget(account);
    Ok(member)
}
