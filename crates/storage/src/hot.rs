//! A hand-written statement that diesel prepares once per connection and can pipeline.
//!
//! `diesel::sql_query` is never cached; the few statements that must be one round trip and cannot be said
//! in the query builder (the till) are a [`Hot`] with typed binds.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;

/// One bind value with its SQL type.
pub struct Bind<ST, T>(T, std::marker::PhantomData<ST>);

/// Binds `value` as SQL type `ST`.
pub const fn bind<ST, T>(value: T) -> Bind<ST, T> {
    Bind(value, std::marker::PhantomData)
}

/// The binds of a statement, `$1` first.
pub trait Binds {
    /// Pushes all binds in order; the SQL text already holds the placeholders.
    fn push<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

macro_rules! tuples {
    ($($st:ident $t:ident $i:tt),*) => {
        impl<$($st, $t),*> Binds for ($(Bind<$st, $t>,)*)
        where $(Pg: HasSqlType<$st>, $t: ToSql<$st, Pg>,)*
        {
            fn push<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                $(pass.push_bind_param_value_only(&self.$i.0)?;)*
                Ok(())
            }
        }
    };
}
tuples!(S0 T0 0);
tuples!(S0 T0 0, S1 T1 1);
tuples!(S0 T0 0, S1 T1 1, S2 T2 2);
tuples!(S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3);
tuples!(S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3, S4 T4 4);
tuples!(S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3, S4 T4 4, S5 T5 5);
tuples!(S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3, S4 T4 4, S5 T5 5, S6 T6 6);
tuples!(S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3, S4 T4 4, S5 T5 5, S6 T6 6, S7 T7 7);
tuples!(S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3, S4 T4 4, S5 T5 5, S6 T6 6, S7 T7 7, S8 T8 8);
tuples!(S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3, S4 T4 4, S5 T5 5, S6 T6 6, S7 T7 7, S8 T8 8, S9 T9 9);
tuples!(S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3, S4 T4 4, S5 T5 5, S6 T6 6, S7 T7 7, S8 T8 8, S9 T9 9, S10 T10 10);
tuples!(S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3, S4 T4 4, S5 T5 5, S6 T6 6, S7 T7 7, S8 T8 8, S9 T9 9, S10 T10 10, S11 T11 11);
// The redemption.
tuples!(
    S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3, S4 T4 4, S5 T5 5, S6 T6 6, S7 T7 7, S8 T8 8, S9 T9 9,
    S10 T10 10, S11 T11 11, S12 T12 12, S13 T13 13, S14 T14 14, S15 T15 15, S16 T16 16, S17 T17 17,
    S18 T18 18, S19 T19 19, S20 T20 20
);

/// A statement: its SQL with `$n` placeholders, its binds, and `ST`, the SQL types of its columns.
pub struct Hot<ST, B> {
    sql: &'static str,
    binds: B,
    columns: std::marker::PhantomData<ST>,
}

/// A statement with typed columns `ST`.
pub const fn hot<ST, B: Binds>(sql: &'static str, binds: B) -> Hot<ST, B> {
    Hot { sql, binds, columns: std::marker::PhantomData }
}

impl<ST, B: Binds> QueryFragment<Pg> for Hot<ST, B> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.sql);
        self.binds.push(out)
    }
}

// The text differs from statement to statement of one type, so the cache keys by text.
impl<ST, B> QueryId for Hot<ST, B> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, B> Query for Hot<ST, B> {
    type SqlType = ST;
}
