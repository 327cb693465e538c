//! Questions for the ledger's audit about top-ups: where do they, their charges and reversals disagree with the ledger?

use super::audit::{Disagreement, first_of};
use crate::{StoreError, Tx};

/// The first top-up or charge that the ledger tells otherwise.
pub async fn audit_top_ups_unscoped(tx: &mut Tx) -> Result<Option<Disagreement>, StoreError> {
    const QUESTIONS: [(&str, &str); 8] = [
        (
            "SELECT t.id FROM top_ups t WHERE (t.status = 'settled') <> EXISTS (SELECT 1 FROM top_up_charges c \
             WHERE c.top_up_id = t.id AND c.owner = t.owner AND c.amount = t.amount AND c.currency = t.currency AND c.credited > 0) \
             ORDER BY t.id LIMIT 1",
            "the top-up and its charges disagree on whether it settled",
        ),
        (
            "SELECT c.id FROM top_up_charges c WHERE c.status = 'paid' AND c.credited <> (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) \
             FROM ledger_transactions l JOIN ledger_postings p ON p.sequence = l.sequence WHERE l.kind = 'top_up' AND l.reference = c.id \
             AND p.account_kind = 'wallet' AND p.owner = c.owner AND p.currency = c.paid_currency) ORDER BY c.id LIMIT 1",
            "the charge was not credited what was paid",
        ),
        (
            "SELECT l.id FROM ledger_transactions l WHERE l.kind = 'top_up' AND NOT EXISTS (SELECT 1 FROM top_up_charges c \
             WHERE c.id = l.reference AND c.status = 'paid') ORDER BY l.sequence LIMIT 1",
            "the ledger entry's top-up was not paid",
        ),
        (
            "SELECT c.id FROM top_up_charges c WHERE c.taken <> (SELECT CAST(COALESCE(SUM(k.amount), 0) AS BIGINT) \
             FROM top_up_takings k WHERE k.charge_id = c.id) ORDER BY c.id LIMIT 1",
            "what was taken back is not the sum of its parts",
        ),
        (
            "SELECT c.id FROM top_up_charges c WHERE c.credited NOT IN (0, COALESCE(c.paid_amount, 0)) ORDER BY c.id LIMIT 1",
            "the charge was credited something else than was paid",
        ),
        (
            "SELECT c.id FROM top_up_charges c WHERE c.reversed <> c.taken + c.debt OR c.reversed > c.credited ORDER BY c.id LIMIT 1",
            "what was taken and what is owed are not what the provider took back",
        ),
        (
            "SELECT k.reference FROM top_up_takings k JOIN top_up_charges c ON c.id = k.charge_id WHERE k.amount <> \
             (SELECT CAST(COALESCE(-SUM(p.amount), 0) AS BIGINT) FROM ledger_transactions l JOIN ledger_postings p ON p.sequence = l.sequence \
             WHERE l.kind = 'top_up_reversal' AND l.reference = k.reference AND p.account_kind = 'wallet' AND p.owner = c.owner \
             AND p.currency = c.paid_currency) ORDER BY k.reference LIMIT 1",
            "the ledger did not take back what the reversal says",
        ),
        (
            "SELECT l.id FROM ledger_transactions l WHERE l.kind = 'top_up_reversal' AND NOT EXISTS (SELECT 1 \
             FROM top_up_takings k WHERE k.reference = l.reference) ORDER BY l.sequence LIMIT 1",
            "the ledger entry's reversal does not exist",
        ),
    ];
    first_of(tx, &QUESTIONS).await
}
