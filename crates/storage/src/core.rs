//! What every use-case stands on, in one cheap handle.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use unionhall_kernel::clock::shanghai_day_start;
use unionhall_kernel::cursor::CursorKey;
use unionhall_kernel::{Clock, IdGen};
use uuid::Uuid;

use crate::db::Db;
use crate::seal::Sealer;

/// Database, clock, chance and keys.
#[derive(Clone)]
pub struct Core {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Ids and random bytes.
    pub ids: Arc<dyn IdGen>,
    /// Sealed columns and blind indexes.
    pub sealer: Sealer,
    /// Signs list cursors.
    pub cursors: CursorKey,
}

impl Core {
    /// The current instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Today in Asia/Shanghai.
    pub fn today(&self) -> NaiveDate {
        self.clock.today()
    }

    /// Seconds until the next day in Asia/Shanghai, when what is counted by the day begins anew.
    pub fn seconds_to_midnight(&self) -> u32 {
        let today = self.today();
        let midnight = shanghai_day_start(today.succ_opt().unwrap_or(today));
        u32::try_from((midnight - self.now()).num_seconds()).unwrap_or(0).saturating_add(1)
    }

    /// A new time-ordered id.
    pub fn id(&self) -> Uuid {
        self.ids.id(self.clock.now())
    }
}
