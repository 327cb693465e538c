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

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::note(&format!("error: cannot start the runtime: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(Box::pin(cli.run())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            failure.exit_code()
        }
    }
}
