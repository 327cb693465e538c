//! `frameos config`: what is in force after defaults, file, environment and flags.

use clap::Args;

use crate::{failure::Result, output, server_config::ServerArgs};

#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    server: ServerArgs,
}

pub fn run(args: &Show) -> Result<()> {
    output::text(&args.server.load(&[])?.effective_toml())
}
