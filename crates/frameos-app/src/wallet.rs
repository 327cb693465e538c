//! A user's wallet and spending policy, as the payment gateway keeps them.

use frameos_domain::{
    id::{TopUpId, UserId},
    money::{Currency, Money, MoneyError},
    policy::Policy,
};
use frameos_gateway::wire::{
    Instrument, ProviderWebhook, TopUp, TopUpNew, TopUpPage, Wallet, WalletPage, WebhookTaken,
};

use frameos_store::{agent, status::AgentStatus};

use crate::{
    app::App,
    csv::{Table, amount},
    error::{AppError, Result},
};

/// What the user can spend and what is held for runs that have not ended.
pub async fn wallet_get(app: &App, user: UserId) -> Result<Wallet> {
    Ok(app.payments().wallet_get(user.to_string()).await?)
}

/// What a user asks for.
#[derive(Debug, Clone, Default)]
pub struct TopUpAsked {
    pub amount: i64,
    pub currency: String,
    pub instrument: Option<String>,
    pub return_url: Option<String>,
    pub scenario: Option<String>,
    /// Makes a repeated request credit once.
    pub idempotency_key: Option<String>,
}

/// Asks a provider for money; unless it comes at once, the answer says where to pay.
pub async fn wallet_top_up(app: &App, user: UserId, asked: TopUpAsked) -> Result<TopUp> {
    let TopUpAsked { amount, currency, instrument, return_url, scenario, idempotency_key } = asked;
    let currency: Currency =
        currency.parse().map_err(|error: MoneyError| AppError::field("currency", error.to_string()))?;
    let named = |name: String| {
        Instrument::parse(&name)
            .ok_or_else(|| AppError::field("instrument", "must be card, upi, netbanking or wallet"))
    };
    let instrument = instrument.map(named).transpose()?;
    let new = TopUpNew { amount, currency, instrument, return_url, scenario, idempotency_key };
    Ok(app.payments().wallet_top_up(user.to_string(), new).await?)
}

pub async fn wallet_top_up_get(app: &App, user: UserId, id: TopUpId) -> Result<TopUp> {
    Ok(app.payments().top_up_get(user.to_string(), id).await?)
}

/// The user's top-ups, newest first.
pub async fn wallet_top_up_list(app: &App, user: UserId, page: u32, limit: u32) -> Result<TopUpPage> {
    Ok(app.payments().top_up_list(user.to_string(), page, limit).await?)
}

/// Hands a payment provider's webhook to the gateway, wherever that is.
pub async fn provider_webhook(app: &App, webhook: ProviderWebhook) -> Result<WebhookTaken> {
    Ok(app.payments().provider_webhook(webhook).await?)
}

/// What happened in the wallet, newest first.
pub async fn wallet_transactions(app: &App, user: UserId, page: u32, limit: u32) -> Result<WalletPage> {
    Ok(app.payments().wallet_transactions(user.to_string(), page, limit).await?)
}

/// Entries of an exported history.
const EXPORTED: usize = 10_000;
const EXPORT_PAGE: u32 = 100;

/// The same as a table: the newest 10,000.
pub async fn wallet_transactions_csv(app: &App, user: UserId) -> Result<String> {
    let mut table = Table::default();
    table.row(["time", "kind", "available_change", "held_change", "currency", "reference", "description"]);
    let (mut page, mut told) = (1, 0);
    loop {
        let listed = wallet_transactions(app, user, page, EXPORT_PAGE).await?.transactions;
        for entry in &listed {
            table.row([
                &*entry.at.to_string(),
                &entry.kind,
                &amount(Money::new(entry.available_change, entry.currency)),
                &amount(Money::new(entry.held_change, entry.currency)),
                entry.currency.as_str(),
                // A run is what its owner knows; the mandate behind it is not.
                entry.execution_id.as_deref().unwrap_or(&entry.reference),
                entry.description.as_deref().unwrap_or_default(),
            ]);
        }
        (page, told) = (page + 1, told + listed.len());
        if listed.len() < EXPORT_PAGE as usize || told >= EXPORTED {
            return Ok(table.into_text());
        }
    }
}

pub async fn policy_get(app: &App, user: UserId) -> Result<Policy> {
    Ok(app.payments().policy_get(user.to_string()).await?)
}

/// Replaces the policy; it applies to every mandate issued from now on.
pub async fn policy_put(app: &App, user: UserId, policy: Policy) -> Result<Policy> {
    policy.validate().map_err(|message| AppError::invalid("VALIDATION_FAILED", message))?;
    names_check(app, user, &policy).await?;
    Ok(app.payments().policy_put(user.to_string(), policy).await?)
}

/// Refuses a name that nothing has: a blocked agent that is misspelt would not be blocked. Names that the policy has already
/// are let be, as agents may go.
async fn names_check(app: &App, user: UserId, policy: &Policy) -> Result<()> {
    // A policy that cannot be read is to be replaced, whatever it names.
    let known = app.payments().policy_get(user.to_string()).await.unwrap_or_default();
    let new = |list: &[String], known: &[String]| -> Vec<String> {
        list.iter().filter(|name| !known.contains(name)).cloned().collect()
    };
    let agents = [
        ("allowed_agents", new(&policy.allowed_agents, &known.allowed_agents)),
        ("blocked_agents", new(&policy.blocked_agents, &known.blocked_agents)),
    ];
    let categories = [
        ("allowed_categories", new(&policy.allowed_categories, &known.allowed_categories)),
        ("blocked_categories", new(&policy.blocked_categories, &known.blocked_categories)),
    ];
    let unknown = app.store().read(move |tx| {
        Box::pin(async move {
            for (field, names) in agents {
                for name in names {
                    let found = agent::agent_find_unscoped(tx, &name).await?;
                    if found.is_none_or(|agent| agent.status == AgentStatus::PendingReview) {
                        return Ok(Some((field, name)));
                    }
                }
            }
            if categories.iter().all(|(_, names)| names.is_empty()) {
                return Ok(None);
            }
            let used = agent::agent_categories(tx).await?;
            let is_used = |name: &String| used.iter().any(|category| category.category == *name);
            let mut named = categories
                .into_iter()
                .flat_map(|(field, names)| names.into_iter().map(move |name| (field, name)));
            Ok(named.find(|(_, name)| !is_used(name)))
        })
    });
    match unknown.await? {
        Some((field @ ("allowed_agents" | "blocked_agents"), name)) => {
            Err(AppError::field(field, format!("names `{name}`, which is no agent's id or slug")))
        }
        Some((field, name)) => {
            Err(AppError::field(field, format!("names `{name}`, a category that no agent is in")))
        }
        None => Ok(()),
    }
}
