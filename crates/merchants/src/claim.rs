//! Claiming 领取: a coupon of a claim-first campaign, which takes quota and budget at once.
//!
//! One transaction. The coupon is inserted before the counter is touched, so the campaign's one counter row is
//! locked for the shortest time; the unique index holds the limit per member, the counter's checks hold the caps.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Fen, Problem, shanghai_date};
use unionhall_registry::module::{self, Module};
use unionhall_storage::db::constraint;
use unionhall_storage::once::{self, Key, Stored};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use crate::campaign::{self, Campaign, CampaignState, CouponTerms, LimitPeriod, OfferKind};
use crate::code_pool;
use crate::eligible;
use crate::schema::{campaign as campaign_table, campaign_branch, campaign_counter, coupon, member_standing};

/// How often a claim that lost a race for its place is tried in all.
const ATTEMPTS: u32 = 4;

/// A coupon with its offer.
#[derive(Debug, Clone)]
pub struct CouponView {
    /// Its id.
    pub id: Uuid,
    /// The campaign.
    pub campaign: Uuid,
    /// Its kind.
    pub kind: OfferKind,
    /// Its title.
    pub title: String,
    /// The rule as people read it.
    pub rule_text: String,
    /// `CLAIMED`, `USED`, or derived `EXPIRED`.
    pub state: CouponState,
    /// When it was claimed.
    pub claimed_at: DateTime<Utc>,
    /// Its last day.
    pub expires_on: NaiveDate,
}

/// The state of a coupon as of a day. 券状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CouponState {
    /// 可使用
    Claimed,
    /// 已使用
    Used,
    /// 已过期: derived.
    Expired,
}

impl CouponState {
    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Claimed => "可使用",
            Self::Used => "已使用",
            Self::Expired => "已过期",
        }
    }

    /// The state of stored columns as of a day.
    pub fn of(stored: &str, expires_on: NaiveDate, today: NaiveDate) -> Self {
        match stored {
            "USED" => Self::Used,
            _ if today > expires_on => Self::Expired,
            _ => Self::Claimed,
        }
    }
}

/// The last day of a coupon claimed today: so many days, but not past the campaign's end.
pub fn last_day(terms: &CouponTerms, ends_at: DateTime<Utc>, today: NaiveDate) -> NaiveDate {
    let own = today + Duration::days(i64::from(terms.valid_days.max(1)) - 1);
    own.min(shanghai_date(ends_at - Duration::milliseconds(1)))
}

/// Claims a coupon.
///
/// # Errors
/// `NOT_FOUND`, `NOT_OPEN`, `NOT_ELIGIBLE` with its rule, `ALREADY_HAVE`, `SOLD_OUT`, `IN_PROGRESS`.
pub async fn claim(
    core: &Core,
    actor: &Actor,
    person: Uuid,
    id: Uuid,
    key: &Key,
    reply: impl Fn(&CouponView) -> Result<Stored, Problem>,
) -> Result<Stored, Problem> {
    for _ in 0..ATTEMPTS {
        let outcome = once::once(&core.db, core.now(), Some(key.clone()), async |tx| {
            reply(&claim_one(core, tx, actor, person, id).await?)
        })
        .await;
        return match outcome {
            Err(problem) => match constraint(&problem) {
                // Another claim of this member took the place: judge again with it in sight.
                Some("coupon_once") => continue,
                Some("campaign_counter_quota" | "campaign_counter_budget") => {
                    Err(Problem::new(Code::SoldOut))
                }
                _ => Err(problem),
            },
            done => done,
        };
    }
    Err(Problem::new(Code::Unavailable).retry_after(1))
}

async fn eligible(tx: &mut Conn, person: Uuid, of: &Campaign, today: NaiveDate) -> Result<(), Problem> {
    let standing: Option<(String, String)> = member_standing::table
        .filter(member_standing::person_id.eq(person))
        .select((member_standing::path, member_standing::state))
        .first(tx)
        .await
        .optional()?;
    let ineligible = |rule: &str| Err(eligible::refused(rule, None));
    match standing {
        Some((path, _)) if !path.starts_with(&of.path) => ineligible("union"),
        Some((path, state))
            if matches!(state.as_str(), "ACTIVE" | "LEAVING")
                || (state == "RETAINED" && of.terms.retained_allowed) =>
        {
            module::require(tx, &path, Module::Benefits, today).await
        }
        Some((_, state)) if state == "RETAINED" => ineligible("card_limited"),
        _ => ineligible("membership"),
    }
}

async fn claim_one(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    person: Uuid,
    id: Uuid,
) -> Result<CouponView, Problem> {
    let (now, today) = (core.now(), core.today());
    let of = campaign::any(tx, id).await?.filter(|c| c.terms.kind.is_claimed());
    let of = of.ok_or_else(Problem::not_found)?;
    let terms = of.terms.coupon.ok_or_else(Problem::not_found)?;
    if matches!(of.state, CampaignState::Draft | CampaignState::Review) {
        return Err(Problem::not_found());
    }
    if !of.is_claim_time(&terms, now) {
        return Err(Problem::new(Code::NotOpen));
    }
    eligible(tx, person, &of, today).await?;
    let period_key = match of.terms.period {
        LimitPeriod::Day => today.to_string(),
        LimitPeriod::Campaign => "*".to_owned(),
    };
    // Coupons are never deleted, so the places of a period fill from 1 without a gap.
    let have: i64 = coupon::table
        .filter(coupon::campaign_id.eq(id).and(coupon::person_id.eq(person)))
        .filter(coupon::period_key.eq(&period_key))
        .count()
        .get_result(tx)
        .await?;
    let seq = i32::try_from(have)?.saturating_add(1);
    if seq > of.terms.member_limit {
        return Err(Problem::new(Code::AlreadyHave));
    }
    if of.terms.quota.is_some_and(|cap| of.quota_used >= cap) {
        return Err(Problem::new(Code::SoldOut));
    }
    let reserved = of.terms.benefit.most().map_or(0, Fen::get);
    let (coupon_id, expires_on) = (core.ids.opaque_id(), last_day(&terms, of.terms.ends_at, today));
    diesel::insert_into(coupon::table)
        .values((
            coupon::id.eq(coupon_id),
            coupon::campaign_id.eq(id),
            coupon::person_id.eq(person),
            coupon::period_key.eq(period_key),
            coupon::seq.eq(seq),
            coupon::state.eq("CLAIMED"),
            coupon::claimed_at.eq(now),
            coupon::expires_on.eq(expires_on),
            coupon::reserved_fen.eq(reserved),
        ))
        .execute(tx)
        .await?;
    let mut event = actor.event(core.id(), now, Some(&of.path), "coupon.claim", ("coupon", Some(coupon_id)));
    event.subject_person = Some(person);
    audit::append(tx, &event.changes(json!({"campaign_id": id}))).await?;
    diesel::update(campaign_counter::table.find(id))
        .set((
            campaign_counter::quota_used.eq(campaign_counter::quota_used + 1),
            campaign_counter::budget_used_fen.eq(campaign_counter::budget_used_fen + reserved),
        ))
        .execute(tx)
        .await?;
    if of.terms.kind == OfferKind::CodePool {
        code_pool::give(tx, id, coupon_id).await?;
    }
    Ok(CouponView {
        id: coupon_id,
        campaign: id,
        kind: of.terms.kind,
        title: of.terms.title.clone(),
        rule_text: of.terms.benefit.text(),
        state: CouponState::Claimed,
        claimed_at: now,
        expires_on,
    })
}

/// Which of a member's coupons.
#[derive(Debug, Default)]
pub struct CouponFilter {
    /// In these states; all without.
    pub states: Vec<CouponState>,
    /// Usable at this branch.
    pub branch: Option<Uuid>,
}

/// A page of a member's coupons, by id: a member has few, and apps show them by expiry.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    person: Uuid,
    today: NaiveDate,
    filter: &CouponFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<CouponView>, Problem> {
    let mut query = coupon::table
        .inner_join(campaign_table::table.on(campaign_table::id.eq(coupon::campaign_id)))
        .filter(coupon::person_id.eq(person).and(coupon::id.gt(after.unwrap_or(Uuid::nil()))))
        .order(coupon::id)
        .limit(limit + 1)
        .select((
            coupon::id,
            coupon::campaign_id,
            coupon::state,
            coupon::claimed_at,
            coupon::expires_on,
            campaign_table::kind,
            campaign_table::title,
            (
                campaign_table::benefit_fen,
                campaign_table::benefit_bp,
                campaign_table::cap_fen,
                campaign_table::min_spend_fen,
            ),
        ))
        .into_boxed();
    if !filter.states.is_empty() {
        let wants = |state| filter.states.contains(&state);
        let (claimed, used, expired) =
            (wants(CouponState::Claimed), wants(CouponState::Used), wants(CouponState::Expired));
        let is_used = coupon::state.eq("USED");
        let is_live = coupon::expires_on.ge(today);
        query = query.filter(
            is_used
                .and(used.into_sql::<diesel::sql_types::Bool>())
                .or(coupon::state
                    .eq("CLAIMED")
                    .and(is_live)
                    .and(claimed.into_sql::<diesel::sql_types::Bool>()))
                .or(coupon::state
                    .eq("CLAIMED")
                    .and(coupon::expires_on.lt(today))
                    .and(expired.into_sql::<diesel::sql_types::Bool>())),
        );
    }
    if let Some(branch) = filter.branch {
        let here = campaign_branch::table
            .filter(campaign_branch::branch_id.eq(branch))
            .select(campaign_branch::campaign_id);
        query = query.filter(coupon::campaign_id.eq_any(here));
    }
    type Benefit = (Option<i64>, Option<i32>, Option<i64>, i64);
    type Row = (Uuid, Uuid, String, DateTime<Utc>, NaiveDate, String, String, Benefit);
    let page = Page::cut(query.load::<Row>(conn).await?, limit);
    let view = |(id, campaign, state, claimed_at, expires_on, kind, title, benefit): Row| {
        let (off, bp, cap, min) = benefit;
        let benefit = campaign::benefit_of(off, bp, cap, min)?;
        Ok(CouponView {
            id,
            campaign,
            kind: OfferKind::parse(&kind)?,
            title,
            rule_text: benefit.text(),
            state: CouponState::of(&state, expires_on, today),
            claimed_at,
            expires_on,
        })
    };
    Ok(Page { more: page.more, items: page.items.into_iter().map(view).collect::<Result<_, Problem>>()? })
}

/// How many coupons a member could use today: those of `GET /v1/me/coupons?state=CLAIMED`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn usable(conn: &mut Conn, person: Uuid, today: NaiveDate) -> Result<i64, Problem> {
    let usable = coupon::state.eq("CLAIMED").and(coupon::expires_on.ge(today));
    Ok(coupon::table.filter(coupon::person_id.eq(person).and(usable)).count().get_result(conn).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coupon_ends_with_its_days_or_with_the_campaign() {
        let day = |d: &str| d.parse::<NaiveDate>().unwrap();
        let instant = |t: &str| t.parse::<DateTime<Utc>>().unwrap();
        let terms = CouponTerms {
            claim_from: instant("2026-11-01T00:00:00Z"),
            claim_until: instant("2026-12-01T00:00:00Z"),
            valid_days: 7,
        };
        // The campaign ends at the beginning of the 1st of December in Shanghai.
        let ends_at = instant("2026-11-30T16:00:00Z");
        assert_eq!(last_day(&terms, ends_at, day("2026-11-20")), day("2026-11-26"));
        assert_eq!(last_day(&terms, ends_at, day("2026-11-29")), day("2026-11-30"));
        assert_eq!(CouponState::of("CLAIMED", day("2026-11-26"), day("2026-11-26")), CouponState::Claimed);
        assert_eq!(CouponState::of("CLAIMED", day("2026-11-26"), day("2026-11-27")), CouponState::Expired);
        assert_eq!(CouponState::of("USED", day("2026-11-26"), day("2026-12-27")), CouponState::Used);
    }
}
