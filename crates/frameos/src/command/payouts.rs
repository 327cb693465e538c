//! `frameos payouts`: what a developer was paid, and what is still to come.

use clap::Args;
use frameos_contract::payout::{PayoutList, PayoutStatement};

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    money, output,
};

#[derive(Debug, Args)]
pub struct Payouts {
    #[command(flatten)]
    connection: Connection,
    /// Show one payout's statement instead of the list
    id: Option<String>,
    /// Entries per page, up to 100
    #[arg(long, default_value_t = 20)]
    limit: u32,
    #[arg(long, default_value_t = 1)]
    page: u32,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Payouts) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::Developer])?;
    let query = [("page", Some(args.page.to_string())), ("limit", Some(args.limit.to_string()))];
    let path: Vec<&str> = ["developers", "payouts"].into_iter().chain(args.id.as_deref()).collect();
    let data = client.get(&path, &query).await?;
    if args.json {
        return output::json(&data);
    }
    if args.id.is_some() { statement(client::read(data)?) } else { list(client::read(data)?) }
}

fn list(list: PayoutList) -> Result<()> {
    if let Some(balance) = list.balance {
        output::pairs([
            ("payable", money::show(balance.payable, "INR")),
            ("on its way", money::show(balance.in_transit, "INR")),
            ("paid out", money::show(balance.paid_out, "INR")),
        ])?;
    }
    let rows = list.payouts.into_iter().map(|payout| {
        let amount = money::show(payout.amount, &payout.currency);
        let bank = payout.bank_reference.or(payout.reason).unwrap_or_default();
        [payout.period, amount, payout.status, payout.account, bank, payout.id]
    });
    output::table(["period", "amount", "status", "account", "bank reference", "id"], rows)
}

fn statement(told: PayoutStatement) -> Result<()> {
    let currency = told.payout.currency;
    let show = |minor: i64| money::show(minor, &currency);
    output::pairs([
        ("payout", format!("{} of {}", told.payout.id, told.payout.period)),
        ("status", told.payout.status),
        ("account", told.payout.account),
        ("sales", format!("{}, {} in all", told.statement.sales, show(told.statement.gross))),
        ("your shares", show(told.statement.shares)),
        ("as orchestrator", show(told.statement.orchestration)),
        ("refunds", show(told.statement.refunds)),
        ("earlier payouts that came back", show(told.statement.returned)),
        ("net", show(told.statement.net)),
    ])?;
    let rows = told.lines.into_iter().map(|line| {
        let reference = line.execution_id.unwrap_or(line.reference);
        [line.at.to_string(), line.kind, show(line.gross), show(line.amount), reference]
    });
    output::table(["at", "kind", "gross", "amount", "reference"], rows)
}
