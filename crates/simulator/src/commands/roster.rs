//! `roster`: a roster and the record of what it holds.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use unionhall_simulator::roster::{Format, HeaderStyle, Rates, RosterSpec, Scope, write_files};

/// Write a roster, and beside it what an import of it must report.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where chance comes from: equal seeds give equal files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Data rows.
    #[arg(long)]
    rows: u64,
    /// JSON: {"unions": [{"id", "name", "code"?}], "foreign_unions": [the same], "elsewhere": [{"name",
    /// "id_type", "id_number", "mobile"?}]}; all but the first may be absent.
    #[arg(long, value_name = "FILE")]
    unions: PathBuf,
    /// How the file is written.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Which columns it has, and what it calls them.
    #[arg(long, value_enum, default_value_t = HeaderStyle::Member)]
    header: HeaderStyle,
    /// JSON: {"faults": {"duplicate": 0.01}, "quirks": {"name_spaced": 0}}; what is absent keeps its default.
    #[arg(long, value_name = "FILE")]
    rates: Option<PathBuf>,
    /// The roster.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// The record, JSON.
    #[arg(long, value_name = "PATH")]
    planted: PathBuf,
}

/// Writes both files and prints what an import must report.
pub fn run(args: Args) -> Result<()> {
    let scope: Scope = read(&args.unions)?;
    let rates: Rates = args.rates.as_ref().map(read).transpose()?.unwrap_or_default();
    let Args { seed, rows, format, header, .. } = args;
    let spec = RosterSpec { seed, rows, scope, rates, format, header };
    let expected = write_files(&spec, &args.out, &args.planted)?;
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &expected)?;
    Ok(writeln!(out)?)
}

fn read<T: serde::de::DeserializeOwned>(path: &PathBuf) -> Result<T> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_reader(BufReader::new(file))
        .with_context(|| format!("{} is not as asked", path.display()))
}
