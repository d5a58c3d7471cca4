//! By what names are compared when it is asked whether two are one. A question that goes to another lawyer for nothing costs a
//! minute; one that goes to the other side's lawyer costs the case. So the comparison errs towards "the same".

use std::collections::BTreeSet;

use unionhall_kernel::text::nfkc_trimmed;

/// What a company's registered name ends with and people leave out.
const ENDINGS: &[&str] = &[
    "有限责任公司",
    "股份有限公司",
    "集团有限公司",
    "有限公司",
    "集团公司",
    "股份公司",
    "分公司",
    "公司",
    "律师事务所",
    "事务所",
    "集团",
];

// Letters and digits alone, in one width and case: middle dots, brackets and blanks tell nobody apart.
fn bare(name: &str) -> String {
    nfkc_trimmed(name).to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The keys of an organisation's name: as registered, and without its ending. Two organisations are one where a key is.
pub fn organisation(name: &str) -> Vec<String> {
    let whole = bare(name);
    let mut keys = BTreeSet::from([format!("o:{whole}")]);
    let short = ENDINGS.iter().find_map(|ending| whole.strip_suffix(ending));
    // A place alone is nobody's name.
    if let Some(short) = short.filter(|short| short.chars().count() >= 3) {
        keys.insert(format!("o:{short}"));
    }
    keys.into_iter().collect()
}

/// The keys of a person's name: the name, and from three characters on the name without any one of them. Two people are one
/// where a key is: names that differ by one character typed wrongly, left out or put in.
pub fn person(name: &str) -> Vec<String> {
    let whole: Vec<char> = bare(name).chars().collect();
    let key = |chars: &[char]| format!("p:{}", chars.iter().collect::<String>());
    let mut keys = BTreeSet::from([key(&whole)]);
    if whole.len() >= 3 {
        for skip in 0..whole.len() {
            let rest: Vec<char> =
                whole.iter().enumerate().filter(|(at, _)| *at != skip).map(|(_, c)| *c).collect();
            keys.insert(key(&rest));
        }
    }
    keys.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{organisation, person};

    fn meet(a: &[String], b: &[String]) -> bool {
        a.iter().any(|key| b.contains(key))
    }

    #[test]
    fn names_are_one_where_people_would_say_so() {
        for (a, b) in [
            ("郑州宏达机械有限公司", "郑州宏达机械有限责任公司"),
            ("郑州宏达机械（集团）有限公司", "郑州宏达机械(集团)有限公司"),
            ("郑州宏达机械有限公司", "郑州宏达机械"),
            ("河南正义律师事务所", "河南正义"),
        ] {
            assert!(meet(&organisation(a), &organisation(b)), "{a} {b}");
        }
        assert!(!meet(&organisation("郑州宏达机械有限公司"), &organisation("开封宏达机械有限公司")));
        assert!(!meet(&organisation("郑州公司"), &organisation("郑州集团")), "a place is nobody's name");
        for (a, b) in [
            ("王小明", "王晓明"),
            ("王小明", "王小明 "),
            ("买买提·吐尔逊", "买买提吐尔逊"),
            ("欧阳娜娜", "欧阳娜"),
        ] {
            assert!(meet(&person(a), &person(b)), "{a} {b}");
        }
        assert!(!meet(&person("王明"), &person("王朋")), "of two characters one is half");
        assert!(!meet(&person("李建国"), &person("王建军")));
        assert!(!meet(&person("正义"), &organisation("正义")), "a person is no firm");
    }

    proptest! {
        #[test]
        fn one_character_wrong_left_out_or_put_in_is_the_same_person(
            name in "[\u{4e00}-\u{4fff}]{3,6}", at in 0usize..6, other in "[\u{5000}-\u{5fff}]",
        ) {
            let chars: Vec<char> = name.chars().collect();
            let at = at % chars.len();
            let mut wrong = chars.clone();
            wrong[at] = other.chars().next().unwrap();
            let mut more = chars.clone();
            more.insert(at, other.chars().next().unwrap());
            let mut less = chars.clone();
            less.remove(at);
            for typed in [wrong, more, less] {
                let typed: String = typed.into_iter().collect();
                prop_assert!(meet(&person(&name), &person(&typed)), "{name} {typed}");
                prop_assert!(meet(&person(&typed), &person(&name)));
            }
        }
    }
}
