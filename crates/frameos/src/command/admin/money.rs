//! `frameos admin refund`, `payouts` and `retry-payout`: money that goes back to users and out to developers.

use clap::Args;
use frameos_contract::payout::{Payout, PayoutList, Refund as Refunded, RefundRequest};
use serde_json::json;

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    money, output,
};

#[derive(Debug, Args)]
pub struct Refund {
    #[command(flatten)]
    connection: Connection,
    /// The run's id
    execution_id: String,
    /// In whole units with up to two decimals; all that is left when not given
    #[arg(long, value_parser = money::parse_major)]
    amount: Option<i64>,
    /// The user and the developer will read it
    #[arg(long)]
    reason: String,
    /// Makes the same command refund once, however often it is given
    #[arg(long)]
    key: Option<String>,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Payouts {
    #[command(flatten)]
    connection: Connection,
    #[arg(long, default_value_t = 1)]
    page: u32,
    /// Entries per page, up to 100
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct RetryPayout {
    #[command(flatten)]
    connection: Connection,
    /// The payout's id
    payout_id: String,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn refund(args: &Refund) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::Admin])?;
    let request = RefundRequest { amount: args.amount, reason: args.reason.clone() };
    let path = ["admin", "executions", &args.execution_id, "refund"];
    let data = client.post(&path, args.key.as_deref(), &request).await?;
    if args.json {
        return output::json(&data);
    }
    let refund: Refunded = client::read(data)?;
    let (amount, total) =
        (money::show(refund.amount, &refund.currency), money::show(refund.refunded_amount, &refund.currency));
    output::line(&format!("{}: {amount} went back, {total} of the run's payment in all", refund.refund_id))
}

pub async fn payouts(args: &Payouts) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::Admin])?;
    let query = [("page", Some(args.page.to_string())), ("limit", Some(args.limit.to_string()))];
    let data = client.get(&["admin", "payouts"], &query).await?;
    if args.json {
        return output::json(&data);
    }
    let list: PayoutList = client::read(data)?;
    let rows = list.payouts.into_iter().map(|payout| {
        let amount = money::show(payout.amount, &payout.currency);
        let developer = payout.developer_id.unwrap_or_default();
        [payout.period, developer, amount, payout.status, payout.reason.unwrap_or_default(), payout.id]
    });
    output::table(["period", "developer", "amount", "status", "reason", "id"], rows)
}

pub async fn retry_payout(args: &RetryPayout) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::Admin])?;
    let data = client.post(&["admin", "payouts", &args.payout_id, "retry"], None, &json!({})).await?;
    if args.json {
        return output::json(&data);
    }
    let payout: Payout = client::read(data)?;
    output::line(&format!("{}: {}", payout.id, payout.status))
}
