//! Triggering a run: found, checked, paid for in advance by a hold, and queued.
//!
//! Invariants: a run without a mandate does not start unless it is free; the same idempotency key is the same run, because the
//! run's row is the record of its request. With the gateway's books in the same store, run, ticket and hold are one
//! transaction, and a refusal leaves nothing behind; otherwise the ticket is kept back until the money is held, and finishes
//! what a request that died had begun.

use frameos_domain::{
    clock::Timestamp,
    execution::RunStatus,
    id::{DeploymentId, ExecutionId, SubscriptionId, TicketId, UserId},
    manifest::Manifest,
    money::Money,
    pricing::RunTerms,
};
use frameos_gateway::{Decision, Purchase, purchase_place};
use frameos_store::{
    StoreError, Tx,
    deployment::{self, Offer},
    execution::{self, ExecutionNew as ExecutionInsert, KeyedExecution},
    free_run,
    idempotency::{self, IdempotencyState, IdempotentRequest},
    status::{AgentStatus, DeploymentStatus, ReviewStatus},
    subscription::{self, RunTaken},
    ticket::{self, TicketNew},
};
use serde_json::{Map, Value};
use tracing::{Instrument, Span, trace_span};

use super::execution_load;
use crate::{
    app::App,
    deployment::{banned, runnable_load, yanked_check},
    error::{AppError, Result},
    idempotency::key_reused,
    inputs::inputs_merge_compiled,
    manifest_cache::manifest_load,
    payment::{self, Bought, intent_new},
    pricing::run_price,
    subscription::{busy, used_up},
    trace::{TRACE, trace_parent},
};

/// What a run of a version without history is expected to take.
pub(crate) const ESTIMATE_MS: i64 = 1_000;

/// What a trigger says.
#[derive(Debug, Clone)]
pub struct ExecutionNew {
    pub deployment_id: String,
    pub inputs: Map<String, Value>,
    /// A shorter limit than the version's.
    pub timeout_ms: Option<u64>,
    /// Confirms a price above the policy's `confirm_above`.
    pub confirm: bool,
    /// Confirms a price up to so many minor units, and refuses a higher one.
    pub confirmed_amount: Option<i64>,
    pub idempotency_key: String,
    /// Tells a repeat from another request under the same key.
    pub fingerprint: String,
}

/// What a trigger is answered.
#[derive(Debug, Clone)]
pub enum Trigger {
    Started(Started),
    /// The same request was refused before; this was the answer.
    Refused {
        status: u16,
        body: Vec<u8>,
    },
}

/// A run that was accepted.
#[derive(Debug, Clone)]
pub struct Started {
    pub execution_id: ExecutionId,
    pub status: RunStatus,
    pub estimated_duration_ms: i64,
    /// Whether an earlier request of the same key was the one.
    pub is_repeat: bool,
}

/// The span of a trigger, in which a run's trace goes on.
pub(crate) fn trigger_span() -> Span {
    trace_span!(
        target: TRACE,
        "send run",
        otel.kind = "producer",
        messaging.system = "frameos",
        messaging.destination.name = "runs",
        messaging.operation.name = "send",
        frameos.execution.id = tracing::field::Empty,
    )
}

/// Triggers a run of a deployment.
pub async fn execution_start(app: &App, user: UserId, agent: &str, new: ExecutionNew) -> Result<Trigger> {
    execution_begin(app, user, agent, new).instrument(trigger_span()).await
}

async fn execution_begin(app: &App, user: UserId, agent: &str, new: ExecutionNew) -> Result<Trigger> {
    let found = found(app, user, &new).await?;
    if let Some(earlier) = found.earlier {
        return repeat(app, user, earlier, &new.fingerprint).await;
    }
    match found.kept {
        Some(IdempotencyState::Done { status, body }) => {
            return Ok(Trigger::Refused { status: u16::try_from(status).map_err(AppError::internal)?, body });
        }
        Some(IdempotencyState::Mismatch) => return Err(key_reused()),
        Some(IdempotencyState::Running | IdempotencyState::Fresh(_)) | None => {}
    }
    let (offer, estimated_duration_ms) = found.offer.ok_or(AppError::not_found("deployment"))?;
    let version_id = offer_check(app, agent, &offer).await?;
    let compiled = manifest_load(app, version_id).await?;
    let (price, terms) = run_price(app, user, &offer).await?;
    let now = app.now();
    let key = new.idempotency_key.clone();
    let fingerprint = new.fingerprint.clone();
    let insert = ExecutionInsert {
        id: ExecutionId::generate(now),
        deployment_id: offer.deployment_id,
        agent_id: offer.agent_id,
        user_id: user,
        version_id,
        timeout_ms: timeout_choose(&compiled.manifest, new.timeout_ms)?,
        version: offer.version,
        inputs: inputs_merge_compiled(&compiled, offer.config, new.inputs)?,
        salt: salt_create()?,
        price,
        terms,
        free_month: None,
        confirmed: new.confirm || new.confirmed_amount.is_some(),
        idempotency_key: new.idempotency_key,
        request_fingerprint: new.fingerprint,
        estimated_duration_ms,
        purchase: None,
        created_at: now,
    };
    let bought = Bought {
        execution: insert.id,
        user,
        agent: insert.agent_id,
        version: &insert.version,
        developer: offer.developer_id,
        slug: &offer.agent_slug,
        name: &offer.agent_name,
        category: &offer.category,
        confirmed_amount: new.confirmed_amount.or(new.confirm.then_some(insert.price.minor)),
        price: insert.price,
    };
    // Signed before the transaction: the writer has better things to do.
    let purchase = match app.payments().in_store(app.store()) {
        Some(gateway) if !insert.price.is_zero() => {
            Some(gateway.purchase_prepare(intent_new(&bought), payment::HOLD)?)
        }
        // A gateway elsewhere is asked later, about the run's own row.
        _ => payment::confirmation_check(&bought).map(|()| None)?,
    };
    let subject = purchase.as_ref().map(Purchase::subject);
    let (id, free_runs, depth) = (insert.id, offer.pricing.free_runs_per_month, app.settings.user_depth);
    let entry = QueueEntry::of(id, depth);
    let enqueued = app.store().tx(move |tx| {
        Box::pin(async move { execution_enqueue(tx, insert, free_runs, entry, purchase).await })
    });
    let enqueued = match (enqueued.await?, subject, app.payments().in_store(app.store())) {
        (Ok(enqueued), ..) => enqueued,
        (Err(refusal), Some(subject), Some(gateway)) => {
            return Err(gateway.refusal_prove(&subject, refusal).await.into());
        }
        (Err(refusal), ..) => return Err(refusal.into()),
    };
    match enqueued {
        Enqueued::Ready => {}
        Enqueued::Unpaid => authorize(app, user, id).await?,
        Enqueued::MonthOver => return Err(busy()),
        Enqueued::MonthUsedUp(until) => return Err(used_up(until)),
        Enqueued::TooDeep => {
            let message = format!(
                "{depth} of your runs are in the queue already, which is the most; wait until some have ended"
            );
            return Err(AppError::too_many("QUEUE_FULL", message));
        }
        Enqueued::KeyUsed => {
            // The same key, a moment earlier, from another connection.
            let earlier = app.store().read(move |tx| {
                Box::pin(async move { execution::execution_get_by_key(tx, user, &key).await })
            });
            return repeat(app, user, earlier.await?.ok_or(AppError::not_found("execution"))?, &fingerprint)
                .await;
        }
    }
    Ok(Trigger::Started(Started {
        execution_id: id,
        status: RunStatus::Queued,
        estimated_duration_ms,
        is_repeat: false,
    }))
}

/// All that a trigger has to know, from one snapshot.
struct Found {
    earlier: Option<KeyedExecution>,
    /// A refusal under the key, or another route's use of it.
    kept: Option<IdempotencyState>,
    /// What is deployed, and how long it is expected to run.
    offer: Option<(Offer, i64)>,
}

async fn found(app: &App, user: UserId, new: &ExecutionNew) -> Result<Found> {
    // Refused only once it is known that this is no repeat.
    let deployment_id: Option<DeploymentId> = new.deployment_id.parse().ok();
    let (key, fingerprint) = (new.idempotency_key.clone(), new.fingerprint.clone());
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let earlier = execution::execution_get_by_key(tx, user, &key).await?;
            if earlier.is_some() {
                return Ok(Found { earlier, kept: None, offer: None });
            }
            let account_id = &user.to_string();
            let request = IdempotentRequest { account_id, key: &key, fingerprint: &fingerprint };
            let kept = idempotency::idempotency_get(tx, request).await?;
            let Some(id) = deployment_id else { return Ok(Found { earlier, kept, offer: None }) };
            let Some(offer) = deployment::deployment_offer(tx, user, id).await? else {
                return Ok(Found { earlier, kept, offer: None });
            };
            let average = execution::version_average_duration(tx, offer.agent_id, &offer.version).await?;
            let offer = Some((offer, average.unwrap_or(ESTIMATE_MS)));
            Ok(Found { earlier, kept, offer })
        })
    });
    let found = found.await?;
    if found.earlier.is_none() && found.kept.is_none() && deployment_id.is_none() {
        return Err(AppError::field("deployment_id", "must be an id such as dep_…"));
    }
    Ok(found)
}

/// Whether the offer may be run under this agent's path; its version, if so.
async fn offer_check(app: &App, agent: &str, offer: &Offer) -> Result<frameos_domain::id::VersionId> {
    if agent != offer.agent_slug && agent.parse() != Ok(offer.agent_id) {
        // What the path names may itself be missing, which is to be told first.
        runnable_load(app, agent, Some(&offer.version)).await?;
        return Err(AppError::field("deployment_id", "belongs to another agent than the one in the path"));
    }
    if offer.agent_status == AgentStatus::PendingReview {
        return Err(AppError::not_found("agent"));
    }
    let (version_id, _) = offer
        .reviewed
        .filter(|(_, review)| *review == ReviewStatus::Approved)
        .ok_or(AppError::not_found("version"))?;
    if offer.agent_status == AgentStatus::Banned {
        return Err(banned());
    }
    yanked_check(&offer.version, offer.yank_reason.as_deref())?;
    if offer.status != DeploymentStatus::Configured {
        return Err(AppError::conflict(
            "CONFLICT",
            format!("this deployment is {}; configure it first", offer.status),
        ));
    }
    Ok(version_id)
}

/// What became of a trigger's transaction.
pub(crate) enum Enqueued {
    /// The run waits for a worker.
    Ready,
    /// The run waits for its money.
    Unpaid,
    /// The user has as many runs in the queue as may be; nothing was done.
    TooDeep,
    /// There is a run under this key; nothing was done.
    KeyUsed,
    /// The subscription's month is not what it was a moment ago; nothing was done.
    MonthOver,
    /// The subscription's month includes no more runs; nothing was done.
    MonthUsedUp(Timestamp),
}

/// How a run joins the queue.
pub(crate) struct QueueEntry {
    /// The most of the user's runs that may be in it.
    depth: u32,
    trace: Option<String>,
}

impl QueueEntry {
    /// Of the run that the current span triggers.
    pub(crate) fn of(run: ExecutionId, depth: u32) -> Self {
        let span = Span::current();
        if !span.is_disabled() {
            span.record("frameos.execution.id", tracing::field::display(run));
        }
        Self { depth, trace: trace_parent() }
    }
}

/// Records a run, its purchase and its ticket, taking one of the month's free runs when there is one left.
pub(crate) async fn execution_enqueue(
    tx: &mut Tx,
    mut new: ExecutionInsert,
    free_runs: u32,
    entry: QueueEntry,
    mut purchase: Option<Purchase>,
) -> Decision<Enqueued> {
    let now = new.created_at;
    if !ticket::ticket_room(tx, new.user_id, entry.depth).await? {
        tx.set_rollback();
        return Ok(Ok(Enqueued::TooDeep));
    }
    let month = now.month();
    if !new.price.is_zero()
        && free_runs > 0
        && free_run::free_run_take(tx, new.user_id, new.agent_id, &month, free_runs).await?
    {
        new.price = Money::zero(new.price.currency);
        new.free_month = Some(month);
        purchase = None;
    }
    let month = new.terms.as_ref().and_then(RunTerms::subscription);
    if let Some(month) = month {
        let taken = subscription::subscription_run_take(tx, new.user_id, month, now).await?;
        if let Some(refused) = refusal(tx, &new, month, taken).await? {
            tx.set_rollback();
            return Ok(Ok(refused));
        }
    }
    new.purchase = purchase.as_ref().map(|purchase| (purchase.intent_id(), purchase.mandate_id()));
    if !execution::execution_insert(tx, &new).await? {
        tx.set_rollback();
        return Ok(Ok(Enqueued::KeyUsed));
    }
    let free = new.price.is_zero();
    let ready = free || purchase.is_some();
    let ticket = TicketNew {
        id: TicketId::generate(now),
        // Until the money is held, the ticket only finishes what this request began, should the process die meanwhile.
        kind: if ready { "run" } else { "authorize" },
        execution_id: new.id,
        // Who pays by the month pays, too.
        class: i64::from(free && month.is_none()),
        user_id: new.user_id,
        run_at: if ready { now } else { now.plus(payment::AUTHORIZE_TAKEOVER) },
        trace: entry.trace,
    };
    ticket::ticket_enqueue(tx, &ticket, now).await?;
    if let Some(purchase) = purchase
        && let Err(refusal) = purchase_place(tx, purchase).await?
    {
        return Ok(Err(refusal));
    }
    Ok(Ok(if ready { Enqueued::Ready } else { Enqueued::Unpaid }))
}

/// Why a run is none of its subscription's month. A repeat is told of the run its key has, also when that was the month's last.
async fn refusal(
    tx: &mut Tx,
    new: &ExecutionInsert,
    (id, _): (SubscriptionId, i64),
    taken: RunTaken,
) -> std::result::Result<Option<Enqueued>, StoreError> {
    if taken == RunTaken::Taken {
        return Ok(None);
    }
    if execution::execution_get_by_key(tx, new.user_id, &new.idempotency_key).await?.is_some() {
        return Ok(Some(Enqueued::KeyUsed));
    }
    let found = subscription::subscription_get(tx, new.user_id, id).await?;
    Ok(Some(match (taken, found) {
        (RunTaken::UsedUp, Some(found)) => Enqueued::MonthUsedUp(found.period_end),
        _ => Enqueued::MonthOver,
    }))
}

/// The answer to a request whose key has a run.
async fn repeat(app: &App, user: UserId, earlier: KeyedExecution, fingerprint: &str) -> Result<Trigger> {
    if earlier.request_fingerprint.is_some_and(|first| first != fingerprint) {
        return Err(key_reused());
    }
    if !earlier.is_authorized {
        authorize(app, user, earlier.id).await?;
    }
    Ok(Trigger::Started(Started {
        execution_id: earlier.id,
        status: RunStatus::Queued,
        estimated_duration_ms: earlier.estimated_duration_ms.unwrap_or(ESTIMATE_MS),
        is_repeat: true,
    }))
}

/// Has the money held by a gateway with books of its own; a refusal undoes the run.
async fn authorize(app: &App, user: UserId, id: ExecutionId) -> Result<()> {
    let row = execution_load(app, user, id).await?;
    if row.status == RunStatus::Queued && !row.price.is_zero() && row.mandate_id.is_none() {
        payment::execution_authorize(app, &row).await?;
    }
    Ok(())
}

pub(crate) fn timeout_choose(manifest: &Manifest, asked: Option<u64>) -> Result<i64> {
    let limit = manifest.runtime.timeout_ms;
    match asked {
        Some(asked) if asked == 0 || asked > limit => {
            Err(AppError::field("timeout_ms", format!("must be between 1 and {limit}, this version's limit")))
        }
        asked => i64::try_from(asked.unwrap_or(limit)).map_err(AppError::internal),
    }
}

pub(crate) fn salt_create() -> Result<String> {
    let mut bytes = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| AppError::internal("the system random source failed"))?;
    Ok(hex::encode(bytes))
}
