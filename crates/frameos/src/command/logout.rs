//! `frameos logout`: ends a session on the server and forgets its tokens.

use clap::Args;
use frameos_contract::account::RefreshRequest;

use crate::{
    client::{Client, Connection},
    credentials::Credentials,
    failure::{Failure, Result},
    output,
};

#[derive(Debug, Args)]
pub struct Logout {
    /// Saved login to end [default: the only one]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// End every saved login
    #[arg(long, conflicts_with = "profile")]
    all: bool,
}

pub async fn run(args: &Logout) -> Result<()> {
    for name in names(args)? {
        let Some(profile) = Credentials::update(|credentials| credentials.remove(&name))? else { continue };
        let connection = Connection { server: Some(profile.server), profile: None };
        let request = RefreshRequest { refresh_token: profile.refresh_token };
        let ended = match Client::signed_out(&connection) {
            Ok(mut client) => client.post_once(&["auth", "logout"], &request).await.map(drop),
            Err(failure) => Err(failure),
        };
        match ended {
            Ok(()) => output::line(&format!("logged out of `{name}`"))?,
            Err(failure) => {
                output::note(&format!("forgot `{name}`, but the server could not be told: {failure}"));
            }
        }
    }
    Ok(())
}

fn names(args: &Logout) -> Result<Vec<String>> {
    let credentials = Credentials::load()?;
    let saved: Vec<String> = credentials.profiles().map(|(name, _)| name.to_owned()).collect();
    let asked = Connection { server: None, profile: args.profile.clone() }.profile();
    match (asked, saved.as_slice()) {
        (_, []) => Err(Failure::failed("there is no saved login")),
        _ if args.all => Ok(saved),
        (Some(name), saved) if saved.contains(&name) => Ok(vec![name]),
        (Some(name), saved) => {
            Err(Failure::failed(format!("no login `{name}`; there are: {}", saved.join(", "))))
        }
        (None, [only]) => Ok(vec![only.clone()]),
        (None, saved) => {
            Err(Failure::usage(format!("choose one with --profile ({}), or --all", saved.join(", "))))
        }
    }
}
