//! What every payment gateway must do with money that goes back and out.

use frameos_domain::{
    clock::Timestamp,
    id::{DeveloperId, PaymentId, PayoutId},
    money::Currency,
    payout::{PayoutAccount, PayoutStatus},
    refund::RefundReceipt,
};
use futures::future::join_all;

use super::{assert_balances, execution, fails, issue, must, payer};
use crate::{
    port::PaymentGateway,
    wire::{Execution, IntentNew, PayoutNew, PayoutQuery, RefundNew},
};

/// A payment of `amount` to a developer of its own.
async fn paid(gateway: &dyn PaymentGateway, payer: &str, developer: &str, amount: i64) -> Execution {
    let metadata = [("developer_id".to_owned(), developer.into())].into_iter().collect();
    let intent = IntentNew {
        agent_id: payer.to_owned(),
        vendor: "frameos_marketplace".to_owned(),
        amount,
        currency: Currency::INR,
        description: "conformance".to_owned(),
        metadata,
        idempotency_key: None,
    };
    let intent = must(gateway.intent_create(intent).await, "an intent is noted");
    let mandate = issue(gateway, &intent).await;
    must(gateway.execute(execution(mandate.mandate_id)).await, "an issued mandate executes")
}

fn refund(amount: Option<i64>, key: &str) -> RefundNew {
    RefundNew { amount, reason: "conformance".to_owned(), idempotency_key: key.to_owned() }
}

/// Money goes back once per key, never more than was paid, and a signature proves it.
pub async fn refunds_go_back_once(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 1_000).await;
    let paid = paid(gateway, &payer, "dev_refunded", 100).await;
    let calls = (0..4).map(|_| gateway.payment_refund(paid.payment_id, refund(Some(30), "one")));
    let answers: Vec<_> =
        join_all(calls).await.into_iter().map(|answer| must(answer, "a payment is refunded")).collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "every call gets the same refund");
    assert_balances(gateway, &payer, 930, 0).await;
    let keys = must(gateway.jwks().await, "keys are published");
    let receipt = RefundReceipt::verify(&answers[0].receipt_jws, Some(&keys))
        .unwrap_or_else(|error| panic!("the refund's receipt verifies: {error}"));
    assert_eq!((receipt.amount, receipt.refunded_total, receipt.payment_id), (30, 30, paid.payment_id));
    fails(gateway.payment_refund(paid.payment_id, refund(None, "one")).await, "IDEMPOTENCY_CONFLICT");
    fails(gateway.payment_refund(paid.payment_id, refund(Some(71), "two")).await, "REFUND_TOO_MUCH");
    let rest =
        must(gateway.payment_refund(paid.payment_id, refund(None, "three")).await, "the rest goes back");
    assert_eq!((rest.amount, rest.refunded_total), (70, 100));
    assert_balances(gateway, &payer, 1_000, 0).await;
    let nobodys = PaymentId::generate(Timestamp::from_micros(1));
    fails(gateway.payment_refund(nobodys, refund(None, "four")).await, "PAYMENT_NOT_FOUND");
}

/// What was earned is taken once per round of a period, and sent.
pub async fn earnings_are_paid_out_once(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 1_000).await;
    // Unlike that of any other run of this suite.
    let payee = DeveloperId::generate(Timestamp::from_micros(1)).to_string();
    let paid = paid(gateway, &payer, &payee, 100).await;
    let new = PayoutNew {
        payee: payee.clone(),
        currency: Currency::INR,
        period: "2026-11-23".to_owned(),
        round: 1,
        minimum: 71,
        account: PayoutAccount::Upi { name: "Asha Rao".to_owned(), upi_id: "asha@okbank".to_owned() },
    };
    let few = must(gateway.payout_create(new.clone()).await, "too little is no failure");
    assert!(few.payout.is_none() && few.payable == 70, "less than the minimum stays payable");
    let new = PayoutNew { minimum: 70, ..new };
    let made = must(gateway.payout_create(new.clone()).await, "a payout is made");
    let payout = made.payout.unwrap_or_else(|| panic!("70 are enough for a payout"));
    assert_eq!(
        (payout.amount, payout.status, payout.account.as_str()),
        (70, PayoutStatus::Created, "as***@okbank")
    );
    let again = must(gateway.payout_create(new).await, "a payout can be asked for again");
    assert_eq!(again.payout.map(|payout| payout.payout_id), Some(payout.payout_id));
    let sent = must(gateway.payout_advance(payout.payout_id).await, "a payout is sent");
    assert_eq!(sent.status, PayoutStatus::Paid, "test money arrives at once");
    let seen = must(gateway.payout_get(payout.payout_id).await, "a payout can be read");
    let statement = seen.statement.unwrap_or_default();
    assert_eq!((statement.sales, statement.gross, statement.net), (1, 100, 70));
    let lines = must(gateway.payout_lines(payout.payout_id, 1, 1_000).await, "a payout has entries");
    assert_eq!((lines.total, lines.lines[0].reference.clone()), (1, paid.mandate_id.to_string()));
    let query = PayoutQuery { payee: Some(payee), page: 1, limit: 10 };
    let listed = must(gateway.payout_list(query).await, "payouts are listed");
    assert_eq!((listed.total, listed.balance.unwrap_or_default().paid_out), (1, 70));
    fails(gateway.payout_get(PayoutId::generate(Timestamp::from_micros(1))).await, "PAYOUT_NOT_FOUND");
}
