//! Closing an account 注销账号 for good: a member asks, has seven days to think again, and then it is done. The mobile is
//! free and the consents are withdrawn; the person, their membership, cards and every record of money stay, since they
//! are the union's and the law's. Within the fifteen working days that rules on apps allow.

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Mobile, Problem};
use unionhall_storage::tasks::{self, Leased};
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Principal};
use uuid::Uuid;

use crate::account::{Account, State};
use crate::schema::{account_closing as closing, account_device};
use crate::sms::{self, Message, Template};
use crate::{Identity, account, assist, consent, session, wechat};

/// Published when an account is closed: `{account_id}`.
pub const CLOSED: &str = "account.closed";

/// Published when a member asks that their account be closed: [`ClosingAsked`].
pub const ASKED: &str = "account.closing_asked";

/// What [`ASKED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClosingAsked {
    /// Names this request.
    pub id: Uuid,
    /// Which account.
    pub account_id: Uuid,
    /// The Shanghai day on which it is done.
    pub closes_on: NaiveDate,
}

/// Days to think again.
const DAYS: u64 = 7;
const BATCH: i64 = 200;

/// A closing that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Asked {
    /// When.
    pub asked_at: DateTime<Utc>,
    /// The Shanghai day on which it is done.
    pub closes_on: NaiveDate,
}

/// What was asked for an account, if anything.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn of(conn: &mut Conn, account: Uuid) -> Result<Option<Asked>, Problem> {
    let asked = closing::table.find(account).select((closing::asked_at, closing::closes_on));
    Ok(asked.first(conn).await.optional()?)
}

/// Asks that the caller's account be closed. Their mobile is told.
///
/// # Errors
/// `OTP_INVALID`; `APPLICATION_OPEN` when it was asked for already.
pub async fn ask(
    identity: &Identity,
    actor: &Actor,
    me: &Principal,
    code: Option<&str>,
) -> Result<Asked, Problem> {
    let core = &identity.core;
    let id = me.account;
    let own = account::get(&mut *core.db.writer().await?, id).await?.ok_or_else(Problem::not_found)?;
    let wish = assist::wish(core, me, code).await?;
    let closes_on = core.today().checked_add_days(Days::new(DAYS));
    let closes_on = closes_on.ok_or_else(|| Problem::internal("no such day"))?;
    let asked = Asked { asked_at: core.now(), closes_on };
    core.db
        .write(async |tx| {
            wish.consume(tx, core.now()).await?;
            let made = diesel::insert_into(closing::table)
                .values((
                    closing::account_id.eq(id),
                    closing::asked_at.eq(asked.asked_at),
                    closing::closes_on.eq(closes_on),
                ))
                .on_conflict_do_nothing()
                .execute(tx)
                .await?;
            if made == 0 {
                return Err(Problem::new(Code::ApplicationOpen));
            }
            let news = ClosingAsked { id: core.id(), account_id: id, closes_on };
            outbox::publish(tx, news.id, asked.asked_at, ASKED, &news).await?;
            note(core, tx, actor, &own, "account.closing_ask", closes_on).await
        })
        .await?;
    if let Some(mobile) = own.mobile(&core.sealer)? {
        let template = Template::AccountClosing { closes_on: closes_on.to_string() };
        sms::tell(identity.sms.as_ref(), &Message { mobile, template });
    }
    Ok(asked)
}

/// Thinks better of it.
///
/// # Errors
/// `NOT_FOUND` when nothing was asked.
pub async fn cancel(core: &Core, actor: &Actor, me: &Principal) -> Result<(), Problem> {
    core.db
        .write(async |tx| {
            let own = account::get(tx, me.account).await?.ok_or_else(Problem::not_found)?;
            let asked = closing::table.find(me.account);
            let closes_on = diesel::delete(asked).returning(closing::closes_on).get_result(tx).await;
            let closes_on: NaiveDate = closes_on.optional()?.ok_or_else(Problem::not_found)?;
            note(core, tx, actor, &own, "account.closing_cancel", closes_on).await
        })
        .await
}

/// What was asked from a phone that its owner no longer has is not what they want: a new mobile by the county takes it
/// back, in the caller's transaction.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn forget(core: &Core, tx: &mut Conn, actor: &Actor, own: &Account) -> Result<(), Problem> {
    let asked =
        diesel::delete(closing::table.find(own.id)).returning(closing::closes_on).get_result(tx).await;
    match asked.optional()? {
        Some(closes_on) => note(core, tx, actor, own, "account.closing_cancel", closes_on).await,
        None => Ok(()),
    }
}

async fn note(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    own: &Account,
    action: &str,
    closes_on: NaiveDate,
) -> Result<(), Problem> {
    let mut event = actor.event(core.id(), core.now(), None, action, ("account", Some(own.id)));
    event.subject_person = own.person;
    audit::append(tx, &event.changes(json!({"closes_on": closes_on}))).await
}

/// Closes what is due, each account in a transaction of its own: one that cannot be closed keeps no other open, and the
/// task runs again.
///
/// # Errors
/// The last of what went wrong.
pub async fn close_due(identity: &Identity, leased: &Leased) -> Result<(), Problem> {
    let core = &identity.core;
    let (today, mut last, mut failed) = (core.today(), None::<Uuid>, Ok(()));
    loop {
        let mut conn = core.db.writer().await?;
        tasks::extend(&mut conn, leased.id, core.now()).await?;
        let mut due = closing::table
            .filter(closing::closes_on.le(today))
            .order(closing::account_id)
            .limit(BATCH)
            .select(closing::account_id)
            .into_boxed();
        if let Some(last) = last {
            due = due.filter(closing::account_id.gt(last));
        }
        let due: Vec<Uuid> = due.load(&mut conn).await?;
        drop(conn);
        let Some(end) = due.as_slice().last() else { return failed };
        last = Some(*end);
        for id in due {
            match close_one(core, id, today).await {
                Ok(None) => {}
                Ok(Some(mobile)) => {
                    identity.states.forget(id);
                    if let Some(mobile) = mobile {
                        let template = Template::AccountClosed {};
                        sms::tell(identity.sms.as_ref(), &Message { mobile, template });
                    }
                }
                Err(problem) => failed = Err(problem),
            }
        }
    }
}

// What the account's mobile was, of one that was closed; who thought better of it meanwhile has no row any more.
async fn close_one(core: &Core, id: Uuid, today: NaiveDate) -> Result<Option<Option<Mobile>>, Problem> {
    core.db
        .write(async |tx| {
            let due = closing::table.find(id).filter(closing::closes_on.le(today));
            if diesel::delete(due).execute(tx).await? == 0 {
                return Ok(None);
            }
            let own = account::get(tx, id).await?.filter(|own| own.state != State::Closed);
            let Some(own) = own else { return Ok(None) };
            let mobile = own.mobile(&core.sealer)?;
            close(core, tx, &Actor::task(), &own, "本人申请注销").await?;
            Ok(Some(mobile))
        })
        .await
}

/// Closes an account in the caller's transaction: its sessions end, its consents are withdrawn, its devices are
/// forgotten, its mobile is free.
///
/// # Errors
/// `INVALID_STATE` when it is closed already, or was bound to a person since it was read.
pub async fn close(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    account: &Account,
    reason: &str,
) -> Result<(), Problem> {
    let (now, id) = (core.now(), account.id);
    session::end_all(tx, id, "closed", now).await?;
    consent::withdraw_all(tx, id, now).await?;
    diesel::delete(account_device::table.filter(account_device::account_id.eq(id))).execute(tx).await?;
    diesel::delete(closing::table.find(id)).execute(tx).await?;
    wechat::forget(tx, id).await?;
    account::close(tx, account, now).await?;
    outbox::publish(tx, core.id(), now, CLOSED, &json!({"account_id": id})).await?;
    let mut event = actor.event(core.id(), now, None, "account.close", ("account", Some(id)));
    event.subject_person = account.person;
    audit::append(tx, &event.reason(reason).changes(json!({"state": [account.state.as_str(), "CLOSED"]})))
        .await
}
