//! The facilitator fails, lies low, or says late: what it leaves behind is one payment for a success and none for anything else.

use serde_json::json;

use super::{Market, OWED, facilitator::Fault, payer::header_json};

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_that_is_not_answered_is_asked_again_by_the_payer() {
    let market = Market::open().await;
    let payer = market.payer(1, 1);
    let payment = payer.pay(&market.demand("x").await, 1);
    market.facilitator.verify_faults(&[Fault::Fails500, Fault::DoneSilently, Fault::Nonsense]);
    for _ in 0..3 {
        let unknown = market.buy("x", &payment).await.expect(503);
        assert_eq!((unknown.code(), unknown.header("retry-after")), ("UNAVAILABLE", Some("2")));
    }
    market.buy("x", &payment).await.expect(200);
    market.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_whose_answer_was_lost_is_not_made_twice() {
    let market = Market::open().await;
    for (number, fault) in [(1, Fault::DoneSilently), (2, Fault::Done500)] {
        // One token more than needed, so that the second try is told of the nonce.
        let payer = market.payer(number, 2);
        market.facilitator.settle_faults(&[fault]);
        let asked = market.facilitator.asked().1;
        let payment = payer.pay(&market.demand("x").await, 1);
        let (id, reader) = market.buy_and_go("x", &payment).await;
        market.facilitator.settle_asked(asked + 1).await;
        let waiting = reader.get(&format!("/executions/{id}")).await.expect(200);
        if waiting.data()["status"] == "settling" {
            assert!(waiting.data().get("outputs").is_none(), "sealed while nobody knows");
            assert!(waiting.header("payment-response").is_none());
            // The same request meanwhile is that run, not a new demand.
            let again =
                super::answer(market.request("x").header("payment-signature", &payment)).await.expect(202);
            assert_eq!(again.text_of("execution_id"), id);
        }
        let run = reader.run_to_end(&id).await;
        assert_eq!(
            (&run["status"], &run["outputs"]["result"]),
            (&json!("success"), &json!("x")),
            "{fault:?}"
        );
        assert_eq!(market.facilitator.balance(&payer.address()), OWED, "paid once");
    }
    assert_eq!(market.facilitator.transfers().len(), 2);
    assert_eq!(market.revenue().await, 70);
    market.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_failed_is_tried_again() {
    let market = Market::open().await;
    let payer = market.payer(1, 1);
    market.facilitator.settle_faults(&[Fault::Fails500]);
    let (id, reader) = market.buy_and_go("x", &payer.pay(&market.demand("x").await, 1)).await;
    assert_eq!(reader.run_to_end(&id).await["status"], "success");
    assert_eq!((market.facilitator.transfers().len(), market.facilitator.asked().1), (1, 2));
    market.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_is_gone_leaves_the_outputs_sealed() {
    let market = Market::open().await;
    let payer = market.payer(1, 4);
    for nonce in 1..=3 {
        market.facilitator.fund(&payer.address(), OWED);
        let payment = payer.pay(&market.demand("slow").await, nonce);
        let (id, reader) = market.buy_and_go("slow", &payment).await;
        market.facilitator.fund(&payer.address(), 0);
        let run = reader.run_to_end(&id).await;
        assert_eq!((&run["status"], &run["failure_reason"]), (&json!("failed"), &json!("payment_declined")));
        assert!(run.get("outputs").is_none() && run["payment"].is_null(), "{run}");
        let told =
            header_json(&reader.get(&format!("/executions/{id}")).await.expect(200), "payment-response");
        assert_eq!(
            (&told["success"], &told["errorReason"]),
            (&json!(false), &json!("invalid_exact_evm_insufficient_balance"))
        );
        let again = market.buy("slow", &payment).await.expect(402);
        assert_eq!(again.code(), "PAYMENT_REFUSED");
        assert_eq!(header_json(&again, "payment-response")["success"], false);
        assert!(!again.text.contains("outputs\""), "{}", again.text);
    }
    // Runs cost us something, too: who lets them go unpaid is not served for a while.
    market.facilitator.fund(&payer.address(), OWED);
    let payment = payer.pay(&market.demand("slow").await, 4);
    assert_eq!(market.buy("slow", &payment).await.expect(403).code(), "FORBIDDEN");
    assert_eq!((market.facilitator.transfers().len(), market.revenue().await), (0, 0));
    market.app.finish().await;
}
