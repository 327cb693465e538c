//! `frameos top-up`: money into the wallet.

use std::time::Duration;

use clap::Args;
use frameos_contract::wallet::{TopUp as Added, TopUpRequest};

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::{Failure, Result},
    money, output,
};

const PENDING: &str = "pending";
/// How often a top-up that is waited for is asked about.
const ASK_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub struct TopUp {
    #[command(flatten)]
    connection: Connection,
    /// In whole units with up to two decimals: 500 or 99.50 (rupees)
    #[arg(value_parser = money::parse_major)]
    amount: i64,
    #[arg(long, default_value = "INR")]
    currency: String,
    /// What to pay with
    #[arg(long, value_parser = ["card", "upi", "netbanking", "wallet"])]
    instrument: Option<String>,
    /// Where the payment page leads back to
    #[arg(long, value_name = "URL")]
    return_url: Option<String>,
    /// What test money is to do, such as pending, declined or timeout_paid (docs/providers.md)
    #[arg(long)]
    scenario: Option<String>,
    /// Wait until it is paid or can no longer be
    #[arg(long)]
    wait: bool,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &TopUp) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    let request = TopUpRequest {
        amount: args.amount,
        currency: args.currency.clone(),
        instrument: args.instrument.clone(),
        return_url: args.return_url.clone(),
        scenario: args.scenario.clone(),
    };
    let mut data = client.post(&["wallet", "top-ups"], None, &request).await?;
    let mut added: Added = client::read(data.clone())?;
    if added.status == PENDING {
        if let Some(url) = &added.checkout_url {
            output::note(&format!("pay at {url}"));
        } else if let Some(session) = &added.payment_session_id {
            output::note(&format!("pay in {}'s checkout with the session {session}", added.provider));
        }
    }
    while args.wait && added.status == PENDING {
        tokio::time::sleep(ASK_EVERY).await;
        data = client.get(&["wallet", "top-ups", &added.top_up_id], &[]).await?;
        added = client::read(data.clone())?;
    }
    if args.json {
        output::json(&data)?;
    } else {
        let amount = money::show(added.amount, &added.currency);
        output::line(&format!("{} {amount}: {}", added.top_up_id, added.status))?;
    }
    if args.wait && added.status != "settled" { Err(Failure::Shown) } else { Ok(()) }
}
