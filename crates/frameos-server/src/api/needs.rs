//! What a route needs besides the right role: of a personal access token a scope, and of an account a proved e-mail address.
//!
//! Invariant: what is not listed takes a log-in. Reading is the exception: a GET for an account takes the scope `read`, unless
//! it is about how the account is signed in to.

use axum::http::Method;
use frameos_app::Scope;

use super::routes::Access;

/// One route's needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// The scope that lets a personal access token in; without one none is.
    pub scope: Option<Scope>,
    /// Whether the e-mail address has to be proved, where the configuration asks for that.
    pub verified: bool,
}

const SCOPES: &[(&str, &str, Scope)] = &[
    ("POST", "/agents/register", Scope::Publish),
    ("POST", "/agents/check", Scope::Publish),
    ("PATCH", "/agents/{agent}", Scope::Publish),
    ("POST", "/agents/{agent}/versions", Scope::Publish),
    ("POST", "/agents/{agent}/versions/{version}/deprecate", Scope::Publish),
    ("POST", "/agents/{agent}/versions/{version}/yank", Scope::Publish),
    ("PUT", "/agents/{agent}/reviews/{review}/reply", Scope::Publish),
    ("DELETE", "/agents/{agent}/reviews/{review}/reply", Scope::Publish),
    ("PUT", "/agents/{agent}/reviews", Scope::Execute),
    ("DELETE", "/agents/{agent}/reviews", Scope::Execute),
    ("POST", "/agents/{agent}/deploy", Scope::Deploy),
    ("PATCH", "/deployments/{deployment}", Scope::Deploy),
    ("DELETE", "/deployments/{deployment}", Scope::Deploy),
    ("POST", "/webhooks", Scope::Deploy),
    ("PATCH", "/webhooks/{webhook}", Scope::Deploy),
    ("DELETE", "/webhooks/{webhook}", Scope::Deploy),
    ("POST", "/webhooks/{webhook}/rotate-secret", Scope::Deploy),
    ("POST", "/webhooks/{webhook}/test", Scope::Deploy),
    ("POST", "/webhooks/{webhook}/deliveries/{delivery}/replay", Scope::Deploy),
    ("POST", "/agents/{agent}/execute", Scope::Execute),
    ("POST", "/executions/{execution}/cancel", Scope::Execute),
    ("POST", "/executions/{execution}/share", Scope::Execute),
    ("DELETE", "/executions/{execution}/share", Scope::Execute),
    ("POST", "/agents/{agent}/subscribe", Scope::Wallet),
    ("POST", "/subscriptions/{subscription}/cancel", Scope::Wallet),
    ("POST", "/subscriptions/{subscription}/resume", Scope::Wallet),
    ("POST", "/subscriptions/{subscription}/pay", Scope::Wallet),
    ("POST", "/wallet/top-ups", Scope::Wallet),
];

/// Reading these takes a log-in.
const LOGGED_IN: &[&str] = &["/me/tokens", "/me/sessions", "/me/export", "/me/notifications"];

/// Publishing, and putting money in or on its way out. A run is paid from the wallet, which an account that is not verified
/// cannot fill.
const VERIFIED: &[(&str, &str)] = &[
    ("POST", "/agents/register"),
    ("POST", "/agents/{agent}/versions"),
    ("POST", "/agents/{agent}/subscribe"),
    ("POST", "/subscriptions/{subscription}/pay"),
    ("POST", "/wallet/top-ups"),
    ("PUT", "/developers/payout-account"),
];

/// What a route of the table needs.
pub(super) fn needs(method: &Method, path: &str, access: Access) -> Needs {
    let method = method.as_str();
    let listed = SCOPES.iter().find(|(verb, route, _)| (*verb, *route) == (method, path));
    let reads = method == "GET"
        && matches!(access, Access::Open | Access::Account | Access::User | Access::Developer)
        && !LOGGED_IN.contains(&path);
    Needs {
        scope: listed.map(|(_, _, scope)| *scope).or(reads.then_some(Scope::Read)),
        verified: VERIFIED.contains(&(method, path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::routes::routes;

    #[test]
    fn every_line_is_a_route_and_none_is_an_administrators() {
        let routes = routes();
        let named = SCOPES.iter().map(|(method, path, _)| (*method, *path)).chain(VERIFIED.iter().copied());
        for (method, path) in named {
            assert!(
                routes.iter().any(|route| route.method == method && route.path == path),
                "{method} {path} is no route"
            );
        }
        for route in routes {
            let guarded = matches!(route.access, Access::Admin | Access::Run | Access::Public);
            let about_signing_in = route.path.starts_with("/me/") || route.path.starts_with("/auth/");
            if guarded || (about_signing_in && route.path != "/me") {
                assert_eq!(route.needs.scope, None, "{} {}", route.method, route.path);
            }
        }
    }
}
