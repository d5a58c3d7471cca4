//! One module for each subcommand: its arguments and `run`.

pub mod bench;
pub mod chaos;
pub mod demo;
pub mod holders;
pub mod roster;
pub mod seed_demo;

/// A problem of the rooms' functions, for a program that can only give up.
pub fn failed(problem: unionhall_kernel::Problem) -> anyhow::Error {
    anyhow::anyhow!("{problem:?}")
}
