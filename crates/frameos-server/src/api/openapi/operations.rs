//! What each operation is called: its id, a line on what it does, and what else a client should know.
//!
//! The sentences of the document, and nothing else of it. A new route gets one line here; a test says which is missing. The
//! statuses beside a line are refusals that its types and access do not tell.

use axum::http::Method;

/// The parts of the document.
pub(super) const TAGS: &[(&str, &str)] = &[
    ("Accounts", "Registering, logging in, and one's own account."),
    ("Agents", "The registry: publishing, finding and reading agents."),
    ("Reviews", "What users say of agents."),
    ("Deployments", "A user's configured agents."),
    ("Executions", "Runs: triggering, following and reading them."),
    ("Subscriptions", "Monthly subscriptions to agents."),
    ("Wallet", "A user's money and spending policy."),
    ("Webhooks", "What is told to a user's own servers."),
    ("Developers", "What developers see of their business, and how they are paid."),
    ("Administration", "For administrators of this installation."),
    ("Operations", "What an operator's tools ask."),
];

/// An operation's words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    method: &'static str,
    path: &'static str,
    /// Stable: generated clients name their functions by it.
    pub id: &'static str,
    pub summary: &'static str,
    pub about: &'static str,
    pub refusals: &'static [u16],
    pub tag: &'static str,
}

const fn op(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Named {
    Named { method, path, id, summary, about: "", refusals: &[], tag: "" }
}

impl Named {
    const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    const fn refuses(self, refusals: &'static [u16]) -> Self {
        Self { refusals, ..self }
    }
}

/// The words of a route; what has none yet goes by a name that a test refuses.
pub(super) fn named(method: &Method, path: &'static str) -> Named {
    for (tag, operations) in OPERATIONS {
        for named in *operations {
            if named.method == method.as_str() && named.path == path {
                return Named { tag, ..*named };
            }
        }
    }
    Named { tag: "Operations", ..op("", path, path, "") }
}

/// The table, by tags.
const OPERATIONS: &[(&str, &[Named])] = &[
    ("Accounts", &[
        op("POST", "/developers/register", "developer_register", "Register a developer").refuses(&[409]),
        op("POST", "/users/register", "user_register", "Register a user").refuses(&[409]),
        op("POST", "/auth/login", "session_login", "Log in").about("With the second factor's code where the account has one.").refuses(&[401, 403]),
        op("POST", "/auth/refresh", "session_refresh", "Get the next pair of tokens").about("A refresh token works once; used twice, it ends its session.").refuses(&[401, 403]),
        op("POST", "/auth/logout", "session_logout", "End a session by its refresh token").refuses(&[401]),
        op("POST", "/auth/logout-everywhere", "session_end_all", "End all sessions"),
        op("POST", "/auth/verify-email", "email_verify", "Prove an e-mail address").refuses(&[401]),
        op("POST", "/auth/resend-verification", "verification_resend", "Have the verification mail sent again").about("The answer is the same whether or not the address has an account."),
        op("POST", "/auth/forgot-password", "password_forgot", "Have a mail sent to set a new password").about("The answer is the same whether or not the address has an account."),
        op("POST", "/auth/reset-password", "password_reset", "Set a new password by the token of a mail").refuses(&[401]),
        op("GET", "/me", "account_get", "One's own account"),
        op("DELETE", "/me", "account_delete", "Delete one's own account").about("What the books need is kept without name and address."),
        op("GET", "/me/export", "account_export", "Everything of one's own account").about("Sent as it is read; an answer that breaks off is no JSON."),
        op("POST", "/me/password", "password_change", "Change one's password"),
        op("GET", "/me/sessions", "session_list", "One's sessions"),
        op("DELETE", "/me/sessions/{session}", "session_end", "End a session"),
        op("GET", "/me/tokens", "personal_token_list", "One's personal access tokens"),
        op("POST", "/me/tokens", "personal_token_create", "Make a personal access token").about("The token is told here only."),
        op("DELETE", "/me/tokens/{token}", "personal_token_revoke", "Revoke a personal access token"),
        op("POST", "/me/2fa/enroll", "two_factor_enroll", "Begin to use a second factor").about("It is in force once confirmed."),
        op("POST", "/me/2fa/confirm", "two_factor_confirm", "Confirm the second factor by a code").about("The recovery codes are told here only."),
        op("POST", "/me/2fa/disable", "two_factor_disable", "Stop using the second factor"),
        op("POST", "/me/2fa/recovery-codes", "recovery_codes_regenerate", "Get new recovery codes"),
    ]),
    ("Agents", &[
        op("POST", "/agents/register", "agent_register", "Publish an agent").about("The bundle is scanned at once and reviewed within 24 hours."),
        op("GET", "/agents", "agent_list", "Find agents").about("Published agents, by full text and filters. With `mine=true` a developer's own, in every status."),
        op("GET", "/agents/{agent}", "agent_get", "One agent's page").about("As Markdown with `Accept: text/markdown`, or with `.md` after the slug."),
        op("PATCH", "/agents/{agent}", "agent_update", "Change an agent's price"),
        op("POST", "/agents/{agent}/versions", "version_submit", "Submit a new version"),
        op("GET", "/agents/{agent}/versions", "version_list", "An agent's versions"),
        op("POST", "/agents/{agent}/versions/{version}/deprecate", "version_deprecate", "Advise against a version"),
        op("POST", "/agents/{agent}/versions/{version}/yank", "version_yank", "Withdraw a version").about("No new run of it begins."),
        op("GET", "/categories", "category_list", "Categories with published agents"),
    ]),
    ("Reviews", &[
        op("GET", "/agents/{agent}/reviews", "user_review_list", "An agent's reviews"),
        op("PUT", "/agents/{agent}/reviews", "user_review_put", "Write or replace one's review").about("After a successful run of one's own."),
        op("DELETE", "/agents/{agent}/reviews", "user_review_delete", "Remove one's review"),
        op("PUT", "/agents/{agent}/reviews/{review}/reply", "user_review_reply", "Answer a review of one's agent"),
        op("DELETE", "/agents/{agent}/reviews/{review}/reply", "user_review_reply_delete", "Remove one's answer to a review"),
        op("POST", "/agents/{agent}/reviews/{review}/report", "user_review_report", "Report a review"),
    ]),
    ("Deployments", &[
        op("POST", "/agents/{agent}/deploy", "deployment_create", "Configure an agent for oneself"),
        op("GET", "/deployments", "deployment_list", "One's deployments"),
        op("GET", "/deployments/{deployment}", "deployment_get", "One deployment"),
        op("PATCH", "/deployments/{deployment}", "deployment_update", "Change a deployment").about("Only what is given changes: the version, the config, or whether it is paused."),
        op("GET", "/deployments/{deployment}/changes", "deployment_changes", "What a move to another version would change").about("Nothing is moved."),
        op("DELETE", "/deployments/{deployment}", "deployment_delete", "Delete a deployment").about("Its runs stay."),
    ]),
    ("Executions", &[
        op("POST", "/agents/{agent}/execute", "execution_start", "Run an agent").about("Answers 202 with where to look; with `Prefer: wait=N` 200 with the run, if it ends in time. Nothing is charged for a run that fails. Where x402 is on, whoever has no account is told by 402 what to pay."),
        op("GET", "/executions", "execution_list", "One's runs"),
        op("GET", "/executions/{execution}", "execution_get", "One run"),
        op("POST", "/executions/{execution}/cancel", "execution_cancel", "Cancel a run"),
        op("GET", "/executions/{execution}/logs", "execution_logs", "What a run printed"),
        op("GET", "/executions/{execution}/receipt", "execution_receipt", "A run's signed receipt").refuses(&[409]),
        op("GET", "/executions/{execution}/ap2", "execution_ap2", "A run's mandates and receipts in the form of AP2").refuses(&[409]),
        op("GET", "/executions/{execution}/events", "execution_follow", "Follow a run").about("Server-Sent Events: `state`, `log`, `progress`, `charge`, `resources`, `truncated`, and at last `end` with the run. 204 when the run has ended and was told."),
        op("POST", "/executions/{execution}/progress", "run_progress", "Say how far a run is").about("With the run's own execution token.").refuses(&[409]),
        op("POST", "/executions/{execution}/logs", "run_log", "Add to a run's log").about("With the run's own execution token.").refuses(&[409]),
    ]),
    ("Subscriptions", &[
        op("POST", "/agents/{agent}/subscribe", "subscription_create", "Subscribe to an agent").refuses(&[402]),
        op("GET", "/subscriptions", "subscription_list", "One's subscriptions"),
        op("GET", "/subscriptions/{subscription}", "subscription_get", "One subscription"),
        op("POST", "/subscriptions/{subscription}/cancel", "subscription_cancel", "End a subscription with its month"),
        op("POST", "/subscriptions/{subscription}/resume", "subscription_resume", "Take a cancelled subscription up again"),
        op("POST", "/subscriptions/{subscription}/pay", "subscription_pay", "Pay a month that is past due").refuses(&[402]),
    ]),
    ("Wallet", &[
        op("GET", "/wallet", "wallet_get", "One's wallet"),
        op("POST", "/wallet/top-ups", "top_up_create", "Put money into the wallet"),
        op("GET", "/wallet/top-ups", "top_up_list", "One's top-ups"),
        op("GET", "/wallet/top-ups/{top_up}", "top_up_get", "One top-up"),
        op("GET", "/wallet/transactions", "transaction_list", "What happened in the wallet"),
        op("GET", "/policy", "policy_get", "One's spending policy"),
        op("PUT", "/policy", "policy_put", "Replace one's spending policy").about("It holds for every run from now on."),
        op("POST", "/providers/{provider}/webhook", "provider_webhook", "A payment provider's report").about("Signed by the provider in its own way, over the body's bytes.").refuses(&[401, 404]),
    ]),
    ("Webhooks", &[
        op("GET", "/webhooks", "webhook_list", "One's webhooks"),
        op("POST", "/webhooks", "webhook_create", "Make a webhook").about("The secret is told here only."),
        op("GET", "/webhooks/{webhook}", "webhook_get", "One webhook"),
        op("PATCH", "/webhooks/{webhook}", "webhook_update", "Change a webhook").about("Only what is given changes."),
        op("DELETE", "/webhooks/{webhook}", "webhook_delete", "Delete a webhook"),
        op("POST", "/webhooks/{webhook}/rotate-secret", "webhook_secret_rotate", "Get a new secret").about("For a while deliveries are signed with both."),
        op("POST", "/webhooks/{webhook}/test", "webhook_test", "Send a test event"),
        op("GET", "/webhooks/{webhook}/deliveries", "webhook_delivery_list", "What was sent to a webhook"),
        op("POST", "/webhooks/{webhook}/deliveries/{delivery}/replay", "webhook_delivery_replay", "Send an event again"),
    ]),
    ("Developers", &[
        op("GET", "/developers/analytics", "analytics_get", "Runs, revenue and success of one's agents"),
        op("GET", "/developers/revenue", "revenue_list", "One's shares of payments"),
        op("GET", "/developers/executions/{execution}/logs", "developer_logs_get", "What a run of one's agent printed").about("Without anything its user put in."),
        op("GET", "/developers/payout-account", "payout_account_get", "Where one is paid"),
        op("PUT", "/developers/payout-account", "payout_account_put", "Say where one is paid"),
        op("GET", "/developers/payouts", "payout_list", "One's payouts").about("With `Accept: text/csv`, as a table."),
        op("GET", "/developers/payouts/{payout}", "payout_get", "One payout and what it consists of").about("With `Accept: text/csv`, or `.csv` after its id, as a table."),
    ]),
    ("Administration", &[
        op("GET", "/admin/overview", "overview_get", "How the installation is doing"),
        op("GET", "/admin/reviews", "review_queue", "Versions that wait for a decision"),
        op("GET", "/admin/versions/{version}", "version_review_get", "A version for its reviewer"),
        op("GET", "/admin/versions/{version}/files", "version_file_list", "The files of a version"),
        op("GET", "/admin/versions/{version}/files/{*path}", "version_file_get", "One file of a version").about("Its first megabyte as plain text, whatever it is."),
        op("POST", "/admin/versions/{version}/approve", "version_approve", "Approve a version"),
        op("POST", "/admin/versions/{version}/reject", "version_reject", "Reject a version"),
        op("POST", "/admin/versions/{version}/findings/{finding}/accept", "finding_accept", "Accept a flagged finding for a version"),
        op("POST", "/admin/versions/{version}/findings/{finding}/withdraw", "finding_withdraw", "Take an acceptance back"),
        op("POST", "/admin/rescan", "version_rescan", "Scan stored versions with today's scanner").about("Nothing is changed by it."),
        op("POST", "/admin/agents/{agent}/ban", "agent_ban", "Ban an agent"),
        op("POST", "/admin/agents/{agent}/unban", "agent_unban", "Lift an agent's ban"),
        op("POST", "/admin/developers/{developer}/suspend", "developer_suspend", "Suspend a developer"),
        op("POST", "/admin/developers/{developer}/reinstate", "developer_reinstate", "Reinstate a developer"),
        op("POST", "/admin/users/{user}/plan", "user_plan_set", "Set a user's plan"),
        op("POST", "/admin/executions/{execution}/refund", "execution_refund", "Give money of a run back"),
        op("GET", "/admin/payouts", "payout_list_all", "All payouts"),
        op("POST", "/admin/payouts/run", "payout_run", "Make the payouts that are due now"),
        op("POST", "/admin/payouts/{payout}/retry", "payout_retry", "Try a payout again"),
        op("GET", "/admin/review-reports", "user_review_report_list", "Reviews that were reported"),
        op("POST", "/admin/user-reviews/{review}/hide", "user_review_hide", "Hide a review"),
        op("POST", "/admin/user-reviews/{review}/show", "user_review_show", "Show a hidden review again"),
        op("GET", "/admin/audit", "audit_list", "What administrators did"),
    ]),
    ("Operations", &[
        op("GET", "/", "about_get", "What answers here"),
        op("GET", "/healthz", "health_get", "Whether the process answers"),
        op("GET", "/readyz", "readiness_get", "Whether the process does its work").about("Each thing the process depends on is looked at; 503 says which one does not answer."),
        op("GET", "/metrics", "metrics_get", "What the process has counted").about("In the text format of Prometheus. With `metrics.token` set, for its bearer only.").refuses(&[401]),
        op("GET", "/openapi.json", "description_get", "This document"),
        op("GET", "/docs", "description_page", "This document as a page"),
        op("GET", "/docs/{file}", "description_style", "The page's look"),
        op("GET", "/.well-known/jwks.json", "keys_list", "The keys receipts verify with").about("A JSON Web Key Set (RFC 7517), without the envelope."),
    ]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::routes::routes;

    #[test]
    fn every_route_has_its_line_and_every_line_its_route() {
        let lines = OPERATIONS.iter().flat_map(|(_, operations)| operations.iter());
        let lines: Vec<_> = lines.map(|named| (named.method.to_owned(), named.path)).collect();
        let table: Vec<_> = routes().iter().map(|route| (route.method.to_string(), route.path)).collect();
        for route in &table {
            assert!(lines.contains(route), "{route:?} has no line in openapi/operations.rs");
        }
        for line in &lines {
            assert!(table.contains(line), "{line:?} is no route");
        }
        assert_eq!(lines.len(), table.len(), "a line stands here twice");
    }

    #[test]
    fn ids_are_unique_and_every_tag_is_described() {
        let mut ids = BTreeSet::new();
        for (tag, operations) in OPERATIONS {
            assert!(TAGS.iter().any(|(name, _)| name == tag), "{tag}");
            for named in *operations {
                assert!(ids.insert(named.id), "`{}` stands twice", named.id);
                assert!(!named.summary.is_empty() && !named.summary.ends_with('.'), "{}", named.id);
            }
        }
    }
}
