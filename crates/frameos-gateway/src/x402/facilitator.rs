//! The facilitator over HTTP: it says whether a payment would be good, and has it made.
//!
//! Invariants: an answer that did not come, or a server's fault, is `Unknown` for a settlement, never a refusal; redirects are not
//! followed; the token is never printed; what it says is bounded before it is kept.

use std::time::Duration;

use reqwest::{Client, StatusCode, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::X402Config;
use crate::error::GatewayError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const MAX_ANSWER: usize = 64 * 1024;
const MAX_REASON: usize = 300;

pub(super) struct Facilitator {
    client: Client,
    base: Url,
    token: Option<SecretString>,
}

#[derive(Debug, Error)]
enum FacilitatorError {
    #[error("`x402.facilitator_url` must be an http:// or https:// URL without a query")]
    BadUrl,
    #[error("the x402 facilitator did not answer")]
    NoAnswer(#[source] reqwest::Error),
    #[error("the x402 facilitator answered HTTP {status} and nothing that can be read")]
    Unreadable { status: StatusCode },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerifyAnswer {
    is_valid: bool,
    invalid_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettleAnswer {
    success: bool,
    error_reason: Option<String>,
    transaction: Option<String>,
}

/// What became of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Settled {
    /// The money moved.
    Done { transaction: Option<String> },
    /// The facilitator would not, or could not.
    Refused { reason: String },
    /// It was never asked, or did not look at it: the same later may do.
    NotAsked,
    /// Nobody knows.
    Unknown,
}

impl Facilitator {
    pub(super) fn new(config: &X402Config) -> Result<Self, GatewayError> {
        let base = Url::parse(&config.facilitator_url).ok();
        let base = base.filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none());
        let base = base.ok_or_else(|| GatewayError::internal(FacilitatorError::BadUrl))?;
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(config.answer_timeout)
            // A redirect would carry the proof and the token to somewhere nobody configured.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(GatewayError::internal)?;
        Ok(Self { client, base, token: config.facilitator_token.clone() })
    }

    /// Whether the payment would be good; the inner error says why not.
    pub(super) async fn verify(&self, request: &Value) -> Result<Result<(), String>, GatewayError> {
        let unavailable = |error| GatewayError::unavailable(error);
        let (status, body) =
            self.ask("verify", request).await.map_err(|e| unavailable(FacilitatorError::NoAnswer(e)))?;
        match serde_json::from_slice::<VerifyAnswer>(&body) {
            Ok(VerifyAnswer { is_valid: true, .. }) if status.is_success() => Ok(Ok(())),
            Ok(VerifyAnswer { is_valid: false, invalid_reason }) if !status.is_server_error() => {
                Ok(Err(reason(invalid_reason.as_deref())))
            }
            _ => Err(unavailable(FacilitatorError::Unreadable { status })),
        }
    }

    pub(super) async fn settle(&self, request: &Value) -> Settled {
        let (status, body) = match self.ask("settle", request).await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Settled::NotAsked,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an x402 settlement's answer was lost"
                );
                return Settled::Unknown;
            }
        };
        match serde_json::from_slice::<SettleAnswer>(&body) {
            Ok(SettleAnswer { success: true, transaction, .. }) if status.is_success() => {
                Settled::Done { transaction: transaction.as_deref().and_then(transaction_hash) }
            }
            Ok(SettleAnswer { success: false, error_reason, .. }) if !status.is_server_error() => {
                Settled::Refused { reason: reason(error_reason.as_deref()) }
            }
            _ if status.is_client_error() => {
                tracing::error!(%status, "the x402 facilitator does not take our requests");
                Settled::NotAsked
            }
            _ => {
                tracing::warn!(%status, "an x402 settlement was answered with nothing that can be read");
                Settled::Unknown
            }
        }
    }

    async fn ask(&self, what: &str, request: &Value) -> Result<(StatusCode, Vec<u8>), reqwest::Error> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(what);
        }
        let mut asked = self.client.post(url).json(request);
        if let Some(token) = &self.token {
            asked = asked.bearer_auth(token.expose_secret());
        }
        let mut response = asked.send().await?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER {
                // Nothing that long is an answer.
                return Ok((status, Vec::new()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, body))
    }
}

/// The facilitator's word for why, fit to keep and to show.
fn reason(said: Option<&str>) -> String {
    let said = said.unwrap_or("no reason was given");
    said.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(MAX_REASON).collect()
}

fn transaction_hash(text: &str) -> Option<String> {
    let fits = (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
}
