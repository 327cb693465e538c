//! x402 over HTTP: a run for whoever pays with the request.
//!
//! Both versions of the protocol: the demand is the header `PAYMENT-REQUIRED` and, for version 1, the body, which is our
//! envelope all the same; the payment comes as `PAYMENT-SIGNATURE` or `X-PAYMENT`, and how it was settled goes back as
//! `PAYMENT-RESPONSE` or `X-PAYMENT-RESPONSE`.

use axum::{
    Extension,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use frameos_app::{self as app, PaidNew, PaidTrigger};
use frameos_contract::{
    ApiError, Envelope, ErrorCode,
    execution::{ExecuteRequest, Execution, ExecutionQueued},
};
use frameos_domain::{
    execution::FailureReason,
    id::{ExecutionId, UserId},
};
use frameos_gateway::x402::{Offer, Payment, ProtocolVersion, RequirementsV1};
use serde::Serialize;

use super::{
    Api,
    execution::{finished, preference_applied},
    extract::{IdempotencyKey, Prefer, User},
    failure::ApiFailure,
    layers::{Fingerprint, RequestId, repeated},
    reply::{Data, Elsewhere, Reply, Replying, accepted, json_response, ok},
};
use crate::view::execution as view;

static PAYMENT_REQUIRED: HeaderName = HeaderName::from_static("payment-required");
static PAYMENT_RESPONSE: HeaderName = HeaderName::from_static("payment-response");
static X_PAYMENT_RESPONSE: HeaderName = HeaderName::from_static("x-payment-response");

/// The run, or where it will be.
type Bought = (Data<Execution>, Elsewhere<ExecutionQueued>);

/// Who triggers a run.
pub(crate) enum Caller {
    User {
        user: UserId,
        key: String,
        fingerprint: String,
    },
    /// Nobody we know, where x402 is on.
    Payer(Box<Payer>),
}

/// Somebody without an account, who has paid or will be asked to.
pub(crate) struct Payer {
    payment: Option<Payment>,
    request_id: RequestId,
}

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        if parts.headers.contains_key(header::AUTHORIZATION) || !app::x402_is_offered(&api.app) {
            let User(user) = User::from_request_parts(parts, api).await?;
            let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, api).await?;
            let Extension(Fingerprint(fingerprint)) =
                Extension::from_request_parts(parts, api).await.map_err(ApiFailure::internal)?;
            return Ok(Self::User { user, key, fingerprint });
        }
        let payment = payment_in(&parts.headers)?;
        let request_id = parts.extensions.get::<RequestId>().cloned();
        let request_id = request_id.ok_or_else(|| ApiFailure::internal("a request without an id"))?;
        Ok(Self::Payer(Box::new(Payer { payment, request_id })))
    }
}

/// The payment among `headers`, of whichever version.
fn payment_in(headers: &HeaderMap) -> Result<Option<Payment>, ApiFailure> {
    let mut found = Vec::new();
    for (name, version) in [("payment-signature", ProtocolVersion::Two), ("x-payment", ProtocolVersion::One)]
    {
        found.extend(headers.get_all(name).iter().map(|value| (version, value)));
    }
    match found.as_slice() {
        [] => Ok(None),
        [(version, value)] => Ok(Some(app::payment_read(*version, value.as_bytes())?)),
        _ => Err(ApiFailure::new(ErrorCode::PAYMENT_INVALID, "send one payment, in one header")),
    }
}

/// Runs an agent for a payer, or says what there is to pay.
pub(super) async fn buy(
    api: &Api,
    payer: Box<Payer>,
    agent: &str,
    prefer: &Prefer,
    body: ExecuteRequest,
) -> Replying<Bought> {
    if !body.deployment_id.is_empty() {
        let message =
            "a deployment belongs to an account: log in, or leave `deployment_id` out to pay for one run";
        return Err(ApiFailure::new(ErrorCode::UNAUTHENTICATED, message));
    }
    let Payer { payment, request_id } = *payer;
    let new = PaidNew { inputs: body.inputs, timeout_ms: body.timeout_ms, payment };
    let paid = match app::execution_buy(&api.app, agent, new).await? {
        PaidTrigger::Owed(offer) => return Ok(Reply::of(demand(*offer, &request_id)?)),
        PaidTrigger::Started(paid) => paid,
    };
    let id = paid.started.execution_id;
    let read_token = Some(paid.read_token);
    let answer = match finished(api, paid.owner, id, prefer).await? {
        Some(run) if run.failure_reason == Some(FailureReason::PaymentDeclined) => {
            Reply::of(refusal(run, read_token, &request_id))
        }
        Some(run) => ok(Execution { read_token, ..run })?.or(),
        None => {
            let queued = view::queued(&paid.started);
            let queued = ExecutionQueued { read_token, ..queued };
            accepted(&format!("/executions/{id}"), queued)?.instead_of()
        }
    };
    let answer = settlement_told(api, id, preference_applied(answer, prefer)).await?;
    Ok(if paid.started.is_repeat { repeated(answer) } else { answer })
}

/// The answer with how the run's payment was settled in it, once that is known.
pub(super) async fn settlement_told<R>(api: &Api, id: ExecutionId, mut answer: Reply<R>) -> Replying<R> {
    if let Some((version, settlement)) = app::execution_settlement(&api.app, id).await? {
        let name = if version.is_first() { &X_PAYMENT_RESPONSE } else { &PAYMENT_RESPONSE };
        answer.headers_mut().insert(name, encoded(&settlement)?);
    }
    Ok(answer)
}

/// 402: the demand as version 1 reads it from the body, inside our envelope.
#[derive(Serialize)]
struct Demand {
    #[serde(flatten)]
    envelope: Envelope<()>,
    #[serde(flatten)]
    first: Option<DemandV1>,
}

#[derive(Serialize)]
struct DemandV1 {
    #[serde(rename = "x402Version")]
    version: u8,
    accepts: Vec<RequirementsV1>,
}

fn demand(offer: Offer, request_id: &RequestId) -> Result<Response, ApiFailure> {
    let message = match &offer.required.error {
        Some(reason) => format!("the payment was not accepted: {reason}"),
        None => "pay for this run as `PAYMENT-REQUIRED` says and send it again with `PAYMENT-SIGNATURE`, or log in".into(),
    };
    let envelope = failed(ErrorCode::PAYMENT_REQUIRED, message, request_id, None);
    let header = encoded(&offer.required)?;
    let first = offer.accepts_v1.map(|accepts| DemandV1 { version: 1, accepts });
    let mut answer = json_response(StatusCode::PAYMENT_REQUIRED, &Demand { envelope, first });
    answer.headers_mut().insert(&PAYMENT_REQUIRED, header);
    Ok(answer)
}

/// 402: the run went well, its payment did not.
fn refusal(run: Execution, read_token: Option<String>, request_id: &RequestId) -> Response {
    let message = run.error_message.unwrap_or_else(|| "the payment could not be settled".into());
    let details = serde_json::json!({"execution_id": run.id, "read_token": read_token});
    let envelope = failed(ErrorCode::PAYMENT_REFUSED, message, request_id, Some(details));
    json_response(StatusCode::PAYMENT_REQUIRED, &envelope)
}

fn failed(
    code: ErrorCode,
    message: String,
    request_id: &RequestId,
    details: Option<serde_json::Value>,
) -> Envelope<()> {
    Envelope::error(ApiError {
        code: code.code.to_owned(),
        message,
        details,
        request_id: request_id.0.to_string(),
    })
}

fn encoded<T: Serialize>(value: &T) -> Result<HeaderValue, ApiFailure> {
    let json = serde_json::to_vec(value).map_err(ApiFailure::internal)?;
    HeaderValue::from_str(&STANDARD.encode(json)).map_err(ApiFailure::internal)
}
