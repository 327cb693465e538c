//! Counts a request under its route's limits, before anything else is done for it, and says in the answer what is left.
//!
//! A request counts for its account, or without a good token for its address; besides, for its address together with all
//! others from there. A bad token is no account: it is refused by the route itself.

use axum::{
    extract::{Request, State},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    api::{
        Api,
        extract::{is_run_token, principal_in},
        failure::ApiFailure,
        routes::Access,
    },
    config::{LimitClass, LimitsConfig, address_block},
    limit::{Check, ClientAddress, Limits, TooMany},
};

/// What the limits of a listener are, and how they stand.
pub(crate) struct RequestLimits {
    pub config: LimitsConfig,
    pub limits: Limits,
}

/// What the layer knows of its route.
#[derive(Clone)]
pub(crate) struct Limited {
    pub api: Api,
    pub class: LimitClass,
    pub access: Access,
}

/// Lets a request through, or answers 429.
pub(crate) async fn limit(State(limited): State<Limited>, request: Request, next: Next) -> Response {
    let Limited { api, class, access } = limited;
    let Some(limits) = &api.limits else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let checks = checks(&api, limits, (class, access), &mut parts).await;
    match limits.limits.count(&checks).await {
        Ok(standing) => {
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(standing) = standing {
                standing.tell(&mut response);
            }
            response
        }
        Err(TooMany { standing, wait }) => {
            let mut response = ApiFailure::rate_limited(wait).into_response();
            standing.tell(&mut response);
            response
        }
    }
}

/// The route's own limit first: that is the one clients are told of.
async fn checks(
    api: &Api,
    limits: &RequestLimits,
    (class, access): (LimitClass, Access),
    parts: &mut Parts,
) -> Vec<Check> {
    let peer = parts.extensions.get::<ClientAddress>().map(|peer| peer.0.ip());
    let address = peer.map(|peer| address_block(api.proxies.client(peer, &parts.headers)).to_string());
    // Without a peer, as in a test without a listener, all count as one.
    let address = address.unwrap_or_default();
    let account = if matches!(access, Access::Public | Access::Run) || is_run_token(parts) {
        None
    } else {
        principal_in(parts, api).await.ok().flatten().map(|principal| principal.subject)
    };
    let who = account.as_ref().unwrap_or(&address);
    let mut checks = Vec::with_capacity(3);
    let mut add = |class: LimitClass, of: &str| {
        let rate = limits.config.rate(class);
        if rate.count > 0 {
            checks.push(Check { key: format!("{}:{of}", class.name()), rate });
        }
    };
    if class == LimitClass::ExecutionGet {
        add(class, &format!("{who}:{}", parts.uri.path()));
        add(LimitClass::Reads, who);
    } else {
        add(class, who);
    }
    add(LimitClass::Address, &address);
    checks
}
