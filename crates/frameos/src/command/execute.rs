//! `frameos execute`: a run on the platform, paid from the wallet when it succeeds.

use std::time::Duration;

use clap::Args;
use frameos_contract::{
    agent::AgentDetail,
    deployment::{Deployment, DeploymentList},
    execution::{ExecuteRequest, Execution, ExecutionQueued},
};
use frameos_domain::execution::RunStatus;
use serde_json::Value;

use super::execution::show;
use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::{Failure, Result},
    inputs::{InputArgs, Types},
    output,
    progress::Progress,
};

/// How often a waiting client asks; a run that takes long is asked for less often.
const ASK_FIRST: Duration = Duration::from_millis(200);
const ASK_AT_LEAST: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
#[command(after_help = "With --wait: exit code 0 when the run succeeded, 1 when it did not.")]
pub struct Execute {
    #[command(flatten)]
    connection: Connection,
    /// A deployment's id, or an agent's slug for your newest deployment of it
    target: String,
    #[command(flatten)]
    inputs: InputArgs,
    /// A shorter time limit than the agent's own
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<u64>,
    /// Agree to a price above your policy's confirm_above
    #[arg(long)]
    confirm: bool,
    /// Agree to a price up to AMOUNT minor units, and to no higher one
    #[arg(long, value_name = "AMOUNT")]
    confirmed_amount: Option<i64>,
    /// Wait until the run has ended and show its result
    #[arg(long)]
    wait: bool,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Execute) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    let (deployment, agent) = find(&mut client, &args.target).await?;
    let request = ExecuteRequest {
        deployment_id: deployment.id,
        inputs: args.inputs.read(&Types::of_json(&agent.manifest))?,
        timeout_ms: args.timeout_ms,
        confirm: args.confirm,
        confirmed_amount: args.confirmed_amount,
    };
    let data = client.post(&["agents", &agent.summary.id, "execute"], None, &request).await?;
    let queued: ExecutionQueued = client::read(data.clone())?;
    if !args.wait {
        if args.json {
            return output::json(&data);
        }
        output::line(&queued.execution_id)?;
        output::note(&format!("follow it: frameos execution {}", queued.execution_id));
        return Ok(());
    }
    let data = wait(&mut client, &queued.execution_id).await?;
    let execution: Execution = client::read(data.clone())?;
    match args.json {
        true => output::json(&data)?,
        false => show(&execution)?,
    }
    if execution.status == RunStatus::Success { Ok(()) } else { Err(Failure::Shown) }
}

/// The deployment that is meant, and its agent.
async fn find(client: &mut Client, target: &str) -> Result<(Deployment, AgentDetail)> {
    if target.starts_with("dep_") {
        let deployment: Deployment = client::read(client.get(&["deployments", target], &[]).await?)?;
        let agent = client::read(client.get(&["agents", &deployment.agent_slug], &[]).await?)?;
        return Ok((deployment, agent));
    }
    let agent: AgentDetail = client::read(client.get(&["agents", target], &[]).await?)?;
    let mut page = 1;
    let mut newest: Option<Deployment> = None;
    loop {
        let query = [("page", Some(page.to_string())), ("limit", Some("100".to_owned()))];
        let list: DeploymentList = client::read(client.get(&["deployments"], &query).await?)?;
        let last = list.deployments.is_empty() || i64::from(page) * 100 >= list.total;
        let usable = list.deployments.into_iter().filter(|deployment| {
            deployment.agent_id == agent.summary.id && deployment.status == "configured"
        });
        newest = usable.chain(newest).max_by_key(|deployment| deployment.created_at);
        if last {
            break;
        }
        page += 1;
    }
    match newest {
        Some(deployment) => Ok((deployment, agent)),
        None => Err(Failure::failed(format!(
            "you have no deployment of {target}: run `frameos deploy {target}` first"
        ))),
    }
}

/// Asks for the run until it has ended.
async fn wait(client: &mut Client, id: &str) -> Result<Value> {
    let mut progress = Progress::start(&format!("{id}: queued"));
    let mut pause = ASK_FIRST;
    loop {
        let data = client.get(&["executions", id], &[]).await?;
        let execution: Execution = client::read(data.clone())?;
        if execution.status.is_final() {
            return Ok(data);
        }
        progress.say(&describe(id, &execution));
        tokio::time::sleep(pause).await;
        pause = (pause * 5 / 4).min(ASK_AT_LEAST);
    }
}

fn describe(id: &str, execution: &Execution) -> String {
    match (execution.status, execution.queue_position) {
        (RunStatus::Queued, Some(before)) if before > 0 => format!("{id}: queued, {before} before it"),
        (RunStatus::Settling, _) => format!("{id}: finished, the payment is on its way"),
        (status, _) => format!("{id}: {status}"),
    }
}
