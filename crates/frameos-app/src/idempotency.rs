//! Answering a repeated request with its first answer.
//!
//! A key belongs to one account and one request (its fingerprint) and is kept for a day. A request that never finished may
//! be taken over once its lock has run out: what it did by then is found again, because what it made has the ids that the
//! key gives ([`Mint`]), or keys of its own.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use frameos_domain::{
    clock::Timestamp,
    id::{Id, Kind},
};
use frameos_store::idempotency::{self, IdempotencyState, IdempotentRequest};

use crate::{
    app::App,
    error::{AppError, Result},
};

/// Short enough for a client whose request died with its process; renewed while a request is at work.
const LOCK: Duration = Duration::from_secs(20);
/// How often it is renewed.
pub const IDEMPOTENCY_RENEWED: Duration = Duration::from_secs(6);

/// A claimed key, to be finished or abandoned.
#[derive(Debug)]
pub struct IdempotencyTicket {
    account: String,
    key: String,
    since: Timestamp,
    is_repeat: bool,
}

/// Gives ids to what a request makes: under a key the same ones each time, so that a request which died between its effect and
/// its answer finds what it made when it is repeated.
#[derive(Debug, Clone, Copy)]
pub struct Mint {
    at: Timestamp,
    seed: Option<[u8; 32]>,
    is_repeat: bool,
}

impl Mint {
    /// For a request without a key: each id is new.
    pub const fn fresh(at: Timestamp) -> Self {
        Self { at, seed: None, is_repeat: false }
    }

    /// The one id of its kind that this request gives.
    pub(crate) fn id<K: Kind>(&self) -> Id<K> {
        let Some(seed) = self.seed else { return Id::generate(self.at) };
        let hash = digest(&SHA256, &[&seed, K::PREFIX.as_bytes()].concat());
        let mut entropy = [0; 10];
        entropy.copy_from_slice(&hash.as_ref()[..10]);
        Id::new(self.at, entropy)
    }

    /// Whether an earlier attempt at this request may have had its effect.
    pub(crate) const fn is_repeat(&self) -> bool {
        self.is_repeat
    }
}

impl IdempotencyTicket {
    pub fn mint(&self) -> Mint {
        // The time keeps a key that is used again after it was forgotten from naming the same things.
        let text = format!("{}\n{}\n{}", self.account, self.key, self.since.as_micros());
        let mut seed = [0; 32];
        seed.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Mint { at: self.since, seed: Some(seed), is_repeat: self.is_repeat }
    }
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
    let (of, named) = (account.clone(), key.clone());
    let state = app.store().tx(move |tx| {
        Box::pin(async move {
            let request = IdempotentRequest { account_id: &account, key: &key, fingerprint: &fingerprint };
            idempotency::idempotency_begin(tx, request, now, now.plus(LOCK)).await
        })
    });
    match state.await? {
        IdempotencyState::Fresh(since) => {
            Ok(Begin::New(IdempotencyTicket { account: of, key: named, since, is_repeat: since != now }))
        }
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

/// Keeps the key for a request that is still at work.
pub async fn idempotency_renew(app: &App, ticket: &IdempotencyTicket) -> Result<()> {
    let (account, key, until) = (ticket.account.clone(), ticket.key.clone(), app.now().plus(LOCK));
    Ok(app
        .store()
        .tx(move |tx| {
            Box::pin(async move { idempotency::idempotency_renew(tx, &account, &key, until).await })
        })
        .await?)
}

/// Lets the request be tried again as the same: it failed by our fault, and may have had its effect.
pub async fn idempotency_unlock(app: &App, ticket: IdempotencyTicket) -> Result<()> {
    Ok(app
        .store()
        .tx(move |tx| {
            Box::pin(async move { idempotency::idempotency_unlock(tx, &ticket.account, &ticket.key).await })
        })
        .await?)
}

/// Frees the key: the request was refused and did nothing, and its next may be another.
pub async fn idempotency_abandon(app: &App, ticket: IdempotencyTicket) -> Result<()> {
    Ok(app
        .store()
        .tx(move |tx| {
            Box::pin(async move { idempotency::idempotency_abandon(tx, &ticket.account, &ticket.key).await })
        })
        .await?)
}
