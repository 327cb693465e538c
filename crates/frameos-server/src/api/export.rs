//! Everything of one account in one document, read page by page and sent as it is read.
//!
//! Invariants: memory holds one page at a time; the answer begins after its first part was read, so what fails at once has a
//! status, and what fails later cuts the document off, which is then no JSON.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use frameos_app::{self as app, App, ExecutionFilter, Principal};
use frameos_contract::account::AccountExport;
use frameos_domain::id::{DeveloperId, UserId};
use frameos_store::Page;
use futures::{TryStreamExt, stream};
use serde::Serialize;
use serde_json::Value;

use super::{
    Api,
    extract::Authenticated,
    failure::ApiFailure,
    reply::{Reply, Replying, Saved},
};
use crate::view;

const PAGE: u32 = 100;
/// Pages of one part; what is left is said to be.
const MOST_PAGES: u32 = 200;

/// One part of the document: a list.
#[derive(Debug, Clone, Copy)]
enum Part {
    Account,
    Sessions,
    Tokens,
    User(UserPart),
    Developer(DeveloperPart),
}

#[derive(Debug, Clone, Copy)]
enum UserPart {
    Deployments,
    Executions,
    Subscriptions,
    Webhooks,
    Wallet,
    WalletTransactions,
    TopUps,
    Policy,
}

#[derive(Debug, Clone, Copy)]
enum DeveloperPart {
    Agents,
    Revenue,
    Payouts,
}

const USER: &[Part] = &[
    Part::Account,
    Part::Sessions,
    Part::Tokens,
    Part::User(UserPart::Deployments),
    Part::User(UserPart::Executions),
    Part::User(UserPart::Subscriptions),
    Part::User(UserPart::Webhooks),
    Part::User(UserPart::Wallet),
    Part::User(UserPart::WalletTransactions),
    Part::User(UserPart::TopUps),
    Part::User(UserPart::Policy),
];
const DEVELOPER: &[Part] = &[
    Part::Account,
    Part::Sessions,
    Part::Tokens,
    Part::Developer(DeveloperPart::Agents),
    Part::Developer(DeveloperPart::Revenue),
    Part::Developer(DeveloperPart::Payouts),
];
const ADMIN: &[Part] = &[Part::Account, Part::Sessions];

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Sessions => "sessions",
            Self::Tokens => "tokens",
            Self::User(UserPart::Deployments) => "deployments",
            Self::User(UserPart::Executions) => "executions",
            Self::User(UserPart::Subscriptions) => "subscriptions",
            Self::User(UserPart::Webhooks) => "webhooks",
            Self::User(UserPart::Wallet) => "wallet",
            Self::User(UserPart::WalletTransactions) => "wallet_transactions",
            Self::User(UserPart::TopUps) => "top_ups",
            Self::User(UserPart::Policy) => "policy",
            Self::Developer(DeveloperPart::Agents) => "agents",
            Self::Developer(DeveloperPart::Revenue) => "revenue",
            Self::Developer(DeveloperPart::Payouts) => "payouts",
        }
    }
}

/// How far the document is.
struct Export {
    app: App,
    principal: Principal,
    parts: &'static [Part],
    at: usize,
    page: u32,
    /// Parts that have more than is told.
    cut: Vec<&'static str>,
    ended: bool,
}

/// `GET /me/export`
pub(crate) async fn export(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
) -> Replying<Saved<AccountExport>> {
    let parts = match (principal.user(), principal.developer()) {
        (Some(_), _) => USER,
        (None, Some(_)) => DEVELOPER,
        (None, None) => ADMIN,
    };
    let app = api.app.clone();
    let export = Export { app, principal, parts, at: 0, page: 1, cut: Vec::new(), ended: false };
    let Some((first, rest)) = chunk(export).await? else {
        return Err(ApiFailure::internal("an export without a beginning"));
    };
    let rest = stream::try_unfold(rest, chunk).map_err(|failure| {
        tracing::error!(?failure, "an export was cut off");
        std::io::Error::other("the export was cut off")
    });
    let whole = futures::StreamExt::chain(stream::iter([Ok(first)]), rest);
    let mut response = Response::new(Body::from_stream(whole));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let disposition = HeaderValue::from_static("attachment; filename=\"frameos-export.json\"");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(Reply::of(response))
}

/// The next piece of the document's text.
async fn chunk(mut export: Export) -> Result<Option<(Bytes, Export)>, ApiFailure> {
    if export.ended {
        return Ok(None);
    }
    let Some(part) = export.parts.get(export.at).copied() else {
        export.ended = true;
        let cut = serde_json::to_string(&export.cut).map_err(ApiFailure::internal)?;
        return Ok(Some((Bytes::from(format!(",\"truncated\":{cut}}}}}")), export)));
    };
    let page = Page::new(export.page, PAGE);
    let (items, total) = read(&export.app, &export.principal, part, page).await?;
    let mut text = match (export.page, export.at) {
        (1, 0) => format!("{{\"success\":true,\"data\":{{\"{}\":[", part.name()),
        (1, _) => format!(",\"{}\":[", part.name()),
        _ => String::new(),
    };
    for (index, item) in items.iter().enumerate() {
        if index > 0 || export.page > 1 {
            text.push(',');
        }
        text.push_str(&item.to_string());
    }
    let told = i64::from(export.page) * i64::from(PAGE);
    let more = !items.is_empty() && told < total;
    if more && export.page < MOST_PAGES {
        export.page += 1;
    } else {
        if more {
            export.cut.push(part.name());
        }
        text.push(']');
        (export.at, export.page) = (export.at + 1, 1);
    }
    Ok(Some((Bytes::from(text), export)))
}

/// A page of a part, and how many entries the part has.
async fn read(
    app: &App,
    principal: &Principal,
    part: Part,
    page: Page,
) -> Result<(Vec<Value>, i64), ApiFailure> {
    match part {
        Part::Account => one(view::account::me(app::account_me(app, principal).await?)),
        Part::Sessions => all(app::session_list(app, principal).await?, view::account::session),
        Part::Tokens => all(app::personal_token_list(app, principal).await?, view::account::personal_token),
        Part::User(part) => match principal.user() {
            Some(user) => user_read(app, user, part, page).await,
            None => Ok((Vec::new(), 0)),
        },
        Part::Developer(part) => match principal.developer() {
            Some(developer) => developer_read(app, developer, part, page).await,
            None => Ok((Vec::new(), 0)),
        },
    }
}

async fn user_read(
    app: &App,
    user: UserId,
    part: UserPart,
    page: Page,
) -> Result<(Vec<Value>, i64), ApiFailure> {
    match part {
        UserPart::Deployments => {
            let listed = app::deployment_list(app, user, page).await?;
            Ok((all(listed.items, view::deployment::deployment)?.0, listed.total))
        }
        UserPart::Executions => {
            let listed = app::execution_list(app, user, ExecutionFilter::default(), page).await?;
            let mut runs = Vec::with_capacity(listed.items.len());
            for run in listed.items {
                // The whole run, with what went in and came out.
                runs.push(value(view::execution::execution(app::execution_get(app, user, run.id).await?))?);
            }
            Ok((runs, listed.total))
        }
        UserPart::Subscriptions => {
            let listed = app::subscription_list(app, user, page).await?;
            Ok((all(listed.items, view::subscription::subscription)?.0, listed.total))
        }
        UserPart::Webhooks => all(app::webhook_list(app, user).await?, view::webhook::webhook),
        UserPart::Wallet => one(view::wallet::wallet(&app::wallet_get(app, user).await?)),
        UserPart::WalletTransactions => {
            let listed = app::wallet_transactions(app, user, page.page, page.limit).await?;
            let listed = view::wallet::transactions(listed);
            Ok((all(listed.transactions, |entry| entry)?.0, listed.total))
        }
        UserPart::TopUps => {
            let listed = app::wallet_top_up_list(app, user, page.page, page.limit).await?;
            let listed = view::wallet::top_ups(listed);
            Ok((all(listed.top_ups, |entry| entry)?.0, listed.total))
        }
        UserPart::Policy => one(app::policy_get(app, user).await?),
    }
}

async fn developer_read(
    app: &App,
    developer: DeveloperId,
    part: DeveloperPart,
    page: Page,
) -> Result<(Vec<Value>, i64), ApiFailure> {
    match part {
        DeveloperPart::Agents => all(app::agent_list_mine(app, developer).await?, view::agent::summary),
        DeveloperPart::Revenue => {
            let listed = app::revenue_list(app, developer, page).await?;
            Ok((all(listed.items, |row| view::developer::revenue_entry(&row))?.0, listed.total))
        }
        DeveloperPart::Payouts => {
            let listed = view::payout::list(app::payout_list(app, developer, page).await?);
            Ok((all(listed.payouts, |entry| entry)?.0, listed.total))
        }
    }
}

fn one<T: Serialize>(item: T) -> Result<(Vec<Value>, i64), ApiFailure> {
    Ok((vec![value(item)?], 1))
}

/// A list that comes whole: one page, whatever its length.
fn all<T, U: Serialize>(items: Vec<T>, view: impl Fn(T) -> U) -> Result<(Vec<Value>, i64), ApiFailure> {
    let values: Vec<Value> = items.into_iter().map(|item| value(view(item))).collect::<Result<_, _>>()?;
    Ok((values, 1))
}

fn value<T: Serialize>(item: T) -> Result<Value, ApiFailure> {
    serde_json::to_value(item).map_err(ApiFailure::internal)
}
