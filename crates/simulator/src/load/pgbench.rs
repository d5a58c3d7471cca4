//! pgbench: what the database alone makes of the same statement over the same kind of connection.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// A pgbench script with the variables it is given.
pub struct Pgbench<'a> {
    /// The program.
    pub program: &'a Path,
    /// A PostgreSQL URL, TCP like the server's.
    pub url: &'a str,
    /// The file of the script.
    pub script: &'a Path,
    /// `-D name=value`.
    pub variables: &'a [(&'a str, String)],
    /// `PGOPTIONS`: settings the server sets on its connections too.
    pub options: &'a str,
}

impl Pgbench<'_> {
    /// Transactions a second of `clients` over `seconds`, prepared statements, connecting not counted.
    ///
    /// # Errors
    /// When it fails, or when a transaction failed.
    pub fn run(&self, clients: usize, seconds: u64) -> Result<f64> {
        let mut command = Command::new(self.program);
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
        command.arg(format!("--client={clients}")).arg(format!("--time={seconds}"));
        command.arg(format!("--file={}", self.script.display())).env("PGOPTIONS", self.options);
        for (name, value) in self.variables {
            command.arg(format!("--define={name}={value}"));
        }
        let output = command
            .arg(self.url)
            .output()
            .with_context(|| format!("{} does not run", self.program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
        let failed = text.lines().find_map(|l| l.strip_prefix("number of failed transactions: "));
        ensure!(failed.is_none_or(|f| f.starts_with("0 ")), "pgbench: failed transactions: {failed:?}");
        let tps = text.lines().find_map(|l| l.strip_prefix("tps = ")?.split_whitespace().next());
        tps.with_context(|| format!("pgbench says no tps:\n{text}"))?.parse().context("pgbench's tps")
    }
}
