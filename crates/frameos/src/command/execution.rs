//! `frameos execution`: one run, whatever its state.

use clap::Args;
use frameos_contract::execution::{Execution as Run, ExecutionProgress};

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    money, output, used,
};

#[derive(Debug, Args)]
pub struct Execution {
    #[command(flatten)]
    connection: Connection,
    /// The run's id
    id: String,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Execution) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    let data = client.get(&["executions", &args.id], &[]).await?;
    if args.json {
        return output::json(&data);
    }
    show(&client::read(data)?)
}

/// Prints a run for people: what happened, what it cost, what came out.
pub fn show(run: &Run) -> Result<()> {
    let payment = run.payment.as_ref();
    let money = payment
        .map(|paid| format!("{} (receipt {})", money::show(paid.amount, &paid.currency), paid.receipt_id));
    output::pairs([
        ("id", run.id.clone()),
        (
            "agent",
            [run.agent_slug.clone(), run.version.clone()].into_iter().flatten().collect::<Vec<_>>().join(" "),
        ),
        ("status", run.status.to_string()),
        ("reason", run.failure_reason.map(|reason| reason.to_string()).unwrap_or_default()),
        ("error", run.error_message.clone().unwrap_or_default()),
        ("exit code", run.exit_code.map(|code| code.to_string()).unwrap_or_default()),
        (
            "duration",
            run.duration_ms.or(run.elapsed_ms).map(|millis| format!("{millis} ms")).unwrap_or_default(),
        ),
        (
            "paid",
            money.unwrap_or_else(|| if run.status.is_final() { "nothing".into() } else { String::new() }),
        ),
        ("used", run.resources.as_ref().map(used::show).unwrap_or_default()),
        ("progress", run.progress.as_ref().map(progress).unwrap_or_default()),
        ("isolation", run.isolation.clone().unwrap_or_default()),
    ])?;
    match &run.outputs {
        Some(outputs) => output::json(outputs),
        None => Ok(()),
    }
}

fn progress(said: &ExecutionProgress) -> String {
    format!("{:.0} % {}", said.fraction * 100.0, said.message.replace('\n', " ")).trim_end().to_owned()
}
