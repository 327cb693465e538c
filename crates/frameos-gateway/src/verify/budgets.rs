//! What budgets count as used against the mandates they were counted for, less what was refunded of them.
//!
//! A budget's window that says too little lets its owner's agents spend more than was allowed.

use std::collections::{BTreeMap, HashMap};

use frameos_domain::clock::Timestamp;
use frameos_store::{
    StoreError, Tx,
    gateway::audit::{MandateText, budget_windows_page_unscoped, refunded_page_unscoped},
};

use super::Audit;
use crate::x402::is_without_account;

const PAGE: i64 = 2_000;
const DAY: i64 = 86_400_000_000;

/// What is held and was spent, by owner, currency and UTC day of the mandate.
#[derive(Debug, Default)]
pub(super) struct Spent(HashMap<String, Vec<(String, Days)>>);

/// Minor units by days since 1970.
type Days = BTreeMap<i64, i128>;

impl Spent {
    /// Counts what a mandate holds, or what was taken of it.
    pub(super) fn count(&mut self, row: &MandateText<'_>) {
        let amount = match row.status {
            "issued" => row.amount,
            "executed" => row.captured_amount.unwrap_or(row.amount),
            _ => return,
        };
        if !is_without_account(row.agent_id) {
            self.add(row.agent_id, row.currency, row.created_at.as_micros().div_euclid(DAY), amount.into());
        }
    }

    fn add(&mut self, owner: &str, currency: &str, day: i64, amount: i128) {
        if !self.0.contains_key(owner) {
            self.0.insert(owner.to_owned(), Vec::new());
        }
        let Some(currencies) = self.0.get_mut(owner) else { return };
        match currencies.iter_mut().find(|(known, _)| known == currency) {
            Some((_, days)) => *days.entry(day).or_default() += amount,
            None => currencies.push((currency.to_owned(), BTreeMap::from([(day, amount)]))),
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (owner, currencies) in other.0 {
            for (currency, days) in currencies {
                days.into_iter().for_each(|(day, amount)| self.add(&owner, &currency, day, amount));
            }
        }
    }

    /// The windows there should be, by owner, currency and period; those that count nothing may be missing.
    fn windows(self) -> BTreeMap<(String, String, String), i128> {
        let mut windows = BTreeMap::new();
        for (owner, currencies) in self.0 {
            for (currency, days) in currencies {
                for (day, amount) in days {
                    let day = Timestamp::from_micros(day.saturating_mul(DAY));
                    for period in [day.day(), day.month()] {
                        *windows.entry((owner.clone(), currency.clone(), period)).or_default() += amount;
                    }
                }
            }
        }
        windows.retain(|_, amount| *amount != 0);
        windows
    }
}

/// Whether every window counts what it should, and none is missing.
pub(super) async fn audit_budgets(
    tx: &mut Tx,
    audit: &mut Audit,
    mut spent: Spent,
) -> Result<bool, StoreError> {
    let mut after = String::new();
    loop {
        let page = refunded_page_unscoped(tx, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for row in &page {
            let day = row.mandated_at.as_micros().div_euclid(DAY);
            spent.add(&row.owner, &row.currency, day, -i128::from(row.amount));
        }
    }
    let mut windows = spent.windows();
    let mut agree = true;
    let mut after = [const { String::new() }; 3];
    loop {
        let page = budget_windows_page_unscoped(tx, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = [last.owner.clone(), last.currency.clone(), last.period.clone()];
        for row in page {
            let window = (row.owner, row.currency, row.period);
            if windows.remove(&window).unwrap_or(0) != i128::from(row.used) {
                agree = false;
                let (owner, currency, period) = window;
                audit.report.note(
                    format!("{owner} {currency} {period}"),
                    "the budget does not count what its mandates hold and took",
                );
            }
        }
    }
    if let Some((owner, currency, period)) = windows.into_keys().next() {
        agree = false;
        audit
            .report
            .note(format!("{owner} {currency} {period}"), "the budget's count of its mandates is missing");
    }
    Ok(agree)
}
