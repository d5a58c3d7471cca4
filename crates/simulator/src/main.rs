//! `unionhall-sim`: writes what the platform is tried with, and tries it.

#![allow(clippy::print_stdout, clippy::print_stderr)] // what it finds out is what it is for

mod commands;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Synthetic rosters, demo data, the demo, benches, faults.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Roster(commands::roster::Args),
    SeedDemo(commands::seed_demo::Args),
    Demo(commands::demo::Args),
    Bench(commands::bench::Args),
    Chaos(commands::chaos::Args),
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Roster(args) => commands::roster::run(args),
        Command::SeedDemo(args) => commands::seed_demo::run(args),
        Command::Demo(args) => commands::demo::run(args),
        Command::Bench(args) => commands::bench::run(args),
        Command::Chaos(args) => commands::chaos::run(args),
    }
}
