//! Which event tells whom what. Pure: an event's payload in, messages out.

use chrono::{Datelike, NaiveDate};
use serde::de::DeserializeOwned;
use serde_json::Value;
use unionhall_cards::{issue, loss};
use unionhall_identity::{closing, mobile};
use unionhall_jobs::{alert, application, posting};
use unionhall_kernel::Problem;
use unionhall_legal::{aid, consultation};
use unionhall_merchants::tasks as coupons;
use unionhall_registry::membership::{self, Reason, State};
use unionhall_registry::{correction, join, mobile_change};
use uuid::Uuid;

use super::{Kind, Link, To, Told};

/// One kind of event that is told.
#[derive(Debug, Clone, Copy)]
pub struct News {
    /// The event's topic.
    pub topic: &'static str,
    /// The task that tells of it.
    pub task: &'static str,
    /// What is told.
    pub told: fn(Value) -> Result<Vec<Told>, Problem>,
}

/// Every kind of event that is told.
pub const NEWS: &[News] = &[
    News { topic: mobile::CHANGED, task: "inbox.mobile_changed", told: mobile_changed },
    News { topic: closing::ASKED, task: "inbox.closing_asked", told: closing_asked },
    News { topic: join::DECIDED, task: "inbox.join_decided", told: join_decided },
    News { topic: correction::DECIDED, task: "inbox.correction_decided", told: correction_decided },
    News { topic: mobile_change::DECIDED, task: "inbox.mobile_change_decided", told: mobile_change_decided },
    News { topic: membership::MOVED, task: "inbox.membership_moved", told: membership_moved },
    News { topic: issue::ISSUED, task: "inbox.card_issued", told: card_issued },
    News { topic: loss::CHANGED, task: "inbox.card_changed", told: card_changed },
    News { topic: application::MOVED, task: "inbox.job_application_moved", told: job_application_moved },
    News { topic: posting::CHANGED, task: "inbox.job_posting_changed", told: job_posting_changed },
    News { topic: consultation::ANSWERED, task: "inbox.consultation_answered", told: answered },
    News { topic: aid::MOVED, task: "inbox.legal_aid_moved", told: aid_moved },
    News { topic: aid::REMINDED, task: "inbox.legal_aid_reminded", told: aid_reminded },
    News { topic: alert::FOUND, task: "inbox.job_alert_found", told: job_alert_found },
    News { topic: coupons::EXPIRING, task: "inbox.coupon_expiring", told: coupon_expiring },
];

/// Whom to call who did not do what they are told.
const CALL: &str = "如非本人操作，请立即拨打12351。";

fn read<T: DeserializeOwned>(payload: Value) -> Result<T, Problem> {
    Ok(serde_json::from_value(payload)?)
}

fn one(
    (topic, id): (&str, Uuid),
    to: To,
    (kind, title): (Kind, &'static str),
    body: impl Into<String>,
    link: (&str, Option<Uuid>),
) -> Vec<Told> {
    let link = Link { rel: link.0.to_owned(), id: link.1 };
    vec![Told { to, key: format!("{topic}:{id}"), kind, title, body: body.into(), link }]
}

fn day(date: NaiveDate) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

fn mobile_changed(payload: Value) -> Result<Vec<Told>, Problem> {
    let mobile::Changed { id, account_id } = read(payload)?;
    let body = format!("您的登录手机号已更换，其他设备已退出登录。{CALL}");
    let what = (Kind::Security, "登录手机号已更换");
    Ok(one((mobile::CHANGED, id), To::Account(account_id), what, body, ("mobile", None)))
}

fn closing_asked(payload: Value) -> Result<Vec<Told>, Problem> {
    let closing::ClosingAsked { id, account_id, closes_on } = read(payload)?;
    let body = format!("您的账号将于{}注销，在此之前可以撤回。{CALL}", day(closes_on));
    let what = (Kind::Security, "已申请注销账号");
    Ok(one((closing::ASKED, id), To::Account(account_id), what, body, ("account-closing", None)))
}

fn join_decided(payload: Value) -> Result<Vec<Told>, Problem> {
    let join::Decided { id, application_id, account_id, union, state } = read(payload)?;
    let (title, body) = match state {
        join::State::Approved => ("入会申请已通过", format!("您已加入{union}。")),
        join::State::Returned => {
            ("入会申请需要补正", format!("{union}退回了您的入会申请，请按意见补正后重新提交。"))
        }
        join::State::Rejected => ("入会申请未通过", format!("{union}未通过您的入会申请，原因见申请详情。")),
        join::State::BuReview | join::State::PoolReview | join::State::Withdrawn => return Ok(Vec::new()),
    };
    let (to, link) = (To::Account(account_id), ("join-application", Some(application_id)));
    Ok(one((join::DECIDED, id), to, (Kind::Service, title), body, link))
}

fn correction_decided(payload: Value) -> Result<Vec<Told>, Problem> {
    let correction::Decided { id, account_id, approved } = read(payload)?;
    let (title, body) = if approved {
        ("信息更正已通过", "您申请更正的信息已更新。")
    } else {
        ("信息更正未通过", "您的信息更正申请未通过，原因见申请详情。")
    };
    let (to, link) = (To::Account(account_id), ("correction", Some(id)));
    Ok(one((correction::DECIDED, id), to, (Kind::Service, title), body, link))
}

fn mobile_change_decided(payload: Value) -> Result<Vec<Told>, Problem> {
    let mobile_change::Decided { id, person_id, approved } = read(payload)?;
    let (title, body) = if approved {
        ("登录手机号已更换", "县级总工会已核实并更换您的登录手机号，原有登录已全部退出。")
    } else {
        ("更换手机号申请未通过", "有人以您的名义申请更换登录手机号，县级总工会未予通过，您的手机号不变。")
    };
    let body = format!("{body}{CALL}");
    let key = (mobile_change::DECIDED, id);
    Ok(one(key, To::Person(person_id), (Kind::Security, title), body, ("mobile", None)))
}

fn membership_moved(payload: Value) -> Result<Vec<Told>, Problem> {
    let membership::Moved { id, person_id, from, state, reason, union_changed } = read(payload)?;
    let (title, body) = match (from, state, reason) {
        // Whoever opens the account of somebody who died is told nothing in their name.
        (_, State::Ended, Some(Reason::Deceased)) => return Ok(Vec::new()),
        (_, State::Ended, Some(Reason::Transferred)) => ("会籍已转出", "您的会籍已从原工会转出。"),
        (_, State::Ended, _) => ("会籍已终止", "您的会籍已终止，会员卡不再可用。如有疑问，请联系所在工会。"),
        (_, State::Retained, _) => ("已保留会籍", "您的会籍已转为保留会籍。"),
        (_, State::Frozen, _) => ("会籍已冻结", "您的会籍已冻结，会员卡暂不可用。如有疑问，请联系所在工会。"),
        (_, State::Leaving, _) => ("退会办理中", "您的退会正在办理。"),
        (_, State::Active, _) if union_changed => ("会籍已转入新工会", "您的会籍已转入新的工会。"),
        // Admitted again: the decision on the application, or the new card, says so.
        (State::Ended, State::Active, _) => return Ok(Vec::new()),
        (_, State::Active, _) => ("会籍已恢复", "您的会籍已恢复正常。"),
    };
    let key = (membership::MOVED, id);
    Ok(one(key, To::Person(person_id), (Kind::Service, title), body, ("membership", None)))
}

fn card_issued(payload: Value) -> Result<Vec<Told>, Problem> {
    let issue::Issued { id, person_id, replaces } = read(payload)?;
    let (title, body) = if replaces {
        ("会员卡已补办", "新会员卡已启用，原卡已作废。")
    } else {
        ("会员卡已发放", "您的电子会员卡已可使用。")
    };
    Ok(one((issue::ISSUED, id), To::Person(person_id), (Kind::Service, title), body, ("card", None)))
}

fn card_changed(payload: Value) -> Result<Vec<Told>, Problem> {
    let loss::Changed { id, person_id, what } = read(payload)?;
    let (title, body) = match what {
        loss::What::Lost => ("会员卡已挂失", format!("您的会员卡已挂失，即时停用。{CALL}")),
        loss::What::Found => ("会员卡已解除挂失", format!("您的会员卡已恢复使用。{CALL}")),
        loss::What::Revoked => ("会员卡已注销", "您的会员卡已注销。如有疑问，请联系所在工会。".to_owned()),
    };
    Ok(one((loss::CHANGED, id), To::Person(person_id), (Kind::Security, title), body, ("card", None)))
}

fn job_application_moved(payload: Value) -> Result<Vec<Told>, Problem> {
    use application::State;
    let application::Moved { id, application_id, person_id, title, state } = read(payload)?;
    let (head, body) = match state {
        State::Invited => {
            ("收到面谈邀约", format!("您投递的“{title}”有了邀约，招聘单位可看到您的姓名和手机。"))
        }
        State::Offered => ("收到录用通知", format!("“{title}”向您发出录用通知，请确认是否接受。")),
        State::Rejected => ("求职申请未通过", format!("您投递的“{title}”未通过，原因见申请详情。")),
        State::Lapsed => ("求职申请已失效", format!("“{title}”的招聘已结束，您的申请已失效。")),
        State::Submitted | State::Viewed | State::Hired | State::Withdrawn => return Ok(Vec::new()),
    };
    let (key, to) = ((application::MOVED, id), To::Person(person_id));
    Ok(one(key, to, (Kind::Service, head), body, ("job-application", Some(application_id))))
}

fn job_posting_changed(payload: Value) -> Result<Vec<Told>, Problem> {
    use posting::What;
    let posting::Changed { id, posting_id, title, what, persons } = read(payload)?;
    let (head, body) = match what {
        What::Edited => ("投递的职位有变更", format!("您投递的“{title}”修改了内容，正在重新审核。")),
        What::Hidden => {
            ("投递的职位正在核查", format!("您投递的“{title}”被举报，正在核查，请注意防范风险。"))
        }
        What::Removed => (
            "投递的职位已下架",
            format!("您投递的“{title}”已被下架，请勿缴纳任何费用，如有损失请拨打12351。"),
        ),
    };
    let told = persons.into_iter().flat_map(|person| {
        let (key, to) = ((posting::CHANGED, id), To::Person(person));
        one(key, to, (Kind::Service, head), body.clone(), ("job", Some(posting_id)))
    });
    Ok(told.collect())
}

// What it is about is for the app alone: a lock screen may be anybody's.
fn answered(payload: Value) -> Result<Vec<Told>, Problem> {
    let consultation::Answered { id, consultation_id, person_id } = read(payload)?;
    let body = "律师已答复您的咨询，可在7日内继续追问。";
    let (key, link) = ((consultation::ANSWERED, id), ("consultation", Some(consultation_id)));
    Ok(one(key, To::Person(person_id), (Kind::Service, "律师已答复"), body, link))
}

fn aid_moved(payload: Value) -> Result<Vec<Told>, Problem> {
    use aid::State;
    let aid::Moved { id, aid_id, person_id, state } = read(payload)?;
    let (title, body) = match state {
        State::Applied | State::UnderReview | State::Appointed | State::Reported => return Ok(Vec::new()),
        State::NeedDocs => ("法律援助需要补正材料", "请在15日内补正，逾期视为撤回申请。"),
        State::Provisional => ("已决定先行援助", "时效或开庭临近，工会先行指派律师。"),
        State::Granted => ("准予法律援助", "工会将在3日内为您指派律师。"),
        State::InProgress => ("律师已接受指派", "承办律师已开始办理，可在案件中留言。"),
        State::Closed => ("法律援助已结案", "办理结果见案件详情，请对承办律师评价。"),
        State::Refused => ("法律援助申请未通过", "理由见案件详情，可在15日内申请复核。"),
        State::RefusedFinal => ("法律援助复核结果", "上级工会已作出决定，理由见案件详情。"),
        State::Terminated => ("法律援助已终止", "理由见案件详情。如有疑问，请拨打12351。"),
        State::Withdrawn => ("法律援助申请已撤回", "申请已撤回或逾期未补正，可重新申请。"),
        State::Appealed | State::Rated | State::Unrated => return Ok(Vec::new()),
    };
    let (key, link) = ((aid::MOVED, id), ("legal-aid", Some(aid_id)));
    Ok(one(key, To::Person(person_id), (Kind::Service, title), body, link))
}

fn aid_reminded(payload: Value) -> Result<Vec<Told>, Problem> {
    let aid::Near { id, aid_id, person_id, is_limitation, last_day } = read(payload)?;
    let (title, body) = if is_limitation {
        ("仲裁时效即将届满", format!("申请劳动仲裁的最后一日为{}。", day(last_day)))
    } else {
        ("补正材料即将到期", format!("请在{}前补正法律援助材料，逾期视为撤回。", day(last_day)))
    };
    let (key, link) = ((aid::REMINDED, id), ("legal-aid", Some(aid_id)));
    Ok(one(key, To::Person(person_id), (Kind::Service, title), body, link))
}

fn job_alert_found(payload: Value) -> Result<Vec<Told>, Problem> {
    let alert::News { id, alert_id, person_id, name, count, more, titles } = read(payload)?;
    let many = if more { format!("超过{count}") } else { count.to_string() };
    let rest = if count > titles.len() { "等" } else { "" };
    let titles = titles.join("”“");
    let body = format!("您订阅的“{name}”有{many}个新职位：“{titles}”{rest}。");
    let (key, to) = ((alert::FOUND, id), To::Person(person_id));
    Ok(one(key, to, (Kind::Jobs, "有新的职位"), body, ("job-alert", Some(alert_id))))
}

fn coupon_expiring(payload: Value) -> Result<Vec<Told>, Problem> {
    let coupons::Expiring { expires_on, coupons } = read(payload)?;
    let told = coupons.into_iter().flat_map(|coupons::ExpiringCoupon { id, person_id, title }| {
        let body = format!("您的优惠券“{title}”将于{}到期。", day(expires_on));
        let what = (Kind::Benefits, "优惠券即将到期");
        one((coupons::EXPIRING, id), To::Person(person_id), what, body, ("coupon", Some(id)))
    });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn topics_and_tasks_are_named_once() {
        let topics: BTreeSet<&str> = NEWS.iter().map(|news| news.topic).collect();
        let tasks: BTreeSet<&str> = NEWS.iter().map(|news| news.task).collect();
        assert_eq!((topics.len(), tasks.len()), (NEWS.len(), NEWS.len()));
    }

    #[test]
    fn every_step_of_a_membership_is_told_or_left_out_on_purpose() {
        let reasons: Vec<Option<Reason>> =
            std::iter::once(None).chain(Reason::ALL.iter().copied().map(Some)).collect();
        let mut told_of = 0;
        for from in State::ALL {
            for to in State::ALL {
                for reason in reasons.iter().filter(|r| membership::allowed(Some(*from), *to, **r)) {
                    let moved = membership::Moved {
                        id: Uuid::from_u128(1),
                        person_id: Uuid::from_u128(2),
                        from: *from,
                        state: *to,
                        reason: *reason,
                        union_changed: false,
                    };
                    let told = membership_moved(serde_json::to_value(moved).unwrap()).unwrap();
                    let silent =
                        *reason == Some(Reason::Deceased) || (*from, *to) == (State::Ended, State::Active);
                    assert_eq!(told.is_empty(), silent, "{from} -> {to} {reason:?}");
                    told_of += told.len();
                }
            }
        }
        assert!(told_of > 10);
    }

    #[test]
    fn what_is_no_payload_fails_and_is_not_lost() {
        for news in NEWS {
            assert!((news.told)(json!({})).is_err(), "{}", news.topic);
            assert!((news.told)(json!({"id": "1"})).is_err(), "{}", news.topic);
        }
    }
}
