//! Imports 批量导入: rosters of members and lists of unions, as the files really come.
//!
//! An upload only validates; a commit writes, and judges every row again by the same function, since somebody
//! may have joined elsewhere in between (docs/RULES.md, imports). Both walk the file in batches of [`BATCH`] rows,
//! each one transaction that also moves the checkpoint, so a worker that dies loses one batch at most and its
//! successor comes to the same content. A row can only reach unions within the scope of the post that
//! uploaded, and an account is never touched: its mobile is what its owner proved.
//!
//! Files may list what is a room's above: [`room`].
//! Rules of a members row: [`draft`] (alone), [`members`] (against the database), [`apply`] (what it writes).

pub mod apply;
pub mod cell;
pub mod column;
pub mod draft;
pub mod errors_file;
pub mod kept;
pub mod leavers;
pub mod members;
pub mod read;
pub mod reason;
pub mod revert;
pub mod room;
pub mod rows;
pub mod run;
pub mod sniff;
pub mod store;
pub mod template;
pub mod transition;
pub mod union_file;
pub mod union_write;
pub mod unions;
pub mod upload;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_storage::tasks::Worker;
use unionhall_web::OrgScope;
use unionhall_web::policy::Action;
use utoipa::ToSchema;
use uuid::Uuid;

/// Rows a transaction takes.
pub const BATCH: usize = 1000;
/// The largest CSV.
pub const MAX_CSV: u64 = 200 * 1024 * 1024;
/// The largest workbook: its reader holds all texts in memory.
pub const MAX_XLSX: u64 = 30 * 1024 * 1024;
/// The most rows of a workbook (docs/RULES.md, imports); a CSV has no limit.
pub const MAX_XLSX_ROWS: usize = 100_000;
/// The most rows of a file of unions, which is judged as a whole because its rows build on each other.
pub const MAX_UNION_ROWS: usize = 20_000;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident as $schema:ident { $($(#[$vdoc:meta])* $variant:ident = $word:tt,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[schema(as = $schema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads a word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }
    };
}

words! {
    /// What a file lists. 导入内容
    Kind as ImportKind {
        /// 工会
        Unions = "unions",
        /// 会员
        Members = "members",
        /// 商户及门店
        Merchants = "merchants",
        /// 联名卡: cards that banks issue with the union
        Cards = "cards",
        /// 公共就业服务机构岗位: postings of public employment services
        JobPostings = "job_postings",
        /// 律师及律所
        Lawyers = "lawyers",
        /// 月度值班表
        DutyRoster = "duty_roster",
    }
}

words! {
    /// What is not in the file. 导入方式
    Mode as ImportMode {
        /// Adds and changes; says nothing about whom it does not name.
        Upsert = "upsert",
        /// Is complete: whoever it does not name is proposed as a leaver, and stays until somebody decides.
        Full = "full",
    }
}

words! {
    /// Where an import stands; extensible. 导入状态
    State as ImportState {
        /// 校验中
        Validating = "validating",
        /// 已校验
        Validated = "validated",
        /// 写入中
        Committing = "committing",
        /// 已写入
        Committed = "committed",
        /// 已取消
        Cancelled = "cancelled",
        /// 撤回中
        Reverting = "reverting",
        /// 已撤回
        Reverted = "reverted",
        /// 失败: the file as a whole cannot be read
        Failed = "failed",
    }
}

words! {
    /// The form of a file.
    FileType as ImportFileType {
        /// CSV
        Csv = "csv",
        /// Excel workbook
        Xlsx = "xlsx",
    }
}

words! {
    /// How the text of a CSV is encoded.
    Encoding as ImportEncoding {
        /// UTF-8, with or without a byte-order mark
        Utf8 = "utf-8",
        /// GB18030, and with it GBK and GB2312
        Gb18030 = "gb18030",
        /// Not a text file
        None = "none",
    }
}

impl Kind {
    /// What writing such a file takes beside [`Action::ImportWrite`]: a file opens no way round the operations that
    /// do the same row by row.
    pub const fn needs(self) -> Action {
        match self {
            Self::Unions | Self::Members => Action::ImportWrite,
            Self::Merchants => Action::MerchantWrite,
            Self::Cards => Action::CardWrite,
            Self::JobPostings => Action::PostingReview,
            Self::Lawyers | Self::DutyRoster => Action::LegalWrite,
        }
    }
}

impl State {
    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Validating => "校验中",
            Self::Validated => "已校验，待写入",
            Self::Committing => "写入中",
            Self::Committed => "已写入",
            Self::Cancelled => "已取消",
            Self::Reverting => "撤回中",
            Self::Reverted => "已撤回",
            Self::Failed => "失败",
        }
    }
}

/// Why a file cannot be read as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `FILE_EMPTY`, `NO_ROWS`, `COLUMN_MISSING`, `FILE_ENCODING`, `FILE_BROKEN`, `TOO_MANY_ROWS`, `TOO_LARGE`.
    pub code: &'static str,
    /// What to do, Chinese.
    pub detail: String,
}

impl Failure {
    /// A failure with its sentence.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

/// What ends work on a file: the file's fault, which is final, or ours, after which it is tried again.
#[derive(Debug)]
pub enum Stop {
    /// The file's.
    File(Failure),
    /// Ours.
    Ours(Problem),
}

impl<E: Into<Problem>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

/// An import.
#[derive(Debug, Clone)]
pub struct Import {
    /// Its id.
    pub id: Uuid,
    /// What it lists.
    pub kind: Kind,
    /// What is not in it.
    pub mode: Mode,
    /// Whether it may never be committed.
    pub dry_run: bool,
    /// The union of rows that name none.
    pub org: Uuid,
    /// The path of the post's union: how far rows may reach, and who sees the import.
    pub path: String,
    /// As the client named it.
    pub file_name: String,
    /// Its form.
    pub file_type: FileType,
    /// Its text's encoding.
    pub encoding: Encoding,
    /// Its titles.
    pub header: Option<Vec<String>>,
    /// Titles without a use.
    pub columns_ignored: Vec<String>,
    /// Where it stands.
    pub state: State,
    /// Why it failed, with the sentence.
    pub failure: Option<(String, String)>,
    /// What it counts.
    pub counts: Counts,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// When it was committed.
    pub committed_at: Option<DateTime<Utc>>,
    /// Moves with every transition.
    pub version: i32,
}

impl Import {
    /// The unions its rows may name.
    pub fn scope(&self) -> OrgScope {
        OrgScope::subtree(&self.path)
    }
}

/// What an import counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Data rows; 0 until they are known.
    pub total: i32,
    /// Rows this step is done with: the checkpoint.
    pub done: i32,
    /// Rows that are or will be written.
    pub accepted: i32,
    /// Rows that are not.
    pub rejected: i32,
    /// Accepted rows that change an existing person or union.
    pub updated: i32,
    /// Rows taken back.
    pub reverted: i32,
    /// Rows that could not be taken back.
    pub kept: i32,
    /// Rejected rows by code.
    pub by_reason: BTreeMap<String, i32>,
    /// Accepted rows by mark.
    pub flags: BTreeMap<String, i32>,
}

/// Teaches the worker this concept's tasks, for registry's own kinds and those of the rooms above.
#[must_use]
pub fn tasks(worker: Worker, core: &Core, rooms: &room::Rooms) -> Worker {
    let work = |step: run::Step| {
        let (core, rooms) = (core.clone(), rooms.clone());
        move |leased| run::task(core.clone(), rooms.clone(), step, leased)
    };
    worker
        .handle(run::VALIDATE, work(run::Step::Validate))
        .handle(run::COMMIT, work(run::Step::Commit))
        .handle(run::REVERT, work(run::Step::Revert))
}
