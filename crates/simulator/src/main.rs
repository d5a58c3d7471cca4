//! `unionhall-sim`: writes what the platform is tried with.

mod commands;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Makes synthetic rosters and says what an import of them must report.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Roster(commands::roster::Args),
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Roster(args) => commands::roster::run(args),
    }
}
