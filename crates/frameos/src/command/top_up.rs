//! `frameos top-up`: money into the wallet.

use clap::Args;
use frameos_contract::wallet::{TopUp as Added, TopUpRequest};

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    money, output,
};

#[derive(Debug, Args)]
pub struct TopUp {
    #[command(flatten)]
    connection: Connection,
    /// In whole units with up to two decimals: 500 or 99.50 (rupees)
    #[arg(value_parser = money::parse_major)]
    amount: i64,
    #[arg(long, default_value = "INR")]
    currency: String,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &TopUp) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    let request = TopUpRequest { amount: args.amount, currency: args.currency.clone() };
    let data = client.post(&["wallet", "top-ups"], None, &request).await?;
    if args.json {
        return output::json(&data);
    }
    let added: Added = client::read(data)?;
    output::line(&format!("{} {}: {}", added.id, money::show(added.amount, &added.currency), added.status))
}
