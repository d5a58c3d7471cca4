//! The states of an export and which change is allowed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an export stands; extensible. 导出状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = ExportState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 生成中
    Preparing,
    /// 待审批: large, or with full values.
    AwaitingApproval,
    /// 可下载
    Ready,
    /// 未获批准
    Rejected,
    /// 已取消
    Cancelled,
    /// 未能生成
    Failed,
    /// 已过期: by the clock, a file after a day and an approval nobody gave after seven.
    Expired,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[
        Self::Preparing,
        Self::AwaitingApproval,
        Self::Ready,
        Self::Rejected,
        Self::Cancelled,
        Self::Failed,
        Self::Expired,
    ];

    /// The word in the store, which never says EXPIRED.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preparing => "PREPARING",
            Self::AwaitingApproval => "AWAITING_APPROVAL",
            Self::Ready => "READY",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Preparing => "正在生成",
            Self::AwaitingApproval => "待另一人审批",
            Self::Ready => "可以下载",
            Self::Rejected => "未获批准",
            Self::Cancelled => "已取消",
            Self::Failed => "未能生成",
            Self::Expired => "已过期",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.as_str() == word)
    }

    /// Whether a change is allowed.
    pub const fn may_become(self, to: Self) -> bool {
        use State::{AwaitingApproval, Cancelled, Expired, Failed, Preparing, Ready, Rejected};
        matches!(
            (self, to),
            (Preparing, AwaitingApproval | Ready | Failed | Cancelled)
                | (AwaitingApproval, Preparing | Rejected | Cancelled | Expired)
                | (Ready, Cancelled | Expired)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn every_state_is_reached_and_what_ended_stays() {
        for state in State::ALL {
            let is_reached = State::ALL.iter().any(|from| from.may_become(*state));
            let is_left = State::ALL.iter().any(|to| state.may_become(*to));
            let has_ended =
                matches!(state, State::Rejected | State::Cancelled | State::Failed | State::Expired);
            assert!(is_reached && is_left != has_ended, "{state:?}");
            assert_eq!(State::parse(state.as_str()), Some(*state));
        }
    }
}
