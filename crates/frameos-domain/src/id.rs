//! Typed, prefixed, time-ordered identifiers such as `exec_01k…`.
//!
//! An id is a UUID version 7 (RFC 9562) written in Crockford base32, lower case, after its kind's prefix. Ids of one kind
//! sort by creation time as text, which keeps both databases' indexes local. An id of one kind never parses as another.

use std::{fmt, hash::Hash, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;
use uuid::{Builder, Uuid};

use crate::clock::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ENCODED_LEN: usize = 26;

/// Names a kind of identifier and its prefix.
pub trait Kind: 'static {
    /// The prefix with its underscore, e.g. `exec_`.
    const PREFIX: &'static str;
    /// What an identifier of this kind is called, e.g. `ExecutionId`.
    const NAME: &'static str;
    /// What it names, in a sentence.
    const ABOUT: &'static str;
}

/// An identifier of kind `K`.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

/// A text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected an id that starts with `{prefix}` followed by 26 characters")]
pub struct IdError {
    pub prefix: &'static str,
}

macro_rules! kinds {
    ($($alias:ident = $kind:ident $prefix:literal, $doc:literal;)*) => {
        /// The kinds of identifier, one empty type each.
        pub mod kind {
            $(#[doc = $doc] #[derive(Debug)] pub enum $kind {} impl super::Kind for $kind {
                const PREFIX: &'static str = $prefix;
                const NAME: &'static str = stringify!($alias);
                const ABOUT: &'static str = $doc;
            })*
        }
        $(#[doc = $doc] pub type $alias = Id<kind::$kind>;)*
    };
}

// Glue macros are banned by the house style; this one is a table, and the table is the documentation.
kinds! {
    DeveloperId = Developer "dev_", "A developer who publishes agents.";
    UserId = User "agt_user_", "A user who runs agents (the C layer calls its accounts agents).";
    AdminId = Admin "adm_", "An administrator of this installation.";
    AgentId = Agent "agt_def_", "A published agent.";
    VersionId = Version "ver_", "One version of an agent.";
    DeploymentId = Deployment "dep_", "A user's configured agent.";
    ExecutionId = Execution "exec_", "One run.";
    IntentId = Intent "pi_", "A purchase intent.";
    MandateId = Mandate "mdt_", "A signed mandate that places a hold.";
    PaymentId = Payment "pay_", "A captured payment.";
    ReceiptId = Receipt "rcpt_", "A signed receipt.";
    RevenueId = Revenue "rev_", "A developer's share of one payment.";
    ReviewId = Review "rvw_", "A user's review of an agent.";
    SessionId = Session "ses_", "A login session: one chain of refresh tokens.";
    PersonalTokenId = PersonalToken "pat_", "A token that programs sign in with.";
    TransactionId = Transaction "txn_", "One balanced ledger transaction.";
    TopUpId = TopUp "top_", "A wallet top-up.";
    TicketId = Ticket "tkt_", "A queued job.";
    EventId = Event "evt_", "An audit, statistics or webhook event.";
    RequestId = Request "req_", "One HTTP request.";
    WebhookId = Webhook "whk_", "A user's webhook.";
    DeliveryId = Delivery "dlv_", "One event on its way to one webhook.";
    RefundId = Refund "rfd_", "Money given back for one payment.";
    PayoutId = Payout "pout_", "A developer's earnings of one period on their way to a bank account.";
    SubscriptionId = Subscription "sub_", "A user's monthly subscription to an agent.";
    ClientId = Client "gwc_", "A platform that uses a payment gateway of its own.";
}

impl<K: Kind> Id<K> {
    /// A fresh id for something created at `at`; `entropy` is ten random bytes.
    pub fn new(at: Timestamp, entropy: [u8; 10]) -> Self {
        let millis = u64::try_from(at.as_millis()).unwrap_or(0);
        Self { uuid: Builder::from_unix_timestamp_millis(millis, &entropy).into_uuid(), kind: PhantomData }
    }

    /// A fresh id for something created at `at`, random in the rest.
    pub fn generate(at: Timestamp) -> Self {
        let mut entropy = [0; 10];
        // A failing system random source cannot be worked around: ids must not repeat.
        #[expect(clippy::expect_used, reason = "no safe way on without randomness")]
        aws_lc_rs::rand::fill(&mut entropy).expect("the system random source works");
        Self::new(at, entropy)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; ENCODED_LEN];
        let value = self.uuid.as_u128();
        for (index, slot) in text.iter_mut().enumerate() {
            let shift = 5 * (ENCODED_LEN - 1 - index);
            *slot = ALPHABET[((value >> shift) & 31) as usize];
        }
        f.write_str(K::PREFIX)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = IdError { prefix: K::PREFIX };
        let encoded = text.strip_prefix(K::PREFIX).ok_or_else(|| error.clone())?.as_bytes();
        // 26 digits carry 130 bits; a first digit above 7 would not fit and would give two texts for one id.
        if encoded.len() != ENCODED_LEN || encoded[0] > b'7' {
            return Err(error);
        }
        let mut value: u128 = 0;
        for byte in encoded {
            let digit = ALPHABET.iter().position(|letter| letter == byte).ok_or_else(|| error.clone())?;
            value = (value << 5) | digit as u128;
        }
        Ok(Self { uuid: Uuid::from_u128(value), kind: PhantomData })
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_of_one_kind_do_not_parse_as_another() {
        let id = DeveloperId::generate(Timestamp::from_micros(1));
        assert!(id.to_string().parse::<UserId>().is_err());
        assert_eq!(id.to_string().parse::<DeveloperId>().unwrap(), id);
        assert!("dev_".parse::<DeveloperId>().is_err());
        assert!("dev_80000000000000000000000000".parse::<DeveloperId>().is_err());
    }

    proptest! {
        #[test]
        fn text_round_trips_and_sorts_by_time(a in 0_i64..4_000_000_000_000_000, b in 0_i64..4_000_000_000_000_000, entropy: [u8; 10]) {
            let first = ExecutionId::new(Timestamp::from_micros(a), entropy);
            let second = ExecutionId::new(Timestamp::from_micros(b), entropy);
            prop_assert_eq!(first.to_string().parse::<ExecutionId>().unwrap(), first);
            prop_assert_eq!(first.to_string().cmp(&second.to_string()), (a / 1000).cmp(&(b / 1000)));
        }
    }
}
