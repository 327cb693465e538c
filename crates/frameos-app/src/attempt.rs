//! The begin of an attempt: from a claimed ticket to a running run, in the claim's own transaction.
//!
//! Invariants: an attempt begins only while its ticket is this claim's; a run out of attempts is not begun again; a run that
//! cannot be begun keeps no other from being claimed.

use std::collections::BTreeMap;

use frameos_domain::{clock::Timestamp, execution::RunStatus};
use frameos_store::{
    StoreError, Tx,
    execution::{self, Execution},
    ticket::{self, ClaimRules, Lease, Ticket},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::{
    app::App,
    error::Result,
    run_token::{run_token_create, run_token_hash},
};

/// Tries a run gets in all.
pub(crate) const ATTEMPTS: i64 = 3;

/// A run that this worker has claimed.
pub(crate) struct Claimed {
    pub(crate) ticket: Ticket,
    pub(crate) token: SecretString,
    /// None when the claim could not begin it.
    pub(crate) begun: Option<Begun>,
    /// When the claim began, on both clocks: its lease counts from then, however long the claim took.
    pub(crate) claimed_from: (Timestamp, Instant),
}

/// What a claim finds.
pub(crate) enum Begun {
    /// With the state it was in.
    Running(Box<Execution>, RunStatus),
    /// Cancelled, or out of attempts.
    Over(Box<Execution>),
    /// Its end is written already, or the claim was lost.
    Nothing,
}

/// Claims up to `most` runs and begins them, in one transaction.
pub(crate) async fn runs_claim(
    app: &App,
    lease: Lease,
    most: u32,
    rules: ClaimRules,
) -> std::result::Result<Vec<Claimed>, StoreError> {
    let claimed_from = (lease.now, Instant::now());
    let tokens = (0..most).map(|_| run_token_create()).collect::<Result<Vec<_>>>();
    let tokens = tokens.map_err(|error| StoreError::Unavailable {
        what: "no tokens for runs",
        source: Some(Box::new(error)),
    })?;
    let hashes: Vec<String> = tokens.iter().map(|token| run_token_hash(token.expose_secret())).collect();
    let (begin, claim, given) = (Begin::of(app, &lease), lease.clone(), (tokens.clone(), hashes.clone()));
    let begun = app.store().tx_claim(move |tx| {
        Box::pin(async move {
            let (tokens, hashes) = given;
            let tickets = ticket::ticket_claim(tx, &claim, &hashes, rules).await?;
            let begun = begin.begin(tx, &tickets).await?;
            let claimed = tickets.into_iter().zip(tokens).zip(begun);
            Ok(claimed
                .map(|((ticket, token), begun)| Claimed { ticket, token, begun: Some(begun), claimed_from })
                .collect())
        })
    });
    match begun.await {
        Err(error) if !error.is_transient() => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "some of the next runs cannot be begun together; each is begun by itself"
            );
        }
        begun => return begun,
    }
    let tickets = app
        .store()
        .tx_claim(move |tx| Box::pin(async move { ticket::ticket_claim(tx, &lease, &hashes, rules).await }))
        .await?;
    let claimed = tickets.into_iter().zip(tokens).map(|(ticket, token)| Claimed {
        ticket,
        token,
        begun: None,
        claimed_from,
    });
    Ok(claimed.collect())
}

/// Begins one that was claimed but not begun. A worker that was paused in between must not touch what another does now.
pub(crate) async fn attempt_begin(app: &App, ticket: &Ticket) -> Result<Begun> {
    let now = app.now();
    let lease = Lease { owner: app.settings.worker_name.clone(), now, until: now.plus(app.settings.lease) };
    let (begin, held) = (Begin::of(app, &lease), ticket.clone());
    let begun = app.store().tx(move |tx| {
        Box::pin(async move {
            let Lease { owner, until, .. } = &lease;
            if !ticket::ticket_renew(tx, held.id, held.attempt, owner, *until).await? {
                return Ok(Begun::Nothing);
            }
            Ok(begin.begin(tx, &[held]).await?.pop().unwrap_or(Begun::Nothing))
        })
    });
    Ok(begun.await?)
}

/// Puts a run whose attempt has begun and not started back into the queue, as if it had not been claimed.
pub(crate) async fn attempt_give_back(app: &App, ticket: &Ticket, attempt: i64) -> Result<()> {
    let (held, owner, now) = (ticket.clone(), app.settings.worker_name.clone(), app.now());
    let given = app.store().tx(move |tx| {
        Box::pin(async move {
            if ticket::ticket_release(tx, held.id, held.attempt, &owner, now).await? {
                execution::execution_unbegin(tx, held.execution_id, attempt).await?;
            }
            Ok(())
        })
    });
    Ok(given.await?)
}

/// Who begins, and under what.
struct Begin {
    worker: String,
    isolation: Option<String>,
    now: Timestamp,
}

impl Begin {
    fn of(app: &App, lease: &Lease) -> Self {
        let isolation = app.runner.as_ref().map(|runner| runner.tier());
        Self { worker: lease.owner.clone(), isolation, now: lease.now }
    }

    /// Takes each run from queued to running, or says that there is nothing to run. The tickets must be this claim's.
    async fn begin(&self, tx: &mut Tx, tickets: &[Ticket]) -> std::result::Result<Vec<Begun>, StoreError> {
        let ids: Vec<_> = tickets.iter().map(|ticket| ticket.execution_id).collect();
        let mut found = Vec::with_capacity(tickets.len());
        let mut ready = Vec::with_capacity(tickets.len());
        for (ticket, row) in tickets.iter().zip(execution::executions_get_unscoped(tx, &ids).await?) {
            let alive = row.filter(|row| matches!(row.status, RunStatus::Queued | RunStatus::Running));
            match &alive {
                None => drop(ticket::ticket_delete(tx, ticket.id, ticket.attempt).await?),
                Some(row) if is_over(row) => execution::execution_attempt_lost(tx, row.id, self.now).await?,
                Some(row) => ready.push(row.id),
            }
            found.push(alive);
        }
        let isolation = self.isolation.clone();
        let numbers = execution::executions_begin(tx, &ready, &self.worker, isolation, self.now).await?;
        let mut numbers: BTreeMap<_, _> = ready.into_iter().zip(numbers).collect();
        let begun = found.into_iter().map(|row| match row {
            None => Begun::Nothing,
            Some(row) if is_over(&row) => Begun::Over(Box::new(row)),
            Some(row) => {
                let (status, started_at) = (RunStatus::Running, Some(self.now));
                numbers.remove(&row.id).flatten().map_or(Begun::Nothing, |attempt| {
                    let found = row.status;
                    Begun::Running(Box::new(Execution { status, attempt, started_at, ..row }), found)
                })
            }
        });
        Ok(begun.collect())
    }
}

fn is_over(row: &Execution) -> bool {
    row.cancel_requested || row.attempt >= ATTEMPTS
}
