//! Contacts in a free text 联系方式: mobiles, fixed lines, e-mail, WeChat and QQ, found however they are written and hidden.
//!
//! A text is read after NFKC, Chinese digits as digits. A number is eleven digits with at most three blanks or separators between
//! two of them; what looks like a date or an amount does not begin like a mobile. An id of WeChat or QQ is found by the word
//! before it.

use unicode_normalization::UnicodeNormalization as _;
use unionhall_kernel::text::is_blank;

/// What stands for a contact.
pub const HIDDEN: &str = "***";
/// The most separators between two digits of a number.
const APART: usize = 3;
/// Words before an id; the Latin ones stand by themselves.
const WORDS: &[&str] =
    &["微信", "薇信", "威信", "v信", "加v", "weixin", "wechat", "vx", "wx", "qq", "扣扣", "企鹅号"];
/// What may stand between such a word and the id.
const LINKS: &[char] = &[':', '号', '码', '是', '为', '=', '-', '加', '我', '(', '[', '【'];

// A character as it is read, and which one of the text it came from.
struct Read {
    c: char,
    at: usize,
}

const fn digit(c: char) -> Option<char> {
    Some(match c {
        '0'..='9' => c,
        '零' | '〇' | '○' => '0',
        '一' | '壹' | '幺' => '1',
        '二' | '贰' | '两' => '2',
        '三' | '叁' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' => '6',
        '七' | '柒' => '7',
        '八' | '捌' => '8',
        '九' | '玖' => '9',
        _ => return None,
    })
}

fn separates(c: char) -> bool {
    is_blank(c) || "-_.,，、。·~*/|()（）—–".contains(c)
}

fn read(text: &str) -> Vec<Read> {
    let folded = |(at, c): (usize, char)| {
        let parts: Vec<char> = std::iter::once(c).nfkc().flat_map(char::to_lowercase).collect();
        parts.into_iter().map(move |c| Read { c, at })
    };
    text.chars().enumerate().flat_map(folded).collect()
}

// Where the number that begins here ends, if its digits begin like one.
fn number(text: &[Read], from: usize) -> Option<usize> {
    if from > 0 && text.get(from - 1)?.c.is_ascii_digit() {
        return None;
    }
    let (mut digits, mut ends, mut at, mut apart) = (String::new(), Vec::new(), from, 0);
    while let Some(Read { c, .. }) = text.get(at).filter(|_| digits.len() < 16) {
        match digit(*c) {
            Some(d) => {
                digits.push(d);
                ends.push(at + 1);
                apart = 0;
            }
            None if !digits.is_empty() && separates(*c) && apart < APART => apart += 1,
            None => break,
        }
        at += 1;
    }
    let prefix = ["0086", "86", "0", ""].into_iter().find(|prefix| {
        let rest = digits.strip_prefix(prefix).unwrap_or_default().as_bytes();
        rest.len() >= 11 && rest.starts_with(b"1") && rest.get(1).is_some_and(|second| *second >= b'3')
    });
    // A fixed line has its area first, by itself or not: a month of a date has two digits.
    let area = ends.iter().enumerate().take_while(|(n, end)| **end == from + n + 1).count();
    let is_line = digits.len() >= 10
        && (matches!(area, 3 | 4) || area >= 10)
        && digits.starts_with('0')
        && digits.as_bytes().get(1) != Some(&b'0');
    match prefix {
        Some(prefix) => ends.get(prefix.len() + 10).copied(),
        None if is_line => ends.get(digits.len().min(12) - 1).copied(),
        None => None,
    }
}

fn is_id(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn run(text: &[Read], from: usize, is: impl Fn(char) -> bool) -> usize {
    text.iter().skip(from).take_while(|read| is(read.c)).count()
}

// Where the id after a word that begins here lies.
fn named(text: &[Read], from: usize) -> Option<(usize, usize)> {
    let starts = |word: &&&str| {
        let same = word.chars().enumerate().all(|(n, c)| text.get(from + n).is_some_and(|read| read.c == c));
        let is_latin = word.is_ascii();
        let is_apart =
            from == 0 || !text.get(from - 1).is_some_and(|before| before.c.is_ascii_alphanumeric());
        same && (!is_latin || is_apart)
    };
    let word = WORDS.iter().find(starts)?;
    let after = from + word.chars().count();
    let between = run(text, after, |c| is_blank(c) || LINKS.contains(&c));
    let begins = after + between;
    let length = run(text, begins, is_id);
    let is_linked = text.iter().skip(after).take(between).any(|read| !is_blank(read.c));
    let has_digit = text.iter().skip(begins).take(length).any(|read| read.c.is_ascii_digit());
    let is_one =
        (5..=30).contains(&length) && (is_linked || (has_digit && (between > 0 || !word.is_ascii())));
    is_one.then_some((begins, begins + length))
}

// Where the address around an @ lies.
fn mail(text: &[Read], at: usize) -> Option<(usize, usize)> {
    if text.get(at)?.c != '@' {
        return None;
    }
    let is_part = |c: char| is_id(c) || matches!(c, '.' | '+' | '%');
    let before = text.get(..at)?;
    let blanks = before.iter().rev().take_while(|read| is_blank(read.c)).count();
    let local = before.iter().rev().skip(blanks).take_while(|read| is_part(read.c)).count();
    let mut end = at + 1 + run(text, at + 1, is_blank);
    let domain = end;
    loop {
        end += run(text, end, is_id);
        let gap = run(text, end, is_blank);
        // Blanks within the domain stand around its dots.
        match text.get(end + gap) {
            Some(Read { c: '.' | '。', .. }) if end > domain => end += gap + 1,
            _ => break,
        }
        let gap = run(text, end, is_blank);
        if run(text, end + gap, is_id) == 0 {
            break;
        }
        end += gap;
    }
    while end > domain && text.get(end - 1).is_some_and(|read| matches!(read.c, '.' | '。')) {
        end -= 1;
    }
    (local > 0 && end > domain + 1).then_some((at - blanks - local, end))
}

/// The text with `***` for every contact in it.
pub fn hidden(text: &str) -> String {
    let read = read(text);
    let mut is_hidden = vec![false; text.chars().count()];
    for from in 0..read.len() {
        let number = number(&read, from).map(|to| (from, to));
        for (from, to) in [number, named(&read, from), mail(&read, from)].into_iter().flatten() {
            for read in read.get(from..to).unwrap_or_default() {
                if let Some(place) = is_hidden.get_mut(read.at) {
                    *place = true;
                }
            }
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut was_hidden = false;
    for (c, is_hidden) in text.chars().zip(is_hidden) {
        match is_hidden {
            true if !was_hidden => out.push_str(HIDDEN),
            true => {}
            false => out.push(c),
        }
        was_hidden = is_hidden;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contacts_are_found_in_every_form() {
        for (text, shown) in [
            ("电话13812345678", "电话***"),
            ("138 1234 5678", "***"),
            ("138-1234-5678联系", "***联系"),
            ("１３８１２３４５６７８", "***"),
            ("一三八一二三四五六七八", "***"),
            ("幺三捌 壹贰叁肆 伍陆柒捌", "***"),
            ("1 3 8 1 2 3 4 5 6 7 8", "***"),
            ("138，1234，5678。谢谢", "***。谢谢"),
            ("+86 138 1234 5678", "+***"),
            ("008613812345678", "***"),
            ("①③⑧①②③④⑤⑥⑦⑧", "***"),
            ("138\u{200B}12345678", "***"),
            ("138一二三四5678", "***"),
            ("电话一13812345678", "电话一***"),
            ("两个号：13812345678、13912345678", "两个号：***、***"),
            ("0371-12345678", "***"),
            ("微信：wang_1980", "微信：***"),
            ("微信号 wang1980", "微信号 ***"),
            ("薇信wang1980", "薇信***"),
            ("VX：Wang-1980，常在", "VX：***，常在"),
            ("加V wang1980", "加V ***"),
            ("qq：12345678", "qq：***"),
            ("ＱＱ 12345678", "ＱＱ ***"),
            ("wang@example.com", "***"),
            ("邮箱 Wang.Ming＠163．com。", "邮箱 ***。"),
            ("wang @ 163 . com", "***"),
        ] {
            assert_eq!(hidden(text), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_contact_stays() {
        for text in [
            "",
            "2019年至2024年，加工轴承套圈。",
            "2019-2024",
            "2015.03-2018.06 某厂",
            "2015.03-2018.06 2019.01-2020.02",
            "月薪4500-6000元",
            "熟悉微信小程序开发",
            "微信同号",
            "用过wxpython与qq邮箱",
            "一人负责三条线，二十八台设备，九成合格",
            "车工三级，焊工证",
            "年产1380000件",
            "会C++与@注解",
        ] {
            assert_eq!(hidden(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_separator_hides_a_mobile(
            digits in "1[3-9][0-9]{9}",
            gaps in prop::collection::vec("[ \u{3000}\u{200B}.,，-]{0,3}", 10),
        ) {
            let mut text = "电话：".to_owned();
            for (n, digit) in digits.chars().enumerate() {
                text.push(digit);
                if let Some(gap) = gaps.get(n) {
                    text.push_str(gap);
                }
            }
            prop_assert_eq!(hidden(&text), "电话：***");
        }

        #[test]
        fn any_text_can_be_read(text in "\\PC{0,200}") {
            let _ = hidden(&text);
        }
    }
}
