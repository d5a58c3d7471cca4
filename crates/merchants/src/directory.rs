//! What anybody may see: merchants whose contract is in force, and offers that are on or to come at their branches.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::Page;
use uuid::Uuid;

use crate::branch::Branch;
use crate::campaign;
use crate::campaign::Campaign;
use crate::merchant::Merchant;
use crate::schema::{campaign_branch, merchant as m, merchant_branch as b};

/// Which of them.
#[derive(Debug, Default, Clone)]
pub struct Filter {
    /// At or below this division: 2, 4, 6 or 9 digits that its code begins with.
    pub division: Option<String>,
    /// For members of the union at this path.
    pub union_path: Option<String>,
}

/// The digits that the codes of a division and all below it begin with.
pub fn division_prefix(code: &str) -> &str {
    match code {
        c if c.len() == 6 && c.ends_with("0000") => c.get(..2).unwrap_or(c),
        c if c.len() == 6 && c.ends_with("00") => c.get(..4).unwrap_or(c),
        c => c,
    }
}

/// A page of merchants in force, by id, with their open branches.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn merchants(
    conn: &mut Conn,
    filter: &Filter,
    today: NaiveDate,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<(Merchant, Vec<Branch>)>, Problem> {
    let mut query = m::table
        .filter(m::state.eq("LIVE").and(m::contract_from.le(today)).and(m::contract_to.ge(today)))
        .filter(m::id.gt(after.unwrap_or(Uuid::nil())))
        .order(m::id)
        .limit(limit + 1)
        .select(Merchant::as_select())
        .into_boxed();
    if let Some(division) = &filter.division {
        let here = b::table
            .filter(b::merchant_id.eq(m::id).and(b::state.eq("OPEN")))
            .filter(b::division_code.like(format!("{division}%")));
        query = query.filter(exists(here));
    }
    if let Some(path) = &filter.union_path {
        query =
            query.filter(sql::<Bool>("starts_with(").bind::<Text, _>(path.clone()).sql(", merchant.path)"));
    }
    let page = Page::cut(query.load::<Merchant>(conn).await?, limit);
    let ids: Vec<Uuid> = page.items.iter().map(|m| m.id).collect();
    let branches: Vec<Branch> = b::table
        .filter(b::merchant_id.eq_any(&ids).and(b::state.eq("OPEN")))
        .order((b::merchant_id, b::id))
        .select(Branch::as_select())
        .load(conn)
        .await?;
    let of = |id: Uuid| branches.iter().filter(|b| b.merchant_id == id).cloned().collect();
    let items = page
        .items
        .into_iter()
        .map(|merchant| {
            let branches = of(merchant.id);
            (merchant, branches)
        })
        .collect();
    Ok(Page { items, more: page.more })
}

/// A branch where an offer is had.
#[derive(Debug, Clone, Queryable)]
pub struct Place {
    campaign: Uuid,
    /// The branch.
    pub branch: Uuid,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// Its merchant's name.
    pub merchant_name: String,
}

/// The branches in force where campaigns are had, by campaign and branch.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn places(conn: &mut Conn, campaigns: &[Uuid], today: NaiveDate) -> Result<Vec<Place>, Problem> {
    Ok(campaign_branch::table
        .inner_join(b::table.on(b::id.eq(campaign_branch::branch_id)))
        .inner_join(m::table.on(m::id.eq(b::merchant_id)))
        .filter(campaign_branch::campaign_id.eq_any(campaigns).and(b::state.eq("OPEN")))
        .filter(m::state.eq("LIVE").and(m::contract_from.le(today)).and(m::contract_to.ge(today)))
        .order((campaign_branch::campaign_id, b::id))
        .select((campaign_branch::campaign_id, b::id, b::name, b::address, m::name))
        .load(conn)
        .await?)
}

/// Each thing with the places of its campaign.
pub fn with_places<T>(
    items: Vec<T>,
    campaign: impl Fn(&T) -> Uuid,
    places: &[Place],
) -> Vec<(T, Vec<Place>)> {
    let of = |id: Uuid| places.iter().filter(|p| p.campaign == id).cloned().collect();
    let pair = |item: T| {
        let places = of(campaign(&item));
        (item, places)
    };
    items.into_iter().map(pair).collect()
}

/// A page of offers that are on or to come, by id, with the branches in force where they are had; those that
/// no branch in force has are left out.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn campaigns(
    conn: &mut Conn,
    filter: &Filter,
    (now, today): (DateTime<Utc>, NaiveDate),
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<(Campaign, Vec<Place>)>, Problem> {
    let page = campaign::public(conn, filter, (now, today), after, limit).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|c| c.id).collect();
    let places = places(conn, &ids, today).await?;
    Ok(Page { items: with_places(page.items, |c| c.id, &places), more: page.more })
}

#[cfg(test)]
mod tests {
    use super::division_prefix;

    #[test]
    fn a_division_stands_for_all_below_it() {
        assert_eq!(division_prefix("410000"), "41");
        assert_eq!(division_prefix("410100"), "4101");
        assert_eq!(division_prefix("410102"), "410102");
        assert_eq!(division_prefix("410102001"), "410102001");
    }
}
