//! One module for each subcommand: its arguments and `run`.

pub mod chaos;
pub mod demo;
pub mod roster;
pub mod seed_demo;
