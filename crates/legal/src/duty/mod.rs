//! Duty 值班 (E9): who answers when. A roster says who should be there; a heartbeat says who is. Shifts are instants; their days are
//! Shanghai's.

mod gap;
pub mod leave;
pub mod offer;
mod presence;
mod read;
pub mod rotation;
mod shift;
pub mod turns;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use gap::{GAP_DAYS, Gap, gaps, on_leave, uncovered};
pub use presence::{PRESENT_MINUTES, heartbeat, is_covered};
pub use read::{Whose, list};
pub use shift::{cancel, get, plan, publish, reassign};

use crate::schema::legal_shift as shifts;

/// Where a shift stands; `ON_DUTY`, `DONE` and `NO_SHOW` are told by the clock and the heartbeat. 班次状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = ShiftState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 草拟
    Planned,
    /// 已发布
    Published,
    /// 已取消
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Planned, Self::Published, Self::Cancelled];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "PLANNED",
            Self::Published => "PUBLISHED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A shift.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = shifts)]
pub struct Shift {
    /// Its id.
    pub id: Uuid,
    /// The union whose roster it is of.
    pub org_id: Uuid,
    /// That union's path.
    pub path: String,
    /// Who is on duty.
    pub lawyer_id: Uuid,
    /// Who stands in for them.
    pub backup_id: Option<Uuid>,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// End, exclusive.
    pub ends_at: DateTime<Utc>,
    state: String,
    /// Moves with every change.
    pub version: i32,
}

impl Shift {
    /// Where it stands.
    pub fn state(&self) -> State {
        State::ALL.iter().copied().find(|state| state.as_str() == self.state).unwrap_or(State::Cancelled)
    }
}

/// A shift to be.
#[derive(Debug, Clone)]
pub struct NewShift {
    /// Who is on duty.
    pub lawyer: Uuid,
    /// Who stands in for them.
    pub backup: Option<Uuid>,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// End, exclusive; at most a day later.
    pub ends_at: DateTime<Utc>,
}
