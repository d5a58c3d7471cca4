//! Where questions and cases stand, in words for the member.

use chrono::NaiveDate;
use unionhall_casework::clock::Clock;
use unionhall_kernel::clock::shanghai_date;
use unionhall_web::wire::Progress;

use crate::aid::{self, Aid};
use crate::consultation::{Consultation, State};

/// The last day of a state's clock, Shanghai, among the open clocks of a case.
fn due_on(clocks: Option<&Vec<Clock>>, name: Option<&str>) -> Option<NaiveDate> {
    let running = clocks?.iter().find(|clock| Some(clock.name.as_str()) == name);
    // What ends at midnight ends with the day before.
    let last = |due_at| shanghai_date(due_at - chrono::Duration::milliseconds(1));
    running.and_then(|clock| clock.due_at).map(last)
}

/// Where a question stands for whoever asked it.
pub(crate) fn of_question(of: &Consultation, clocks: Option<&Vec<Clock>>) -> Progress {
    let state = of.state();
    let (waiting_for, next_step) = match state {
        State::Queued => (Some("union"), "正在为您安排值班律师"),
        State::Assigned => (Some("lawyer"), "等待律师答复"),
        State::Answered => (Some("member"), "可继续追问，或确认已解决"),
        State::Escalated => (Some("county"), "工会法律部门正在为您指派律师"),
        State::Closed => (Some("member"), "可评价，或在期限内重新打开"),
        State::Callback => (Some("county"), "工会法律部门将电话回访"),
        State::Rated | State::Unrated => (None, "已办结"),
        State::Withdrawn => (None, "已撤回，可重新提问"),
        State::ToAid => (None, "已转法律援助，请在法律援助中查看进展"),
    };
    Progress {
        state: state.as_str().to_owned(),
        state_text: state.text(),
        waiting_for,
        next_step,
        due_on: due_on(clocks, state.clock()),
        missing: Vec::new(),
        contact_phone: Some("12351"),
    }
}

/// Where a case stands for whoever applied.
pub(crate) fn of_case(of: &Aid, clocks: Option<&Vec<Clock>>, missing: Vec<String>) -> Progress {
    let state = of.state();
    let (waiting_for, next_step) = match state {
        aid::State::Applied => (Some("county"), "工会法律部门正在核对申请材料"),
        aid::State::NeedDocs => (Some("member"), "请在期限内补正材料，逾期视为撤回"),
        aid::State::UnderReview => (Some("county"), "工会将在7日内作出决定"),
        aid::State::Provisional | aid::State::Granted => (Some("county"), "工会正在为您指派律师"),
        aid::State::Appointed => (Some("lawyer"), "等待律师接受指派"),
        aid::State::InProgress => (Some("lawyer"), "律师正在办理，可随时留言"),
        aid::State::Reported => (Some("county"), "工会正在审查办理结果"),
        aid::State::Closed => (Some("member"), "可对律师评价"),
        aid::State::Refused => (Some("member"), "可在15日内向上级工会申请复核"),
        aid::State::Appealed => (Some("union"), "上级工会正在复核"),
        aid::State::Rated | aid::State::Unrated => (None, "已结案"),
        aid::State::RefusedFinal => (None, "不予援助，可拨打12348咨询司法行政机关的法律援助"),
        aid::State::Withdrawn => (None, "已撤回，可重新申请"),
        aid::State::Terminated => (None, "援助已终止"),
    };
    Progress {
        state: state.as_str().to_owned(),
        state_text: state.text(),
        waiting_for,
        next_step,
        due_on: due_on(clocks, state.clock()),
        missing,
        contact_phone: Some("12351"),
    }
}
