//! What cases of legal aid look like on the wire.

use chrono::NaiveDate;
use serde::Serialize;
use unionhall_casework::clock::{self, Clock};
use unionhall_casework::timeline;
use unionhall_identity::person;
use unionhall_kernel::{Problem, mask};
use unionhall_storage::{Conn, Core};
use unionhall_web::wire::{self, Progress};
use utoipa::ToSchema;
use uuid::Uuid;

use super::dto::AdvisingLawyer;
use super::progress;
use crate::aid::{Aid, Form, Listed, State};
use crate::lawyer::LegalField;
use crate::party;

/// A case of legal aid of one's own. 法律援助
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnLegalAid {
    /// Its id.
    pub id: Uuid,
    /// What to say on the phone: 15 digits. 援助编号
    #[schema(example = "261120123456785")]
    number: String,
    /// The question it came from. 咨询
    consultation_id: Option<Uuid>,
    /// 类别
    category: LegalField,
    /// 援助形式
    form: Form,
    /// `exempt`, `hardship` or `infringement`. 申请理由
    #[schema(example = "exempt")]
    ground: String,
    /// 标题
    #[schema(example = "追索拖欠的三个月工资")]
    title: String,
    /// What is claimed, fen. 请求金额
    #[schema(minimum = 0, example = 1_800_000)]
    claimed_fen: Option<i64>,
    /// The last day to ask for arbitration; null for wages owed while the job lasts. 仲裁时效届满日
    limitation_on: Option<NaiveDate>,
    /// 开庭日期
    hearing_on: Option<NaiveDate>,
    /// 状态
    state: State,
    /// 状态说明
    state_text: &'static str,
    /// Who represents the member; null until one took it. 承办律师
    lawyer: Option<AdvisingLawyer>,
    /// What came of it: `won`, `partly_won`, `settled`, `lost`, `drafted`, `other`. 办理结果
    outcome: Option<String>,
    /// What the member got, fen. 挽回金额
    #[schema(minimum = 0, example = 1_800_000)]
    recovered_fen: Option<i64>,
    /// One to five stars. 评价
    rating: Option<i32>,
    /// 申请时间
    applied_at: String,
    /// 办理进度
    progress: Progress,
}

// Whose name the member reads: not who was named and did not take it.
fn representing(of: &Aid, lawyer: Option<String>) -> Option<AdvisingLawyer> {
    let took = matches!(
        of.state(),
        State::InProgress
            | State::Reported
            | State::Closed
            | State::Rated
            | State::Unrated
            | State::Terminated
    );
    of.lawyer_id.filter(|_| took).zip(lawyer).map(|(id, name)| AdvisingLawyer { id, name })
}

pub(super) fn own(
    core: &Core,
    clocks: Option<&Vec<Clock>>,
    (of, lawyer): Listed,
) -> Result<OwnLegalAid, Problem> {
    let state = of.state();
    Ok(OwnLegalAid {
        id: of.id,
        consultation_id: of.consultation_id,
        category: of.category(),
        form: of.form(),
        title: of.title(core)?,
        claimed_fen: of.claimed_fen,
        limitation_on: of.limitation_on,
        hearing_on: of.hearing_on,
        state,
        state_text: state.text(),
        lawyer: representing(&of, lawyer),
        recovered_fen: of.recovered_fen,
        rating: of.rating,
        applied_at: wire::instant(of.applied_at),
        progress: progress::of_case(&of, clocks, Vec::new()),
        number: of.number,
        ground: of.ground,
        outcome: of.outcome,
    })
}

/// One of a member's cases, with what is missing where something is.
pub(super) async fn one_own(core: &Core, conn: &mut Conn, listed: Listed) -> Result<OwnLegalAid, Problem> {
    let (id, state) = (listed.0.id, listed.0.state());
    let clocks = clock::open_of(conn, &[id]).await?;
    let mut dto = own(core, clocks.get(&id), listed)?;
    if state == State::NeedDocs {
        let entries = timeline::after(core, conn, id, 0, (false, 100)).await?;
        let asked = entries.into_iter().filter(|entry| entry.what == "papers_asked");
        dto.progress.missing = asked.filter_map(|entry| entry.text).collect();
    }
    Ok(dto)
}

/// Somebody a case is about, as it was entered. 当事人
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KnownParty {
    /// `employer`, `counterpart`, `counterpart_lawyer` or `counterpart_firm`. 角色
    #[schema(example = "employer")]
    role: String,
    /// `organisation` or `person`. 主体类型
    #[schema(example = "organisation")]
    kind: String,
    /// 姓名或名称
    #[schema(example = "郑州宏达机械有限公司")]
    name: String,
    /// 统一社会信用代码
    #[schema(example = "91410100MA000ABC24")]
    uscc: Option<String>,
}

async fn parties(conn: &mut Conn, of: &Aid) -> Result<Vec<KnownParty>, Problem> {
    let found = party::others(conn, of.id).await?.into_iter();
    Ok(found.map(|party::Party { role, kind, name, uscc }| KnownParty { role, kind, name, uscc }).collect())
}

/// A case in a list of a legal department's or a lawyer's. 法律援助案件
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LegalAidLine {
    /// Its id.
    pub id: Uuid,
    /// 援助编号
    #[schema(example = "261120123456785")]
    number: String,
    /// 会员, masked
    #[schema(example = "王*明")]
    member_name: String,
    /// 类别
    category: LegalField,
    /// 援助形式
    form: Form,
    /// `exempt`, `hardship` or `infringement`. 申请理由
    #[schema(example = "exempt")]
    ground: String,
    /// 标题
    title: String,
    /// What is claimed, fen. 请求金额
    #[schema(minimum = 0)]
    claimed_fen: Option<i64>,
    /// 仲裁时效届满日
    limitation_on: Option<NaiveDate>,
    /// 开庭日期
    hearing_on: Option<NaiveDate>,
    /// Limitation or hearing in less than seven days: a lawyer may act before the decision. 紧急
    urgent: bool,
    /// Whether a lawyer acts before the decision. 先行援助
    provisional: bool,
    /// For legal officers alone. 敏感
    sensitive: bool,
    /// 状态
    state: State,
    /// 状态说明
    state_text: &'static str,
    /// Who was named. 承办律师
    lawyer: Option<AdvisingLawyer>,
    /// The union that handles it. 办理工会
    org_id: Uuid,
    /// The union that is asked to. 受托工会
    entrusted_to: Option<Uuid>,
    /// 办理结果
    outcome: Option<String>,
    /// What the member got, fen. 挽回金额
    #[schema(minimum = 0)]
    recovered_fen: Option<i64>,
    /// 评价
    rating: Option<i32>,
    /// 申请时间
    applied_at: String,
}

/// A line; `name` is what the reader may know of the member.
pub(super) fn line(core: &Core, name: String, (of, lawyer): Listed) -> Result<LegalAidLine, Problem> {
    let state = of.state();
    Ok(LegalAidLine {
        id: of.id,
        member_name: name,
        category: of.category(),
        form: of.form(),
        title: of.title(core)?,
        claimed_fen: of.claimed_fen,
        limitation_on: of.limitation_on,
        hearing_on: of.hearing_on,
        urgent: of.is_urgent(core.today()),
        provisional: of.provisional,
        sensitive: of.sensitive,
        state,
        state_text: state.text(),
        lawyer: of.lawyer_id.zip(lawyer).map(|(id, name)| AdvisingLawyer { id, name }),
        org_id: of.org_id,
        entrusted_to: of.entrusted_to,
        recovered_fen: of.recovered_fen,
        rating: of.rating,
        applied_at: wire::instant(of.applied_at),
        number: of.number,
        ground: of.ground,
        outcome: of.outcome,
    })
}

/// The member's name as most read it.
pub(super) async fn masked(core: &Core, conn: &mut Conn, of: &Aid) -> Result<String, Problem> {
    Ok(mask::name(&person::view(&core.sealer, conn, of.person_id).await?.name))
}

/// A case with what it is about. 法律援助案件详情
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LegalAidCase {
    #[serde(flatten)]
    line: LegalAidLine,
    /// What happened and what is wanted. 事实与请求
    claim: String,
    /// Everybody else it is about. 当事人
    parties: Vec<KnownParty>,
}

/// A case in full. Who represents the member knows their name.
pub(super) async fn full(
    core: &Core,
    conn: &mut Conn,
    listed: Listed,
    represents: bool,
) -> Result<LegalAidCase, Problem> {
    let name = person::view(&core.sealer, conn, listed.0.person_id).await?.name;
    let name = if represents { name } else { mask::name(&name) };
    let (claim, parties) = (listed.0.claim(core)?, parties(conn, &listed.0).await?);
    Ok(LegalAidCase { line: line(core, name, listed)?, claim, parties })
}
