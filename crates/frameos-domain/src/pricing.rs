//! What a run costs: the specification's four pricing models.
//!
//! `per_execution` and `free_tier` are offered. `pay_per_use` and `subscription` are known by name and refused as not yet
//! offered, so that a manifest written for them gets a clear answer.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::{Currency, Money};

/// The dearest price of one run, in minor units: a slip of the keyboard should not cost more.
pub const MAX_PRICE_MINOR: i64 = 10_000_000;

/// A pricing model of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    #[error("unknown pricing model `{0}`; use per_execution or free_tier")]
    Unknown(String),
    #[error("the pricing model `{}` is not offered yet; use per_execution or free_tier", .0.as_str())]
    NotOffered(PricingModel),
    #[error("the price must be between 0 and {MAX_PRICE_MINOR} minor units")]
    OutOfRange,
    #[error("free_tier needs free_runs_per_month, a number from 1 to 100000")]
    FreeTierWithoutRuns,
    #[error("free_runs_per_month must be between 0 and 100000")]
    FreeRunsOutOfRange,
    #[error("prices are in INR for now, not {0}")]
    CurrencyNotOffered(Currency),
}

/// An offered price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pricing {
    pub model: PricingModel,
    pub price: Money,
    /// Runs a user gets for nothing in each calendar month (UTC), before the price applies.
    pub free_runs_per_month: u32,
}

/// The most free runs a month an agent may give.
pub const MAX_FREE_RUNS: u32 = 100_000;

impl Pricing {
    /// Checks a price as a developer states it.
    pub fn new(model: PricingModel, price: Money, free_runs_per_month: u32) -> Result<Self, PricingError> {
        match model {
            PricingModel::PayPerUse | PricingModel::Subscription => {
                return Err(PricingError::NotOffered(model));
            }
            PricingModel::FreeTier if free_runs_per_month == 0 => {
                return Err(PricingError::FreeTierWithoutRuns);
            }
            PricingModel::PerExecution | PricingModel::FreeTier => {}
        }
        if !(0..=MAX_PRICE_MINOR).contains(&price.minor) {
            return Err(PricingError::OutOfRange);
        }
        if price.currency != Currency::INR {
            return Err(PricingError::CurrencyNotOffered(price.currency));
        }
        if free_runs_per_month > MAX_FREE_RUNS {
            return Err(PricingError::FreeRunsOutOfRange);
        }
        Ok(Self { model, price, free_runs_per_month })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_that_wait_are_refused_by_name() {
        let price = Money::new(50, Currency::INR);
        assert!(Pricing::new(PricingModel::PerExecution, price, 0).is_ok());
        assert!(Pricing::new(PricingModel::FreeTier, price, 10).is_ok());
        assert_eq!(Pricing::new(PricingModel::FreeTier, price, 0), Err(PricingError::FreeTierWithoutRuns));
        let error = Pricing::new("subscription".parse().unwrap(), price, 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the pricing model `subscription` is not offered yet; use per_execution or free_tier"
        );
        assert!("barter".parse::<PricingModel>().is_err());
        assert_eq!(
            Pricing::new(PricingModel::PerExecution, Money::new(-1, Currency::INR), 0),
            Err(PricingError::OutOfRange)
        );
    }
}
