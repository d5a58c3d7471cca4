//! One module for each subcommand: its arguments and `run`.

pub mod roster;
