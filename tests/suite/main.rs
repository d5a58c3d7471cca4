//! What holds across rooms.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod calls;
mod connections;
mod coverage;
mod documents;
mod house;
mod logs;
mod migrations;
mod mistakes;
mod my_data;
mod parity;
mod plans;
mod retention;
mod storage;
mod tasks;
mod texts;

use std::path::PathBuf;

/// The repository's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Compares a committed text with what it must be; says how to bring it up to date.
fn assert_committed(path: &str, expected: &str, command: &str) {
    let file = root().join(path);
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    if committed != expected {
        let differs = committed.lines().zip(expected.lines()).position(|(a, b)| a != b);
        let line = differs.unwrap_or_else(|| committed.lines().count()) + 1;
        panic!("{path} is not what the code says (first difference at line {line}): run `{command}`");
    }
}
