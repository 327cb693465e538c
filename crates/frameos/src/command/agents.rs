//! `frameos agents`: the marketplace as a list.

use clap::Args;
use frameos_contract::agent::AgentList;

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    money, output,
};

#[derive(Debug, Args)]
pub struct Agents {
    #[command(flatten)]
    connection: Connection,
    /// Words to look for
    #[arg(long)]
    search: Option<String>,
    #[arg(long)]
    category: Option<String>,
    #[arg(long, value_name = "MODEL")]
    pricing_model: Option<String>,
    #[arg(long, value_parser = ["popularity", "newest", "price_low", "price_high", "rating"])]
    sort: Option<String>,
    /// Your own agents, published or not (developers)
    #[arg(long)]
    mine: bool,
    #[arg(long, default_value_t = 1)]
    page: u32,
    /// Entries per page, up to 100
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Agents) -> Result<()> {
    let mut client = match args.mine {
        true => Client::signed_in(&args.connection, &[Role::Developer])?,
        false => Client::anyone(&args.connection)?,
    };
    let query = [
        ("search", args.search.clone()),
        ("category", args.category.clone()),
        ("pricing_model", args.pricing_model.clone()),
        ("sort", args.sort.clone()),
        ("mine", args.mine.then(|| "true".to_owned())),
        ("page", Some(args.page.to_string())),
        ("limit", Some(args.limit.to_string())),
    ];
    let data = client.get(&["agents"], &query).await?;
    if args.json {
        return output::json(&data);
    }
    let list: AgentList = client::read(data)?;
    let shown = list.agents.len();
    let rows = list.agents.into_iter().map(|agent| {
        let price = match agent.price_amount {
            0 => "free".to_owned(),
            amount => {
                let price = money::show(amount, &agent.price_currency);
                match agent.pricing_model.as_str() {
                    "pay_per_use" => format!("up to {price}"),
                    "subscription" => format!("{price} a month"),
                    _ => price,
                }
            }
        };
        let free = match agent.free_runs_per_month {
            0 => String::new(),
            runs => format!("{runs} a month"),
        };
        [
            agent.slug,
            agent.name,
            agent.category,
            price,
            free,
            agent.current_version,
            agent.total_executions.to_string(),
            if agent.review_count > 0 { format!("{:.1}", agent.rating) } else { String::new() },
            agent.status,
        ]
    });
    output::table(
        ["slug", "name", "category", "price", "free", "version", "runs", "rating", "status"],
        rows,
    )?;
    output::note(&format!("{shown} of {}", list.total));
    Ok(())
}
