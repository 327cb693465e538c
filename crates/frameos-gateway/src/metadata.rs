//! What a request may carry: bounds on texts and amounts, and the names in an intent's metadata that mean something.

use frameos_domain::{
    canonical,
    money::{Currency, Money},
    policy::Purchase,
};
use serde_json::{Map, Value};

use crate::{account::account_name, error::GatewayError, wire::IntentNew};

/// The largest amount of one purchase or top-up, in minor units.
pub(crate) const MAX_AMOUNT: i64 = 1_000_000_000_000;
const MAX_NAME: usize = 200;
const MAX_DESCRIPTION: usize = 1_000;
const MAX_METADATA_BYTES: usize = 16 * 1024;
const MAX_KEY: usize = 255;

/// The meaningful part of an intent's metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) execution_id: Option<String>,
    pub(crate) agent_definition_id: Option<String>,
    pub(crate) agent_version: Option<String>,
    pub(crate) developer_id: Option<String>,
    /// Whose agent called the one that is bought. Only the platform may say so, of a run whose caller it has verified.
    pub(crate) orchestrator: Option<String>,
    pub(crate) agent_slug: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) confirmed: bool,
    /// The most that the payer agreed to.
    pub(crate) confirmed_amount: Option<i64>,
}

impl Metadata {
    /// Reads the known names; a known name of the wrong type is refused rather than ignored.
    pub(crate) fn read(metadata: &Map<String, Value>) -> Result<Self, GatewayError> {
        let text = |name: &str| match metadata.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if (1..=MAX_NAME).contains(&text.len()) => Ok(Some(text.clone())),
            Some(_) => Err(GatewayError::invalid(
                &format!("metadata.{name}"),
                "expected a text of 1 to 200 characters",
            )),
        };
        let confirmed = match metadata.get("confirmed") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(confirmed)) => *confirmed,
            Some(_) => return Err(GatewayError::invalid("metadata.confirmed", "expected true or false")),
        };
        let orchestrator = text("orchestrator")?;
        if let Some(owner) = &orchestrator {
            name_check("metadata.orchestrator", owner)?;
        }
        let confirmed_amount = match metadata.get("confirmed_amount") {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.as_i64().filter(|amount| *amount >= 0).ok_or_else(|| {
                GatewayError::invalid("metadata.confirmed_amount", "expected minor units, at least 0")
            })?),
        };
        Ok(Self {
            orchestrator,
            execution_id: text("execution_id")?,
            agent_definition_id: text("agent_definition_id")?,
            agent_version: text("agent_version")?,
            developer_id: text("developer_id")?,
            agent_slug: text("agent_slug")?,
            category: text("category")?,
            confirmed,
            confirmed_amount,
        })
    }

    /// The names the agent goes by in a policy.
    pub(crate) fn agent_names(&self) -> Vec<&str> {
        [&self.agent_definition_id, &self.agent_slug].into_iter().filter_map(Option::as_deref).collect()
    }

    pub(crate) fn purchase<'a>(&'a self, amount: Money, names: &'a [&'a str]) -> Purchase<'a> {
        Purchase {
            amount: amount.minor,
            currency: amount.currency,
            agent: names,
            category: self.category.as_deref(),
            confirmed: self.confirmed,
            confirmed_amount: self.confirmed_amount,
        }
    }
}

/// Checks everything about a new intent that needs no history.
pub(crate) fn intent_check(intent: &IntentNew) -> Result<(), GatewayError> {
    name_check("agent_id", &intent.agent_id)?;
    name_check("vendor", &intent.vendor)?;
    amount_check(intent.amount)?;
    if intent.description.chars().count() > MAX_DESCRIPTION {
        return Err(GatewayError::invalid(
            "description",
            format!("must have at most {MAX_DESCRIPTION} characters"),
        ));
    }
    let metadata = Value::Object(intent.metadata.clone());
    if canonical::to_bytes_lenient(&metadata).len() > MAX_METADATA_BYTES {
        return Err(GatewayError::invalid(
            "metadata",
            format!("must have at most {MAX_METADATA_BYTES} bytes"),
        ));
    }
    key_check(intent.idempotency_key.as_deref())?;
    Metadata::read(&intent.metadata).map(drop)
}

/// An account, vendor or owner: a name that is one segment of a URL's path as it stands, below its client's if it has one.
pub(crate) fn name_check(field: &str, name: &str) -> Result<(), GatewayError> {
    let name = account_name(name);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:@".contains(&byte);
    let starts_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if starts_well && name.len() <= MAX_NAME && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(GatewayError::invalid(
            field,
            "expected 1 to 200 letters, digits and _ - . : @, first a letter or digit",
        ))
    }
}

pub(crate) fn amount_check(amount: i64) -> Result<(), GatewayError> {
    if (1..=MAX_AMOUNT).contains(&amount) {
        Ok(())
    } else {
        Err(GatewayError::invalid("amount", format!("must be between 1 and {MAX_AMOUNT} minor units")))
    }
}

/// Wallets are kept in rupees only, so far.
pub(crate) fn wallet_currency_check(currency: Currency) -> Result<(), GatewayError> {
    if currency == Currency::INR {
        Ok(())
    } else {
        Err(GatewayError::invalid("currency", format!("must be {}, the currency of wallets", Currency::INR)))
    }
}

pub(crate) fn key_check(key: Option<&str>) -> Result<(), GatewayError> {
    let fits =
        |key: &str| (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.is_none_or(fits) {
        Ok(())
    } else {
        Err(GatewayError::invalid(
            "idempotency_key",
            "expected 1 to 255 visible ASCII characters without spaces",
        ))
    }
}

/// Where a payer comes back to: an address a browser goes to, without a login in it.
pub(crate) fn return_url_check(url: Option<&str>) -> Result<(), GatewayError> {
    const MAX_URL: usize = 1_000;
    let Some(url) = url else { return Ok(()) };
    let fits = url.len() <= MAX_URL
        && url.bytes().all(|byte| byte.is_ascii_graphic())
        && reqwest::Url::parse(url).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        });
    if fits {
        Ok(())
    } else {
        let message = format!(
            "expected an http:// or https:// URL of at most {MAX_URL} characters without a login in it"
        );
        Err(GatewayError::invalid("return_url", message))
    }
}

/// What test money can be told to do.
pub(crate) fn scenario_check(scenario: Option<&str>) -> Result<(), GatewayError> {
    let known = || crate::provider::SCENARIOS.iter().map(|(name, _)| *name);
    if scenario.is_none_or(|scenario| known().any(|name| name == scenario)) {
        return Ok(());
    }
    Err(GatewayError::invalid(
        "scenario",
        format!("expected one of {}", known().collect::<Vec<_>>().join(", ")),
    ))
}
