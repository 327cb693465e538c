//! `frameos keys`: the keys an installation signs with, and their rotation.

use clap::{Args, Subcommand, ValueEnum};

use crate::{
    failure::{Failure, Result},
    output,
    server_config::ServerArgs,
};

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Show which keys sign, and which signed before
    List(List),
    /// Sign with a new key from now on; what the old one signed keeps verifying
    Rotate(Rotate),
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    server: ServerArgs,
    /// Print the keys as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Running processes sign with the new key a few seconds later, without a restart.")]
pub struct Rotate {
    #[command(flatten)]
    server: ServerArgs,
    /// Which key
    purpose: Purpose,
    /// Print both key ids as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Purpose {
    /// Signs mandates and payment receipts
    Gateway,
    /// Signs the receipts of runs
    Receipts,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Receipts => "receipts",
        }
    }
}

pub async fn run(command: &Keys) -> Result<()> {
    match command {
        Keys::List(args) => list(args).await,
        Keys::Rotate(args) => rotate(args).await,
    }
}

async fn list(args: &List) -> Result<()> {
    let keys = frameos_server::keys_list(args.server.load(&[])?).await?;
    if args.json {
        return output::json(&keys);
    }
    let rows = keys.into_iter().map(|key| {
        let state = key.retired_at.map_or_else(|| "active".to_owned(), |at| format!("retired {at}"));
        [key.purpose.to_owned(), key.key_id, state]
    });
    output::table(["purpose", "key id", "state"], rows)
}

async fn rotate(args: &Rotate) -> Result<()> {
    let rotated = frameos_server::key_rotate(args.server.load(&[])?, args.purpose.name()).await?;
    let rotated = rotated.ok_or_else(|| Failure::usage("there is no such key".to_owned()))?;
    if args.json {
        return output::json(&rotated);
    }
    output::line(&format!("{} signs with {} from now on", rotated.purpose, rotated.active_key_id))?;
    output::line(&format!("{} was retired; what it signed keeps verifying", rotated.retired_key_id))
}
