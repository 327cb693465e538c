//! `frameos worker`: a process that only runs agents, beside others on the same database.

use clap::Args;

use crate::{failure::Result, server_config::ServerArgs};

#[derive(Debug, Args)]
pub struct Worker {
    #[command(flatten)]
    server: ServerArgs,
    /// Runs at the same time [env: FRAMEOS_WORKER__SLOTS; default: 10]
    #[arg(long, value_name = "N")]
    slots: Option<String>,
}

pub async fn run(args: &Worker) -> Result<()> {
    let config = args.server.load(&[("worker.slots", args.slots.as_ref())])?;
    frameos_server::logging_init(&config);
    let shutdown = frameos_server::shutdown_on_signals()?;
    Ok(frameos_server::worker(config, shutdown).await?)
}
