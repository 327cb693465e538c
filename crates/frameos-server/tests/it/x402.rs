//! Runs paid for with the request: what is asked for, what is refused, and that money moves once, for successes only, whatever
//! becomes of the facilitator's answers.

mod facilitator;
mod faults;
mod payer;

use facilitator::{Facilitator, TOKEN};
use payer::{ASSET, Payer, encode, header_json};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Agent, Answer, Client, TestApp, answer, node_agent, test_config};
use frameos_server::{Config, Server};

const PAY_TO: &str = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
/// 50 paise at 117.95, rounded up.
const OWED: u128 = 5_898;
const ECHO: &str = "module.exports = async (i) => { if (i.text === 'fail') throw new Error('as told'); \
                    if (i.text === 'slow') await new Promise((r) => setTimeout(r, 3000)); return { result: i.text || 'ok' }; };";

/// A server that takes x402, its facilitator, and an agent at 50 paise.
struct Market {
    app: TestApp,
    facilitator: Facilitator,
    developer: Client,
    agent: String,
}

impl Market {
    async fn open() -> Self {
        Self::open_with(5).await
    }

    async fn open_with(payer_runs: u32) -> Self {
        let facilitator = Facilitator::start().await;
        let url = facilitator.url.clone();
        let app = TestApp::start_with(|config| {
            let x402 = &mut config.x402;
            x402.facilitator_url = Some(url);
            x402.facilitator_token = Some(TOKEN.into());
            x402.network = Some("eip155:84532".into());
            x402.asset = Some(ASSET.into());
            x402.pay_to = Some(PAY_TO.into());
            x402.rates = vec!["INR=117.95".parse().unwrap()];
            x402.answer_seconds = 1;
            x402.payer_runs = payer_runs;
        })
        .await;
        let developer = app.developer("maker").await;
        let agent = node_agent("echo", ECHO).publish(&app, &developer).await;
        Self { app, facilitator, developer, agent }
    }

    /// A payer with money for so many runs.
    fn payer(&self, number: u8, runs: u128) -> Payer {
        let payer = Payer::new(number);
        self.facilitator.fund(&payer.address(), runs * OWED);
        payer
    }

    fn request(&self, text: &str) -> RequestBuilder {
        let path = format!("/agents/{}/execute", self.agent);
        self.app.nobody().request(Method::POST, &path).json(&json!({"inputs": {"text": text}}))
    }

    async fn demand(&self, text: &str) -> Answer {
        answer(self.request(text)).await.expect(402)
    }

    /// Sends a paid request and waits for the run in the same request.
    async fn buy(&self, text: &str, payment: &str) -> Answer {
        let request = self.request(text).header("payment-signature", payment).header("prefer", "wait=30");
        answer(request).await
    }

    /// Sends a paid request and does not wait: the run's id, and a client that may read it.
    async fn buy_and_go(&self, text: &str, payment: &str) -> (String, Client) {
        let queued = answer(self.request(text).header("payment-signature", payment)).await.expect(202);
        (queued.text_of("execution_id"), self.reader(&queued))
    }

    fn reader(&self, bought: &Answer) -> Client {
        let mut reader = self.app.nobody();
        reader.token = Some(bought.text_of("read_token"));
        reader
    }

    async fn revenue(&self) -> i64 {
        let revenue = self.developer.get("/developers/revenue").await.expect(200);
        revenue.data()["revenue"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["amount"].as_i64().unwrap())
            .sum()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_configuration_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (mut config, _database) = test_config(dir.path()).await;
    config.x402.facilitator_url = Some("http://127.0.0.1:1".into());
    config.x402.rates = vec!["INR=117.95".parse().unwrap()];
    let refused = async |config: &Config| Server::start(config).await.map(drop).unwrap_err().to_string();
    assert!(refused(&config).await.contains("`x402.network`"));
    config.x402.network = Some("eip155:84532".into());
    config.x402.asset = Some(ASSET.into());
    assert!(refused(&config).await.contains("`x402.pay_to`"));
    config.x402.pay_to = Some(PAY_TO.into());
    config.gateway.url = Some("http://127.0.0.1:1".into());
    config.gateway.api_key = Some("0123456789abcdef".into());
    assert!(refused(&config).await.contains("in this process"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_checked_before_money_is_asked_for() {
    let market = Market::open().await;
    let nobody = market.app.nobody();
    let ask = async |path: &str, body: Value| answer(nobody.request(Method::POST, path).json(&body)).await;
    let path = format!("/agents/{}/execute", market.agent);
    assert_eq!(ask(&path, json!({"inputs": {"text": 5}})).await.expect(422).code(), "INPUTS_INVALID");
    assert_eq!(ask(&path, json!({"timeout_ms": 0})).await.expect(422).code(), "VALIDATION_FAILED");
    assert_eq!(ask("/agents/none/execute", json!({})).await.expect(404).code(), "NOT_FOUND");
    let whose = json!({"deployment_id": "dep_00000000000000000000000000"});
    assert_eq!(ask(&path, whose).await.expect(401).code(), "UNAUTHENTICATED");
    let free = Agent { price: 0, ..node_agent("gratis", ECHO) }.publish(&market.app, &market.developer).await;
    let path_of_free = format!("/agents/{free}/execute");
    assert_eq!(ask(&path_of_free, json!({})).await.expect(401).code(), "UNAUTHENTICATED");

    let demand = market.demand("hello").await;
    assert_eq!(demand.code(), "PAYMENT_REQUIRED");
    let required = header_json(&demand, "payment-required");
    assert_eq!(required["x402Version"], 2);
    assert!(required["resource"]["url"].as_str().unwrap().ends_with("/agents/echo/execute"));
    let accepts = &required["accepts"][0];
    assert_eq!((&accepts["scheme"], &accepts["network"]), (&json!("exact"), &json!("eip155:84532")));
    assert_eq!((&accepts["amount"], &accepts["payTo"]), (&json!(OWED.to_string()), &json!(PAY_TO)));
    assert_eq!((&accepts["asset"], &accepts["maxTimeoutSeconds"]), (&json!(ASSET), &json!(200)));
    assert_eq!((&accepts["extra"]["name"], &accepts["extra"]["version"]), (&json!("USDC"), &json!("2")));
    let first = &demand.json["accepts"][0];
    assert_eq!((&demand.json["x402Version"], &first["network"]), (&json!(1), &json!("base-sepolia")));
    assert_eq!(first["maxAmountRequired"], OWED.to_string());
    assert_eq!(market.facilitator.asked(), (0, 0), "asking costs nobody anything");
    market.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_run_is_run_settled_and_read() {
    let market = Market::open().await;
    let payer = market.payer(1, 2);
    let payment = payer.pay(&market.demand("hello").await, 1);
    let bought = market.buy("hello", &payment).await.expect(200);
    assert_eq!(
        (bought.data()["status"].clone(), &bought.data()["outputs"]["result"]),
        (json!("success"), &json!("hello"))
    );
    assert_eq!(bought.data()["payment"]["amount"], 50);
    let settled = header_json(&bought, "payment-response");
    assert_eq!((&settled["success"], &settled["payer"]), (&json!(true), &json!(payer.address())));
    assert!(settled["transaction"].as_str().unwrap().starts_with("0x"), "{settled}");
    assert_eq!(market.facilitator.transfers(), [(payer.address(), PAY_TO.to_owned(), OWED)]);

    let (id, reader) = (bought.text_of("id"), market.reader(&bought));
    let read = reader.get(&format!("/executions/{id}")).await.expect(200);
    assert_eq!(read.data()["outputs"]["result"], "hello");
    assert_eq!(header_json(&read, "payment-response"), settled);
    let receipt = reader.get(&format!("/executions/{id}/receipt")).await.expect(200);
    assert!(receipt.text.contains("ledger_hash"), "{}", receipt.text);
    reader.get(&format!("/executions/{id}/logs")).await.expect(200);
    assert_eq!(market.revenue().await, 35, "70 per cent");

    // The token opens this run and nothing else.
    let (other, _) = market.buy_and_go("again", &payer.pay(&market.demand("again").await, 2)).await;
    reader.get(&format!("/executions/{other}")).await.expect(404);
    for path in ["/executions", "/wallet", "/deployments", "/me"] {
        reader.get(path).await.expect(401);
    }
    reader.post(&format!("/executions/{id}/cancel"), &json!({})).await.expect(401);
    market.app.nobody().get(&format!("/executions/{id}")).await.expect(401);
    market.facilitator.settle_asked(2).await;
    market.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn version_one_is_spoken_too() {
    let market = Market::open().await;
    let payment = market.payer(1, 1).pay_first_version(&market.demand("old").await, 1);
    let send = || market.request("old").header("x-payment", &payment).header("prefer", "wait=30");
    let bought = answer(send()).await.expect(200);
    assert_eq!(bought.data()["outputs"]["result"], "old");
    let settled = header_json(&bought, "x-payment-response");
    assert_eq!((&settled["success"], &settled["network"]), (&json!(true), &json!("base-sepolia")));
    assert_eq!(market.facilitator.settles()[0]["x402Version"], 1);
    // What is settled is public, and nothing in it tells its payer from who read it there.
    assert_eq!(answer(send()).await.expect(409).code(), "PAYMENT_REUSED");
    market.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_costs_nothing() {
    let market = Market::open().await;
    let payer = market.payer(1, 1);
    let bought = market.buy("fail", &payer.pay(&market.demand("fail").await, 1)).await.expect(200);
    assert_eq!(bought.data()["status"], "failed");
    assert!(bought.header("payment-response").is_none());
    assert_eq!((market.facilitator.asked(), market.facilitator.balance(&payer.address())), ((1, 0), OWED));
    assert_eq!(market.revenue().await, 0);
    market.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_good_payment_is_refused() {
    let market = Market::open().await;
    let payer = market.payer(1, 1);
    let demand = market.demand("x").await;
    for bad in ["", "!", "e30=", &"A".repeat(20_000)] {
        assert_eq!(market.buy("x", bad).await.expect(400).code(), "PAYMENT_INVALID", "{bad}");
    }
    let good = payer.pay(&demand, 1);
    let twice = market.request("x").header("payment-signature", &good).header("x-payment", &good);
    assert_eq!(answer(twice).await.expect(400).code(), "PAYMENT_INVALID");
    let altered = |path: &[&str], value: Value| {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let mut payment: Value = serde_json::from_slice(&STANDARD.decode(&good).unwrap()).unwrap();
        *path.iter().fold(&mut payment, |at, name| &mut at[*name]) = value;
        encode(&payment)
    };
    let authorization = |name| ["payload", "authorization", name];
    for payment in [
        altered(&authorization("value"), json!("1")),
        altered(&authorization("to"), json!(payer.address())),
        altered(&authorization("validBefore"), json!((payer::now_seconds() + 30).to_string())),
        altered(&["accepted", "amount"], json!("1")),
        altered(&["accepted", "asset"], json!(PAY_TO)),
    ] {
        let refused = market.buy("x", &payment).await.expect(402);
        assert_eq!(refused.code(), "PAYMENT_REQUIRED");
        assert!(header_json(&refused, "payment-required")["error"].is_string());
    }
    assert_eq!(market.facilitator.asked(), (0, 0), "found out here");
    // Signed by another, and of somebody without the money: the facilitator's to find out.
    let forged = altered(&authorization("nonce"), json!(payer::hex0x(&[9; 32])));
    assert!(market.buy("x", &forged).await.expect(402).text.contains("invalid_exact_evm_signature"));
    let poor = Payer::new(2).pay(&demand, 1);
    assert!(market.buy("x", &poor).await.expect(402).text.contains("insufficient_balance"));
    assert_eq!(market.facilitator.asked(), (2, 0));
    market.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_proof_is_one_run() {
    let market = Market::open().await;
    let payer = market.payer(1, 3);
    let payment = payer.pay(&market.demand("slow").await, 1);
    let at_once = (0..6).map(|_| market.buy_and_go("slow", &payment));
    let bought = futures::future::join_all(at_once).await;
    let (id, reader) = &bought[0];
    assert!(bought.iter().all(|(other, _)| other == id));
    assert_eq!(market.buy("else", &payment).await.expect(409).code(), "PAYMENT_REUSED");
    let other_agent = node_agent("other", ECHO).publish(&market.app, &market.developer).await;
    let elsewhere = market.app.nobody().request(Method::POST, &format!("/agents/{other_agent}/execute"));
    let elsewhere =
        elsewhere.json(&json!({"inputs": {"text": "slow"}})).header("payment-signature", &payment);
    assert_eq!(answer(elsewhere).await.expect(409).code(), "PAYMENT_REUSED");
    assert_eq!(reader.run_to_end(id).await["status"], "success");
    // The payer may repeat it after it is settled, too: the quote is known to nobody else.
    let again = market.buy("slow", &payment).await.expect(200);
    assert_eq!((again.text_of("id"), again.header("idempotency-replayed")), (id.clone(), Some("true")));
    assert_eq!(market.facilitator.transfers().len(), 1);
    assert_eq!(market.facilitator.asked().1, 1);
    market.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_has_a_place_in_the_queue_like_any_user() {
    let market = Market::open_with(1).await;
    let payer = market.payer(1, 3);
    let demand = market.demand("slow").await;
    let (id, reader) = market.buy_and_go("slow", &payer.pay(&demand, 1)).await;
    assert_eq!(market.buy("slow", &payer.pay(&demand, 2)).await.expect(429).code(), "QUEUE_FULL");
    let other = market.payer(2, 1);
    market.buy("hello", &other.pay(&market.demand("hello").await, 1)).await.expect(200);
    assert_eq!(reader.run_to_end(&id).await["status"], "success");
    // The refused payment was not used up.
    market.buy("slow", &payer.pay(&demand, 2)).await.expect(200);
    market.app.finish().await;
}
