//! A user's standing instructions on spending, and whether one purchase fits them.
//!
//! Invariant: an unknown constraint refuses. Budgets over time are also enforced by the database in one conditional
//! statement; [`Policy::check`] is the part that needs no history.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::{canonical::MAX_SAFE_INTEGER, clock::Timestamp, money::Currency};

/// Entries in each list of a policy.
const LONGEST_LIST: usize = 1_000;
const LONGEST_NAME: usize = 200;
/// Entries of a list that a refusal repeats.
const LONGEST_SHOWN: usize = 20;

/// A user's spending policy. Absent limits do not limit; amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
    /// How often the policy was replaced; absent when none was ever set. When given with a new policy, it has to be the
    /// current one (0 when there is none), so that nobody undoes a change they have not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
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
            revision: None,
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
    /// The payer confirmed this purchase.
    pub confirmed: bool,
    /// The most that the payer confirmed, with any policy.
    pub confirmed_amount: Option<i64>,
}

/// The rule that refused a purchase, its limit, and what was asked: amounts as numbers, names as texts, lists as lists.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("the spending policy refuses this: {rule} is {}, asked was {}", shown(limit), shown(asked))]
pub struct PolicyRefusal {
    pub rule: String,
    pub limit: Value,
    pub asked: Value,
}

impl PolicyRefusal {
    pub fn new(rule: &str, limit: impl Into<Value>, asked: impl Into<Value>) -> Self {
        Self { rule: rule.to_owned(), limit: limit.into(), asked: asked.into() }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

impl Policy {
    /// Whether the limits and lists make sense; the text says what to change.
    pub fn validate(&self) -> Result<(), String> {
        let limits = [
            ("per_execution_limit", self.per_execution_limit),
            ("daily_limit", self.daily_limit),
            ("monthly_limit", self.monthly_limit),
            ("confirm_above", self.confirm_above),
        ];
        for (name, limit) in limits {
            if limit.is_some_and(|limit| !(0..=MAX_SAFE_INTEGER).contains(&limit)) {
                return Err(format!("{name} must be between 0 and {MAX_SAFE_INTEGER}"));
            }
        }
        if self.revision.is_some_and(|revision| revision < 0) {
            return Err("revision must not be negative".to_owned());
        }
        self.lists().into_iter().try_for_each(|(name, list)| list_check(name, list))
    }

    /// The lists with their names.
    pub const fn lists(&self) -> [(&'static str, &Vec<String>); 4] {
        [
            ("allowed_agents", &self.allowed_agents),
            ("blocked_agents", &self.blocked_agents),
            ("allowed_categories", &self.allowed_categories),
            ("blocked_categories", &self.blocked_categories),
        ]
    }

    /// Refuses a purchase that breaks a rule needing no history: all but the daily and monthly budgets.
    pub fn check(&self, purchase: &Purchase<'_>, now: Timestamp) -> Result<(), PolicyRefusal> {
        if self.paused {
            return Err(PolicyRefusal::new("paused", true, "a purchase"));
        }
        if let Some(end) = self.expires_at.filter(|end| *end <= now) {
            return Err(PolicyRefusal::new("expires_at", end.to_string(), now.to_string()));
        }
        if purchase.currency != self.currency {
            let (limit, asked) = (self.currency.to_string(), purchase.currency.to_string());
            return Err(PolicyRefusal::new("currency", limit, asked));
        }
        if let Some(limit) = self.per_execution_limit.filter(|limit| purchase.amount > *limit) {
            return Err(PolicyRefusal::new("per_execution_limit", limit, purchase.amount));
        }
        self.agent_check(purchase)?;
        self.category_check(purchase.category)?;
        if let Some(limit) = purchase.confirmed_amount.filter(|limit| purchase.amount > *limit) {
            return Err(PolicyRefusal::new("confirmed_amount", limit, purchase.amount));
        }
        let confirmed = purchase.confirmed || purchase.confirmed_amount.is_some();
        match self.confirm_above.filter(|limit| purchase.amount > *limit && !confirmed) {
            Some(limit) => Err(PolicyRefusal::new("confirm_above", limit, purchase.amount)),
            None => Ok(()),
        }
    }

    fn agent_check(&self, purchase: &Purchase<'_>) -> Result<(), PolicyRefusal> {
        let asked = || purchase.agent.first().map_or("none", |name| *name);
        let is_asked = |entry: &&String| purchase.agent.iter().any(|name| name == entry);
        if let Some(blocked) = self.blocked_agents.iter().find(is_asked) {
            return Err(PolicyRefusal::new("blocked_agents", vec![blocked.as_str()], asked()));
        }
        if !self.allowed_agents.is_empty() && !self.allowed_agents.iter().any(|entry| is_asked(&entry)) {
            return Err(PolicyRefusal::new("allowed_agents", beginning(&self.allowed_agents), asked()));
        }
        Ok(())
    }

    fn category_check(&self, category: Option<&str>) -> Result<(), PolicyRefusal> {
        let asked = category.unwrap_or("none");
        if self.blocked_categories.iter().any(|entry| entry == asked) {
            return Err(PolicyRefusal::new("blocked_categories", vec![asked], asked));
        }
        if !self.allowed_categories.is_empty() && !self.allowed_categories.iter().any(|entry| entry == asked)
        {
            return Err(PolicyRefusal::new("allowed_categories", beginning(&self.allowed_categories), asked));
        }
        Ok(())
    }
}

fn list_check(name: &str, list: &[String]) -> Result<(), String> {
    if list.len() > LONGEST_LIST {
        return Err(format!("{name} must have at most {LONGEST_LIST} entries"));
    }
    let fits = |entry: &String| {
        (1..=LONGEST_NAME).contains(&entry.len()) && entry.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !list.iter().all(fits) {
        return Err(format!(
            "{name} must hold names of 1 to {LONGEST_NAME} visible ASCII characters without spaces"
        ));
    }
    let distinct: BTreeSet<&String> = list.iter().collect();
    if distinct.len() < list.len() { Err(format!("{name} must not name anything twice")) } else { Ok(()) }
}

/// A list as a refusal shows it.
fn beginning(list: &[String]) -> Vec<String> {
    let more = list.len().saturating_sub(LONGEST_SHOWN);
    let shown = list.iter().take(LONGEST_SHOWN).cloned();
    shown.chain((more > 0).then(|| format!("and {more} more"))).collect()
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
            confirmed_amount: None,
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

    #[test]
    fn a_confirmation_is_worth_its_amount() {
        let policy = Policy { confirm_above: Some(40), ..Policy::default() };
        let buy = |amount, confirmed, confirmed_amount| {
            let purchase = Purchase {
                amount,
                currency: Currency::INR,
                agent: &[],
                category: None,
                confirmed,
                confirmed_amount,
            };
            policy.check(&purchase, Timestamp::from_micros(0)).map_err(|refusal| refusal.rule)
        };
        assert_eq!(buy(40, false, None), Ok(()));
        assert_eq!(buy(41, false, None), Err("confirm_above".to_owned()));
        assert_eq!((buy(41, true, None), buy(41, false, Some(41))), (Ok(()), Ok(())));
        assert_eq!(buy(42, true, Some(41)), Err("confirmed_amount".to_owned()));
        // Below the threshold too: the price rose since it was agreed to.
        assert_eq!(buy(30, false, Some(29)), Err("confirmed_amount".to_owned()));
    }

    #[test]
    fn lists_and_limits_are_bounded() {
        let names = |count: usize| (0..count).map(|number| format!("agent-{number}")).collect::<Vec<_>>();
        let one = |name: &str| Policy { blocked_agents: vec![name.to_owned()], ..Policy::default() };
        let fits = Policy { allowed_agents: names(LONGEST_LIST), ..Policy::default() };
        assert_eq!(fits.validate(), Ok(()));
        for wrong in [
            Policy { allowed_agents: names(LONGEST_LIST + 1), ..Policy::default() },
            Policy { allowed_categories: vec!["a".to_owned(), "a".to_owned()], ..Policy::default() },
            one(""),
            one("two words"),
            one("ünïcode"),
            one(&"x".repeat(LONGEST_NAME + 1)),
            Policy { monthly_limit: Some(i64::MAX), ..Policy::default() },
            Policy { confirm_above: Some(-1), ..Policy::default() },
            Policy { revision: Some(-1), ..Policy::default() },
        ] {
            assert!(wrong.validate().is_err(), "{wrong:?}");
        }
        let purchase = Purchase {
            amount: 1,
            currency: Currency::INR,
            agent: &["csv"],
            category: None,
            confirmed: false,
            confirmed_amount: None,
        };
        let refusal = fits.check(&purchase, Timestamp::from_micros(0)).unwrap_err();
        assert_eq!(refusal.limit.as_array().map(Vec::len), Some(LONGEST_SHOWN + 1));
        assert!(refusal.to_string().contains("and 980 more"), "{refusal}");
    }
}
