//! Reads a manifest's `pricing`, in the form of each of the four models.
//!
//! Invariant: a key that the model has no use for is refused, not ignored: it was meant to limit or to earn money.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ManifestErrors, Reader, issue};
use crate::{
    money::{Currency, Money},
    pricing::{MAX_USAGE_EVENTS, Pricing, PricingModel, Terms, Usage, UsageEvent},
};

const PATH: &str = "$.pricing";
const KEYS: [&str; 8] = [
    "model",
    "amount",
    "max_amount",
    "currency",
    "free_runs_per_month",
    "start_fee",
    "events",
    "runs_per_month",
];

/// Reads `value` as a manifest's `pricing`.
pub(in crate::manifest) fn pricing_read(value: &Value) -> Result<Pricing, ManifestErrors> {
    let mut reader = Reader::default();
    let Some(object) = value.as_object() else {
        return Err(ManifestErrors(vec![issue(PATH, "expected an object")]));
    };
    // Alone, a key that nobody knows is a mistake and nothing of a newer platform's.
    for key in object.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        reader.error(&format!("{PATH}.{key}"), "is unknown");
    }
    let pricing = reader.pricing_of(object);
    pricing.filter(|_| reader.errors.is_empty()).ok_or(ManifestErrors(reader.errors))
}

impl Reader {
    pub(super) fn pricing(&mut self, root: &Map<String, Value>) -> Option<Pricing> {
        let object = self.object(root, "$", "pricing")?;
        self.unknown_keys(PATH, object, &KEYS);
        self.pricing_of(object)
    }

    fn pricing_of(&mut self, object: &Map<String, Value>) -> Option<Pricing> {
        let before = self.errors.len();
        let model = self.text(object, PATH, "model", 40).unwrap_or_else(|| "per_execution".into());
        let model: Option<PricingModel> =
            model.parse().map_err(|problem| self.error("$.pricing.model", format!("{problem}"))).ok();
        let amount = self.amount(object, model);
        let free_runs =
            self.integer(object, PATH, "free_runs_per_month", (0, u64::from(u32::MAX))).unwrap_or(0);
        let currency = self.text(object, PATH, "currency", 3).unwrap_or_else(|| "INR".into());
        let currency: Option<Currency> = currency
            .parse()
            .map_err(|_| self.error("$.pricing.currency", "expected a code such as INR"))
            .ok();
        let runs_per_month = self.integer(object, PATH, "runs_per_month", (1, u64::from(u32::MAX)));
        let terms = Terms {
            usage: self.usage(object),
            runs_per_month: runs_per_month.and_then(|runs| u32::try_from(runs).ok()),
        };
        if self.errors.len() > before {
            return None;
        }
        let price = Money::new(i64::try_from(amount).ok()?, currency?);
        Pricing::new(model?, price, u32::try_from(free_runs).ok()?, terms)
            .map_err(|problem| self.error(PATH, problem.to_string()))
            .ok()
    }

    /// `max_amount` of a metered run, `amount` of any other.
    fn amount(&mut self, object: &Map<String, Value>, model: Option<PricingModel>) -> u64 {
        let (key, other) = match model {
            Some(PricingModel::PayPerUse) => ("max_amount", "amount"),
            _ => ("amount", "max_amount"),
        };
        if object.get(other).is_some_and(|value| !value.is_null()) {
            self.error(&format!("{PATH}.{other}"), format!("does not go with this model; use {key}"));
        }
        let needed = matches!(model, Some(PricingModel::PayPerUse | PricingModel::Subscription));
        if needed && object.get(key).is_none_or(Value::is_null) {
            self.error(&format!("{PATH}.{key}"), "is required, in minor units (paise)");
        }
        self.integer(object, PATH, key, (0, i64::MAX as u64)).unwrap_or(0)
    }

    fn usage(&mut self, object: &Map<String, Value>) -> Option<Usage> {
        let fee = self.integer(object, PATH, "start_fee", (0, i64::MAX as u64));
        let named = object.get("events").filter(|value| !value.is_null());
        if named.is_none() && fee.is_none() {
            return None;
        }
        let mut usage = Usage { start_fee: minor(fee), events: BTreeMap::new() };
        let Some(named) = named else { return Some(usage) };
        let path = format!("{PATH}.events");
        let Some(events) = named.as_object() else {
            self.error(&path, "expected an object of events, each {\"unit_price\": …, \"title\": …}");
            return None;
        };
        if events.len() > MAX_USAGE_EVENTS {
            self.error(&path, format!("at most {MAX_USAGE_EVENTS} entries are allowed"));
            return None;
        }
        for (name, event) in events {
            let path = format!("{path}.{name}");
            let Some(event) = event.as_object() else {
                self.error(&path, "expected an object with unit_price");
                continue;
            };
            self.unknown_keys(&path, event, &["unit_price", "title"]);
            let unit_price = self.integer(event, &path, "unit_price", (1, i64::MAX as u64));
            if event.get("unit_price").is_none_or(Value::is_null) {
                self.error(&format!("{path}.unit_price"), "is required, in minor units (paise)");
            }
            let title = self.text(event, &path, "title", 100);
            usage.events.insert(name.clone(), UsageEvent { unit_price: minor(unit_price), title });
        }
        Some(usage)
    }
}

fn minor(number: Option<u64>) -> i64 {
    number.and_then(|number| i64::try_from(number).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(form: &Value) -> Result<Value, Vec<String>> {
        pricing_read(form)
            .map(|pricing| pricing.to_manifest())
            .map_err(|errors| errors.0.into_iter().map(|issue| issue.path).collect())
    }

    #[test]
    fn each_form_is_read_and_written_alike() {
        for form in [
            json!({"model": "per_execution", "amount": 50, "currency": "INR", "free_runs_per_month": 0}),
            json!({"model": "free_tier", "amount": 50, "currency": "INR", "free_runs_per_month": 9}),
            json!({"model": "pay_per_use", "max_amount": 5000, "currency": "INR", "start_fee": 10,
                   "events": {"page": {"unit_price": 25, "title": "Page read"}, "kb": {"unit_price": 1}}}),
            json!({"model": "subscription", "amount": 10_000, "currency": "INR", "runs_per_month": 100}),
            json!({"model": "subscription", "amount": 10_000, "currency": "INR", "runs_per_month": null}),
        ] {
            assert_eq!(check(&form), Ok(form.clone()));
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let events = json!({"page": {"unit_price": 25}});
        for (form, path) in [
            (json!([]), "$.pricing"),
            (json!({"model": "pay_per_use", "amount": 5, "events": events}), "$.pricing.amount"),
            (json!({"model": "pay_per_use", "events": events}), "$.pricing.max_amount"),
            (json!({"model": "pay_per_use", "max_amount": 5, "events": events}), "$.pricing"),
            (json!({"model": "pay_per_use", "max_amount": 500}), "$.pricing"),
            (json!({"model": "pay_per_use", "max_amount": 500, "events": []}), "$.pricing.events"),
            (
                json!({"model": "pay_per_use", "max_amount": 500, "events": {"page": {"unit_price": -1}}}),
                "$.pricing.events.page.unit_price",
            ),
            (
                json!({"model": "pay_per_use", "max_amount": 500, "events": {"page": {}}}),
                "$.pricing.events.page.unit_price",
            ),
            (json!({"model": "subscription"}), "$.pricing.amount"),
            (json!({"model": "subscription", "amount": 5, "runs_per_month": 0}), "$.pricing.runs_per_month"),
            (json!({"model": "per_execution", "amount": 5, "max_amount": 5}), "$.pricing.max_amount"),
            (json!({"model": "per_execution", "amount": 5, "events": events}), "$.pricing"),
            (json!({"amount": 5, "price": 5}), "$.pricing.price"),
        ] {
            let errors = check(&form).unwrap_err();
            assert!(errors.iter().any(|found| found == path), "{form}: {errors:?}");
        }
    }
}
