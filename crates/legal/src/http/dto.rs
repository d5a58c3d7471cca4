//! What questions and cases look like on the wire.

use serde::{Deserialize, Serialize};
use unionhall_casework::timeline::Entry;
use unionhall_files::http::LinkedFile;
use unionhall_files::{Files, describe};
use unionhall_kernel::text::paragraphs;
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_web::wire;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::attachment;

/// An entry of a case's timeline. 办理记录
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseEntry {
    /// Its place: ask for what comes after it.
    #[schema(minimum = 1, example = 3)]
    seq: i32,
    /// When, by the server's clock. 时间
    at: String,
    /// `asked`, `message`, `follow_up`, or what was done: `assigned`, `escalated`, `accepted`, `lapsed`, `reopened`, `rated`, `called_back`,
    /// `withdrawn`, `to_aid`, `aid_recommended`; of legal aid `applied`, `papers_asked`, `granted` and so on; more may come. 类型
    #[schema(example = "message")]
    what: String,
    /// `member`, `lawyer`, `cadre` or `platform`. 记录人
    #[schema(example = "lawyer")]
    author: String,
    /// The state it led to, where it changed. 状态
    state: Option<String>,
    /// What was said. 内容
    text: Option<String>,
    /// What belongs to it, each with a link that lives five minutes. 附件
    files: Vec<LinkedFile>,
}

/// A case's timeline. 办理记录
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseEntries {
    /// In order; at most a hundred.
    pub items: Vec<CaseEntry>,
    /// What to ask with next: the place of the last entry, or what was asked with.
    #[schema(minimum = 0, example = 3)]
    pub since: i32,
}

impl CaseEntries {
    /// Entries of a case after a place, for whoever may read them, with their files.
    pub(super) async fn of(
        files: &Files,
        case: Uuid,
        entries: Vec<Entry>,
        since: i32,
    ) -> Result<Self, Problem> {
        let Some(last) = entries.last().map(|entry| entry.seq) else {
            return Ok(Self { items: Vec::new(), since });
        };
        let mut conn = files.core.db.read().await?;
        let mut attached = attachment::after(&mut conn, case, since).await?;
        let mut items = Vec::with_capacity(entries.len());
        for Entry { id: _, seq, at, public: _, what, author, person: _, state, text } in entries {
            let mut linked = Vec::new();
            for file in attached.remove(&seq).unwrap_or_default() {
                linked.push(LinkedFile::of(files, &describe(&mut conn, file).await?)?);
            }
            items.push(CaseEntry { seq, at: wire::instant(at), what, author, state, text, files: linked });
        }
        Ok(Self { items, since: last })
    }
}

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SinceQuery {
    /// Entries after this place; all without. 起始序号
    #[param(minimum = 0, example = 2)]
    pub since: Option<i32>,
    /// Seconds to wait for something new where there is nothing yet. 等待秒数
    #[param(minimum = 0, maximum = 25, example = 20)]
    pub wait: Option<u8>,
}

impl SinceQuery {
    /// Both, checked.
    pub(super) fn parse(&self) -> Result<(i32, u8), Problem> {
        let (since, wait) = (self.since.unwrap_or(0), self.wait.unwrap_or(0));
        if since < 0 || wait > 25 {
            return Err(Problem::new(unionhall_kernel::Code::InvalidParameter));
        }
        Ok((since, wait))
    }
}

/// A message. 留言
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseMessage {
    /// 1 to 4,000 characters; lines may be broken. 内容
    #[schema(min_length = 1, max_length = 4000, example = "请保留好考勤记录和工资条。")]
    pub text: String,
    /// Files of one's own, uploaded for `legal_material`; nine at most. 附件
    #[serde(default)]
    #[schema(max_items = 9)]
    pub file_ids: Vec<Uuid>,
}

impl CaseMessage {
    pub(super) fn parse(&self) -> Result<String, Problem> {
        let mut fields = Fields::new();
        few_files(&mut fields, &self.file_ids);
        let text = fields.take("/text", paragraphs(&self.text, 1, 4000));
        text.ok_or_else(|| fields.problem())
    }
}

/// Checks how many files there are.
pub(super) fn few_files(fields: &mut Fields, files: &[Uuid]) {
    let many = Invalid::new("TOO_MANY", "一次最多提交9个附件。");
    fields.require(files.len() <= attachment::FILES, "/file_ids", many);
}

/// A lawyer's name and id, as members see it. 律师
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdvisingLawyer {
    /// The lawyer.
    pub id: Uuid,
    /// 姓名
    #[schema(example = "李明")]
    pub name: String,
}
