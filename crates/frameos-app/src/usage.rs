//! Metered runs: what an agent may count, and what a run costs by it.
//!
//! Invariants: what counts and what each count costs was agreed when the run was triggered and is kept with it; the charges are
//! stored with the run's result, under its attempt's lease, so every try to settle comes to the same amount.

use std::collections::BTreeMap;

use frameos_domain::{
    pricing::{Pricing, Usage},
    usage::{Charge, charges_total, usage_charges},
};
use frameos_sandbox::Meter;
use frameos_store::{charge, execution::Execution};

use crate::{app::App, error::Result};

/// What the sandbox lets an agent count that is offered at `pricing`.
pub fn pricing_meter(pricing: &Pricing) -> Option<Meter> {
    pricing.terms.usage.as_ref().map(|usage| meter(usage, pricing.price.minor))
}

/// What an agent's counts come to at `pricing`; nothing when it is not metered.
pub fn pricing_charges(pricing: &Pricing, counts: &BTreeMap<String, u64>) -> Vec<Charge> {
    let usage = pricing.terms.usage.as_ref();
    usage.map(|usage| usage_charges(usage, pricing.price.minor, counts)).unwrap_or_default()
}

pub(crate) fn run_meter(row: &Execution) -> Option<Meter> {
    usage(row).map(|usage| meter(usage, row.price.minor))
}

pub(crate) fn run_charges(row: &Execution, counts: &BTreeMap<String, u64>) -> Vec<Charge> {
    usage(row).map(|usage| usage_charges(usage, row.price.minor, counts)).unwrap_or_default()
}

/// What a metered run that has its result costs; `None` when its price was fixed before.
pub(crate) async fn run_amount(app: &App, row: &Execution) -> Result<Option<i64>> {
    if usage(row).is_none() {
        return Ok(None);
    }
    let (id, attempt) = (row.id, row.attempt);
    let charges = app
        .store()
        .read(move |tx| Box::pin(async move { charge::charges_list_unscoped(tx, id, attempt).await }))
        .await?;
    Ok(Some(charges_total(&charges)))
}

fn usage(row: &Execution) -> Option<&Usage> {
    row.terms.as_ref()?.usage()
}

fn meter(usage: &Usage, most: i64) -> Meter {
    let weight = |price: i64| u64::try_from(price).unwrap_or(0);
    let events = usage.events.iter().map(|(name, event)| (name.clone(), weight(event.unit_price)));
    Meter { start: weight(usage.start_fee), limit: weight(most), events: events.collect() }
}
