//! Sheets on the wire.

use std::collections::HashMap;

use serde::Serialize;
use unionhall_kernel::{Problem, mask};
use unionhall_storage::Conn;
use unionhall_web::wire;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::import::{Kind, Mode, State as ImportState};
use crate::reconciliation::{self, Figures, Frozen, Held, Line, Sheet, State};

/// A reconciliation sheet without its imports. 导入对账单
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportReconciliation)]
pub(super) struct ReconciliationDto {
    /// Its id.
    id: Uuid,
    /// The union whose imports are meant, with all below it. 工会
    union_id: Uuid,
    /// 工会名称
    union_name: String,
    /// What the files list. 导入内容
    kind: Kind,
    /// 状态
    state: State,
    /// In words. 状态说明
    #[schema(example = "待签认")]
    state_text: &'static str,
    /// Whether an import touched the tables since the sheet was drawn. 此后有变动
    stale: bool,
    /// Sums over the imports that touched the tables: written, being written, and taken back. 合计
    totals: Figures,
    /// Who drew it, masked. 制表人
    #[schema(example = "李*国")]
    drawn_by: String,
    /// 制表时间
    drawn_at: String,
    /// Who signed it, masked. 签认人
    #[schema(example = "王*明")]
    signed_by: Option<String>,
    /// When it was signed or withdrawn. 办结时间
    ended_at: Option<String>,
    /// What was said then. 签认或撤回意见
    remark: Option<String>,
}

impl From<Sheet> for ReconciliationDto {
    fn from(sheet: Sheet) -> Self {
        let Sheet {
            id,
            kind,
            org,
            org_name,
            path: _,
            state,
            stale,
            totals,
            drawn_by,
            drawn_at,
            signed_by,
            ended_at,
            remark,
            version: _,
        } = sheet;
        Self {
            id,
            union_id: org,
            union_name: org_name,
            kind,
            state,
            state_text: state.text(stale),
            stale,
            totals,
            drawn_by: mask::name(&drawn_by),
            drawn_at: wire::instant(drawn_at),
            signed_by: signed_by.map(|name| mask::name(&name)),
            ended_at: ended_at.map(wire::instant),
            remark,
        }
    }
}

/// An import as it stood when the sheet was drawn. 对账单中的导入
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReconciledImport)]
struct LineDto {
    /// The import.
    import_id: Uuid,
    /// As the client named the file. 文件名
    #[schema(example = "会员名册.csv")]
    file_name: String,
    /// SHA-256 of the file, hex. 摘要
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// What is not in it.
    mode: Mode,
    /// Whether it may never be committed. 仅校验
    dry_run: bool,
    /// Where it stood. 当时状态
    state: ImportState,
    /// In words.
    #[schema(example = "已写入")]
    state_text: &'static str,
    /// Whether a step was still before it, so that its figures are not among the sums or not final. 未办结
    open: bool,
    /// When it came. 上传时间
    created_at: String,
    /// Who committed it, masked. 写入人
    #[schema(example = "李*国")]
    committed_by: Option<String>,
    /// When. 写入时间
    committed_at: Option<String>,
    /// Its rows; of what was not committed, what they would have done. 数字
    figures: Figures,
}

impl LineDto {
    fn of(line: Line, names: &HashMap<Uuid, String>) -> Self {
        let open = line.is_open();
        let Line {
            id,
            file_name,
            sha256,
            mode,
            dry_run,
            state,
            version: _,
            created_at,
            committed_by,
            committed_at,
            figures,
        } = line;
        Self {
            import_id: id,
            file_name,
            sha256,
            mode,
            dry_run,
            state,
            state_text: state.text(),
            open,
            created_at: wire::instant(created_at),
            committed_by: committed_by.and_then(|person| names.get(&person)).map(|name| mask::name(name)),
            committed_at: committed_at.map(wire::instant),
            figures,
        }
    }
}

/// A reconciliation sheet with all it says. 导入对账单明细
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportReconciliationSheet)]
pub(super) struct ReconciliationSheet {
    #[serde(flatten)]
    sheet: ReconciliationDto,
    /// The imports, oldest first. 导入
    imports: Vec<LineDto>,
    /// What the tables held when it was drawn. 库中现有
    holds: Vec<Held>,
}

impl ReconciliationSheet {
    /// The sheet with the names of those who committed its imports.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be asked.
    pub(super) async fn of(conn: &mut Conn, (sheet, frozen): (Sheet, Frozen)) -> Result<Self, Problem> {
        let committers: Vec<Uuid> = frozen.committers().into_iter().collect();
        let names = reconciliation::names(conn, &committers).await?;
        let Frozen { imports, totals: _, holds } = frozen;
        let imports = imports.into_iter().map(|line| LineDto::of(line, &names)).collect();
        Ok(Self { sheet: sheet.into(), imports, holds })
    }
}
