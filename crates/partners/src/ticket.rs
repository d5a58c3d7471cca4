//! Tickets: by one of them a member enters a partner's pages, once, within a minute. The partner exchanges it for what the
//! member agreed to share.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::json;
use sha2::{Digest, Sha256};
use unionhall_identity::{account, session};
use unionhall_kernel::{Code, Problem};
use unionhall_registry::{membership, org};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use crate::consent::{self, Giver};
use crate::partner::{self, Partner};
use crate::receives::{Receives, Shared};
use crate::schema::partner_ticket;
use crate::subject::Subjects;

/// How long a ticket lives.
pub const TICKET_SECONDS: i64 = 60;
/// How long what was exchanged may be taken for true: a consent that is withdrawn meanwhile is heard of by then.
pub const SIGN_IN_SECONDS: i64 = 3600;

/// A ticket as it is handed to the member's app; what is stored cannot be turned back into it.
#[derive(Debug)]
pub struct Ticket {
    /// 43 characters that nobody guesses.
    pub text: String,
    /// When it dies.
    pub expires_at: DateTime<Utc>,
    /// Where it may be carried to.
    pub partner: Partner,
}

fn hash(ticket: &str) -> Vec<u8> {
    Sha256::digest(ticket.as_bytes()).to_vec()
}

/// Makes a ticket of a member for a partner, and takes the member's consent where it is given with it.
///
/// # Errors
/// `NOT_FOUND` for a partner that is absent or not active; `CONSENT_REQUIRED` with what would be shared.
pub async fn make(
    core: &Core,
    subjects: &Subjects,
    by: Giver<'_>,
    to: Uuid,
    agrees: bool,
) -> Result<Ticket, Problem> {
    let mut bytes = [0u8; 32];
    core.ids.fill(&mut bytes);
    let text = URL_SAFE_NO_PAD.encode(bytes);
    let now = core.now();
    let expires_at = now + Duration::seconds(TICKET_SECONDS);
    let partner = core
        .db
        .write(async |tx| {
            let partner = partner::active(tx, to).await?;
            let consent = match consent::standing(tx, by.account, to).await? {
                Some(standing) => standing,
                None if agrees => consent::give(core, tx, subjects, by, &partner).await?,
                None => return Err(asks(&partner)),
            };
            diesel::insert_into(partner_ticket::table)
                .values((
                    partner_ticket::hash.eq(hash(&text)),
                    partner_ticket::partner_id.eq(to),
                    partner_ticket::consent_id.eq(consent),
                    partner_ticket::expires_at.eq(expires_at),
                ))
                .execute(tx)
                .await?;
            let event = by.actor.event(core.id(), now, None, "partner.ticket", ("partner", Some(to)));
            audit::append(tx, &event).await?;
            Ok(partner)
        })
        .await?;
    Ok(Ticket { text, expires_at, partner })
}

fn asks(partner: &Partner) -> Problem {
    Problem::new(Code::ConsentRequired)
        .with("partner_name", partner.name.clone())
        .with("receives", json!(partner.receives.words()))
}

/// What a partner learns of a member.
#[derive(Debug)]
pub struct SignedIn {
    /// Under which name the partner knows them.
    pub subject: Vec<u8>,
    /// Their real-name level, where they share it.
    pub level: Option<u8>,
    /// Their union, where they share it and stand in one.
    pub union: Option<Union>,
    /// Until when this may be taken for true.
    pub expires_at: DateTime<Utc>,
}

/// A member's union, as a partner learns it.
#[derive(Debug)]
pub struct Union {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Where it is: a division code.
    pub division: String,
}

#[derive(QueryableByName)]
struct Used {
    #[diesel(sql_type = SqlUuid)]
    consent_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    account_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    person_id: Uuid,
    #[diesel(sql_type = Binary)]
    subject: Vec<u8>,
    #[diesel(sql_type = Array<Text>)]
    receives: Vec<String>,
}

// The one statement that decides. Whoever comes second waits for the row and finds it used; a withdrawal deletes the row it
// waits for, so what the snapshot says of the consent cannot be outdated.
const USE: &str = "UPDATE partner_ticket t SET used_at = $3 \
    FROM partner_consent c JOIN partner p ON p.id = c.partner_id \
    WHERE t.hash = $1 AND t.partner_id = $2 AND t.used_at IS NULL AND t.expires_at > $3 \
      AND c.id = t.consent_id AND c.withdrawn_at IS NULL AND p.state = 'ACTIVE' \
    RETURNING c.id AS consent_id, c.account_id, c.person_id, c.subject, c.receives";

/// Exchanges a ticket for what its member agreed to share.
///
/// # Errors
/// `TICKET_INVALID` alike for one that is unknown, used, expired or another partner's, whose consent was withdrawn, or whose
/// account may not log in any more or is logged in nowhere.
pub async fn exchange(core: &Core, actor: &Actor, partner: Uuid, ticket: &str) -> Result<SignedIn, Problem> {
    let now = core.now();
    let refused = || Problem::new(Code::TicketInvalid);
    core.db
        .write(async |tx| {
            let used: Option<Used> = diesel::sql_query(USE)
                .bind::<Binary, _>(hash(ticket))
                .bind::<SqlUuid, _>(partner)
                .bind::<Timestamptz, _>(now)
                .get_result(tx)
                .await
                .optional()?;
            let Used { consent_id, account_id, person_id, subject, receives } = used.ok_or_else(refused)?;
            let receives = Shared::try_from(receives).map_err(Problem::internal)?;
            let own = account::get(tx, account_id).await?;
            let own = own.filter(|own| own.may_log_in() && own.person == Some(person_id));
            let level = own.ok_or_else(refused)?.level;
            // Whoever logged out everywhere is nowhere logged in by an older ticket either.
            if session::list(tx, account_id, now).await?.is_empty() {
                return Err(refused());
            }
            let standing = membership::standing(tx, person_id).await?;
            let standing = standing.filter(|standing| standing.state != membership::State::Ended);
            let path = standing.as_ref().map(|standing| standing.path.clone());
            let union = match standing.filter(|_| receives.has(Receives::Union)) {
                Some(standing) => Some(union_of(tx, standing.org).await?),
                None => None,
            };
            let object = ("partner_consent", Some(consent_id));
            let event = actor.event(core.id(), now, path.as_deref(), "partner.exchange", object);
            audit::append(tx, &event.about(person_id).changes(json!({"receives": receives.words()}))).await?;
            let level = Some(level).filter(|_| receives.has(Receives::Level));
            let expires_at = now + Duration::seconds(SIGN_IN_SECONDS);
            Ok(SignedIn { subject, level, union, expires_at })
        })
        .await
}

async fn union_of(tx: &mut Conn, id: Uuid) -> Result<Union, Problem> {
    Ok(Union { id, name: org::name_of(tx, id).await?, division: org::division_of(tx, id).await? })
}
