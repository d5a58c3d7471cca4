//! Batches 批量办理: one step on up to two hundred things of a queue, each decided on its own. What is refused for one
//! stops none of the others, and every one that is done has its own transaction and audit row.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, Problem};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::wire;

/// The most things of one batch.
pub const MOST: usize = 200;

/// Which things, and what is to be done with each. 批量办理
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Batch)]
pub struct BatchBody<A> {
    /// The things, none twice.
    #[schema(min_items = 1, max_items = 200)]
    pub ids: Vec<Uuid>,
    /// The step.
    pub action: A,
    /// Why, the same for all: 2 to 200 characters; for the steps that name one.
    #[schema(min_length = 2, max_length = 200, example = "材料齐全")]
    #[serde(default)]
    pub reason: Option<String>,
}

impl<A> BatchBody<A> {
    /// The reason, where the step needs one; `None` where it does not.
    ///
    /// # Errors
    /// `VALIDATION_FAILED`: `REQUIRED`, `TOO_MANY` or `DUPLICATE_ITEM` at `/ids`, `REQUIRED` or `REASON_LENGTH` at `/reason`.
    pub fn parse(&self, needs_reason: bool) -> Result<Option<&str>, Problem> {
        let mut fields = Fields::new();
        let some = Invalid::new("REQUIRED", "请至少选择一项。");
        fields.require(!self.ids.is_empty(), "/ids", some);
        fields.require(self.ids.len() <= MOST, "/ids", Invalid::new("TOO_MANY", "一次最多办理200项。"));
        let distinct: HashSet<Uuid> = self.ids.iter().copied().collect();
        let once = Invalid::new("DUPLICATE_ITEM", "同一项不能重复选择。");
        fields.require(distinct.len() == self.ids.len(), "/ids", once);
        let reason = match self.reason.as_deref() {
            Some(reason) => fields.take("/reason", wire::parse_reason(reason)),
            None => {
                fields.require(!needs_reason, "/reason", Invalid::new("REQUIRED", "必填。"));
                None
            }
        };
        fields.finish()?;
        Ok(reason)
    }
}

/// How it went with one thing; extensible. 办理结果
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchOutcome {
    /// 已办理
    Done,
    /// 未办理
    Refused,
}

/// One thing of a batch. 单项结果
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchItem {
    /// The thing.
    pub id: Uuid,
    /// How it went.
    pub outcome: BatchOutcome,
    /// Why it was refused: the code that the step alone would have answered; null when done.
    #[schema(example = "INVALID_STATE")]
    pub code: Option<&'static str>,
    /// The same in words.
    #[schema(example = "当前状态不能进行此操作，请刷新后重试。")]
    pub detail: Option<String>,
}

/// How a batch went, in the order it was asked. 批量结果
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    /// Each thing.
    pub items: Vec<BatchItem>,
    /// How many were done.
    pub done: usize,
    /// How many were not.
    pub refused: usize,
}

impl BatchResult {
    /// What became of the things that a step was tried on.
    pub fn of(outcomes: Vec<(Uuid, Result<(), Problem>)>) -> Self {
        let items: Vec<BatchItem> =
            outcomes.into_iter().map(|(id, outcome)| BatchItem::of(id, outcome)).collect();
        let done = items.iter().filter(|item| item.outcome == BatchOutcome::Done).count();
        let refused = items.len() - done;
        Self { items, done, refused }
    }
}

impl BatchItem {
    fn of(id: Uuid, outcome: Result<(), Problem>) -> Self {
        let Err(problem) = outcome else {
            return Self { id, outcome: BatchOutcome::Done, code: None, detail: None };
        };
        let entry = problem.code.entry();
        let detail = problem.detail.clone().unwrap_or(entry.detail.into()).into_owned();
        // A failure of ours is no refusal: its cause goes to the log, as that of any request would.
        if let Some(cause) = problem.into_source() {
            tracing::error!(%cause, %id, "one of a batch failed");
        }
        Self { id, outcome: BatchOutcome::Refused, code: Some(entry.code), detail: Some(detail) }
    }
}
