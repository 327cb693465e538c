//! The `frameos` binary: reads the command line, runs one command, turns its result into an exit code.
//!
//! Exit codes: 0 done, 1 the thing asked for failed, 2 wrong usage (clap's own exit code too). Business decisions live below,
//! in the crates this one calls.
#![forbid(unsafe_code)]
#![expect(
    unreachable_pub,
    reason = "nothing of a binary is reachable from outside; `pub` marks a module's interface"
)]

mod agent_dir;
mod cli;
mod client;
mod clock;
mod command;
mod credentials;
mod environment;
mod failure;
mod inputs;
mod local_run;
mod money;
mod output;
mod progress;
mod secret_prompt;
mod server_config;
mod used;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use tikv_jemallocator::Jemalloc;

/// Its settings are in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// How long blocking work that nobody waits for any more may go on at the end.
const LEFTOVERS: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::note(&format!("error: cannot start the runtime: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(Box::pin(cli.run()));
    // What blocks a thread for longer than this must not keep the process from ending.
    runtime.shutdown_timeout(LEFTOVERS);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            failure.exit_code()
        }
    }
}
