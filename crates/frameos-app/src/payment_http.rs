//! The payment port over HTTP: a gateway that runs elsewhere.
//!
//! Invariants: a refusal is the same [`GatewayError`] as in process; a call is repeated only when repeating is harmless (it
//! never reached the gateway, or it has its effect once by its idempotency key, intent or mandate); an answer that never came
//! is `Unavailable`, which means unknown, not refused. A call with its repetitions has one time limit, whatever the gateway
//! does; what is repeated is signed anew. Keys are never printed.

mod breaker;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use frameos_domain::{
    ap2::Ap2Export,
    clock::Clock,
    http_signature::{HttpSignatureError, SignatureHeaders, SignedRequest, content_digest},
    id::{IntentId, MandateId, PaymentId, PayoutId, TopUpId},
    policy::Policy,
    signing::{KeySet, SignatureError, SigningKey},
};
use frameos_gateway::{
    BoxFuture, Gateway, GatewayError, PaymentGateway,
    wire::{
        Execute, Execution, Intent, IntentNew, MandateNew, MandateState, MandateVoid, Payout, PayoutLines,
        PayoutMade, PayoutNew, PayoutPage, PayoutQuery, ProviderWebhook, Refund, RefundNew, TopUp, TopUpNew,
        TopUpPage, Wallet, WalletPage, WebhookTaken, WireError,
    },
};
use frameos_store::Store;
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use thiserror::Error;

use breaker::Breaker;

use crate::trace::trace_parent;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Of one call with its repetitions, unless it is said otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(8);
/// An answer of the gateway's is much smaller; whatever sends more is no gateway.
const LARGEST_ANSWER: usize = 4 << 20;
/// Pauses before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];

/// What a gateway answers to a signature it has seen.
const REPLAYED: &str = "SIGNATURE_REPLAYED";

/// A payment gateway reached over HTTP.
pub struct HttpGateway {
    client: Client,
    base: Url,
    api_key: SecretString,
    signer: Option<Signer>,
    time_limit: Duration,
    breaker: Breaker,
}

/// Signs requests, for a gateway that asks for it.
pub struct Signer {
    pub key: SigningKey,
    pub clock: Arc<dyn Clock>,
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
    #[error("the gateway did not answer in time")]
    TimedOut,
    #[error("the gateway has not answered lately; it is asked again in a moment")]
    Resting,
    #[error("the gateway's answer is larger than any it gives")]
    TooLarge,
    #[error("the request could not be signed")]
    Unsigned(#[source] HttpSignatureError),
    #[error("no nonce could be made")]
    NoNonce(#[source] SignatureError),
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
    /// Headers and bytes to pass on as they came, instead of a body.
    raw: Option<Raw>,
    idempotency_key: Option<String>,
    /// Whether sending it twice has one effect.
    repeatable: bool,
}

/// A signed message of somebody else's: nothing in it may change.
struct Raw {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
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
        /// When the gateway wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// The gateway has not seen the request.
    NotSent(reqwest::Error),
    /// The gateway may have seen and done it.
    Lost(HttpError),
}

impl HttpGateway {
    /// A client for the gateway at `base_url`, known to it by `api_key`.
    pub fn new(base_url: &str, api_key: SecretString) -> Result<Self, GatewayError> {
        let base = Url::parse(base_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.filter(|url| !url.cannot_be_a_base() && url.query().is_none());
        let base = base.ok_or_else(|| internal(HttpError::BadUrl))?;
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            // A redirect would carry the API key and the request to somewhere nobody configured.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(internal)?;
        let breaker = Breaker::default();
        Ok(Self { client, base, api_key, signer: None, time_limit: TIME_LIMIT, breaker })
    }

    /// The same with signed requests.
    pub fn signing(self, signer: Signer) -> Self {
        Self { signer: Some(signer), ..self }
    }

    /// The same with another time limit for each call, its repetitions included.
    pub const fn within(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
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

    /// The first answer that came, over at most three attempts and within the time limit.
    async fn answer(&self, call: &Call) -> Result<(StatusCode, Vec<u8>), GatewayError> {
        if self.breaker.is_open(Instant::now()) {
            return Err(unavailable(HttpError::Resting));
        }
        let answer = self.answer_seek(call).await;
        let answered = match &answer {
            Ok((status, _)) => !is_passing(*status),
            Err(error) => !matches!(error, GatewayError::Unavailable { .. }),
        };
        self.breaker.note(answered, Instant::now());
        answer
    }

    async fn answer_seek(&self, call: &Call) -> Result<(StatusCode, Vec<u8>), GatewayError> {
        let end = Instant::now() + self.time_limit;
        // What may be repeated leaves time for it.
        let longest = if call.repeatable { self.time_limit / 2 } else { self.time_limit };
        let mut pauses = PAUSES.into_iter();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let attempt = self.attempt(call, longest.min(left)).await?;
            let pause = pauses.next().and_then(|pause| attempt.pause(call, pause));
            let left = end.saturating_duration_since(Instant::now());
            match (attempt, pause.filter(|pause| *pause < left)) {
                (_, Some(pause)) => tokio::time::sleep(pause).await,
                (Attempt::Answer { status, body, .. }, None) => return Ok((status, body)),
                (Attempt::NotSent(error), None) => return Err(unavailable(HttpError::Unreachable(error))),
                (Attempt::Lost(error), None) => return Err(unavailable(error)),
            }
        }
    }

    async fn attempt(&self, call: &Call, longest: Duration) -> Result<Attempt, GatewayError> {
        let request = self.request(call)?;
        let exchange = async {
            let response = match request.send().await {
                Ok(response) => response,
                Err(error) if error.is_connect() => return Attempt::NotSent(error),
                Err(error) => return Attempt::Lost(HttpError::Unreachable(error)),
            };
            let (status, retry_after) = (response.status(), retry_after(response.headers()));
            match body_read(response).await {
                Ok(body) => Attempt::Answer { status, body, retry_after },
                Err(error) => Attempt::Lost(error),
            }
        };
        let attempt = tokio::time::timeout(longest, exchange).await;
        Ok(attempt.unwrap_or(Attempt::Lost(HttpError::TimedOut)))
    }

    fn request(&self, call: &Call) -> Result<RequestBuilder, GatewayError> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| internal(HttpError::BadUrl))?.pop_if_empty().extend(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let body = match (&call.body, &call.raw) {
            (Some(body), _) => Some(serde_json::to_vec(body).map_err(internal)?),
            (None, raw) => raw.as_ref().map(|raw| raw.body.clone()),
        };
        let mut headers = self.headers(call, &url, body.as_deref())?;
        for (name, value) in call.raw.iter().flat_map(|raw| &raw.headers) {
            let name = HeaderName::try_from(name.as_str()).map_err(internal)?;
            headers.insert(name, HeaderValue::try_from(value.as_str()).map_err(internal)?);
        }
        let request = self.client.request(call.method.clone(), url).headers(headers);
        Ok(match body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body),
            None => request,
        })
    }

    fn headers(&self, call: &Call, url: &Url, body: Option<&[u8]>) -> Result<HeaderMap, GatewayError> {
        let mut headers = HeaderMap::new();
        let bearer = format!("Bearer {}", self.api_key.expose_secret());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(internal)?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        if let Some(trace) = trace_parent() {
            headers.insert("traceparent", HeaderValue::try_from(trace).map_err(internal)?);
        }
        if let Some(key) = &call.idempotency_key {
            let value = HeaderValue::from_str(key).map_err(|_| GatewayError::InvalidRequest {
                field: "idempotency_key".to_owned(),
                message: "expected visible ASCII characters".to_owned(),
            })?;
            headers.insert("idempotency-key", value);
        }
        if let Some(signer) = &self.signer {
            let digest = body.map(content_digest);
            let request = SignedRequest {
                method: call.method.as_str(),
                path: url.path(),
                query: url.query(),
                content_digest: digest.as_deref(),
                idempotency_key: call.idempotency_key.as_deref(),
            };
            let signed = signer.sign(&request)?;
            headers
                .insert("signature-input", HeaderValue::try_from(signed.signature_input).map_err(internal)?);
            headers.insert("signature", HeaderValue::try_from(signed.signature).map_err(internal)?);
            if let Some(digest) = digest {
                headers.insert("content-digest", HeaderValue::try_from(digest).map_err(internal)?);
            }
        }
        Ok(headers)
    }
}

impl Signer {
    fn sign(&self, request: &SignedRequest<'_>) -> Result<SignatureHeaders, GatewayError> {
        let seed = SigningKey::generate_seed().map_err(|error| internal(HttpError::NoNonce(error)))?;
        let nonce: String = seed.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let created = self.clock.now().as_millis() / 1_000;
        request.sign(&self.key, created, &nonce).map_err(|error| internal(HttpError::Unsigned(error)))
    }
}

impl Attempt {
    /// How long to wait before the call is sent again; none when that would do harm or no good.
    fn pause(&self, call: &Call, pause: Duration) -> Option<Duration> {
        match self {
            Self::NotSent(_) => Some(pause),
            Self::Lost(_) => call.repeatable.then_some(pause),
            // Refused before anything was done.
            Self::Answer { status: StatusCode::TOO_MANY_REQUESTS, retry_after, .. } => {
                Some(retry_after.unwrap_or(pause))
            }
            Self::Answer { status, body, .. } => {
                (call.repeatable && (is_passing(*status) || is_replayed(*status, body))).then_some(pause)
            }
        }
    }
}

impl Call {
    fn get<const N: usize>(path: [&str; N]) -> Self {
        Self {
            method: Method::GET,
            path: path.into_iter().map(str::to_owned).collect(),
            query: Vec::new(),
            body: None,
            raw: None,
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

    fn mandate_ap2(&self, mandate_id: MandateId) -> BoxFuture<'_, Result<Ap2Export, GatewayError>> {
        Box::pin(self.send(Call::get(["mandates", &mandate_id.to_string(), "ap2"])))
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

    fn top_up_get(&self, owner: String, top_up_id: TopUpId) -> BoxFuture<'_, Result<TopUp, GatewayError>> {
        Box::pin(self.send(Call::get(["wallets", &owner, "top-ups", &top_up_id.to_string()])))
    }

    fn top_up_list(
        &self,
        owner: String,
        page: u32,
        limit: u32,
    ) -> BoxFuture<'_, Result<TopUpPage, GatewayError>> {
        let query = vec![("page", page.to_string()), ("limit", limit.to_string())];
        Box::pin(self.send(Call { query, ..Call::get(["wallets", &owner, "top-ups"]) }))
    }

    fn provider_webhook(
        &self,
        webhook: ProviderWebhook,
    ) -> BoxFuture<'_, Result<WebhookTaken, GatewayError>> {
        let ProviderWebhook { provider, headers, body } = webhook;
        // The same report twice has one effect: it may be repeated.
        let call = Call {
            method: Method::POST,
            raw: Some(Raw { headers, body }),
            ..Call::get(["providers", &provider, "webhook"])
        };
        Box::pin(self.send(call))
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

/// Whether something on the way delivered the request twice and this answers the second: what became of the first is not known.
fn is_replayed(status: StatusCode, body: &[u8]) -> bool {
    let envelope = || serde_json::from_slice::<Envelope>(body).ok();
    status == StatusCode::UNAUTHORIZED
        && envelope().and_then(|envelope| envelope.error).is_some_and(|error| error.code == REPLAYED)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

async fn body_read(mut response: Response) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(HttpError::Unreachable)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(HttpError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
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
