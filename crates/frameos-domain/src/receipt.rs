//! Receipts: of a payment (by the gateway) and of a run (by the platform), and the offline check of the latter.
//!
//! A run receipt binds code, input, output, resources, isolation and money; receipts of one issuer form a hash chain through
//! `sequence` and `previous_hash`. The file a user keeps shows the receipt readably beside the JWS that signs it, and the two
//! must agree to the byte in canonical form. Format: docs/receipts.md.

mod proofs;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use proofs::Proofs;

use crate::{
    canonical,
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{ExecutionId, MandateId, PaymentId, ReceiptId},
    mandate::MandateStatus,
    money::Currency,
    signing::{KeySet, PublicKey, SignatureError, SigningKey, verify},
};

/// The JWS `typ` of a payment receipt.
pub const PAYMENT_RECEIPT_TYPE: &str = "frameos-payment-receipt+jws";
/// The JWS `typ` of a run receipt.
pub const RUN_RECEIPT_TYPE: &str = "frameos-run-receipt+jws";
/// The `previous_hash` of the first receipt of a chain.
pub const GENESIS_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Whether the money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentOutcome {
    Success,
    Refused,
}

/// The gateway's signed statement about one attempt to execute a mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentReceipt {
    pub id: ReceiptId,
    /// Position in the gateway's receipt chain, from 1.
    pub sequence: i64,
    pub previous_hash: String,
    pub mandate_id: MandateId,
    /// SHA-256 of the mandate's compact JWS.
    pub mandate_hash: String,
    pub payment_id: Option<PaymentId>,
    pub status: PaymentOutcome,
    /// Why it was refused, as an error code.
    pub reason: Option<String>,
    /// What was taken, which may be less than the mandate allows; of a refusal, what the mandate allows.
    pub amount: i64,
    pub currency: Currency,
    pub ledger_transaction_id: Option<String>,
    /// Hash of the ledger transaction that moved the money.
    pub ledger_hash: Option<String>,
    /// Its position in the ledger. Left out of a refusal, and of receipts from before this field existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger_sequence: Option<i64>,
    pub issued_at: Timestamp,
}

impl PaymentReceipt {
    pub fn sign(&self, key: &SigningKey) -> Result<String, SignatureError> {
        key.sign(PAYMENT_RECEIPT_TYPE, self)
    }

    pub fn verify(jws: &str, trusted: Option<&KeySet>) -> Result<Self, SignatureError> {
        verify(jws, PAYMENT_RECEIPT_TYPE, trusted).map(|(receipt, _)| receipt)
    }
}

/// The money part of a run receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunPayment {
    pub mandate_id: MandateId,
    pub payment_id: PaymentId,
    pub receipt_id: ReceiptId,
    /// SHA-256 of the payment receipt's compact JWS.
    pub receipt_hash: String,
    pub ledger_transaction_id: String,
    pub ledger_hash: String,
    /// Position in the gateway's ledger. Left out of receipts from before this field existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger_sequence: Option<i64>,
    pub amount: i64,
    pub currency: Currency,
}

/// The mandate of a run, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunMandate {
    pub mandate_id: MandateId,
    /// SHA-256 of the mandate's compact JWS.
    pub mandate_hash: String,
    /// `executed` when the run was paid for; otherwise the hold was given back.
    pub status: MandateStatus,
}

/// What a run used. Absent where the kernel could not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    pub wall_ms: i64,
    /// From the request to start until the agent's first instruction.
    pub startup_ms: i64,
    #[schema(required)]
    pub cpu_user_ms: Option<i64>,
    #[schema(required)]
    pub cpu_system_ms: Option<i64>,
    #[schema(required)]
    pub throttled_ms: Option<i64>,
    #[schema(required)]
    pub peak_memory_bytes: Option<i64>,
    #[schema(required)]
    pub peak_pids: Option<i64>,
    /// By write calls of all processes: to files, pipes and sockets. Left out where unknown, because receipts from before
    /// this field existed have to keep their bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_written: Option<i64>,
}

/// The platform's signed statement about one finished run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunReceipt {
    pub id: ReceiptId,
    /// Position in the platform's receipt chain, from 1.
    pub sequence: i64,
    pub previous_hash: String,
    pub execution_id: ExecutionId,
    pub user_id: String,
    pub agent_id: String,
    pub agent_slug: String,
    pub agent_version: String,
    /// SHA-256 of the packed bundle that ran.
    pub code_sha256: String,
    /// SHA-256 over the execution's salt and the canonical inputs; see [`salted_hash`].
    pub input_sha256: String,
    #[schema(required)]
    pub output_sha256: Option<String>,
    pub status: RunStatus,
    /// Left out of a success, and of receipts from before this field existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<FailureReason>,
    #[schema(required)]
    pub exit_code: Option<i64>,
    pub attempt: i64,
    #[schema(required)]
    pub started_at: Option<Timestamp>,
    pub completed_at: Timestamp,
    #[schema(required)]
    pub resources: Option<Resources>,
    /// The isolation that was in force, e.g. `linux:userns+seccomp+landlock+cgroup1`.
    #[schema(required)]
    pub isolation: Option<String>,
    #[schema(required)]
    pub payment: Option<RunPayment>,
    /// Left out when the run had none, and of receipts from before this field existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<RunMandate>,
    pub issued_at: Timestamp,
}

/// A run receipt as a user keeps it: readable, and signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunReceiptDocument {
    pub receipt: RunReceipt,
    pub jws: String,
    /// The gateway's documents, which the receipt binds by their hashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proofs: Option<Proofs>,
}

/// Why a receipt file was not accepted.
#[derive(Debug, Error)]
pub enum ReceiptError {
    #[error("not a receipt: {0}")]
    NotAReceipt(#[source] serde_json::Error),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("the readable receipt differs from what was signed")]
    Altered,
    #[error("the {proof} in `proofs` is not valid")]
    Proof { proof: &'static str, source: SignatureError },
    #[error("the {proof} in `proofs` is not the one of this receipt: {what} differs")]
    Unbound { proof: &'static str, what: &'static str },
}

impl RunReceipt {
    pub fn sign(self, key: &SigningKey) -> Result<RunReceiptDocument, SignatureError> {
        let jws = key.sign(RUN_RECEIPT_TYPE, &self)?;
        Ok(RunReceiptDocument { receipt: self, jws, proofs: None })
    }
}

/// The API's answer around a receipt, so that a saved response verifies as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    success: bool,
    data: serde_json::Value,
}

impl RunReceiptDocument {
    /// Reads a receipt file: the document itself, or the API response that carried it.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        let value = canonical::parse_strict(text).map_err(ReceiptError::NotAReceipt)?;
        let enveloped = Envelope::deserialize(&value)
            .ok()
            .filter(|envelope| envelope.success)
            .map(|envelope| envelope.data);
        let document = match enveloped {
            Some(data) => Self::deserialize(data).map_err(ReceiptError::NotAReceipt)?,
            None => Self::deserialize(&value).map_err(ReceiptError::NotAReceipt)?,
        };
        // Some values have several spellings (times above all). Only the one that was written is accepted.
        let shown = value.get("data").unwrap_or(&value);
        let read = canonical::to_bytes(&document).map_err(SignatureError::from)?;
        if canonical::to_bytes(shown).map_err(SignatureError::from)? != read {
            return Err(ReceiptError::Altered);
        }
        Ok(document)
    }

    /// Checks the signature, that the readable part is what was signed, and that the proofs are the ones it binds. Returns the
    /// signing key.
    pub fn verify(&self, trusted: Option<&KeySet>) -> Result<PublicKey, ReceiptError> {
        let (signed, key) = verify::<RunReceipt>(&self.jws, RUN_RECEIPT_TYPE, trusted)?;
        if signed != self.receipt {
            return Err(ReceiptError::Altered);
        }
        if let Some(proofs) = &self.proofs {
            proofs.verify(&self.receipt, trusted)?;
        }
        Ok(key)
    }

    /// The hash the next receipt of the chain carries as `previous_hash`.
    pub fn hash(&self) -> String {
        canonical::sha256_hex(self.jws.as_bytes())
    }
}

/// SHA-256 over `salt` and the canonical form of `value`, in hex: commits to a value without revealing it to whoever
/// could guess it, because the salt stays with the run's owner.
pub fn salted_hash(salt: &str, value: &serde_json::Value) -> String {
    let mut bytes = salt.as_bytes().to_vec();
    bytes.push(b'.');
    bytes.extend(canonical::to_bytes_lenient(value));
    canonical::sha256_hex(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> RunReceiptDocument {
        let at = Timestamp::from_micros(1_795_000_000_000_000);
        RunReceipt {
            id: ReceiptId::new(at, [1; 10]),
            sequence: 1,
            previous_hash: GENESIS_HASH.into(),
            execution_id: ExecutionId::new(at, [2; 10]),
            user_id: "agt_user_x".into(),
            agent_id: "agt_def_x".into(),
            agent_slug: "csv-profiler".into(),
            agent_version: "1.0.0".into(),
            code_sha256: canonical::sha256_hex(b"code"),
            input_sha256: salted_hash("s", &serde_json::json!({"a": 1})),
            output_sha256: None,
            status: RunStatus::Failed,
            failure_reason: Some(FailureReason::Exit),
            exit_code: Some(1),
            attempt: 1,
            started_at: Some(at),
            completed_at: at,
            resources: Some(Resources { bytes_written: Some(7), ..Resources::default() }),
            isolation: Some("linux".into()),
            payment: None,
            mandate: None,
            issued_at: at,
        }
        .sign(&SigningKey::from_seed(&[3; 32]).unwrap())
        .unwrap()
    }

    /// Signed before `Resources::bytes_written` and `RunReceipt::failure_reason` existed.
    const OLDER: &str = include_str!("../fixtures/receipt_without_bytes_written.json");

    #[test]
    fn receipts_signed_before_a_field_existed_still_verify() {
        let document = RunReceiptDocument::parse(OLDER).unwrap();
        document.verify(Some(&KeySet::of([SigningKey::from_seed(&[3; 32]).unwrap().public()]))).unwrap();
        assert_eq!(document.receipt.resources.as_ref().unwrap().bytes_written, None);
        assert_eq!(document.receipt.failure_reason, None);
        // What is kept has the same bytes again, and the new fields cannot be slipped in.
        let kept = serde_json::to_string(&document).unwrap();
        assert_eq!(RunReceiptDocument::parse(&kept).unwrap(), document);
        for (field, beside) in [
            (r#""bytes_written": null"#, r#""wall_ms""#),
            (r#""bytes_written": 0"#, r#""wall_ms""#),
            (r#""failure_reason": null"#, r#""exit_code""#),
            (r#""failure_reason": "exit""#, r#""exit_code""#),
        ] {
            let altered = OLDER.replacen(beside, &format!("{field}, {beside}"), 1);
            assert_ne!(altered, OLDER);
            let accepted = RunReceiptDocument::parse(&altered).is_ok_and(|read| read.verify(None).is_ok());
            assert!(!accepted, "{field}");
        }
    }

    #[test]
    fn every_changed_byte_of_the_file_is_refused() {
        let document = sample();
        let enveloped =
            serde_json::to_string(&serde_json::json!({"success": true, "data": document})).unwrap();
        for text in [serde_json::to_string(&document).unwrap(), enveloped] {
            assert!(RunReceiptDocument::parse(&text).unwrap().verify(None).is_ok());
            for index in 0..text.len() {
                for replacement in [b'0', b'a', b' '] {
                    let mut bytes = text.clone().into_bytes();
                    if bytes[index] == replacement {
                        continue;
                    }
                    bytes[index] = replacement;
                    let changed = String::from_utf8(bytes).unwrap();
                    let accepted =
                        RunReceiptDocument::parse(&changed).is_ok_and(|read| read.verify(None).is_ok());
                    assert!(!accepted, "byte {index} as {:?}", char::from(replacement));
                }
            }
        }
    }
}
