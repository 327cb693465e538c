//! The execution token: one running attempt's identity, for what it says of itself over HTTP.
//!
//! Invariants: only its SHA-256 is stored; it is worth something while the attempt it was given to holds its lease, and at most
//! five minutes (`run_token.rs` of the store); it proves nothing but which run asks; what is said by it is cleared of the run's
//! secrets and of itself.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use frameos_domain::{clock::Timestamp, id::ExecutionId, manifest::Manifest};
use frameos_store::{
    execution,
    live::Progress,
    run_event::{LogStream, RunEvent, RunEventKind},
    run_token::{self, Said},
    version,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    app::App,
    bare_run::run_redactor,
    error::{AppError, Result},
    tell::progress_clean,
};

/// What a token begins with.
pub const RUN_TOKEN_PREFIX: &str = "exec_";
/// The environment variable an agent finds its token in.
pub(crate) const RUN_TOKEN_VARIABLE: &str = "FRAMEOS_EXECUTION_TOKEN";
/// What one run may say in a second, over HTTP and in one process.
const SAID_PER_SECOND: u32 = 20;
/// Runs whose pace is remembered before those that are silent are forgotten.
const PACES_MAX: usize = 1_024;
const LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];
const MESSAGE_MAX: usize = 8 * 1024;

/// A new token.
pub(crate) fn run_token_create() -> Result<SecretString> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| AppError::internal("the system random source failed"))?;
    Ok(format!("{RUN_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into())
}

/// What is stored of a token.
pub(crate) fn run_token_hash(token: &str) -> String {
    hex::encode(digest(&SHA256, token.as_bytes()))
}

/// A run that proved itself by its token.
#[derive(Clone)]
pub struct RunIdentity {
    execution_id: ExecutionId,
    token: SecretString,
}

/// Proves that `token` is that of the run `id`, at this moment.
pub async fn run_authenticate(app: &App, id: ExecutionId, token: &str) -> Result<RunIdentity> {
    let (hash, now) = (run_token_hash(token), app.now());
    let good = token.starts_with(RUN_TOKEN_PREFIX)
        && app
            .store()
            .read(move |tx| {
                Box::pin(async move { run_token::run_token_check_unscoped(tx, id, &hash, now).await })
            })
            .await?;
    if good { Ok(RunIdentity { execution_id: id, token: token.to_owned().into() }) } else { Err(refused()) }
}

/// Notes how far the run is.
pub async fn run_progress(app: &App, run: &RunIdentity, fraction: f64, message: &str) -> Result<()> {
    if !(0.0..=1.0).contains(&fraction) {
        return Err(AppError::field("fraction", "must be a number from 0 to 1"));
    }
    let redactor = redactor_load(app, run).await?;
    let said = progress_clean(&redactor, fraction, message);
    let kind = RunEventKind::Progress { fraction, message: said.message.clone() };
    say(app, run, kind, Some(said)).await
}

/// Notes a log entry of the run.
pub async fn run_log(app: &App, run: &RunIdentity, level: &str, message: &str) -> Result<()> {
    if !LEVELS.contains(&level) {
        return Err(AppError::field("level", format!("must be one of {}", LEVELS.join(", "))));
    }
    if message.len() > MESSAGE_MAX {
        return Err(AppError::field("message", format!("must have at most {MESSAGE_MAX} bytes")));
    }
    let message = redactor_load(app, run).await?.redact(message);
    let kind = RunEventKind::Log { stream: LogStream::Log, level: Some(level.to_owned()), message };
    say(app, run, kind, None).await
}

async fn redactor_load(app: &App, run: &RunIdentity) -> Result<frameos_domain::redact::Redactor> {
    if !app.paces.may_go(run.execution_id, app.now()) {
        return Err(AppError::RateLimited {
            message: format!("a run may say {SAID_PER_SECOND} things in a second; wait a second"),
            retry_after: Duration::from_secs(1),
        });
    }
    let id = run.execution_id;
    let (row, version) = app
        .store()
        .read(move |tx| {
            Box::pin(async move {
                let Some(row) = execution::execution_get_unscoped(tx, id).await? else { return Ok(None) };
                let version = version::version_get_unscoped(tx, row.version_id).await?;
                Ok(version.map(|version| (row, version)))
            })
        })
        .await?
        .ok_or_else(refused)?;
    let manifest = Manifest::parse(&version.manifest).map_err(AppError::internal)?;
    Ok(run_redactor(&manifest, &row.inputs, Some(run.token.expose_secret())))
}

async fn say(app: &App, run: &RunIdentity, kind: RunEventKind, progress: Option<Progress>) -> Result<()> {
    let (id, hash) = (run.execution_id, run_token_hash(run.token.expose_secret()));
    let event = RunEvent { at: app.now(), kind };
    let said = app.store().tx(move |tx| {
        Box::pin(
            async move { run_token::run_token_say_unscoped(tx, id, &hash, &event, progress.as_ref()).await },
        )
    });
    match said.await? {
        Said::Noted => Ok(()),
        Said::NoToken => Err(refused()),
        Said::TooMuch => Err(AppError::RateLimited {
            message: "this run has said all that is kept of one run".into(),
            retry_after: Duration::from_millis(run_token::TOKEN_LONGEST_MS),
        }),
    }
}

fn refused() -> AppError {
    AppError::Unauthenticated {
        code: "UNAUTHENTICATED",
        message: "send the run's own execution token, while it runs: `Authorization: Bearer exec_…`".into(),
    }
}

/// How much each run said in the second at hand.
#[derive(Default)]
pub(crate) struct Paces {
    runs: Mutex<HashMap<ExecutionId, (i64, u32)>>,
}

impl Paces {
    fn may_go(&self, id: ExecutionId, now: Timestamp) -> bool {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.len() >= PACES_MAX {
            runs.retain(|_, (second, _)| *second == now.as_secs());
        }
        let pace = runs.entry(id).or_default();
        if pace.0 != now.as_secs() {
            *pace = (now.as_secs(), 0);
        }
        pace.1 += 1;
        pace.1 <= SAID_PER_SECOND
    }
}

#[cfg(test)]
mod tests {
    use frameos_domain::id::Id;

    use super::*;

    #[test]
    fn a_run_that_says_too_much_waits_and_others_do_not() {
        let paces = Paces::default();
        let at = |micros: i64| Timestamp::from_micros(1_795_000_000_000_000 + micros);
        let (one, other) = (Id::new(at(0), [1; 10]), Id::new(at(0), [2; 10]));
        let passed = (0..100).filter(|_| paces.may_go(one, at(0))).count();
        assert_eq!(passed, SAID_PER_SECOND as usize);
        assert!(paces.may_go(other, at(0)) && paces.may_go(one, at(1_000_000)));
    }
}
