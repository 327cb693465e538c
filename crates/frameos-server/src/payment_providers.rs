//! Makes the payment providers from the configuration, and keeps test money and real money apart.
//!
//! Invariants: test money is the default only where nothing says that real users come; it never stands beside a real provider,
//! and never in books that hold real money; that it is in use is said at every start.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use aws_lc_rs::rand;
use frameos_gateway::{
    Cashfree, CashfreeConfig, PaymentProvider, Providers, Sandbox, SandboxConfig, Stripe, StripeConfig,
};
use frameos_store::{Store, gateway::top_up_charge::charge_of_others_unscoped};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    config::{Config, ProviderName},
    error::ServeError,
    notice::notice,
};

/// The providers of a gateway in this process, whose webhooks arrive at `address` if anything listens.
pub(crate) async fn providers_build(
    config: &Config,
    store: &Store,
    address: Option<SocketAddr>,
) -> Result<Providers, ServeError> {
    let is_public = config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    let names = match &config.providers.names {
        Some(names) => names.clone(),
        None if is_public => {
            notice("payments: no provider: nobody can fill a wallet until `gateway.providers` is set");
            Vec::new()
        }
        None => vec![ProviderName::Sandbox],
    };
    if names.contains(&ProviderName::Sandbox) {
        sandbox_check(store, is_public).await?;
    } else if !names.is_empty() {
        real_money_check(store, config).await?;
    }
    let mut providers: Vec<Arc<dyn PaymentProvider>> = Vec::new();
    for name in names {
        providers.push(match name {
            ProviderName::Sandbox => Arc::new(sandbox(config, address)?),
            ProviderName::Stripe => Arc::new(stripe(config, address)?),
            ProviderName::Cashfree => Arc::new(cashfree(config)?),
        });
    }
    Ok(Providers::new(providers))
}

async fn sandbox_check(store: &Store, is_public: bool) -> Result<(), ServeError> {
    let real = store.read(|tx| Box::pin(charge_of_others_unscoped(tx, "sandbox"))).await?;
    if let Some(provider) = real {
        return Err(ServeError::TestMoneyBesideReal { provider });
    }
    let loud = if is_public { "payments: TEST MONEY AT A PUBLIC ADDRESS" } else { "payments: test money" };
    notice(&format!(
        "{loud} (provider `sandbox`): everyone fills their wallet for nothing; set `gateway.providers` for real money"
    ));
    Ok(())
}

async fn real_money_check(store: &Store, config: &Config) -> Result<(), ServeError> {
    // Whatever is there and not a real provider's is test money.
    let is_test = store.read(|tx| Box::pin(test_money_is_there(tx))).await?;
    if is_test {
        notice("payments: WARNING: these books hold test money too, and it can be spent like real money");
    }
    let key = config.providers.stripe.secret_key.as_ref();
    if key.is_some_and(|key| key.expose_secret().starts_with("sk_test_")) {
        notice("payments: the Stripe key is one for tests: what it collects is not money");
    }
    Ok(())
}

async fn test_money_is_there(tx: &mut frameos_store::Tx) -> Result<bool, frameos_store::StoreError> {
    frameos_store::gateway::top_up_charge::charge_is_credited_unscoped(tx, "sandbox").await
}

fn timeout(config: &Config) -> Duration {
    Duration::from_secs(config.providers.timeout_seconds.into())
}

fn sandbox(config: &Config, address: Option<SocketAddr>) -> Result<Sandbox, ServeError> {
    let secret = match &config.providers.sandbox_webhook_secret {
        Some(secret) => secret.clone(),
        None => secret_random()?,
    };
    Ok(Sandbox::new(SandboxConfig {
        scenario: config.providers.sandbox_scenario.clone(),
        webhook_secret: Some(secret),
        webhook_url: address.map(|address| format!("http://{address}/providers/sandbox/webhook")),
    }))
}

fn stripe(config: &Config, address: Option<SocketAddr>) -> Result<Stripe, ServeError> {
    let keys = &config.providers.stripe;
    let secret_key = needed("stripe.secret_key", keys.secret_key.as_ref())?;
    let webhook_secret = needed("stripe.webhook_secret", keys.webhook_secret.as_ref())?;
    let mut stripe = StripeConfig::new(secret_key, webhook_secret, timeout(config));
    if let Some(url) = &keys.base_url {
        stripe.base_url.clone_from(url);
    }
    let default = config.public_url_at(address.unwrap_or(config.listen));
    stripe.return_url = config.providers.return_url.clone().unwrap_or(default);
    Ok(Stripe::new(stripe)?)
}

fn cashfree(config: &Config) -> Result<Cashfree, ServeError> {
    let keys = &config.providers.cashfree;
    let client_id = needed("cashfree.client_id", keys.client_id.as_ref())?;
    let client_secret = needed("cashfree.client_secret", keys.client_secret.as_ref())?;
    let mut cashfree = CashfreeConfig::new(client_id, client_secret, timeout(config));
    if let Some(url) = &keys.base_url {
        cashfree.base_url.clone_from(url);
    }
    if let Some(phone) = &keys.customer_phone {
        cashfree.customer_phone.clone_from(phone);
    }
    cashfree.return_url.clone_from(&config.providers.return_url);
    Ok(Cashfree::new(cashfree)?)
}

fn needed<T: Clone>(key: &'static str, value: Option<&T>) -> Result<T, ServeError> {
    value.cloned().ok_or(ServeError::ProviderKeyMissing { key })
}

fn secret_random() -> Result<SecretString, ServeError> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| ServeError::Random)?;
    Ok(hex::encode(bytes).into())
}
