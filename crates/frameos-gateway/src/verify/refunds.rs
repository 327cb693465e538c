//! The signed statement of every refund against its row.

use frameos_domain::{canonical, refund::RefundReceipt, signing::KeySet};
use frameos_store::{
    StoreError, Tx,
    gateway::refund::{RefundText, refunds_page_unscoped},
};

use super::Audit;

const PAGE: i64 = 1_000;

/// Checks the signed statement of every refund. Returns whether all hold and say what their rows say.
pub(super) async fn audit_refund_receipts(tx: &mut Tx, audit: &mut Audit) -> Result<bool, StoreError> {
    let (mut whole, mut after) = (true, String::new());
    loop {
        let page = refunds_page_unscoped(tx, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(whole) };
        after.clone_from(&last.id);
        for row in page {
            if let Some(reason) = refund_contradiction(&row, &audit.trusted) {
                whole = false;
                audit.report.note(row.id.as_str(), reason);
            }
        }
    }
}

fn refund_contradiction(row: &RefundText, keys: &KeySet) -> Option<String> {
    if canonical::sha256_hex(row.jws.as_bytes()) != row.hash {
        return Some("it was changed: its hash does not fit".to_owned());
    }
    let receipt = match RefundReceipt::verify(&row.jws, Some(keys)) {
        Ok(receipt) => receipt,
        Err(error) => return Some(error.to_string()),
    };
    let agrees = receipt.id.to_string() == row.id
        && receipt.payment_id.to_string() == row.payment_id
        && receipt.agent_id == row.agent_id
        && receipt.amount == row.amount
        && receipt.refunded_total == row.refunded_total
        && receipt.ledger_hash == row.ledger_hash;
    (!agrees).then(|| "the signed receipt says otherwise than its row".to_owned())
}
