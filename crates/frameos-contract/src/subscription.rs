//! Monthly subscriptions to agents.

use frameos_domain::clock::Timestamp;
use frameos_domain::id::{AgentId, PaymentId, ReceiptId, SubscriptionId};
use frameos_domain::money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::{MonthChargeStatus, SubscriptionEnd, SubscriptionStatus};

/// `POST /agents/:id/subscribe` and `POST /subscriptions/:id/pay`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscribeRequest {
    /// Confirms a price above the policy's `confirm_above`, for this month and those after it that cost no more.
    #[serde(default)]
    pub confirm: bool,
}

/// `GET /subscriptions/:id`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    #[schema(value_type = SubscriptionId)]
    pub id: String,
    #[schema(value_type = AgentId)]
    pub agent_id: String,
    pub agent_slug: String,
    pub agent_name: String,
    /// `pending` (its first payment is under way), `active`, `past_due`, `cancelled` (ends with its month) or `ended`.
    #[schema(value_type = SubscriptionStatus)]
    pub status: String,
    /// Of the current month, in minor units.
    pub price_amount: i64,
    #[schema(value_type = Currency)]
    pub price_currency: String,
    /// Runs a month includes; `null` when they are unlimited.
    #[schema(required)]
    pub runs_per_month: Option<u32>,
    /// Runs of the current month that succeeded or go on.
    pub runs_used: i64,
    /// The current month, from 0.
    pub period: i64,
    pub period_start: Timestamp,
    pub period_end: Timestamp,
    /// What months to come will cost, when that was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<SubscriptionNext>,
    /// While `past_due`: when the payment is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// `cancelled`, `not_paid` or `not_offered`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SubscriptionEnd>)]
    pub end_reason: Option<String>,
    /// What was charged, newest first: the last two years; in lists, the last month.
    pub charges: Vec<SubscriptionCharge>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionNext {
    /// Holds for months that begin then or later.
    pub from: Timestamp,
    /// `null`: no such month begins.
    #[schema(required)]
    pub price_amount: Option<i64>,
    #[schema(required)]
    pub runs_per_month: Option<u32>,
}

/// What a month cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionCharge {
    pub period: i64,
    pub amount: i64,
    #[schema(value_type = Currency)]
    pub currency: String,
    /// `open`, `paid` or `given_up`.
    #[schema(value_type = MonthChargeStatus)]
    pub status: String,
    pub failed_tries: i64,
    /// Why the last try was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PaymentId>)]
    pub payment_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ReceiptId>)]
    pub receipt_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
}

/// `GET /subscriptions`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionList {
    pub subscriptions: Vec<Subscription>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}
