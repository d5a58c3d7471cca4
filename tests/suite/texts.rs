//! Committed texts that the code generates.

use std::fmt::Write as _;

use unionhall_kernel::Code;

use crate::assert_committed;

#[test]
fn the_authorization_matrix_is_committed() {
    assert_committed("docs/authz-matrix.md", &unionhall_web::policy::matrix(), "unionhall docs --out docs");
}

#[test]
fn the_error_catalogue_is_committed() {
    assert_committed(
        "docs/errors.md",
        &unionhall_gateway::document::error_catalogue(),
        "unionhall docs --out docs",
    );
}

#[test]
fn every_code_is_named_by_an_operation_or_by_the_rules_of_all() {
    let mut named = String::new();
    for audience in unionhall_gateway::document::AUDIENCES {
        let _ = write!(named, "{}", unionhall_gateway::document::of(audience));
    }
    // Codes that no document can name: they answer what is no operation.
    let elsewhere = [Code::MethodNotAllowed];
    let unnamed: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !elsewhere.contains(code))
        .map(|code| code.entry().code)
        .filter(|code| !named.contains(&format!("`{code}`")))
        .collect();
    assert!(unnamed.is_empty(), "in no document: {unnamed:?}");
}
