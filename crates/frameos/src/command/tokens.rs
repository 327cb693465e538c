//! `frameos tokens`: personal access tokens, for programs that act for you.

use clap::Subcommand;
use frameos_contract::personal_token::{PersonalTokenCreated, PersonalTokenList, PersonalTokenRequest};

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    output,
};

#[derive(Debug, Subcommand)]
pub enum Tokens {
    /// List your tokens; what they are is not shown again
    List(List),
    /// Make a token and print it, once
    Create(Create),
    /// Revoke a token
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    connection: Connection,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Create {
    #[command(flatten)]
    connection: Connection,
    /// What it is for
    name: String,
    /// What it may: read, execute, deploy, publish, wallet
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// Days until it expires, up to 366 [default: 90]
    #[arg(long, value_name = "DAYS")]
    expires_in_days: Option<u32>,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Revoke {
    #[command(flatten)]
    connection: Connection,
    /// The id that `tokens list` shows: pat_…
    id: String,
}

const ROLES: &[Role] = &[Role::User, Role::Developer];

pub async fn run(command: &Tokens) -> Result<()> {
    match command {
        Tokens::List(args) => list(args).await,
        Tokens::Create(args) => create(args).await,
        Tokens::Revoke(args) => revoke(args).await,
    }
}

async fn list(args: &List) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, ROLES)?;
    let data = client.get(&["me", "tokens"], &[]).await?;
    if args.json {
        return output::json(&data);
    }
    let list: PersonalTokenList = client::read(data)?;
    let rows = list.tokens.into_iter().map(|token| {
        let time =
            |at: Option<frameos_domain::clock::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let (used, ends) = (time(token.last_used_at), time(token.expires_at));
        [token.name, token.prefix, token.scopes.join(" "), used, ends, token.id]
    });
    output::table(["name", "begins", "scopes", "last used", "expires", "id"], rows)
}

async fn create(args: &Create) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, ROLES)?;
    let request = PersonalTokenRequest {
        name: args.name.clone(),
        scopes: args.scopes.clone(),
        expires_at: None,
        expires_in_days: args.expires_in_days,
    };
    let data = client.post_once(&["me", "tokens"], &request).await?;
    if args.json {
        return output::json(&data);
    }
    let made: PersonalTokenCreated = client::read(data)?;
    output::note("keep it now: it is not shown again");
    output::line(&made.token)
}

async fn revoke(args: &Revoke) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, ROLES)?;
    client.delete(&["me", "tokens", &args.id]).await?;
    output::line(&format!("revoked {}", args.id))
}
