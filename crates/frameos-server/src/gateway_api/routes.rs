//! The gateway's route table and its handlers. Creating answers 201, everything else 200.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    handler::Handler,
    http::Method,
    middleware::from_fn_with_state,
    routing::{MethodFilter, MethodRouter, on},
};
use frameos_domain::{ap2::Ap2Export, id::kind, policy::Policy, signing::KeySet};
use frameos_gateway::wire::{
    self, Execute, IntentNew, MandateNew, MandateVoid, PayoutNew, PayoutQuery, RefundNew, TopUpNew,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    GatewayApi, Inner,
    client::{Client, client_admit},
};
use crate::api::{
    extract::{
        IdempotencyKey, Json, OptionalJson, OptionalKey, Paging, PathId, PathText, PathTexts, Public, Query,
    },
    failure::ApiFailure,
    layers::{Frame, detach},
    provider,
    reply::{Answer, Bare, Created, Replying, bare, created, ok},
    routes::framed,
};

/// One line of the table.
pub struct GatewayRoute {
    pub method: Method,
    pub path: &'static str,
    /// Whether anyone may use it; else an API key is needed.
    pub public: bool,
    handler: MethodRouter<GatewayApi>,
}

/// The table.
pub fn gateway_routes() -> Vec<GatewayRoute> {
    let (get, post, put) = (
        (Method::GET, MethodFilter::GET),
        (Method::POST, MethodFilter::POST),
        (Method::PUT, MethodFilter::PUT),
    );
    let public = |route| GatewayRoute { public: true, ..route };
    vec![
        public(route(&get, "/healthz", health)),
        public(route(&get, "/.well-known/jwks.json", keys)),
        public(route(&get, "/ledger/checkpoints", checkpoints)),
        route(&post, "/purchase-intents", intent_create),
        route(&get, "/purchase-intents/{intent}", intent_get),
        route(&post, "/mandates", mandate_issue),
        route(&get, "/mandates/{mandate}", mandate_get),
        route(&post, "/mandates/{mandate}/void", mandate_void),
        route(&get, "/mandates/{mandate}/ap2", mandate_ap2),
        route(&post, "/execute", execute),
        route(&get, "/payments/{payment}", payment_get),
        route(&post, "/payments/{payment}/refund", payment_refund),
        route(&post, "/payouts", payout_create),
        route(&get, "/payouts", payout_list),
        route(&get, "/payouts/{payout}", payout_get),
        route(&post, "/payouts/{payout}/advance", payout_advance),
        route(&get, "/payouts/{payout}/lines", payout_lines),
        route(&get, "/receipts/{receipt}", receipt_get),
        route(&get, "/wallets/{owner}", wallet_get),
        route(&post, "/wallets/{owner}/top-ups", wallet_top_up),
        route(&get, "/wallets/{owner}/top-ups", top_up_list),
        route(&get, "/wallets/{owner}/top-ups/{top_up}", top_up_get),
        public(route(&post, "/providers/{provider}/webhook", provider_webhook)),
        route(&get, "/wallets/{owner}/transactions", wallet_transactions),
        route(&get, "/policies/{owner}", policy_get),
        route(&put, "/policies/{owner}", policy_put),
    ]
}

/// The gateway's whole interface as one service.
pub fn gateway_router(api: GatewayApi) -> Router {
    let mut router = Router::new();
    for route in gateway_routes() {
        let handler = if route.public {
            route.handler
        } else {
            route.handler.layer(from_fn_with_state(api.clone(), client_admit))
        };
        let handler = if route.method == Method::GET {
            handler
        } else {
            handler.layer(from_fn_with_state(api.0.writes.clone(), detach))
        };
        router = router.route(route.path, handler.layer(DefaultBodyLimit::max(1 << 20)));
    }
    let Inner { clock, http, stopping, .. } = &*api.0;
    let outer = Frame {
        clock: clock.clone(),
        https: false,
        http: http.clone(),
        stopping: stopping.clone(),
        cors: None,
    };
    framed(router, outer, async || ApiFailure::not_found()).with_state(api)
}

fn route<H: Handler<T, GatewayApi>, T: 'static>(
    method: &(Method, MethodFilter),
    path: &'static str,
    handler: H,
) -> GatewayRoute {
    GatewayRoute { method: method.0.clone(), path, public: false, handler: on(method.1, handler) }
}

async fn health(_: Public) -> Answer<Value> {
    ok(json!({"status": "ok"}))
}

async fn keys(State(api): State<GatewayApi>, _: Public) -> Replying<Bare<KeySet>> {
    bare(&api.jwks())
}

async fn checkpoints(
    State(api): State<GatewayApi>,
    _: Public,
    Paging(page): Paging,
) -> Answer<wire::CheckpointPage> {
    ok(api.0.gateway.checkpoints_list(page.page, page.limit).await?)
}

async fn intent_create(
    Client(gateway): Client,
    OptionalKey(idempotency_key): OptionalKey,
    Json(body): Json<IntentNew>,
) -> Created<wire::Intent> {
    let intent = gateway.intent_create(IntentNew { idempotency_key, ..body }).await?;
    created(&format!("/purchase-intents/{}", intent.intent_id), intent)
}

async fn intent_get(Client(gateway): Client, PathId(id): PathId<kind::Intent>) -> Answer<wire::Intent> {
    ok(gateway.intent_get(id).await?)
}

async fn mandate_issue(Client(gateway): Client, Json(body): Json<MandateNew>) -> Created<wire::MandateState> {
    let mandate = gateway.mandate_issue(body).await?;
    created(&format!("/mandates/{}", mandate.mandate_id), mandate)
}

async fn mandate_get(
    Client(gateway): Client,
    PathId(id): PathId<kind::Mandate>,
) -> Answer<wire::MandateState> {
    ok(gateway.mandate_get(id).await?)
}

async fn mandate_void(
    Client(gateway): Client,
    PathId(id): PathId<kind::Mandate>,
    OptionalJson(body): OptionalJson<MandateVoid>,
) -> Answer<wire::MandateState> {
    ok(gateway.mandate_void(id, body.reason).await?)
}

async fn mandate_ap2(Client(gateway): Client, PathId(id): PathId<kind::Mandate>) -> Answer<Ap2Export> {
    ok(gateway.mandate_ap2(id).await?)
}

async fn execute(
    Client(gateway): Client,
    OptionalKey(idempotency_key): OptionalKey,
    Json(body): Json<Execute>,
) -> Answer<wire::Execution> {
    ok(gateway.execute(Execute { idempotency_key, ..body }).await?)
}

async fn payment_get(Client(gateway): Client, PathId(id): PathId<kind::Payment>) -> Answer<wire::Payment> {
    ok(gateway.payment_get(id).await?)
}

async fn payment_refund(
    Client(gateway): Client,
    PathId(id): PathId<kind::Payment>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(body): Json<RefundNew>,
) -> Answer<wire::Refund> {
    ok(gateway.payment_refund(id, RefundNew { idempotency_key, ..body }).await?)
}

async fn payout_create(Client(gateway): Client, Json(body): Json<PayoutNew>) -> Answer<wire::PayoutMade> {
    ok(gateway.payout_create(body).await?)
}

/// `GET /payouts?payee=`; the page is read beside it.
#[derive(Deserialize)]
struct PayeeQuery {
    payee: Option<String>,
}

async fn payout_list(
    Client(gateway): Client,
    Paging(page): Paging,
    Query(query): Query<PayeeQuery>,
) -> Answer<wire::PayoutPage> {
    let query = PayoutQuery { payee: query.payee, page: page.page, limit: page.limit };
    ok(gateway.payout_list(query).await?)
}

async fn payout_get(Client(gateway): Client, PathId(id): PathId<kind::Payout>) -> Answer<wire::Payout> {
    ok(gateway.payout_get(id).await?)
}

async fn payout_advance(Client(gateway): Client, PathId(id): PathId<kind::Payout>) -> Answer<wire::Payout> {
    ok(gateway.payout_advance(id).await?)
}

async fn payout_lines(
    Client(gateway): Client,
    PathId(id): PathId<kind::Payout>,
    Query(page): Query<LinesQuery>,
) -> Answer<wire::PayoutLines> {
    ok(gateway.payout_lines(id, page.page, page.limit).await?)
}

/// Pages of lines are longer than others; the gateway checks them.
#[derive(Deserialize)]
struct LinesQuery {
    page: u32,
    limit: u32,
}

async fn receipt_get(Client(gateway): Client, PathId(id): PathId<kind::Receipt>) -> Answer<wire::AnyReceipt> {
    ok(gateway.receipt_find(id).await?)
}

async fn wallet_get(Client(gateway): Client, PathText(owner): PathText) -> Answer<wire::Wallet> {
    ok(gateway.wallet_get(owner).await?)
}

async fn wallet_top_up(
    Client(gateway): Client,
    PathText(owner): PathText,
    OptionalKey(idempotency_key): OptionalKey,
    Json(body): Json<TopUpNew>,
) -> Created<wire::TopUp> {
    let top_up = gateway.wallet_top_up(owner.clone(), TopUpNew { idempotency_key, ..body }).await?;
    created(&format!("/wallets/{owner}/top-ups/{}", top_up.top_up_id), top_up)
}

async fn top_up_list(
    Client(gateway): Client,
    PathText(owner): PathText,
    Paging(page): Paging,
) -> Answer<wire::TopUpPage> {
    ok(gateway.top_up_list(owner, page.page, page.limit).await?)
}

async fn top_up_get(Client(gateway): Client, PathTexts(owner, top_up): PathTexts) -> Answer<wire::TopUp> {
    let id = top_up.parse().map_err(|_| ApiFailure::not_found())?;
    ok(gateway.top_up_get(owner, id).await?)
}

async fn provider_webhook(
    State(api): State<GatewayApi>,
    _: Public,
    PathText(provider): PathText,
    request: Request,
) -> Answer<wire::WebhookTaken> {
    let webhook = provider::provider_webhook(provider, request, &api).await?;
    ok(api.provider_webhook(webhook).await?)
}

async fn wallet_transactions(
    Client(gateway): Client,
    PathText(owner): PathText,
    Paging(page): Paging,
) -> Answer<wire::WalletPage> {
    ok(gateway.wallet_transactions(owner, page.page, page.limit).await?)
}

async fn policy_get(Client(gateway): Client, PathText(owner): PathText) -> Answer<Policy> {
    ok(gateway.policy_get(owner).await?)
}

async fn policy_put(
    Client(gateway): Client,
    PathText(owner): PathText,
    Json(policy): Json<Policy>,
) -> Answer<Policy> {
    ok(gateway.policy_put(owner, policy).await?)
}
