//! Exports 导出: lists of a scope as files, made in the background.
//!
//! A file is made for one person, says on every row which export it comes from and for whom, lives a day and is kept
//! sealed. Numbers and names are masked; a full one, and one of more than [`FREE_ROWS`] rows, needs another person's
//! approval (features.md B7). Whoever opens it is on the audit record before the first byte is sent, and every member of a
//! full one can see who took it.

mod content;
mod run;
mod sheet;
mod state;
mod steps;
mod store;

use std::time::Duration as Wait;

use chrono::Duration;
use serde::{Deserialize, Serialize};
use unionhall_storage::Core;
use unionhall_storage::retention::Old;
use unionhall_storage::tasks::Worker;
use utoipa::ToSchema;

pub use state::State;
pub use steps::{Decision, Wanted, cancel, decide, open, refused, request};
pub use store::{Export, get, list, waiting};

/// Masked rows that need nobody's approval.
pub const FREE_ROWS: i64 = 1_000;
/// The most rows of a CSV.
const CSV_ROWS: i64 = 200_000;
/// The most rows of a workbook, which is written in memory: on a disk it would lie open.
const XLSX_ROWS: i64 = 50_000;
/// The most rows of full values.
const FULL_ROWS: i64 = 20_000;
/// How long a file is kept.
const KEPT: Duration = Duration::hours(24);
/// How long an approval is waited for.
const WAITS: Duration = Duration::days(7);
/// Rows read at a time.
const PAGE: i64 = 500;
/// How often a lease is lengthened; it lasts a minute.
const BEAT: Wait = Wait::from_secs(15);

/// What a file lists. 导出内容
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportKind)]
pub enum Kind {
    /// 会员
    Members,
    /// 工会
    Unions,
}

impl Kind {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Unions => "unions",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Members => "会员名册",
            Self::Unions => "工会名录",
        }
    }
}

/// The form of a file. 文件格式
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportFormat)]
pub enum Format {
    /// Excel workbook; every cell is text, so nothing in it is calculated.
    Xlsx,
    /// UTF-8 with a byte-order mark; what a spreadsheet would take for a formula is quoted.
    Csv,
}

impl Format {
    /// The word in the store, and the end of a file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    const fn most_rows(self, is_full: bool) -> i64 {
        match (is_full, self) {
            (true, _) => FULL_ROWS,
            (false, Self::Xlsx) => XLSX_ROWS,
            (false, Self::Csv) => CSV_ROWS,
        }
    }
}

const PREPARE: &str = "export.prepare";

/// Teaches the worker this concept's task.
#[must_use]
pub fn tasks(worker: Worker, core: &Core) -> Worker {
    let core = core.clone();
    worker.handle(PREPARE, move |leased| run::prepare(core.clone(), leased))
}

/// Files past their day; what is said of them stays.
pub const EXPIRED: Old = Old {
    table: "blob",
    key: "id",
    when: "id IN (SELECT blob_id FROM export WHERE blob_id IS NOT NULL AND (expires_at < $1 OR state = 'CANCELLED'))",
};
