//! `frameos serve`: the whole platform in one process, or those of its roles that are asked for.

use clap::Args;

use crate::{failure::Result, server_config::ServerArgs};

#[derive(Debug, Args)]
#[command(
    after_help = "Every configuration key has an environment variable: FRAMEOS_ and the key in upper case, __ for dots. \
                        frameos.default.toml documents them; `frameos config` shows what is in force."
)]
pub struct Serve {
    #[command(flatten)]
    server: ServerArgs,
    /// Address and port of the API [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Any of api,worker,gateway [default: all three]
    #[arg(long, value_name = "ROLES")]
    roles: Option<String>,
    /// What an empty data folder is filled with: demo or none [default: demo]
    #[arg(long, value_name = "SEED")]
    seed: Option<String>,
}

pub async fn run(args: &Serve) -> Result<()> {
    let flags =
        [("listen", args.listen.as_ref()), ("roles", args.roles.as_ref()), ("seed", args.seed.as_ref())];
    let config = args.server.load(&flags)?;
    let telemetry = frameos_server::telemetry_start(&config).map_err(frameos_server::ServeError::from)?;
    let shutdown = frameos_server::shutdown_on_signals()?;
    Ok(frameos_server::serve(config, telemetry, shutdown).await?)
}
