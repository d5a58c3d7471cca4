//! Taking turns at a till 换班: whoever set a PIN goes on, on a device of their branch, without waiting for a code. The
//! PIN opens nothing elsewhere: it needs the token of somebody who is logged in on that device, it is one place's on one
//! staff, and the session it begins serves the till alone.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::login::{self, HandOver, Tokens};
use unionhall_identity::otp::{self, Purpose};
use unionhall_identity::password::Verdict;
use unionhall_identity::{Identity, account};
use unionhall_kernel::{Code, Invalid, Pii, Problem};
use unionhall_storage::{Conn, audit};
use unionhall_web::{Actor, Principal, Realm};
use uuid::Uuid;

use crate::schema::{merchant_pin, merchant_staff};
use crate::till;

/// Wrong tries in a row that lock a PIN.
const TRIES: i32 = 5;

/// Checks a new PIN: six digits, neither all alike nor in a row.
///
/// # Errors
/// `PIN_FORMAT`.
pub fn parse(pin: &str) -> Result<(), Invalid> {
    let digits: Vec<i16> = pin.bytes().filter(u8::is_ascii_digit).map(i16::from).collect();
    let six = digits.len() == 6 && pin.len() == 6;
    let steps: Vec<i16> = digits.windows(2).filter_map(|w| Some(w.get(1)? - w.first()?)).collect();
    let plain = [-1, 0, 1].iter().any(|step| steps.iter().all(|s| s == step));
    if six && !plain {
        Ok(())
    } else {
        Err(Invalid::new("PIN_FORMAT", "PIN为六位数字，不能全部相同或连续。"))
    }
}

/// Sets one's own PIN, with a fresh code to one's mobile.
///
/// # Errors
/// `OTP_INVALID`; `INVALID_STATE` for an account without a mobile.
pub async fn set(
    identity: &Identity,
    (actor, principal): (&Actor, &Principal),
    pin: Pii<String>,
    code: &str,
) -> Result<DateTime<Utc>, Problem> {
    let core = &identity.core;
    let place = principal.role.as_ref().map(|role| role.id).ok_or_else(|| Problem::new(Code::Forbidden))?;
    let own = account::get(&mut *core.db.read().await?, principal.account).await?;
    let own = own.ok_or_else(Problem::not_found)?;
    let mobile = own.mobile(&core.sealer)?.ok_or_else(|| Problem::new(Code::InvalidState))?;
    let proof = otp::check(core, Realm::Merchant, Purpose::Confirm, &mobile, code).await?;
    let (phc, now) = (identity.passwords.hash(pin, core.ids.as_ref()).await?, core.now());
    core.db
        .write(async |tx| {
            proof.consume(tx, now).await?;
            let values =
                (merchant_pin::phc.eq(&phc), merchant_pin::wrong.eq(0), merchant_pin::set_at.eq(now));
            diesel::insert_into(merchant_pin::table)
                .values((merchant_pin::place_id.eq(place), values))
                .on_conflict(merchant_pin::place_id)
                .do_update()
                .set(values)
                .execute(tx)
                .await?;
            let object = ("merchant_staff", Some(place));
            let event = actor.event(core.id(), now, till::path_of(principal), "merchant.set_pin", object);
            audit::append(tx, &event).await
        })
        .await?;
    Ok(now)
}

/// Somebody who may take over here.
#[derive(Debug, Clone)]
pub struct Colleague {
    /// The place on the staff.
    pub place: Uuid,
    /// Whose it is.
    pub account: Uuid,
    /// Full name; mask it before it leaves.
    pub name: String,
    /// `manager` or `staff`.
    pub role: String,
}

/// Who has a place at a branch (managers of all branches too) and a PIN.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn colleagues(
    conn: &mut Conn,
    (merchant, branch): (Uuid, Uuid),
    now: DateTime<Utc>,
) -> Result<Vec<Colleague>, Problem> {
    let rows: Vec<(Uuid, Uuid, String, String)> = merchant_staff::table
        .inner_join(merchant_pin::table.on(merchant_pin::place_id.eq(merchant_staff::id)))
        .filter(merchant_staff::merchant_id.eq(merchant).and(merchant_staff::revoked_at.is_null()))
        .filter(merchant_staff::branch_id.eq(branch).or(merchant_staff::branch_id.is_null()))
        .filter(merchant_staff::valid_from.le(now))
        .filter(merchant_staff::valid_to.is_null().or(merchant_staff::valid_to.gt(now)))
        .order((merchant_staff::name, merchant_staff::id))
        .limit(200)
        .select((merchant_staff::id, merchant_staff::account_id, merchant_staff::name, merchant_staff::role))
        .load(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(place, account, name, role)| Colleague { place, account, name, role })
        .collect())
}

/// Takes a try, then judges: asking in parallel gains nothing.
async fn check(
    identity: &Identity,
    (actor, principal): (&Actor, &Principal),
    place: Uuid,
    pin: Pii<String>,
) -> Result<(), Problem> {
    let core = &identity.core;
    let open = merchant_pin::table.find(place).filter(merchant_pin::wrong.lt(TRIES));
    let taken: Option<(String, i32)> = diesel::update(open)
        .set(merchant_pin::wrong.eq(merchant_pin::wrong + 1))
        .returning((merchant_pin::phc, merchant_pin::wrong))
        .get_result(&mut *core.db.writer().await?)
        .await
        .optional()?;
    let (phc, wrong) = taken.ok_or_else(|| Problem::new(Code::PinLocked))?;
    if identity.passwords.verify(pin, Some(phc)).await? == Verdict::Wrong {
        if wrong == TRIES {
            let (id, now, object) = (core.id(), core.now(), ("merchant_staff", Some(place)));
            let event = actor.event(id, now, till::path_of(principal), "merchant.lock_pin", object);
            core.db.write(async |tx| audit::append(tx, &event).await).await?;
        }
        return Err(Problem::new(Code::PinWrong).with("tries_left", TRIES - wrong));
    }
    let mut conn = core.db.writer().await?;
    diesel::update(merchant_pin::table.find(place)).set(merchant_pin::wrong.eq(0)).execute(&mut conn).await?;
    Ok(())
}

/// Hands the caller's device over to a colleague: the caller's session ends, the colleague's begins.
///
/// # Errors
/// `INVALID_STATE` unless the device is a till of the caller's merchant; `NOT_FOUND` for a place that is not at its
/// branch or has no PIN; `PIN_WRONG` with `tries_left`, `PIN_LOCKED`.
pub async fn take_over(
    identity: &Identity,
    (actor, principal): (&Actor, &Principal),
    merchant: Uuid,
    place: Uuid,
    pin: Pii<String>,
) -> Result<Tokens, Problem> {
    let core = &identity.core;
    let mut conn = core.db.writer().await?;
    let (till, device) = till::here(&mut conn, principal, merchant).await?;
    let here = colleagues(&mut conn, (merchant, till.branch_id), core.now()).await?;
    drop(conn);
    let next = here.into_iter().find(|c| c.place == place).ok_or_else(Problem::not_found)?;
    check(identity, (actor, principal), next.place, pin).await?;
    let hand_over = HandOver {
        from: principal,
        to: (next.account, next.place),
        device: &device,
        path: till::path_of(principal),
        changes: json!({"till": till.id, "from": principal.account}),
    };
    login::hand_over(identity, actor, &hand_over).await
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_pin_that_everybody_tries_first_is_none() {
        for bad in ["", "12345", "1234567", "12345a", "111111", "123456", "654321", "１２３４５６"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        for good in ["123457", "908172", "112233", "121212"] {
            assert!(parse(good).is_ok(), "{good}");
        }
    }
}
