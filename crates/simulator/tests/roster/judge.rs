//! The rules of an import, once more: kernel's parsers and what only a file can have.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use unionhall_kernel::{Document, Entry, IdType, Invalid, Mobile, PersonName};
use unionhall_simulator::roster::{Flag, Reason, Scope};

use crate::read::Value;

/// What a row comes to.
#[derive(Debug, Default)]
pub struct Verdict {
    pub reason: Option<Reason>,
    pub flags: Vec<Flag>,
    pub name: Option<String>,
    pub id_type: IdTypeOrCitizen,
    pub id_number: Option<String>,
    pub mobile: Option<String>,
    pub union_id: Option<String>,
}

/// A kind of document that is the citizen's unless said.
#[derive(Debug)]
pub struct IdTypeOrCitizen(pub IdType);

impl Default for IdTypeOrCitizen {
    fn default() -> Self {
        Self(IdType::CitizenId)
    }
}

impl PartialEq<IdType> for IdTypeOrCitizen {
    fn eq(&self, other: &IdType) -> bool {
        self.0 == *other
    }
}

pub struct Judge {
    titles: Vec<String>,
    columns: HashMap<&'static str, usize>,
    unions: HashMap<String, (String, bool)>,
    elsewhere: HashSet<String>,
    seen: HashSet<String>,
}

const SYNONYMS: &[(&str, &[&str])] = &[
    ("name", &["姓名", "职工姓名", "会员姓名"]),
    ("id", &["身份证号", "证件号码", "身份证号码"]),
    ("id_type", &["证件类型"]),
    ("mobile", &["手机", "联系电话", "手机号", "手机号码"]),
    ("union", &["所属工会", "工会名称", "工会代码"]),
    ("optional", &["性别", "民族", "政治面貌", "学历", "入会日期", "岗位"]),
];

fn meaning(title: &str) -> Option<&'static str> {
    SYNONYMS.iter().find(|(_, titles)| titles.contains(&title)).map(|(meaning, _)| *meaning)
}

fn id_type(title: &str) -> IdType {
    match title {
        "" | "居民身份证" | "身份证" => IdType::CitizenId,
        "港澳居民居住证" | "台湾居民居住证" => IdType::HmtResidencePermit,
        "外国人永久居留身份证" => IdType::ForeignPermanentResidentCard,
        "港澳居民来往内地通行证" => IdType::HkMacauTravelPermit,
        "台湾居民来往大陆通行证" => IdType::TaiwanTravelPermit,
        "普通护照" | "护照" => IdType::Passport,
        other => panic!("{other}"),
    }
}

fn reason(invalid: &Invalid) -> Reason {
    serde_json::from_value(serde_json::json!(invalid.code)).unwrap()
}

impl Judge {
    pub fn new(scope: &Scope, titles: &[String]) -> Self {
        let columns = titles.iter().enumerate();
        let columns = columns.filter_map(|(at, title)| Some((meaning(title)?, at))).collect();
        let own = scope.unions.iter().map(|union| (union, true));
        let all = own.chain(scope.foreign_unions.iter().map(|union| (union, false)));
        let names = all.flat_map(|(union, is_own)| {
            [union.name.clone(), union.code.clone().unwrap()].map(|key| (key, (union.id.clone(), is_own)))
        });
        Self {
            titles: titles.to_vec(),
            columns,
            unions: names.collect(),
            elsewhere: scope.elsewhere.iter().map(|known| known.id_number.clone()).collect(),
            seen: HashSet::new(),
        }
    }

    pub fn columns_ignored(&self) -> Vec<String> {
        self.titles.iter().filter(|title| meaning(title).is_none()).cloned().collect()
    }

    pub fn row(&mut self, row: &[Value]) -> Verdict {
        let nothing = Value::Text(String::new());
        let cell = |meaning| self.columns.get(meaning).map_or(&nothing, |at| &row[*at]);
        let mut verdict =
            Verdict { id_type: IdTypeOrCitizen(id_type(&cell("id_type").text())), ..Verdict::default() };
        let mut reasons = Vec::new();

        let name = cell("name").text();
        match PersonName::parse(&name) {
            _ if name.trim().is_empty() => reasons.push(Reason::NameRequired),
            Ok(name) => verdict.name = Some(name.as_str().to_owned()),
            Err(invalid) => reasons.push(reason(&invalid)),
        }

        match document(verdict.id_type.0, cell("id")) {
            Ok(document) => {
                verdict.id_number = Some(document.number().to_owned());
                verdict.flags.extend(document.flags().converted.then_some(Flag::ConvertedFrom15));
                verdict.flags.extend(document.flags().region_unknown.then_some(Flag::RegionUnknown));
            }
            Err(reason) => reasons.push(reason),
        }

        let mobile = cell("mobile").text();
        match Mobile::parse(&mobile) {
            _ if mobile.trim().is_empty() => verdict.flags.push(Flag::MobileMissing),
            Ok(mobile) => verdict.mobile = Some(mobile.e164().to_owned()),
            Err(invalid) => reasons.push(reason(&invalid)),
        }

        match self.unions.get(&cell("union").text()) {
            Some((id, is_own)) => {
                verdict.union_id = Some(id.clone());
                reasons.extend((!is_own).then_some(Reason::UnionUnknown));
            }
            None => reasons.push(Reason::UnionUnknown),
        }

        if let Some(number) = &verdict.id_number {
            reasons.extend((!self.seen.insert(number.clone())).then_some(Reason::DuplicateInFile));
            reasons.extend(self.elsewhere.contains(number).then_some(Reason::NeedsReview));
        }
        verdict.reason = reasons.into_iter().next();
        verdict
    }
}

fn document(id_type: IdType, cell: &Value) -> Result<Document, Reason> {
    let Value::Text(text) = cell else { return Err(Reason::IdNotText) };
    if text.contains("E+") {
        return Err(Reason::IdNotText);
    }
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    Document::parse(id_type, text, today, Entry::Import).map_err(|invalid| {
        let is_rounded = text.len() == 18 && text.ends_with("000");
        if is_rounded && id_type == IdType::CitizenId { Reason::IdNotText } else { reason(&invalid) }
    })
}
