//! `frameos gateway`: the payment gateway alone, for a platform that runs it apart; and who may use it.

use clap::{Args, Subcommand};

use super::gateway_client::{self, GatewayClient};
use crate::{failure::Result, server_config::ServerArgs};

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Clients authenticate with keys of their own (`frameos gateway client`), or with the one in FRAMEOS_GATEWAY__API_KEY."
)]
pub struct Gateway {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    server: ServerArgs,
    /// Address and port [env: FRAMEOS_GATEWAY__LISTEN]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add, list, rotate and revoke clients
    #[command(subcommand)]
    Client(GatewayClient),
}

pub async fn run(args: &Gateway) -> Result<()> {
    if let Some(Command::Client(command)) = &args.command {
        return gateway_client::run(command).await;
    }
    let config = args.server.load(&[("gateway.listen", args.listen.as_ref())])?;
    let telemetry = frameos_server::telemetry_start(&config).map_err(frameos_server::ServeError::from)?;
    let shutdown = frameos_server::shutdown_on_signals()?;
    Ok(frameos_server::gateway(config, telemetry, shutdown).await?)
}
