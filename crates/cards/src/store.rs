//! Rows and queries.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::membership;
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use crate::code::step_at;
use crate::issue::VIRTUAL;
use crate::schema::{card, card_policy, member_standing};
use crate::standing::{CardState, Status, Validity, validity};

/// A card with where its holder stands.
#[derive(Debug, Clone)]
pub struct CardView {
    /// The card.
    pub id: Uuid,
    /// Its holder.
    pub person: Uuid,
    /// Which of the holder's cards.
    pub n: i32,
    /// The newest step that was burned; codes up to it are dead.
    pub last_step: i64,
    /// The number people read.
    pub number: String,
    /// `VIRTUAL`, …
    pub kind: String,
    /// The stored status.
    pub status: Status,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: NaiveDate,
    /// When it was reported lost.
    pub lost_at: Option<DateTime<Utc>>,
    /// Moves with every change.
    pub version: i32,
    /// What it is worth today.
    pub validity: Validity,
    /// Its state, as everybody is told it.
    pub state: CardState,
    /// The path of the holder's union, where they have one.
    pub path: Option<String>,
    /// The bank that issued it with the union; none of the virtual card.
    pub bank_code: Option<String>,
    /// The last four digits of the bank's number.
    pub last4: Option<String>,
}

impl CardView {
    /// Whether it is the card that a till takes.
    pub fn is_virtual(&self) -> bool {
        self.kind == VIRTUAL
    }

    /// The first step whose code is not burned: that of the moment, or the one after what was just redeemed.
    pub fn step_at(&self, now: DateTime<Utc>) -> i64 {
        step_at(now).max(self.last_step + 1)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = card)]
struct Row {
    id: Uuid,
    person_id: Uuid,
    n: i32,
    last_step: i64,
    number: String,
    kind: String,
    status: String,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    lost_at: Option<DateTime<Utc>>,
    version: i32,
    bank_code: Option<String>,
    last4: Option<String>,
}

type Joined = (Row, Option<String>, Option<String>, String);

fn view((row, member_state, path, policy): Joined, today: NaiveDate) -> CardView {
    let Row {
        id,
        person_id,
        n,
        last_step,
        number,
        kind,
        status,
        valid_from,
        valid_to,
        lost_at,
        version,
        bank_code,
        last4,
    } = row;
    let worth = validity(&status, member_state.as_deref(), &policy, valid_from, valid_to, today);
    CardView {
        id,
        person: person_id,
        n,
        last_step,
        number,
        kind,
        state: CardState::of(&status, worth),
        status: Status::parse(&status),
        valid_from,
        valid_to,
        lost_at,
        version,
        validity: worth,
        path,
        bank_code,
        last4,
    }
}

macro_rules! joined {
    () => {
        card::table
            .left_join(member_standing::table.on(member_standing::person_id.eq(card::person_id)))
            .inner_join(card_policy::table.on(card_policy::id.eq(1)))
            .select((
                Row::as_select(),
                member_standing::state.nullable(),
                member_standing::path.nullable(),
                card_policy::retained,
            ))
    };
}

/// All cards of a person, newest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn of_person(conn: &mut Conn, person: Uuid, today: NaiveDate) -> Result<Vec<CardView>, Problem> {
    let rows: Vec<Joined> =
        joined!().filter(card::person_id.eq(person)).order(card::n.desc()).load(conn).await?;
    Ok(rows.into_iter().map(|row| view(row, today)).collect())
}

/// One card of a person.
///
/// # Errors
/// `NOT_FOUND` when it is absent or somebody else's.
pub async fn own(conn: &mut Conn, person: Uuid, id: Uuid, today: NaiveDate) -> Result<CardView, Problem> {
    let row: Option<Joined> =
        joined!().filter(card::id.eq(id).and(card::person_id.eq(person))).first(conn).await.optional()?;
    row.map(|row| view(row, today)).ok_or_else(Problem::not_found)
}

/// One card of a member within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or its holder is out of scope.
pub async fn scoped(
    conn: &mut Conn,
    scope: &OrgScope,
    id: Uuid,
    today: NaiveDate,
) -> Result<CardView, Problem> {
    let row: Option<Joined> = joined!()
        .filter(card::id.eq(id))
        .filter(member_standing::path.ge(scope.start()).and(member_standing::path.lt(scope.end())))
        .first(conn)
        .await
        .optional()?;
    row.map(|row| view(row, today)).ok_or_else(Problem::not_found)
}

/// Cards of a member within a scope, newest first.
///
/// # Errors
/// `NOT_FOUND` when the member is absent or out of scope.
pub async fn scoped_of_person(
    core: &Core,
    conn: &mut Conn,
    scope: &OrgScope,
    person: Uuid,
) -> Result<Vec<CardView>, Problem> {
    let rows: Vec<Joined> = joined!()
        .filter(card::person_id.eq(person))
        .filter(member_standing::path.ge(scope.start()).and(member_standing::path.lt(scope.end())))
        .order(card::n.desc())
        .load(conn)
        .await?;
    if rows.is_empty() {
        // A member without a card is there; anybody else is not.
        let standing = membership::standing(conn, person).await?;
        standing.filter(|s| scope.contains(&s.path)).ok_or_else(Problem::not_found)?;
    }
    Ok(rows.into_iter().map(|row| view(row, core.today())).collect())
}

/// Changes a card's stored status, if it is still as it was read and E4 allows it.
///
/// # Errors
/// `INVALID_STATE` when E4 does not allow it; `STALE` when somebody changed the card since.
pub async fn set_status(
    conn: &mut Conn,
    read: &CardView,
    to: Status,
    lost_at: Option<DateTime<Utc>>,
) -> Result<(), Problem> {
    if !read.status.may_become(to) {
        return Err(Problem::new(Code::InvalidState));
    }
    let changed = diesel::update(card::table.find(read.id).filter(card::version.eq(read.version)))
        .set((card::status.eq(to.as_str()), card::lost_at.eq(lost_at), card::version.eq(card::version + 1)))
        .execute(conn)
        .await?;
    if changed == 1 { Ok(()) } else { Err(Problem::new(Code::Stale)) }
}
