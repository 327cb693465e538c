//! Buying one run without an account: x402.
//!
//! Invariants: a request is checked as far as it can be before money is asked for; a payment is checked here and by the
//! facilitator before anything is stored; run, ticket, mandate and the payment's reservation are one transaction, so a proof
//! stands for one run, and the same request with the same proof is that run again. Free runs are for accounts: nothing would
//! bound them here.

use frameos_domain::{
    canonical,
    id::{DeploymentId, ExecutionId, UserId},
    pricing::PricingModel,
};
use frameos_gateway::{
    Decision, Gateway,
    x402::{
        Offer, Payment, PaymentError, ProtocolVersion, Reserved, Resource, Sale, SettlementResponse, Terms,
        X402, payer_id, reservation_place,
    },
};
use frameos_store::{
    StoreError, Tx,
    deployment::{self, Deployment},
    execution::{self, ExecutionNew},
    status::DeploymentStatus,
};
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    deployment::{Runnable, available_check, runnable_load},
    error::{AppError, Result},
    execution::{
        ESTIMATE_MS, Enqueued, QueueEntry, Started, execution_enqueue, salt_create, timeout_choose,
        trigger_span,
    },
    inputs::inputs_merge_compiled,
    manifest_cache::manifest_load,
    payment::{Bought, intent_new},
    read_token::read_token_sign,
};
use frameos_domain::execution::RunStatus;

/// Settlements refused within a day after which a payer is not served.
const MOST_REFUSALS: i64 = 3;
const REUSED: &str = "PAYMENT_REUSED";

/// What is asked for, with or without a payment.
#[derive(Debug, Clone)]
pub struct PaidNew {
    pub inputs: Map<String, Value>,
    /// A shorter limit than the version's.
    pub timeout_ms: Option<u64>,
    pub payment: Option<Payment>,
}

/// What such a request is answered.
#[derive(Debug)]
pub enum PaidTrigger {
    /// What has to be paid, and how.
    Owed(Box<Offer>),
    Started(Paid),
}

/// A run that is paid for if it succeeds.
#[derive(Debug, Clone)]
pub struct Paid {
    pub started: Started,
    pub owner: UserId,
    pub read_token: String,
}

/// Whether runs can be bought without an account here.
pub fn x402_is_offered(app: &App) -> bool {
    gateway_of(app).is_some_and(|gateway| gateway.x402().is_some())
}

/// Reads a payment's header.
pub fn payment_read(version: ProtocolVersion, header: &[u8]) -> Result<Payment> {
    Payment::read(version, header)
        .map_err(|error: PaymentError| AppError::invalid("PAYMENT_INVALID", error.to_string()))
}

/// How the payment of a run ended, once it has.
pub async fn execution_settlement(
    app: &App,
    id: ExecutionId,
) -> Result<Option<(ProtocolVersion, SettlementResponse)>> {
    match gateway_of(app) {
        Some(gateway) => Ok(gateway.x402_settlement(id).await?),
        None => Ok(None),
    }
}

fn gateway_of(app: &App) -> Option<&Gateway> {
    app.payments().in_store(app.store())
}

/// Runs an agent for whoever pays, or says what there is to pay.
pub async fn execution_buy(app: &App, agent: &str, new: PaidNew) -> Result<PaidTrigger> {
    let gateway = gateway_of(app).ok_or_else(account_needed)?;
    let x402 = gateway.x402().ok_or_else(account_needed)?;
    let fingerprint = fingerprint(agent, &new);
    if let Some(payment) = &new.payment
        && let Some(reserved) = gateway.x402_reserved(payment).await?
    {
        return repeat(app, &reserved, payment, &fingerprint).await.map(PaidTrigger::Started);
    }
    let wanted = wanted(app, x402, agent, &new).await?;
    let Some(payment) = new.payment else {
        return owed(&wanted.terms, None);
    };
    if let Err(reason) = payment.check(&wanted.terms, app.now()) {
        return owed(&wanted.terms, Some(reason));
    }
    if gateway.x402_refusals(&payment).await? >= MOST_REFUSALS {
        let message = "several payments of this payer could not be settled today; try again tomorrow, or use an account";
        return Err(AppError::Forbidden { code: "FORBIDDEN", message: message.into(), details: None });
    }
    // Nothing is stored and nothing has moved: a facilitator that does not answer is asked again by asking again.
    if let Err(reason) = x402.verify(&payment, &wanted.terms).await? {
        return owed(&wanted.terms, Some(reason));
    }
    place(app, gateway, wanted, (payment, fingerprint)).await.map(PaidTrigger::Started)
}

/// A run as it would be, all checked.
struct Wanted {
    runnable: Runnable,
    inputs: Map<String, Value>,
    timeout_ms: i64,
    terms: Terms,
    estimated_duration_ms: i64,
}

async fn wanted(app: &App, x402: &X402, agent: &str, new: &PaidNew) -> Result<Wanted> {
    let runnable = runnable_load(app, agent, None).await?;
    available_check(&runnable)?;
    let pricing = &runnable.agent.pricing;
    let by_run = matches!(pricing.model, PricingModel::PerExecution | PricingModel::FreeTier);
    if pricing.price.is_zero() || !by_run {
        return Err(account_needed());
    }
    let compiled = manifest_load(app, runnable.version.id).await?;
    let timeout_ms = timeout_choose(&compiled.manifest, new.timeout_ms)?;
    let inputs = inputs_merge_compiled(&compiled, Map::new(), new.inputs.clone())?;
    let resource = Resource {
        url: format!("{}/agents/{}/execute", app.settings.public_url, runnable.agent.slug),
        description: format!("One run of {}", runnable.agent.name),
        mime_type: "application/json".into(),
    };
    let timeout = u64::try_from(timeout_ms).map_err(AppError::internal)?;
    let terms = x402.terms(pricing.price, timeout, resource).ok_or_else(account_needed)?;
    let (agent_id, version) = (runnable.agent.id, runnable.version.version.clone());
    let average = app.store().read(move |tx| {
        Box::pin(async move { execution::version_average_duration(tx, agent_id, &version).await })
    });
    let estimated_duration_ms = average.await?.unwrap_or(ESTIMATE_MS);
    Ok(Wanted { runnable, inputs, timeout_ms, terms, estimated_duration_ms })
}

fn account_needed() -> AppError {
    AppError::Unauthenticated {
        code: "UNAUTHENTICATED",
        message: "this agent cannot be paid for without an account; log in and send `Authorization: Bearer <access_token>`"
            .into(),
    }
}

fn owed(terms: &Terms, error: Option<String>) -> Result<PaidTrigger> {
    let mut quote = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut quote).map_err(|_| AppError::internal("the system random source failed"))?;
    Ok(PaidTrigger::Owed(Box::new(terms.offer(hex::encode(quote), error))))
}

/// Tells a repeat from another request with the same proof.
fn fingerprint(agent: &str, new: &PaidNew) -> String {
    let request = json!({
        "agent": agent,
        "inputs": new.inputs,
        "timeout_ms": new.timeout_ms,
        "payment": new.payment.as_ref().map(Payment::document),
    });
    canonical::sha256_hex(&canonical::to_bytes_lenient(&request))
}

/// The answer to a proof that was seen before.
async fn repeat(app: &App, reserved: &Reserved, payment: &Payment, fingerprint: &str) -> Result<Paid> {
    if reserved.fingerprint != fingerprint {
        let message = "this payment was used for another request; sign a new one for this";
        return Err(AppError::conflict(REUSED, message));
    }
    if reserved.is_public && !payment.has_quote() {
        let message = "this payment may be settled by now, and so be public; read the run with the token of the first answer";
        return Err(AppError::conflict(REUSED, message));
    }
    let id = reserved.execution_id;
    let found =
        app.store().read(move |tx| Box::pin(async move { execution::execution_get_unscoped(tx, id).await }));
    let row = found.await?.ok_or(AppError::not_found("execution"))?;
    let started = Started {
        execution_id: id,
        status: RunStatus::Queued,
        estimated_duration_ms: ESTIMATE_MS,
        is_repeat: true,
    };
    paid(app, row.user_id, started)
}

fn paid(app: &App, owner: UserId, started: Started) -> Result<Paid> {
    Ok(Paid { read_token: read_token_sign(app, owner, started.execution_id)?, owner, started })
}

async fn place(
    app: &App,
    gateway: &Gateway,
    wanted: Wanted,
    (payment, fingerprint): (Payment, String),
) -> Result<Paid> {
    let (now, most) = (app.now(), app.settings.user_depth);
    let depth = gateway.x402().map_or(0, X402::payer_runs).min(most);
    let owner = payer_id(wanted.terms.network(), &payment.payer);
    let estimated_duration_ms = wanted.estimated_duration_ms;
    let run = run_new(owner, &wanted, (&payment, &fingerprint), now)?;
    let (id, agent) = (run.id, &wanted.runnable.agent);
    let intent = intent_new(&Bought {
        execution: id,
        user: owner,
        agent: agent.id,
        version: &run.version,
        developer: agent.developer_id,
        slug: &agent.slug,
        name: &agent.name,
        category: &agent.category,
        confirmed_amount: Some(run.price.minor),
        price: run.price,
    });
    let sale = gateway.sale_prepare(intent, (&payment, &wanted.terms), (id, fingerprint.clone()))?;
    let entry = trigger_span().in_scope(|| QueueEntry::of(id, depth));
    let placed = app.store().tx(move |tx| Box::pin(async move { sale_enqueue(tx, run, entry, sale).await }));
    match placed.await?? {
        Enqueued::Ready => {}
        Enqueued::Unpaid | Enqueued::MonthOver | Enqueued::MonthUsedUp(_) => {
            return Err(AppError::internal("a run that pays for itself, but not with its request"));
        }
        Enqueued::TooDeep => {
            let message =
                format!("this payer has {depth} runs under way, which is the most; wait until one has ended");
            return Err(AppError::too_many("QUEUE_FULL", message));
        }
        Enqueued::KeyUsed => {
            // The same proof, a moment earlier, from another connection.
            let reserved = gateway.x402_reserved(&payment).await?;
            let reserved =
                reserved.ok_or_else(|| AppError::internal("a payment that is used, but for nothing"))?;
            return repeat(app, &reserved, &payment, &fingerprint).await;
        }
    }
    let status = RunStatus::Queued;
    paid(app, owner, Started { execution_id: id, status, estimated_duration_ms, is_repeat: false })
}

fn run_new(
    owner: UserId,
    wanted: &Wanted,
    (payment, fingerprint): (&Payment, &str),
    now: frameos_domain::clock::Timestamp,
) -> Result<ExecutionNew> {
    let (agent, version) = (&wanted.runnable.agent, &wanted.runnable.version);
    Ok(ExecutionNew {
        id: ExecutionId::generate(now),
        // Replaced by the payer's earlier one, if there is one.
        deployment_id: DeploymentId::generate(now),
        agent_id: agent.id,
        user_id: owner,
        version_id: version.id,
        version: version.version.clone(),
        inputs: wanted.inputs.clone(),
        salt: salt_create()?,
        timeout_ms: wanted.timeout_ms,
        price: agent.pricing.price,
        free_month: None,
        confirmed: true,
        // An owner is one address on one network.
        idempotency_key: payment.nonce.clone(),
        request_fingerprint: fingerprint.to_owned(),
        estimated_duration_ms: wanted.estimated_duration_ms,
        purchase: None,
        terms: None,
        created_at: now,
    })
}

/// Records the run with its ticket, its mandate and the payment that is kept for it.
async fn sale_enqueue(
    tx: &mut Tx,
    mut run: ExecutionNew,
    entry: QueueEntry,
    sale: Sale,
) -> Decision<Enqueued> {
    let (owner, now) = (run.user_id, run.created_at);
    // A run belongs to a deployment; a payer's has no configuration.
    match deployment::deployment_find(tx, owner, (run.agent_id, &run.version)).await? {
        Some(known) => run.deployment_id = known,
        None => {
            let row = Deployment {
                id: run.deployment_id,
                user_id: owner,
                agent_id: run.agent_id,
                version: run.version.clone(),
                config: Map::new(),
                status: DeploymentStatus::Configured,
                created_at: now,
                updated_at: now,
            };
            deployment::deployment_insert(tx, &row).await?;
        }
    }
    let Sale { purchase, reservation } = sale;
    let enqueued = execution_enqueue(tx, run, 0, entry, Some(purchase)).await?;
    if matches!(enqueued, Ok(Enqueued::Ready)) && !reservation_place(tx, reservation).await? {
        return Err(StoreError::Corrupt {
            what: "a payment that is used, but for none of its payer's runs".into(),
        });
    }
    Ok(enqueued)
}
