//! What a run costs: the specification's four pricing models.
//!
//! Invariants: a `Pricing` was checked by [`Pricing::new`]; `price` is always the most that one mandate may take: the price of a
//! run, the maximum of a metered run, or a month of a subscription.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::{
    id::SubscriptionId,
    money::{Currency, Money},
};

/// The dearest price of one run or month, in minor units: a slip of the keyboard should not cost more.
pub const MAX_PRICE_MINOR: i64 = 10_000_000;
/// The most free runs a month an agent may give.
pub const MAX_FREE_RUNS: u32 = 100_000;
/// The most runs a month a capped subscription may include.
pub const MAX_RUNS_PER_MONTH: u32 = 1_000_000;
/// Events a metered agent may declare.
pub const MAX_USAGE_EVENTS: usize = 50;
/// What the fixed part of a metered run is called among its charges; no event may have the name.
pub const START_FEE: &str = "start_fee";

/// A pricing model of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PricingModel {
    PerExecution,
    FreeTier,
    PayPerUse,
    Subscription,
}

impl PricingModel {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PerExecution => "per_execution",
            Self::FreeTier => "free_tier",
            Self::PayPerUse => "pay_per_use",
            Self::Subscription => "subscription",
        }
    }
}

impl FromStr for PricingModel {
    type Err = PricingError;

    fn from_str(text: &str) -> Result<Self, PricingError> {
        [Self::PerExecution, Self::FreeTier, Self::PayPerUse, Self::Subscription]
            .into_iter()
            .find(|model| model.as_str() == text)
            .ok_or_else(|| PricingError::Unknown(text.to_owned()))
    }
}

/// Why a price was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PricingError {
    #[error("unknown pricing model `{0}`; use per_execution, free_tier, pay_per_use or subscription")]
    Unknown(String),
    #[error("the price must be between 0 and {MAX_PRICE_MINOR} minor units")]
    OutOfRange,
    #[error("a {} price must be between 1 and {MAX_PRICE_MINOR} minor units", .0.as_str())]
    Zero(PricingModel),
    #[error("free_tier needs free_runs_per_month, a number from 1 to 100000")]
    FreeTierWithoutRuns,
    #[error("free_runs_per_month must be between 0 and 100000")]
    FreeRunsOutOfRange,
    #[error("free_runs_per_month does not go with {}; it is for per_execution and free_tier", .0.as_str())]
    FreeRunsNotOffered(PricingModel),
    #[error("prices are in INR for now, not {0}")]
    CurrencyNotOffered(Currency),
    #[error(
        "pay_per_use needs `events` in the manifest's pricing: 1 to {MAX_USAGE_EVENTS}, each with a unit_price"
    )]
    NoEvents,
    #[error("`events` and `start_fee` are for pay_per_use only")]
    UsageNotOffered,
    #[error(
        "`{0}` is no event name: 1 to 40 lower-case letters, digits and _, first a letter, not start_fee"
    )]
    EventName(String),
    #[error("the unit_price of `{0}` must be between 1 and the maximum of a run")]
    UnitPrice(String),
    #[error("start_fee must be between 0 and the maximum of a run")]
    StartFee,
    #[error("runs_per_month must be between 1 and {MAX_RUNS_PER_MONTH}; leave it out for unlimited runs")]
    RunsPerMonth,
    #[error("runs_per_month is for subscription only")]
    RunsNotOffered,
}

/// An offered price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pricing {
    pub model: PricingModel,
    pub price: Money,
    /// Runs a user gets for nothing in each calendar month (UTC), before the price applies.
    pub free_runs_per_month: u32,
    pub terms: Terms,
}

/// What a model needs besides its price.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// `pay_per_use`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// `subscription`: runs a month includes; absent when they are unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_per_month: Option<u32>,
}

impl Terms {
    pub const fn is_empty(&self) -> bool {
        self.usage.is_none() && self.runs_per_month.is_none()
    }
}

/// What a metered run is charged for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Charged for every run that succeeds, in minor units.
    #[serde(default)]
    pub start_fee: i64,
    pub events: BTreeMap<String, UsageEvent>,
}

/// One thing that is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageEvent {
    /// Minor units.
    pub unit_price: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What was agreed for one run beyond a fixed price; kept with the run, so that later prices do not touch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunTerms {
    /// The run's price is the maximum.
    Usage(Usage),
    /// The run is one of a subscription's period, and costs nothing.
    Subscription { id: SubscriptionId, period: i64 },
}

impl RunTerms {
    pub const fn usage(&self) -> Option<&Usage> {
        match self {
            Self::Usage(usage) => Some(usage),
            Self::Subscription { .. } => None,
        }
    }

    pub const fn subscription(&self) -> Option<(SubscriptionId, i64)> {
        match self {
            Self::Usage(_) => None,
            Self::Subscription { id, period } => Some((*id, *period)),
        }
    }
}

impl Pricing {
    /// Checks a price as a developer states it.
    pub fn new(
        model: PricingModel,
        price: Money,
        free_runs_per_month: u32,
        terms: Terms,
    ) -> Result<Self, PricingError> {
        if !(0..=MAX_PRICE_MINOR).contains(&price.minor) {
            return Err(PricingError::OutOfRange);
        }
        if price.currency != Currency::INR {
            return Err(PricingError::CurrencyNotOffered(price.currency));
        }
        if free_runs_per_month > MAX_FREE_RUNS {
            return Err(PricingError::FreeRunsOutOfRange);
        }
        let metered = model == PricingModel::PayPerUse;
        let monthly = model == PricingModel::Subscription;
        if metered || monthly {
            if price.minor == 0 {
                return Err(PricingError::Zero(model));
            }
            if free_runs_per_month > 0 {
                return Err(PricingError::FreeRunsNotOffered(model));
            }
        } else if model == PricingModel::FreeTier && free_runs_per_month == 0 {
            return Err(PricingError::FreeTierWithoutRuns);
        }
        match &terms.usage {
            Some(usage) if metered => usage.check(price.minor)?,
            Some(_) => return Err(PricingError::UsageNotOffered),
            None if metered => return Err(PricingError::NoEvents),
            None => {}
        }
        match terms.runs_per_month {
            Some(_) if !monthly => return Err(PricingError::RunsNotOffered),
            Some(runs) if !(1..=MAX_RUNS_PER_MONTH).contains(&runs) => {
                return Err(PricingError::RunsPerMonth);
            }
            _ => {}
        }
        Ok(Self { model, price, free_runs_per_month, terms })
    }

    /// As a manifest's `pricing` says it.
    pub fn to_manifest(&self) -> Value {
        let amount = if self.model == PricingModel::PayPerUse { "max_amount" } else { "amount" };
        let mut form = Map::new();
        form.insert("model".into(), json!(self.model));
        form.insert(amount.into(), json!(self.price.minor));
        form.insert("currency".into(), json!(self.price.currency));
        match &self.terms.usage {
            Some(usage) => {
                form.insert("start_fee".into(), json!(usage.start_fee));
                form.insert("events".into(), json!(usage.events));
            }
            None if self.model == PricingModel::Subscription => {
                form.insert("runs_per_month".into(), json!(self.terms.runs_per_month));
            }
            None => {
                form.insert("free_runs_per_month".into(), json!(self.free_runs_per_month));
            }
        }
        Value::Object(form)
    }
}

impl Usage {
    fn check(&self, most: i64) -> Result<(), PricingError> {
        if self.events.is_empty() || self.events.len() > MAX_USAGE_EVENTS {
            return Err(PricingError::NoEvents);
        }
        if !(0..=most).contains(&self.start_fee) {
            return Err(PricingError::StartFee);
        }
        for (name, event) in &self.events {
            if !is_event_name(name) {
                return Err(PricingError::EventName(name.clone()));
            }
            if !(1..=most).contains(&event.unit_price) {
                return Err(PricingError::UnitPrice(name.clone()));
            }
        }
        Ok(())
    }
}

fn is_event_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name != START_FEE
        && (1..=40).contains(&name.len())
        && name.as_bytes()[0].is_ascii_lowercase()
        && name.bytes().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inr(minor: i64) -> Money {
        Money::new(minor, Currency::INR)
    }

    fn metered(events: &[(&str, i64)], start_fee: i64) -> Terms {
        let event = |(name, unit_price): &(&str, i64)| {
            ((*name).to_owned(), UsageEvent { unit_price: *unit_price, title: None })
        };
        let usage = Usage { start_fee, events: events.iter().map(event).collect() };
        Terms { usage: Some(usage), runs_per_month: None }
    }

    fn capped(runs: u32) -> Terms {
        Terms { usage: None, runs_per_month: Some(runs) }
    }

    #[test]
    fn each_model_takes_what_it_needs_and_nothing_else() {
        use PricingModel::{FreeTier, PayPerUse, PerExecution, Subscription};
        let page = || metered(&[("page", 25)], 0);
        let none = Terms::default;
        for (model, price, free, terms) in [
            (PerExecution, 50, 0, none()),
            (FreeTier, 50, 10, none()),
            (PayPerUse, 5_000, 0, metered(&[("page", 25), ("kb_2", 5_000)], 5_000)),
            (Subscription, 10_000, 0, none()),
            (Subscription, 10_000, 0, capped(100)),
        ] {
            let pricing = Pricing::new(model, inr(price), free, terms);
            assert!(pricing.is_ok(), "{pricing:?}");
        }
        for (model, price, free, terms, why) in [
            (PerExecution, -1, 0, none(), PricingError::OutOfRange),
            (PerExecution, MAX_PRICE_MINOR + 1, 0, none(), PricingError::OutOfRange),
            (PerExecution, 50, 0, page(), PricingError::UsageNotOffered),
            (PerExecution, 50, 0, capped(5), PricingError::RunsNotOffered),
            (FreeTier, 50, 0, none(), PricingError::FreeTierWithoutRuns),
            (PayPerUse, 50, 0, none(), PricingError::NoEvents),
            (PayPerUse, 50, 0, metered(&[], 0), PricingError::NoEvents),
            (PayPerUse, 0, 0, page(), PricingError::Zero(PayPerUse)),
            (PayPerUse, 50, 1, page(), PricingError::FreeRunsNotOffered(PayPerUse)),
            (PayPerUse, 50, 0, metered(&[("page", 51)], 0), PricingError::UnitPrice("page".into())),
            (PayPerUse, 50, 0, metered(&[("page", 0)], 0), PricingError::UnitPrice("page".into())),
            (PayPerUse, 50, 0, metered(&[("Page", 1)], 0), PricingError::EventName("Page".into())),
            (PayPerUse, 50, 0, metered(&[(START_FEE, 1)], 0), PricingError::EventName(START_FEE.into())),
            (PayPerUse, 50, 0, metered(&[("page", 1)], 51), PricingError::StartFee),
            (Subscription, 0, 0, none(), PricingError::Zero(Subscription)),
            (Subscription, 50, 0, capped(0), PricingError::RunsPerMonth),
            (Subscription, 50, 0, page(), PricingError::UsageNotOffered),
        ] {
            assert_eq!(Pricing::new(model, inr(price), free, terms), Err(why));
        }
        assert!("barter".parse::<PricingModel>().is_err());
    }
}
