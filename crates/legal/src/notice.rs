//! What lawyers are told 律师通知: of their shifts and of questions they were given, as a list in their app; and by SMS where a
//! shift that begins within two days moves, since nobody looks at a list then. A question has its own SMS, five minutes later.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Duration, Timelike, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_identity::sms::{Message, Template};
use unionhall_identity::{Identity, account};
use unionhall_kernel::Problem;
use unionhall_kernel::clock::shanghai;
use unionhall_storage::page::Page;
use unionhall_storage::retention::Old;
use unionhall_storage::{Conn, Core, tasks};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::duty::Shift;
use crate::schema::{legal_conflict as conflicts, legal_lawyer as lawyers, legal_notice as rows};

/// The kind of task that sends the SMS.
pub const WAKE: &str = "legal.shift_moved";
/// A shift that begins within so many hours is worth an SMS.
const SOON_HOURS: i64 = 48;
/// How long a notice is kept, days.
pub const KEPT_DAYS: i64 = 180;
/// Notices that are old.
pub const OLD: Old = Old { table: "legal_notice", key: "id", when: "created_at < $1" };

/// Of what a lawyer is told. 通知类型
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LawyerNoticeKind)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 排班发布
    ShiftPublished,
    /// 值班调整
    ShiftChanged,
    /// 班次取消
    ShiftCancelled,
    /// 换班成功
    ShiftSwapped,
    /// 有人请您接班
    SwapOffered,
    /// 换班请求结束
    SwapEnded,
    /// 咨询分派
    QuestionAssigned,
    /// 援助指派
    AidAppointed,
}

impl Kind {
    const ALL: &[Kind] = &[
        Self::ShiftPublished,
        Self::ShiftChanged,
        Self::ShiftCancelled,
        Self::ShiftSwapped,
        Self::SwapOffered,
        Self::SwapEnded,
        Self::QuestionAssigned,
        Self::AidAppointed,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::ShiftPublished => "shift_published",
            Self::ShiftChanged => "shift_changed",
            Self::ShiftCancelled => "shift_cancelled",
            Self::ShiftSwapped => "shift_swapped",
            Self::SwapOffered => "swap_offered",
            Self::SwapEnded => "swap_ended",
            Self::QuestionAssigned => "question_assigned",
            Self::AidAppointed => "aid_appointed",
        }
    }
}

/// A notice.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = rows)]
pub struct Notice {
    /// Its id.
    pub id: Uuid,
    kind: String,
    /// A sentence.
    pub text: String,
    /// The shift it is about.
    pub shift_id: Option<Uuid>,
    /// The question or case it is about.
    pub case_id: Option<Uuid>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was read.
    pub read_at: Option<DateTime<Utc>>,
}

impl Notice {
    /// Of what it tells.
    pub fn kind(&self) -> Kind {
        Kind::ALL.iter().copied().find(|kind| kind.as_str() == self.kind).unwrap_or(Kind::ShiftChanged)
    }
}

/// An instant as lawyers read it: Shanghai's day and time.
pub fn spoken(at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&shanghai());
    format!("{}月{}日{}时{:02}分", at.month(), at.day(), at.hour(), at.minute())
}

/// Whom an SMS wakes, and of what.
#[derive(Debug, Serialize, Deserialize)]
pub struct Wake {
    account_id: Uuid,
    when: String,
}

/// Tells a lawyer of a shift, by SMS as well where it begins soon.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn of_shift(
    core: &Core,
    tx: &mut Conn,
    lawyer: Uuid,
    (kind, shift): (Kind, &Shift),
    what: &str,
) -> Result<(), Problem> {
    of_shift_quietly(core, tx, lawyer, (kind, shift), what).await?;
    let (now, when) = (core.now(), spoken(shift.starts_at));
    if shift.ends_at > now && shift.starts_at - now <= Duration::hours(SOON_HOURS) {
        let account_id = lawyers::table.find(lawyer).select(lawyers::account_id).first(tx).await?;
        tasks::enqueue(tx, core.id(), now, WAKE, None, &Wake { account_id, when }).await?;
    }
    Ok(())
}

/// Tells a lawyer of a shift in their list alone: what goes to many is nobody's alarm.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn of_shift_quietly(
    core: &Core,
    tx: &mut Conn,
    lawyer: Uuid,
    (kind, shift): (Kind, &Shift),
    what: &str,
) -> Result<(), Problem> {
    let text = format!("{}至{}的值班：{what}", spoken(shift.starts_at), spoken(shift.ends_at));
    write(core, tx, lawyer, (kind, &text), (Some(shift.id), None)).await
}

/// Tells the lawyers and backups of shifts that were published together, each once.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn of_roster(core: &Core, tx: &mut Conn, shifts: &[Shift]) -> Result<(), Problem> {
    let mut theirs: BTreeMap<Uuid, Vec<&Shift>> = BTreeMap::new();
    for shift in shifts {
        for lawyer in std::iter::once(shift.lawyer_id).chain(shift.backup_id) {
            theirs.entry(lawyer).or_default().push(shift);
        }
    }
    for (lawyer, shifts) in theirs {
        let Some(first) = shifts.iter().min_by_key(|shift| shift.starts_at) else { continue };
        let what = format!("排班已发布，您共有{}个班次（含备勤），此为第一个。", shifts.len());
        of_shift(core, tx, lawyer, (Kind::ShiftPublished, first), &what).await?;
    }
    Ok(())
}

/// Tells a lawyer of a question they were given.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn of_question(
    core: &Core,
    tx: &mut Conn,
    lawyer: Uuid,
    (question, number): (Uuid, &str),
) -> Result<(), Problem> {
    let text = format!("编号{number}的法律咨询已分派给您，请尽快答复。");
    write(core, tx, lawyer, (Kind::QuestionAssigned, &text), (None, Some(question))).await
}

/// Tells a lawyer of a case of legal aid they were named for.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn of_aid(
    core: &Core,
    tx: &mut Conn,
    lawyer: Uuid,
    (case, number): (Uuid, &str),
) -> Result<(), Problem> {
    let text = format!("编号{number}的法律援助案件已指派给您，请在2个工作日内接受或退回。");
    write(core, tx, lawyer, (Kind::AidAppointed, &text), (None, Some(case))).await
}

async fn write(
    core: &Core,
    tx: &mut Conn,
    lawyer: Uuid,
    (kind, text): (Kind, &str),
    (shift, question): (Option<Uuid>, Option<Uuid>),
) -> Result<(), Problem> {
    diesel::insert_into(rows::table)
        .values((
            rows::id.eq(core.id()),
            rows::lawyer_id.eq(lawyer),
            rows::kind.eq(kind.as_str()),
            rows::text.eq(text),
            rows::shift_id.eq(shift),
            rows::case_id.eq(question),
            rows::created_at.eq(core.now()),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// Sends the SMS of a shift that moved.
///
/// # Errors
/// `UNAVAILABLE` when the message cannot be handed over.
pub async fn wake(identity: &Identity, to: &Wake) -> Result<(), Problem> {
    let core = &identity.core;
    let account = account::get(&mut *core.db.read().await?, to.account_id).await?;
    let mobile = account.map(|account| account.mobile(&core.sealer)).transpose()?.flatten();
    let Some(mobile) = mobile else { return Ok(()) };
    identity.sms.send(&Message { mobile, template: Template::ShiftMoved { when: to.when.clone() } })
}

// A lawyer's own, without those of cases behind the wall: whoever is there must not learn that a case exists.
macro_rules! open_to {
    ($lawyer:expr) => {
        rows::lawyer_id.eq($lawyer).and(not(exists(
            conflicts::table.filter(
                conflicts::case_id.nullable().eq(rows::case_id).and(conflicts::lawyer_id.eq($lawyer)),
            ),
        )))
    };
}

/// A page of a lawyer's notices, the newest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    lawyer: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Page<Notice>, Problem> {
    let mut query = rows::table
        .filter(open_to!(lawyer))
        .order(rows::id.desc())
        .limit(limit + 1)
        .select(Notice::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(rows::id.lt(before));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// Marks all notices of a lawyer as read; answers how many were not.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn mark_read(tx: &mut Conn, lawyer: Uuid, now: DateTime<Utc>) -> Result<usize, Problem> {
    let unread = rows::table.filter(open_to!(lawyer).and(rows::read_at.is_null()));
    Ok(diesel::update(unread).set(rows::read_at.eq(now)).execute(tx).await?)
}
