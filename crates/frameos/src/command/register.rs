//! `frameos register`: a new account, as a user of agents or as a developer.

use clap::{Args, ValueEnum};
use frameos_contract::account::RegisterRequest;

use crate::{
    client::{Client, Connection},
    failure::{Failure, Result},
    output, secret_prompt,
};

#[derive(Debug, Args)]
pub struct Register {
    #[command(flatten)]
    connection: Connection,
    /// What the account is for
    #[arg(long, value_enum)]
    role: NewRole,
    #[arg(long)]
    email: String,
    /// Your name, as others see it
    #[arg(long)]
    name: String,
    /// The company agents are published for (developers only)
    #[arg(long)]
    company: Option<String>,
    /// Read the password from stdin's first line
    #[arg(long)]
    password_stdin: bool,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NewRole {
    User,
    Developer,
}

pub async fn run(args: &Register) -> Result<()> {
    if args.company.is_some() && args.role == NewRole::User {
        return Err(Failure::usage("--company is for developers: leave it out, or use --role developer"));
    }
    let mut client = Client::signed_out(&args.connection)?;
    warn_if_exposed(&client);
    let request = RegisterRequest {
        email: args.email.clone(),
        name: args.name.clone(),
        password: secret_prompt::password("Choose a password: ", args.password_stdin)?,
        company: args.company.clone(),
    };
    let collection = match args.role {
        NewRole::User => "users",
        NewRole::Developer => "developers",
    };
    let data = client.post_once(&[collection, "register"], &request).await?;
    if args.json {
        return output::json(&data);
    }
    let message = data.get("message").and_then(serde_json::Value::as_str).unwrap_or("registered");
    output::line(message)?;
    output::note(&format!("log in: frameos login --server {} --email {}", client.server(), args.email));
    Ok(())
}

/// Says so when the password is about to be sent in the clear over a network.
pub fn warn_if_exposed(client: &Client) {
    if client.is_exposed() {
        output::note(&format!(
            "warning: {} is not https: the password can be read on the way",
            client.server()
        ));
    }
}
