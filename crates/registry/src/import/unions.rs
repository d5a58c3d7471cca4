//! Unions named by a file: found by code or name within the importer's scope.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::Import;
use super::reason::{Reason, UNION_AMBIGUOUS, UNION_UNKNOWN};
use crate::schema::org;

/// A union and where it hangs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The union.
    pub id: Uuid,
    /// Its path.
    pub path: String,
}

/// The unions that the words of a batch name.
#[derive(Debug)]
pub struct Known {
    by_code: HashMap<String, Place>,
    by_name: HashMap<String, Vec<Place>>,
    default: Option<Place>,
}

impl Known {
    /// The import's own union, where it still exists within the scope.
    pub fn default(&self) -> Option<Place> {
        self.default.clone()
    }

    /// The union of a word. A code counts before a name; of several with one name the one under the import's
    /// own union counts.
    ///
    /// # Errors
    /// `UNION_UNKNOWN`, `UNION_AMBIGUOUS`.
    pub fn find(&self, word: &str) -> Result<Place, Reason> {
        if let Some(place) = self.by_code.get(word) {
            return Ok(place.clone());
        }
        let named = self.by_name.get(word).map(Vec::as_slice).unwrap_or_default();
        let below = self.default.as_ref().map(|own| OrgScope::subtree(&own.path));
        let own: Vec<&Place> =
            named.iter().filter(|place| below.as_ref().is_some_and(|b| b.contains(&place.path))).collect();
        match (named, own.as_slice()) {
            ([], _) => Err(UNION_UNKNOWN),
            ([only], _) => Ok(only.clone()),
            (_, [only]) => Ok((*only).clone()),
            _ => Err(UNION_AMBIGUOUS),
        }
    }
}

/// Looks up words in one statement.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn known(conn: &mut Conn, import: &Import, words: HashSet<String>) -> Result<Known, Problem> {
    let words: Vec<String> = words.into_iter().collect();
    let scope = import.scope();
    let rows: Vec<(Uuid, String, String, String)> = org::table
        .filter(org::path.ge(scope.start()).and(org::path.lt(scope.end())))
        .filter(org::valid_to.is_null())
        .filter(org::code.eq_any(&words).or(org::name.eq_any(&words)).or(org::id.eq(import.org)))
        .select((org::id, org::code, org::name, org::path))
        .load(conn)
        .await?;
    let mut known = Known { by_code: HashMap::new(), by_name: HashMap::new(), default: None };
    for (id, code, name, path) in rows {
        let place = Place { id, path };
        if id == import.org {
            known.default = Some(place.clone());
        }
        known.by_code.insert(code, place.clone());
        known.by_name.entry(name).or_default().push(place);
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unionhall_kernel::IdGen as _;
    use unionhall_kernel::clock::RandomIds;

    fn place(path: &str) -> Place {
        Place { id: RandomIds::default().opaque_id(), path: path.to_owned() }
    }

    #[test]
    fn a_word_names_one_union_or_none() {
        let (own, below, beside) = (place("/41/4101/"), place("/41/4101/A/"), place("/41/4102/B/"));
        let (one, two) = (place("/41/4102/C/"), place("/41/4103/D/"));
        let known = Known {
            by_code: [("A".to_owned(), below.clone())].into(),
            by_name: [
                ("纺织厂工会".to_owned(), vec![below.clone(), beside.clone()]),
                ("医院工会".to_owned(), vec![one, two]),
                ("学校工会".to_owned(), vec![beside.clone()]),
            ]
            .into(),
            default: Some(own),
        };
        assert_eq!(known.find("A"), Ok(below.clone()));
        assert_eq!(known.find("纺织厂工会"), Ok(below));
        assert_eq!(known.find("学校工会"), Ok(beside));
        assert_eq!(known.find("医院工会"), Err(UNION_AMBIGUOUS));
        assert_eq!(known.find("无此工会"), Err(UNION_UNKNOWN));
    }
}
