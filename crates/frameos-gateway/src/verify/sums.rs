//! Whether two tables say the same, without joining them: each row adds a keyed hash of what it says to a sum.
//!
//! Equal sums mean equal rows, whatever their order: the keys are random for each audit, so nobody can prepare rows whose hashes
//! cancel out. Unequal sums say that something differs, not what: then the exact questions are asked.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    ops::AddAssign,
};

/// Two independent 64-bit sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum(u64, u64);

/// The keys of one audit.
#[derive(Debug, Clone)]
pub(super) struct Keys([RandomState; 2]);

impl Keys {
    pub(super) fn generate() -> Self {
        Self([RandomState::new(), RandomState::new()])
    }
}

impl Sum {
    pub(super) fn add(&mut self, keys: &Keys, row: impl Hash) {
        let [first, second] = &keys.0;
        *self += Self(first.hash_one(&row), second.hash_one(&row));
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
        self.1 = self.1.wrapping_add(other.1);
    }
}

/// What can be told twice: once by the ledger's lines, once by the tables beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Mandate, payer, currency and amount of every hold.
    pub(super) holds: Sum,
    /// The same of every hold given back.
    pub(super) releases: Sum,
    /// The same of every hold taken.
    pub(super) taken: Sum,
    /// The same of what went back to the wallet when a hold was taken in part.
    pub(super) returned: Sum,
    /// Mandate, payer and currency of every capture, with the transaction, its hash and its time; of a direct sale payment,
    /// currency and amount.
    pub(super) captures: Sum,
    /// Who was credited how much by which capture or direct sale.
    pub(super) splits: Sum,
    /// Receipt, payment, mandate, amount, currency and the ledger's hash of every success.
    pub(super) receipts: Sum,
    /// Mandate and its hash of everything executed.
    pub(super) hashes: Sum,
    /// Mandate, payer, currency and what was taken of everything executed.
    pub(super) executed: Sum,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.holds += other.holds;
        self.releases += other.releases;
        self.taken += other.taken;
        self.returned += other.returned;
        self.captures += other.captures;
        self.splits += other.splits;
        self.receipts += other.receipts;
        self.hashes += other.hashes;
        self.executed += other.executed;
    }
}

/// What each account of one kind holds by its postings, per owner and currency.
#[derive(Debug, Default)]
pub(super) struct Balances(HashMap<String, Vec<(String, i128)>>);

impl Balances {
    pub(super) fn add(&mut self, owner: &str, currency: &str, amount: i128) {
        if !self.0.contains_key(owner) {
            self.0.insert(owner.to_owned(), Vec::new());
        }
        let Some(balances) = self.0.get_mut(owner) else { return };
        match balances.iter_mut().find(|(known, _)| known == currency) {
            Some((_, balance)) => *balance += amount,
            None => balances.push((currency.to_owned(), amount)),
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (owner, currency, amount) in other.into_rows() {
            self.add(&owner, &currency, amount);
        }
    }

    /// Takes one out; none when there were no postings.
    pub(super) fn take(&mut self, owner: &str, currency: &str) -> Option<i128> {
        let balances = self.0.get_mut(owner)?;
        let index = balances.iter().position(|(known, _)| known == currency)?;
        Some(balances.swap_remove(index).1)
    }

    /// What was not taken, by owner and currency.
    pub(super) fn into_rows(self) -> Vec<(String, String, i128)> {
        let rows = self.0.into_iter().flat_map(|(owner, balances)| {
            balances.into_iter().map(move |(currency, amount)| (owner.clone(), currency, amount))
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        rows
    }
}
