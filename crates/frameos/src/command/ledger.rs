//! `frameos ledger`: whether the books balance and nobody has touched them.

use clap::{Args, Subcommand};

use crate::{
    failure::{Failure, Result},
    output,
    server_config::ServerArgs,
};

#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Check every transaction: balance, hash chain, and wallets against postings
    Verify(Verify),
}

#[derive(Debug, Args)]
#[command(after_help = "Exit code 0 when the books are whole, 1 with the first bad entry named.")]
pub struct Verify {
    #[command(flatten)]
    server: ServerArgs,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &Ledger) -> Result<()> {
    let Ledger::Verify(args) = command;
    let report = frameos_server::ledger_verify(args.server.load(&[])?).await?;
    if args.json {
        output::json(&report)?;
    } else {
        output::line(&format!("{} transactions, {} postings", report.transactions, report.postings))?;
        match &report.first_bad {
            None => output::line("whole: the books balance and nothing in them was changed")?,
            Some(bad) => output::line(&format!("not whole: {}: {}", bad.entry, bad.reason))?,
        }
    }
    if report.is_whole() { Ok(()) } else { Err(Failure::Shown) }
}
