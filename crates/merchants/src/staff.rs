//! A merchant's staff 商户人员: who may stand at which till, from when to when. Managers without a branch cover all.
//!
//! A place acts through account state: giving or taking one touches the account in the same transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::account::{self, NewAccount, State};
use unionhall_identity::{Account, RoleSource};
use unionhall_kernel::{Code, Mobile, PersonName, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::{EventExt, Seat};
use unionhall_web::{Actor, Realm, Role, RoleName};
use uuid::Uuid;

use crate::branch;
use crate::merchant::Merchant;
use crate::schema::{merchant as merchant_table, merchant_staff};

/// Somebody new at a merchant.
#[derive(Debug)]
pub struct NewStaff<'a> {
    /// Their name.
    pub name: &'a PersonName,
    /// What they log in with, once activated; without one they log in with a code.
    pub username: Option<&'a str>,
    /// Where the invitation's code goes.
    pub mobile: &'a Mobile,
    /// Manager or staff.
    pub role: RoleName,
    /// Where they stand; a manager without covers all.
    pub branch: Option<Uuid>,
    /// Until when.
    pub to: Option<DateTime<Utc>>,
}

/// A place to give to an account.
#[derive(Debug)]
pub struct Place<'a> {
    /// Whose.
    pub account: Uuid,
    /// Their name.
    pub name: &'a str,
    /// Their number; kept masked.
    pub mobile: &'a Mobile,
    /// Manager or staff.
    pub role: RoleName,
    /// Where they stand; a manager without covers all.
    pub branch: Option<Uuid>,
    /// Until when.
    pub to: Option<DateTime<Utc>>,
    /// Whether it is theirs at once; else they accept it first.
    pub accepted: bool,
}

/// A place on the staff.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = merchant_staff)]
pub struct StaffRow {
    /// The place.
    pub id: Uuid,
    /// Where; a manager without covers all.
    pub branch_id: Option<Uuid>,
    /// The account.
    pub account_id: Uuid,
    /// Full name; mask it before it leaves.
    pub name: String,
    /// 138****8000
    pub mobile_masked: String,
    /// `manager` or `staff`.
    pub role: String,
    /// From when.
    pub valid_from: DateTime<Utc>,
    /// Until when.
    pub valid_to: Option<DateTime<Utc>>,
    /// Since when it is theirs; it waits for them without.
    pub accepted_at: Option<DateTime<Utc>>,
}

// Whoever comes back, or works at two shops, keeps their account when name and number both say so.
async fn account_of(core: &Core, tx: &mut Conn, new: &NewStaff<'_>) -> Result<Uuid, Problem> {
    let index = account::mobile_index(&core.sealer, new.mobile);
    let by_mobile: Option<Account> = account::find_by_mobile(tx, Realm::Merchant, &index).await?;
    if let Some(found) = by_mobile {
        // A place with a code takes no password: whoever holds the mobile has it, whatever account that is.
        let Some(username) = new.username else { return Ok(found.id) };
        let index = account::username_index(&core.sealer, username);
        let by_name = account::find_by_username(tx, Realm::Merchant, &index).await?;
        return match by_name {
            Some(named) if named.id == found.id => Ok(found.id),
            _ => Err(Problem::new(Code::AlreadyExists).with("field", "mobile")),
        };
    }
    let fresh = NewAccount {
        realm: Realm::Merchant,
        person: None,
        username: new.username,
        mobile: Some(new.mobile),
        // A code proves the mobile at every login; a password is yet to be chosen.
        state: if new.username.is_some() { State::Invited } else { State::Active },
        password_hash: None,
        totp_secret: None,
    };
    account::create(core, tx, &fresh).await.map_err(|problem| match constraint(&problem) {
        Some("account_username") => Problem::new(Code::AlreadyExists).with("field", "username"),
        Some("account_mobile") => Problem::new(Code::AlreadyExists).with("field", "mobile"),
        _ => problem,
    })
}

/// Gives somebody a place. Who gets a username activates a new account with it; anybody else accepts the place once they
/// are logged in ([`crate::own_place`]).
///
/// # Errors
/// `ALREADY_EXISTS` when the username or the mobile is taken or the place is held, `NOT_FOUND` for a branch of
/// another merchant.
pub async fn add(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    of: &Merchant,
    new: &NewStaff<'_>,
) -> Result<StaffRow, Problem> {
    if let Some(branch) = new.branch {
        branch::get(tx, of.id, branch).await?;
    }
    let NewStaff { name, username: _, mobile, role, branch, to } = *new;
    let account = account_of(core, tx, new).await?;
    // An invitation with a username is accepted by choosing its password.
    let accepted = new.username.is_some();
    place(core, tx, actor, of, &Place { account, name: name.as_str(), mobile, role, branch, to, accepted })
        .await
}

/// Gives an account a place.
///
/// # Errors
/// `ALREADY_EXISTS` when it is held.
pub async fn place(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    of: &Merchant,
    new: &Place<'_>,
) -> Result<StaffRow, Problem> {
    let (id, now) = (core.ids.opaque_id(), core.now());
    let made = diesel::insert_into(merchant_staff::table)
        .values((
            merchant_staff::id.eq(id),
            merchant_staff::merchant_id.eq(of.id),
            merchant_staff::branch_id.eq(new.branch),
            merchant_staff::account_id.eq(new.account),
            merchant_staff::name.eq(new.name),
            merchant_staff::mobile_masked.eq(new.mobile.masked()),
            merchant_staff::role.eq(new.role.as_str()),
            merchant_staff::valid_from.eq(now),
            merchant_staff::valid_to.eq(new.to),
            merchant_staff::accepted_at.eq(new.accepted.then_some(now)),
        ))
        .returning(StaffRow::as_returning())
        .get_result(tx)
        .await;
    let made: StaffRow = made.map_err(|e| {
        let problem = Problem::from(e);
        match constraint(&problem) {
            Some("merchant_staff_held") => Problem::new(Code::AlreadyExists),
            _ => problem,
        }
    })?;
    account::touch(tx, new.account, now).await?;
    let event =
        actor.event(core.id(), now, Some(&of.path), "merchant.add_staff", ("merchant_staff", Some(id)));
    let changes = json!({
        "merchant_id": of.id, "role": made.role, "branch_id": new.branch, "mobile": made.mobile_masked,
    });
    audit::append(tx, &event.changes(changes)).await?;
    Ok(made)
}

/// Takes a place away.
///
/// # Errors
/// `NOT_FOUND` when the merchant has no such place now.
pub async fn revoke(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    of: &Merchant,
    id: Uuid,
) -> Result<(), Problem> {
    let now = core.now();
    let account: Option<Uuid> = diesel::update(
        merchant_staff::table
            .find(id)
            .filter(merchant_staff::merchant_id.eq(of.id).and(merchant_staff::revoked_at.is_null())),
    )
    .set(merchant_staff::revoked_at.eq(now))
    .returning(merchant_staff::account_id)
    .get_result(tx)
    .await
    .optional()?;
    let account = account.ok_or_else(Problem::not_found)?;
    account::touch(tx, account, now).await?;
    let event =
        actor.event(core.id(), now, Some(&of.path), "merchant.revoke_staff", ("merchant_staff", Some(id)));
    audit::append(tx, &event).await
}

/// A page of a merchant's staff, or of one branch's, by id.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    (merchant, branch): (Uuid, Option<Uuid>),
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<StaffRow>, Problem> {
    let mut query = merchant_staff::table
        .filter(merchant_staff::merchant_id.eq(merchant).and(merchant_staff::revoked_at.is_null()))
        .filter(merchant_staff::id.gt(after.unwrap_or(Uuid::nil())))
        .order(merchant_staff::id)
        .limit(limit + 1)
        .select(StaffRow::as_select())
        .into_boxed();
    if let Some(branch) = branch {
        query = query.filter(merchant_staff::branch_id.eq(branch));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// A cashier's place that a manager may take away: at the manager's branch, or anywhere for one of all.
///
/// # Errors
/// `NOT_FOUND` for anything else, managers' places among them: those are the union's to take.
pub async fn cashier(
    conn: &mut Conn,
    (merchant, branch): (Uuid, Option<Uuid>),
    id: Uuid,
) -> Result<StaffRow, Problem> {
    let live = merchant_staff::merchant_id.eq(merchant).and(merchant_staff::revoked_at.is_null());
    let found = merchant_staff::table
        .find(id)
        .filter(live.and(merchant_staff::role.eq(RoleName::Staff.as_str())))
        .select(StaffRow::as_select());
    let found: Option<StaffRow> = found.first(conn).await.optional()?;
    let found = found.filter(|place| branch.is_none() || place.branch_id == branch);
    found.ok_or_else(Problem::not_found)
}

/// All of a merchant's places of a role.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn all(conn: &mut Conn, merchant: Uuid, role: RoleName) -> Result<Vec<StaffRow>, Problem> {
    let live = merchant_staff::merchant_id.eq(merchant).and(merchant_staff::revoked_at.is_null());
    let found = merchant_staff::table.filter(live.and(merchant_staff::role.eq(role.as_str())));
    Ok(found.order(merchant_staff::id).select(StaffRow::as_select()).load(conn).await?)
}

/// Tells identity where merchants' staff may stand.
#[derive(Debug, Default, Clone, Copy)]
pub struct MerchantRoles;

#[async_trait]
impl RoleSource for MerchantRoles {
    fn realms(&self) -> &'static [Realm] {
        &[Realm::Merchant]
    }

    async fn roles(
        &self,
        conn: &mut Conn,
        account: Uuid,
        _person: Option<Uuid>,
    ) -> Result<Vec<Role>, Problem> {
        type Row = (Uuid, Uuid, Option<Uuid>, String, DateTime<Utc>, Option<DateTime<Utc>>, String);
        let rows: Vec<Row> = merchant_staff::table
            .inner_join(merchant_table::table.on(merchant_table::id.eq(merchant_staff::merchant_id)))
            .filter(merchant_staff::account_id.eq(account).and(merchant_staff::revoked_at.is_null()))
            .filter(merchant_staff::accepted_at.is_not_null())
            .order((merchant_staff::accepted_at, merchant_staff::id))
            .select((
                merchant_staff::id,
                merchant_staff::merchant_id,
                merchant_staff::branch_id,
                merchant_staff::role,
                merchant_staff::valid_from,
                merchant_staff::valid_to,
                merchant_table::path,
            ))
            .load(conn)
            .await?;
        rows.into_iter()
            .map(|(id, merchant, branch, role, from, to, path)| {
                Ok(Role {
                    id,
                    name: role.parse()?,
                    seat: Seat::Branch { merchant, branch, path },
                    totp: false,
                    ceiling: Vec::new(),
                    from,
                    to,
                })
            })
            .collect()
    }
}
