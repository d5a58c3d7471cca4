//! One-time codes by SMS. A number has one live code per realm and purpose; asking takes the slot before
//! anything is sent, and guessing takes the try before it is judged, so neither can be raced.

use std::net::IpAddr;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use unionhall_kernel::{Code, Invalid, Mobile, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::Realm;
use utoipa::ToSchema;

use crate::account;
use crate::counts;
use crate::schema::otp;
use crate::sms::{Message, SmsSender, Template};

/// How long a code lives.
pub const TTL_SECONDS: i64 = 300;
/// How long until another may be asked.
pub const RESEND_SECONDS: u32 = 60;
/// Wrong tries that burn a code.
pub const TRIES: i32 = 5;
/// Codes a number may ask in a Shanghai day.
const PER_MOBILE_DAY: i32 = 10;
/// Codes an address may ask in a Shanghai day; whole works sit behind one.
const PER_ADDRESS_DAY: i32 = 2_000;

/// What a code is for. 用途
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Logging in.
    Login,
    /// The second factor of a cadre.
    SecondFactor,
    /// A step that asks a fresh code.
    Confirm,
    /// Applying without being logged in: for a merchant, realm `merchant`; for a recruiter, realm `recruiter`; for a new mobile, realm `member`.
    Apply,
    /// Taking a number as one's new mobile: a member who is logged in asks, for any number.
    NewMobile,
}

impl Purpose {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::SecondFactor => "second_factor",
            Self::Confirm => "confirm",
            Self::Apply => "apply",
            Self::NewMobile => "new_mobile",
        }
    }
}

fn hash(core: &Core, realm: Realm, purpose: Purpose, mobile: &Mobile, code: &str) -> Vec<u8> {
    let text = format!("{realm}|{}|{}|{code}", purpose.as_str(), mobile.e164());
    core.sealer.blind("otp", &text)
}

/// Checks the form of a code: six digits.
///
/// # Errors
/// `OTP_FORMAT`.
pub fn parse_code(code: &str) -> Result<&str, Invalid> {
    if code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) {
        Ok(code)
    } else {
        Err(Invalid::new("OTP_FORMAT", "验证码为六位数字。"))
    }
}

/// Whether a number nobody has may become an account.
pub(crate) fn takes_newcomers(realm: Realm, purpose: Purpose) -> bool {
    realm == Realm::Member
        || (matches!(realm, Realm::Merchant | Realm::Recruiter) && purpose == Purpose::Apply)
}

/// Makes a code and hands it over for sending. Numbers nobody has, and blocked accounts, get the same answer
/// and no message; a member's number may be new, and that of a merchant or recruiter who applies.
///
/// # Errors
/// `OTP_TOO_OFTEN` within a minute of the last, or above the daily caps.
pub async fn request(
    core: &Core,
    sms: &dyn SmsSender,
    realm: Realm,
    purpose: Purpose,
    mobile: &Mobile,
    ip: IpAddr,
) -> Result<(), Problem> {
    let (now, today) = (core.now(), core.today());
    let index = account::mobile_index(&core.sealer, mobile);
    let code = core.ids.digits(6);
    let code_hash = hash(core, realm, purpose, mobile, &code);
    let address = core.sealer.blind("address", &ip.to_string());
    let deliver = core
        .db
        .write(async |tx| {
            take_slot(tx, realm, purpose, &index, &code_hash, now).await?;
            let day = counts::take(tx, "otp_address", &address, today, PER_ADDRESS_DAY).await?;
            let budget = budget(realm, purpose, &index);
            let mobile_day = counts::take(tx, "otp_mobile", &budget, today, PER_MOBILE_DAY).await?;
            if day.is_none() || mobile_day.is_none() {
                return Err(Problem::new(Code::OtpTooOften).retry_after(core.seconds_to_midnight()));
            }
            match account::find_by_mobile(tx, realm, &index).await? {
                Some(found) => Ok(found.may_log_in() || found.state == account::State::Invited),
                None => Ok(takes_newcomers(realm, purpose)),
            }
        })
        .await?;
    if deliver {
        let template = Template::Otp { code, minutes: (TTL_SECONDS / 60).to_string() };
        sms.send(&Message { mobile: mobile.clone(), template })?;
    }
    Ok(())
}

// A stranger who knows a number can use up what is asked in public, and must not keep a chair from the second factor by that.
fn budget(realm: Realm, purpose: Purpose, index: &[u8]) -> Vec<u8> {
    let of = if purpose == Purpose::SecondFactor { purpose.as_str() } else { "" };
    [index, realm.as_str().as_bytes(), of.as_bytes()].concat()
}

async fn take_slot(
    tx: &mut Conn,
    realm: Realm,
    purpose: Purpose,
    index: &[u8],
    code_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let taken = diesel::sql_query(
        "INSERT INTO otp (mobile_index, realm, purpose, code_hash, sent_at, expires_at, tries) \
         VALUES ($1, $2, $3, $4, $5, $6, 0) \
         ON CONFLICT (mobile_index, realm, purpose) DO UPDATE SET \
           code_hash = $4, sent_at = $5, expires_at = $6, tries = 0, used_at = NULL \
         WHERE otp.sent_at <= $7",
    )
    .bind::<Binary, _>(index)
    .bind::<Text, _>(realm.as_str())
    .bind::<Text, _>(purpose.as_str())
    .bind::<Binary, _>(code_hash)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + Duration::seconds(TTL_SECONDS))
    .bind::<Timestamptz, _>(now - Duration::seconds(i64::from(RESEND_SECONDS)))
    .execute(tx)
    .await?;
    if taken == 1 { Ok(()) } else { Err(Problem::new(Code::OtpTooOften).retry_after(RESEND_SECONDS)) }
}

/// A code that was right and is still to be used, in the transaction of what it allows.
#[derive(Debug)]
#[must_use = "a code that is not used can be used again"]
pub struct Proof {
    index: Vec<u8>,
    realm: Realm,
    purpose: Purpose,
    code_hash: Vec<u8>,
}

/// Judges a code. The try is counted and committed first, so parallel guesses cannot exceed five.
///
/// # Errors
/// `OTP_INVALID` for a wrong, burned, used or expired code, and for a number that never asked: all alike.
pub async fn check(
    core: &Core,
    realm: Realm,
    purpose: Purpose,
    mobile: &Mobile,
    code: &str,
) -> Result<Proof, Problem> {
    let now = core.now();
    let index = account::mobile_index(&core.sealer, mobile);
    let given = hash(core, realm, purpose, mobile, code);
    let mut conn = core.db.writer().await?;
    let stored: Option<Vec<u8>> = diesel::update(
        otp::table
            .find((&index, realm.as_str(), purpose.as_str()))
            .filter(otp::used_at.is_null().and(otp::expires_at.gt(now)).and(otp::tries.lt(TRIES))),
    )
    .set(otp::tries.eq(otp::tries + 1))
    .returning(otp::code_hash)
    .get_result(&mut conn)
    .await
    .optional()?;
    // A missing row is compared too, against something that cannot match.
    let stored = stored.unwrap_or_else(|| vec![0; given.len()]);
    if bool::from(stored.ct_eq(&given)) {
        Ok(Proof { index, realm, purpose, code_hash: given })
    } else {
        metrics::counter!("unionhall_code_failures_total", "purpose" => purpose.as_str()).increment(1);
        Err(Problem::new(Code::OtpInvalid))
    }
}

impl Proof {
    /// Uses the code up, in the transaction of what it allows.
    ///
    /// # Errors
    /// `OTP_INVALID` when another request used it first.
    pub async fn consume(&self, tx: &mut Conn, now: DateTime<Utc>) -> Result<(), Problem> {
        let used = diesel::update(
            otp::table
                .find((&self.index, self.realm.as_str(), self.purpose.as_str()))
                .filter(otp::used_at.is_null().and(otp::code_hash.eq(&self.code_hash))),
        )
        .set(otp::used_at.eq(now))
        .execute(tx)
        .await?;
        if used == 1 { Ok(()) } else { Err(Problem::new(Code::OtpInvalid)) }
    }
}
