//! `frameos wallet`: what is there, what is held, and how it came about.

use clap::Args;
use frameos_contract::wallet::{TransactionList, Wallet as Balance};

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    money, output,
};

#[derive(Debug, Args)]
pub struct Wallet {
    #[command(flatten)]
    connection: Connection,
    /// List the changes too, newest first
    #[arg(long)]
    transactions: bool,
    /// Changes per page, up to 100
    #[arg(long, default_value_t = 20)]
    limit: u32,
    #[arg(long, default_value_t = 1)]
    page: u32,
    /// Print the API's data as JSON (of the changes, with --transactions)
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Wallet) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    if !args.transactions {
        let data = client.get(&["wallet"], &[]).await?;
        if args.json {
            return output::json(&data);
        }
        let balance: Balance = client::read(data)?;
        return output::pairs([
            ("available", money::show(balance.available, &balance.currency)),
            ("held", money::show(balance.held, &balance.currency)),
        ]);
    }
    let query = [("page", Some(args.page.to_string())), ("limit", Some(args.limit.to_string()))];
    let data = client.get(&["wallet", "transactions"], &query).await?;
    if args.json {
        return output::json(&data);
    }
    let list: TransactionList = client::read(data)?;
    let rows = list.transactions.into_iter().map(|change| {
        let amount = money::show(change.amount, &change.currency);
        [change.created_at.to_string(), change.kind, amount, change.reference, change.id]
    });
    output::table(["at", "kind", "amount", "reference", "id"], rows)
}
