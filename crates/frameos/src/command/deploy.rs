//! `frameos deploy`: an agent configured for oneself.

use std::path::PathBuf;

use clap::Args;
use frameos_contract::{
    agent::AgentDetail,
    deployment::{DeployRequest, Deployed},
};

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    inputs::{self, Types},
    output,
};

#[derive(Debug, Args)]
pub struct Deploy {
    #[command(flatten)]
    connection: Connection,
    /// Slug or id
    agent: String,
    /// Version to stay on [default: the current one]
    #[arg(long)]
    version: Option<String>,
    /// An input that every run starts from; read as --input of `run` is
    #[arg(long = "config", short = 'c', value_name = "NAME=VALUE")]
    config: Vec<String>,
    /// A JSON object with config (- for stdin); --config wins over it
    #[arg(long, value_name = "FILE")]
    config_file: Option<PathBuf>,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Deploy) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    let agent: AgentDetail = client::read(client.get(&["agents", &args.agent], &[]).await?)?;
    let types = Types::of_json(&agent.manifest);
    let config = inputs::values(args.config_file.as_deref(), &args.config, &types)?;
    let request = DeployRequest { version: args.version.clone(), config };
    let data = client.post(&["agents", &agent.summary.id, "deploy"], None, &request).await?;
    if args.json {
        return output::json(&data);
    }
    let deployed: Deployed = client::read(data)?;
    output::line(&format!("{} {} {}", deployed.deployment_id, agent.summary.slug, deployed.version))?;
    output::note(&format!("run it: frameos execute {} --wait", deployed.deployment_id));
    Ok(())
}
