//! What a posting must not say 用语审查: phrases of a lexicon, found after NFKC and without any blanks.
//!
//! A blocked phrase refuses the posting; one to be reviewed is shown to whoever reviews it. A blocked phrase after a word that
//! turns its sense (不限男女, 不收押金) is shown to the reviewer instead.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unionhall_kernel::text::is_blank;
use utoipa::ToSchema;

/// The most characters that a `*` of a phrase stands for.
const WILD: usize = 6;

/// A phrase of the lexicon.
#[derive(Debug, Clone)]
pub struct Phrase {
    /// What is looked for; `*` stands for one to six characters.
    pub phrase: String,
    /// Whether it refuses the posting.
    pub blocks: bool,
    /// Words after which it is only reviewed.
    pub unless_after: Vec<String>,
}

/// Something that was found. 用语提示
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = PostingHit)]
pub struct Hit {
    /// The field.
    #[schema(example = "/content")]
    pub pointer: String,
    /// What the text says, or what is to be looked at. 触发内容
    #[schema(example = "35岁以下")]
    pub phrase: String,
}

/// What a text was found to say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Refuses the posting.
    pub blocked: BTreeSet<Hit>,
    /// Is shown to the reviewer.
    pub review: BTreeSet<Hit>,
}

/// A text as it is searched.
fn folded(text: &str) -> Vec<char> {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| !is_blank(*c)).collect()
}

// Where a phrase that begins at `at` ends.
fn ends(text: &[char], at: usize, phrase: &[char]) -> Option<usize> {
    let Some((first, rest)) = phrase.split_first() else { return Some(at) };
    match first {
        '*' => (1..=WILD).find_map(|skipped| ends(text, at + skipped, rest)),
        c if text.get(at) == Some(c) => ends(text, at + 1, rest),
        _ => None,
    }
}

/// Looks at the fields of a posting.
pub fn look(lexicon: &[Phrase], fields: &[(&str, &str)]) -> Findings {
    let mut found = Findings::default();
    for (pointer, text) in fields {
        let text = folded(text);
        for entry in lexicon {
            let phrase = folded(&entry.phrase);
            for at in 0..text.len() {
                let Some(end) = ends(&text, at, &phrase) else { continue };
                let before: String = text.get(..at).unwrap_or_default().iter().collect();
                let turned = entry.unless_after.iter().any(|word| before.ends_with(word.as_str()));
                let says: String = text.get(at..end.min(text.len())).unwrap_or_default().iter().collect();
                let hit = Hit { pointer: (*pointer).to_owned(), phrase: says };
                match entry.blocks && !turned {
                    true => found.blocked.insert(hit),
                    false => found.review.insert(hit),
                };
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lexicon() -> Vec<Phrase> {
        let phrase = |phrase: &str, blocks, unless: &[&str]| Phrase {
            phrase: phrase.to_owned(),
            blocks,
            unless_after: unless.iter().map(|w| (*w).to_owned()).collect(),
        };
        vec![
            phrase("限男", true, &["不"]),
            phrase("押金", true, &["不收", "无"]),
            phrase("不招*人", true, &[]),
            phrase("岁以下", false, &[]),
        ]
    }

    fn says(text: &str) -> (Vec<String>, Vec<String>) {
        let found = look(&lexicon(), &[("/content", text)]);
        let words = |hits: BTreeSet<Hit>| hits.into_iter().map(|hit| hit.phrase).collect();
        (words(found.blocked), words(found.review))
    }

    fn words(all: &[&str]) -> Vec<String> {
        all.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn the_known_vectors() {
        assert_eq!(says("招聘普工，男女不限，月薪4500-6000"), (words(&[]), words(&[])));
        assert_eq!(says("限男性，35岁以下"), (words(&["限男"]), words(&["岁以下"])));
        assert_eq!(says("入职交押金300元"), (words(&["押金"]), words(&[])));
        assert_eq!(says("仅 限 男 性").0, words(&["限男"]));
        assert_eq!(says("仅\u{200B}限\u{3000}男").0, words(&["限男"]));
        assert_eq!(says("不限男女，不收押金"), (words(&[]), words(&["押金", "限男"])));
        assert_eq!(says("不招河南人").0, words(&["不招河南人"]));
        assert_eq!(says("不招收没有上岗证的一切人").0, words(&[]));
    }

    proptest! {
        #[test]
        fn no_blank_hides_a_phrase(gaps in prop::collection::vec(" |\u{3000}|\u{A0}|\t|\n|\u{200B}|\u{FEFF}|", 3)) {
            let text = format!("包吃住，{}限{}男{}性。", gaps[0], gaps[1], gaps[2]);
            prop_assert_eq!(says(&text).0, words(&["限男"]));
        }

        #[test]
        fn any_text_can_be_looked_at(text in "\\PC{0,200}") {
            let _ = says(&text);
        }
    }
}
