//! Branches 门店: where a merchant's offers are had, and the code printed on each counter.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::geo::Datum;
use unionhall_kernel::text::compact;
use unionhall_kernel::{Code, IdGen, Problem};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use crate::merchant::Merchant;
use crate::schema::{merchant, merchant_branch};

/// A branch.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = merchant_branch)]
pub struct Branch {
    /// Its id (v4: merchants see it).
    pub id: Uuid,
    /// Its merchant.
    pub merchant_id: Uuid,
    /// What its printed QR says.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// Its division.
    pub division_code: String,
    /// Latitude in `datum`.
    pub lat: Option<f64>,
    /// Longitude in `datum`.
    pub lng: Option<f64>,
    /// `gcj02`, `wgs84`, `bd09`.
    pub datum: Option<String>,
    /// `OPEN` or `CLOSED`.
    pub state: String,
}

/// What a cadre enters of a branch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BranchDetails {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// Its division.
    pub division_code: String,
    /// Latitude, longitude and their datum.
    pub place: Option<(f64, f64, Datum)>,
}

/// A printed code: ten characters that cannot be misread, 50 random bits.
fn new_code(ids: &dyn IdGen) -> String {
    const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut bytes = [0u8; 10];
    ids.fill(&mut bytes);
    bytes.iter().filter_map(|b| ALPHABET.get(usize::from(b % 32))).map(|b| char::from(*b)).collect()
}

/// Opens a branch.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn open(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    of: &Merchant,
    details: &BranchDetails,
) -> Result<Branch, Problem> {
    let (id, now): (Uuid, DateTime<Utc>) = (core.ids.opaque_id(), core.now());
    let place = details.place.as_ref();
    let made = diesel::insert_into(merchant_branch::table)
        .values((
            merchant_branch::id.eq(id),
            merchant_branch::merchant_id.eq(of.id),
            merchant_branch::code.eq(new_code(core.ids.as_ref())),
            merchant_branch::name.eq(&details.name),
            merchant_branch::address.eq(&details.address),
            merchant_branch::division_code.eq(&details.division_code),
            merchant_branch::lat.eq(place.map(|p| p.0)),
            merchant_branch::lng.eq(place.map(|p| p.1)),
            merchant_branch::datum.eq(place.map(|p| p.2.as_str())),
            merchant_branch::state.eq("OPEN"),
            merchant_branch::created_at.eq(now),
        ))
        .returning(Branch::as_returning())
        .get_result(tx)
        .await?;
    let event =
        actor.event(core.id(), now, Some(&of.path), "merchant.open_branch", ("merchant_branch", Some(id)));
    audit::append(tx, &event.changes(json!({"merchant_id": of.id, "name": details.name}))).await?;
    Ok(made)
}

/// Changes a branch as it was read: its id and version. Answers the version it has then.
///
/// # Errors
/// `STALE` when it changed since.
pub async fn change(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    of: &Merchant,
    (id, version): (Uuid, i32),
    details: &BranchDetails,
) -> Result<i32, Problem> {
    let place = details.place.as_ref();
    let changed: Option<i32> =
        diesel::update(merchant_branch::table.find(id).filter(merchant_branch::version.eq(version)))
            .set((
                merchant_branch::name.eq(&details.name),
                merchant_branch::address.eq(&details.address),
                merchant_branch::division_code.eq(&details.division_code),
                merchant_branch::lat.eq(place.map(|p| p.0)),
                merchant_branch::lng.eq(place.map(|p| p.1)),
                merchant_branch::datum.eq(place.map(|p| p.2.as_str())),
                merchant_branch::version.eq(merchant_branch::version + 1),
            ))
            .returning(merchant_branch::version)
            .get_result(tx)
            .await
            .optional()?;
    let changed = changed.ok_or_else(|| Problem::new(Code::Stale))?;
    let about = ("merchant_branch", Some(id));
    let event = actor.event(core.id(), core.now(), Some(&of.path), "merchant.change_branch", about);
    audit::append(tx, &event.changes(json!({"merchant_id": of.id, "name": details.name}))).await?;
    Ok(changed)
}

/// A page of a merchant's branches, by id.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    merchant: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Branch>, Problem> {
    let rows = merchant_branch::table
        .filter(merchant_branch::merchant_id.eq(merchant))
        .filter(merchant_branch::id.gt(after.unwrap_or(Uuid::nil())))
        .order(merchant_branch::id)
        .limit(limit + 1)
        .select(Branch::as_select())
        .load(conn)
        .await?;
    Ok(Page::cut(rows, limit))
}

/// One branch of a merchant.
///
/// # Errors
/// `NOT_FOUND` when the merchant has no such branch.
pub async fn get(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Branch, Problem> {
    let found = merchant_branch::table
        .find(id)
        .filter(merchant_branch::merchant_id.eq(merchant))
        .select(Branch::as_select())
        .first(conn)
        .await
        .optional()?;
    found.ok_or_else(Problem::not_found)
}

/// The code in what a printed QR says: a link that ends with it, whatever was hung on the link, or the code itself.
pub fn printed(said: &str) -> String {
    let link = said.split(['?', '#']).next().unwrap_or_default();
    compact(link.trim_end_matches('/').rsplit('/').next().unwrap_or_default()).to_ascii_uppercase()
}

/// The branch a printed QR names, with its merchant's name.
///
/// # Errors
/// `NOT_FOUND` when none has the code.
pub async fn named_by_code(conn: &mut Conn, code: &str) -> Result<(Branch, String), Problem> {
    let found = merchant_branch::table
        .inner_join(merchant::table.on(merchant::id.eq(merchant_branch::merchant_id)))
        .filter(merchant_branch::code.eq(code))
        .select((Branch::as_select(), merchant::name))
        .first(conn)
        .await
        .optional()?;
    found.ok_or_else(Problem::not_found)
}

/// The branch a printed QR names.
///
/// # Errors
/// `NOT_FOUND` when none has the code.
pub async fn by_code(conn: &mut Conn, code: &str) -> Result<Branch, Problem> {
    let found = merchant_branch::table
        .filter(merchant_branch::code.eq(code))
        .select(Branch::as_select())
        .first(conn)
        .await
        .optional()?;
    found.ok_or_else(Problem::not_found)
}
