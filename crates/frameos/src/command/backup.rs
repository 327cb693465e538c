//! `frameos backup` and `frameos restore`: a copy of an installation, and an installation of a copy.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use clap::Args;

use crate::{
    failure::{Failure, Result},
    output,
    server_config::ServerArgs,
};

const TELL_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
#[command(
    after_help = "Works beside running processes and disturbs none. The folder appears when the backup is whole; one that was stopped \
                  leaves DIR.unfinished-…, which can be removed. Exit code 1 also when objects that rows name are missing, though the \
                  backup is there.\n\nWithout --with-keys the master key is not in the backup: keep it elsewhere, or nothing of it can \
                  be read."
)]
pub struct Backup {
    #[command(flatten)]
    server: ServerArgs,
    /// A folder that is not there yet
    dir: PathBuf,
    /// Put the master key into the backup, which then is all it takes to read everything
    #[arg(long)]
    with_keys: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Into an empty installation only: no database or one without tables, no objects. Everything in the backup is checked \
                  before anything is written. A restore that was stopped is begun again with the same command; until then no server \
                  starts there. At the end the ledger is verified: exit code 1 if it is not whole."
)]
pub struct Restore {
    #[command(flatten)]
    server: ServerArgs,
    /// The backup's folder
    dir: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub async fn backup(args: &Backup) -> Result<()> {
    let config = args.server.load(&[])?;
    let report = frameos_server::backup(config, args.dir.clone(), args.with_keys, progress()).await?;
    if args.json {
        output::json(&report)?;
    } else {
        output::pairs([
            ("backup", report.folder.display().to_string()),
            (
                "database",
                format!("{}, schema {}, {} rows", report.engine, report.schema_version, report.rows),
            ),
            ("objects", report.objects.to_string()),
            ("bytes", report.bytes.to_string()),
            ("master key", report.master_key_ids.join(", ")),
        ])?;
    }
    if report.holds_master_key {
        output::note(
            "THE MASTER KEY IS IN THIS BACKUP: whoever has it can read everything. Keep it as you keep the key.",
        );
    } else {
        output::note(&format!(
            "THE MASTER KEY IS NOT IN THIS BACKUP. Without the key {} nothing of it can be read: keep that safe, and elsewhere.",
            report.master_key_ids.join(" and ")
        ));
    }
    missing(&report.missing_objects)
}

pub async fn restore(args: &Restore) -> Result<()> {
    let config = args.server.load(&[])?;
    let report = Box::pin(frameos_server::restore(config, args.dir.clone(), progress())).await?;
    if args.json {
        output::json(&report)?;
    } else {
        output::pairs([
            ("restored", format!("{} of {}", report.id, report.made_at)),
            ("rows", report.rows.to_string()),
            ("objects", report.objects.to_string()),
        ])?;
        match &report.ledger_first_bad {
            None => output::line(&format!("ledger whole: {} transactions", report.ledger_transactions))?,
            Some(bad) => output::line(&format!("ledger NOT whole: {bad}"))?,
        }
    }
    missing(&report.missing_objects)?;
    if report.ledger_first_bad.is_none() { Ok(()) } else { Err(Failure::Shown) }
}

fn missing(objects: &[String]) -> Result<()> {
    if objects.is_empty() {
        return Ok(());
    }
    output::note(&format!(
        "{} objects that rows name were not in the object store when the backup was made, first of all {}",
        objects.len(),
        objects[0]
    ));
    Err(Failure::Shown)
}

/// Says what is being done, once a second.
fn progress() -> frameos_server::Progress {
    let told = Mutex::new(Instant::now());
    Arc::new(move |what: &str| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= TELL_EVERY {
            *told = Instant::now();
            output::note(what);
        }
    })
}
