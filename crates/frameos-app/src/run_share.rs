//! Showing a run to others by a link: whoever has it reads the run, and nothing else.
//!
//! Invariants: a link leads to one run, ends by itself, and is taken back by its owner at any time; it shows what came out, never
//! what went in or whose run it is. There are no teams: a link is how a run is shown to one.

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, UserId},
};
use frameos_store::{execution, run_share};

use crate::{
    account::secret_hash,
    app::App,
    error::{AppError, Result},
    execution::{ExecutionView, execution_get},
    session::secret_create,
};

const DAY: Duration = Duration::from_secs(24 * 3600);
const DAYS: u32 = 7;
const MOST_DAYS: u32 = 90;

/// A link that was made.
#[derive(Debug, Clone)]
pub struct RunShared {
    /// Shown once.
    pub token: String,
    pub url: String,
    pub expires_at: Timestamp,
}

/// Makes a link to one of the user's runs. An earlier one stops working.
pub async fn run_share(app: &App, user: UserId, id: ExecutionId, days: Option<u32>) -> Result<RunShared> {
    let days = days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(AppError::field("days", format!("must be between 1 and {MOST_DAYS}")));
    }
    let (token, hash) = secret_create("fosr_")?;
    let now = app.now();
    let expires_at = now.plus(DAY * days);
    let shared = app.store().tx(move |tx| {
        Box::pin(async move {
            if execution::execution_get(tx, user, id).await?.is_none() {
                return Ok(false);
            }
            run_share::run_share_put(tx, user, id, &hash, (now, expires_at)).await?;
            Ok(true)
        })
    });
    if !shared.await? {
        return Err(AppError::not_found("execution"));
    }
    let url = format!("{}/shared/{token}", app.settings.public_url.trim_end_matches('/'));
    Ok(RunShared { token, url, expires_at })
}

/// Until when one of the user's runs is shown by a link.
pub async fn run_share_get(app: &App, user: UserId, id: ExecutionId) -> Result<Option<Timestamp>> {
    let now = app.now();
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            if execution::execution_get(tx, user, id).await?.is_none() {
                return Ok(None);
            }
            Ok(Some(run_share::run_share_get(tx, user, id, now).await?))
        })
    });
    found.await?.ok_or(AppError::not_found("execution"))
}

/// Takes the link to a run back.
pub async fn run_unshare(app: &App, user: UserId, id: ExecutionId) -> Result<()> {
    let done =
        app.store().tx(move |tx| Box::pin(async move { run_share::run_share_delete(tx, user, id).await }));
    if done.await? { Ok(()) } else { Err(AppError::not_found("link")) }
}

/// The run a link leads to, and until when it does.
pub async fn shared_run_get(app: &App, token: &str) -> Result<(ExecutionView, Timestamp)> {
    let (hash, now) = (secret_hash(token.trim()), app.now());
    let found = app
        .store()
        .read(move |tx| Box::pin(async move { run_share::run_share_find_unscoped(tx, &hash, now).await }));
    let (user, id, expires_at) = found.await?.ok_or(AppError::not_found("shared run"))?;
    Ok((execution_get(app, user, id).await?, expires_at))
}
