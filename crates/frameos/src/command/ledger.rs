//! `frameos ledger`: whether the books balance and nobody has touched them.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};
use frameos_server::LedgerAudit;

use crate::{
    failure::{Failure, Result},
    output,
    server_config::ServerArgs,
};

const TELL_EVERY: Duration = Duration::from_secs(3);

#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Check every transaction, receipt and checkpoint, and wallets, mandates, payments and runs against them
    Verify(Verify),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 when the books are whole, 1 with the first bad entry named. Works beside a running server, and on a \
                  copy of a data directory; writes nothing.\n\nA checkpoint kept elsewhere (the server publishes them at \
                  GET /ledger/checkpoints of the gateway's listener, and --json shows the newest) also proves that nothing was cut \
                  off or rewritten since."
)]
pub struct Verify {
    #[command(flatten)]
    server: ServerArgs,
    /// A file with a checkpoint that was kept: the books must still lead through it (may be repeated)
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// Check every signature, also those a checkpoint vouches for
    #[arg(long)]
    all_signatures: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &Ledger) -> Result<()> {
    let Ledger::Verify(args) = command;
    let kept = args.checkpoint.iter().map(|path| checkpoint_read(path)).collect::<Result<_>>()?;
    let audit = LedgerAudit {
        kept,
        every_signature: args.all_signatures,
        progress: Some(Arc::new(progress())),
        ..LedgerAudit::default()
    };
    let report = frameos_server::ledger_verify(args.server.load(&[])?, audit).await?;
    if args.json {
        output::json(&report)?;
    } else {
        output::line(&format!(
            "{} transactions, {} postings, {} receipts, {} checkpoints",
            report.transactions, report.postings, report.receipts, report.checkpoints
        ))?;
        match &report.first_bad {
            None => output::line("whole: the books balance and nothing in them was changed")?,
            Some(bad) => output::line(&format!("not whole: {}: {}", bad.entry, bad.reason))?,
        }
    }
    if report.is_whole() { Ok(()) } else { Err(Failure::Shown) }
}

fn checkpoint_read(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read --checkpoint {}: {error}", path.display())))?;
    Ok(text.trim().to_owned())
}

/// Says how far a long audit has come, every few seconds.
fn progress() -> impl Fn(u64) + Send + Sync {
    let told = Mutex::new(Instant::now());
    move |read| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= TELL_EVERY {
            *told = Instant::now();
            output::note(&format!("{read} transactions read"));
        }
    }
}
