//! Imports on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Problem, mask};
use unionhall_web::wire;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::import::kept::{self, KeptRow};
use crate::import::leavers::Leaver;
use crate::import::{Counts, Import, Kind, Mode, State};
use crate::membership;

/// A new import. 已受理的导入
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportCreated {
    /// Its id.
    pub id: Uuid,
}

/// Why a file cannot be read as a whole.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportFailure {
    /// `FILE_EMPTY`, `NO_ROWS`, `COLUMN_MISSING`, `FILE_ENCODING`, `FILE_BROKEN`, `TOO_MANY_ROWS`,
    /// `TOO_LARGE`, `INTERNAL`; extensible.
    #[schema(example = "COLUMN_MISSING")]
    code: String,
    /// What to do.
    detail: String,
}

/// An import. 批量导入
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportDto {
    /// Its id.
    id: Uuid,
    /// What it lists.
    kind: Kind,
    /// What is not in it.
    mode: Mode,
    /// Whether it may never be committed.
    dry_run: bool,
    /// The union of rows that name none.
    union_id: Uuid,
    /// As the client named it.
    file_name: String,
    /// Where it stands.
    state: State,
    /// The same, to be read.
    state_text: &'static str,
    /// Why it failed.
    failure: Option<ImportFailure>,
    /// Data rows; those read so far until `validated`.
    rows_total: i32,
    /// Rows the present step is done with.
    rows_done: i32,
    /// Rows that are or will be written.
    rows_accepted: i32,
    /// Rows that are not; errors.csv says why.
    rows_rejected: i32,
    /// Accepted rows that change an existing person or union.
    rows_updated: i32,
    /// Rows taken back.
    rows_reverted: i32,
    /// Rows that could not be taken back.
    rows_kept: i32,
    /// Rejected rows by code; extensible.
    rejected_by_reason: BTreeMap<String, i32>,
    /// Accepted rows by mark: `converted_from_15`, `region_unknown`, `mobile_missing`, …
    flags: BTreeMap<String, i32>,
    /// Titles without a use; their cells are kept in errors.csv.
    columns_ignored: Vec<String>,
    /// When it came.
    created_at: String,
    /// When it was committed.
    committed_at: Option<String>,
}

impl From<Import> for ImportDto {
    fn from(import: Import) -> Self {
        let Import {
            id,
            kind,
            mode,
            dry_run,
            org,
            path: _,
            file_name,
            file_type: _,
            encoding: _,
            header: _,
            columns_ignored,
            state,
            failure,
            counts,
            created_at,
            committed_at,
            version: _,
        } = import;
        let Counts { total, done, accepted, rejected, updated, reverted, kept, by_reason, flags } = counts;
        Self {
            id,
            kind,
            mode,
            dry_run,
            union_id: org,
            file_name,
            state,
            state_text: state.text(),
            failure: failure.map(|(code, detail)| ImportFailure { code, detail }),
            rows_total: total,
            rows_done: done,
            rows_accepted: accepted,
            rows_rejected: rejected,
            rows_updated: updated,
            rows_reverted: reverted,
            rows_kept: kept,
            rejected_by_reason: by_reason,
            flags,
            columns_ignored,
            created_at: wire::instant(created_at),
            committed_at: committed_at.map(wire::instant),
        }
    }
}

/// Which imports.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportFilter {
    /// States, separated by commas. 状态
    #[param(max_length = 200, example = "validated,committed")]
    state: Option<String>,
}

impl ImportFilter {
    /// The states asked for; none for all.
    pub(super) fn states(&self) -> Result<Vec<State>, Problem> {
        let words = self.state.iter().flat_map(|states| states.split(','));
        let unknown = || Problem::new(Code::InvalidParameter).with("parameter", "state");
        words.map(|word| State::parse(word).ok_or_else(unknown)).collect()
    }
}

/// What a template is for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TemplateFor {
    /// What it lists. 导入内容
    pub kind: Kind,
}

/// A member whom a complete file does not name. 待核减会员
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LeaverDto {
    /// The person.
    id: Uuid,
    /// Masked name.
    #[schema(example = "王*明")]
    name: String,
    /// Their union.
    union_id: Uuid,
    /// Its name.
    union_name: String,
    /// How they stand.
    state: membership::State,
}

impl From<Leaver> for LeaverDto {
    fn from(leaver: Leaver) -> Self {
        let Leaver { membership: _, path: _, person, name, org, org_name, state } = leaver;
        Self { id: person, name: mask::name(&name), union_id: org, union_name: org_name, state }
    }
}

/// A row that could not be taken back. 未撤回的行
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptRowDto {
    /// Its place in the file, counted from 1 without the titles.
    row_no: i32,
    /// `HAS_ACCOUNT`, `CHANGED_SINCE`, `IN_USE`; extensible.
    code: String,
    /// Why.
    detail: &'static str,
}

impl From<KeptRow> for KeptRowDto {
    fn from(row: KeptRow) -> Self {
        let KeptRow { row_no, code } = row;
        Self { row_no, detail: kept::text(&code), code }
    }
}
