//! Schemas of texts and documents that travel as plain strings and JSON: closed sets of words, manifests, prices.
//!
//! Nothing here is ever made: a field names one of these as its `value_type`, and the interface's description shows it.
//! The words are those of the store and the domain; the server's tests check every answer against them.

use std::{borrow::Cow, collections::BTreeMap};

use frameos_domain::{manifest::Language, money::Currency, pricing::PricingModel};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($word:literal),+ $(,)? })*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub enum $name {}

        impl $name {
            pub const WORDS: &'static [&'static str] = &[$($word),+];
        }
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let object = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($word),+]));
                RefOr::T(Schema::Object(object.description(Some(concat!($($doc),+).trim())).build()))
            }
        }
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

// A table, like the kinds of ids: the table is the documentation.
words! {
    /// What an account may do.
    Role { "developer", "user", "admin" }
    /// Always `Bearer`.
    TokenType { "Bearer" }
    /// Whether an account may act.
    AccountStatus { "active", "suspended", "banned" }
    /// What a personal access token may be used for.
    TokenScope { "read", "execute", "deploy", "publish", "wallet" }
    /// Where an agent stands in the marketplace.
    AgentStatus { "pending_review", "published", "deprecated", "banned" }
    /// Whether a version is recommended; a `yanked` one starts no new runs.
    VersionStatus { "active", "deprecated", "yanked" }
    /// What the platform's review of a version came to.
    ReviewStatus { "pending_review", "approved", "rejected" }
    /// The order of a list of agents: by relevance when something is searched, else by popularity.
    AgentSort { "popularity", "newest", "price_low", "price_high", "rating", "relevance" }
    /// Whether a deployment can run.
    DeploymentStatus { "configured", "paused", "deleted" }
    /// What a deployment's owner may set it to.
    DeploymentState { "configured", "paused" }
    /// What became of a field between two versions.
    ChangeKind { "added", "removed", "changed" }
    /// What a queued run waits for.
    WaitingFor { "payment", "retry", "user_limit", "agent_limit", "slot" }
    /// `ended` with a result, `requeued` for another try, or `lost` with its worker.
    AttemptOutcome { "ended", "requeued", "lost" }
    /// How much a log entry matters.
    LogLevel { "debug", "info", "warn", "error" }
    /// Where a subscription stands: `pending` waits for its first payment, `cancelled` ends with its month.
    SubscriptionStatus { "pending", "active", "past_due", "cancelled", "ended" }
    /// Why a subscription ended.
    SubscriptionEnd { "cancelled", "not_paid", "not_offered" }
    /// Whether a month of a subscription is paid.
    MonthChargeStatus { "open", "paid", "given_up" }
    /// What a top-up is paid with.
    Instrument { "card", "upi", "netbanking", "wallet" }
    /// Where a top-up stands.
    TopUpStatus { "pending", "settled", "failed", "expired", "reversed" }
    /// What a webhook can be for.
    WebhookChoice { "execution.succeeded", "execution.failed", "execution.timeout", "execution.cancelled", "execution.refunded" }
    /// Why nothing is sent to a webhook: its owner wants it, its receiver answered 410, or it failed for days.
    WebhookDisabled { "owner", "gone", "failing" }
    /// Whether an event has reached its webhook.
    DeliveryStatus { "pending", "delivered", "failed" }
    /// Why a try to deliver was none.
    DeliveryError { "http_status", "redirect", "timeout", "connection", "tls", "dns", "address_refused", "webhook_disabled" }
    /// The order of a list of reviews.
    ReviewSort { "newest", "oldest", "highest", "lowest" }
    /// Whether a developer has received a share.
    RevenueStatus { "pending", "paid_out" }
    /// What kind of account a developer is paid to.
    PayoutAccountKind { "upi", "bank" }
    /// What a line of a payout is about.
    PayoutLineKind { "sale", "orchestration", "refund", "returned_payout" }
    /// What a user's turns in the queue weigh.
    Plan { "standard", "plus", "pro" }
    /// `draining` takes no more runs, `lost` has been silent for too long.
    WorkerState { "live", "draining", "lost" }
    /// What printed a line of a run's log, or that the agent wrote it with `ctx.log`.
    LogStream { "stdout", "stderr", "log" }
}

/// The id of a developer, a user or an administrator.
#[derive(Debug)]
pub enum AccountId {}

impl PartialSchema for AccountId {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new().schema_type(Type::String);
        let object = object.description(Some("The id of a developer, a user or an administrator."));
        RefOr::T(Schema::Object(
            object
                .pattern(Some("^(dev|agt_user|adm)_[0-7][0-9a-hjkmnp-tv-z]{25}$"))
                .examples([Value::from("agt_user_01kb3v9d3ce0tr3q0v3n1h5x7m")])
                .build(),
        ))
    }
}

impl ToSchema for AccountId {}

/// A version's manifest, as its developer wrote it and the platform completed it (docs/manifest.md). Amounts are minor units.
#[derive(Debug, ToSchema)]
pub struct Manifest {
    pub name: Option<String>,
    pub slug: Option<String>,
    pub description: Option<String>,
    pub long_description: Option<String>,
    pub icon_url: Option<String>,
    pub category: Option<String>,
    pub version: Option<String>,
    pub tags: Option<Vec<String>>,
    pub pricing: Option<PricingForm>,
    pub runtime: ManifestRuntime,
    pub capabilities: Option<Vec<String>>,
    pub inputs: Option<Vec<ManifestField>>,
    pub outputs: Option<Vec<ManifestField>>,
}

/// What an agent runs in, and its limits.
#[derive(Debug, ToSchema)]
pub struct ManifestRuntime {
    pub language: Language,
    pub version: String,
    pub entrypoint: Option<String>,
    pub timeout_ms: Option<u64>,
    pub memory_mb: Option<u64>,
}

/// One input or output of an agent: a JSON Schema with its name beside it.
#[derive(Debug, ToSchema)]
pub struct ManifestField {
    pub name: String,
    /// A type of JSON Schema.
    #[schema(value_type = Option<Value>)]
    pub r#type: Option<Value>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub required: Option<bool>,
    /// Whether its value is kept secret: left out of answers and logs.
    pub secret: Option<bool>,
    pub default: Option<Value>,
}

/// A price in the form of a manifest: which other fields there are depends on the model (docs/pricing.md).
#[derive(Debug, ToSchema)]
pub struct PricingForm {
    pub model: Option<PricingModel>,
    /// Of a run or a month, in minor units.
    #[schema(minimum = 0)]
    pub amount: Option<i64>,
    /// The most that a metered run can cost.
    #[schema(minimum = 0)]
    pub max_amount: Option<i64>,
    pub currency: Option<Currency>,
    #[schema(minimum = 0)]
    pub start_fee: Option<i64>,
    pub events: Option<PricedEvents>,
    #[schema(minimum = 1)]
    pub runs_per_month: Option<u32>,
    pub free_runs_per_month: Option<u32>,
}

/// What a metered run counts, by name.
#[derive(Debug, ToSchema)]
pub struct PricedEvents(pub BTreeMap<String, PricedEvent>);

/// One thing a metered run counts.
#[derive(Debug, ToSchema)]
pub struct PricedEvent {
    /// Minor units.
    #[schema(minimum = 1)]
    pub unit_price: i64,
    pub title: Option<String>,
}

/// An agent's whole price. Amounts are minor units.
#[derive(Debug, ToSchema)]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum Pricing {
    PerExecution {
        amount: i64,
        currency: Currency,
        free_runs_per_month: u32,
    },
    FreeTier {
        amount: i64,
        currency: Currency,
        free_runs_per_month: u32,
    },
    PayPerUse {
        /// The most that a run can cost.
        max_amount: i64,
        currency: Currency,
        start_fee: i64,
        events: PricedEvents,
    },
    Subscription {
        /// Of a month.
        amount: i64,
        currency: Currency,
        /// `null` when they are unlimited.
        #[schema(required)]
        runs_per_month: Option<u32>,
    },
}
