//! A member's alerts as rows.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::{AT_MOST, Alert, ENDS_AFTER, Wanted};
use crate::listing;
use crate::posting::EmploymentType;
use crate::schema::job_alert as alert;

/// Keeps a search, in the caller's transaction. What is shown already is not told of.
///
/// # Errors
/// `ALREADY_HAVE` with [`AT_MOST`].
pub async fn create(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    person: Uuid,
    wanted: &Wanted,
) -> Result<Alert, Problem> {
    let (id, now, today) = (core.id(), core.now(), core.today());
    let Wanted { name, q, division_code, salary_min, undisclosed, employment } = wanted;
    let seen_no = listing::newest(tx).await?;
    // Of two at once that take the same place, the second waits for the first and takes the next.
    for _ in 0..=AT_MOST {
        let taken: Vec<i16> =
            alert::table.filter(alert::person_id.eq(person)).select(alert::place).load(tx).await?;
        let Some(place) = (1..=AT_MOST).find(|place| !taken.contains(place)) else { break };
        let made: Option<Alert> = diesel::insert_into(alert::table)
            .values((
                alert::id.eq(id),
                alert::person_id.eq(person),
                alert::place.eq(place),
                alert::name.eq(name),
                alert::words.eq(q),
                alert::division_code.eq(division_code),
                alert::salary_min_fen.eq(*salary_min),
                alert::undisclosed.eq(*undisclosed),
                alert::employment_type.eq(employment.map(EmploymentType::as_str)),
                alert::seen_no.eq(seen_no),
                // Written in the morning, it may run the same day.
                alert::run_on.eq(today.pred_opt().unwrap_or(today)),
                alert::ends_on.eq(today.checked_add_days(ENDS_AFTER).unwrap_or(today)),
                alert::created_at.eq(now),
            ))
            .on_conflict((alert::person_id, alert::place))
            .do_nothing()
            .returning(Alert::as_returning())
            .get_result(tx)
            .await
            .optional()?;
        if let Some(made) = made {
            // On the chain of nobody's union, and without what is sought: that is nobody's but theirs.
            let event = actor.event(core.id(), now, None, "job_alert.create", ("job_alert", Some(id)));
            audit::append(tx, &event.changes(json!({"place": place})).about(person)).await?;
            return Ok(made);
        }
    }
    Err(Problem::new(Code::AlreadyHave).with_detail("职位订阅最多10个，请先删除不用的。"))
}

/// Somebody's alerts, the oldest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(conn: &mut Conn, person: Uuid) -> Result<Vec<Alert>, Problem> {
    let own = alert::table.filter(alert::person_id.eq(person)).order((alert::created_at, alert::id));
    Ok(own.select(Alert::as_select()).load(conn).await?)
}

/// Forgets one's own alert.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another's.
pub async fn delete(core: &Core, actor: &Actor, person: Uuid, id: Uuid) -> Result<(), Problem> {
    core.db
        .write(async |tx| {
            let own = alert::table.find(id).filter(alert::person_id.eq(person));
            if diesel::delete(own).execute(tx).await? == 0 {
                return Err(Problem::not_found());
            }
            let object = ("job_alert", Some(id));
            let event = actor.event(core.id(), core.now(), None, "job_alert.delete", object);
            audit::append(tx, &event.about(person)).await
        })
        .await
}
