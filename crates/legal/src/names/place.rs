//! Places at the beginning of a company's name: 河南省郑州市宏达机械 and 郑州宏达机械 are one, 开封宏达机械 is another.

use std::collections::HashMap;
use std::sync::LazyLock;

use unionhall_kernel::division::{self, Division};

/// What the name of a place ends with and people leave out, the longest first.
const SUFFIXES: &[&str] = &[
    "特别行政区",
    "维吾尔自治区",
    "壮族自治区",
    "回族自治区",
    "自治区",
    "自治州",
    "自治县",
    "地区",
    "新区",
    "省",
    "市",
    "区",
    "县",
    "盟",
];
/// The longest name of a division that is looked for, characters.
const LONGEST: usize = 15;

/// A place as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Its name without 省, 市, 县.
    pub bare: &'static str,
    /// As it was written, bytes.
    length: usize,
    of: &'static Division,
}

fn bare(name: &'static str) -> &'static str {
    let short = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix));
    // 滑县 is never called 滑.
    short.filter(|short| short.chars().count() >= 2).unwrap_or(name)
}

// By full name, and provinces and cities by their short one as well.
static KNOWN: LazyLock<HashMap<&'static str, &'static Division>> = LazyLock::new(|| {
    let above = |of: &&Division| of.level <= 3;
    let all = || division::national().iter().chain(division::henan()).filter(above);
    let full = all().map(|of| (of.name, of));
    let short = all().filter(|of| of.level <= 2).map(|of| (bare(of.name), of));
    full.chain(short).collect()
});

fn first(text: &str) -> Option<Place> {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).take(LONGEST);
    let found = ends.filter_map(|end| Some((end, KNOWN.get(text.get(..end)?)?)));
    found.last().map(|(length, of)| Place { bare: bare(of.name), length, of })
}

/// The place that a text is, whole.
pub(super) fn whole(text: &str) -> Option<&'static str> {
    first(text).filter(|place| place.length == text.len()).map(|place| place.bare)
}

/// The places a name begins with and what follows them. After the first, a place is one only if it is written out or is a city of
/// the province before it: 河南中原机械 is no company of the district 中原区.
pub(super) fn leading(text: &str) -> (Vec<&'static str>, &str) {
    let (mut places, mut rest) = (Vec::new(), text);
    let mut before: Option<Place> = None;
    while let Some(place) = first(rest) {
        let is_full = place.length == place.of.name.len();
        let is_below = before.is_some_and(|above: Place| place.of.parent_code == Some(above.of.code));
        if before.is_some() && !is_full && !is_below {
            break;
        }
        places.push(place.bare);
        rest = rest.get(place.length..).unwrap_or_default();
        before = Some(place);
    }
    (places, rest)
}

#[cfg(test)]
mod tests {
    use super::{leading, whole};

    #[test]
    fn places_are_taken_off_and_names_are_not() {
        for (name, places, rest) in [
            ("河南省郑州市中原区宏达机械", &["河南", "郑州", "中原"][..], "宏达机械"),
            ("河南郑州宏达", &["河南", "郑州"], "宏达"),
            ("郑州宏达", &["郑州"], "宏达"),
            ("河南大同机械", &["河南"], "大同机械"),
            ("河南中原机械", &["河南"], "中原机械"),
            ("滑县宏达", &["滑县"], "宏达"),
            ("内蒙古自治区宏达", &["内蒙古"], "宏达"),
            ("上海浦东新区宏达", &["上海", "浦东"], "宏达"),
            ("宏达郑州", &[], "宏达郑州"),
            ("", &[], ""),
        ] {
            assert_eq!(leading(name), (places.to_vec(), rest), "{name}");
        }
        assert_eq!((whole("郑州市"), whole("郑州"), whole("郑州宏达")), (Some("郑州"), Some("郑州"), None));
    }
}
