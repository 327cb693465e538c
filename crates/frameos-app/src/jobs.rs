//! Jobs on the queue: what the platform does on its own besides running agents.
//!
//! Invariants: a job is a struct that travels as JSON, a name, and work that bears repetition: it may be interrupted anywhere
//! and done again by another worker. One that fails is logged and tried again, ever more slowly.

use std::time::Duration;

use frameos_domain::clock::Timestamp;
use frameos_store::{
    Tx, idempotency,
    job::{self, JobNew, JobTicket},
    mail_token, notification, personal_token, review, run_event, run_share, session, stats, throttle,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio_util::sync::CancellationToken;

use crate::{
    account_mail::AccountMail,
    app::App,
    error::{AppError, Result},
    login::THROTTLES_KEPT,
    mail::PlainMail,
    news::{DeployersMail, DeveloperMail, UserMail},
    notification::NOTIFICATIONS_KEPT,
    payout::{DeveloperPayout, PayoutFollow, PayoutRun, payouts_begin},
    refund::RefundFinish,
    subscription::{SubscriptionMail, SubscriptionStep, due_add},
    webhook::{self, WebhookDelivery},
};

/// What is to become of a job that was worked on.
pub(crate) enum Next {
    Done,
    /// The same again, after this time.
    Again(Duration),
}

/// Work on the queue.
pub(crate) trait Job: Serialize + DeserializeOwned + Send + Sync {
    const NAME: &'static str;

    /// Does it. May be called again after any failure, and by two workers at once when the first has lost its lease.
    fn run(self, app: &App) -> impl Future<Output = Result<Next>> + Send;
}

/// Puts a job into the queue, with the transaction. False when one of this key waits already.
pub(crate) async fn job_add<J: Job>(
    tx: &mut Tx,
    job: &J,
    key: &str,
    run_at: Timestamp,
    now: Timestamp,
) -> std::result::Result<bool, frameos_store::StoreError> {
    job::job_enqueue(tx, &job_new(job, key, run_at)?, now).await
}

pub(crate) fn job_new<J: Job>(
    job: &J,
    key: &str,
    run_at: Timestamp,
) -> std::result::Result<JobNew, frameos_store::StoreError> {
    let payload = serde_json::to_value(job)
        .map_err(|error| frameos_store::StoreError::Corrupt { what: format!("a job: {error}") })?;
    Ok(JobNew { kind: J::NAME, key: key.to_owned(), payload, run_at })
}

/// Works on a claimed job.
pub(crate) async fn job_work(app: &App, ticket: &JobTicket) -> Result<()> {
    match ticket.kind.as_str() {
        StatisticsRollUp::NAME => work::<StatisticsRollUp>(app, ticket).await,
        Sweep::NAME => work::<Sweep>(app, ticket).await,
        SubscriptionStep::NAME => work::<SubscriptionStep>(app, ticket).await,
        SubscriptionMail::NAME => work::<SubscriptionMail>(app, ticket).await,
        WebhookDelivery::NAME => work::<WebhookDelivery>(app, ticket).await,
        PayoutRun::NAME => work::<PayoutRun>(app, ticket).await,
        DeveloperPayout::NAME => work::<DeveloperPayout>(app, ticket).await,
        PayoutFollow::NAME => work::<PayoutFollow>(app, ticket).await,
        DeveloperMail::NAME => work::<DeveloperMail>(app, ticket).await,
        DeployersMail::NAME => work::<DeployersMail>(app, ticket).await,
        UserMail::NAME => work::<UserMail>(app, ticket).await,
        PlainMail::NAME => work::<PlainMail>(app, ticket).await,
        AccountMail::NAME => work::<AccountMail>(app, ticket).await,
        RefundFinish::NAME => work::<RefundFinish>(app, ticket).await,
        // A newer process enqueued it, and will come for it.
        other => Err(AppError::internal(format!("a job of unknown kind `{other}`"))),
    }
}

const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LONGEST: Duration = Duration::from_secs(300);

async fn work<J: Job>(app: &App, ticket: &JobTicket) -> Result<()> {
    let job: J = serde_json::from_value(ticket.payload.clone()).map_err(AppError::internal)?;
    let next = match job.run(app).await {
        Ok(next) => next,
        Err(error) => {
            tracing::error!(
                job = J::NAME,
                error = &error as &dyn std::error::Error,
                "a job failed; it will be tried again"
            );
            let doublings = u32::try_from(ticket.attempt.clamp(1, 10) - 1).unwrap_or(0);
            Next::Again((RETRY_FIRST * 2_u32.pow(doublings)).min(RETRY_LONGEST))
        }
    };
    let held = ticket.clone();
    match next {
        Next::Done => app.jobs.finish(held).await?,
        Next::Again(after) => {
            let at = app.now().plus(after);
            app.store().tx(move |tx| Box::pin(async move { job::job_release(tx, &held, at).await })).await?
        }
    };
    Ok(())
}

/// Counts finished runs into the statistics, and reviews into ratings.
#[derive(Serialize, Deserialize)]
struct StatisticsRollUp {}

const EVENTS_AT_ONCE: u32 = 500;

impl Job for StatisticsRollUp {
    const NAME: &'static str = "statistics";

    async fn run(self, app: &App) -> Result<Next> {
        loop {
            let now = app.now();
            let moved = app
                .store()
                .tx(move |tx| {
                    Box::pin(async move {
                        let runs = stats::stats_rollup_unscoped(tx, EVENTS_AT_ONCE, now).await?;
                        let reviews = review::ratings_rollup_unscoped(tx, EVENTS_AT_ONCE, now).await?;
                        Ok(runs.max(reviews))
                    })
                })
                .await?;
            if moved < EVENTS_AT_ONCE as usize {
                return Ok(Next::Done);
            }
        }
    }
}

/// Removes what would otherwise pile up.
#[derive(Serialize, Deserialize)]
struct Sweep {}

/// How long an answer is kept for its idempotency key.
const IDEMPOTENCY_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long the events of a run are kept; its logs stay.
const RUN_EVENTS_KEPT: Duration = Duration::from_secs(24 * 3600);

/// How long an expired personal access token is listed, for its owner to see why it stopped working.
const EXPIRED_TOKENS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

impl Job for Sweep {
    const NAME: &'static str = "sweep";

    async fn run(self, app: &App) -> Result<Next> {
        let now = app.now();
        app.store()
            .tx(move |tx| {
                Box::pin(async move {
                    idempotency::idempotency_purge_unscoped(tx, before(now, IDEMPOTENCY_KEPT)).await?;
                    run_event::run_events_purge_unscoped(tx, before(now, RUN_EVENTS_KEPT)).await?;
                    webhook::deliveries_purge_unscoped(tx, now).await?;
                    mail_token::mail_tokens_purge_unscoped(tx, now).await?;
                    personal_token::personal_tokens_purge_unscoped(tx, before(now, EXPIRED_TOKENS_KEPT))
                        .await?;
                    run_share::run_shares_purge_unscoped(tx, now).await?;
                    notification::notifications_purge_unscoped(tx, before(now, NOTIFICATIONS_KEPT)).await?;
                    throttle::throttles_purge_unscoped(tx, before(now, THROTTLES_KEPT)).await?;
                    session::session_purge_unscoped(tx, now).await.map(drop)
                })
            })
            .await?;
        Ok(Next::Done)
    }
}

const LOOK_EVERY: Duration = Duration::from_secs(1);
const SWEEP_EVERY: u32 = 300;

/// Enqueues what recurs, until `stop`. In every process: the queue keeps one of each.
pub async fn jobs_run(app: App, stop: CancellationToken) {
    let (mut turn, mut period) = (0_u32, None);
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = recurring_add(&app, turn.is_multiple_of(SWEEP_EVERY)).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "recurring jobs were not enqueued");
        }
        if let Err(error) = payouts_begin(&app, &mut period).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "the period's payouts were not begun");
        }
        turn = turn.wrapping_add(1);
    }
}

async fn recurring_add(app: &App, sweep: bool) -> Result<()> {
    due_add(app).await?;
    let uncounted = app.store().read(|tx| {
        Box::pin(async move {
            Ok(stats::stat_events_wait_unscoped(tx).await? || review::rating_events_wait_unscoped(tx).await?)
        })
    });
    let uncounted = uncounted.await?;
    if !uncounted && !sweep {
        return Ok(());
    }
    let now = app.now();
    if uncounted {
        app.jobs.add(job_new(&StatisticsRollUp {}, "all", now)?, now).await?;
    }
    if sweep {
        app.jobs.add(job_new(&Sweep {}, "all", now)?, now).await?;
    }
    Ok(())
}

fn before(now: Timestamp, kept: Duration) -> Timestamp {
    Timestamp::from_micros(now.as_micros() - i64::try_from(kept.as_micros()).unwrap_or(i64::MAX))
}
