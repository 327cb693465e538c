//! `frameos migrate`: brings the database to this version's schema; `serve` does so by itself.

use clap::Args;

use crate::{failure::Result, output, server_config::ServerArgs};

#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    server: ServerArgs,
}

pub async fn run(args: &Migrate) -> Result<()> {
    frameos_server::migrate(args.server.load(&[])?).await?;
    output::note("the schema is up to date");
    Ok(())
}
