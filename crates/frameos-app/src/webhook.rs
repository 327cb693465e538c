//! Webhooks: telling a user's own server how runs ended, and what it was told.
//!
//! Invariants: what is to be delivered is recorded in the transaction that makes it true; a payload has no inputs, outputs or
//! logs; a secret is shown when it is made and never again. Delivering is in `webhook/deliver.rs`.

mod address;
mod deliver;
mod room;
mod target;

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{DeliveryId, EventId, ExecutionId, UserId, WebhookId},
    webhook::{WebhookEvent, WebhookSecret},
};
use frameos_gateway::wire::{Execution as Payment, Refund};
use frameos_store::{
    StoreError, Tx,
    execution::Execution,
    page::{Page, Paged},
    status::WebhookDisabled,
    webhook::{self, Delivery, DeliveryNew, Webhook, WebhookChange as Change},
};
use serde_json::{Value, json};

use self::target::url_check;
use crate::{
    app::App,
    error::{AppError, Result},
    idempotency::Mint,
    jobs::job_add,
};

pub(crate) use self::{deliver::WebhookDelivery, room::Room};

/// Webhooks that one user may have.
const MOST: u32 = 10;
const LONGEST_DESCRIPTION: usize = 200;
/// How long the secret before a rotation signs too.
const ROTATION: Duration = Duration::from_secs(24 * 3600);
/// How long deliveries can be looked at and replayed.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a new webhook says.
#[derive(Debug, Clone, Default)]
pub struct WebhookNew {
    pub url: String,
    pub description: String,
    /// All that there are when absent.
    pub events: Option<Vec<String>>,
}

/// What changes of a webhook; absent stays.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<String>>,
    pub enabled: Option<bool>,
}

/// A webhook as its owner sees it.
#[derive(Debug, Clone)]
pub struct WebhookView {
    pub id: WebhookId,
    pub url: String,
    pub description: String,
    pub events: Vec<WebhookEvent>,
    pub disabled: Option<WebhookDisabled>,
    pub failing_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A new secret, and until when the one before signs too.
#[derive(Debug)]
pub struct Rotated {
    pub secret: WebhookSecret,
    pub previous_valid_until: Timestamp,
}

/// How a run ended, as far as the run's row does not say it yet.
pub(crate) struct Ended<'a> {
    pub status: RunStatus,
    /// Goes before the row's.
    pub failure_reason: Option<FailureReason>,
    pub payment: Option<&'a Payment>,
}

/// Registers a webhook. Its secret is shown here only.
pub async fn webhook_create(
    app: &App,
    user: UserId,
    (new, mint): (WebhookNew, Mint),
) -> Result<(WebhookView, WebhookSecret)> {
    let id = mint.id();
    if mint.is_repeat()
        && let Some(made) = app
            .store()
            .read(move |tx| Box::pin(async move { webhook::webhook_get(tx, user, id).await }))
            .await?
    {
        let secret = made.secret.clone();
        return Ok((view(made), secret));
    }
    url_check(&new.url, app.settings.webhooks_allow_private)?;
    let (now, secret) = (app.now(), secret_create()?);
    let row = Webhook {
        id,
        user_id: user,
        url: new.url,
        description: description_check(new.description)?,
        events: new.events.map_or_else(|| Ok(WebhookEvent::CHOICES.to_vec()), |names| events_read(&names))?,
        secret: secret.clone(),
        old_secret: None,
        disabled: None,
        failing_since: None,
        created_at: now,
        updated_at: now,
    };
    let stored = row.clone();
    let inserted = app
        .store()
        .tx(move |tx| Box::pin(async move { webhook::webhook_insert(tx, &stored, MOST).await }))
        .await?;
    if !inserted {
        let message = format!("you have {MOST} webhooks already, the most there can be; delete one first");
        return Err(AppError::conflict("WEBHOOK_LIMIT", message));
    }
    Ok((view(row), secret))
}

/// A user's webhooks, oldest first.
pub async fn webhook_list(app: &App, user: UserId) -> Result<Vec<WebhookView>> {
    let rows =
        app.store().read(move |tx| Box::pin(async move { webhook::webhook_list(tx, user).await })).await?;
    Ok(rows.into_iter().map(view).collect())
}

/// One of the user's webhooks.
pub async fn webhook_get(app: &App, user: UserId, id: WebhookId) -> Result<WebhookView> {
    webhook_load(app, user, id).await.map(view)
}

/// Changes what is given. Enabling forgets why the webhook was disabled, and its failures.
pub async fn webhook_update(
    app: &App,
    user: UserId,
    id: WebhookId,
    change: WebhookChange,
) -> Result<WebhookView> {
    if let Some(url) = &change.url {
        url_check(url, app.settings.webhooks_allow_private)?;
    }
    let change = Change {
        url: change.url,
        description: change.description.map(description_check).transpose()?,
        events: change.events.map(|names| events_read(&names)).transpose()?,
        enabled: change.enabled,
    };
    let now = app.now();
    let changed = app
        .store()
        .tx(move |tx| Box::pin(async move { webhook::webhook_update(tx, user, id, &change, now).await }));
    if !changed.await? {
        return Err(AppError::not_found("webhook"));
    }
    webhook_get(app, user, id).await
}

/// Removes a webhook, and what is on its way to it.
pub async fn webhook_delete(app: &App, user: UserId, id: WebhookId) -> Result<()> {
    let deleted =
        app.store().tx(move |tx| Box::pin(async move { webhook::webhook_delete(tx, user, id).await }));
    if deleted.await? { Ok(()) } else { Err(AppError::not_found("webhook")) }
}

/// Gives a webhook a new secret. For a day both sign, so that its receiver can change over.
pub async fn webhook_rotate_secret(app: &App, user: UserId, id: WebhookId) -> Result<Rotated> {
    let (now, secret) = (app.now(), secret_create()?);
    let (stored, until) = (secret.clone(), now.plus(ROTATION));
    let rotated = app.store().tx(move |tx| {
        Box::pin(async move { webhook::webhook_rotate(tx, user, id, &stored, (now, until)).await })
    });
    if !rotated.await? {
        return Err(AppError::not_found("webhook"));
    }
    Ok(Rotated { secret, previous_valid_until: until })
}

/// Sends an event that means nothing, whatever the webhook is for.
pub async fn webhook_test(app: &App, user: UserId, id: WebhookId) -> Result<Delivery> {
    enabled_check(&webhook_load(app, user, id).await?)?;
    let now = app.now();
    let event = Event {
        id: EventId::generate(now),
        event: WebhookEvent::Test,
        execution_id: None,
        payload: payload(WebhookEvent::Test, now, json!({"webhook_id": id})),
        at: now,
    };
    let sent = app.store().tx(move |tx| {
        Box::pin(async move {
            let delivery = event.send(tx, user, id).await?;
            webhook::delivery_get(tx, user, id, delivery).await
        })
    });
    sent.await?.ok_or(AppError::not_found("webhook"))
}

/// What was sent to a webhook and is to be, newest first.
pub async fn webhook_deliveries(
    app: &App,
    user: UserId,
    id: WebhookId,
    page: Page,
) -> Result<Paged<Delivery>> {
    webhook_load(app, user, id).await?;
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { webhook::delivery_list(tx, user, id, page).await }))
        .await?)
}

/// Sends an event again, now and with a full series of tries, under the id it had.
pub async fn webhook_replay(
    app: &App,
    user: UserId,
    id: WebhookId,
    delivery: DeliveryId,
) -> Result<Delivery> {
    enabled_check(&webhook_load(app, user, id).await?)?;
    let now = app.now();
    let replayed = app.store().tx(move |tx| {
        Box::pin(async move {
            let replayed = webhook::delivery_replay(tx, user, id, delivery, now).await?;
            if let Some(delivery) = &replayed {
                delivery_enqueue(tx, delivery.id, delivery.series, now).await?;
            }
            Ok(replayed)
        })
    });
    replayed.await?.ok_or(AppError::not_found("delivery"))
}

/// Has the user's webhooks told how a run ended. Part of the transaction that ends it.
pub(crate) async fn webhooks_enqueue(
    tx: &mut Tx,
    row: &Execution,
    ended: &Ended<'_>,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let Some(event) = WebhookEvent::of_run(ended.status) else { return Ok(()) };
    event_enqueue(tx, row, event, run_data(row, ended), now).await
}

/// Tells the user's webhooks that money of a run's payment went back.
pub(crate) async fn refund_enqueue(
    tx: &mut Tx,
    row: &Execution,
    refund: &Refund,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let data = json!({
        "execution_id": row.id,
        "agent_id": row.agent_id,
        "agent_slug": row.agent_slug,
        "version": row.version,
        "refund_id": refund.refund_id,
        "payment_id": refund.payment_id,
        "amount": refund.amount,
        "refunded_amount": refund.refunded_total,
        "currency": refund.currency,
    });
    event_enqueue(tx, row, WebhookEvent::Refunded, data, now).await
}

async fn event_enqueue(
    tx: &mut Tx,
    row: &Execution,
    event: WebhookEvent,
    data: Value,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let hooks = webhook::webhook_list_enabled(tx, row.user_id).await?;
    let hooks = hooks.into_iter().filter(|(_, events)| events.contains(&event)).map(|(id, _)| id);
    let told = Event {
        id: EventId::generate(now),
        event,
        execution_id: Some(row.id),
        payload: payload(event, now, data),
        at: now,
    };
    for hook in hooks {
        told.send(tx, row.user_id, hook).await?;
    }
    Ok(())
}

/// Forgets what was sent long ago.
pub(crate) async fn deliveries_purge_unscoped(
    tx: &mut Tx,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let kept = i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
    let before = Timestamp::from_micros(now.as_micros().saturating_sub(kept));
    webhook::delivery_purge_unscoped(tx, before).await.map(drop)
}

fn run_data(row: &Execution, ended: &Ended<'_>) -> Value {
    json!({
        "execution_id": row.id,
        "agent_id": row.agent_id,
        "agent_slug": row.agent_slug,
        "version": row.version,
        "deployment_id": row.deployment_id,
        "status": ended.status,
        "failure_reason": ended.failure_reason.or(row.failure_reason),
        "duration_ms": row.duration_ms,
        "payment": ended.payment.map(|payment| json!({
            "amount": payment.amount,
            "currency": payment.currency,
            "payment_id": payment.payment_id,
            "receipt_id": payment.receipt_id,
        })),
    })
}

fn payload(event: WebhookEvent, at: Timestamp, data: Value) -> String {
    json!({"type": event, "timestamp": at, "data": data}).to_string()
}

/// Something that happened, for any number of webhooks.
struct Event {
    id: EventId,
    event: WebhookEvent,
    execution_id: Option<ExecutionId>,
    payload: String,
    at: Timestamp,
}

impl Event {
    async fn send(
        &self,
        tx: &mut Tx,
        user: UserId,
        hook: WebhookId,
    ) -> std::result::Result<DeliveryId, StoreError> {
        let new = DeliveryNew {
            id: DeliveryId::generate(self.at),
            webhook_id: hook,
            user_id: user,
            event_id: self.id,
            event: self.event,
            execution_id: self.execution_id,
            payload: self.payload.clone(),
            created_at: self.at,
        };
        webhook::delivery_insert(tx, &new).await?;
        delivery_enqueue(tx, new.id, 1, self.at).await?;
        Ok(new.id)
    }
}

async fn delivery_enqueue(
    tx: &mut Tx,
    delivery: DeliveryId,
    series: i64,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    // Each series is a job of its own; that of an earlier one finds nothing to do.
    job_add(tx, &WebhookDelivery { delivery, series }, &format!("{delivery}:{series}"), now, now)
        .await
        .map(drop)
}

async fn webhook_load(app: &App, user: UserId, id: WebhookId) -> Result<Webhook> {
    app.store()
        .read(move |tx| Box::pin(async move { webhook::webhook_get(tx, user, id).await }))
        .await?
        .ok_or(AppError::not_found("webhook"))
}

fn enabled_check(hook: &Webhook) -> Result<()> {
    if hook.disabled.is_some() {
        let message = "this webhook is disabled; enable it first";
        return Err(AppError::conflict("WEBHOOK_DISABLED", message));
    }
    Ok(())
}

fn description_check(text: String) -> Result<String> {
    if text.chars().count() > LONGEST_DESCRIPTION {
        let message = format!("may have at most {LONGEST_DESCRIPTION} characters");
        return Err(AppError::field("description", message));
    }
    Ok(text)
}

fn events_read(names: &[String]) -> Result<Vec<WebhookEvent>> {
    let known = WebhookEvent::CHOICES;
    let events: Vec<WebhookEvent> =
        known.into_iter().filter(|event| names.iter().any(|name| name == event.as_str())).collect();
    let all_known = names.iter().all(|name| known.iter().any(|event| event.as_str() == name));
    if events.is_empty() || !all_known {
        let message = format!("must be some of {}", known.map(WebhookEvent::as_str).join(", "));
        return Err(AppError::field("events", message));
    }
    Ok(events)
}

fn secret_create() -> Result<WebhookSecret> {
    let mut random = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| AppError::internal("the system random source failed"))?;
    Ok(WebhookSecret::new(random))
}

fn view(row: Webhook) -> WebhookView {
    WebhookView {
        id: row.id,
        url: row.url,
        description: row.description,
        events: row.events,
        disabled: row.disabled,
        failing_since: row.failing_since,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
