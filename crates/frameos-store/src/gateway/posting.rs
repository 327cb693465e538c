//! Ledger accounts and balanced sets of postings.
//!
//! Invariant: a [`Postings`] sums to zero per currency, has no empty line and holds no amount without a canonical form.
//! Sign: a posting adds its amount to the account's balance; money that enters from outside is negative on its clearing account.

use std::collections::BTreeMap;

use frameos_domain::money::{Currency, Money};
use thiserror::Error;

/// The largest amount or balance, in minor units: the largest integer that JSON carries without loss.
pub const MAX_MINOR: i64 = 9_007_199_254_740_991;

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountKind {
    /// What a payer can spend.
    Wallet,
    /// What a payer's issued mandates keep aside.
    Hold,
    DeveloperPayable,
    PlatformRevenue,
    OrchestratorPayable,
    /// Money on its way from a payment provider.
    ProviderClearing,
    /// Money on its way back to payers.
    Refunds,
    /// Money on its way to developers' bank accounts.
    PayoutClearing,
}

impl AccountKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Hold => "hold",
            Self::DeveloperPayable => "developer_payable",
            Self::PlatformRevenue => "platform_revenue",
            Self::OrchestratorPayable => "orchestrator_payable",
            Self::ProviderClearing => "provider_clearing",
            Self::Refunds => "refunds",
            Self::PayoutClearing => "payout_clearing",
        }
    }
}

/// One line of a ledger transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub account: AccountKind,
    /// Whose account of that kind.
    pub owner: String,
    pub amount: Money,
}

impl Posting {
    pub fn new(account: AccountKind, owner: &str, amount: Money) -> Self {
        Self { account, owner: owner.to_owned(), amount }
    }
}

/// Why a set of postings is not a ledger transaction.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PostingError {
    #[error("a ledger transaction needs at least two lines")]
    TooFewLines,
    #[error("the postings in {currency} sum to {sum}, not to zero")]
    Unbalanced { currency: Currency, sum: i128 },
    #[error("{amount} minor units are more than the ledger can carry")]
    TooLarge { amount: i64 },
}

/// Postings that balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postings(Vec<Posting>);

impl Postings {
    /// Takes lines that balance; lines of zero are left out.
    pub fn balanced(lines: impl IntoIterator<Item = Posting>) -> Result<Self, PostingError> {
        let lines: Vec<Posting> = lines.into_iter().filter(|line| !line.amount.is_zero()).collect();
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for line in &lines {
            if !(-MAX_MINOR..=MAX_MINOR).contains(&line.amount.minor) {
                return Err(PostingError::TooLarge { amount: line.amount.minor });
            }
            *sums.entry(line.amount.currency).or_default() += i128::from(line.amount.minor);
        }
        if let Some((currency, sum)) = sums.into_iter().find(|(_, sum)| *sum != 0) {
            return Err(PostingError::Unbalanced { currency, sum });
        }
        if lines.len() < 2 { Err(PostingError::TooFewLines) } else { Ok(Self(lines)) }
    }

    /// A transfer of `amount` between two accounts.
    pub fn transfer(
        from: (AccountKind, &str),
        to: (AccountKind, &str),
        amount: Money,
    ) -> Result<Self, PostingError> {
        let taken = Money::zero(amount.currency)
            .checked_sub(amount)
            .map_err(|_| PostingError::TooLarge { amount: amount.minor })?;
        Self::balanced([Posting::new(from.0, from.1, taken), Posting::new(to.0, to.1, amount)])
    }

    pub fn lines(&self) -> &[Posting] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_balance_is_no_transaction() {
        let usd: Currency = "USD".parse().unwrap();
        let line = |minor, currency| Posting::new(AccountKind::Wallet, "a", Money::new(minor, currency));
        let inr = Currency::INR;
        assert!(
            Postings::balanced([line(-5, inr), line(5, inr), line(0, inr)])
                .is_ok_and(|p| p.lines().len() == 2)
        );
        assert_eq!(
            Postings::balanced([line(-5, inr), line(4, inr)]),
            Err(PostingError::Unbalanced { currency: inr, sum: -1 })
        );
        assert!(matches!(
            Postings::balanced([line(-5, inr), line(5, usd)]),
            Err(PostingError::Unbalanced { .. })
        ));
        assert_eq!(Postings::balanced([line(0, inr), line(0, inr)]), Err(PostingError::TooFewLines));
        let large = MAX_MINOR + 1;
        assert!(matches!(
            Postings::balanced([line(-large, inr), line(large, inr)]),
            Err(PostingError::TooLarge { .. })
        ));
        // Sums are taken in 128 bits: no wrap can make a set look balanced.
        assert!(
            Postings::transfer(
                (AccountKind::Wallet, "a"),
                (AccountKind::Hold, "a"),
                Money::new(i64::MIN, inr)
            )
            .is_err()
        );
    }
}
