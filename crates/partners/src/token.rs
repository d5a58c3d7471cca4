//! Tokens of partners: a client assertion is exchanged for a short access token of the audience `partner`.

use chrono::Duration;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::token::ACCESS_SECONDS;
use unionhall_identity::{Identity, account, session};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Realm};
use uuid::Uuid;

use crate::assertion::{self, Proved};
use crate::key;
use crate::schema::{partner, partner_assertion, partner_key};
use crate::state::State;

/// Where tokens are asked for, below the platform's own address.
pub const PATH: &str = "/v1/partner/token";

fn refused() -> Problem {
    metrics::counter!("unionhall_login_failures_total", "reason" => "assertion").increment(1);
    Problem::new(Code::AssertionInvalid)
}

/// Exchanges an assertion for an access token.
///
/// # Errors
/// `ASSERTION_INVALID`, whatever is wrong with the assertion, its key or its partner.
pub async fn issue(identity: &Identity, actor: &Actor, assertion: &str) -> Result<String, Problem> {
    let core = &identity.core;
    let now = core.now();
    let client = assertion::client(assertion).ok_or_else(refused)?;
    let keys = key::live(&mut *core.db.read().await?, client).await?;
    let keys: Vec<_> = keys.into_iter().map(|key| (key.id, key.public)).collect();
    let issuer = identity.tokens.issuer();
    let audiences = [issuer.to_owned(), format!("{issuer}{PATH}")];
    let proved = assertion::judge(assertion, client, &keys, &audiences, now).ok_or_else(refused)?;
    let epoch = core
        .db
        .write(async |tx| {
            let path = standing(tx, client, proved.key).await?.ok_or_else(refused)?;
            if !used_first(tx, client, &proved).await? {
                return Err(refused());
            }
            let own = account::get(tx, client).await?.filter(account::Account::may_log_in);
            let own = own.ok_or_else(refused)?;
            let until = now + Duration::seconds(ACCESS_SECONDS);
            if !session::hold(tx, proved.key, client, (now, until)).await? {
                return Err(refused());
            }
            let mut event =
                actor.event(core.id(), now, Some(&path), "partner.token", ("partner", Some(client)));
            event.actor_account = Some(client);
            audit::append(tx, &event.changes(json!({"key": proved.key}))).await?;
            Ok(own.epoch)
        })
        .await?;
    identity.tokens.issue(now, (client, Realm::Partner, epoch), proved.key, None)
}

// The partner's path while it is active and the key is live. The key's row is held, so that one which is being removed is
// removed before or after, and in the second case takes this token along.
async fn standing(tx: &mut Conn, client: Uuid, key: Uuid) -> Result<Option<String>, Problem> {
    let live: Option<Uuid> = partner_key::table
        .find(key)
        .filter(partner_key::removed_at.is_null())
        .select(partner_key::id)
        .for_share()
        .first(tx)
        .await
        .optional()?;
    if live.is_none() {
        return Ok(None);
    }
    let active = partner::table.find(client).filter(partner::state.eq(State::Active.as_str()));
    Ok(active.select(partner::path).first(tx).await.optional()?)
}

// Whoever comes second waits for the first's row and finds it.
async fn used_first(tx: &mut Conn, client: Uuid, proved: &Proved) -> Result<bool, Problem> {
    let noted = diesel::insert_into(partner_assertion::table)
        .values((
            partner_assertion::partner_id.eq(client),
            partner_assertion::jti.eq(&proved.jti),
            partner_assertion::expires_at.eq(proved.expires_at),
        ))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    Ok(noted == 1)
}
