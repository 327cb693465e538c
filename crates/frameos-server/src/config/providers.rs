//! Who fills wallets: the payment providers and how they are reached.

use secrecy::SecretString;

/// A payment provider that can be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderName {
    /// Test money.
    Sandbox,
    Stripe,
    Cashfree,
}

impl ProviderName {
    pub const ALL: [Self; 3] = [Self::Sandbox, Self::Stripe, Self::Cashfree];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Stripe => "stripe",
            Self::Cashfree => "cashfree",
        }
    }
}

#[derive(Debug, Clone)]
pub struct ProvidersConfig {
    /// In order of preference. `None`: test money, unless clients come by HTTPS; then none.
    pub names: Option<Vec<ProviderName>>,
    /// How long a provider's answer is waited for.
    pub timeout_seconds: u32,
    /// Where payers come back to when a top-up does not say; `None`: the public URL.
    pub return_url: Option<String>,
    /// What test money does for a top-up that names no scenario.
    pub sandbox_scenario: Option<String>,
    /// `None`: a random one, so that only the sandbox itself can sign.
    pub sandbox_webhook_secret: Option<SecretString>,
    pub stripe: StripeKeys,
    pub cashfree: CashfreeKeys,
}

#[derive(Debug, Clone, Default)]
pub struct StripeKeys {
    pub secret_key: Option<SecretString>,
    pub webhook_secret: Option<SecretString>,
    /// `None`: Stripe's own.
    pub base_url: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct CashfreeKeys {
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    /// `None`: Cashfree's own, for real money.
    pub base_url: Option<String>,
    /// `None`: ten nines.
    pub customer_phone: Option<String>,
}

impl Default for ProvidersConfig {
    fn default() -> Self {
        Self {
            names: None,
            timeout_seconds: 10,
            return_url: None,
            sandbox_scenario: None,
            sandbox_webhook_secret: None,
            stripe: StripeKeys::default(),
            cashfree: CashfreeKeys::default(),
        }
    }
}
