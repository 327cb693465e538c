//! How a month of a subscription is paid for, and what happens when it is not.
//!
//! Invariants: a month goes through the same intent, mandate and execute as a run, policy and all, under a key of subscription
//! and period: whoever tries, at once or after a crash, is given the same mandate, which is executed once. Another key is used
//! only when the mandate under the last one can never be executed. A month that was refused is tried again on the days of the
//! ladder; after the last the subscription ends. A gateway that does not answer counts for nothing. An intent is noted before
//! its mandate is asked for, so one that is not the noted one never gets any.

use frameos_domain::{
    clock::Timestamp,
    id::{IntentId, RevenueId, SubscriptionId, UserId},
    money::Money,
    subscription::{period_start, retry_at},
};
use frameos_gateway::{
    GatewayError,
    wire::{Execute, Execution as Payment, IntentNew, IntentStatus, MandateNew},
};
use frameos_store::{
    agent::{Agent, agent_find_unscoped},
    revenue::{self, Revenue},
    status::{AgentStatus, MonthChargeStatus, RevenueStatus, SubscriptionStatus},
    subscription::{self, Month, MonthCharge, MonthPaid, Subscription},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    busy,
    mail::{News, SubscriptionMail, in_short},
};
use crate::{
    app::App,
    error::{AppError, Result},
    jobs::{Job, Next, job_add},
    notification::notify,
    payment::{HOLD, VENDOR},
};

/// Mandates that may turn out to be dead, one after the other, in one go.
const GENERATIONS: u32 = 3;
/// Steps one call takes at most: begin, pay, and one to spare.
const STEPS: u32 = 4;
/// Subscriptions looked at in one go.
const AT_ONCE: u32 = 200;

/// Does what is due for one subscription.
#[derive(Serialize, Deserialize)]
pub(crate) struct SubscriptionStep {
    id: SubscriptionId,
}

impl Job for SubscriptionStep {
    const NAME: &'static str = "subscription";

    async fn run(self, app: &App) -> Result<Next> {
        step(app, self.id).await?;
        Ok(Next::Done)
    }
}

/// Enqueues what is due.
pub(crate) async fn due_add(app: &App) -> Result<()> {
    let now = app.now();
    let due = app.store().read(move |tx| {
        Box::pin(async move {
            subscription::subscriptions_due_unscoped(tx, SubscriptionStep::NAME, now, AT_ONCE).await
        })
    });
    let due = due.await?;
    if due.is_empty() {
        return Ok(());
    }
    let added = app.store().tx(move |tx| {
        Box::pin(async move {
            for id in due {
                job_add(tx, &SubscriptionStep { id }, &id.to_string(), now, now).await?;
            }
            Ok(())
        })
    });
    Ok(added.await?)
}

/// Does at once what is due for one of the user's subscriptions, so that nobody waits for the queue.
pub(crate) async fn due_do(app: &App, user: UserId, id: SubscriptionId) -> Result<Subscription> {
    let now = app.now();
    let found = app
        .store()
        .read(move |tx| Box::pin(async move { subscription::subscription_get(tx, user, id).await }))
        .await?
        .ok_or(AppError::not_found("subscription"))?;
    if found.due_at.is_none_or(|due| due > now) {
        return Ok(found);
    }
    step(app, id).await?;
    load(app, id).await
}

/// Pays the first month, or says why not and leaves nothing open.
pub(crate) async fn first_month_pay(app: &App, id: SubscriptionId) -> Result<()> {
    let found = load(app, id).await?;
    match month_pay(app, &found).await? {
        Ok(()) => Ok(()),
        Err(refusal) => {
            refused_end(app, id).await?;
            Err(refusal.into())
        }
    }
}

/// Pays a month that is past due, or says why not. Counts for no try. `confirmed` says that its user has just confirmed the
/// price, which its intent does not know.
pub(crate) async fn month_pay_now(app: &App, id: SubscriptionId, confirmed: bool) -> Result<()> {
    let found = load(app, id).await?;
    if confirmed {
        confirmed_renew(app, &found).await?;
    }
    match month_pay(app, &found).await? {
        Ok(()) => Ok(()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Has the next try make another intent, if the noted one has no mandate: with one, money may have been taken already.
async fn confirmed_renew(app: &App, found: &Subscription) -> Result<()> {
    let (id, period) = (found.id, found.period);
    let charge = app
        .store()
        .read(move |tx| Box::pin(async move { subscription::month_charge_get(tx, id, period).await }));
    let Some(charge) = charge.await? else { return Ok(()) };
    let Some(intent_id) = charge.intent_id else { return Ok(()) };
    if app.payments().intent_get(intent_id).await?.status == IntentStatus::Created {
        app.store()
            .tx(move |tx| {
                Box::pin(async move { subscription::month_charge_renew_key(tx, id, &charge).await })
            })
            .await?;
    }
    Ok(())
}

/// Goes on until nothing is due any more.
async fn step(app: &App, id: SubscriptionId) -> Result<()> {
    for _ in 0..STEPS {
        let (found, now) = (load(app, id).await?, app.now());
        if found.due_at.is_none_or(|due| due > now) {
            return Ok(());
        }
        match found.status {
            SubscriptionStatus::Pending => {
                if let Err(refusal) = month_pay(app, &found).await? {
                    tracing::info!(subscription = %id, %refusal, "a subscription whose caller is gone was refused");
                    refused_end(app, id).await?;
                }
            }
            SubscriptionStatus::Active => month_begin(app, &found, now).await?,
            SubscriptionStatus::PastDue => {
                if let Err(refusal) = month_pay(app, &found).await? {
                    month_refused(app, &found, &refusal, now).await?;
                }
            }
            SubscriptionStatus::Cancelled => end(app, &found, "cancelled", now).await?,
            SubscriptionStatus::Ended => return Ok(()),
        }
    }
    Ok(())
}

async fn load(app: &App, id: SubscriptionId) -> Result<Subscription> {
    let found = app
        .store()
        .read(move |tx| Box::pin(async move { subscription::subscription_get_unscoped(tx, id).await }))
        .await?;
    found.ok_or_else(|| AppError::internal("a subscription that vanished"))
}

async fn agent_of(app: &App, found: &Subscription) -> Result<Agent> {
    let agent = found.agent_id.to_string();
    let agent =
        app.store().read(move |tx| Box::pin(async move { agent_find_unscoped(tx, &agent).await })).await?;
    agent.ok_or_else(|| AppError::internal("a subscription without its agent"))
}

/// Begins the month that `now` is in, at the price that was told in time. Months nobody could use are passed over unpaid.
async fn month_begin(app: &App, found: &Subscription, now: Timestamp) -> Result<()> {
    let mut period = found.period + 1;
    while period_start(found.anchor_at, period + 1) <= now {
        period += 1;
    }
    let start = period_start(found.anchor_at, period);
    let told = found.next.filter(|next| next.from <= start);
    let (price, runs_per_month) = match told {
        Some(next) => (next.price, next.runs_per_month),
        None => (Some(found.price.minor), found.runs_per_month),
    };
    let banned = agent_of(app, found).await?.status == AgentStatus::Banned;
    let Some(price) = price.filter(|_| !banned) else {
        return end(app, found, "not_offered", now).await;
    };
    let end = period_start(found.anchor_at, period + 1);
    let month = Month { period, start, end, price, runs_per_month };
    let (id, from, currency, keep) = (found.id, found.period, found.price.currency, told.is_none());
    let begun = app.store().tx(move |tx| {
        Box::pin(async move {
            if subscription::subscription_month_begin(tx, (id, from), &month, keep, now).await? {
                let amount = Money::new(price, currency);
                subscription::month_charge_insert(tx, id, period, amount, now).await?;
            }
            Ok(())
        })
    });
    Ok(begun.await?)
}

type Paid = std::result::Result<(), GatewayError>;

/// Pays the current month, once; a refusal is the gateway's. An error means that nobody knows.
async fn month_pay(app: &App, found: &Subscription) -> Result<Paid> {
    let agent = agent_of(app, found).await?;
    for _ in 0..GENERATIONS {
        let (id, period) = (found.id, found.period);
        let charge = app
            .store()
            .read(move |tx| Box::pin(async move { subscription::month_charge_get(tx, id, period).await }));
        let charge = charge.await?.ok_or_else(|| AppError::internal("a month without its charge"))?;
        match charge.status {
            MonthChargeStatus::Open => {}
            MonthChargeStatus::Paid => return Ok(Ok(())),
            // Somebody else gave it up meanwhile.
            MonthChargeStatus::GivenUp => return Err(busy()),
        }
        let unnoted = charge.intent_id.is_none();
        match month_charge(app, found, &charge, &agent).await {
            Ok(payment) => {
                month_paid(app, found, &agent, &payment).await?;
                return Ok(Ok(()));
            }
            Err(
                refusal @ (GatewayError::InsufficientFunds { .. }
                | GatewayError::PolicyRefused { .. }
                | GatewayError::InvalidRequest { .. }),
            ) => {
                return Ok(Err(refusal));
            }
            Err(GatewayError::MandateVoided { .. } | GatewayError::MandateExpired { .. }) => {}
            // The agent's category or the like changed after an intent was made and before it was noted.
            Err(GatewayError::IdempotencyConflict { .. }) if unnoted => {}
            // Whatever else there is: nobody knows whether money was taken.
            Err(error) => return Err(error.into()),
        }
        let renewed = app.store().tx(move |tx| {
            Box::pin(async move { subscription::month_charge_renew_key(tx, id, &charge).await })
        });
        renewed.await?;
    }
    Err(AppError::internal("mandates of a subscription die as soon as they are issued"))
}

type Answer<T> = std::result::Result<T, GatewayError>;

async fn month_charge(
    app: &App,
    found: &Subscription,
    charge: &MonthCharge,
    agent: &Agent,
) -> Answer<Payment> {
    let mut key = format!("{}:{}", found.id, charge.period);
    if charge.generation > 0 {
        key = format!("{key}:{}", charge.generation);
    }
    let intent_id = match charge.intent_id {
        Some(intent_id) => intent_id,
        None => month_intend(app, found, charge, intent_new(found, charge, agent, &key)).await?,
    };
    let mandate = MandateNew { intent_id, ttl_seconds: Some(HOLD.as_secs()) };
    let mandate = app.payments().mandate_issue(mandate).await?;
    let execute = Execute { mandate_id: mandate.mandate_id, amount: None, idempotency_key: Some(key) };
    app.payments().execute(execute).await
}

async fn month_intend(
    app: &App,
    found: &Subscription,
    charge: &MonthCharge,
    intent: IntentNew,
) -> Answer<IntentId> {
    let created = app.payments().intent_create(intent).await?.intent_id;
    let (id, charge) = (found.id, charge.clone());
    let noted = app.store().tx(move |tx| {
        Box::pin(async move { subscription::month_charge_intend(tx, id, &charge, created).await })
    });
    match noted.await {
        Ok(true) => Ok(created),
        // Somebody else is a step ahead: look again later.
        Ok(false) => Err(GatewayError::Unavailable { source: "another try is under way".into() }),
        Err(error) => Err(GatewayError::Unavailable { source: Box::new(error) }),
    }
}

fn intent_new(found: &Subscription, charge: &MonthCharge, agent: &Agent, key: &str) -> IntentNew {
    let metadata = [
        // What the mandate is bound to, where a run has its id.
        ("execution_id", json!(key)),
        ("subscription_id", json!(found.id)),
        ("period", json!(charge.period)),
        ("agent_definition_id", json!(agent.id)),
        ("developer_id", json!(agent.developer_id)),
        ("agent_slug", json!(agent.slug)),
        ("category", json!(agent.category)),
        ("confirmed", json!(charge.amount.minor <= found.confirmed_price)),
    ];
    IntentNew {
        agent_id: found.user_id.to_string(),
        vendor: VENDOR.into(),
        amount: charge.amount.minor,
        currency: charge.amount.currency,
        description: format!("{} subscription, month from {}", agent.name, found.period_start.day()),
        metadata: metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        idempotency_key: Some(key.to_owned()),
    }
}

async fn month_paid(app: &App, found: &Subscription, agent: &Agent, payment: &Payment) -> Result<()> {
    let (id, now) = (found.id, app.now());
    let paid =
        MonthPaid { period: found.period, payment_id: payment.payment_id, receipt_id: payment.receipt_id };
    let earned = Revenue {
        id: RevenueId::generate(now),
        developer_id: agent.developer_id,
        agent_id: Some(agent.id),
        execution_id: None,
        refund_id: None,
        amount: Money::new(payment.split.developer, payment.currency),
        status: RevenueStatus::Pending,
        paid_out_at: None,
        created_at: now,
    };
    let noted = app.store().tx(move |tx| {
        Box::pin(async move {
            if subscription::month_charge_paid(tx, id, paid, now).await? {
                revenue::revenue_insert(tx, &earned).await?;
            }
            Ok(())
        })
    });
    Ok(noted.await?)
}

/// Notes a refused try: another one on a day of the ladder, or the end. The user is told.
async fn month_refused(
    app: &App,
    found: &Subscription,
    refusal: &GatewayError,
    now: Timestamp,
) -> Result<()> {
    let (id, period, refusal) = (found.id, found.period, refusal.to_string());
    let (user, agent_name) = (found.user_id.to_string(), found.agent_name.clone());
    let noted = app.store().tx(move |tx| {
        Box::pin(async move {
            let Some(charge) = subscription::month_charge_get(tx, id, period).await? else { return Ok(()) };
            let failed = charge.failed_tries + 1;
            let next = retry_at(charge.created_at, failed);
            if !subscription::month_charge_fail(tx, id, &charge, (&refusal, next.is_none())).await? {
                return Ok(());
            }
            let news = match next {
                Some(at) => {
                    subscription::subscription_retry_at(tx, id, at).await?;
                    News::Refused { reason: refusal, next_try: at }
                }
                None => {
                    let to = (SubscriptionStatus::PastDue, "not_paid");
                    subscription::subscription_end_unscoped(tx, id, to, now).await?;
                    News::Ended { reason: "not_paid".into() }
                }
            };
            let (kind, words) = in_short(&agent_name, &news);
            notify(tx, &user, (kind, id.to_string(), words), now).await?;
            let key = format!("{id}/{period}/{failed}");
            job_add(tx, &SubscriptionMail { id, news }, &key, now, now).await.map(drop)
        })
    });
    Ok(noted.await?)
}

/// Ends what was to end with its month, and says so.
async fn end(app: &App, found: &Subscription, reason: &'static str, now: Timestamp) -> Result<()> {
    let (id, from) = (found.id, found.status);
    let (user, agent_name) = (found.user_id.to_string(), found.agent_name.clone());
    let ended = app.store().tx(move |tx| {
        Box::pin(async move {
            if subscription::subscription_end_unscoped(tx, id, (from, reason), now).await? {
                let news = News::Ended { reason: reason.into() };
                let (kind, words) = in_short(&agent_name, &news);
                notify(tx, &user, (kind, id.to_string(), words), now).await?;
                job_add(tx, &SubscriptionMail { id, news }, &format!("{id}/end"), now, now).await?;
            }
            Ok(())
        })
    });
    Ok(ended.await?)
}

/// A subscription whose first payment was refused never was one.
async fn refused_end(app: &App, id: SubscriptionId) -> Result<()> {
    let now = app.now();
    let ended = app.store().tx(move |tx| {
        Box::pin(async move {
            let from = (SubscriptionStatus::Pending, "refused");
            subscription::subscription_end_unscoped(tx, id, from, now).await
        })
    });
    ended.await?;
    Ok(())
}
