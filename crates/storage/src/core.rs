//! What every use-case stands on, in one cheap handle.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
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

    /// A new time-ordered id.
    pub fn id(&self) -> Uuid {
        self.ids.id(self.clock.now())
    }
}
