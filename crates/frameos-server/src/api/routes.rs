//! The route table: every path of the marketplace's HTTP interface, who may use it, and its handler.
//!
//! `access` says what the handler's own extractor enforces; the authorisation test walks this table and proves that both
//! say the same. `limit` says what its requests are counted as. Nothing else adds routes; pages of the UI are no routes.

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::Method,
    middleware::{from_fn, from_fn_with_state},
    routing::{MethodFilter, MethodRouter, on},
};
use frameos_contract::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    Api, account, admin, agent, deployment, description, developer, directory, execution, export,
    failure::ApiFailure,
    layers::{
        Frame, Limited, body_time, compression, compression_mark, cors, detach, frame, idempotency,
        idempotency_by_row, limit, panic_answer, path_note, time_limit,
    },
    needs::{Needs, needs},
    notification,
    openapi::{Described, Operation},
    operations, password, payout, personal_token, provider, refund, run_event, run_share, second_factor,
    session, subscription, user_review, wallet, webhook,
};
use crate::{config::LimitClass, web};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone; a token is not looked at.
    Public,
    /// Anyone; some see more.
    Open,
    /// Any account.
    Account,
    Developer,
    /// A user. For one run also whoever pays for it by x402, when that is on, and reads it with the token that gives.
    User,
    Admin,
    /// The run in the path itself, by its execution token, while it runs.
    Run,
}

/// One line of the table.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    /// What it takes besides.
    pub needs: Needs,
    /// What its requests are counted as; `None`: they are not.
    pub limit: Option<LimitClass>,
    body_limit: usize,
    /// Whether its handler remembers requests by their keys itself.
    is_own_record: bool,
    /// Says what its handler takes and answers.
    pub(super) describe: fn(&mut Operation),
    handler: MethodRouter<Api>,
}

const BODY_LIMIT: usize = 2 << 20;
/// Longer than any report of a payment provider.
const PROVIDER_BODY_LIMIT: usize = 512 << 10;
/// A bundle of 10 MB is 13.4 MB in base64, and the rest of the request needs room beside it.
const BUNDLE_BODY_LIMIT: usize = 16 << 20;

/// The table. Longer than a function should be, because it is one.
pub fn routes() -> Vec<Route> {
    use Access::{Account, Admin, Developer, Open, Public, Run, User};
    use LimitClass::{
        AgentVersions, AgentsCheck, AgentsList, AgentsRegister, Execute, ExecutionGet, Login, Mail, Register,
        Reports,
    };
    vec![
        get("/", Public, operations::about).unlimited(),
        get("/healthz", Public, operations::health).unlimited(),
        get("/readyz", Public, operations::ready).unlimited(),
        get("/metrics", Public, operations::metrics).unlimited(),
        get("/.well-known/jwks.json", Public, operations::keys),
        get("/openapi.json", Public, description::json),
        get("/docs", Public, description::html),
        get("/docs/{file}", Public, description::style),
        // Accounts
        post("/developers/register", Public, account::developer_register).limited(Register),
        post("/users/register", Public, account::user_register).limited(Register),
        post("/auth/login", Public, session::login).limited(Login),
        post("/auth/refresh", Public, session::refresh).limited(Login),
        post("/auth/logout", Public, session::logout),
        post("/auth/logout-everywhere", Account, session::logout_everywhere),
        post("/auth/verify-email", Public, account::verify_email).limited(Mail),
        post("/auth/resend-verification", Public, account::resend_verification).limited(Mail),
        post("/auth/forgot-password", Public, password::forgot).limited(Mail),
        post("/auth/reset-password", Public, password::reset).limited(Mail),
        get("/me", Account, account::me),
        delete("/me", Account, account::delete),
        get("/me/export", Account, export::export),
        post("/me/password", Account, password::change),
        get("/me/sessions", Account, session::list),
        delete("/me/sessions/{session}", Account, session::end),
        get("/me/tokens", Account, personal_token::list),
        post("/me/tokens", Account, personal_token::create),
        delete("/me/tokens/{token}", Account, personal_token::revoke),
        get("/me/notifications", Account, notification::list),
        post("/me/notifications/read", Account, notification::read),
        post("/me/2fa/enroll", Account, second_factor::enroll),
        post("/me/2fa/confirm", Account, second_factor::confirm),
        post("/me/2fa/disable", Account, second_factor::disable),
        post("/me/2fa/recovery-codes", Account, second_factor::recovery_codes),
        // The registry
        post("/agents/register", Developer, agent::register)
            .with_body(BUNDLE_BODY_LIMIT)
            .limited(AgentsRegister),
        post("/agents/check", Developer, agent::check).with_body(BUNDLE_BODY_LIMIT).limited(AgentsCheck),
        get("/agents", Open, agent::list).limited(AgentsList),
        get("/agents/{agent}", Open, agent::get),
        patch("/agents/{agent}", Developer, agent::update),
        post("/agents/{agent}/versions", Developer, agent::version_submit)
            .with_body(BUNDLE_BODY_LIMIT)
            .limited(AgentVersions),
        get("/agents/{agent}/versions", Open, agent::version_list),
        get("/agents/{agent}/versions/{version}", Open, agent::version_get),
        post("/agents/{agent}/versions/{version}/deprecate", Developer, agent::version_deprecate),
        post("/agents/{agent}/versions/{version}/yank", Account, agent::version_yank),
        get("/categories", Public, agent::categories),
        get("/agents/{agent}/reviews", Open, user_review::list),
        put("/agents/{agent}/reviews", User, user_review::put),
        delete("/agents/{agent}/reviews", User, user_review::delete),
        put("/agents/{agent}/reviews/{review}/reply", Developer, user_review::reply),
        delete("/agents/{agent}/reviews/{review}/reply", Developer, user_review::reply_delete),
        post("/agents/{agent}/reviews/{review}/report", Account, user_review::report),
        // Deployments
        post("/agents/{agent}/deploy", User, deployment::create),
        get("/deployments", User, deployment::list),
        get("/deployments/{deployment}", User, deployment::get),
        patch("/deployments/{deployment}", User, deployment::update),
        get("/deployments/{deployment}/changes", User, deployment::changes),
        delete("/deployments/{deployment}", User, deployment::delete),
        // Executions
        post("/agents/{agent}/execute", User, execution::start).with_own_record().limited(Execute),
        get("/executions", User, execution::list),
        get("/executions/{execution}", User, execution::get).limited(ExecutionGet),
        post("/executions/{execution}/cancel", User, execution::cancel),
        get("/executions/{execution}/logs", User, execution::logs),
        get("/executions/{execution}/receipt", User, execution::receipt),
        get("/executions/{execution}/ap2", User, execution::ap2),
        get("/executions/{execution}/events", User, run_event::follow),
        post("/executions/{execution}/share", User, run_share::create),
        get("/executions/{execution}/share", User, run_share::state),
        delete("/executions/{execution}/share", User, run_share::delete),
        get("/shared-runs/{token}", Public, run_share::get),
        post("/executions/{execution}/progress", Run, run_event::progress).limited(Reports),
        post("/executions/{execution}/logs", Run, run_event::log).limited(Reports),
        // Subscriptions
        post("/agents/{agent}/subscribe", User, subscription::create),
        get("/subscriptions", User, subscription::list),
        get("/subscriptions/{subscription}", User, subscription::get),
        post("/subscriptions/{subscription}/cancel", User, subscription::cancel),
        post("/subscriptions/{subscription}/resume", User, subscription::resume),
        post("/subscriptions/{subscription}/pay", User, subscription::pay),
        // Money
        get("/wallet", User, wallet::get),
        post("/wallet/top-ups", User, wallet::top_up),
        get("/wallet/top-ups", User, wallet::top_ups),
        get("/wallet/top-ups/{top_up}", User, wallet::top_up_get),
        get("/wallet/transactions", User, wallet::transactions),
        get("/wallet/spending", User, wallet::spending),
        get("/policy", User, wallet::policy_get),
        put("/policy", User, wallet::policy_put),
        post("/providers/{provider}/webhook", Public, provider::webhook)
            .with_body(PROVIDER_BODY_LIMIT)
            .limited(Reports),
        // Webhooks
        get("/webhooks", User, webhook::list),
        post("/webhooks", User, webhook::create),
        get("/webhooks/{webhook}", User, webhook::get),
        patch("/webhooks/{webhook}", User, webhook::update),
        delete("/webhooks/{webhook}", User, webhook::delete),
        post("/webhooks/{webhook}/rotate-secret", User, webhook::rotate_secret),
        post("/webhooks/{webhook}/test", User, webhook::test),
        get("/webhooks/{webhook}/deliveries", User, webhook::deliveries),
        post("/webhooks/{webhook}/deliveries/{delivery}/replay", User, webhook::replay),
        // Developers
        get("/developers/analytics", Developer, developer::analytics),
        get("/developers/revenue", Developer, developer::revenue),
        get("/developers/errors", Developer, developer::errors),
        get("/developers/reviews", Developer, user_review::list_mine),
        get("/developers/executions", Developer, developer::executions),
        get("/developers/executions/{execution}/logs", Developer, developer::execution_logs),
        get("/developers/payout-account", Developer, payout::account_get),
        put("/developers/payout-account", Developer, payout::account_put),
        get("/developers/payouts", Developer, payout::list),
        get("/developers/payouts/{payout}", Developer, payout::get),
        get("/developers/{developer}", Public, developer::get),
        // Administration
        get("/admin/overview", Admin, admin::overview),
        get("/admin/developers", Admin, directory::developers),
        get("/admin/users", Admin, directory::users),
        get("/admin/agents", Admin, directory::agents),
        get("/admin/executions", Admin, directory::executions),
        get("/admin/refunds", Admin, directory::refunds),
        get("/admin/reviews", Admin, admin::reviews),
        get("/admin/versions/{version}", Admin, admin::version),
        get("/admin/versions/{version}/files", Admin, admin::files),
        get("/admin/versions/{version}/files/{*path}", Admin, admin::file),
        post("/admin/versions/{version}/approve", Admin, admin::approve),
        post("/admin/versions/{version}/reject", Admin, admin::reject),
        post("/admin/versions/{version}/findings/{finding}/accept", Admin, admin::finding_accept),
        post("/admin/versions/{version}/findings/{finding}/withdraw", Admin, admin::finding_withdraw),
        post("/admin/rescan", Admin, admin::rescan),
        post("/admin/agents/{agent}/ban", Admin, admin::ban),
        post("/admin/agents/{agent}/unban", Admin, admin::unban),
        post("/admin/developers/{developer}/suspend", Admin, admin::suspend),
        post("/admin/developers/{developer}/reinstate", Admin, admin::reinstate),
        post("/admin/users/{user}/plan", Admin, admin::plan),
        post("/admin/executions/{execution}/refund", Admin, refund::create),
        get("/admin/payouts", Admin, payout::list_all),
        post("/admin/payouts/run", Admin, payout::run),
        post("/admin/payouts/{payout}/retry", Admin, payout::retry),
        get("/admin/review-reports", Admin, user_review::reports),
        post("/admin/user-reviews/{review}/hide", Admin, user_review::hide),
        post("/admin/user-reviews/{review}/show", Admin, user_review::show),
        get("/admin/audit", Admin, admin::audit),
    ]
}

/// The whole interface as one service.
pub fn router(api: Api) -> Router {
    let mut router = Router::new();
    for route in routes() {
        let mut handler = route.handler.layer(Extension(route.needs));
        if route.method != Method::GET {
            handler = if route.is_own_record {
                handler.layer(from_fn_with_state(api.clone(), idempotency_by_row))
            } else {
                handler.layer(from_fn_with_state(api.clone(), idempotency))
            };
            handler = handler.layer(from_fn_with_state(api.writes.clone(), detach));
        }
        if let Some(class) = route.limit {
            let limited = Limited { api: api.clone(), class, access: route.access };
            handler = handler.layer(from_fn_with_state(limited, limit));
        }
        router = router.route(route.path, handler.layer(DefaultBodyLimit::max(route.body_limit)));
    }
    let outer = Frame {
        clock: api.clock.clone(),
        https: api.https,
        http: api.exposition.http(),
        stopping: api.stopping.clone(),
        cors: cors(&api.cors_origins),
    };
    framed(web::routes(router, &api), outer, web::unknown).with_state(api)
}

/// Puts `router` into the frame every listener of ours answers in; `unknown` answers where it has no path.
pub(crate) fn framed<S, H, T>(router: Router<S>, outer: Frame, unknown: H) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    H: Handler<T, S>,
    T: 'static,
{
    let router = router
        .route_layer(from_fn(path_note))
        .fallback(unknown)
        .method_not_allowed_fallback(async || {
            ApiFailure::new(ErrorCode::METHOD_NOT_ALLOWED, "this path does not take that method")
        })
        .layer(from_fn(body_time))
        .layer(from_fn(time_limit))
        .layer(CatchPanicLayer::custom(panic_answer))
        .layer(from_fn(compression_mark))
        .layer(compression());
    let router = match outer.cors.clone() {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router.layer(from_fn_with_state(outer, frame))
}

impl Route {
    fn with_body(self, body_limit: usize) -> Self {
        Self { body_limit, ..self }
    }

    fn limited(self, class: LimitClass) -> Self {
        Self { limit: Some(class), ..self }
    }

    fn unlimited(self) -> Self {
        Self { limit: None, ..self }
    }

    fn with_own_record(self) -> Self {
        Self { is_own_record: true, ..self }
    }
}

fn get<H: Handler<T, Api> + Described<T>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
) -> Route {
    route(Method::GET, MethodFilter::GET, path, access, handler)
}

fn post<H: Handler<T, Api> + Described<T>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
) -> Route {
    route(Method::POST, MethodFilter::POST, path, access, handler)
}

fn put<H: Handler<T, Api> + Described<T>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
) -> Route {
    route(Method::PUT, MethodFilter::PUT, path, access, handler)
}

fn patch<H: Handler<T, Api> + Described<T>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
) -> Route {
    route(Method::PATCH, MethodFilter::PATCH, path, access, handler)
}

fn delete<H: Handler<T, Api> + Described<T>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
) -> Route {
    route(Method::DELETE, MethodFilter::DELETE, path, access, handler)
}

fn route<H: Handler<T, Api> + Described<T>, T: 'static>(
    method: Method,
    filter: MethodFilter,
    path: &'static str,
    access: Access,
    handler: H,
) -> Route {
    let needs = needs(&method, path, access);
    let limit = if method == Method::GET { LimitClass::Reads } else { LimitClass::Writes };
    Route {
        method,
        path,
        access,
        needs,
        limit: Some(limit),
        body_limit: BODY_LIMIT,
        is_own_record: false,
        describe: H::describe,
        handler: on(filter, handler),
    }
}
