//! Sessions in which somebody acts for a member; see [`unionhall_web::assist`].

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::assist::{Assist, Scope, Way};
use unionhall_web::{Principal, Realm};
use uuid::Uuid;

use crate::account::{self, Account, NewAccount, State};
use crate::otp::{self, Purpose};
use crate::schema::{session, session_assist as row};
use crate::{Identity, consent};

/// How long a member is helped at a time; a session is not refreshed.
const LIFE: Duration = Duration::minutes(15);

/// Who is helped, by whom, and with what in hand.
#[derive(Debug)]
pub struct Helped<'a> {
    /// The member's natural person.
    pub person: Uuid,
    /// The path of their union, where a cadre of it helps.
    pub path: Option<&'a str>,
    /// Who helps.
    pub by: &'a Assist,
    /// The signed form.
    pub form: Option<Uuid>,
    /// The delegation, and until when it holds.
    pub delegation: Option<(Uuid, DateTime<Utc>)>,
    /// Why.
    pub reason: &'a str,
}

/// The member's account; whoever has none gets one without a mobile, at level 0, with what the form agrees to.
///
/// # Errors
/// `INVALID_STATE` for a blocked account, and for nobody's where nothing was signed.
pub async fn account_of(
    core: &Core,
    tx: &mut Conn,
    person: Uuid,
    way: Way,
) -> Result<(Account, bool), Problem> {
    match account::find_by_person(tx, Realm::Member, person).await? {
        Some(account) if account.may_log_in() => return Ok((account, false)),
        Some(_) => return Err(Problem::new(Code::InvalidState)),
        None => {}
    }
    if !way.is_signed() {
        return Err(Problem::new(Code::InvalidState).with_detail("首次代办须到柜台或提交签字表单。"));
    }
    let new = NewAccount {
        realm: Realm::Member,
        person: None,
        username: None,
        mobile: None,
        state: State::Active,
        password_hash: None,
        totp_secret: None,
    };
    let id = account::create(core, tx, &new).await?;
    consent::give(core, tx, id, &consent::required(), way.as_str()).await?;
    let account = account::get(tx, id).await?.ok_or_else(|| Problem::internal("an account that was made"))?;
    Ok((account, true))
}

/// Opens a session of the member's for who helps, in the caller's transaction.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn open(
    core: &Core,
    tx: &mut Conn,
    account: Uuid,
    helped: &Helped<'_>,
) -> Result<(Uuid, DateTime<Utc>), Problem> {
    let Helped { person, path, by, form, delegation, reason } = helped;
    let (id, now) = (core.id(), core.now());
    let expires_at = delegation.map_or(now + LIFE, |(_, until)| until.min(now + LIFE));
    let scopes: Vec<&str> = by.scopes.iter().map(|scope| scope.as_str()).collect();
    diesel::insert_into(session::table)
        .values((
            session::id.eq(id),
            session::account_id.eq(account),
            session::role_id.eq(account),
            session::platform.eq(by.way.as_str()),
            session::seq.eq(1),
            session::rotated_at.eq(now),
            session::created_at.eq(now),
            session::expires_at.eq(expires_at),
        ))
        .execute(tx)
        .await?;
    diesel::insert_into(row::table)
        .values((
            row::session_id.eq(id),
            row::by_person.eq(by.person),
            row::by_account.eq(by.account),
            row::by_post.eq(by.post),
            row::by_org.eq(by.org.as_ref().map(|(id, _)| *id)),
            row::by_path.eq(by.org.as_ref().map(|(_, path)| path)),
            row::channel.eq(by.way.as_str()),
            row::person_id.eq(person),
            row::path.eq(path),
            row::form_file_id.eq(form),
            row::reason.eq(reason),
            row::delegate_id.eq(delegation.map(|(id, _)| id)),
            row::scopes.eq(scopes),
            row::below_county.eq(by.below_county),
        ))
        .execute(tx)
        .await?;
    account::touch(tx, account, now).await?;
    Ok((id, expires_at))
}

/// The access token of such a session; there is no other.
///
/// # Errors
/// `UNAUTHENTICATED` when the account is gone.
pub async fn token(identity: &Identity, account: Uuid, session: Uuid) -> Result<String, Problem> {
    identity.states.forget(account);
    let state = identity.states.get(account).await?;
    let of = (account, Realm::Member, state.account.epoch);
    identity.tokens.issue(identity.core.now(), of, session, Some(account))
}

/// The columns of a row that tell who acts.
pub(crate) type Row = (Uuid, Uuid, Option<Uuid>, Option<Uuid>, Option<String>, String, Vec<String>, bool);

pub(crate) fn of_row(
    (person, account, post, org, path, channel, scopes, below_county): Row,
) -> Option<Arc<Assist>> {
    let way = Way::parse(&channel)?;
    let scopes = scopes.iter().filter_map(|word| Scope::parse(word)).collect();
    Some(Arc::new(Assist { person, account, post, org: org.zip(path), way, scopes, below_county }))
}

/// The signed form of a session of a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent, out of scope or nothing was signed.
pub async fn form(conn: &mut Conn, (from, to): (&str, &str), session: Uuid) -> Result<Uuid, Problem> {
    let found: Option<Option<Uuid>> = row::table
        .find(session)
        .filter(row::path.ge(from).and(row::path.lt(to)))
        .select(row::form_file_id)
        .first(conn)
        .await
        .optional()?;
    found.flatten().ok_or_else(Problem::not_found)
}

/// What shows that it is the member's own wish: a fresh code to their mobile or, on their behalf, the form they signed.
#[derive(Debug)]
#[must_use = "a code that is not used can be used again"]
pub enum Wish {
    /// A code that was right and is still to be used.
    Code(otp::Proof),
    /// The form, which the session names.
    Form,
}

impl Wish {
    /// Uses it up, in the transaction of what it allows.
    ///
    /// # Errors
    /// `OTP_INVALID` when the code was used meanwhile.
    pub async fn consume(&self, tx: &mut Conn, now: DateTime<Utc>) -> Result<(), Problem> {
        match self {
            Self::Code(proof) => proof.consume(tx, now).await,
            Self::Form => Ok(()),
        }
    }
}

/// Judges what shows the member's wish.
///
/// # Errors
/// `OTP_INVALID`; `VALIDATION_FAILED` with `REQUIRED` at `/code` for a member's own session without one; `INVALID_STATE` for an
/// account without a mobile.
pub async fn wish(core: &Core, me: &Principal, code: Option<&str>) -> Result<Wish, Problem> {
    if me.assist.as_ref().is_some_and(|assist| assist.way.is_signed()) {
        return Ok(Wish::Form);
    }
    let code =
        code.ok_or_else(|| Problem::invalid("/code", Invalid::new("REQUIRED", "请输入短信验证码。")))?;
    let own =
        account::get(&mut *core.db.writer().await?, me.account).await?.ok_or_else(Problem::not_found)?;
    let mobile = own.mobile(&core.sealer)?.ok_or_else(|| Problem::new(Code::InvalidState))?;
    otp::check(core, Realm::Member, Purpose::Confirm, &mobile, code).await.map(Wish::Code)
}
