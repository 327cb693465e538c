//! `frameos login`: trades e-mail and password for tokens, and keeps those.
//!
//! The password is never an argument and never saved.

use clap::Args;
use frameos_contract::account::{LoginRequest, TokenPair};
use serde_json::json;

use super::register::warn_if_exposed;
use crate::{
    client::{self, Client, Connection},
    credentials::{Credentials, Profile},
    failure::Result,
    output, secret_prompt,
};

#[derive(Debug, Args)]
#[command(
    after_help = "The login is saved under its role (user, developer or admin) unless --profile names it."
)]
pub struct Login {
    #[command(flatten)]
    connection: Connection,
    #[arg(long)]
    email: String,
    /// Read the password from stdin's first line [also: FRAMEOS_PASSWORD, or the terminal]
    #[arg(long)]
    password_stdin: bool,
    /// Six digits, when the account has a second factor
    #[arg(long, value_name = "CODE")]
    otp: Option<String>,
    /// Print who is logged in as JSON; tokens are not shown
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Login) -> Result<()> {
    let mut client = Client::signed_out(&args.connection)?;
    warn_if_exposed(&client);
    let mut request = LoginRequest {
        email: args.email.clone(),
        password: secret_prompt::password("Password: ", args.password_stdin)?,
        otp: args.otp.clone(),
    };
    let answer = match client.post_once(&["auth", "login"], &request).await {
        Err(failure)
            if failure.is_code("OTP_REQUIRED")
                && request.otp.is_none()
                && secret_prompt::is_interactive() =>
        {
            request.otp = Some(secret_prompt::one_time_code()?);
            client.post_once(&["auth", "login"], &request).await?
        }
        result => result?,
    };
    let tokens: TokenPair = client::read(answer)?;
    let name = args.connection.profile().unwrap_or_else(|| tokens.role.clone());
    let profile = Profile {
        server: client.server().to_owned(),
        email: args.email.clone(),
        role: tokens.role.clone(),
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
    };
    Credentials::update(|credentials| credentials.set(&name, profile))?;
    if args.json {
        let server = client.server();
        return output::json(
            &json!({"profile": name, "role": tokens.role, "email": args.email, "server": server}),
        );
    }
    output::line(&format!(
        "logged in to {} as {} ({}), saved as `{name}`",
        client.server(),
        args.email,
        tokens.role
    ))
}
