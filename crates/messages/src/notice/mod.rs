//! Notices 信息发布: written by one person for the subtree of a union, approved by another, read by those they are
//! addressed to from their instant on.
//!
//! States: docs/RULES.md. SCHEDULED, PUBLISHED and EXPIRED are derived from clock and row ([`phase`]), never stored.
//! WITHDRAWN is stored and has no way back, whatever the clock says later: a corrected notice is a new one.

mod read;
mod state;
mod store;
mod write;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::Invalid;
use unionhall_kernel::text::{is_blank, is_within};
use utoipa::ToSchema;
use uuid::Uuid;

pub use read::{Key, Reader, Received, list_received, mark_read, received, unread};
pub use state::{Phase, State, phase};
pub use store::{Head, Notice, get, list, readers, waiting};
pub use write::{By, Step, create, rewrite, take};

/// Longest body, characters.
pub const MAX_BODY: usize = 20_000;

fn word<T: Copy>(all: &[T], as_str: fn(T) -> &'static str, word: &str) -> Result<T, String> {
    let found = all.iter().copied().find(|value| as_str(*value) == word);
    found.ok_or_else(|| format!("unknown word {word:?} in the store"))
}

/// Whom a notice is addressed to. 发布对象
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NoticeAudience)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// 会员: the members of the union and of those below it
    Members,
    /// 工会干部: who holds a post in the union or below it
    Cadres,
    /// 公众: everybody, logged in or not
    Everyone,
}

impl Audience {
    /// Every audience.
    pub const ALL: &[Audience] = &[Self::Members, Self::Cadres, Self::Everyone];

    /// The word on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Cadres => "cadres",
            Self::Everyone => "everyone",
        }
    }
}

impl TryFrom<String> for Audience {
    type Error = String;

    fn try_from(stored: String) -> Result<Self, String> {
        word(Self::ALL, Self::as_str, &stored)
    }
}

/// Where a notice is shown. 发布渠道
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = NoticeChannel)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 会员App
    MemberApp,
    /// 小程序
    MiniProgram,
    /// 管理端
    Console,
    /// 门户网站
    PublicSite,
}

impl Channel {
    /// Every channel.
    pub const ALL: &[Channel] = &[Self::MemberApp, Self::MiniProgram, Self::Console, Self::PublicSite];

    /// The word on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MemberApp => "member_app",
            Self::MiniProgram => "mini_program",
            Self::Console => "console",
            Self::PublicSite => "public_site",
        }
    }
}

/// The channels of a notice, each once and at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channels(Vec<Channel>);

impl Channels {
    /// From what was written.
    ///
    /// # Errors
    /// `COUNT` when there is none.
    pub fn parse(named: &[Channel]) -> Result<Self, Invalid> {
        let mut channels = named.to_vec();
        channels.sort_unstable();
        channels.dedup();
        if channels.is_empty() {
            Err(Invalid::new("COUNT", "请至少选择一个发布渠道。"))
        } else {
            Ok(Self(channels))
        }
    }

    /// In their order.
    pub fn as_slice(&self) -> &[Channel] {
        &self.0
    }

    fn words(&self) -> Vec<&'static str> {
        self.0.iter().map(|channel| channel.as_str()).collect()
    }
}

impl TryFrom<Vec<String>> for Channels {
    type Error = String;

    fn try_from(stored: Vec<String>) -> Result<Self, String> {
        stored.iter().map(|w| word(Channel::ALL, Channel::as_str, w)).collect::<Result<_, _>>().map(Self)
    }
}

/// What somebody wrote.
#[derive(Debug, Clone)]
pub struct Content {
    /// One line.
    pub title: String,
    /// One line, or nothing.
    pub summary: String,
    /// Text for clients to render, never HTML.
    pub body: String,
    /// Whom it is for.
    pub audience: Audience,
    /// Where it is shown.
    pub channels: Channels,
    /// Until when it stands before the others.
    pub pinned_until: Option<DateTime<Utc>>,
    /// From when on it is read; from its approval on without.
    pub publish_at: Option<DateTime<Utc>>,
    /// From when on it is not.
    pub expires_at: Option<DateTime<Utc>>,
    /// The notice it corrects.
    pub replaces: Option<Uuid>,
}

/// A body as people write it: line ends made one kind, what is blank at the end dropped. Indentation stays: it is how
/// Chinese paragraphs begin.
///
/// # Errors
/// `TEXT_FORMAT` when nothing can be seen in it, when it is too long, or for control characters other than the end of a
/// line and the tab.
pub fn body(raw: &str) -> Result<String, Invalid> {
    let clean = raw.replace("\r\n", "\n");
    let clean = clean.trim_end();
    let fits = is_within(clean, 1, MAX_BODY) && clean.chars().any(|c| !is_blank(c));
    if fits && !clean.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        Ok(clean.to_owned())
    } else {
        Err(Invalid::new("TEXT_FORMAT", "正文须为1至20000个字符，除换行和制表符外不含控制字符。"))
    }
}

/// The paths of a union and of all above it, the topmost first: who stands at `path` is addressed from each of these.
pub fn chain(path: &str) -> Vec<String> {
    let ends = path.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(at, _)| at);
    ends.filter_map(|at| path.get(..=at)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_addressed_from_their_union_up() {
        assert_eq!(chain("/41/4101/410102/"), ["/41/", "/41/4101/", "/41/4101/410102/"]);
        assert_eq!(chain("/41/"), ["/41/"]);
        assert!(chain("").is_empty());
    }

    #[test]
    fn a_body_keeps_its_lines_and_nothing_that_cannot_be_seen() {
        assert_eq!(body("　　各位会员：\r\n\t**放假**\n\n").unwrap(), "　　各位会员：\n\t**放假**");
        for bad in ["", " \n\u{200B}", "a\u{7}b", "a\rb", "a\u{85}b", &"长".repeat(MAX_BODY + 1)] {
            assert_eq!(body(bad).unwrap_err().code, "TEXT_FORMAT", "{bad:?}");
        }
        assert!(body(&"长".repeat(MAX_BODY)).is_ok());
    }

    #[test]
    fn channels_are_a_set() {
        let named = [Channel::PublicSite, Channel::MemberApp, Channel::PublicSite];
        let channels = Channels::parse(&named).unwrap();
        assert_eq!(channels.as_slice(), [Channel::MemberApp, Channel::PublicSite]);
        assert!(Channels::parse(&[]).is_err());
    }
}
