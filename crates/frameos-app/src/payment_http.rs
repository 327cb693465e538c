//! The payment port over HTTP: a gateway that runs elsewhere.
//!
//! Invariants: a refusal is the same [`GatewayError`] as in process; a call is repeated only when repeating is harmless (it
//! never reached the gateway, or it has its effect once by its idempotency key, intent or mandate); an answer that never came
//! is `Unavailable`, which means unknown, not refused. The API key is never printed.

use std::{fmt, time::Duration};

use frameos_domain::{
    id::{IntentId, MandateId, PaymentId, PayoutId},
    policy::Policy,
    signing::KeySet,
};
use frameos_gateway::{
    BoxFuture, Gateway, GatewayError, PaymentGateway,
    wire::{
        Execute, Execution, Intent, IntentNew, MandateNew, MandateState, MandateVoid, Payout, PayoutLines,
        PayoutMade, PayoutNew, PayoutPage, PayoutQuery, Refund, RefundNew, TopUp, TopUpNew, Wallet,
        WalletPage, WireError,
    },
};
use frameos_store::Store;
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url, header::HeaderValue, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use thiserror::Error;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// Pauses before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];

/// A payment gateway reached over HTTP.
pub struct HttpGateway {
    client: Client,
    base: Url,
    api_key: SecretString,
}

impl fmt::Debug for HttpGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpGateway({})", self.base)
    }
}

/// Why no answer could be had, or why it made no sense.
#[derive(Debug, Error)]
enum HttpError {
    #[error("the gateway's URL must be http:// or https:// and have no query")]
    BadUrl,
    #[error("the gateway could not be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the gateway answered HTTP {status} without a reason")]
    NoReason { status: StatusCode },
    #[error("the gateway's answer is not what was agreed")]
    Unreadable(#[source] serde_json::Error),
}

/// One request, kept so that it can be sent again.
struct Call {
    method: Method,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    idempotency_key: Option<String>,
    /// Whether sending it twice has one effect.
    repeatable: bool,
}

/// The envelope, read in two steps so that a wrong `data` is reported for what it is.
#[derive(Deserialize)]
struct Envelope {
    success: bool,
    data: Option<Value>,
    error: Option<WireError>,
}

/// What one attempt came to.
enum Attempt {
    Answer {
        status: StatusCode,
        body: Vec<u8>,
    },
    /// The gateway has not seen the request.
    NotSent(reqwest::Error),
    /// The gateway may have seen and done it.
    Lost(reqwest::Error),
}

impl HttpGateway {
    /// A client for the gateway at `base_url`, known to it by `api_key`.
    pub fn new(base_url: &str, api_key: SecretString) -> Result<Self, GatewayError> {
        let base = Url::parse(base_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.filter(|url| !url.cannot_be_a_base() && url.query().is_none());
        let base = base.ok_or_else(|| internal(HttpError::BadUrl))?;
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            // A redirect would carry the API key and the request to somewhere nobody configured.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(internal)?;
        Ok(Self { client, base, api_key })
    }

    async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, GatewayError> {
        let (status, body) = self.answer(&call).await?;
        let envelope: Envelope =
            serde_json::from_slice(&body).map_err(|error| without_envelope(status, error))?;
        match envelope {
            Envelope { success: true, data: Some(data), .. } => {
                serde_json::from_value(data).map_err(|error| internal(HttpError::Unreadable(error)))
            }
            Envelope { error: Some(error), .. } => Err(GatewayError::from_wire(error)),
            Envelope { .. } => Err(without_reason(status)),
        }
    }

    /// The first answer that came, over at most three attempts.
    async fn answer(&self, call: &Call) -> Result<(StatusCode, Vec<u8>), GatewayError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let attempt = self.attempt(call).await?;
            let worth_repeating = match &attempt {
                Attempt::NotSent(_) => true,
                Attempt::Lost(_) => call.repeatable,
                Attempt::Answer { status, .. } => call.repeatable && is_passing(*status),
            };
            match (attempt, pauses.next().filter(|_| worth_repeating)) {
                (_, Some(pause)) => tokio::time::sleep(pause).await,
                (Attempt::Answer { status, body }, None) => return Ok((status, body)),
                (Attempt::NotSent(error) | Attempt::Lost(error), None) => {
                    return Err(unavailable(HttpError::Unreachable(error)));
                }
            }
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Attempt, GatewayError> {
        let sent = self.request(call)?.send().await;
        let response = match sent {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Ok(Attempt::NotSent(error)),
            Err(error) => return Ok(Attempt::Lost(error)),
        };
        let status = response.status();
        Ok(match response.bytes().await {
            Ok(body) => Attempt::Answer { status, body: body.to_vec() },
            Err(error) => Attempt::Lost(error),
        })
    }

    fn request(&self, call: &Call) -> Result<RequestBuilder, GatewayError> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| internal(HttpError::BadUrl))?.pop_if_empty().extend(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request =
            self.client.request(call.method.clone(), url).bearer_auth(self.api_key.expose_secret());
        if let Some(key) = &call.idempotency_key {
            let value = HeaderValue::from_str(key).map_err(|_| GatewayError::InvalidRequest {
                field: "idempotency_key".to_owned(),
                message: "expected visible ASCII characters".to_owned(),
            })?;
            request = request.header("Idempotency-Key", value);
        }
        Ok(match &call.body {
            Some(body) => request.json(body),
            None => request,
        })
    }
}

impl Call {
    fn get<const N: usize>(path: [&str; N]) -> Self {
        Self {
            method: Method::GET,
            path: path.into_iter().map(str::to_owned).collect(),
            query: Vec::new(),
            body: None,
            idempotency_key: None,
            repeatable: true,
        }
    }

    fn send<const N: usize>(
        method: Method,
        path: [&str; N],
        body: &impl Serialize,
    ) -> Result<Self, GatewayError> {
        let body = serde_json::to_value(body).map_err(internal)?;
        Ok(Self { method, body: Some(body), ..Self::get(path) })
    }

    /// A request that creates something new each time unless it has an idempotency key.
    fn keyed(self, key: Option<String>) -> Self {
        Self { repeatable: key.is_some(), idempotency_key: key, ..self }
    }
}

impl PaymentGateway for HttpGateway {
    fn intent_create(&self, intent: IntentNew) -> BoxFuture<'_, Result<Intent, GatewayError>> {
        Box::pin(async move {
            let call = Call::send(Method::POST, ["purchase-intents"], &intent)?;
            self.send(call.keyed(intent.idempotency_key)).await
        })
    }

    fn intent_get(&self, intent_id: IntentId) -> BoxFuture<'_, Result<Intent, GatewayError>> {
        Box::pin(self.send(Call::get(["purchase-intents", &intent_id.to_string()])))
    }

    fn mandate_issue(&self, mandate: MandateNew) -> BoxFuture<'_, Result<MandateState, GatewayError>> {
        Box::pin(async move { self.send(Call::send(Method::POST, ["mandates"], &mandate)?).await })
    }

    fn mandate_get(&self, mandate_id: MandateId) -> BoxFuture<'_, Result<MandateState, GatewayError>> {
        Box::pin(self.send(Call::get(["mandates", &mandate_id.to_string()])))
    }

    fn mandate_void(
        &self,
        mandate_id: MandateId,
        reason: String,
    ) -> BoxFuture<'_, Result<MandateState, GatewayError>> {
        Box::pin(async move {
            let path = ["mandates", &mandate_id.to_string(), "void"];
            self.send(Call::send(Method::POST, path, &MandateVoid { reason })?).await
        })
    }

    fn execute(&self, execute: Execute) -> BoxFuture<'_, Result<Execution, GatewayError>> {
        Box::pin(async move {
            let call = Call::send(Method::POST, ["execute"], &execute)?;
            // The mandate itself makes it happen once, with or without a key.
            self.send(Call { idempotency_key: execute.idempotency_key, ..call }).await
        })
    }

    fn wallet_get(&self, owner: String) -> BoxFuture<'_, Result<Wallet, GatewayError>> {
        Box::pin(self.send(Call::get(["wallets", &owner])))
    }

    fn wallet_top_up(&self, owner: String, top_up: TopUpNew) -> BoxFuture<'_, Result<TopUp, GatewayError>> {
        Box::pin(async move {
            let call = Call::send(Method::POST, ["wallets", &owner, "top-ups"], &top_up)?;
            self.send(call.keyed(top_up.idempotency_key)).await
        })
    }

    fn wallet_transactions(
        &self,
        owner: String,
        page: u32,
        limit: u32,
    ) -> BoxFuture<'_, Result<WalletPage, GatewayError>> {
        let query = vec![("page", page.to_string()), ("limit", limit.to_string())];
        Box::pin(self.send(Call { query, ..Call::get(["wallets", &owner, "transactions"]) }))
    }

    fn policy_get(&self, owner: String) -> BoxFuture<'_, Result<Policy, GatewayError>> {
        Box::pin(self.send(Call::get(["policies", &owner])))
    }

    fn policy_put(&self, owner: String, policy: Policy) -> BoxFuture<'_, Result<Policy, GatewayError>> {
        Box::pin(async move { self.send(Call::send(Method::PUT, ["policies", &owner], &policy)?).await })
    }

    fn payment_refund(
        &self,
        payment_id: PaymentId,
        refund: RefundNew,
    ) -> BoxFuture<'_, Result<Refund, GatewayError>> {
        Box::pin(async move {
            let call = Call::send(Method::POST, ["payments", &payment_id.to_string(), "refund"], &refund)?;
            self.send(call.keyed(Some(refund.idempotency_key))).await
        })
    }

    fn payout_create(&self, payout: PayoutNew) -> BoxFuture<'_, Result<PayoutMade, GatewayError>> {
        // Payee, period and round make it happen once.
        Box::pin(async move { self.send(Call::send(Method::POST, ["payouts"], &payout)?).await })
    }

    fn payout_advance(&self, payout_id: PayoutId) -> BoxFuture<'_, Result<Payout, GatewayError>> {
        Box::pin(async move {
            let path = ["payouts", &payout_id.to_string(), "advance"];
            self.send(Call::send(Method::POST, path, &serde_json::json!({}))?).await
        })
    }

    fn payout_get(&self, payout_id: PayoutId) -> BoxFuture<'_, Result<Payout, GatewayError>> {
        Box::pin(self.send(Call::get(["payouts", &payout_id.to_string()])))
    }

    fn payout_list(&self, query: PayoutQuery) -> BoxFuture<'_, Result<PayoutPage, GatewayError>> {
        let mut pairs = vec![("page", query.page.to_string()), ("limit", query.limit.to_string())];
        pairs.extend(query.payee.map(|payee| ("payee", payee)));
        Box::pin(self.send(Call { query: pairs, ..Call::get(["payouts"]) }))
    }

    fn payout_lines(
        &self,
        payout_id: PayoutId,
        page: u32,
        limit: u32,
    ) -> BoxFuture<'_, Result<PayoutLines, GatewayError>> {
        let query = vec![("page", page.to_string()), ("limit", limit.to_string())];
        Box::pin(self.send(Call { query, ..Call::get(["payouts", &payout_id.to_string(), "lines"]) }))
    }

    fn jwks(&self) -> BoxFuture<'_, Result<KeySet, GatewayError>> {
        Box::pin(async move {
            // A key set is the document itself, without the envelope.
            let (status, body) = self.answer(&Call::get([".well-known", "jwks.json"])).await?;
            serde_json::from_slice(&body).map_err(|error| without_envelope(status, error))
        })
    }

    fn in_store(&self, _: &Store) -> Option<&Gateway> {
        None
    }
}

/// Whether the same request may soon be answered otherwise.
fn is_passing(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

/// An answer that does not come from a gateway of ours, such as a proxy's error page.
fn without_envelope(status: StatusCode, error: serde_json::Error) -> GatewayError {
    if status.is_success() { internal(HttpError::Unreadable(error)) } else { without_reason(status) }
}

fn without_reason(status: StatusCode) -> GatewayError {
    let reason = HttpError::NoReason { status };
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => GatewayError::Unauthenticated,
        StatusCode::TOO_MANY_REQUESTS => unavailable(reason),
        status if status.is_server_error() => unavailable(reason),
        _ => internal(reason),
    }
}

fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> GatewayError {
    GatewayError::Internal { source: source.into() }
}

fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> GatewayError {
    GatewayError::Unavailable { source: source.into() }
}

#[cfg(test)]
mod tests;
