//! Files of duty 月度值班表: a row is a day, a column a shift of the day, a cell the lawyer by name or practice number; 备班 stands in
//! for all shifts of its day. What comes in is planned; it counts once it is published.
//!
//! A title may say the hours: 早班(08:00-12:00). Without, see [`titles`].

mod judge;
mod titles;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_registry::import::Kind;
use unionhall_registry::import::kept::CHANGED_SINCE;
use unionhall_registry::import::room::{Batch, Room, Undo, Verdict, Written};
use unionhall_registry::reconciliation::Held;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use crate::duty::State;
use crate::schema::legal_shift as shifts;

/// The most rows of a file: it is judged and written as a whole.
const MAX_ROWS: usize = 400;

/// This room's part in imports.
pub struct RosterFiles {
    /// Database, clock, chance and keys.
    pub core: Core,
}

/// The shifts that a row planned.
#[derive(Debug, Serialize, Deserialize)]
struct Memo {
    shifts: Vec<Uuid>,
}

#[async_trait]
impl Room for RosterFiles {
    fn kind(&self) -> Kind {
        Kind::DutyRoster
    }

    fn whole(&self) -> Option<usize> {
        Some(MAX_ROWS)
    }

    async fn judge(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Verdict>, Problem> {
        let judged = judge::judge(&self.core, conn, batch).await?;
        Ok(judged.rows.iter().map(|row| judge::verdict(row, judged.home.as_ref())).collect())
    }

    async fn write(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Written>, Problem> {
        let (core, judged) = (&self.core, judge::judge(&self.core, conn, batch).await?);
        let mut written = Vec::with_capacity(judged.rows.len());
        for row in &judged.rows {
            let verdict = judge::verdict(row, judged.home.as_ref());
            let (Ok(ruling), Some(home)) = (row, &judged.home) else {
                written.push(Written { verdict, created: None, memo: None });
                continue;
            };
            let mut made = Vec::new();
            for new in &ruling.shifts {
                let id = core.id();
                diesel::insert_into(shifts::table)
                    .values((
                        shifts::id.eq(id),
                        shifts::org_id.eq(home.id),
                        shifts::path.eq(&home.path),
                        shifts::lawyer_id.eq(new.lawyer),
                        shifts::backup_id.eq(new.backup),
                        shifts::starts_at.eq(new.starts_at),
                        shifts::ends_at.eq(new.ends_at),
                        shifts::state.eq(State::Planned.as_str()),
                        shifts::created_at.eq(core.now()),
                    ))
                    .execute(conn)
                    .await?;
                let object = ("shift", Some(id));
                let event =
                    Actor::task().event(core.id(), core.now(), Some(&home.path), "shift.plan", object);
                let told = json!({"lawyer": new.lawyer, "starts_at": new.starts_at});
                audit::append(conn, &event.changes(told)).await?;
                made.push(id);
            }
            let created = made.as_slice().first().copied();
            let memo = Some(serde_json::to_value(Memo { shifts: made })?);
            written.push(Written { verdict, created, memo });
        }
        Ok(written)
    }

    async fn revert(&self, conn: &mut Conn, rows: &[Undo]) -> Result<Vec<(Uuid, &'static str)>, Problem> {
        let (core, mut kept) = (&self.core, Vec::new());
        for row in rows {
            let Memo { shifts: made } = serde_json::from_value(row.memo.clone())?;
            let untouched = shifts::state.eq(State::Planned.as_str()).and(shifts::version.eq(1));
            let theirs = shifts::table.filter(shifts::id.eq_any(&made).and(untouched));
            let found: Vec<(Uuid, String)> =
                theirs.select((shifts::id, shifts::path)).for_update().load(conn).await?;
            if found.len() != made.len() {
                kept.push((row.id, CHANGED_SINCE));
                continue;
            }
            for (id, path) in found {
                diesel::delete(shifts::table.find(id)).execute(conn).await?;
                let object = ("shift", Some(id));
                let event =
                    Actor::task().event(core.id(), core.now(), Some(&path), "shift.take_back", object);
                audit::append(conn, &event.changes(json!({"by": "import"}))).await?;
            }
        }
        Ok(kept)
    }

    async fn holds(&self, conn: &mut Conn, subtree: &OrgScope) -> Result<Vec<Held>, Problem> {
        let mut held = Vec::new();
        for (key, title, state) in
            [("planned", "草拟班次", State::Planned), ("published", "已发布班次", State::Published)]
        {
            let here = shifts::path.ge(subtree.start()).and(shifts::path.lt(subtree.end()));
            let of = shifts::table.filter(here.and(shifts::state.eq(state.as_str())));
            held.push(Held::new(key, title, of.count().get_result(conn).await?));
        }
        Ok(held)
    }
}
