//! A bank's card number is never kept: it leaves the row before the row is judged or stored, and what stands in its
//! place is what errors.csv gives back: `****0004`, or `×****0004` where the number was none.

use unionhall_kernel::BankCard;
use unionhall_kernel::text::{compact_digits, is_blank};
use unionhall_registry::import::cell::Cell;
use unionhall_registry::import::column::{Columns, Meaning};

/// What stands before the mask of a number that is none.
pub(super) const WRONG: &str = "×";
/// So many digits in the column of card numbers are told by their last four alone, right or wrong.
const LONG: usize = 8;
/// Digits that a spreadsheet keeps of a number.
const EXACT: usize = 15;

fn last4(digits: &str) -> &str {
    digits.len().checked_sub(4).and_then(|at| digits.get(at..)).unwrap_or_default()
}

fn digits_of(text: &str) -> String {
    compact_digits(text).chars().filter_map(digit).collect()
}

// A digit, also as Arabic and Persian write it: other scripts are no reason to keep a number.
fn digit(c: char) -> Option<char> {
    let value = match c {
        '0'..='9' => return Some(c),
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        '\u{6F0}'..='\u{6F9}' => u32::from(c) - 0x6F0,
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// The cell of a card number.
fn number(cell: &Cell) -> Option<String> {
    let digits = digits_of(cell.text());
    if digits.len() < LONG {
        return None;
    }
    let is_exact = matches!(cell, Cell::Text(_)) || digits.len() <= EXACT;
    let right = BankCard::parse(&digits).ok().filter(|_| is_exact);
    Some(right.map_or_else(|| format!("{WRONG}****{}", last4(&digits)), |card| card.masked()))
}

/// Any other text: each run of digits that is a card number, in groups or not.
fn elsewhere(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        let is_digit = digits_of(c.encode_utf8(&mut [0; 4])).len() == 1;
        // Whatever stands between groups, it is one number.
        if is_digit || (!run.is_empty() && (is_blank(c) || !c.is_alphanumeric())) {
            run.push(c);
        } else {
            flush(&mut out, &mut run);
            out.push(c);
        }
    }
    flush(&mut out, &mut run);
    out
}

fn flush(out: &mut String, run: &mut String) {
    // What stands after the last digit belongs to what follows.
    let number = run.trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let rest = run.split_off(number.len());
    match BankCard::parse(&digits_of(&number)) {
        Ok(card) => out.push_str(&card.masked()),
        Err(_) => out.push_str(&number),
    }
    out.push_str(&rest);
    run.clear();
}

/// Takes card numbers out of a row. In the column of documents only what has a length that no citizen's number has.
pub(super) fn redact(columns: &Columns, cells: &mut [Cell]) {
    let at = |meaning| columns.position(meaning);
    let (card, document) = (at(Meaning::Field("card")), at(Meaning::Id));
    let reference = at(Meaning::Field("reference"));
    for (place, cell) in cells.iter_mut().enumerate() {
        let told = if Some(place) == card {
            number(cell)
        } else if Some(place) == document && matches!(digits_of(cell.text()).len(), 15 | 18) {
            None
        } else if Some(place) == reference
            && let Ok(hidden) = BankCard::parse(&digits_of(cell.text()))
        {
            // A reference may have letters, and a card's number with a letter in it is still one.
            Some(hidden.masked())
        } else {
            Some(elsewhere(cell.text())).filter(|told| told != cell.text())
        };
        if let Some(told) = told {
            *cell = Cell::Text(told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unionhall_registry::import::Kind;

    fn after(cells: &[Cell]) -> Vec<String> {
        let titles = ["证件号码", "卡号", "备注", "银行参考号"].map(str::to_owned).to_vec();
        let mut cells = cells.to_vec();
        redact(&Columns::read(Kind::Cards, titles), &mut cells);
        cells.iter().map(|cell| cell.text().to_owned()).collect()
    }

    fn text(told: &str) -> Cell {
        Cell::Text(told.to_owned())
    }

    #[test]
    fn no_number_stays() {
        let of = |document: &str, card: &str, note: &str| after(&[text(document), text(card), text(note)]);
        assert_eq!(
            of("410102194912319982", "6217 0000-0000 0000 004", "旧卡6225880000000001号"),
            ["410102194912319982", "****0004", "旧卡****0001号"]
        );
        assert_eq!(
            of("6217000000000000004", "６２２５８８０００００００００１", "x"),
            ["****0004", "****0001", "x"]
        );
        assert_eq!(of("", "6217000000000000003", "13800138000"), ["", "×****0003", "13800138000"]);
        assert_eq!(of("", "0004", "****0004"), ["", "0004", "****0004"], "what was taken out stays so");
        for hidden in
            ["6225.8800.0000.0001", "6225/8800/0000/0001", "6225_8800_0000_0001 ", "٦٢٢٥٨٨٠٠٠٠٠٠٠٠٠١"]
        {
            assert_eq!(of("", "", hidden)[2].trim_end(), "****0001");
            assert_eq!(of("", hidden, "")[1], "****0001");
        }
        let reference = |told: &str| after(&[text(""), text(""), text(""), text(told)]).remove(3);
        assert_eq!(reference("62258800a00000001"), "****0001");
        assert_eq!(reference("ZZB-2026-11-000123"), "ZZB-2026-11-000123");
        let rounded = after(&[text(""), Cell::number(6_225_880_000_000_001.0), text("")]);
        assert!(rounded[1].starts_with(WRONG), "a spreadsheet's number has lost digits: {rounded:?}");
    }
}
