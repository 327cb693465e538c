//! A ledger of any length, written in bulk: the rows that as many payments would have left, signed, chained and balanced.
//!
//! The database's rules and the audit see no difference; only the way there is shorter.

use std::sync::Arc;

use std::borrow::Cow;

use frameos_domain::{
    canonical,
    clock::{Clock, Timestamp},
    id::{IntentId, MandateId, PaymentId, ReceiptId, TransactionId},
    mandate::Mandate,
    money::{Currency, Money},
    receipt::{PaymentOutcome, PaymentReceipt},
    split::RevenueSplit,
};
use frameos_gateway::GatewayKeys;
use frameos_store::{
    StoreError, Tx, Value,
    chain::{chain_advance, chain_set},
    clock::SystemClock,
    gateway::{
        budget::budget_spend,
        chain::{LEDGER_CHAIN, RECEIPT_CHAIN, ledger_lock},
        ledger::{LedgerRow, PostingRow},
        wallet::{wallet_capture, wallet_hold},
    },
    params,
    testing::{ledger_insert, rows_insert},
};

use crate::{Bench, PAYERS, keys, payer_name};

/// Lines that a payment leaves in the ledger: two of its hold, four of its capture.
const ENTRIES: usize = 6;
const PRICE: i64 = 50;
const VENDOR: &str = "frameos_marketplace";
/// Payments in one transaction.
const BATCH: usize = 2_000;

/// Writes payments until there are `entries` ledger lines more.
pub(crate) async fn seed(bench: &Bench, entries: usize) {
    let keys = Arc::new(keys());
    let mut left = entries / ENTRIES;
    while left > 0 {
        let count = left.min(BATCH);
        left -= count;
        let keys = Arc::clone(&keys);
        bench.db.store.tx(move |tx| Box::pin(batch(tx, keys, count))).await.unwrap();
    }
}

async fn batch(tx: &mut Tx, keys: Arc<GatewayKeys>, count: usize) -> Result<(), StoreError> {
    ledger_lock(tx).await?;
    let now = SystemClock.now();
    let mut rows = Rows::default();
    let (mut ledger, mut receipts) =
        (chain_advance(tx, LEDGER_CHAIN).await?, chain_advance(tx, RECEIPT_CHAIN).await?);
    let mut places = Places {
        at: now,
        ledger: (ledger.sequence, std::mem::take(&mut ledger.previous_hash)),
        receipts: (receipts.sequence, std::mem::take(&mut receipts.previous_hash)),
    };
    for index in 0..count {
        rows.payment(&keys, &mut places, &payer_name(index % PAYERS));
    }
    for payer in 0..PAYERS {
        let share = i64::try_from((payer..count).step_by(PAYERS).count()).unwrap() * PRICE;
        let (owner, amount) = (payer_name(payer), Money::new(share, Currency::INR));
        assert!(
            wallet_hold(tx, &owner, amount, now).await?
                && wallet_capture(tx, &owner, amount, share, now).await?
        );
        for period in [now.day(), now.month()] {
            assert!(budget_spend(tx, &owner, &period, amount, None).await?);
        }
    }
    chain_set(tx, LEDGER_CHAIN, places.ledger.0 - 1, &places.ledger.1).await?;
    chain_set(tx, RECEIPT_CHAIN, places.receipts.0 - 1, &places.receipts.1).await?;
    rows.insert(tx).await
}

/// The next place of each chain, and the hash before it.
struct Places {
    at: Timestamp,
    ledger: (i64, String),
    receipts: (i64, String),
}

#[derive(Default)]
struct Rows {
    intents: Vec<Vec<Value>>,
    mandates: Vec<Vec<Value>>,
    ledger: Vec<LedgerRow<'static>>,
    payments: Vec<Vec<Value>>,
    receipts: Vec<Vec<Value>>,
}

impl Rows {
    fn payment(&mut self, keys: &GatewayKeys, places: &mut Places, owner: &str) {
        let now = places.at;
        let (mandate, hash) = self.mandate(keys, owner, now);
        let split = RevenueSplit::of(Money::new(PRICE, Currency::INR)).unwrap();
        self.post(places, "hold", mandate, &[("wallet", owner, -PRICE), ("hold", owner, PRICE)]);
        let lines = [
            ("hold", owner, -PRICE),
            ("developer_payable", VENDOR, split.developer.minor),
            ("platform_revenue", "platform", split.platform.minor),
            ("orchestrator_payable", "orchestrator", split.orchestrator.minor),
        ];
        let (transaction, ledger_hash) = self.post(places, "capture", mandate, &lines);
        let (payment, receipt) = (PaymentId::generate(now), ReceiptId::generate(now));
        let parts = [split.developer.minor, split.platform.minor, split.orchestrator.minor].map(Value::from);
        let mut row = params![payment, mandate, owner, PRICE, Currency::INR, VENDOR].to_vec();
        row.extend(parts);
        row.extend(params![&*transaction, &*ledger_hash, receipt, mandate.to_string(), now]);
        self.payments.push(row);
        let (sequence, previous_hash) = places.receipts.clone();
        let document = PaymentReceipt {
            id: receipt,
            sequence,
            previous_hash,
            mandate_id: mandate,
            mandate_hash: hash,
            payment_id: Some(payment),
            status: PaymentOutcome::Success,
            reason: None,
            amount: PRICE,
            currency: Currency::INR,
            ledger_transaction_id: Some(transaction),
            ledger_hash: Some(ledger_hash),
            ledger_sequence: Some(places.ledger.0 - 1),
            issued_at: now,
        };
        let jws = document.sign(&keys.active).unwrap();
        let hash = canonical::sha256_hex(jws.as_bytes());
        let mut row = params![sequence, receipt, mandate, payment, "success", jws].to_vec();
        row.extend(params![&*document.previous_hash, &*hash, now]);
        self.receipts.push(row);
        places.receipts = (sequence + 1, hash);
    }

    /// An executed mandate with its intent; its id and hash.
    fn mandate(&mut self, keys: &GatewayKeys, owner: &str, now: Timestamp) -> (MandateId, String) {
        let (id, intent_id) = (MandateId::generate(now), IntentId::generate(now));
        let request = serde_json::json!({
            "agent_id": owner, "vendor": VENDOR, "amount": PRICE, "currency": Currency::INR, "description": "one run", "metadata": {},
        });
        let fingerprint = canonical::sha256_hex(&canonical::to_bytes_lenient(&request));
        let mut row = params![intent_id, owner, VENDOR, PRICE, Currency::INR, "one run", "{}"].to_vec();
        row.extend(params![Value::Null, fingerprint, now]);
        self.intents.push(row);
        let mandate = Mandate {
            id,
            intent_id,
            agent_id: owner.to_owned(),
            vendor: VENDOR.to_owned(),
            execution_id: None,
            agent_definition_id: None,
            agent_version: None,
            payee: VENDOR.to_owned(),
            orchestrator: None,
            amount: PRICE,
            currency: Currency::INR,
            issued_at: now,
            expires_at: now,
        };
        let jws = mandate.sign(&keys.active).unwrap();
        let hash = canonical::sha256_hex(jws.as_bytes());
        let mut row = params![id, intent_id, owner, PRICE, Currency::INR, VENDOR, "executed"].to_vec();
        row.extend(params![jws, &*hash, now, now, now, PRICE]);
        self.mandates.push(row);
        (id, hash)
    }

    /// The next ledger transaction; its id and hash.
    fn post(
        &mut self,
        places: &mut Places,
        kind: &str,
        mandate: MandateId,
        lines: &[(&str, &str, i64)],
    ) -> (String, String) {
        let (at, (sequence, previous_hash)) = (places.at, places.ledger.clone());
        let postings = (1..).zip(lines).map(|(line, (account_kind, owner, amount))| PostingRow {
            line,
            account_kind: (*account_kind).to_owned().into(),
            owner: (*owner).to_owned().into(),
            amount: *amount,
            currency: Currency::INR.as_str().into(),
        });
        let mut entry = LedgerRow {
            sequence,
            id: TransactionId::generate(at).to_string().into(),
            kind: kind.to_owned().into(),
            reference: mandate.to_string().into(),
            at,
            previous_hash: previous_hash.into(),
            hash: Cow::default(),
            postings: postings.collect(),
        };
        entry.hash = entry.expected_hash().into();
        let (id, hash) = (entry.id.to_string(), entry.hash.to_string());
        self.ledger.push(entry);
        places.ledger = (sequence + 1, hash.clone());
        (id, hash)
    }

    async fn insert(self, tx: &mut Tx) -> Result<(), StoreError> {
        let intents = "id, agent_id, vendor, amount, currency, description, metadata, idempotency_key, fingerprint, created_at";
        rows_insert(tx, "purchase_intents", intents, self.intents).await?;
        let mandates = "id, intent_id, agent_id, amount, currency, payee, status, jws, mandate_hash, expires_at, created_at, updated_at, \
                        captured_amount";
        rows_insert(tx, "mandates", mandates, self.mandates).await?;
        ledger_insert(tx, &self.ledger).await?;
        let payments = "id, mandate_id, agent_id, amount, currency, developer, developer_amount, platform_amount, orchestrator_amount, \
                        ledger_transaction_id, ledger_hash, receipt_id, idempotency_key, created_at";
        rows_insert(tx, "payments", payments, self.payments).await?;
        let receipts = "sequence, id, mandate_id, payment_id, status, jws, previous_hash, hash, created_at";
        rows_insert(tx, "payment_receipts", receipts, self.receipts).await
    }
}
