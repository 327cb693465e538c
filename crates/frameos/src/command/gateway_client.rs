//! `frameos gateway client`: who may use a payment gateway of its own.
//!
//! Works on the gateway's database, beside a running gateway or without one; changes count from the next request on.

use std::time::Duration;

use clap::{Args, Subcommand};
use frameos_server::{ClientAdded, ClientChange, ClientNew};
use serde_json::json;

use crate::{failure::Result, output, server_config::ServerArgs};

#[derive(Debug, Subcommand)]
pub enum GatewayClient {
    /// Let another platform in, with accounts of its own; prints its API key, once
    Add(Add),
    /// List the clients
    List(List),
    /// Give a client a new API key
    Rotate(Rotate),
    /// End a client's access; what it owns stays as it is
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub struct Add {
    #[command(flatten)]
    server: ServerArgs,
    /// 1 to 64 lower-case letters, digits and hyphens
    name: String,
    /// Make a signing key too; the client then has to sign every request
    #[arg(long, conflicts_with = "public_key")]
    sign: bool,
    /// The client's own Ed25519 public key (32 bytes, base64url); it then has to sign every request
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    /// A limit of its own [default: gateway.requests_per_second]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    requests_per_second: Option<u32>,
    /// Print the keys as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    server: ServerArgs,
    /// Print the clients as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Rotate {
    #[command(flatten)]
    server: ServerArgs,
    /// The client's name
    name: String,
    /// How long the keys so far stay good
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    grace_seconds: u64,
    /// Make a new signing key too; signatures with the old one are refused from now on
    #[arg(long, conflicts_with = "public_key")]
    sign: bool,
    /// The client's new Ed25519 public key (32 bytes, base64url)
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    /// Print the keys as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Revoke {
    #[command(flatten)]
    server: ServerArgs,
    /// The client's name
    name: String,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &GatewayClient) -> Result<()> {
    match command {
        GatewayClient::Add(args) => {
            let new = ClientNew {
                name: args.name.clone(),
                sign: args.sign,
                public_key: args.public_key.clone(),
                requests_per_second: args.requests_per_second,
            };
            let added = frameos_server::gateway_client_add(args.server.load(&[])?, new).await?;
            keys_show(&args.name, &added, args.json)
        }
        GatewayClient::List(args) => list(args).await,
        GatewayClient::Rotate(args) => {
            let change = ClientChange {
                grace: Duration::from_secs(args.grace_seconds),
                sign: args.sign,
                public_key: args.public_key.clone(),
            };
            let config = args.server.load(&[])?;
            let added = frameos_server::gateway_client_rotate(config, &args.name, change).await?;
            keys_show(&args.name, &added, args.json)
        }
        GatewayClient::Revoke(args) => {
            let id = frameos_server::gateway_client_revoke(args.server.load(&[])?, &args.name).await?;
            if args.json {
                return output::json(&json!({"client_id": id, "name": args.name, "revoked": true}));
            }
            output::line(&format!("{} ({id}) is let in no more", args.name))
        }
    }
}

fn keys_show(name: &str, added: &ClientAdded, json: bool) -> Result<()> {
    let (api_key, signing_key) = (added.api_key.expose(), added.signing_key.as_deref());
    if json {
        return output::json(&json!({
            "client_id": added.client_id,
            "name": name,
            "api_key": api_key,
            "signing_key": signing_key,
            "signing_key_id": added.signing_key_id,
        }));
    }
    output::pairs([
        ("client", format!("{name} ({})", added.client_id)),
        ("api key", api_key.to_owned()),
        ("signing key", signing_key.unwrap_or_default().to_owned()),
        ("signing key id", added.signing_key_id.clone().unwrap_or_default()),
    ])?;
    output::note("keys are shown this once: keep them where the client finds them and nobody else");
    Ok(())
}

async fn list(args: &List) -> Result<()> {
    let clients = frameos_server::gateway_clients(args.server.load(&[])?).await?;
    if args.json {
        return output::json(&json!({ "clients": clients }));
    }
    let rows = clients.into_iter().map(|client| {
        let state = if client.revoked_at.is_some() { "revoked" } else { "active" };
        [
            client.name,
            client.client_id.to_string(),
            state.to_owned(),
            client.keys.to_string(),
            client.signing_key_id.unwrap_or_else(|| "-".to_owned()),
            client.requests_per_second.map_or_else(|| "-".to_owned(), |limit| limit.to_string()),
            client.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
        ]
    });
    output::table(["name", "id", "state", "keys", "signs with", "per second", "last used"], rows)
}
