//! The recruiter's side: writing, handing in, changing, prolonging, closing.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::judge::{content_key, judge};
use super::lint::Hit;
use super::pay::Monthly;
use super::store::{Moved, held, moved};
use super::{CHANGED, Changed, Posting, State, Step, Terms, What};
use crate::application;
use crate::recruiter::{self, Recruiter};
use crate::schema::{job_application, job_posting as posting, recruiter as recruiter_row};

/// Persons of one event.
const TOLD: usize = 200;
/// Drafts of one recruiter at a time; what the county sent back counts, and is not kept from coming back.
pub const DRAFTS_AT_MOST: i64 = 200;

pub(super) type Columns<'a> = (
    (
        diesel::dsl::Eq<posting::title, &'a str>,
        diesel::dsl::Eq<posting::employment_type, &'static str>,
        diesel::dsl::Eq<posting::headcount, i32>,
        diesel::dsl::Eq<posting::content, &'a str>,
        diesel::dsl::Eq<posting::conditions, &'a str>,
        diesel::dsl::Eq<posting::division_code, &'a str>,
        diesel::dsl::Eq<posting::address, &'a str>,
    ),
    (
        diesel::dsl::Eq<posting::pay_min_fen, Option<i64>>,
        diesel::dsl::Eq<posting::pay_max_fen, Option<i64>>,
        diesel::dsl::Eq<posting::pay_period, &'static str>,
        diesel::dsl::Eq<posting::pay_months, i16>,
        diesel::dsl::Eq<posting::negotiable, bool>,
        diesel::dsl::Eq<posting::month_min_fen, Option<i64>>,
        diesel::dsl::Eq<posting::month_max_fen, Option<i64>>,
    ),
    (
        diesel::dsl::Eq<posting::valid_days, i32>,
        diesel::dsl::Eq<posting::source_url, Option<&'a str>>,
        diesel::dsl::Eq<posting::note, Option<&'a str>>,
        diesel::dsl::Eq<posting::hits, serde_json::Value>,
        diesel::dsl::Eq<posting::content_key, Vec<u8>>,
    ),
);

pub(super) fn columns<'a>(recruiter: Uuid, terms: &'a Terms, hits: &[Hit]) -> Result<Columns<'a>, Problem> {
    let (month_min, month_max) = match terms.pay.monthly() {
        Monthly::Undisclosed => (None, None),
        Monthly::Range(min, max) => (Some(min), max),
    };
    Ok((
        (
            posting::title.eq(terms.title.as_str()),
            posting::employment_type.eq(terms.employment_type.as_str()),
            posting::headcount.eq(terms.headcount),
            posting::content.eq(terms.content.as_str()),
            posting::conditions.eq(terms.conditions.as_str()),
            posting::division_code.eq(terms.division_code.as_str()),
            posting::address.eq(terms.address.as_str()),
        ),
        (
            posting::pay_min_fen.eq(terms.pay.min),
            posting::pay_max_fen.eq(terms.pay.max),
            posting::pay_period.eq(terms.pay.period.as_str()),
            posting::pay_months.eq(terms.pay.months),
            posting::negotiable.eq(terms.pay.negotiable),
            posting::month_min_fen.eq(month_min),
            posting::month_max_fen.eq(month_max),
        ),
        (
            posting::valid_days.eq(terms.valid_days),
            posting::source_url.eq(terms.source_url.as_deref()),
            posting::note.eq(terms.note.as_deref()),
            posting::hits.eq(serde_json::to_value(hits)?),
            posting::content_key.eq(content_key(recruiter, terms)),
        ),
    ))
}

// Whoever is not verified now writes and prolongs nothing.
pub(crate) async fn verified(tx: &mut Conn, recruiter: Uuid, today: NaiveDate) -> Result<Recruiter, Problem> {
    let found = recruiter::own(tx, recruiter).await?;
    match found.state(today) {
        recruiter::State::Verified => Ok(found),
        state => Err(Problem::new(Code::InvalidState).with_detail(match state {
            recruiter::State::Reverify => "单位核验已到期，请先重新提交材料核验。",
            _ => "单位已被暂停或禁止，不能办理招聘事项。",
        })),
    }
}

// Whoever writes holds the recruiter's row, so that many at once are counted.
async fn has_room(tx: &mut Conn, recruiter: Uuid) -> Result<(), Problem> {
    let row = recruiter_row::table.find(recruiter).select(recruiter_row::id);
    let _: Uuid = row.for_no_key_update().first(tx).await?;
    let drafts =
        posting::table.filter(posting::recruiter_id.eq(recruiter)).filter(posting::state.eq("DRAFT"));
    let open: i64 = drafts.count().get_result(tx).await?;
    if open < DRAFTS_AT_MOST {
        return Ok(());
    }
    Err(Problem::new(Code::AlreadyHave).with_detail("草稿已达200份，请先提交或关闭。"))
}

/// Writes a posting as a draft, in the caller's transaction.
///
/// # Errors
/// `INVALID_STATE` unless the recruiter is verified; `ALREADY_HAVE` with [`DRAFTS_AT_MOST`] drafts; `VALIDATION_FAILED` with
/// `LEXICON_BLOCKED`, `BELOW_MINIMUM_WAGE`.
pub async fn create(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    recruiter: Uuid,
    terms: &Terms,
) -> Result<Posting, Problem> {
    let (id, today) = (core.id(), core.today());
    let by = verified(tx, recruiter, today).await?;
    has_room(tx, recruiter).await?;
    let hits = judge(tx, terms, today).await?;
    let made: Posting = diesel::insert_into(posting::table)
        .values((
            posting::id.eq(id),
            posting::recruiter_id.eq(recruiter),
            posting::org_id.eq(by.org_id),
            posting::path.eq(&by.path),
            columns(recruiter, terms, &hits)?,
            posting::state.eq(State::Draft.as_str()),
            posting::due_on.eq(State::Draft.due(today, None)),
            posting::created_at.eq(core.now()),
        ))
        .returning(Posting::as_returning())
        .get_result(tx)
        .await?;
    let object = ("job_posting", Some(id));
    let event = actor.event(core.id(), core.now(), Some(&made.path), "job_posting.create", object);
    audit::append(tx, &event.changes(json!({"title": made.title(), "recruiter_id": recruiter}))).await?;
    Ok(made)
}

/// Changes what a posting says. A live one whose pay, place or content changes goes back to the county, and its applicants
/// are told; how many are sought, for how long it is to stand and what the reviewer is told change at once.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` for one that is hidden, expired or ended, and unless the recruiter is verified; what
/// `terms` answers; as [`create`]; `HEADCOUNT_FILLED` at `/headcount`.
pub async fn change(
    core: &Core,
    actor: &Actor,
    (recruiter, id): (Uuid, Uuid),
    terms: impl Fn(&Posting) -> Result<Terms, Problem>,
) -> Result<Posting, Problem> {
    let today = core.today();
    core.db
        .write(async |tx| {
            let before = held(tx, recruiter, id).await?;
            let state = before.state(today);
            if !matches!(state, State::Draft | State::Review | State::Live) {
                return Err(Problem::new(Code::InvalidState));
            }
            verified(tx, recruiter, today).await?;
            let (was, terms) = (before.terms()?, terms(&before)?);
            if terms.headcount < before.filled {
                let filled = Invalid::new("HEADCOUNT_FILLED", "招聘人数不能少于已录用人数。");
                return Err(Problem::invalid("/headcount", filled));
            }
            let hits = judge(tx, &terms, today).await?;
            let row = posting::table.find(id);
            diesel::update(row).set(columns(recruiter, &terms, &hits)?).execute(tx).await?;
            let is_material = terms.differs_materially(&was);
            let to = match state.after(Step::Edit) {
                Some(to) if is_material => to,
                _ => state,
            };
            let after =
                moved(core, tx, actor, (&before, "job_posting.change"), Moved::to(to, &before)).await?;
            if to != state {
                tell(core, tx, &after, What::Edited).await?;
            }
            Ok(after)
        })
        .await
}

/// Tells whoever applied.
pub(super) async fn tell(core: &Core, tx: &mut Conn, of: &Posting, what: What) -> Result<(), Problem> {
    let open: Vec<&str> = application::State::OPEN.iter().map(|state| state.as_str()).collect();
    let applied: Vec<Uuid> = job_application::table
        .filter(job_application::posting_id.eq(of.id).and(job_application::state.eq_any(open)))
        .select(job_application::person_id)
        .load(tx)
        .await?;
    for persons in applied.chunks(TOLD) {
        let id = core.id();
        let (title, persons) = (of.title().to_owned(), persons.to_vec());
        let news = Changed { id, posting_id: of.id, title, what, persons };
        outbox::publish(tx, id, core.now(), CHANGED, &news).await?;
    }
    Ok(())
}

/// Somebody took a place of a posting that was offered there: one more is filled, with the last it is closed.
///
/// # Errors
/// `POSTING_CLOSED` when all places are taken.
pub async fn hired(core: &Core, tx: &mut Conn, id: Uuid) -> Result<(), Problem> {
    let today = core.today();
    let before: Posting = posting::table.find(id).select(Posting::as_select()).for_update().first(tx).await?;
    let headcount = before.terms()?.headcount;
    if before.filled >= headcount {
        return Err(Problem::new(Code::PostingClosed).with_detail("该职位已招满，请与招聘单位联系。"));
    }
    let filled = before.filled + 1;
    diesel::update(posting::table.find(id)).set(posting::filled.eq(filled)).execute(tx).await?;
    let is_open = matches!(before.state(today), State::Live | State::Expired);
    if filled == headcount && is_open {
        let mut to = Moved::to(State::Closed, &before);
        to.valid_through = before.valid_through.map(|last| last.min(today));
        moved(core, tx, &Actor::task(), (&before, "job_posting.fill"), to).await?;
    }
    Ok(())
}

async fn step(
    core: &Core,
    actor: &Actor,
    (recruiter, id): (Uuid, Uuid),
    (step, action): (Step, &str),
    change: impl AsyncFn(&mut Conn, &Posting, &mut Moved) -> Result<(), Problem>,
) -> Result<Posting, Problem> {
    core.db
        .write(async |tx| {
            let before = held(tx, recruiter, id).await?;
            let to = before.state(core.today()).after(step);
            let mut to = Moved::to(to.ok_or_else(|| Problem::new(Code::InvalidState))?, &before);
            change(tx, &before, &mut to).await?;
            moved(core, tx, actor, (&before, action), to).await
        })
        .await
}

/// Hands a draft in for review; what it says is judged again, since the lexicon may have moved.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless it is a draft of a verified recruiter; as [`create`].
pub async fn submit(core: &Core, actor: &Actor, own: (Uuid, Uuid)) -> Result<Posting, Problem> {
    let today = core.today();
    step(core, actor, own, (Step::Submit, "job_posting.submit"), async |tx, before, _| {
        verified(tx, before.recruiter_id, today).await?;
        judge(tx, &before.terms()?, today).await.map(|_| ())
    })
    .await
}

/// Prolongs a published posting to `days` from today on; at most ninety, by whoever calls.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless it is live or expired and the recruiter is verified.
pub async fn extend(core: &Core, actor: &Actor, own: (Uuid, Uuid), days: u64) -> Result<Posting, Problem> {
    let today = core.today();
    step(core, actor, own, (Step::Extend, "job_posting.extend"), async |tx, before, to| {
        verified(tx, before.recruiter_id, today).await?;
        to.valid_through = today.checked_add_days(Days::new(days));
        Ok(())
    })
    .await
}

/// Closes a posting; its last day is today.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` for one that is hidden or has ended.
pub async fn close(core: &Core, actor: &Actor, own: (Uuid, Uuid)) -> Result<Posting, Problem> {
    let today = core.today();
    step(core, actor, own, (Step::Close, "job_posting.close"), async |_, before, to| {
        to.valid_through = Some(before.valid_through.map_or(today, |last| last.min(today)));
        Ok(())
    })
    .await
}

/// Says how many of the places are taken. With the last one the posting is closed.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless it is live or expired; `HEADCOUNT_FILLED` at `/filled` above the headcount.
pub async fn fill(core: &Core, actor: &Actor, own: (Uuid, Uuid), filled: i32) -> Result<Posting, Problem> {
    let today = core.today();
    core.db
        .write(async |tx| {
            let before = held(tx, own.0, own.1).await?;
            let (state, headcount) = (before.state(today), before.terms()?.headcount);
            if !matches!(state, State::Live | State::Expired) {
                return Err(Problem::new(Code::InvalidState));
            }
            if !(0..=headcount).contains(&filled) {
                let above = Invalid::new("HEADCOUNT_FILLED", "已录用人数须为0至招聘人数。");
                return Err(Problem::invalid("/filled", above));
            }
            let row = posting::table.find(before.id);
            diesel::update(row).set(posting::filled.eq(filled)).execute(tx).await?;
            let mut to = Moved::to(State::Live, &before);
            if filled == headcount {
                to.state = State::Closed;
                to.valid_through = before.valid_through.map(|last| last.min(today));
            }
            moved(core, tx, actor, (&before, "job_posting.fill"), to).await
        })
        .await
}
