//! Who asks the gateway: an API key, the client's limit, and its signature where it has to sign.
//!
//! Invariants: nothing of a request is believed before this is through; the key that is configured is that of the platform's
//! own accounts, every other belongs to one client; a signature counts once, because its nonce is written down before the
//! request goes on.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use frameos_contract::ErrorCode;
use frameos_domain::{
    http_signature::{
        HttpSignatureError, SignatureHeaders, SignedRequest, WINDOW_SECONDS, content_digest_check,
    },
    id::ClientId,
    signing::PublicKey,
};
use frameos_gateway::{
    ClientGateway,
    client::{ClientError, client_authenticate, client_nonce_take},
};

use super::{GatewayApi, limit::TooMany};
use crate::api::{
    extract::{bearer, bearer_is, body_bytes, key_in},
    failure::ApiFailure,
};

/// The gateway, as far as the asking client may use it.
pub struct Client(pub ClientGateway);

/// Who was let in.
#[derive(Clone)]
struct Admitted(ClientGateway);

impl FromRequestParts<GatewayApi> for Client {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, _: &GatewayApi) -> Result<Self, ApiFailure> {
        let admitted = parts.extensions.get::<Admitted>();
        admitted.map(|Admitted(gateway)| Self(gateway.clone())).ok_or_else(unauthenticated)
    }
}

/// What a key says of its holder.
struct Holder {
    client: Option<ClientId>,
    per_second: Option<u32>,
    signing_key: Option<PublicKey>,
}

/// Lets a request through to its handler, or says why not.
pub(crate) async fn client_admit(State(api): State<GatewayApi>, request: Request, next: Next) -> Response {
    let holder = match holder_of(&api, request.headers()).await {
        Ok(holder) => holder,
        Err(failure) => return failure.into_response(),
    };
    let standing = match api.0.limits.count(holder.client, holder.per_second) {
        Ok(standing) => standing,
        Err(TooMany { standing, wait }) => {
            let mut response = ApiFailure::rate_limited(wait).into_response();
            standing.tell(&mut response);
            return response;
        }
    };
    let mut response = match admitted(&api, request, &holder).await {
        Ok(request) => next.run(request).await,
        Err(failure) => failure.into_response(),
    };
    if let Some(standing) = standing {
        standing.tell(&mut response);
    }
    response
}

async fn holder_of(api: &GatewayApi, headers: &HeaderMap) -> Result<Holder, ApiFailure> {
    if api.0.api_key.as_ref().is_some_and(|key| bearer_is(headers, key)) {
        return Ok(Holder { client: None, per_second: None, signing_key: None });
    }
    let key = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    let Some(key) = key else { return Err(unauthenticated()) };
    let client = client_authenticate(&api.0.store, key, api.0.clock.now()).await.map_err(failed)?;
    let client = client.ok_or_else(unauthenticated)?;
    Ok(Holder {
        client: Some(client.id),
        per_second: client.requests_per_second,
        signing_key: client.signing_key,
    })
}

/// The request once its signature has been looked at, with who sent it.
async fn admitted(api: &GatewayApi, request: Request, holder: &Holder) -> Result<Request, ApiFailure> {
    let mut request = match (&holder.signing_key, holder.client) {
        (Some(key), Some(client)) => signature_check(api, request, key, client).await?,
        _ => request,
    };
    let gateway = ClientGateway::new(api.0.gateway.clone(), holder.client);
    request.extensions_mut().insert(Admitted(gateway));
    Ok(request)
}

async fn signature_check(
    api: &GatewayApi,
    request: Request,
    key: &PublicKey,
    client: ClientId,
) -> Result<Request, ApiFailure> {
    let (parts, body) = request.into_parts();
    let headers = signature_in(&parts.headers)?;
    let body = body_bytes(Request::from_parts(parts.clone(), body), api).await?;
    let content_digest = header_one(&parts.headers, "content-digest")?;
    match &content_digest {
        Some(digest) => content_digest_check(digest, &body).map_err(invalid)?,
        None if body.is_empty() => {}
        None => return Err(invalid(HttpSignatureError::NotCovered { component: "content-digest" })),
    }
    let idempotency_key = key_in(&parts.headers)?;
    let signed = SignedRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query(),
        content_digest: content_digest.as_deref(),
        idempotency_key: idempotency_key.as_deref(),
    };
    let now = api.0.clock.now();
    let nonce = signed.verify(&headers, key, now.as_millis() / 1_000).map_err(invalid)?;
    // Longer than the signature would be accepted, whichever way the clocks differ.
    let until = now.plus(Duration::from_secs(3 * WINDOW_SECONDS.unsigned_abs()));
    if !client_nonce_take(&api.0.store, client, nonce, until).await.map_err(failed)? {
        let message = "this signature was used before; sign every request anew, with a new nonce";
        return Err(ApiFailure::new(ErrorCode::SIGNATURE_REPLAYED, message));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn signature_in(headers: &HeaderMap) -> Result<SignatureHeaders, ApiFailure> {
    match (header_one(headers, "signature-input")?, header_one(headers, "signature")?) {
        (Some(signature_input), Some(signature)) => Ok(SignatureHeaders { signature_input, signature }),
        _ => {
            let message =
                "this client's requests have to be signed: send `Signature-Input` and `Signature` (RFC 9421)";
            Err(ApiFailure::new(ErrorCode::SIGNATURE_REQUIRED, message))
        }
    }
}

/// The one value of a header.
fn header_one(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, ApiFailure> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(value), None) => Ok(Some(value.to_owned())),
        _ => {
            Err(ApiFailure::new(ErrorCode::SIGNATURE_INVALID, format!("`{name}` must be one line of ASCII")))
        }
    }
}

fn unauthenticated() -> ApiFailure {
    ApiFailure::new(ErrorCode::UNAUTHENTICATED, "send `Authorization: Bearer <gateway API key>`")
}

fn invalid(error: HttpSignatureError) -> ApiFailure {
    ApiFailure::new(ErrorCode::SIGNATURE_INVALID, error.to_string())
}

fn failed(error: ClientError) -> ApiFailure {
    match error {
        ClientError::Store(error) => frameos_gateway::GatewayError::from(error).into(),
        other => ApiFailure::internal(other),
    }
}
