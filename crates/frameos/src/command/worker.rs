//! `frameos worker`: a process that only runs agents, beside others on the same database; and how all of them are doing.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use frameos_contract::admin::{Overview, WorkerEntry};
use frameos_domain::clock::Timestamp;

use crate::{clock, failure::Result, output, server_config::ServerArgs};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Worker {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    server: ServerArgs,
    /// Runs at the same time [env: FRAMEOS_WORKER__SLOTS; default: 10]
    #[arg(long, value_name = "N")]
    slots: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the workers, the queue and what became of runs; reads the database, so no server has to run
    Status(Status),
}

#[derive(Debug, Args)]
struct Status {
    #[command(flatten)]
    server: ServerArgs,
    /// Print what `GET /admin/overview` answers, as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Worker) -> Result<()> {
    if let Some(Command::Status(args)) = &args.command {
        return status(args).await;
    }
    let config = args.server.load(&[("worker.slots", args.slots.as_ref())])?;
    let telemetry = frameos_server::telemetry_start(&config).map_err(frameos_server::ServeError::from)?;
    let shutdown = frameos_server::shutdown_on_signals()?;
    Ok(Box::pin(frameos_server::worker(config, telemetry, shutdown)).await?)
}

async fn status(args: &Status) -> Result<()> {
    let overview = frameos_server::worker_status(args.server.load(&[])?).await?;
    if args.json {
        return output::json(&overview);
    }
    let now = clock::now();
    let workers = overview.workers.iter().map(|worker| worker_row(worker, now));
    output::table(["host", "pid", "state", "busy", "slots", "seen", "version", "isolation"], workers)?;
    output::line("")?;
    let classes = ["paid", "free", "delayed", "authorizing", "settling", "jobs"].map(|class| {
        let depth = overview.depth.get(class).copied().unwrap_or_default();
        let wait = overview.oldest_wait_ms.get(class).copied().flatten();
        [class.to_owned(), depth.to_string(), wait.map_or("-".to_owned(), seconds)]
    });
    output::table(["waits for", "tickets", "oldest"], classes)?;
    output::line("")?;
    summary(&overview)
}

fn worker_row(worker: &WorkerEntry, now: Timestamp) -> [String; 8] {
    [
        worker.host.clone(),
        worker.pid.to_string(),
        worker.state.clone(),
        worker.busy.to_string(),
        worker.slots.to_string(),
        format!("{} ago", seconds(now.millis_since(worker.last_seen))),
        worker.version.clone(),
        worker.isolation.clone().unwrap_or_default(),
    ]
}

fn summary(overview: &Overview) -> Result<()> {
    let (hour, slots) = (&overview.last_hour, &overview.slots);
    let sealed = match overview.sealed.oldest_ms {
        Some(oldest) => format!("{}, the oldest for {}", overview.sealed.waiting, seconds(oldest)),
        None => "none".to_owned(),
    };
    output::pairs([
        ("slots", format!("{} of {} used", slots.busy, slots.total)),
        ("sealed, unpaid", sealed),
        ("runs, last hour", counts(&hour.runs)),
        ("failures", counts(&hour.failures)),
        ("attempts", format!("{} retried, {} lost", hour.attempts.retries, hour.attempts.lost)),
    ])
}

fn counts(counts: &BTreeMap<String, i64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

fn seconds(millis: i64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}
