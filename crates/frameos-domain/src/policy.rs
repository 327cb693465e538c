//! A user's standing instructions on spending, and whether one purchase fits them.
//!
//! Invariant: an unknown constraint refuses. Budgets over time are also enforced by the database in one conditional
//! statement; [`Policy::check`] is the part that needs no history.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{clock::Timestamp, money::Currency};

/// A user's spending policy. Absent limits do not limit; amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    #[serde(default)]
    pub per_execution_limit: Option<i64>,
    #[serde(default)]
    pub daily_limit: Option<i64>,
    #[serde(default)]
    pub monthly_limit: Option<i64>,
    #[serde(default = "default_currency")]
    pub currency: Currency,
    /// When not empty, only these agents (ids or slugs).
    #[serde(default)]
    pub allowed_agents: Vec<String>,
    #[serde(default)]
    pub blocked_agents: Vec<String>,
    #[serde(default)]
    pub allowed_categories: Vec<String>,
    #[serde(default)]
    pub blocked_categories: Vec<String>,
    /// Purchases above this amount need an explicit confirmation.
    #[serde(default)]
    pub confirm_above: Option<i64>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    #[serde(default)]
    pub paused: bool,
}

fn default_currency() -> Currency {
    Currency::INR
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            per_execution_limit: None,
            daily_limit: None,
            monthly_limit: None,
            currency: Currency::INR,
            allowed_agents: Vec::new(),
            blocked_agents: Vec::new(),
            allowed_categories: Vec::new(),
            blocked_categories: Vec::new(),
            confirm_above: None,
            expires_at: None,
            paused: false,
        }
    }
}

/// One purchase, as a policy sees it.
#[derive(Debug, Clone)]
pub struct Purchase<'a> {
    pub amount: i64,
    pub currency: Currency,
    /// Names the agent may be listed under: its id and slug.
    pub agent: &'a [&'a str],
    pub category: Option<&'a str>,
    pub confirmed: bool,
}

/// The rule that refused a purchase, its limit, and what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("the spending policy refuses this: {rule} is {limit}, asked was {asked}")]
pub struct PolicyRefusal {
    pub rule: String,
    pub limit: String,
    pub asked: String,
}

impl PolicyRefusal {
    pub fn new(rule: &str, limit: impl ToString, asked: impl ToString) -> Self {
        Self { rule: rule.to_owned(), limit: limit.to_string(), asked: asked.to_string() }
    }
}

impl Policy {
    /// Whether the limits make sense; the text says what to change.
    pub fn validate(&self) -> Result<(), String> {
        let limits = [
            ("per_execution_limit", self.per_execution_limit),
            ("daily_limit", self.daily_limit),
            ("monthly_limit", self.monthly_limit),
            ("confirm_above", self.confirm_above),
        ];
        match limits.into_iter().find(|(_, limit)| limit.is_some_and(|limit| limit < 0)) {
            Some((name, _)) => Err(format!("{name} must not be negative")),
            None => Ok(()),
        }
    }

    /// Refuses a purchase that breaks a rule needing no history: all but the daily and monthly budgets.
    pub fn check(&self, purchase: &Purchase<'_>, now: Timestamp) -> Result<(), PolicyRefusal> {
        let refuse = |rule: &str, limit: String, asked: String| Err(PolicyRefusal::new(rule, limit, asked));
        let asked_agent = || purchase.agent.first().map_or_else(|| "none".to_owned(), ToString::to_string);
        let lists =
            |list: &[String]| purchase.agent.iter().any(|name| list.iter().any(|entry| entry == name));
        let category = purchase.category.unwrap_or("none");
        if self.paused {
            return refuse("paused", "true".into(), "a purchase".into());
        }
        if let Some(end) = self.expires_at.filter(|end| *end <= now) {
            return refuse("expires_at", end.to_string(), now.to_string());
        }
        if purchase.currency != self.currency {
            return refuse("currency", self.currency.to_string(), purchase.currency.to_string());
        }
        if let Some(limit) = self.per_execution_limit.filter(|limit| purchase.amount > *limit) {
            return refuse("per_execution_limit", limit.to_string(), purchase.amount.to_string());
        }
        if lists(&self.blocked_agents) {
            return refuse("blocked_agents", self.blocked_agents.join(", "), asked_agent());
        }
        if !self.allowed_agents.is_empty() && !lists(&self.allowed_agents) {
            return refuse("allowed_agents", self.allowed_agents.join(", "), asked_agent());
        }
        if self.blocked_categories.iter().any(|blocked| blocked == category) {
            return refuse("blocked_categories", self.blocked_categories.join(", "), category.into());
        }
        if !self.allowed_categories.is_empty()
            && !self.allowed_categories.iter().any(|allowed| allowed == category)
        {
            return refuse("allowed_categories", self.allowed_categories.join(", "), category.into());
        }
        if let Some(limit) =
            self.confirm_above.filter(|limit| purchase.amount > *limit && !purchase.confirmed)
        {
            return refuse("confirm_above", limit.to_string(), purchase.amount.to_string());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &str, amount: i64) -> Result<(), String> {
        let policy: Policy = serde_json::from_str(policy).map_err(|error| error.to_string())?;
        let purchase = Purchase {
            amount,
            currency: Currency::INR,
            agent: &["agt_def_1", "csv"],
            category: Some("data"),
            confirmed: false,
        };
        policy.check(&purchase, Timestamp::from_micros(1_000_000)).map_err(|refusal| refusal.rule)
    }

    #[test]
    fn each_rule_refuses_by_its_name() {
        assert_eq!(check("{}", 1_000_000), Ok(()));
        for (policy, rule) in [
            (r#"{"per_execution_limit": 49}"#, "per_execution_limit"),
            (r#"{"blocked_agents": ["csv"]}"#, "blocked_agents"),
            (r#"{"allowed_agents": ["other"]}"#, "allowed_agents"),
            (r#"{"blocked_categories": ["data"]}"#, "blocked_categories"),
            (r#"{"allowed_categories": ["mail"]}"#, "allowed_categories"),
            (r#"{"confirm_above": 10}"#, "confirm_above"),
            (r#"{"paused": true}"#, "paused"),
            (r#"{"currency": "USD"}"#, "currency"),
            (r#"{"expires_at": "1970-01-01T00:00:00Z"}"#, "expires_at"),
        ] {
            assert_eq!(check(policy, 50), Err(rule.to_owned()));
        }
        assert!(check(r#"{"weekly_limit": 5}"#, 1).unwrap_err().contains("unknown field"));
    }
}
