//! `frameos gateway`: the payment layer on its own, for platforms that reach it over HTTP.

use clap::Args;

use crate::{failure::Result, server_config::ServerArgs};

#[derive(Debug, Args)]
#[command(after_help = "Clients authenticate with the key in FRAMEOS_GATEWAY__API_KEY.")]
pub struct Gateway {
    #[command(flatten)]
    server: ServerArgs,
    /// Address and port [env: FRAMEOS_GATEWAY__LISTEN]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

pub async fn run(args: &Gateway) -> Result<()> {
    let config = args.server.load(&[("gateway.listen", args.listen.as_ref())])?;
    frameos_server::logging_init(&config);
    let shutdown = frameos_server::shutdown_on_signals()?;
    Ok(frameos_server::gateway(config, shutdown).await?)
}
