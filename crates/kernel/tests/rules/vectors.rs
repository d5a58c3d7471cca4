use chrono::NaiveDate;
use serde_json::Value;
use unionhall_kernel::uscc::{Department, org_code_is_valid};
use unionhall_kernel::{BankCard, Document, Entry, IdType, Invalid, Mobile, OrgName, PersonName, Sex, Uscc};
use unionhall_kernel::{luhn_digit, luhn_is_valid, mask};

fn vectors(pointer: &str) -> Vec<String> {
    let all: Value = serde_json::from_str(include_str!("vectors.json")).unwrap_or_default();
    let found = all.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    let found: Vec<String> = found.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    assert!(!found.is_empty(), "no vectors at {pointer}");
    found
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

fn parse(id_type: IdType, raw: &str) -> Result<Document, Invalid> {
    Document::parse(id_type, raw, day(2026, 11, 20), Entry::Person)
}

fn refusal(id_type: IdType, raw: &str) -> &'static str {
    parse(id_type, raw).map_or_else(|invalid| invalid.code, |_| "accepted")
}

fn kind_of(number: &str) -> IdType {
    match number.get(..2) {
        Some("81" | "82" | "83") => IdType::HmtResidencePermit,
        Some("91") => IdType::ForeignPermanentResidentCard,
        _ => IdType::CitizenId,
    }
}

#[test]
fn eighteen_digit_numbers() {
    for number in vectors("/id18/ok") {
        let document = parse(kind_of(&number), &number).unwrap();
        assert_eq!(document.number(), number);
        assert_eq!(document.flags(), Default::default(), "{number}");
    }
    for (list, code) in
        [("bad_check", "ID_CHECK_DIGIT"), ("bad_date", "ID_BIRTH_DATE"), ("too_old", "ID_AGE")]
    {
        for number in vectors(&format!("/id18/{list}")) {
            assert_eq!(refusal(IdType::CitizenId, &number), code, "{number}");
        }
    }
    for number in vectors("/id18/unknown_region") {
        assert!(parse(IdType::CitizenId, &number).unwrap().flags().region_unknown, "{number}");
    }
}

#[test]
fn what_a_number_says() {
    for (number, sex, born) in [
        ("11010519491231002X", Sex::Female, day(1949, 12, 31)),
        ("410102194912319982", Sex::Female, day(1949, 12, 31)),
        ("411322193602299990", Sex::Male, day(1936, 2, 29)),
        ("412901193008079989", Sex::Female, day(1930, 8, 7)),
        ("410182194901019978", Sex::Male, day(1949, 1, 1)),
        ("830000199201300022", Sex::Female, day(1992, 1, 30)),
    ] {
        let document = parse(kind_of(number), number).unwrap();
        assert_eq!((document.sex(), document.birth_date()), (Some(sex), Some(born)), "{number}");
        assert_eq!(document.region_code(), number.get(..6));
    }
    let foreigner = parse(IdType::ForeignPermanentResidentCard, "911124198108030024").unwrap();
    assert_eq!((foreigner.birth_date(), foreigner.sex()), (Some(day(1981, 8, 3)), None));
    let passport = parse(IdType::Passport, "E12345678").unwrap();
    assert_eq!((passport.birth_date(), passport.sex(), passport.region_code()), (None, None, None));
}

#[test]
fn numbers_as_they_are_typed() {
    for raw in
        [" 110105 19491231 002x ", "１１０１０５１９４９１２３１００２Ｘ", "110105\u{3000}19491231002ｘ"]
    {
        assert_eq!(parse(IdType::CitizenId, raw).unwrap().number(), "11010519491231002X");
    }
    for raw in ["", "41010219491231998", "4101021949123199820", "4101021949123199X2", "41010219491231998②"]
    {
        assert_eq!(refusal(IdType::CitizenId, raw), "ID_FORMAT", "{raw}");
    }
}

#[test]
fn age_and_future_are_judged_by_the_given_day() {
    let number = "410102194912319982";
    let on = |today| Document::parse(IdType::CitizenId, number, today, Entry::Person).map_err(|e| e.code);
    assert_eq!(on(day(1949, 12, 30)).unwrap_err(), "ID_BIRTH_DATE");
    assert!(on(day(1949, 12, 31)).is_ok());
    assert!(on(day(2080, 12, 30)).is_ok());
    assert_eq!(on(day(2080, 12, 31)).unwrap_err(), "ID_AGE");
}

#[test]
fn fifteen_digits_only_in_an_import() {
    let all: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    for (old, new) in all["id15_to_18"].as_object().unwrap() {
        assert_eq!(refusal(IdType::CitizenId, old), "ID_FORMAT");
        let document = Document::parse(IdType::CitizenId, old, day(2026, 11, 20), Entry::Import).unwrap();
        assert_eq!(document.number(), new.as_str().unwrap());
        assert!(document.flags().converted);
    }
    let same =
        Document::parse(IdType::CitizenId, "410102491231998", day(2026, 11, 20), Entry::Import).unwrap();
    assert_eq!(same, parse(IdType::CitizenId, "410102194912319982").unwrap());
}

#[test]
fn kinds_with_the_same_shape_are_told_apart() {
    for number in ["810000199408230021", "820000199101019995", "830000199201300022", "911124198108030024"] {
        let refused = parse(IdType::CitizenId, number).unwrap_err();
        assert_eq!(refused.code, "ID_FORMAT");
        assert!(refused.detail.contains("证件类型"), "{}", refused.detail);
    }
    assert_eq!(refusal(IdType::HmtResidencePermit, "410102194912319982"), "ID_FORMAT");
    assert_eq!(refusal(IdType::HmtResidencePermit, "710000199201300026"), "ID_FORMAT");
    assert_eq!(refusal(IdType::HmtResidencePermit, "810000199408230022"), "ID_CHECK_DIGIT");
    assert_eq!(refusal(IdType::ForeignPermanentResidentCard, "911124198108030025"), "ID_CHECK_DIGIT");
}

#[test]
fn other_documents() {
    use IdType::*;
    for (kind, number) in [
        (ForeignPermanentResidentCard, "CAN110081080301"),
        (HkMacauTravelPermit, "H12345678"),
        (HkMacauTravelPermit, "M1234567801"),
        (TaiwanTravelPermit, "12345678"),
        (TaiwanTravelPermit, "1234567890"),
        (TaiwanTravelPermit, "1234567890B"),
        (Passport, "E12345678"),
        (Passport, "EA1234567"),
        (Passport, "AB123"),
    ] {
        let document = parse(kind, &number.to_lowercase()).unwrap();
        // A reissue of a Hong Kong or Macau permit is the same document.
        let holder = if kind == HkMacauTravelPermit { &number[..9] } else { number };
        assert_eq!(document.index_key(), format!("{kind}|{holder}"));
        assert_eq!(document.birth_date(), None);
    }
    for (kind, number) in [
        (ForeignPermanentResidentCard, "CA1110081080301"),
        (HkMacauTravelPermit, "X12345678"),
        (HkMacauTravelPermit, "H123456789"),
        (TaiwanTravelPermit, "12345678B"),
        (TaiwanTravelPermit, "123456789"),
        (Passport, "AB12"),
        (Passport, "E1234-5678"),
        (Passport, "ABCDEFGHI123456789"),
    ] {
        assert_eq!(refusal(kind, number), "ID_FORMAT", "{number}");
    }
}

#[test]
fn kinds_have_names_and_codes() {
    for kind in IdType::ALL {
        assert_eq!(kind.as_str().parse::<IdType>().unwrap(), kind);
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
    assert_eq!("id_card".parse::<IdType>().unwrap_err().code, "ID_TYPE");
    assert_eq!(IdType::HmtResidencePermit.ga_code("830000199201300022"), "P83");
    assert_eq!(IdType::HmtResidencePermit.ga_code("820000199101019995"), "P81");
    assert_eq!(IdType::CitizenId.ga_code("410102194912319982"), "111");
}

#[test]
fn credit_codes() {
    for code in vectors("/uscc/ok") {
        let uscc = Uscc::parse(&code).unwrap();
        assert_eq!(uscc.as_str(), code);
        assert!(org_code_is_valid(uscc.org_code()), "{code}");
    }
    for code in vectors("/uscc/bad") {
        let expected = if code.contains('O') { "USCC_FORMAT" } else { "USCC_CHECK_DIGIT" };
        assert_eq!(Uscc::parse(&code).unwrap_err().code, expected, "{code}");
    }
    for legal in ["91350100M0001TGQXM", "91350211M0000XUF46", "91350203M0001FUE2P"] {
        assert_eq!(Uscc::parse(legal).unwrap_err().code, "USCC_CHECK_DIGIT");
        assert_eq!(Uscc::parse_unchecked_digit(legal).unwrap().as_str(), legal);
    }
    let union = Uscc::parse(" 81410100mc0001015p ").unwrap();
    assert_eq!((union.department(), union.category()), (Department::TradeUnion, Some("基层工会")));
    assert_eq!((union.division_code(), union.org_code()), ("410100", "MC0001015"));
}

#[test]
fn organisation_codes() {
    for code in vectors("/orgcode/ok") {
        assert!(org_code_is_valid(&code));
    }
    assert!(org_code_is_valid("D2143569-X"));
    assert!(!org_code_is_valid("D21435690"));
    assert!(!org_code_is_valid("D2143569"));
}

#[test]
fn luhn_and_bank_cards() {
    for number in vectors("/luhn/ok") {
        assert!(luhn_is_valid(&number));
        let (payload, digit) = number.split_at(number.len() - 1);
        assert_eq!(luhn_digit(payload).to_string(), digit);
        assert_eq!(BankCard::parse(&number).unwrap().as_str(), number);
    }
    for number in vectors("/luhn/bad") {
        assert!(!luhn_is_valid(&number));
        assert_eq!(BankCard::parse(&number).unwrap_err().code, "BANK_CARD_CHECK_DIGIT");
    }
    let card = BankCard::parse("6217 0000 0000 0000 004").unwrap();
    assert_eq!((card.last4(), card.masked().as_str()), ("0004", "****0004"));
    for bad in ["", "621700000000", "62170000000000000000", "6217a00000000000004"] {
        assert_eq!(BankCard::parse(bad).unwrap_err().code, "BANK_CARD_FORMAT", "{bad}");
    }
}

#[test]
fn mobiles() {
    for raw in
        ["13800138000", "+86 138-0013-8000", "0086 13800138000", "8613800138000", "１３８００１３８０００"]
    {
        let mobile = Mobile::parse(raw).unwrap();
        assert_eq!((mobile.e164(), mobile.national()), ("+8613800138000", "13800138000"));
    }
    assert!(Mobile::parse("19912345678").is_ok() && Mobile::parse("16600000000").is_ok());
    for raw in ["", "12345678901", "1380013800", "010-65222222", "138001380000", "+85213800138000"] {
        assert_eq!(Mobile::parse(raw).unwrap_err().code, "MOBILE_FORMAT", "{raw}");
    }
}

#[test]
fn names() {
    for (raw, name) in [
        ("张三", "张三"),
        ("欧阳娜娜", "欧阳娜娜"),
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提"),
        ("𠮷田𬭎", "𠮷田𬭎"),
        ("䶮", "䶮"),
        ("刘〇", "刘〇"),
        ("王 芳", "王芳"),
        ("　王　芳 ", "王芳"),
        ("⼈山", "人山"),
        ("  John   Smith ", "John Smith"),
        ("O’Brien, Seán Jr.", "O'Brien, Seán Jr."),
        ("Ｊｅａｎ－Luc", "Jean-Luc"),
    ] {
        assert_eq!(PersonName::parse(raw).unwrap().as_str(), name);
    }
    for dot in ['•', '‧', '・', '･', '\u{387}', '⋅', '∙', '.', '．'] {
        let name = PersonName::parse(&format!("阿卜杜拉 {dot} 买买提")).unwrap();
        assert_eq!(name.as_str(), "阿卜杜拉·买买提", "U+{:04X}", u32::from(dot));
    }
    let long = "王".repeat(51);
    for (raw, code) in [
        ("张3", "NAME_FORMAT"),
        ("·张", "NAME_FORMAT"),
        ("张·", "NAME_FORMAT"),
        ("张··三", "NAME_FORMAT"),
        ("王Anna", "NAME_FORMAT"),
        ("⺠生", "NAME_FORMAT"),
        ("-", "NAME_FORMAT"),
        ("Иван", "NAME_FORMAT"),
        ("张\u{E000}", "NAME_PRIVATE_USE"),
        ("张\u{F0000}", "NAME_PRIVATE_USE"),
        ("", "NAME_LENGTH"),
        ("　 ", "NAME_LENGTH"),
        (long.as_str(), "NAME_LENGTH"),
    ] {
        assert_eq!(PersonName::parse(raw).unwrap_err().code, code, "{raw:?}");
    }
    assert!(PersonName::parse("䶮").unwrap().needs_review());
    assert!(!PersonName::parse("张三").unwrap().needs_review());
}

#[test]
fn organisation_names() {
    let name = OrgName::parse(" 河南某某（集团）有限公司工会\n").unwrap();
    assert_eq!(name.as_str(), "河南某某（集团）有限公司工会");
    let long = "会".repeat(101);
    for bad in ["", "会", "  会  ", "郑州\u{0}工会", "郑州\n工会", "郑州\u{E000}", long.as_str()]
    {
        assert_eq!(OrgName::parse(bad).unwrap_err().code, "ORG_NAME_FORMAT", "{bad:?}");
    }
}

#[test]
fn masks() {
    for (full, masked) in [
        ("张三", "张*"),
        ("王小明", "王*明"),
        ("欧阳娜娜", "欧**娜"),
        ("阿卜杜拉·买买提", "阿卜杜拉·**"),
        ("𠮷田𬭎", "𠮷*𬭎"),
        ("䶮", "*"),
        ("John Smith", "J*** S***"),
        ("Smith, John", "S*** J***"),
        ("O", "*"),
        ("", ""),
    ] {
        assert_eq!(mask::name(full), masked);
    }
    assert_eq!(mask::document_number("410102194912319982"), "4101**********9982");
    assert_eq!(mask::document_number("H12345678"), "H******78");
    assert_eq!(mask::document_number("AB1"), "***");
    assert_eq!(mask::mobile("13800138000"), "138****8000");
    assert_eq!(mask::mobile("+8613800138000"), "138****8000");
    assert_eq!(mask::mobile("1380"), "****");
    assert_eq!(mask::bank_card("6217000000000000004"), "****0004");
    assert_eq!(mask::bank_card("12345678"), "****");
}

#[test]
fn personal_data_is_not_printed() {
    let document = parse(IdType::CitizenId, "410102194912319982").unwrap();
    assert_eq!(format!("{document:?}"), "Document(…)");
    assert_eq!(format!("{:?}", Mobile::parse("13800138000").unwrap()), "Mobile(…)");
    assert_eq!(format!("{:?}", PersonName::parse("张三").unwrap()), "PersonName(…)");
    assert_eq!(format!("{:?}", BankCard::parse("6217000000000000004").unwrap()), "BankCard(…)");
}
