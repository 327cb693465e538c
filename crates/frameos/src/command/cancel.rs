//! `frameos cancel`: stops a run that has not ended; nothing is charged for it.

use clap::Args;
use serde_json::json;

use super::execution::show;
use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    output,
};

#[derive(Debug, Args)]
pub struct Cancel {
    #[command(flatten)]
    connection: Connection,
    /// The run's id
    id: String,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Cancel) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    let data = client.post(&["executions", &args.id, "cancel"], None, &json!({})).await?;
    if args.json {
        return output::json(&data);
    }
    show(&client::read(data)?)
}
