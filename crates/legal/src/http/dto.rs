//! What questions look like on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_casework::clock::{self, Clock};
use unionhall_casework::timeline::Entry;
use unionhall_kernel::Problem;
use unionhall_kernel::clock::shanghai_date;
use unionhall_kernel::text::paragraphs;
use unionhall_storage::Conn;
use unionhall_web::wire::{self, Progress};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::consultation::{Consultation, State};

/// An entry of a question's timeline. 办理记录
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConsultationEntry {
    /// Its place: ask for what comes after it.
    #[schema(minimum = 1, example = 3)]
    seq: i32,
    /// When, by the server's clock. 时间
    at: String,
    /// `asked`, `message`, `follow_up`, or what was done: `assigned`, `escalated`, `accepted`, `lapsed`, `reopened`, `rated`, `called_back`,
    /// `withdrawn`; more may come. 类型
    #[schema(example = "message")]
    what: String,
    /// `member`, `lawyer`, `cadre` or `platform`. 记录人
    #[schema(example = "lawyer")]
    author: String,
    /// The state it led to, where it changed. 状态
    state: Option<String>,
    /// What was said. 内容
    text: Option<String>,
}

impl From<Entry> for ConsultationEntry {
    fn from(entry: Entry) -> Self {
        let Entry { id: _, seq, at, public: _, what, author, person: _, state, text } = entry;
        Self { seq, at: wire::instant(at), what, author, state, text }
    }
}

/// A question's timeline. 办理记录
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConsultationEntries {
    /// In order; at most a hundred.
    pub items: Vec<ConsultationEntry>,
    /// What to ask with next: the place of the last entry, or what was asked with.
    #[schema(minimum = 0, example = 3)]
    pub since: i32,
}

impl ConsultationEntries {
    pub(super) fn of(entries: Vec<Entry>, since: i32) -> Self {
        let since = entries.last().map_or(since, |entry| entry.seq);
        Self { items: entries.into_iter().map(ConsultationEntry::from).collect(), since }
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

/// A message. 消息
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsultationMessage {
    /// 1 to 4,000 characters; lines may be broken. 内容
    #[schema(min_length = 1, max_length = 4000, example = "请保留好考勤记录和工资条。")]
    pub text: String,
}

impl ConsultationMessage {
    pub(super) fn parse(&self) -> Result<String, Problem> {
        paragraphs(&self.text, 1, 4000).map_err(|invalid| Problem::invalid("/text", invalid))
    }
}

/// Where a question stands for whoever asked it.
pub(super) async fn progress(conn: &mut Conn, of: &Consultation) -> Result<Progress, Problem> {
    let state = of.state();
    let clocks = clock::of_case(conn, of.id).await?;
    let running = |clock: &&Clock| clock.ended_at.is_none() && Some(clock.name.as_str()) == state.clock();
    let due_on: Option<NaiveDate> = clocks.iter().find(running).and_then(|c| c.due_at).map(shanghai_date);
    let (waiting_for, next_step) = match state {
        State::Queued => (Some("union"), "正在为您安排值班律师"),
        State::Assigned => (Some("lawyer"), "等待律师答复"),
        State::Answered => (Some("member"), "可继续追问，或确认已解决"),
        State::Escalated => (Some("county"), "工会法律部门正在为您指派律师"),
        State::Closed => (Some("member"), "可评价，或在期限内重新打开"),
        State::Callback => (Some("county"), "工会法律部门将电话回访"),
        State::Rated | State::Unrated => (None, "已办结"),
        State::Withdrawn => (None, "已撤回，可重新提问"),
    };
    Ok(Progress {
        state: state.as_str().to_owned(),
        state_text: state.text(),
        waiting_for,
        next_step,
        due_on,
        missing: Vec::new(),
        contact_phone: Some("12351"),
    })
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
