//! Webhooks as their receivers see them: names of events, secrets and signatures, after Standard Webhooks.
//!
//! Invariants: a secret cannot be printed by accident; a signature is over the exact bytes that are sent. The scheme is
//! https://www.standardwebhooks.com: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.payload`.

use std::{fmt, str::FromStr, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, execution::RunStatus};

const SECRET_PREFIX: &str = "whsec_";
/// What the standard allows for a secret, before base64.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What a receiver is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub enum WebhookEvent {
    #[serde(rename = "execution.succeeded")]
    Succeeded,
    #[serde(rename = "execution.failed")]
    Failed,
    #[serde(rename = "execution.timeout")]
    Timeout,
    #[serde(rename = "execution.cancelled")]
    Cancelled,
    /// Money of the run's payment went back.
    #[serde(rename = "execution.refunded")]
    Refunded,
    /// Sent when its owner asks for it, whatever the webhook is for.
    #[serde(rename = "webhook.test")]
    Test,
}

impl WebhookEvent {
    /// What a webhook can be for.
    pub const CHOICES: [Self; 5] =
        [Self::Succeeded, Self::Failed, Self::Timeout, Self::Cancelled, Self::Refunded];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "execution.succeeded",
            Self::Failed => "execution.failed",
            Self::Timeout => "execution.timeout",
            Self::Cancelled => "execution.cancelled",
            Self::Refunded => "execution.refunded",
            Self::Test => "webhook.test",
        }
    }

    /// The event of a run that ended like this; none while it has not.
    pub const fn of_run(status: RunStatus) -> Option<Self> {
        match status {
            RunStatus::Success => Some(Self::Succeeded),
            RunStatus::Failed => Some(Self::Failed),
            RunStatus::Timeout => Some(Self::Timeout),
            RunStatus::Cancelled => Some(Self::Cancelled),
            RunStatus::Queued | RunStatus::Running | RunStatus::Settling => None,
        }
    }
}

impl fmt::Display for WebhookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for WebhookEvent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::CHOICES
            .into_iter()
            .chain([Self::Test])
            .find(|event| event.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a webhook event"))
    }
}

/// The key that a webhook's deliveries are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// A secret of these random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random.to_vec())
    }

    /// The text that a receiver is given.
    pub fn expose(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// Reads what [`WebhookSecret::expose`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(SECRET_PREFIX)?).ok()?;
        SECRET_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// One entry of the header `webhook-signature`; `seconds` is the header `webhook-timestamp`.
    pub fn sign(&self, id: &str, seconds: i64, payload: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, format!("{id}.{seconds}.{payload}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(hidden)")
    }
}

/// What a `Retry-After` header (RFC 9110, section 10.2.3) asks for: seconds, or a date.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = Timestamp::from_micros(DateTime::parse_from_rfc2822(value).ok()?.timestamp_micros());
    Some(Duration::from_millis(at.millis_since(now).unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_standard_says() {
        // The example of the specification of Standard Webhooks.
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let payload = r#"{"test": 2432232314}"#;
        assert_eq!(
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, payload),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_secret_reads_back_and_is_not_printed() {
        let secret = WebhookSecret::new([7; 32]);
        assert_eq!(WebhookSecret::parse(&secret.expose()), Some(secret.clone()));
        assert_eq!(format!("{secret:?}"), "WebhookSecret(hidden)");
        for wrong in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%"] {
            assert_eq!(WebhookSecret::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_event_has_one_name() {
        for event in WebhookEvent::CHOICES.into_iter().chain([WebhookEvent::Test]) {
            assert_eq!(event.as_str().parse(), Ok(event));
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
        }
        for status in RunStatus::ALL {
            assert_eq!(WebhookEvent::of_run(status).is_some(), status.is_final(), "{status}");
        }
    }

    #[test]
    fn reads_when_to_come_again() {
        let now = Timestamp::from_micros(1_795_000_000_000_000);
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Wed, 18 Nov 2026 11:07:40 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Wed, 18 Nov 2020 11:07:40 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }
}
