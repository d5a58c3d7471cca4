//! By what names are compared when it is asked whether two are one. A question that goes to another lawyer for nothing costs a
//! minute; one that goes to the other side's lawyer costs the case. So the comparison errs towards "the same".

mod han;
mod place;
mod rekey;

use std::collections::BTreeSet;

use unionhall_kernel::text::nfkc_trimmed;

pub use rekey::{REKEY, rekey};

/// The version of the keys: it moves with every change of what [`organisation`] or [`person`] answer for some name, and the
/// worker then makes the keys of older rows anew ([`rekey`]).
pub const VERSION: i32 = 2;

/// What a company's registered name ends with and people leave out: its form in law, taken off piece by piece.
const FORMS: &[&str] = &[
    "律师事务所",
    "事务所",
    "总公司",
    "公司",
    "有限合伙",
    "特殊普通合伙",
    "普通合伙",
    "合伙企业",
    "有限",
    "责任",
    "股份",
    "集团",
];
/// What stands in brackets and tells nobody apart; a place in brackets does.
const BRACKETED: &[&str] = &[
    "集团",
    "中国",
    "筹",
    "有限合伙",
    "普通合伙",
    "特殊普通合伙",
    "特殊的普通合伙",
    "个人独资",
    "个体工商户",
];
/// What a part of a company without a head of its own ends with.
const BRANCHES: &[&str] = &["分公司", "支公司", "分行", "支行", "营业部", "分理处", "分所", "办事处"];
/// Where the name of the whole ends in the name of its part.
const WHOLES: &[&str] = &["公司", "银行", "事务所", "集团", "信用社"];

// Letters and digits alone, in one width, case and script: middle dots and blanks tell nobody apart.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn folded(name: &str) -> String {
    nfkc_trimmed(name).to_lowercase().chars().map(han::simplified).collect()
}

// The name without its brackets, and the places that stood in them. What else stood there stays where it was.
fn unbracketed(name: &str) -> (String, Vec<&'static str>) {
    let (mut text, mut places) = (String::new(), Vec::new());
    for piece in name.split_inclusive([')', ']', '】', '〕']) {
        let (before, inside) = piece.split_once(['(', '[', '【', '〔']).unwrap_or((piece, ""));
        let inside = bare(inside);
        text.push_str(&bare(before));
        match place::whole(&inside) {
            Some(place) => places.push(place),
            None if BRACKETED.contains(&inside.as_str()) => {}
            None => text.push_str(&inside),
        }
    }
    (text, places)
}

// A part is the whole: a firm that acts for a branch acts for the company.
fn without_branch(name: &str) -> &str {
    let Some(part) = BRANCHES.iter().find_map(|ending| name.strip_suffix(ending)) else { return name };
    let end = WHOLES.iter().filter_map(|whole| Some(part.rfind(whole)? + whole.len())).max();
    end.and_then(|end| part.get(..end)).unwrap_or(part)
}

fn without_form(mut name: &str) -> &str {
    while let Some(short) = FORMS.iter().find_map(|form| name.strip_suffix(form)) {
        name = short;
    }
    name
}

/// The keys of an organisation's name: as registered; and without its form in law, as the whole of which it is a branch, with each of
/// the places it begins with or has in brackets, without 省, 市, 县. Two organisations are one where a key is.
pub fn organisation(name: &str) -> Vec<String> {
    let name = folded(name);
    let (text, bracketed) = unbracketed(&name);
    let short = without_form(without_branch(&text));
    let (mut places, rest) = place::leading(short);
    places.extend(bracketed);
    let mut keys = BTreeSet::from([format!("o:{}", bare(&name))]);
    // A place alone is nobody's name, nor is one character.
    if places.is_empty() && rest.chars().count() >= 2 {
        keys.insert(format!("o:{rest}"));
    }
    if !rest.is_empty() {
        keys.extend(places.iter().map(|place| format!("o:{place}{rest}")));
    }
    keys.into_iter().collect()
}

/// The keys of a person's name: the name, and from three characters on the name without any one of them. Two people are one
/// where a key is: names that differ by one character typed wrongly, left out or put in.
pub fn person(name: &str) -> Vec<String> {
    let whole: Vec<char> = bare(&folded(name)).chars().collect();
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
    fn organisations_are_one_where_people_would_say_so() {
        for (a, b) in [
            ("郑州宏达机械有限公司", "郑州宏达机械有限责任公司"),
            ("郑州宏达机械股份有限公司", "郑州宏达机械有限公司"),
            ("郑州宏达机械（集团）有限公司", "郑州宏达机械(集团)有限公司"),
            ("郑州宏达机械（集团）有限公司", "郑州宏达机械有限公司"),
            ("郑州宏达机械集团有限公司", "郑州宏达机械"),
            ("郑州宏达机械总公司", "郑州宏达机械"),
            ("郑州市宏达机械有限公司", "郑州宏达机械有限公司"),
            ("河南省郑州市宏达机械有限公司", "郑州宏达机械有限公司"),
            ("河南省郑州市宏达机械有限公司", "河南宏达机械有限公司"),
            ("河南郑州宏达机械有限公司", "郑州市宏达机械"),
            ("滑县宏达机械有限公司", "河南省滑县宏达机械"),
            ("宏达机械（郑州）有限公司", "郑州宏达机械有限公司"),
            ("宏达机械(郑州市)有限公司", "郑州宏达机械"),
            ("宏达机械（中国）有限公司", "宏达机械有限公司"),
            ("郑州宏达机械有限公司开封分公司", "郑州宏达机械有限公司"),
            ("郑州宏达机械有限公司第一分公司", "郑州宏达机械"),
            ("中国平安财产保险股份有限公司郑州市中原支公司", "中国平安财产保险股份有限公司"),
            ("中国工商银行股份有限公司郑州花园路支行", "中国工商银行"),
            ("中国工商银行郑州分行", "中国工商银行股份有限公司"),
            ("中信证券股份有限公司郑州经三路证券营业部", "中信证券"),
            ("河南正义律师事务所", "河南正义"),
            ("北京正义（郑州）律师事务所", "北京正义律师事务所"),
            ("河南正义律师事务所（普通合伙）", "河南正义律师事务所"),
            ("河南正义律师事务所(特殊普通合伙)", "河南正义"),
            ("河南正义律师事务所开封分所", "河南正义律师事务所"),
            ("郑州宏达投资中心（有限合伙）", "郑州宏达投资中心"),
            ("鄭州宏達機械廠", "郑州宏达机械厂"),
            ("ＡＢＣ（郑州）有限公司", "郑州abc有限公司"),
            ("郑州 宏达·机械 有限公司", "郑州宏达机械有限公司"),
            ("宏达公司", "宏达有限责任公司"),
        ] {
            assert!(meet(&organisation(a), &organisation(b)), "{a} {b}");
        }
    }

    #[test]
    fn organisations_differ_where_people_would_say_so() {
        for (a, b) in [
            ("郑州宏达机械有限公司", "开封宏达机械有限公司"),
            ("郑州市宏达机械有限公司", "河南省开封市宏达机械厂"),
            ("宏达（郑州）有限公司", "宏达（开封）有限公司"),
            ("郑州宏达机械有限公司", "郑州宏达纺织有限公司"),
            ("郑州宏达机械有限公司", "宏达机械有限公司"),
            ("郑州公司", "郑州集团"),
            ("郑州市有限公司", "郑州有限责任公司分公司"),
            ("河南机械有限公司", "河南中原机械有限公司"),
            ("河南机械有限公司", "河南大同机械有限公司"),
            ("河南正义律师事务所", "河南公正律师事务所"),
            ("河南正义律师事务所", "河南正义会计师事务所"),
            ("中国工商银行郑州分行", "中国农业银行郑州分行"),
            ("中国工商银行", "中国银行"),
            ("郑州一有限公司", "郑州二有限公司"),
        ] {
            assert!(!meet(&organisation(a), &organisation(b)), "{a} {b}");
        }
    }

    #[test]
    fn people_are_one_where_people_would_say_so() {
        for (a, b) in [
            ("王小明", "王晓明"),
            ("王小明", "王小明 "),
            ("買買提·吐爾遜", "买买提吐尔逊"),
            ("劉明", "刘明"),
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
