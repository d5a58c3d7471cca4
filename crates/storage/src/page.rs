//! Keyset pages: the list goes on after a key, never at an offset, so page 10,000 costs what page 1 costs.

use serde::Serialize;

/// One page and the key it ended at.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether more follow.
    pub more: bool,
}

impl<T> Page<T> {
    /// Cuts `limit + 1` fetched rows to a page: the extra row only says that there is more.
    pub fn cut(mut items: Vec<T>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}

/// The half-open upper bound of the subtree under `path`: the last `/` replaced by `0`, the next character.
pub fn subtree_end(path: &str) -> String {
    let mut end = path.to_owned();
    end.pop();
    end.push('0');
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_whether_more_follow() {
        assert!(!Page::cut(vec![1, 2], 2).more);
        let page = Page::cut(vec![1, 2, 3], 2);
        assert!(page.more && page.items == [1, 2]);
    }

    #[test]
    fn a_subtree_is_a_half_open_range() {
        let (start, end) = ("/41/4101/", subtree_end("/41/4101/"));
        for inside in ["/41/4101/", "/41/4101/410102/", "/41/4101/zzz/"] {
            assert!(start <= inside && inside < end.as_str());
        }
        for outside in ["/41/", "/41/4102/", "/41/41010/", "/41/4100/"] {
            assert!(!(start <= outside && outside < end.as_str()));
        }
    }
}
