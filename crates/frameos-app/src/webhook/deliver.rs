//! Bringing an event to its receiver: at least once, in up to eight tries over a day and a half.
//!
//! Invariants: every try has the same `webhook-id` and the same payload; what a try came to is recorded before the next is
//! planned; nothing of the receiver's answer but its status and `Retry-After` is read. An answer of 2xx is a delivery, 410 the
//! receiver's word that it wants no more.

use std::{error::Error, io, time::Duration};

use frameos_domain::{clock::Timestamp, id::DeliveryId, webhook::retry_after};
use frameos_store::{
    status::{DeliveryError, DeliveryStatus, WebhookDisabled},
    webhook::{self, Attempt, Delivery, Tried, Webhook},
};
use reqwest::{Response, StatusCode, header};
use serde::{Deserialize, Serialize};

use super::target::{TargetError, client_build, url_check};
use crate::{
    app::App,
    error::{AppError, Result},
    jobs::{Job, Next},
};

/// What passes before the second to the eighth try.
const PAUSES: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
];
/// The longest that a receiver's `Retry-After` is heeded.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3600);
/// A webhook to which nothing came through for so long is switched off when a delivery runs out of tries.
const FAILING_FOR_MS: i64 = 5 * 24 * 3600 * 1000;

/// One series of tries.
#[derive(Serialize, Deserialize)]
pub(crate) struct WebhookDelivery {
    pub(super) delivery: DeliveryId,
    pub(super) series: i64,
}

impl Job for WebhookDelivery {
    const NAME: &'static str = "webhook_delivery";

    async fn run(self, app: &App) -> Result<Next> {
        let id = self.delivery;
        let loaded = app.store().read(move |tx| {
            Box::pin(async move {
                let Some(delivery) = webhook::delivery_get_unscoped(tx, id).await? else { return Ok(None) };
                let hook = webhook::webhook_get_unscoped(tx, delivery.webhook_id).await?;
                Ok(hook.map(|hook| (delivery, hook)))
            })
        });
        let Some((delivery, hook)) = loaded.await? else { return Ok(Next::Done) };
        if delivery.series != self.series || delivery.status != DeliveryStatus::Pending {
            return Ok(Next::Done);
        }
        let now = app.now();
        if let Some(wait) = delivery.next_at.and_then(|at| until(at, now)) {
            // The process that recorded the last try did not get to plan this one.
            return Ok(Next::Again(wait));
        }
        let place = match app.webhook_room.enter(hook.user_id) {
            Ok(place) => place,
            Err(wait) => return Ok(Next::Again(wait)),
        };
        let answer = try_once(app, &delivery, &hook).await?;
        drop(place);
        record(app, delivery, answer).await
    }
}

/// What came of a try, and how long its receiver wants to be left alone.
struct Tally {
    attempt: Attempt,
    asked: Option<Duration>,
}

async fn try_once(app: &App, delivery: &Delivery, hook: &Webhook) -> Result<Tally> {
    let at = app.now();
    let (http_status, error, asked) = match send(app, delivery, hook, at).await? {
        Ok(response) => {
            let (error, asked) = judge(&response, at);
            (Some(response.status().as_u16()), error, asked)
        }
        Err(error) => (None, Some(error), None),
    };
    let duration_ms = app.now().millis_since(at);
    Ok(Tally { attempt: Attempt { at, duration_ms, http_status, error }, asked })
}

/// The answer's head, or why there is none. What fails for a reason of ours is no try.
async fn send(
    app: &App,
    delivery: &Delivery,
    hook: &Webhook,
    at: Timestamp,
) -> Result<std::result::Result<Response, DeliveryError>> {
    if hook.disabled.is_some() {
        return Ok(Err(DeliveryError::WebhookDisabled));
    }
    let allow_private = app.settings.webhooks_allow_private;
    let Ok(url) = url_check(&hook.url, allow_private) else {
        return Ok(Err(DeliveryError::AddressRefused));
    };
    let client = app.webhook_client.get_or_try_init(|| async { client_build(allow_private) }).await?;
    let (id, seconds) = (delivery.event_id.to_string(), at.as_secs());
    let old = hook.old_secret.as_ref().filter(|(_, until)| *until > at).map(|(secret, _)| secret);
    let signatures: Vec<_> = std::iter::once(&hook.secret)
        .chain(old)
        .map(|secret| secret.sign(&id, seconds, &delivery.payload))
        .collect();
    let request = client
        .post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signatures.join(" "))
        .body(delivery.payload.clone());
    Ok(request.send().await.map_err(|error| error_class(&error)))
}

fn judge(response: &Response, now: Timestamp) -> (Option<DeliveryError>, Option<Duration>) {
    let status = response.status();
    if status.is_success() {
        return (None, None);
    }
    let asks = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let asked = response.headers().get(header::RETRY_AFTER).filter(|_| asks);
    let asked = asked.and_then(|value| value.to_str().ok()).and_then(|value| retry_after(value, now));
    let error = if status.is_redirection() { DeliveryError::Redirect } else { DeliveryError::HttpStatus };
    (Some(error), asked)
}

fn error_class(error: &reqwest::Error) -> DeliveryError {
    let mut cause = error.source();
    while let Some(error) = cause {
        match error.downcast_ref() {
            Some(TargetError::NoAddress) => return DeliveryError::Dns,
            Some(TargetError::NotPublic(_)) => return DeliveryError::AddressRefused,
            None => {}
        }
        if error.downcast_ref().is_some_and(is_tls) {
            return DeliveryError::Tls;
        }
        cause = error.source();
    }
    if error.is_timeout() { DeliveryError::Timeout } else { DeliveryError::Connection }
}

/// How the TLS library reports what it found wrong with the other side, within what the HTTP library makes of it.
fn is_tls(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
        || error.get_ref().and_then(|inner| inner.downcast_ref()).is_some_and(is_tls)
}

async fn record(app: &App, delivery: Delivery, tally: Tally) -> Result<Next> {
    let now = app.now();
    let tried = plan(delivery.tries, tally, now, jitter()?);
    let next = tried.next_at.and_then(|at| until(at, now)).map_or(Next::Done, Next::Again);
    let recorded = app.store().tx(move |tx| {
        Box::pin(async move {
            let hook = delivery.webhook_id;
            if !webhook::delivery_tried_unscoped(tx, &delivery, &tried).await? {
                return Ok(false);
            }
            match tried.attempt.error {
                None => webhook::webhook_works_unscoped(tx, hook).await?,
                Some(DeliveryError::WebhookDisabled) => {}
                Some(_) => {
                    let since = webhook::webhook_fails_unscoped(tx, hook, now).await?;
                    if let Some(why) = disable(&tried, now.millis_since(since)) {
                        webhook::webhook_disable_unscoped(tx, hook, why, now).await?;
                    }
                }
            }
            Ok(true)
        })
    });
    // Replayed meanwhile, or tried by another worker: theirs counts, and they go on.
    if recorded.await? { Ok(next) } else { Ok(Next::Done) }
}

/// Whether this is the end of a webhook to which nothing has come through for `failing_ms`.
fn disable(tried: &Tried, failing_ms: i64) -> Option<WebhookDisabled> {
    if is_gone(&tried.attempt) {
        return Some(WebhookDisabled::Gone);
    }
    (tried.status == DeliveryStatus::Failed && failing_ms >= FAILING_FOR_MS)
        .then_some(WebhookDisabled::Failing)
}

/// What follows from a try after `tries` others of its series. `jitter` is from 0 to 1.
fn plan(tries: i64, tally: Tally, now: Timestamp, jitter: f64) -> Tried {
    let Tally { attempt, asked } = tally;
    let Some(error) = attempt.error else {
        return Tried { attempt, status: DeliveryStatus::Delivered, next_at: None };
    };
    let hopeless = is_gone(&attempt) || error == DeliveryError::WebhookDisabled;
    let pause = usize::try_from(tries).ok().and_then(|tries| PAUSES.get(tries)).filter(|_| !hopeless);
    let Some(pause) = pause else {
        return Tried { attempt, status: DeliveryStatus::Failed, next_at: None };
    };
    // Longer, never shorter: those who failed together shall not come again together.
    let pause = pause.mul_f64(jitter.mul_add(0.2, 1.0)).max(asked.unwrap_or_default().min(LONGEST_ASKED));
    Tried { attempt, status: DeliveryStatus::Pending, next_at: Some(now.plus(pause)) }
}

fn is_gone(attempt: &Attempt) -> bool {
    attempt.http_status == Some(StatusCode::GONE.as_u16())
}

fn jitter() -> Result<f64> {
    let mut random = [0_u8; 1];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| AppError::internal("the system random source failed"))?;
    Ok(f64::from(random[0]) / 255.0)
}

/// How long it is until then; None when it is not later.
fn until(then: Timestamp, now: Timestamp) -> Option<Duration> {
    let micros = u64::try_from(then.as_micros().saturating_sub(now.as_micros())).ok()?;
    (micros > 0).then(|| Duration::from_micros(micros))
}

#[cfg(test)]
mod tests;
