//! Codes of others 第三方兑换码: a campaign of kind `code_pool` gives each member who claims one a code that another
//! company made. Codes are sealed, given once and never come back; the till has nothing to do with them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use crate::campaign::{By, Campaign, CampaignState, OfferKind};
use crate::schema::{campaign, campaign_code, coupon};

const SEALED: &str = "campaign_code.code";

/// What became of codes that were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added {
    /// New ones.
    pub added: usize,
    /// Those that the campaign has already, or that stood twice in the list.
    pub duplicates: usize,
    /// How many nobody has yet.
    pub free: i64,
}

/// Adds codes to a campaign until it is over; what it or another campaign of the union has already is counted and left
/// alone, so the same list can be sent twice.
///
/// # Errors
/// `INVALID_STATE` for another kind of campaign, or one that is closed.
pub async fn add(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    of: &Campaign,
    codes: &[String],
) -> Result<Added, Problem> {
    if of.terms.kind != OfferKind::CodePool || of.state == CampaignState::Closed {
        return Err(Problem::new(Code::InvalidState));
    }
    // In one order, so that two lists at once wait for each other and not both for both.
    let mut fresh: BTreeMap<Vec<u8>, &String> =
        codes.iter().map(|code| (core.sealer.blind("campaign_code", code).to_vec(), code)).collect();
    for known in elsewhere(tx, of, fresh.keys()).await? {
        fresh.remove(&known);
    }
    let rows = fresh.into_iter().map(|(index, code)| {
        let id = core.id();
        Ok((
            campaign_code::id.eq(id),
            campaign_code::campaign_id.eq(of.id),
            campaign_code::code.eq(core.sealer.seal_text(SEALED, id, code)?),
            campaign_code::code_index.eq(index),
        ))
    });
    let rows: Vec<_> = rows.collect::<Result<_, Problem>>()?;
    let added = diesel::insert_into(campaign_code::table)
        .values(&rows)
        .on_conflict((campaign_code::campaign_id, campaign_code::code_index))
        .do_nothing()
        .execute(tx)
        .await?;
    let object = ("campaign", Some(of.id));
    let event = by.actor.event(core.id(), core.now(), Some(&of.path), "campaign.add_codes", object);
    let duplicates = codes.len() - added;
    audit::append(tx, &event.changes(json!({"added": added, "duplicates": duplicates}))).await?;
    Ok(Added { added, duplicates, free: free(tx, of.id).await? })
}

// A code that another campaign of the union gives is not given twice.
async fn elsewhere(
    tx: &mut Conn,
    of: &Campaign,
    indexes: impl Iterator<Item = &Vec<u8>>,
) -> Result<Vec<Vec<u8>>, Problem> {
    Ok(campaign_code::table
        .inner_join(campaign::table.on(campaign::id.eq(campaign_code::campaign_id)))
        .filter(campaign::org_id.eq(of.org).and(campaign::id.ne(of.id)))
        .filter(campaign_code::code_index.eq_any(indexes))
        .select(campaign_code::code_index)
        .load(tx)
        .await?)
}

/// How many codes there are in all, given or not.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn count(conn: &mut Conn, campaign: Uuid) -> Result<i64, Problem> {
    Ok(campaign_code::table.filter(campaign_code::campaign_id.eq(campaign)).count().get_result(conn).await?)
}

/// How many codes of a campaign nobody has yet.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn free(conn: &mut Conn, campaign: Uuid) -> Result<i64, Problem> {
    let free = campaign_code::campaign_id.eq(campaign).and(campaign_code::given_to.is_null());
    Ok(campaign_code::table.filter(free).count().get_result(conn).await?)
}

/// Gives a free code to a coupon. The caller holds the campaign's counter row, so nobody else gives at the same time.
///
/// # Errors
/// `SOLD_OUT` when there is none.
pub(crate) async fn give(tx: &mut Conn, campaign: Uuid, to: Uuid) -> Result<(), Problem> {
    let free = campaign_code::campaign_id.eq(campaign).and(campaign_code::given_to.is_null());
    let next: Option<Uuid> = campaign_code::table
        .filter(free)
        .order(campaign_code::id)
        .select(campaign_code::id)
        .first(tx)
        .await
        .optional()?;
    let next = next.ok_or_else(|| Problem::new(Code::SoldOut))?;
    diesel::update(campaign_code::table.find(next)).set(campaign_code::given_to.eq(to)).execute(tx).await?;
    Ok(())
}

/// The code of a member's own coupon.
///
/// # Errors
/// `NOT_FOUND` when the coupon is absent, another's or has no code.
pub async fn of_coupon(core: &Core, conn: &mut Conn, person: Uuid, id: Uuid) -> Result<String, Problem> {
    let found: Option<(Uuid, Vec<u8>)> = campaign_code::table
        .inner_join(coupon::table.on(campaign_code::given_to.eq(coupon::id.nullable())))
        .filter(coupon::id.eq(id).and(coupon::person_id.eq(person)))
        .select((campaign_code::id, campaign_code::code))
        .first(conn)
        .await
        .optional()?;
    let (row, sealed) = found.ok_or_else(Problem::not_found)?;
    Ok(core.sealer.open_text(SEALED, row, &sealed)?)
}
