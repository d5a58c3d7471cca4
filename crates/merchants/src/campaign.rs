//! Campaigns 普惠活动: an offer at some branches for the members under one union, entered by one person and approved
//! by another.
//!
//! States: E6 of the state machines. SCHEDULED, RUNNING, SOLD_OUT and ENDED are derived from clock and counters
//! ([`phase`]), never stored. Caps live on the counter alone, whose checks keep every writer honest.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{BasisPoints, Code, Fen, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use crate::benefit::{Benefit, Rate};
use crate::directory::Filter;
use crate::schema::{campaign, campaign_branch, campaign_counter, merchant, merchant_branch};

// `$word` is a `tt`: a `literal` would reach the schema derive wrapped, and the derive would not see it.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:tt $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The word on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// What a person reads.
            pub const fn text(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// Reads the word of the store.
            ///
            /// # Errors
            /// `INTERNAL` for a word that is none.
            pub fn parse(word: &str) -> Result<Self, Problem> {
                let found = Self::ALL.iter().copied().find(|v| v.as_str() == word);
                found.ok_or_else(|| Problem::internal(concat!("unknown ", stringify!($name))))
            }
        }
    };
}

words! {
    /// What kind of offer it is. 优惠类型
    OfferKind {
        /// Show the card: once a member, branch and day.
        Standing = "standing" "出示会员卡优惠",
        /// So many in all, taken at the till.
        Quota = "quota" "限量优惠",
        /// So many in all, claimed first.
        Coupon = "coupon" "优惠券",
    }
}

words! {
    /// The stored state of a campaign. 活动状态
    CampaignState {
        /// Being written.
        Draft = "DRAFT" "草稿",
        /// Waits for another person's approval.
        Review = "REVIEW" "待审批",
        /// Approved: runs by the clock.
        Approved = "APPROVED" "已审批",
        /// Stopped for now.
        Paused = "PAUSED" "已暂停",
        /// Settled after its end.
        Closed = "CLOSED" "已结束",
    }
}

words! {
    /// Where a campaign stands now, derived. 活动阶段
    Phase {
        /// Not approved yet.
        Draft = "DRAFT" "草稿",
        /// Waits for approval.
        Review = "REVIEW" "待审批",
        /// Approved, not begun.
        Scheduled = "SCHEDULED" "未开始",
        /// On.
        Running = "RUNNING" "进行中",
        /// Quota or budget is used up.
        SoldOut = "SOLD_OUT" "已领完",
        /// Stopped for now.
        Paused = "PAUSED" "已暂停",
        /// Over.
        Ended = "ENDED" "已结束",
    }
}

words! {
    /// What the limit per member counts over. 限次周期
    LimitPeriod {
        /// A Shanghai day.
        Day = "day" "每日",
        /// The whole campaign.
        Campaign = "campaign" "活动期内",
    }
}

/// Whether E6 allows a change of state.
pub const fn allowed(from: CampaignState, to: CampaignState) -> bool {
    use CampaignState::{Approved, Closed, Draft, Paused, Review};
    matches!(
        (from, to),
        (Draft, Review)
            | (Review, Approved | Draft)
            | (Approved, Paused | Closed)
            | (Paused, Approved | Closed)
    )
}

/// A claim window and how long a coupon lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CouponTerms {
    /// First instant of claiming.
    pub claim_from: DateTime<Utc>,
    /// End of claiming, exclusive.
    pub claim_until: DateTime<Utc>,
    /// Days a coupon lives, the day of the claim included.
    pub valid_days: i32,
}

/// What a campaign offers.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Its title.
    pub title: String,
    /// Its kind.
    pub kind: OfferKind,
    /// Its worth.
    pub benefit: Benefit,
    /// How often a member may have it in a period.
    pub member_limit: i32,
    /// That period.
    pub period: LimitPeriod,
    /// How many in all.
    pub quota: Option<i64>,
    /// How much in all.
    pub budget: Option<Fen>,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// End, exclusive.
    pub ends_at: DateTime<Utc>,
    /// For coupons.
    pub coupon: Option<CouponTerms>,
    /// Whether limited cards (retained members) may have it.
    pub retained_allowed: bool,
    /// Where.
    pub branches: Vec<Uuid>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = campaign)]
struct Row {
    id: Uuid,
    org_id: Uuid,
    path: String,
    title: String,
    kind: String,
    state: String,
    benefit_fen: Option<i64>,
    benefit_bp: Option<i32>,
    cap_fen: Option<i64>,
    min_spend_fen: i64,
    member_limit: i32,
    period: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    claim_from: Option<DateTime<Utc>>,
    claim_until: Option<DateTime<Utc>>,
    coupon_valid_days: Option<i32>,
    retained_allowed: bool,
    entered_by: Uuid,
    changed_by: Uuid,
    return_reason: Option<String>,
    version: i32,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = campaign_counter)]
struct CounterRow {
    quota_cap: Option<i64>,
    quota_used: i64,
    budget_cap_fen: Option<i64>,
    budget_used_fen: i64,
}

/// A campaign with its counter.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Its id, the `offer_id` of a till.
    pub id: Uuid,
    /// The union whose members it is for.
    pub org: Uuid,
    /// That union's path.
    pub path: String,
    /// What it offers.
    pub terms: Terms,
    /// Its stored state.
    pub state: CampaignState,
    /// Taken of the quota.
    pub quota_used: i64,
    /// Taken of the budget.
    pub budget_used: Fen,
    /// Who entered it.
    pub entered_by: Uuid,
    /// Who changed it last.
    pub changed_by: Uuid,
    /// Why it was returned.
    pub return_reason: Option<String>,
    /// Moves with every change.
    pub version: i32,
}

fn fen(value: i64) -> Result<Fen, Problem> {
    Fen::new(value).map_err(|_| Problem::internal("a stored amount is negative"))
}

/// The rate of stored columns.
///
/// # Errors
/// `INTERNAL` when the columns make no benefit.
pub fn benefit_of(
    benefit_fen: Option<i64>,
    benefit_bp: Option<i32>,
    cap_fen: Option<i64>,
    min_spend_fen: i64,
) -> Result<Benefit, Problem> {
    let rate = match (benefit_fen, benefit_bp) {
        (Some(amount), None) => Rate::Amount(fen(amount)?),
        (None, Some(bp)) => {
            let bp = u32::try_from(bp).ok().and_then(|bp| BasisPoints::new(bp).ok());
            let bp = bp.ok_or_else(|| Problem::internal("a stored rate is out of range"))?;
            Rate::Percent(bp, cap_fen.map(fen).transpose()?)
        }
        _ => return Err(Problem::internal("a stored benefit is none")),
    };
    Ok(Benefit { rate, min_spend: fen(min_spend_fen)? })
}

fn campaign_of(row: Row, counter: CounterRow, branches: Vec<Uuid>) -> Result<Campaign, Problem> {
    let coupon = match (row.claim_from, row.claim_until, row.coupon_valid_days) {
        (Some(claim_from), Some(claim_until), Some(valid_days)) => {
            Some(CouponTerms { claim_from, claim_until, valid_days })
        }
        _ => None,
    };
    let terms = Terms {
        title: row.title,
        kind: OfferKind::parse(&row.kind)?,
        benefit: benefit_of(row.benefit_fen, row.benefit_bp, row.cap_fen, row.min_spend_fen)?,
        member_limit: row.member_limit,
        period: LimitPeriod::parse(&row.period)?,
        quota: counter.quota_cap,
        budget: counter.budget_cap_fen.map(fen).transpose()?,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        coupon,
        retained_allowed: row.retained_allowed,
        branches,
    };
    Ok(Campaign {
        id: row.id,
        org: row.org_id,
        path: row.path,
        terms,
        state: CampaignState::parse(&row.state)?,
        quota_used: counter.quota_used,
        budget_used: fen(counter.budget_used_fen)?,
        entered_by: row.entered_by,
        changed_by: row.changed_by,
        return_reason: row.return_reason,
        version: row.version,
    })
}

impl Campaign {
    /// Where it stands at an instant.
    pub fn phase(&self, now: DateTime<Utc>) -> Phase {
        let sold_out = self.terms.quota.is_some_and(|cap| self.quota_used >= cap)
            || self.terms.budget.is_some_and(|cap| self.budget_used >= cap);
        phase(self.state, (self.terms.starts_at, self.terms.ends_at), sold_out, now)
    }
}

/// Where a campaign stands: its stored state, its half-open time and whether its counters are full.
pub fn phase(
    state: CampaignState,
    (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    sold_out: bool,
    now: DateTime<Utc>,
) -> Phase {
    match state {
        CampaignState::Draft => Phase::Draft,
        CampaignState::Review => Phase::Review,
        CampaignState::Closed => Phase::Ended,
        CampaignState::Approved | CampaignState::Paused if now >= ends_at => Phase::Ended,
        CampaignState::Paused => Phase::Paused,
        CampaignState::Approved if now < starts_at => Phase::Scheduled,
        CampaignState::Approved if sold_out => Phase::SoldOut,
        CampaignState::Approved => Phase::Running,
    }
}

async fn with_branches(conn: &mut Conn, rows: Vec<(Row, CounterRow)>) -> Result<Vec<Campaign>, Problem> {
    let ids: Vec<Uuid> = rows.iter().map(|(row, _)| row.id).collect();
    let links: Vec<(Uuid, Uuid)> = campaign_branch::table
        .filter(campaign_branch::campaign_id.eq_any(&ids))
        .order(campaign_branch::branch_id)
        .load(conn)
        .await?;
    let branches = |id: Uuid| links.iter().filter(|(c, _)| *c == id).map(|(_, b)| *b).collect();
    rows.into_iter()
        .map(|(row, counter)| {
            let branches = branches(row.id);
            campaign_of(row, counter, branches)
        })
        .collect()
}

macro_rules! rows {
    () => {
        campaign::table
            .inner_join(campaign_counter::table.on(campaign_counter::campaign_id.eq(campaign::id)))
            .select((Row::as_select(), CounterRow::as_select()))
    };
}

/// A campaign within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Campaign, Problem> {
    let row: Option<(Row, CounterRow)> = rows!()
        .filter(campaign::id.eq(id))
        .filter(campaign::path.ge(scope.start()).and(campaign::path.lt(scope.end())))
        .first(conn)
        .await
        .optional()?;
    let found = with_branches(conn, row.into_iter().collect()).await?.pop();
    found.ok_or_else(Problem::not_found)
}

/// A campaign whatever the scope: for rules inside this room, never for an answer.
pub(crate) async fn any(conn: &mut Conn, id: Uuid) -> Result<Option<Campaign>, Problem> {
    let row: Option<(Row, CounterRow)> = rows!().filter(campaign::id.eq(id)).first(conn).await.optional()?;
    Ok(with_branches(conn, row.into_iter().collect()).await?.pop())
}

/// A page of the campaigns of a scope, after `(path, id)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[CampaignState],
    after: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Campaign>, Problem> {
    let mut query = rows!()
        .filter(campaign::path.ge(scope.start()).and(campaign::path.lt(scope.end())))
        .order((campaign::path, campaign::id))
        .limit(limit + 1)
        .into_boxed();
    if !states.is_empty() {
        let words: Vec<&str> = states.iter().map(|s| s.as_str()).collect();
        query = query.filter(campaign::state.eq_any(words));
    }
    if let Some((path, id)) = after {
        query = query.filter(campaign::path.gt(path).or(campaign::path.eq(path).and(campaign::id.gt(id))));
    }
    let page = Page::cut(query.load::<(Row, CounterRow)>(conn).await?, limit);
    Ok(Page { more: page.more, items: with_branches(conn, page.items).await? })
}

/// A page of campaigns that are on or to come at a branch in force, by id.
pub(crate) async fn public(
    conn: &mut Conn,
    filter: &Filter,
    (now, today): (DateTime<Utc>, NaiveDate),
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Campaign>, Problem> {
    let division = filter.division.as_deref().unwrap_or("");
    let somewhere = campaign_branch::table
        .inner_join(merchant_branch::table.on(merchant_branch::id.eq(campaign_branch::branch_id)))
        .inner_join(merchant::table.on(merchant::id.eq(merchant_branch::merchant_id)))
        .filter(campaign_branch::campaign_id.eq(campaign::id).and(merchant_branch::state.eq("OPEN")))
        .filter(merchant_branch::division_code.like(format!("{division}%")))
        .filter(merchant::state.eq("LIVE"))
        .filter(merchant::contract_from.le(today).and(merchant::contract_to.ge(today)));
    let mut query = rows!()
        .filter(campaign::state.eq(CampaignState::Approved.as_str()).and(campaign::ends_at.gt(now)))
        .filter(campaign::id.gt(after.unwrap_or(Uuid::nil())))
        .filter(exists(somewhere))
        .order(campaign::id)
        .limit(limit + 1)
        .into_boxed();
    if let Some(path) = &filter.union_path {
        let theirs = sql::<Bool>("starts_with(").bind::<Text, _>(path.clone()).sql(", campaign.path)");
        query = query.filter(theirs);
    }
    let page = Page::cut(query.load::<(Row, CounterRow)>(conn).await?, limit);
    Ok(Page { more: page.more, items: with_branches(conn, page.items).await? })
}

// Branches of merchants the cadre may see; anything else is absent.
async fn check_branches(conn: &mut Conn, scope: &OrgScope, branches: &[Uuid]) -> Result<(), Problem> {
    let found: i64 = merchant_branch::table
        .inner_join(merchant::table.on(merchant::id.eq(merchant_branch::merchant_id)))
        .filter(merchant_branch::id.eq_any(branches))
        .filter(merchant::path.ge(scope.start()).and(merchant::path.lt(scope.end())))
        .count()
        .get_result(conn)
        .await?;
    if usize::try_from(found).is_ok_and(|n| n == branches.len()) {
        Ok(())
    } else {
        let invalid = unionhall_kernel::Invalid::new("BRANCH_UNKNOWN", "门店不存在或不在您的管理范围内。");
        Err(Problem::invalid("/branch_ids", invalid))
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = campaign, treat_none_as_null = true)]
struct TermsRow<'a> {
    title: &'a str,
    kind: &'static str,
    benefit_kind: &'static str,
    benefit_fen: Option<i64>,
    benefit_bp: Option<i32>,
    cap_fen: Option<i64>,
    min_spend_fen: i64,
    member_limit: i32,
    period: &'static str,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    claim_from: Option<DateTime<Utc>>,
    claim_until: Option<DateTime<Utc>>,
    coupon_valid_days: Option<i32>,
    retained_allowed: bool,
}

fn terms_row(terms: &Terms) -> TermsRow<'_> {
    let (benefit_kind, benefit_fen, benefit_bp, cap_fen) = match terms.benefit.rate {
        Rate::Amount(fen) => ("amount", Some(fen.get()), None, None),
        Rate::Percent(bp, cap) => ("percent", None, i32::try_from(bp.get()).ok(), cap.map(Fen::get)),
    };
    TermsRow {
        title: &terms.title,
        kind: terms.kind.as_str(),
        benefit_kind,
        benefit_fen,
        benefit_bp,
        cap_fen,
        min_spend_fen: terms.benefit.min_spend.get(),
        member_limit: terms.member_limit,
        period: terms.period.as_str(),
        starts_at: terms.starts_at,
        ends_at: terms.ends_at,
        claim_from: terms.coupon.map(|c| c.claim_from),
        claim_until: terms.coupon.map(|c| c.claim_until),
        coupon_valid_days: terms.coupon.map(|c| c.valid_days),
        retained_allowed: terms.retained_allowed,
    }
}

async fn link(tx: &mut Conn, id: Uuid, branches: &[Uuid]) -> Result<(), Problem> {
    let links: Vec<_> = branches
        .iter()
        .map(|branch| (campaign_branch::campaign_id.eq(id), campaign_branch::branch_id.eq(*branch)))
        .collect();
    diesel::insert_into(campaign_branch::table).values(links).execute(tx).await?;
    Ok(())
}

/// Who does something to a campaign.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The natural person.
    pub person: Uuid,
    /// For the audit row.
    pub actor: &'a Actor,
    /// What they may see.
    pub scope: &'a OrgScope,
}

/// Enters a campaign for the members of a union, as a draft.
///
/// # Errors
/// `NOT_FOUND` when the union is out of scope, `VALIDATION_FAILED` for branches that are.
pub async fn create(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    union: Uuid,
    terms: &Terms,
) -> Result<Campaign, Problem> {
    let union = unionhall_registry::org::get(tx, by.scope, union).await?;
    check_branches(tx, by.scope, &terms.branches).await?;
    let (id, now) = (core.id(), core.now());
    diesel::insert_into(campaign::table)
        .values((
            terms_row(terms),
            campaign::id.eq(id),
            campaign::org_id.eq(union.id),
            campaign::path.eq(&union.path),
            campaign::state.eq(CampaignState::Draft.as_str()),
            campaign::entered_by.eq(by.person),
            campaign::changed_by.eq(by.person),
            campaign::created_at.eq(now),
        ))
        .execute(tx)
        .await?;
    diesel::insert_into(campaign_counter::table)
        .values((
            campaign_counter::campaign_id.eq(id),
            campaign_counter::quota_cap.eq(terms.quota),
            campaign_counter::budget_cap_fen.eq(terms.budget.map(Fen::get)),
        ))
        .execute(tx)
        .await?;
    link(tx, id, &terms.branches).await?;
    let event = by.actor.event(core.id(), now, Some(&union.path), "campaign.create", ("campaign", Some(id)));
    audit::append(tx, &event.changes(json!({"title": terms.title, "kind": terms.kind.as_str()}))).await?;
    get(tx, by.scope, id).await
}

async fn bump(tx: &mut Conn, before: &Campaign) -> Result<(), Problem> {
    let bumped = diesel::update(campaign::table.find(before.id).filter(campaign::version.eq(before.version)))
        .set(campaign::version.eq(campaign::version + 1))
        .execute(tx)
        .await?;
    if bumped == 1 { Ok(()) } else { Err(Problem::new(Code::Stale)) }
}

/// Rewrites a draft.
///
/// # Errors
/// `INVALID_STATE` unless it is a draft; `STALE`; `VALIDATION_FAILED` for branches out of scope.
pub async fn rewrite(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    before: &Campaign,
    terms: &Terms,
) -> Result<Campaign, Problem> {
    if before.state != CampaignState::Draft {
        return Err(Problem::new(Code::InvalidState));
    }
    check_branches(tx, by.scope, &terms.branches).await?;
    bump(tx, before).await?;
    diesel::update(campaign::table.find(before.id))
        .set((terms_row(terms), campaign::changed_by.eq(by.person)))
        .execute(tx)
        .await?;
    set_caps(tx, before.id, terms.quota, terms.budget).await?;
    diesel::delete(campaign_branch::table.filter(campaign_branch::campaign_id.eq(before.id)))
        .execute(tx)
        .await?;
    link(tx, before.id, &terms.branches).await?;
    let event = by.actor.event(
        core.id(),
        core.now(),
        Some(&before.path),
        "campaign.change",
        ("campaign", Some(before.id)),
    );
    audit::append(tx, &event.changes(json!({"title": [before.terms.title, terms.title]}))).await?;
    get(tx, by.scope, before.id).await
}

async fn set_caps(tx: &mut Conn, id: Uuid, quota: Option<i64>, budget: Option<Fen>) -> Result<(), Problem> {
    let done = diesel::update(campaign_counter::table.find(id))
        .set((
            campaign_counter::quota_cap.eq(quota),
            campaign_counter::budget_cap_fen.eq(budget.map(Fen::get)),
        ))
        .execute(tx)
        .await
        .map_err(Problem::from);
    match done {
        Ok(_) => Ok(()),
        Err(problem) => Err(match constraint(&problem) {
            Some("campaign_counter_quota") => below_used("/quota"),
            Some("campaign_counter_budget") => below_used("/budget_fen"),
            _ => problem,
        }),
    }
}

fn below_used(pointer: &str) -> Problem {
    Problem::invalid(pointer, unionhall_kernel::Invalid::new("BELOW_USED", "不能低于已领取和已使用的数量。"))
}

/// Moves the caps of an approved or paused campaign: never below what was taken. More money or more uses is an
/// approval of its own, so a raise needs somebody who may approve and did not enter it; a cut does not.
///
/// # Errors
/// `INVALID_STATE` in other states or where a cap would come or go, `FORBIDDEN`, `NOT_ANOTHER_PERSON`, `STALE`,
/// `VALIDATION_FAILED` below what was taken.
pub async fn set_limits(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    may_approve: bool,
    before: &Campaign,
    (quota, budget): (Option<i64>, Option<Fen>),
) -> Result<Campaign, Problem> {
    let terms = &before.terms;
    let same_shape = quota.is_some() == terms.quota.is_some() && budget.is_some() == terms.budget.is_some();
    if !matches!(before.state, CampaignState::Approved | CampaignState::Paused) || !same_shape {
        return Err(Problem::new(Code::InvalidState));
    }
    if quota > terms.quota || budget > terms.budget {
        if !may_approve {
            return Err(Problem::new(Code::Forbidden));
        }
        another(by, before)?;
    }
    bump(tx, before).await?;
    set_caps(tx, before.id, quota, budget).await?;
    let event = by.actor.event(
        core.id(),
        core.now(),
        Some(&before.path),
        "campaign.set_limits",
        ("campaign", Some(before.id)),
    );
    let changes = json!({"quota": [terms.quota, quota], "budget_fen": [terms.budget, budget]});
    audit::append(tx, &event.changes(changes)).await?;
    get(tx, by.scope, before.id).await
}

fn another(by: By<'_>, of: &Campaign) -> Result<(), Problem> {
    if by.person == of.entered_by || by.person == of.changed_by {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    Ok(())
}

/// A step of E6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// DRAFT → REVIEW
    Submit,
    /// REVIEW → APPROVED, by another natural person
    Approve,
    /// REVIEW → DRAFT, with a reason
    Return(&'a str),
    /// APPROVED → PAUSED
    Pause,
    /// PAUSED → APPROVED
    Resume,
}

/// Takes a step.
///
/// # Errors
/// `INVALID_STATE` when E6 does not allow it, `NOT_ANOTHER_PERSON` when who approves entered or changed it,
/// `STALE` when it changed since it was read.
pub async fn take(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    before: &Campaign,
    step: Step<'_>,
) -> Result<Campaign, Problem> {
    let (to, action, reason) = match step {
        Step::Submit => (CampaignState::Review, "campaign.submit", None),
        Step::Approve => (CampaignState::Approved, "campaign.approve", None),
        Step::Return(reason) => (CampaignState::Draft, "campaign.return", Some(reason)),
        Step::Pause => (CampaignState::Paused, "campaign.pause", None),
        Step::Resume => (CampaignState::Approved, "campaign.resume", None),
    };
    // Two steps lead to APPROVED: which one it may be depends on where it stands.
    let from_paused = before.state == CampaignState::Paused;
    if !allowed(before.state, to) || (to == CampaignState::Approved && from_paused != (step == Step::Resume))
    {
        return Err(Problem::new(Code::InvalidState));
    }
    let now = core.now();
    if step == Step::Approve {
        another(by, before)?;
    }
    bump(tx, before).await?;
    diesel::update(campaign::table.find(before.id))
        .set((campaign::state.eq(to.as_str()), campaign::return_reason.eq(reason)))
        .execute(tx)
        .await?;
    if step == Step::Approve {
        diesel::update(campaign::table.find(before.id))
            .set((campaign::approved_by.eq(by.person), campaign::approved_at.eq(now)))
            .execute(tx)
            .await?;
    }
    let mut event = by.actor.event(core.id(), now, Some(&before.path), action, ("campaign", Some(before.id)));
    event.reason = reason.map(str::to_owned);
    let changes = json!({"state": [before.state.as_str(), to.as_str()]});
    audit::append(tx, &event.changes(changes)).await?;
    get(tx, by.scope, before.id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-11-20T{hour:02}:00:00Z").parse().unwrap()
    }

    #[test]
    fn phases_follow_clock_and_counters() {
        let running = |sold_out, hour| phase(CampaignState::Approved, (at(4), at(8)), sold_out, at(hour));
        assert_eq!(running(false, 3), Phase::Scheduled);
        assert_eq!(running(false, 4), Phase::Running);
        assert_eq!(running(true, 5), Phase::SoldOut);
        assert_eq!(running(true, 8), Phase::Ended);
        assert_eq!(phase(CampaignState::Paused, (at(4), at(8)), false, at(5)), Phase::Paused);
    }

    #[test]
    fn nothing_runs_without_review_and_nothing_leaves_closed() {
        assert!(!allowed(CampaignState::Draft, CampaignState::Approved));
        assert!(!allowed(CampaignState::Approved, CampaignState::Draft));
        assert!(CampaignState::ALL.iter().all(|to| !allowed(CampaignState::Closed, *to)));
    }
}
