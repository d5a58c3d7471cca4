//! Posts: who is what in which union, from when to when, and what they may grant. A post acts through account
//! state: granting or revoking one touches the holder's accounts in the same transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_identity::{RoleSource, account};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::page::{Page, after};
use unionhall_storage::{Conn, Core};
use unionhall_web::actor::Seat;
use unionhall_web::{OrgScope, Realm, Role, RoleName};
use uuid::Uuid;

use crate::org::Org;
use crate::schema::{self, person_name, post};

/// A new post.
#[derive(Debug)]
pub struct NewPost<'a> {
    /// Who.
    pub person: Uuid,
    /// In which union.
    pub org: &'a Org,
    /// As what.
    pub role: RoleName,
    /// What they may grant in turn.
    pub ceiling: &'a [RoleName],
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: Option<DateTime<Utc>>,
    /// Who granted it.
    pub granted_by: Option<Uuid>,
}

/// Grants a post.
///
/// # Errors
/// The unique index `post_held` when the person holds it already.
pub async fn grant(core: &Core, conn: &mut Conn, new: &NewPost<'_>) -> Result<Uuid, Problem> {
    let (id, now) = (core.id(), core.now());
    let ceiling: Vec<&str> = new.ceiling.iter().map(|r| r.as_str()).collect();
    diesel::insert_into(post::table)
        .values((
            post::id.eq(id),
            post::person_id.eq(new.person),
            post::org_id.eq(new.org.id),
            post::path.eq(&new.org.path),
            post::role.eq(new.role.as_str()),
            post::ceiling.eq(ceiling),
            post::valid_from.eq(new.from),
            post::valid_to.eq(new.to),
            post::granted_by.eq(new.granted_by),
            post::granted_at.eq(now),
        ))
        .execute(conn)
        .await?;
    account::touch_person(conn, new.person, now).await?;
    Ok(id)
}

/// A post with whose and where it is.
#[derive(Debug, Clone)]
pub struct PostView {
    /// The post.
    pub id: Uuid,
    /// Who holds it.
    pub person: Uuid,
    /// Their full name; mask it before it leaves.
    pub name: String,
    /// In which union.
    pub org: Uuid,
    /// That union's name.
    pub org_name: String,
    /// That union's path.
    pub path: String,
    /// As what.
    pub role: RoleName,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Moves with every change.
    pub version: i32,
}

type ViewRow = (
    Uuid,
    Uuid,
    String,
    Uuid,
    String,
    String,
    String,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    i32,
);

fn view(
    (id, person, name, org, org_name, path, role, from, to, revoked_at, version): ViewRow,
) -> Result<PostView, Problem> {
    Ok(PostView { id, person, name, org, org_name, path, role: role.parse()?, from, to, revoked_at, version })
}

macro_rules! views {
    () => {
        post::table
            .inner_join(schema::org::table.on(schema::org::id.eq(post::org_id)))
            .inner_join(person_name::table.on(person_name::person_id.eq(post::person_id)))
            .select((
                post::id,
                post::person_id,
                person_name::name,
                post::org_id,
                schema::org::name,
                post::path,
                post::role,
                post::valid_from,
                post::valid_to,
                post::revoked_at,
                post::version,
            ))
    };
}

/// A page of the live posts of a scope.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<PostView>, Problem> {
    let mut query = views!()
        .filter(post::path.ge(scope.start()).and(post::path.lt(scope.end())))
        .filter(post::revoked_at.is_null())
        .order((post::path, post::id))
        .limit(limit + 1)
        .into_boxed();
    if let Some(key) = key {
        query = query.filter(after((post::path, post::id), key));
    }
    let rows: Vec<ViewRow> = query.load(conn).await?;
    Ok(Page::cut(rows.into_iter().map(view).collect::<Result<_, _>>()?, limit))
}

/// One post of a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<PostView, Problem> {
    let row: Option<ViewRow> = views!()
        .filter(post::id.eq(id))
        .filter(post::path.ge(scope.start()).and(post::path.lt(scope.end())))
        .first(conn)
        .await
        .optional()?;
    row.map(view).transpose()?.ok_or_else(Problem::not_found)
}

/// Revokes a post. Its tokens are refused as soon as account state knows; the holder's other posts stay.
///
/// # Errors
/// `STALE` when it was revoked or changed since `version` was read.
pub async fn revoke(
    core: &Core,
    conn: &mut Conn,
    view: &PostView,
    version: i32,
    by: Uuid,
) -> Result<Vec<Uuid>, Problem> {
    let now = core.now();
    let done = diesel::update(
        post::table.find(view.id).filter(post::revoked_at.is_null().and(post::version.eq(version))),
    )
    .set((post::revoked_at.eq(now), post::revoked_by.eq(by), post::version.eq(post::version + 1)))
    .execute(conn)
    .await?;
    if done == 0 {
        return Err(Problem::new(Code::Stale));
    }
    account::touch_person(conn, view.person, now).await
}

/// Tells identity what cadres and auditors may act as.
#[derive(Debug, Default, Clone, Copy)]
pub struct PostRoles;

#[async_trait]
impl RoleSource for PostRoles {
    fn realms(&self) -> &'static [Realm] {
        &[Realm::Cadre, Realm::Auditor]
    }

    async fn roles(
        &self,
        conn: &mut Conn,
        _account: Uuid,
        person: Option<Uuid>,
    ) -> Result<Vec<Role>, Problem> {
        let Some(person) = person else { return Ok(Vec::new()) };
        type Row = (Uuid, String, Vec<String>, DateTime<Utc>, Option<DateTime<Utc>>, Uuid);
        // The path comes from the union's own row: after a move it is right at once.
        let rows: Vec<(Row, Org)> = post::table
            .inner_join(schema::org::table.on(schema::org::id.eq(post::org_id)))
            .filter(post::person_id.eq(person).and(post::revoked_at.is_null()))
            .order((schema::org::path, post::id))
            .select((
                (post::id, post::role, post::ceiling, post::valid_from, post::valid_to, post::org_id),
                Org::as_select(),
            ))
            .load(conn)
            .await?;
        rows.into_iter()
            .map(|((id, role, ceiling, from, to, org_id), org)| {
                let name: RoleName = role.parse()?;
                Ok(Role {
                    id,
                    name,
                    totp: takes_totp(name, &org),
                    seat: Seat::Union { id: org_id, path: org.path },
                    ceiling: ceiling.iter().map(|r| r.parse()).collect::<Result<_, _>>()?,
                    from,
                    to,
                })
            })
            .collect()
    }
}

/// Whether a post takes TOTP: at the county and above, and for auditors; below, a code by SMS will do.
pub fn takes_totp(role: RoleName, org: &Org) -> bool {
    role == RoleName::Auditor || org.is_county_or_above()
}

/// The realm an account of this role lives in.
pub const fn realm_of(role: RoleName) -> Realm {
    match role {
        RoleName::Auditor => Realm::Auditor,
        _ => Realm::Cadre,
    }
}
