//! `frameos sandbox`: whether and how well this machine can isolate agents.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::{failure::Result, local_run::LocalState, output};

#[derive(Debug, Subcommand)]
pub enum Sandbox {
    /// Try the sandbox: exit code 0 and its walls, or 1 and everything that is missing
    Check(Check),
}

#[derive(Debug, Args)]
pub struct Check {
    /// Where scratch space is kept [default: ~/.cache/frameos]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print the walls as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &Sandbox) -> Result<()> {
    let Sandbox::Check(args) = command;
    let sandbox = LocalState::open(args.data_dir.as_deref())?.sandbox().await?;
    if args.json {
        return output::json(&json!({"isolation": sandbox.tier().to_string(), "walls": sandbox.tier()}));
    }
    output::line(&format!("agents are isolated with {}", sandbox.tier()))
}
