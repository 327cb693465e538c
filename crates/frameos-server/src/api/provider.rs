//! Webhooks of payment providers. They are signed, so anyone may send one: what is not signed right is refused.

use axum::extract::{Request, State};
use frameos_app as app;
use frameos_contract::wallet::ProviderReportTaken;
use frameos_gateway::wire::{ProviderWebhook, WEBHOOK_HEADERS};

use super::{
    Api,
    extract::{PathText, Public, body_bytes},
    failure::ApiFailure,
    reply::{Answer, ok},
};

/// `POST /providers/:provider/webhook`
pub(crate) async fn webhook(
    State(api): State<Api>,
    _: Public,
    PathText(provider): PathText,
    request: Request,
) -> Answer<ProviderReportTaken> {
    let webhook = provider_webhook(provider, request, &api).await?;
    let taken = app::provider_webhook(&api.app, webhook).await?;
    ok(ProviderReportTaken { events: taken.events })
}

/// The webhook to the byte, with the headers that signatures are in and no others.
pub(crate) async fn provider_webhook<S: Send + Sync>(
    provider: String,
    request: Request,
    state: &S,
) -> Result<ProviderWebhook, ApiFailure> {
    let sent = request.headers().iter().filter_map(|(name, value)| {
        let known = WEBHOOK_HEADERS.contains(&name.as_str());
        known.then(|| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).flatten()
    });
    let headers = sent.collect();
    let body = body_bytes(request, state).await?.to_vec();
    Ok(ProviderWebhook { provider, headers, body })
}
