//! `GET /wallets/:owner`, `POST /wallets/:owner/top-ups`, `GET /wallets/:owner/transactions` and providers' webhooks.

use frameos_domain::{clock::Timestamp, id::TopUpId, money::Currency};
use serde::{Deserialize, Serialize};

/// What an owner can spend and what is held, in minor units of the currency of the owner's policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    pub owner: String,
    pub currency: Currency,
    pub available: i64,
    pub held: i64,
}

/// Asks for money to be put into a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopUpNew {
    /// Minor units, at least 1.
    pub amount: i64,
    #[serde(default = "inr")]
    pub currency: Currency,
    /// What the payer wants to pay with; none leaves it to the provider's checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Instrument>,
    /// Where the payer comes back to from the provider's checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// What test money is to do; refused where the sandbox provider is not in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Travels as the header `Idempotency-Key`.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

impl TopUpNew {
    /// A top-up that leaves everything but amount, currency and key to the gateway.
    pub const fn new(amount: i64, currency: Currency, idempotency_key: Option<String>) -> Self {
        Self { amount, currency, instrument: None, return_url: None, scenario: None, idempotency_key }
    }
}

/// What a payer pays a provider with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Instrument {
    Card,
    Upi,
    Netbanking,
    Wallet,
}

impl Instrument {
    pub const ALL: [Self; 4] = [Self::Card, Self::Upi, Self::Netbanking, Self::Wallet];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Upi => "upi",
            Self::Netbanking => "netbanking",
            Self::Wallet => "wallet",
        }
    }

    /// Reads what [`Instrument::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

const fn inr() -> Currency {
    Currency::INR
}

/// Where a top-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TopUpStatus {
    /// The provider has not said yet.
    Pending,
    /// The wallet was credited.
    Settled,
    Failed,
    /// Nobody paid in time. Should it turn out that somebody did, it settles.
    Expired,
    /// It had settled, and the provider took all of it back.
    Reversed,
}

/// Money on its way into a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUp {
    pub top_up_id: TopUpId,
    pub owner: String,
    pub amount: i64,
    pub currency: Currency,
    pub status: TopUpStatus,
    pub provider: String,
    pub provider_reference: Option<String>,
    pub created_at: Timestamp,
    /// What the wallet was credited: what was truly paid, which may differ from `amount`.
    #[serde(default)]
    pub credited: i64,
    /// What the provider took back, and how much of that the wallet did not have.
    #[serde(default)]
    pub reversed: i64,
    #[serde(default)]
    pub debt: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// Where the payer pays, while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_url: Option<String>,
    /// For providers whose checkout is opened by a script instead of an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_session_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What an operator should look at: `amount_differs`, `other_currency`, `wallet_full`, `paid_again`, `unresolved`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
}

/// A page of an owner's top-ups, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUpPage {
    pub top_ups: Vec<TopUp>,
    pub total: i64,
    /// From 1.
    pub page: u32,
    pub limit: u32,
}

/// A webhook as a provider sent it: the body to the byte, because that is what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderWebhook {
    pub provider: String,
    /// Those of [`WEBHOOK_HEADERS`] that were sent; names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The headers of webhooks that somebody looks at; no others go further.
pub const WEBHOOK_HEADERS: [&str; 4] =
    ["stripe-signature", "x-webhook-signature", "x-webhook-timestamp", "sandbox-signature"];

/// What became of a webhook that was believed: how many events in it mean something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookTaken {
    pub events: usize,
}

/// One ledger transaction's effect on a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletEntry {
    pub transaction_id: String,
    /// `top_up`, `top_up_reversal`, `hold`, `release`, `capture` or another movement of the ledger.
    pub kind: String,
    /// The top-up, mandate or refund it belongs to.
    pub reference: String,
    pub currency: Currency,
    pub available_change: i64,
    pub held_change: i64,
    pub execution_id: Option<String>,
    pub description: Option<String>,
    pub at: Timestamp,
}

/// A page of a wallet's history, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletPage {
    pub transactions: Vec<WalletEntry>,
    pub total: i64,
    /// From 1.
    pub page: u32,
    pub limit: u32,
}
