//! What can be corrected, and how it is shown: in full to its reviewer beside the evidence, masked everywhere else.

use serde_json::{Map, Value, json};
use unionhall_kernel::text::{is_within, nfc_trimmed};
use unionhall_kernel::{Invalid, PersonName, Problem, codes, mask};

/// How many characters a fact in words may have, as in an import.
const MAX_TEXT: usize = 100;
/// The key of the name, which is the person's and not the profile's.
pub(super) const NAME: &str = "name";

/// What kind of fact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person's name.
    Name,
    /// A code of the table of the same name.
    Code,
    /// Words.
    Text,
    /// Yes or no.
    Flag,
}

/// Every fact that can be corrected: the name, and what a roster's columns keep in the profile.
pub const FACTS: &[(&str, Kind)] = &[
    (NAME, Kind::Name),
    ("ethnic", Kind::Code),
    ("political", Kind::Code),
    ("education", Kind::Code),
    ("hukou", Kind::Code),
    ("hukou_place", Kind::Text),
    ("address", Kind::Text),
    ("employer", Kind::Text),
    ("job", Kind::Text),
    ("skill_level", Kind::Code),
    ("title", Kind::Text),
    ("employment_form", Kind::Code),
    ("migrant", Kind::Flag),
    ("dispatched", Kind::Flag),
    ("union_post", Kind::Text),
    ("model_worker", Kind::Text),
];

/// Facts by their keys, each in its normal form.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts(Map<String, Value>);

impl Facts {
    /// Reads what the store holds.
    ///
    /// # Errors
    /// `INTERNAL` when it holds something else.
    pub fn of(stored: Value) -> Result<Self, Problem> {
        match stored {
            Value::Object(facts) => Ok(Self(facts)),
            _ => Err(Problem::internal("facts that are none")),
        }
    }

    /// As the store keeps them.
    pub fn stored(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a name.
    pub fn put_name(&mut self, name: &PersonName) {
        self.0.insert(NAME.to_owned(), json!(name.as_str()));
    }

    /// Adds yes or no.
    pub fn put_flag(&mut self, key: &str, flag: bool) {
        self.0.insert(key.to_owned(), json!(flag));
    }

    /// Adds a code of a table or words.
    ///
    /// # Errors
    /// `CODE_UNKNOWN`, `TEXT_LENGTH`.
    pub fn put(&mut self, key: &str, told: &str) -> Result<(), Invalid> {
        let told = nfc_trimmed(told);
        let is_coded = FACTS.iter().any(|(fact, kind)| *fact == key && *kind == Kind::Code);
        if is_coded && codes::lookup(key, &told).is_none() {
            return Err(Invalid::new("CODE_UNKNOWN", "代码表中没有此项。"));
        }
        if !is_within(&told, 1, MAX_TEXT) {
            return Err(Invalid::new("TEXT_LENGTH", "须为1至100个字符。"));
        }
        self.0.insert(key.to_owned(), json!(told));
        Ok(())
    }

    /// The name, where it is one of them.
    ///
    /// # Errors
    /// `INTERNAL` when the store holds something else.
    pub fn name(&self) -> Result<Option<PersonName>, Problem> {
        let Some(name) = self.0.get(NAME) else { return Ok(None) };
        let parsed = name.as_str().and_then(|name| PersonName::parse(name).ok());
        parsed.map(Some).ok_or_else(|| Problem::internal("a stored name is none"))
    }

    /// All but the name: what belongs to the profile.
    pub fn details(&self) -> Map<String, Value> {
        self.0.iter().filter(|(key, _)| *key != NAME).map(|(key, v)| (key.clone(), v.clone())).collect()
    }

    /// What holds now of the facts there may be: the name, and a profile's details.
    pub fn present(name: &str, details: Map<String, Value>) -> Self {
        let mut facts = details;
        facts.insert(NAME.to_owned(), json!(name));
        Self(facts)
    }
}

/// A fact and what it becomes, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its key.
    pub field: &'static str,
    /// What is on record; none where nothing is.
    pub from: Option<String>,
    /// What it should be.
    pub to: String,
}

impl Change {
    /// The same, masked.
    #[must_use]
    pub fn masked(self) -> Self {
        let hide = |text: String| if self.field == NAME { mask::name(&text) } else { hidden(&text) };
        Self { field: self.field, from: self.from.map(hide), to: hide(self.to) }
    }

    /// Whether it changes nothing.
    pub fn is_none(&self) -> bool {
        self.from.as_deref() == Some(self.to.as_str())
    }
}

// The first character and a fixed number of stars: lengths would tell addresses and employers apart.
fn hidden(text: &str) -> String {
    text.chars().take(1).filter(|_| text.chars().count() > 2).chain("***".chars()).collect()
}

fn words(key: &str, kind: Kind, value: &Value) -> Option<String> {
    match (kind, value) {
        (Kind::Flag, Value::Bool(flag)) => Some(if *flag { "是" } else { "否" }.to_owned()),
        (Kind::Code, Value::String(code)) => {
            Some(codes::lookup(key, code).map_or_else(|| code.clone(), |row| row.name.to_owned()))
        }
        (_, Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// What a correction changes, in the order of [`FACTS`].
pub fn changes(present: &Facts, to: &Facts) -> Vec<Change> {
    let change = |(field, kind): &(&'static str, Kind)| {
        let to = words(field, *kind, to.0.get(*field)?)?;
        let from = present.0.get(*field).and_then(|value| words(field, *kind, value));
        Some(Change { field, from, to })
    };
    FACTS.iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_words_and_masked_shows_next_to_nothing() {
        let mut to = Facts::default();
        to.put_name(&PersonName::parse("王晓明").unwrap());
        to.put_flag("migrant", true);
        to.put("ethnic", "03").unwrap();
        to.put("address", " 郑州市中原区建设路1号 ").unwrap();
        assert_eq!(to.put("ethnic", "99").unwrap_err().code, "CODE_UNKNOWN");
        assert_eq!(to.put("job", &"长".repeat(101)).unwrap_err().code, "TEXT_LENGTH");
        assert_eq!(to.put("job", "\u{200B}").unwrap_err().code, "TEXT_LENGTH");
        let mut details = Map::new();
        details.insert("migrant".to_owned(), json!(false));
        let all = changes(&Facts::present("王小明", details), &to);
        let shown: Vec<(&str, Option<&str>, &str)> =
            all.iter().map(|c| (c.field, c.from.as_deref(), c.to.as_str())).collect();
        let address = ("address", None, "郑州市中原区建设路1号");
        assert_eq!(shown[0], ("name", Some("王小明"), "王晓明"));
        assert_eq!((shown[2], shown[3]), (address, ("migrant", Some("否"), "是")));
        let masked: Vec<String> = all.into_iter().map(|c| c.masked().to).collect();
        assert_eq!((masked[0].as_str(), masked[2].as_str(), masked[3].as_str()), ("王*明", "郑***", "***"));
        assert_eq!(to.details().len(), 3);
        assert_eq!(to.name().unwrap().unwrap().as_str(), "王晓明");
    }
}
