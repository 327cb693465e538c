//! Answering a repeated request with its first answer.
//!
//! A key belongs to one account and one request (its fingerprint) and is kept for a day. A request that never finished may
//! be taken over once its lock has run out; what it did by then is found again by its own unique keys.

use std::time::Duration;

use frameos_store::idempotency::{self, IdempotencyState, IdempotentRequest};

use crate::{
    app::App,
    error::{AppError, Result},
};

/// Longer than any request takes that does not wait for a run (whose repeat waits for the same run), and short enough for a client
/// whose request died with its process.
const LOCK: Duration = Duration::from_secs(20);

/// A claimed key, to be finished or abandoned.
#[derive(Debug)]
pub struct IdempotencyTicket {
    account: String,
    key: String,
}

/// What to do with a request.
#[derive(Debug)]
pub enum Begin {
    New(IdempotencyTicket),
    /// The first answer, byte for byte.
    Replay {
        status: u16,
        body: Vec<u8>,
    },
}

/// Claims `key` for a request of this account.
pub async fn idempotency_begin(app: &App, account: &str, key: &str, fingerprint: &str) -> Result<Begin> {
    let now = app.now();
    let (account, key, fingerprint) = (account.to_owned(), key.to_owned(), fingerprint.to_owned());
    let ticket = IdempotencyTicket { account: account.clone(), key: key.clone() };
    let state = app.store().tx(move |tx| {
        Box::pin(async move {
            let request = IdempotentRequest { account_id: &account, key: &key, fingerprint: &fingerprint };
            idempotency::idempotency_begin(tx, request, now, now.plus(LOCK)).await
        })
    });
    match state.await? {
        IdempotencyState::Fresh => Ok(Begin::New(ticket)),
        IdempotencyState::Done { status, body } => {
            Ok(Begin::Replay { status: u16::try_from(status).map_err(AppError::internal)?, body })
        }
        IdempotencyState::Running => Err(key_running()),
        IdempotencyState::Mismatch => Err(key_reused()),
    }
}

/// Keeps the refusal of a request that takes no key before it is accepted: a trigger, whose record is its run.
pub async fn idempotency_refusal_keep(
    app: &App,
    account: &str,
    key: &str,
    fingerprint: &str,
    (status, body): (u16, &[u8]),
) -> Result<()> {
    let now = app.now();
    let (account, key, fingerprint) = (account.to_owned(), key.to_owned(), fingerprint.to_owned());
    let body = body.to_vec();
    Ok(app
        .store()
        .tx(move |tx| {
            Box::pin(async move {
                let request =
                    IdempotentRequest { account_id: &account, key: &key, fingerprint: &fingerprint };
                idempotency::idempotency_keep(tx, request, (u32::from(status), &body), now).await
            })
        })
        .await?)
}

pub(crate) fn key_running() -> AppError {
    AppError::conflict(
        "IDEMPOTENCY_IN_PROGRESS",
        "a request with this Idempotency-Key is still running; ask again in a moment",
    )
}

pub(crate) fn key_reused() -> AppError {
    AppError::invalid(
        "IDEMPOTENCY_KEY_REUSED",
        "this Idempotency-Key was used for another request; use a new one",
    )
}

/// Keeps the answer.
pub async fn idempotency_finish(
    app: &App,
    ticket: IdempotencyTicket,
    status: u16,
    body: &[u8],
) -> Result<()> {
    let body = body.to_vec();
    Ok(app
        .store()
        .tx(move |tx| {
            Box::pin(async move {
                idempotency::idempotency_finish(tx, &ticket.account, &ticket.key, u32::from(status), &body)
                    .await
            })
        })
        .await?)
}

/// Frees the key, so that the request may be tried again.
pub async fn idempotency_abandon(app: &App, ticket: IdempotencyTicket) -> Result<()> {
    Ok(app
        .store()
        .tx(move |tx| {
            Box::pin(async move { idempotency::idempotency_abandon(tx, &ticket.account, &ticket.key).await })
        })
        .await?)
}
