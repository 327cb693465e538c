//! `frameos executions`: one's own runs, newest first.

use clap::Args;
use frameos_contract::execution::ExecutionList;
use frameos_domain::execution::RunStatus;

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    money, output,
};

#[derive(Debug, Args)]
pub struct Executions {
    #[command(flatten)]
    connection: Connection,
    /// queued, running, settling, success, failed, timeout or cancelled
    #[arg(long)]
    status: Option<RunStatus>,
    /// Only runs of this agent, by its id
    #[arg(long, value_name = "ID")]
    agent_id: Option<String>,
    #[arg(long, default_value_t = 1)]
    page: u32,
    /// Entries per page, up to 100
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Executions) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    let query = [
        ("status", args.status.map(|status| status.to_string())),
        ("agent_id", args.agent_id.clone()),
        ("page", Some(args.page.to_string())),
        ("limit", Some(args.limit.to_string())),
    ];
    let data = client.get(&["executions"], &query).await?;
    if args.json {
        return output::json(&data);
    }
    let list: ExecutionList = client::read(data)?;
    let shown = list.executions.len();
    let rows = list.executions.into_iter().map(|run| {
        [
            run.id,
            run.agent_name,
            run.version,
            run.status.to_string(),
            run.failure_reason.map(|reason| reason.to_string()).unwrap_or_default(),
            money::show(run.price_amount, &run.price_currency),
            run.duration_ms.map(|millis| format!("{millis} ms")).unwrap_or_default(),
            run.created_at.to_string(),
        ]
    });
    output::table(["id", "agent", "version", "status", "reason", "price", "duration", "created"], rows)?;
    output::note(&format!("{shown} of {}", list.total));
    Ok(())
}
