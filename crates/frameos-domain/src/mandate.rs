//! The signed permission to take one amount for one run: what a mandate says, and how it is checked.
//!
//! Invariant: a mandate binds user, agent version, execution, amount, currency, who is paid and expiry; nothing in it can change without
//! breaking its signature. Where the mandate stands (issued, executed, …) is the gateway's state, not part of the document.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    id::{IntentId, MandateId},
    money::Currency,
    signing::{KeySet, SignatureError, SigningKey, verify},
};

/// The JWS `typ` of a mandate.
pub const MANDATE_TYPE: &str = "frameos-mandate+jws";

/// Where a mandate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MandateStatus {
    Issued,
    Executed,
    Voided,
    Expired,
}

impl MandateStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Executed => "executed",
            Self::Voided => "voided",
            Self::Expired => "expired",
        }
    }
}

impl std::str::FromStr for MandateStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Issued, Self::Executed, Self::Voided, Self::Expired]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a mandate status"))
    }
}

/// The signed content of a mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    pub id: MandateId,
    pub intent_id: IntentId,
    /// The paying account, called `agent_id` on the C layer's wire.
    pub agent_id: String,
    pub vendor: String,
    /// The run this money is for, when the intent named one.
    pub execution_id: Option<String>,
    pub agent_definition_id: Option<String>,
    pub agent_version: Option<String>,
    /// Whose account gets the developer's share.
    pub payee: String,
    /// Whose account gets the share of whoever brought agent and user together; none for the platform's.
    pub orchestrator: Option<String>,
    /// The most that may be captured, in minor units.
    pub amount: i64,
    pub currency: Currency,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What a stored mandate repeats of what was signed, besides its ids.
#[derive(Debug, PartialEq, Eq)]
pub struct MandateTerms<'a> {
    pub agent_id: &'a str,
    pub execution_id: Option<&'a str>,
    pub payee: &'a str,
    pub orchestrator: Option<&'a str>,
    pub amount: i64,
    pub currency: &'a str,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Mandate {
    pub fn terms(&self) -> MandateTerms<'_> {
        MandateTerms {
            agent_id: &self.agent_id,
            execution_id: self.execution_id.as_deref(),
            payee: &self.payee,
            orchestrator: self.orchestrator.as_deref(),
            amount: self.amount,
            currency: self.currency.as_str(),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        }
    }

    /// The compact JWS over the canonical bytes of this mandate.
    pub fn sign(&self, key: &SigningKey) -> Result<String, SignatureError> {
        key.sign(MANDATE_TYPE, self)
    }

    /// Reads a mandate whose signature is by a key of `trusted`.
    pub fn verify(jws: &str, trusted: &KeySet) -> Result<Self, SignatureError> {
        verify(jws, MANDATE_TYPE, Some(trusted)).map(|(mandate, _)| mandate)
    }
}
