//! The code tables that forms, imports and reports share: national standards and the project's own.

use std::sync::LazyLock;

use serde::Serialize;
use utoipa::ToSchema;

/// One row of a code table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct CodeRow {
    /// The table, `ethnic`.
    pub table: &'static str,
    /// The standard and its version, `GB/T 3304-1991`.
    pub standard: &'static str,
    /// The code. Text: leading zeros count.
    pub code: &'static str,
    /// The Chinese name.
    pub name: &'static str,
    /// The letter code, where the standard has one.
    pub alpha: Option<&'static str>,
}

/// Takes the first cell off a CSV line. A quoted cell may hold commas; the file doubles no quotes.
fn cell(line: &'static str) -> Option<(&'static str, &'static str)> {
    if let Some(quoted) = line.strip_prefix('"') {
        let (value, rest) = quoted.split_once('"')?;
        return Some((value, rest.strip_prefix(',').unwrap_or(rest)));
    }
    Some(line.split_once(',').unwrap_or((line, "")))
}

fn row(line: &'static str) -> Option<CodeRow> {
    let (table, rest) = cell(line)?;
    let (standard, rest) = cell(rest)?;
    let (code, rest) = cell(rest)?;
    let (name, rest) = cell(rest)?;
    let (alpha, _) = cell(rest)?;
    Some(CodeRow { table, standard, code, name, alpha: Some(alpha).filter(|alpha| !alpha.is_empty()) })
}

static ROWS: LazyLock<Vec<CodeRow>> =
    LazyLock::new(|| include_str!("../data/code_tables.csv").lines().skip(1).filter_map(row).collect());

/// Every table, in the order of the file.
pub fn tables() -> impl Iterator<Item = &'static [CodeRow]> {
    ROWS.chunk_by(|a, b| a.table == b.table)
}

/// The rows of a table, in the order of its standard.
pub fn table(name: &str) -> Option<&'static [CodeRow]> {
    tables().find(|rows| rows.first().is_some_and(|row| row.table == name))
}

/// The row of a code.
pub fn lookup(table_name: &str, code: &str) -> Option<&'static CodeRow> {
    table(table_name)?.iter().find(|row| row.code == code)
}
