//! Verification 核验: the till's first step. A live read, in one statement through the worker's pipelined connection:
//! the card, its holder's standing and the offers usable here and now. Nothing is cached and nothing is written
//! but the log.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::sql_types::{BigInt, Bool, Date, Int4, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use unionhall_cards::code::{CardCodes, Opened, STEP_TOLERANCE, step_at};
use unionhall_cards::standing::{Validity, validity};
use unionhall_cards::till_code;
use unionhall_kernel::text::compact_digits;
use unionhall_kernel::{Code, Problem, mask};
use unionhall_storage::hot::{bind, hot};
use uuid::Uuid;

use crate::campaign::{OfferKind, benefit_of};
use crate::token::{Verified, expiry};
use crate::verification_log::Entry;
use crate::{Merchants, guess};

/// The statement: holder, ordinal of the card, branch, now, today (Asia/Shanghai). Benches run it by itself.
pub const SQL: &str = include_str!("verify.sql");

/// Why a code is not valid (docs/RULES.md, codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = VerificationReason)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// 无法识别: not one of ours, or changed.
    CodeInvalid,
    /// 已过期: the code is older than a step, or the card's dates are over.
    Expired,
    /// 已使用: this code or a newer one was redeemed.
    Used,
    /// 已挂失
    Lost,
    /// 已注销
    Revoked,
    /// 已暂停
    Suspended,
}

impl Reason {
    /// The word on the wire and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CodeInvalid => "code_invalid",
            Self::Expired => "expired",
            Self::Used => "used",
            Self::Lost => "lost",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
        }
    }

    /// What a cashier reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::CodeInvalid => "无法识别此码，请会员打开会员卡重新出示。",
            Self::Expired => "此码已过期或尚未生效，请会员核对手机时间，刷新后重新出示。",
            Self::Used => "此码已使用，请会员刷新后重新出示。",
            Self::Lost => "此卡已挂失，不能使用。",
            Self::Revoked => "此卡已注销，不能使用。",
            Self::Suspended => "此卡已暂停，请会员联系所在工会。",
        }
    }
}

/// An offer the holder can use at this branch now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The campaign.
    pub campaign: Uuid,
    /// The coupon, for a coupon.
    pub coupon: Option<Uuid>,
    /// Its kind.
    pub kind: OfferKind,
    /// Its title.
    pub title: String,
    /// The rule as people read it.
    pub rule_text: String,
    /// Whether the amount must be typed.
    pub needs_amount: bool,
    /// How often this member may still have it, this time included.
    pub remaining: i64,
}

/// What a valid code opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valid {
    /// For step two.
    pub token: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// The holder's name, masked.
    pub holder: String,
    /// Whether the card is of a retained member, with limited offers.
    pub limited: bool,
    /// What the holder can use here now.
    pub offers: Vec<Offer>,
}

/// Who verifies: a place on the staff at a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Till {
    /// The branch.
    pub branch: Uuid,
    /// The place on the staff.
    pub staff: Uuid,
}

type Row = (
    (String, Option<String>, String, NaiveDate, NaiveDate, i64, String),
    (
        Option<Uuid>,
        Option<Uuid>,
        Option<String>,
        Option<String>,
        Option<i64>,
        Option<i32>,
        Option<i64>,
        Option<i64>,
        Option<bool>,
        Option<i64>,
    ),
);
type RowSql = (
    (Text, Nullable<Text>, Text, Date, Date, BigInt, Text),
    (
        Nullable<SqlUuid>,
        Nullable<SqlUuid>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<BigInt>,
        Nullable<Int4>,
        Nullable<BigInt>,
        Nullable<BigInt>,
        Nullable<Bool>,
        Nullable<BigInt>,
    ),
);

/// What a code stands for, if it is one of ours and fresh: a QR's by itself, eight digits by what is on record.
async fn open(
    merchants: &Merchants,
    codes: &CardCodes,
    branch: Uuid,
    code: &str,
) -> Result<(Option<Opened>, Option<Reason>), Problem> {
    let core = &merchants.core;
    let digits = compact_digits(code);
    if till_code::is_one(&digits) {
        let taken = guess::take(core, branch).await?;
        let opened = till_code::open(core, &digits).await?;
        if opened.is_some() {
            guess::give_back(core, taken).await?;
        }
        return Ok((opened, opened.is_none().then_some(Reason::CodeInvalid)));
    }
    let opened = codes.open(code);
    let refused = match opened {
        None => Some(Reason::CodeInvalid),
        Some(opened) if (step_at(core.now()) - opened.step).abs() > STEP_TOLERANCE => Some(Reason::Expired),
        Some(_) => None,
    };
    Ok((opened, refused))
}

/// Verifies a code at a till.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked: a till must not guess. `RATE_LIMITED` for a branch that tried too
/// many wrong digits.
pub async fn verify(
    merchants: &Merchants,
    codes: &CardCodes,
    till: Till,
    code: &str,
) -> Result<Result<Valid, Reason>, Problem> {
    let (opened, refused) = open(merchants, codes, till.branch, code.trim()).await?;
    let outcome = match (opened, refused) {
        (Some(opened), None) => judge(merchants, till, opened).await?,
        (_, reason) => Err(reason.unwrap_or(Reason::CodeInvalid)),
    };
    let core = &merchants.core;
    merchants.log.note(Entry {
        id: core.id(),
        at: core.now(),
        branch_id: till.branch,
        staff_id: till.staff,
        person_id: opened.map(|o| o.person),
        result: outcome.as_ref().map_or_else(|reason| reason.as_str(), |_| "valid").to_owned(),
    });
    Ok(outcome)
}

/// The rows of a card at a branch.
async fn read(merchants: &Merchants, person: Uuid, n: i32, branch: Uuid) -> Result<Vec<Row>, Problem> {
    let core = &merchants.core;
    let (now, today) = (core.now(), core.today());
    let statement = || {
        hot::<RowSql, _>(
            SQL,
            (
                bind::<SqlUuid, _>(person),
                bind::<Int4, _>(n),
                bind::<SqlUuid, _>(branch),
                bind::<Timestamptz, _>(now),
                bind::<Date, _>(today),
            ),
        )
    };
    core.db.point(async |conn| statement().load(conn).await).await
}

/// What a member could use at a branch now, with one of their cards: what the till would be shown.
///
/// # Errors
/// `CARD_NOT_VALID`; `UNAVAILABLE` when the database cannot be asked.
pub async fn offers_at(
    merchants: &Merchants,
    person: Uuid,
    n: i32,
    branch: Uuid,
) -> Result<Vec<Offer>, Problem> {
    let rows = read(merchants, person, n, branch).await?;
    let card = rows.as_slice().first().map(|(card, _)| card);
    let worth = card.map(|(status, state, policy, from, to, ..)| {
        validity(status, state.as_deref(), policy, *from, *to, merchants.core.today())
    });
    match worth {
        Some(Validity::Valid { limited }) => offers(&rows, limited),
        _ => Err(Problem::new(Code::CardNotValid)),
    }
}

async fn judge(merchants: &Merchants, till: Till, opened: Opened) -> Result<Result<Valid, Reason>, Problem> {
    let core = &merchants.core;
    let (now, today) = (core.now(), core.today());
    let rows = read(merchants, opened.person, opened.n, till.branch).await?;
    // A code of ours whose card is gone: there is nothing to say about it.
    let Some((card, _)) = rows.as_slice().first() else { return Ok(Err(Reason::CodeInvalid)) };
    let (status, member_state, policy, valid_from, valid_to, last_step, name) = card;
    let worth = validity(status, member_state.as_deref(), policy, *valid_from, *valid_to, today);
    let limited = match worth {
        Validity::Valid { limited } => limited,
        Validity::Lost => return Ok(Err(Reason::Lost)),
        Validity::Revoked => return Ok(Err(Reason::Revoked)),
        Validity::Suspended => return Ok(Err(Reason::Suspended)),
        Validity::Expired => return Ok(Err(Reason::Expired)),
    };
    if opened.step <= *last_step {
        return Ok(Err(Reason::Used));
    }
    let verified = Verified {
        person: opened.person,
        n: opened.n,
        step: opened.step,
        branch: till.branch,
        staff: till.staff,
        expires_at: expiry(now),
    };
    let valid = Valid {
        token: merchants.tokens.seal(&verified)?,
        expires_at: verified.expires_at,
        holder: mask::name(name),
        limited,
        offers: offers(&rows, limited)?,
    };
    Ok(Ok(valid))
}

fn offers(rows: &[Row], limited: bool) -> Result<Vec<Offer>, Problem> {
    let mut offers = Vec::new();
    for (_, (campaign, coupon, kind, title, off, bp, cap, min, retained, remaining)) in rows {
        let (Some(campaign), Some(kind), Some(title), Some(min)) = (campaign, kind, title, min) else {
            continue;
        };
        if limited && *retained != Some(true) {
            continue;
        }
        let benefit = benefit_of(*off, *bp, *cap, *min)?;
        offers.push(Offer {
            campaign: *campaign,
            coupon: *coupon,
            kind: OfferKind::parse(kind)?,
            title: title.clone(),
            rule_text: benefit.text(),
            needs_amount: benefit.needs_amount(),
            remaining: remaining.unwrap_or(0),
        });
    }
    Ok(offers)
}
