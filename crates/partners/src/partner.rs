//! Partners as rows, as the cadres of a scope see and register them.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use unionhall_identity::account::{self, NewAccount};
use unionhall_kernel::{Invalid, Mobile, Problem};
use unionhall_registry::org;
use unionhall_storage::page::{Page, after};
use unionhall_storage::{Conn, Core, Sealer, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope, Realm};
use uuid::Uuid;

use crate::key::{self, PublicKey};
use crate::receives::Shared;
use crate::schema::partner;
use crate::state::State;

const MOBILE: &str = "partner.contact_mobile";
/// `union_org_type` of the code tables: city and province federations.
const CITY_AND_ABOVE: &[&str] = &["9", "10", "14"];

/// A partner.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = partner)]
pub struct Partner {
    /// Its id: its account's, and its client_id.
    pub id: Uuid,
    /// The union that registered it.
    pub org_id: Uuid,
    /// That union's path.
    pub path: String,
    /// What members read.
    pub name: String,
    /// Whose system it is: a credit code.
    pub uscc: Option<String>,
    /// Whose system it is: a name.
    pub organisation: Option<String>,
    /// Whom the union calls.
    pub contact_name: String,
    contact_mobile: Vec<u8>,
    /// Where apps may carry a ticket to.
    pub redirect_origins: Vec<String>,
    /// What it learns.
    #[diesel(deserialize_as = Vec<String>)]
    pub receives: Shared,
    /// Where it stands.
    #[diesel(deserialize_as = String)]
    pub state: State,
    /// Why it was suspended, resumed or closed.
    pub reason: Option<String>,
    /// Every natural person who entered any of what is approved.
    pub written_by: Vec<Uuid>,
    /// Moves with every change.
    pub version: i32,
}

impl Partner {
    /// Whom the union calls.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed value does not open.
    pub fn contact_mobile(&self, sealer: &Sealer) -> Result<Mobile, Problem> {
        let text = sealer.open_text(MOBILE, self.id, &self.contact_mobile)?;
        Mobile::parse(&text).map_err(|_| Problem::internal("a stored mobile is none"))
    }
}

/// Who does something to a partner.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The natural person.
    pub person: Uuid,
    /// For the audit row.
    pub actor: &'a Actor,
    /// What they may see.
    pub scope: &'a OrgScope,
}

impl By<'_> {
    /// Leaves the audit row of a change.
    ///
    /// # Errors
    /// `INTERNAL` when the row cannot be written.
    pub(crate) async fn note(
        self,
        core: &Core,
        tx: &mut Conn,
        of: &Partner,
        action: &str,
        changes: Value,
    ) -> Result<(), Problem> {
        let event = self.actor.event(core.id(), core.now(), Some(&of.path), action, ("partner", Some(of.id)));
        audit::append(tx, &event.changes(changes)).await
    }
}

/// What a cadre enters.
#[derive(Debug, Clone)]
pub struct Details {
    /// What members read.
    pub name: String,
    /// Whose system it is: a credit code,
    pub uscc: Option<String>,
    /// or a name, or both.
    pub organisation: Option<String>,
    /// Whom the union calls.
    pub contact_name: String,
    /// Their number; sealed in the store.
    pub contact_mobile: Mobile,
    /// Where apps may carry a ticket to.
    pub redirect_origins: Vec<String>,
    /// What it learns.
    pub receives: Shared,
}

macro_rules! in_scope {
    ($scope:expr) => {
        partner::path.ge($scope.start()).and(partner::path.lt($scope.end()))
    };
}

/// A partner within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Partner, Problem> {
    let found = partner::table.find(id).filter(in_scope!(scope)).select(Partner::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// The paths of a union and of all above it.
fn chain(path: &str) -> Vec<String> {
    let ends = path.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(at, _)| at);
    ends.filter_map(|at| path.get(..=at)).map(str::to_owned).collect()
}

/// A partner that the members of a scope may have agreed to under its own unions: one within the scope or of a union above.
///
/// # Errors
/// `NOT_FOUND` when it is absent or a stranger's.
pub async fn over(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Partner, Problem> {
    let found = partner::table
        .find(id)
        .filter(in_scope!(scope).or(partner::path.eq_any(chain(scope.start()))))
        .select(Partner::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A partner that members may enter now.
///
/// # Errors
/// `NOT_FOUND` when it is absent or not active.
pub async fn active(conn: &mut Conn, id: Uuid) -> Result<Partner, Problem> {
    let found = partner::table
        .find(id)
        .filter(partner::state.eq(State::Active.as_str()))
        .select(Partner::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of the partners of a scope in some states (all without), after `(path, id)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[State],
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Partner>, Problem> {
    let mut query = partner::table
        .filter(in_scope!(scope))
        .order((partner::path, partner::id))
        .limit(limit + 1)
        .select(Partner::as_select())
        .into_boxed();
    if !states.is_empty() {
        let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        query = query.filter(partner::state.eq_any(words));
    }
    if let Some(key) = key {
        query = query.filter(after((partner::path, partner::id), key));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// Registers a partner of a union with its first key; another person approves it.
///
/// # Errors
/// `NOT_FOUND` when the union is absent or out of scope; `VALIDATION_FAILED` with `PARTNER_LEVEL` at `/union_id` below the
/// city; `ALREADY_EXISTS` for a key that any partner has or had.
pub async fn register(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    union: Uuid,
    details: &Details,
    first: &PublicKey,
) -> Result<Partner, Problem> {
    let union = org::get(tx, by.scope, union).await?;
    if !CITY_AND_ABOVE.contains(&union.org_type.as_str()) {
        let level = Invalid::new("PARTNER_LEVEL", "合作系统由设区市以上总工会登记。");
        return Err(Problem::invalid("/union_id", level));
    }
    let own = NewAccount {
        realm: Realm::Partner,
        person: None,
        username: None,
        mobile: None,
        state: State::Registered.of_account(),
        password_hash: None,
        totp_secret: None,
    };
    let id = account::create(core, tx, &own).await?;
    let made: Partner = diesel::insert_into(partner::table)
        .values((
            partner::id.eq(id),
            partner::org_id.eq(union.id),
            partner::path.eq(&union.path),
            partner::name.eq(&details.name),
            partner::uscc.eq(&details.uscc),
            partner::organisation.eq(&details.organisation),
            partner::contact_name.eq(&details.contact_name),
            partner::contact_mobile.eq(core.sealer.seal_text(MOBILE, id, details.contact_mobile.e164())?),
            partner::redirect_origins.eq(&details.redirect_origins),
            partner::receives.eq(details.receives.words()),
            partner::state.eq(State::Registered.as_str()),
            partner::written_by.eq(vec![by.person]),
            partner::created_at.eq(core.now()),
        ))
        .returning(Partner::as_returning())
        .get_result(tx)
        .await?;
    let key = key::insert(core, tx, id, first).await?;
    let changes = json!({
        "name": details.name, "uscc": details.uscc, "receives": details.receives.words(),
        "redirect_origins": details.redirect_origins, "key": key,
    });
    by.note(core, tx, &made, "partner.register", changes).await?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn above_a_union_are_the_unions_of_its_path() {
        assert_eq!(chain("/41/4101/410102/"), ["/41/", "/41/4101/", "/41/4101/410102/"]);
        assert_eq!(chain("/41/"), ["/41/"]);
    }
}
