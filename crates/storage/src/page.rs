//! Keyset pages: the list goes on after a key, never at an offset, so page 10,000 costs what page 1 costs.

use diesel::expression::{AppearsOnTable, AsExpression, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use serde::Serialize;
use uuid::Uuid;

/// One page and the key it ended at.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether more follow.
    pub more: bool,
}

impl<T> Page<T> {
    /// Cuts `limit + 1` fetched rows to a page: the extra row only says that there is more.
    pub fn cut(mut items: Vec<T>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}

/// What is counted for a person is counted to here: 1,001 says that there are more.
const COUNTED: i64 = 1000;

/// How many rows to fetch for [`counted`].
pub const COUNTED_ROWS: i64 = COUNTED + 1;

/// How many there are, of rows that were fetched with a limit of [`COUNTED_ROWS`].
pub fn counted<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(COUNTED_ROWS)
}

/// The rows after a key in the order of two columns, [`after`].
#[derive(Debug, Clone, QueryId, ValidGrouping)]
pub struct After<A, B, X, Y> {
    first: A,
    second: B,
    path: X,
    id: Y,
}

type Bound<T, ST> = <T as AsExpression<ST>>::Expression;

/// `(first, second) > (path, id)`: how a page goes on. Written as one row comparison, since an index on both columns
/// then begins where the page does; `first > path OR (first = path AND second > id)` says the same and reads
/// everything before it.
pub fn after<A, B>(
    (first, second): (A, B),
    (path, id): &(String, Uuid),
) -> After<A, B, Bound<String, Text>, Bound<Uuid, SqlUuid>>
where
    A: Expression<SqlType = Text>,
    B: Expression<SqlType = SqlUuid>,
{
    let path = AsExpression::<Text>::as_expression(path.clone());
    let id = AsExpression::<SqlUuid>::as_expression(*id);
    After { first, second, path, id }
}

impl<A: Expression, B: Expression, X: Expression, Y: Expression> Expression for After<A, B, X, Y> {
    type SqlType = Bool;
}

impl<QS, A, B, X, Y> AppearsOnTable<QS> for After<A, B, X, Y>
where
    Self: Expression,
    A: AppearsOnTable<QS>,
    B: AppearsOnTable<QS>,
    X: AppearsOnTable<QS>,
    Y: AppearsOnTable<QS>,
{
}

impl<QS, A, B, X, Y> SelectableExpression<QS> for After<A, B, X, Y>
where
    Self: AppearsOnTable<QS>,
    A: SelectableExpression<QS>,
    B: SelectableExpression<QS>,
    X: SelectableExpression<QS>,
    Y: SelectableExpression<QS>,
{
}

impl<A, B, X, Y> QueryFragment<Pg> for After<A, B, X, Y>
where
    A: QueryFragment<Pg>,
    B: QueryFragment<Pg>,
    X: QueryFragment<Pg>,
    Y: QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        self.first.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.second.walk_ast(out.reborrow())?;
        out.push_sql(") > (");
        self.path.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.id.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

/// The half-open upper bound of the subtree under `path`: the last `/` replaced by `0`, the next character.
pub fn subtree_end(path: &str) -> String {
    let mut end = path.to_owned();
    end.pop();
    end.push('0');
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_whether_more_follow() {
        assert!(!Page::cut(vec![1, 2], 2).more);
        let page = Page::cut(vec![1, 2, 3], 2);
        assert!(page.more && page.items == [1, 2]);
    }

    #[test]
    fn a_subtree_is_a_half_open_range() {
        let (start, end) = ("/41/4101/", subtree_end("/41/4101/"));
        for inside in ["/41/4101/", "/41/4101/410102/", "/41/4101/zzz/"] {
            assert!(start <= inside && inside < end.as_str());
        }
        for outside in ["/41/", "/41/4102/", "/41/41010/", "/41/4100/"] {
            assert!(!(start <= outside && outside < end.as_str()));
        }
    }
}
