//! Issuing the virtual card: by itself, when real-name level 1 meets an ACTIVE membership. Nobody applies and
//! nobody approves; the event issues it and the first read makes sure of it, so either may come first.

use chrono::{Months, NaiveDate};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Problem, luhn_digit};
use unionhall_registry::org;
use unionhall_storage::db::violated;
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use crate::schema::{card, member_standing, person_account};
use crate::standing::Status;
use crate::store::{self, CardView};

/// Published when a card was issued: [`Issued`].
pub const ISSUED: &str = "card.issued";

/// What [`ISSUED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Issued {
    /// The card.
    pub id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// Whether it takes the place of a lost one.
    pub replaces: bool,
}

/// The kind of card that a till takes.
pub const VIRTUAL: &str = "VIRTUAL";

/// How long a virtual card is valid.
const VALID_MONTHS: u32 = 60;
/// Tries to find a number nobody has: with a thousand million for each area, two are plenty.
const NUMBER_TRIES: u32 = 8;

/// `41` and the rest of the union's six-digit division, nine random digits, Luhn.
fn number(core: &Core, division: &str) -> String {
    let area = division.get(..6).unwrap_or("410000");
    let mut number = format!("{area}{}", core.ids.digits(9));
    number.push(luhn_digit(&number));
    number
}

/// Makes sure that a person has the virtual card that is due to them, whoever issues it; answers whether it was issued
/// just now.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn ensure(core: &Core, person: Uuid) -> Result<bool, Problem> {
    match core.db.write(async |tx| ensure_virtual(core, tx, person).await).await {
        // Another one was faster.
        Err(problem) if problem.code == Code::AlreadyExists => Ok(true),
        outcome => outcome,
    }
}

/// All cards of a person, newest first, with the one that is due to them.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn cards_of(core: &Core, person: Uuid) -> Result<Vec<CardView>, Problem> {
    let views = store::of_person(&mut *core.db.read().await?, person, core.today()).await?;
    if views.iter().any(CardView::is_virtual) {
        return Ok(views);
    }
    // The event may not have been handled yet; whoever comes first issues it.
    ensure(core, person).await?;
    store::of_person(&mut *core.db.writer().await?, person, core.today()).await
}

/// Issues a person's virtual card if one is due and they never had one. Running twice, or twice at once,
/// issues one.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn ensure_virtual(core: &Core, conn: &mut Conn, person: Uuid) -> Result<bool, Problem> {
    // Never a second one by itself: beside a LOST one the holder decides; after a REVOKED one nobody can yet.
    let had: i64 = card::table
        .filter(card::person_id.eq(person).and(card::kind.eq(VIRTUAL)))
        .count()
        .get_result(conn)
        .await?;
    let due: Option<(Uuid, String)> = member_standing::table
        .inner_join(person_account::table.on(person_account::person_id.eq(member_standing::person_id)))
        .filter(member_standing::person_id.eq(person).and(member_standing::state.eq("ACTIVE")))
        .filter(person_account::level.ge(1))
        .select((member_standing::org_id, member_standing::path))
        .first(conn)
        .await
        .optional()?;
    let Some((union, path)) = due.filter(|_| had == 0) else { return Ok(false) };
    issue(core, conn, &Actor::task(), person, (union, &path), None).await?;
    Ok(true)
}

/// Issues a virtual card; `replaces` the one before.
///
/// # Errors
/// `INTERNAL` when no free number was found.
pub async fn issue(
    core: &Core,
    conn: &mut Conn,
    actor: &Actor,
    person: Uuid,
    (union, path): (Uuid, &str),
    replaces: Option<Uuid>,
) -> Result<Uuid, Problem> {
    let today = core.today();
    let division = org::division_of(conn, union).await?;
    let valid = (today, last_day(today));
    let new = NewCard { person, kind: VIRTUAL, status: Status::Active, valid, replaces };
    let id = insert(core, conn, &division, &new).await?;
    let now = core.now();
    let event = actor.event(core.id(), now, Some(path), "card.issue", ("card", Some(id)));
    audit::append(conn, &event.about(person).changes(json!({"kind": VIRTUAL}))).await?;
    let news = Issued { id, person_id: person, replaces: replaces.is_some() };
    outbox::publish(conn, core.id(), now, ISSUED, &news).await?;
    Ok(id)
}

/// A card to be made.
#[derive(Debug)]
pub(crate) struct NewCard {
    /// Whose.
    pub person: Uuid,
    /// [`VIRTUAL`], …
    pub kind: &'static str,
    /// Its stored status.
    pub status: Status,
    /// Its first and last day.
    pub valid: (NaiveDate, NaiveDate),
    /// The card it takes the place of.
    pub replaces: Option<Uuid>,
}

/// Makes a card with a number that nobody has; the caller leaves the audit row.
///
/// # Errors
/// `ALREADY_EXISTS` when somebody made one for the person at the same moment; `INTERNAL` when no free number was found.
pub(crate) async fn insert(
    core: &Core,
    conn: &mut Conn,
    division: &str,
    new: &NewCard,
) -> Result<Uuid, Problem> {
    let last: Option<i32> = card::table
        .filter(card::person_id.eq(new.person))
        .select(diesel::dsl::max(card::n))
        .first(conn)
        .await?;
    for _ in 0..NUMBER_TRIES {
        let id = core.id();
        let row = (
            card::id.eq(id),
            card::person_id.eq(new.person),
            card::n.eq(last.unwrap_or(0) + 1),
            card::number.eq(number(core, division)),
            card::kind.eq(new.kind),
            card::status.eq(new.status.as_str()),
            card::valid_from.eq(new.valid.0),
            card::valid_to.eq(new.valid.1),
            card::replaces.eq(new.replaces),
            card::issued_at.eq(core.now()),
        );
        // Nothing but a taken number may be swallowed here: the other rules of the table must speak.
        let inserted = diesel::insert_into(card::table)
            .values(row)
            .on_conflict(card::number)
            .do_nothing()
            .execute(conn)
            .await;
        match inserted {
            Ok(1) => return Ok(id),
            Ok(_) => {}
            // Somebody issued it at the same moment: their card is this one.
            Err(error) if matches!(violated(&error), Some("card_live" | "card_ordinal")) => {
                return Err(Problem::new(Code::AlreadyExists));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::internal("no free card number"))
}

fn last_day(from: NaiveDate) -> NaiveDate {
    from.checked_add_months(Months::new(VALID_MONTHS)).and_then(|d| d.pred_opt()).unwrap_or(from)
}
