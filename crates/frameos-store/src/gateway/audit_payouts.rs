//! Questions for the ledger's audit about money that goes back and out: refunds and payouts against the ledger.

use super::audit::{Disagreement, first_of};
use crate::{StoreError, Tx};

/// The first refund that the ledger or its payment tells otherwise.
pub async fn audit_refunds_unscoped(tx: &mut Tx) -> Result<Option<Disagreement>, StoreError> {
    const QUESTIONS: [(&str, &str); 6] = [
        (
            "SELECT r.id FROM refunds r WHERE NOT EXISTS (SELECT 1 FROM ledger_transactions t \
             JOIN ledger_postings p ON p.sequence = t.sequence WHERE t.id = r.ledger_transaction_id AND t.hash = r.ledger_hash \
             AND t.kind = 'refund' AND t.reference = r.id AND p.account_kind = 'wallet' AND p.owner = r.agent_id \
             AND p.amount = r.amount AND p.currency = r.currency) ORDER BY r.id LIMIT 1",
            "the refund has no ledger entry that credits its wallet",
        ),
        (
            "SELECT t.id FROM ledger_transactions t WHERE t.kind = 'refund' \
             AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.id = t.reference AND r.ledger_transaction_id = t.id) \
             ORDER BY t.reference LIMIT 1",
            "the ledger entry's refund does not exist",
        ),
        (
            "SELECT r.id FROM refunds r JOIN ledger_transactions t ON t.id = r.ledger_transaction_id \
             WHERE r.developer_amount <> (SELECT CAST(COALESCE(-SUM(p.amount), 0) AS BIGINT) FROM ledger_postings p \
             WHERE p.sequence = t.sequence AND p.account_kind = 'developer_payable' AND p.owner = r.developer) \
             ORDER BY r.id LIMIT 1",
            "the developer's part is not what the ledger took",
        ),
        (
            "SELECT s.payment_id FROM refund_totals s JOIN payments y ON y.id = s.payment_id LEFT JOIN \
             (SELECT payment_id, CAST(SUM(amount) AS BIGINT) AS refunded, CAST(SUM(developer_amount) AS BIGINT) AS developer, \
             CAST(SUM(platform_amount) AS BIGINT) AS platform, CAST(SUM(orchestrator_amount) AS BIGINT) AS orchestrator \
             FROM refunds GROUP BY payment_id) r ON r.payment_id = s.payment_id \
             WHERE s.amount <> y.amount OR s.refunded <> COALESCE(r.refunded, 0) OR s.refunded > y.amount \
             OR COALESCE(r.developer, 0) > y.developer_amount OR COALESCE(r.platform, 0) > y.platform_amount \
             OR COALESCE(r.orchestrator, 0) > y.orchestrator_amount ORDER BY s.payment_id LIMIT 1",
            "the payment's refunds are more than it, or not what was counted",
        ),
        (
            "SELECT r.id FROM refunds r WHERE NOT EXISTS (SELECT 1 FROM refund_totals s WHERE s.payment_id = r.payment_id) \
             ORDER BY r.id LIMIT 1",
            "the refund was not counted",
        ),
        (
            "SELECT r.id FROM refunds r JOIN payments y ON y.id = r.payment_id \
             WHERE r.agent_id <> y.agent_id OR r.currency <> y.currency OR r.developer <> y.developer \
             ORDER BY r.id LIMIT 1",
            "the refund is not for the payment's payer, currency or developer",
        ),
    ];
    first_of(tx, &QUESTIONS).await
}

/// The first payout that the ledger tells otherwise, or that pays what another one pays.
pub async fn audit_payouts_unscoped(tx: &mut Tx) -> Result<Option<Disagreement>, StoreError> {
    const QUESTIONS: [(&str, &str); 8] = [
        (
            "SELECT o.id FROM payouts o WHERE NOT EXISTS (SELECT 1 FROM ledger_transactions t \
             JOIN ledger_postings p ON p.sequence = t.sequence WHERE t.kind = 'payout' AND t.reference = o.id \
             AND p.account_kind = 'payout_clearing' AND p.owner = o.provider AND p.amount = o.amount AND p.currency = o.currency) \
             ORDER BY o.id LIMIT 1",
            "the payout has no ledger entry of its amount",
        ),
        (
            "SELECT o.id FROM payouts o WHERE (o.status IN ('failed', 'returned')) <> EXISTS (SELECT 1 \
             FROM ledger_transactions t JOIN ledger_postings p ON p.sequence = t.sequence \
             WHERE t.kind = 'payout_return' AND t.reference = o.id AND p.account_kind = 'payout_clearing' \
             AND p.owner = o.provider AND p.amount = -o.amount AND p.currency = o.currency) ORDER BY o.id LIMIT 1",
            "the payout and the ledger disagree on whether it came back",
        ),
        (
            "SELECT t.id FROM ledger_transactions t WHERE t.kind IN ('payout', 'payout_return') \
             AND NOT EXISTS (SELECT 1 FROM payouts o WHERE o.id = t.reference) ORDER BY t.kind, t.reference LIMIT 1",
            "the ledger entry's payout does not exist",
        ),
        (
            "SELECT o.id FROM payouts o JOIN ledger_transactions t ON t.kind = 'payout' AND t.reference = o.id \
             WHERE o.amount <> (SELECT CAST(COALESCE(-SUM(p.amount), 0) AS BIGINT) FROM ledger_postings p \
             WHERE p.sequence = t.sequence AND p.owner = o.payee \
             AND p.account_kind IN ('developer_payable', 'orchestrator_payable')) ORDER BY o.id LIMIT 1",
            "the payout was not taken from its payee's payable accounts",
        ),
        (
            "SELECT o.id FROM payouts o JOIN ledger_transactions t ON t.kind = 'payout' AND t.reference = o.id \
             WHERE o.orchestrator_amount <> (SELECT CAST(COALESCE(-SUM(p.amount), 0) AS BIGINT) FROM ledger_postings p \
             WHERE p.sequence = t.sequence AND p.owner = o.payee AND p.account_kind = 'orchestrator_payable') ORDER BY o.id LIMIT 1",
            "the payout took something else of what was earned by bringing others together",
        ),
        (
            "SELECT o.id FROM payouts o JOIN ledger_transactions t ON t.kind = 'payout' AND t.reference = o.id \
             WHERE o.to_sequence >= t.sequence ORDER BY o.id LIMIT 1",
            "the payout stands for entries after its own",
        ),
        (
            "SELECT o.id FROM payouts o WHERE o.from_sequence <> COALESCE((SELECT MAX(b.to_sequence) FROM payouts b \
             WHERE b.payee = o.payee AND b.currency = o.currency AND b.to_sequence < o.to_sequence), 0) ORDER BY o.id LIMIT 1",
            "the payout does not begin where the one before it ended",
        ),
        (
            "SELECT o.id FROM payouts o WHERE o.amount <> (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) \
             FROM ledger_postings p JOIN ledger_transactions t ON t.sequence = p.sequence WHERE p.owner = o.payee \
             AND p.account_kind IN ('developer_payable', 'orchestrator_payable') AND p.currency = o.currency \
             AND p.sequence > o.from_sequence AND p.sequence <= o.to_sequence AND t.kind <> 'payout') ORDER BY o.id LIMIT 1",
            "the payout is not the sum of the entries it stands for",
        ),
    ];
    first_of(tx, &QUESTIONS).await
}
