//! The audit of mandates as documents: does each row still say what was signed?
//!
//! A mandate whose hash stands in a signed receipt is known by that hash; every other one is checked by its signature.

use frameos_domain::{
    canonical,
    mandate::Mandate,
    signing::{KeySet, read_unverified},
};
use frameos_store::{
    StoreError, Tx,
    gateway::mandate::{MandateRow, mandates_page_unscoped},
};

const PAGE: i64 = 1_000;

/// The first mandate whose row is not what was signed, and how they differ.
pub(crate) async fn mandate_contradiction(
    tx: &mut Tx,
    keys: &KeySet,
) -> Result<Option<(String, String)>, StoreError> {
    let mut last = String::new();
    loop {
        let page = mandates_page_unscoped(tx, &last, PAGE).await?;
        let Some((end, _)) = page.last() else { return Ok(None) };
        last = end.id.to_string();
        let found = page.iter().find_map(|(row, has_receipt)| {
            contradiction(row, *has_receipt, keys).map(|reason| (row.id.to_string(), reason))
        });
        if found.is_some() {
            return Ok(found);
        }
    }
}

fn contradiction(row: &MandateRow, has_receipt: bool, keys: &KeySet) -> Option<String> {
    if canonical::sha256_hex(row.jws.as_bytes()) != row.mandate_hash {
        return Some("the signed mandate was changed: its hash does not fit".to_owned());
    }
    let read = if has_receipt { read_unverified(&row.jws) } else { Mandate::verify(&row.jws, keys) };
    let signed = match read {
        Ok(signed) => signed,
        Err(error) => return Some(error.to_string()),
    };
    let agrees = signed.id == row.id
        && signed.intent_id == row.intent_id
        && signed.agent_id == row.agent_id
        && (signed.amount, signed.currency) == (row.amount, row.currency)
        && signed.execution_id == row.execution_id
        && (signed.issued_at, signed.expires_at) == (row.created_at, row.expires_at);
    (!agrees).then(|| "the signed mandate says otherwise than its row".to_owned())
}
