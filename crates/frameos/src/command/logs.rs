//! `frameos logs`: what a run printed, each stream on its own.

use clap::Args;
use frameos_contract::execution::ExecutionLogs;

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    output,
};

#[derive(Debug, Args)]
#[command(after_help = "The run's stdout goes to stdout, its stderr to stderr.")]
pub struct Logs {
    #[command(flatten)]
    connection: Connection,
    /// The run's id
    id: String,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Logs) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    let data = client.get(&["executions", &args.id, "logs"], &[]).await?;
    if args.json {
        return output::json(&data);
    }
    let logs: ExecutionLogs = client::read(data)?;
    output::text(&logs.stdout)?;
    output::passthrough(logs.stderr.as_bytes());
    if logs.truncated {
        let (stdout, stderr) = (logs.stdout_bytes, logs.stderr_bytes);
        output::note(&format!(
            "not all was kept: the agent wrote {stdout} bytes to stdout, {stderr} to stderr"
        ));
    }
    Ok(())
}
