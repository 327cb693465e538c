//! `frameos admin keys`: the master keys, and the change to a new one while everything runs. Works on the installation's own data.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};
use serde_json::json;

use crate::{failure::Result, output, server_config::ServerArgs};

const TELL_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Show the master keys, and how much each has encrypted
    List(Plain),
    /// Encrypt everything with a new master key, while servers run
    Rotate(Rotate),
    /// Give up the old master keys, once nothing is encrypted with them
    Retire(Plain),
}

#[derive(Debug, Args)]
pub struct Plain {
    #[command(flatten)]
    server: ServerArgs,
    /// Print the keys as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Makes keys/master-<id>.key, has it write, and encrypts again what others have encrypted. Running processes of this \
                  data directory take the new key within seconds. Stopped at any moment, the same command goes on. With data \
                  directories elsewhere: first --prepare, carry the file there, then without.\n\nWith FRAMEOS_MASTER_KEY: give every \
                  process NEW,OLD instead of OLD, restart one after the other, then rotate."
)]
pub struct Rotate {
    #[command(flatten)]
    server: ServerArgs,
    /// Only make the key's file
    #[arg(long)]
    prepare: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &Keys) -> Result<()> {
    match command {
        Keys::List(args) => list(args).await,
        Keys::Rotate(args) => rotate(args).await,
        Keys::Retire(args) => retire(args).await,
    }
}

async fn list(args: &Plain) -> Result<()> {
    let keys = frameos_server::master_keys_list(args.server.load(&[])?).await?;
    if args.json {
        return output::json(&keys);
    }
    let rows = keys.into_iter().map(|key| {
        let given = if key.given { "yes" } else { "NO" };
        [key.key_id, key.state.to_owned(), given.to_owned(), key.values.to_string(), key.objects.to_string()]
    });
    output::table(["key id", "state", "given", "values", "objects"], rows)
}

async fn rotate(args: &Rotate) -> Result<()> {
    let config = args.server.load(&[])?;
    if args.prepare {
        let id = frameos_server::master_key_prepare(config).await?;
        if args.json {
            return output::json(&json!({"prepared_key_id": id}));
        }
        return output::line(&format!(
            "carry keys/master-{id}.key to the other data directories, then `frameos admin keys rotate`"
        ));
    }
    let rotated = Box::pin(frameos_server::master_key_rotate(config, progress())).await?;
    if args.json {
        return output::json(&rotated);
    }
    if rotated.resumed {
        output::line("went on with a rotation that was begun before")?;
    }
    output::line(&format!(
        "{} writes; {} values and {} objects were encrypted again, nothing is left of other keys",
        rotated.active_key_id, rotated.values, rotated.objects
    ))?;
    output::note(&format!(
        "{} can be given up with `frameos admin keys retire`; backups made before need it",
        rotated.old_key_ids.join(", ")
    ));
    Ok(())
}

async fn retire(args: &Plain) -> Result<()> {
    let config = args.server.load(&[])?;
    let is_configured = config.master_key.is_some();
    let retired = Box::pin(frameos_server::master_keys_retire(config, progress())).await?;
    if args.json {
        return output::json(&json!({"retired_key_ids": retired}));
    }
    if retired.is_empty() {
        return output::line("there is no old key");
    }
    output::line(&format!("{} given up: nothing here names it", retired.join(", ")))?;
    if is_configured {
        output::note("take it out of FRAMEOS_MASTER_KEY of every process at its next restart");
    }
    output::note(
        "backups made before need it: keep it with them, where a leak of it is not what this was about",
    );
    Ok(())
}

/// Says what is being done, once a second.
fn progress() -> frameos_server::Progress {
    let told = Mutex::new(None::<Instant>);
    Arc::new(move |what: &str| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
            *told = Some(Instant::now());
            output::note(what);
        }
    })
}
