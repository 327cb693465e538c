//! Refunds: how the parts of a payment are given back, and the gateway's signed statement about one refund.
//!
//! Invariants: what is given back of a payment, in however many pieces, takes from each party exactly its part of the split
//! when all of it is given back, never more on the way, and no piece gives to one party what it takes from another. Rounding
//! each piece for itself breaks the first, the largest remainder of the running total the last (a party's part can shrink
//! while the total grows); nested rounding keeps both: the developer's part of the running total is rounded down, then the
//! orchestrator's of what is left.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    id::{MandateId, PaymentId, ReceiptId, RefundId},
    money::{Currency, Money, MoneyError},
    signing::{KeySet, SignatureError, SigningKey, verify},
    split::RevenueSplit,
};

/// The JWS `typ` of a refund receipt.
pub const REFUND_RECEIPT_TYPE: &str = "frameos-refund-receipt+jws";

/// What each party gives back when `amount` of a payment is refunded, of which `before` was refunded already.
pub fn refund_split(payment: &RevenueSplit, before: i64, amount: i64) -> Result<RevenueSplit, MoneyError> {
    let after = before.checked_add(amount).ok_or(MoneyError::Overflow)?;
    let (was, is) = (given_back(payment, before)?, given_back(payment, after)?);
    Ok(RevenueSplit {
        developer: is.developer.checked_sub(was.developer)?,
        platform: is.platform.checked_sub(was.platform)?,
        orchestrator: is.orchestrator.checked_sub(was.orchestrator)?,
    })
}

/// What each party has given back once `refunded` of the payment was refunded.
fn given_back(payment: &RevenueSplit, refunded: i64) -> Result<RevenueSplit, MoneyError> {
    let currency = payment.developer.currency;
    let others = payment.platform.checked_add(payment.orchestrator)?;
    let total = payment.developer.checked_add(others)?;
    if !(0..=total.minor).contains(&refunded) {
        return Err(MoneyError::Overflow);
    }
    let developer = part(payment.developer.minor, refunded, total.minor)?;
    let rest = refunded.checked_sub(developer).ok_or(MoneyError::Overflow)?;
    let orchestrator = part(payment.orchestrator.minor, rest, others.minor)?;
    let platform = rest.checked_sub(orchestrator).ok_or(MoneyError::Overflow)?;
    Ok(RevenueSplit {
        developer: Money::new(developer, currency),
        platform: Money::new(platform, currency),
        orchestrator: Money::new(orchestrator, currency),
    })
}

/// `share` of `whole`, taken of `amount` and rounded down.
fn part(share: i64, amount: i64, whole: i64) -> Result<i64, MoneyError> {
    if whole == 0 {
        return Ok(0);
    }
    let product = i128::from(share) * i128::from(amount);
    i64::try_from(product.div_euclid(i128::from(whole))).map_err(|_| MoneyError::Overflow)
}

/// The gateway's signed statement that money of a payment went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundReceipt {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub mandate_id: MandateId,
    /// The receipt of the payment.
    pub receipt_id: ReceiptId,
    /// Whose wallet was credited.
    pub agent_id: String,
    pub amount: i64,
    /// What was given back of the payment so far, this refund included.
    pub refunded_total: i64,
    pub currency: Currency,
    pub reason: String,
    pub ledger_transaction_id: String,
    /// Hash of the ledger transaction that moved the money.
    pub ledger_hash: String,
    pub issued_at: Timestamp,
}

impl RefundReceipt {
    pub fn sign(&self, key: &SigningKey) -> Result<String, SignatureError> {
        key.sign(REFUND_RECEIPT_TYPE, self)
    }

    pub fn verify(jws: &str, trusted: Option<&KeySet>) -> Result<Self, SignatureError> {
        verify(jws, REFUND_RECEIPT_TYPE, trusted).map(|(receipt, _)| receipt)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn inr(minor: i64) -> Money {
        Money::new(minor, Currency::INR)
    }

    fn parts(split: &RevenueSplit) -> [i64; 3] {
        [split.developer.minor, split.platform.minor, split.orchestrator.minor]
    }

    /// Refunds `pieces` one after the other and whatever is left, and checks every step.
    fn check(payment: &RevenueSplit, total: i64, pieces: &[i64]) {
        let (mut refunded, mut sums) = (0, [0_i64; 3]);
        for piece in pieces.iter().copied().chain([i64::MAX]) {
            let amount = piece.min(total - refunded);
            let split = refund_split(payment, refunded, amount).unwrap();
            let taken = parts(&split);
            assert!(taken.iter().all(|part| *part >= 0), "{total}: {amount} after {refunded}: {taken:?}");
            assert_eq!(taken.iter().sum::<i64>(), amount);
            refunded += amount;
            for (sum, part) in sums.iter_mut().zip(taken) {
                *sum += part;
            }
            assert!(sums.iter().zip(parts(payment)).all(|(sum, part)| *sum <= part));
        }
        assert_eq!((refunded, sums), (total, parts(payment)));
    }

    #[test]
    fn every_amount_goes_back_whole_and_by_single_units() {
        for total in 0..=1_000 {
            let payment = RevenueSplit::of(inr(total)).unwrap();
            check(&payment, total, &[]);
            check(&payment, total, &vec![1; usize::try_from(total).unwrap()]);
        }
    }

    /// Every way to give a small amount back in pieces.
    #[test]
    fn every_sequence_of_pieces_sums_to_the_split() {
        fn all(total: i64, pieces: &mut Vec<i64>, found: &mut Vec<Vec<i64>>) {
            if total == 0 {
                found.push(pieces.clone());
            }
            for piece in 1..=total {
                pieces.push(piece);
                all(total - piece, pieces, found);
                pieces.pop();
            }
        }
        for total in 1..=14 {
            let mut found = Vec::new();
            all(total, &mut Vec::new(), &mut found);
            assert_eq!(found.len(), 1 << (total - 1));
            let payment = RevenueSplit::of(inr(total)).unwrap();
            found.iter().for_each(|pieces| check(&payment, total, pieces));
        }
    }

    #[test]
    fn more_than_the_payment_does_not_go_back() {
        let payment = RevenueSplit::of(inr(100)).unwrap();
        assert_eq!(refund_split(&payment, 60, 41), Err(MoneyError::Overflow));
        assert_eq!(refund_split(&payment, i64::MAX, 1), Err(MoneyError::Overflow));
        assert_eq!(refund_split(&payment, -1, 1), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn any_split_in_any_pieces_sums(
            developer in 0_i64..3_000_000_000_000_000,
            platform in 0_i64..3_000_000_000_000_000,
            orchestrator in 0_i64..3_000_000_000_000_000,
            pieces in proptest::collection::vec(0_i64..4_000_000_000_000_000, 0..20),
        ) {
            let payment = RevenueSplit {
                developer: inr(developer),
                platform: inr(platform),
                orchestrator: inr(orchestrator),
            };
            check(&payment, developer + platform + orchestrator, &pieces);
        }
    }
}
