//! How one signing key follows another: a statement that both of them sign.
//!
//! Invariant: whoever trusts one of the two keys may trust the other, in either direction, for the stated purpose only. So a
//! key that is known (the file an operator kept) leads to all that came before and after it, whatever a database claims.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    signing::{KeySet, PublicKey, SignatureError, SigningKey, verify},
};

/// The JWS `typ` of a handover.
pub const HANDOVER_TYPE: &str = "frameos-key-handover+jws";

/// What both keys sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// What the keys sign, e.g. `gateway`.
    pub purpose: String,
    pub previous: PublicKey,
    pub next: PublicKey,
    pub at: Timestamp,
}

/// The statement, signed by each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHandover {
    pub by_previous: String,
    pub by_next: String,
}

impl Handover {
    /// The handover of `purpose` from one key to the other.
    pub fn sign(
        purpose: &str,
        previous: &SigningKey,
        next: &SigningKey,
        at: Timestamp,
    ) -> Result<SignedHandover, SignatureError> {
        let statement = Self {
            purpose: purpose.to_owned(),
            previous: previous.public().clone(),
            next: next.public().clone(),
            at,
        };
        Ok(SignedHandover {
            by_previous: previous.sign(HANDOVER_TYPE, &statement)?,
            by_next: next.sign(HANDOVER_TYPE, &statement)?,
        })
    }
}

impl SignedHandover {
    /// The statement, if both keys signed it and it is for `purpose`.
    pub fn verify(&self, purpose: &str) -> Result<Handover, SignatureError> {
        let (given, previous) = verify::<Handover>(&self.by_previous, HANDOVER_TYPE, None)?;
        let (taken, next) = verify::<Handover>(&self.by_next, HANDOVER_TYPE, None)?;
        let whole = given == taken && given.previous == previous && given.next == next;
        if whole && given.purpose == purpose { Ok(given) } else { Err(SignatureError::BadSignature) }
    }
}

/// The keys of `purpose` that follow from trusting `anchor`, itself included.
pub fn keys_reachable(anchor: &PublicKey, purpose: &str, handovers: &[SignedHandover]) -> KeySet {
    let steps: Vec<Handover> =
        handovers.iter().filter_map(|handover| handover.verify(purpose).ok()).collect();
    let mut trusted = vec![anchor.clone()];
    let mut reached = 0;
    while let Some(key) = trusted.get(reached).cloned() {
        for step in &steps {
            let other = match () {
                () if step.previous == key => &step.next,
                () if step.next == key => &step.previous,
                () => continue,
            };
            if !trusted.contains(other) {
                trusted.push(other.clone());
            }
        }
        reached += 1;
    }
    KeySet::of(&trusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32]).unwrap()
    }

    fn handover(purpose: &str, previous: u8, next: u8) -> SignedHandover {
        Handover::sign(purpose, &key(previous), &key(next), Timestamp::from_micros(1)).unwrap()
    }

    #[test]
    fn trust_goes_along_the_chain_both_ways_and_nowhere_else() {
        let chain = [handover("gateway", 1, 2), handover("gateway", 2, 3), handover("receipts", 3, 4)];
        for anchor in [1, 2, 3] {
            let set = keys_reachable(key(anchor).public(), "gateway", &chain);
            assert_eq!(set.keys.len(), 3);
            assert!([1, 2, 3].iter().all(|seed| set.contains(key(*seed).public())));
        }
        assert_eq!(keys_reachable(key(9).public(), "gateway", &chain).keys.len(), 1);
    }

    #[test]
    fn half_a_handover_counts_for_nothing() {
        let (honest, thief) = (handover("gateway", 1, 2), handover("gateway", 9, 8));
        // The thief signs what the honest key never did, or takes over without being given anything.
        for forged in [
            SignedHandover { by_previous: thief.by_previous.clone(), by_next: honest.by_next.clone() },
            SignedHandover { by_previous: honest.by_previous.clone(), by_next: thief.by_next },
            SignedHandover { by_previous: honest.by_next.clone(), by_next: honest.by_next.clone() },
            SignedHandover { by_previous: honest.by_previous.clone(), by_next: honest.by_previous },
        ] {
            assert!(forged.verify("gateway").is_err());
        }
    }
}
