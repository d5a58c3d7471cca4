//! What a partner learns beside a subject of its own.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something a partner learns of a member who agreed. 提供的信息
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Receives {
    /// 实名等级
    Level,
    /// 所在工会
    Union,
}

impl Receives {
    /// The word on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Union => "union",
        }
    }
}

/// What a partner learns, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shared(Vec<Receives>);

impl Shared {
    /// From what was named.
    pub fn of(named: &[Receives]) -> Self {
        let mut set = named.to_vec();
        set.sort_unstable();
        set.dedup();
        Self(set)
    }

    /// In their order.
    pub fn as_slice(&self) -> &[Receives] {
        &self.0
    }

    /// Whether it is among them.
    pub fn has(&self, one: Receives) -> bool {
        self.0.contains(&one)
    }

    /// As the store and the wire have them.
    pub fn words(&self) -> Vec<&'static str> {
        self.0.iter().map(|one| one.as_str()).collect()
    }
}

impl TryFrom<Vec<String>> for Shared {
    type Error = String;

    fn try_from(stored: Vec<String>) -> Result<Self, String> {
        let known = [Receives::Level, Receives::Union];
        let read = |word: &String| {
            let found = known.into_iter().find(|one| one.as_str() == word);
            found.ok_or_else(|| format!("unknown word {word:?} in the store"))
        };
        Ok(Self::of(&stored.iter().map(read).collect::<Result<Vec<_>, _>>()?))
    }
}
