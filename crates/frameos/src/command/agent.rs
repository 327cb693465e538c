//! `frameos agent`: one agent, with what it takes and gives.

use clap::Args;
use frameos_contract::agent::AgentDetail;
use serde_json::Value;

use crate::{
    client::{self, Client, Connection},
    failure::{Failure, Result},
    money, output,
};

#[derive(Debug, Args)]
pub struct Agent {
    #[command(flatten)]
    connection: Connection,
    /// Slug or id
    agent: String,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Agent) -> Result<()> {
    let data = find(args).await?;
    if args.json {
        return output::json(&data);
    }
    let detail: AgentDetail = client::read(data)?;
    let agent = &detail.summary;
    output::pairs([
        ("name", agent.name.clone()),
        ("slug", agent.slug.clone()),
        ("id", agent.id.clone()),
        ("about", agent.description.clone()),
        ("by", developer(&detail)),
        ("category", agent.category.clone()),
        ("version", agent.current_version.clone()),
        ("status", agent.status.clone()),
        ("price", price(&detail)),
        ("runs", runs(&detail)),
        ("capabilities", detail.capabilities.join(", ")),
    ])?;
    for (title, key) in [("inputs", "inputs"), ("outputs", "outputs")] {
        output::line(&format!("\n{title}"))?;
        output::table(["name", "type", "required", "description"], fields(&detail.manifest, key))?;
    }
    Ok(())
}

/// The agent, asked for with every saved login in turn: one that is not published yet shows itself to its developer only.
async fn find(args: &Agent) -> Result<Value> {
    let mut failure = None;
    for mut client in Client::each(&args.connection)? {
        match client.get(&["agents", &args.agent], &[]).await {
            Ok(data) => return Ok(data),
            Err(refused) if refused.is_code("NOT_FOUND") => failure = failure.or(Some(refused)),
            Err(other) => return Err(other),
        }
    }
    Err(failure.unwrap_or(Failure::Shown))
}

fn developer(detail: &AgentDetail) -> String {
    let developer = &detail.summary.developer;
    match &developer.company {
        Some(company) => format!("{} ({company})", developer.name),
        None => developer.name.clone(),
    }
}

fn price(detail: &AgentDetail) -> String {
    let agent = &detail.summary;
    let price = money::show(agent.price_amount, &agent.price_currency);
    let amount = |value: &Value| money::show(value.as_i64().unwrap_or(0), &agent.price_currency);
    match agent.pricing_model.as_str() {
        "pay_per_use" => {
            let events = agent.pricing["events"].as_object().into_iter().flatten();
            let each = events.map(|(name, event)| format!("{} per {name}", amount(&event["unit_price"])));
            let fee = Some(&agent.pricing["start_fee"]).filter(|fee| fee.as_i64().is_some_and(|fee| fee > 0));
            let parts: Vec<String> =
                fee.map(|fee| format!("{} to start", amount(fee))).into_iter().chain(each).collect();
            return format!("{}; at most {price} per successful run", parts.join(", "));
        }
        "subscription" => {
            return match agent.pricing["runs_per_month"].as_i64() {
                Some(runs) => format!("{price} a month for {runs} runs"),
                None => format!("{price} a month for any number of runs"),
            };
        }
        _ => {}
    }
    match agent.free_runs_per_month {
        _ if agent.price_amount == 0 => "free".to_owned(),
        0 => format!("{price} per successful run"),
        runs => format!("{price} per successful run, the first {runs} a month free"),
    }
}

fn runs(detail: &AgentDetail) -> String {
    match detail.summary.total_executions {
        0 => "none yet".to_owned(),
        total => format!(
            "{total}, {:.0} % successful, {} ms on average",
            detail.success_rate * 100.0,
            detail.avg_duration_ms
        ),
    }
}

fn fields(manifest: &Value, key: &str) -> Vec<[String; 4]> {
    let text =
        |field: &Value, key: &str| field.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let fields = manifest.get(key).and_then(Value::as_array).into_iter().flatten();
    fields
        .map(|field| {
            let required = field.get("required").and_then(Value::as_bool).unwrap_or(key == "outputs");
            let required = if required { "yes" } else { "" };
            [text(field, "name"), text(field, "type"), required.to_owned(), text(field, "description")]
        })
        .collect()
}
