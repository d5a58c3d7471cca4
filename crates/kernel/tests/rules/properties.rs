use chrono::NaiveDate;
use proptest::prelude::*;
use unionhall_kernel::{BankCard, Document, Entry, IdType, Mobile, OrgName, PersonName, Uscc};
use unionhall_kernel::{luhn_digit, luhn_is_valid, mask};

const USCC_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default()
}

fn document(kind: IdType, raw: &str) -> Option<Document> {
    Document::parse(kind, raw, today(), Entry::Person).ok()
}

/// The one character of `alphabet` that makes `body` acceptable.
fn complete(body: &str, alphabet: &str, accepted: impl Fn(&str) -> bool) -> String {
    let all = alphabet.chars().map(|c| format!("{body}{c}"));
    let mut found = all.filter(|candidate| accepted(candidate));
    let first = found.next().unwrap_or_default();
    assert!(!first.is_empty() && found.next().is_none(), "exactly one check character for {body}");
    first
}

fn citizen_number() -> impl Strategy<Value = String> {
    let regions = prop::sample::select(vec!["410102", "412901", "441900", "339901", "410171", "110105"]);
    (regions, 1930i32..2010, 1u32..13, 1u32..29, 0u32..1000).prop_map(|(region, year, month, day, seq)| {
        let body = format!("{region}{year:04}{month:02}{day:02}{seq:03}");
        complete(&body, "0123456789X", |s| document(IdType::CitizenId, s).is_some())
    })
}

fn uscc() -> impl Strategy<Value = String> {
    "[1-9ANY][1-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}"
        .prop_map(|body| complete(&body, USCC_ALPHABET, |s| Uscc::parse(s).is_ok()))
}

fn luhn() -> impl Strategy<Value = String> {
    "[0-9]{12,18}".prop_map(|payload| format!("{payload}{}", luhn_digit(&payload)))
}

fn with_char(text: &str, at: usize, new: char) -> String {
    text.chars().enumerate().map(|(i, c)| if i == at { new } else { c }).collect()
}

fn with_swap(text: &str, at: usize) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    chars.swap(at, at + 1);
    chars.into_iter().collect()
}

/// Every text that differs in one character or in the order of two neighbours.
fn slips(text: &str, alphabet: &str) -> Vec<String> {
    let length = text.chars().count();
    let changes = (0..length).flat_map(|at| alphabet.chars().map(move |c| with_char(text, at, c)));
    let swaps = (0..length - 1).map(|at| with_swap(text, at));
    changes.chain(swaps).filter(|slip| slip != text).collect()
}

fn never_shown(full: &str, masked: &str) -> bool {
    masked.contains('*') && !masked.contains(full)
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[一-龥]{1,8}",
        "[一-龥]{1,4}·[一-龥]{1,4}",
        "[一-龥]{1,2} ?[・•.][一-龥]{1,3}",
        "[A-Za-zé]{1,8}( [A-Z][a-z.']{0,6}){0,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_slip_in_a_citizen_number_is_refused(number in citizen_number()) {
        for slip in slips(&number, "0123456789X") {
            prop_assert!(document(IdType::CitizenId, &slip).is_none(), "{} for {}", slip, number);
        }
    }

    #[test]
    fn every_slip_in_a_credit_code_is_refused(code in uscc()) {
        for slip in slips(&code, USCC_ALPHABET) {
            prop_assert!(Uscc::parse(&slip).is_err(), "{} for {}", slip, code);
        }
    }

    #[test]
    fn luhn_misses_only_the_swap_of_nought_and_nine(number in luhn()) {
        prop_assert!(luhn_is_valid(&number));
        for at in 0..number.len() {
            for digit in ('0'..='9').filter(|d| number.chars().nth(at) != Some(*d)) {
                prop_assert!(!luhn_is_valid(&with_char(&number, at, digit)));
            }
        }
        for at in 0..number.len() - 1 {
            let pair = &number[at..at + 2];
            let unseen = matches!(pair, "09" | "90") || pair[..1] == pair[1..];
            prop_assert_eq!(luhn_is_valid(&with_swap(&number, at)), unseen, "{} at {}", number, at);
        }
    }

    #[test]
    fn a_citizen_number_is_its_own_normal_form_and_stays_masked(number in citizen_number()) {
        let first = document(IdType::CitizenId, &number).unwrap();
        let again = document(IdType::CitizenId, first.number()).unwrap();
        prop_assert_eq!(first.number(), again.number());
        prop_assert_eq!(first.flags(), again.flags());
        prop_assert!(never_shown(&number, &first.masked()));
        let birth = number.get(6..14).unwrap();
        prop_assert!(!first.masked().contains(birth));
    }

    #[test]
    fn other_documents_stay_masked(number in "[HM][0-9]{8}([0-9]{2})?|[A-Z0-9]{5,17}") {
        let parsed = document(IdType::Passport, &number).unwrap();
        prop_assert!(never_shown(&number, &parsed.masked()));
    }

    #[test]
    fn mobiles_in_any_dress_are_one(body in "1[3-9][0-9]{9}", dress in 0usize..5) {
        let (head, tail) = body.split_at(3);
        let wide: String = body.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xFEE0)).collect();
        let raws = [format!("+86{body}"), format!("0086-{body}"), format!("86 {head} {tail}"), wide, body.clone()];
        let mobile = Mobile::parse(&raws[dress]).unwrap();
        prop_assert_eq!(mobile.national(), body.as_str());
        prop_assert!(Mobile::parse(mobile.as_str()).unwrap() == mobile);
        prop_assert!(never_shown(&body, &mobile.masked()));
    }

    #[test]
    fn bank_cards_stay_masked(number in luhn()) {
        let card = BankCard::parse(&number).unwrap();
        prop_assert!(BankCard::parse(card.as_str()).unwrap() == card);
        prop_assert!(never_shown(&number, &card.masked()));
        prop_assert!(number.ends_with(card.last4()));
    }

    #[test]
    fn names_have_one_form_and_stay_masked(raw in name()) {
        let parsed = PersonName::parse(&raw).unwrap();
        prop_assert!(PersonName::parse(parsed.as_str()).unwrap() == parsed);
        prop_assert!(never_shown(parsed.as_str(), &parsed.masked()));
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(raw in "\\PC{0,45}|.{0,45}|[0-9０-９Xx +\\-]{0,20}") {
        for kind in IdType::ALL {
            for entry in [Entry::Person, Entry::Import] {
                if let Ok(parsed) = Document::parse(kind, &raw, today(), entry) {
                    let again = Document::parse(kind, parsed.number(), today(), entry);
                    prop_assert!(again.is_ok_and(|again| again == parsed));
                }
            }
        }
        if let Ok(name) = PersonName::parse(&raw) {
            prop_assert!(PersonName::parse(name.as_str()).is_ok_and(|again| again == name));
        }
        if let Ok(name) = OrgName::parse(&raw) {
            prop_assert!(OrgName::parse(name.as_str()).is_ok_and(|again| again == name));
        }
        let _ = (Mobile::parse(&raw), BankCard::parse(&raw), Uscc::parse(&raw));
        let _ = (mask::name(&raw), mask::document_number(&raw), mask::mobile(&raw), mask::bank_card(&raw));
        let _ = (luhn_is_valid(&raw), luhn_digit(&raw), raw.parse::<IdType>().is_ok());
        let _ = unionhall_kernel::uscc::org_code_is_valid(&raw);
        let _ = unionhall_kernel::division::is_functional_zone(&raw);
        let _ = unionhall_kernel::division::ancestors(&raw).count();
    }
}
