//! A user's wallet and spending policy, as the payment gateway keeps them.

use frameos_domain::{
    id::UserId,
    money::{Currency, MoneyError},
    policy::Policy,
};
use frameos_gateway::wire::{TopUp, TopUpNew, Wallet, WalletPage};

use crate::{
    app::App,
    error::{AppError, Result},
};

/// What the user can spend and what is held for runs that have not ended.
pub async fn wallet_get(app: &App, user: UserId) -> Result<Wallet> {
    Ok(app.payments().wallet_get(user.to_string()).await?)
}

/// Adds money. `idempotency_key` makes a repeated request credit once.
pub async fn wallet_top_up(
    app: &App,
    user: UserId,
    amount: i64,
    currency: &str,
    idempotency_key: Option<String>,
) -> Result<TopUp> {
    let currency: Currency =
        currency.parse().map_err(|error: MoneyError| AppError::field("currency", error.to_string()))?;
    Ok(app.payments().wallet_top_up(user.to_string(), TopUpNew { amount, currency, idempotency_key }).await?)
}

/// What happened in the wallet, newest first.
pub async fn wallet_transactions(app: &App, user: UserId, page: u32, limit: u32) -> Result<WalletPage> {
    Ok(app.payments().wallet_transactions(user.to_string(), page, limit).await?)
}

pub async fn policy_get(app: &App, user: UserId) -> Result<Policy> {
    Ok(app.payments().policy_get(user.to_string()).await?)
}

/// Replaces the policy; it applies to every mandate issued from now on.
pub async fn policy_put(app: &App, user: UserId, policy: Policy) -> Result<Policy> {
    policy.validate().map_err(|message| AppError::invalid("VALIDATION_FAILED", message))?;
    Ok(app.payments().policy_put(user.to_string(), policy).await?)
}
