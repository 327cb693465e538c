//! Payment providers over HTTP: the sandbox's whole path by webhook, in this process and through a gateway elsewhere, and what
//! keeps test money away from real users.

use std::time::Duration;

use aws_lc_rs::hmac;
use frameos_domain::clock::Clock;
use frameos_server::{
    Server,
    config::{Config, ProviderName},
};
use frameos_store::clock::SystemClock;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, TestApp, answer, test_config};

const SECRET: &str = "a-sandbox-secret-for-tests";
const API_KEY: &str = "a-gateway-key-for-tests";

fn with_secret(config: &mut Config) {
    config.providers.sandbox_webhook_secret = Some(SECRET.to_owned().into());
}

fn signature(secret: &str, body: &str) -> String {
    let seconds = SystemClock.now().as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    format!("t={seconds},v1={}", hex::encode(tag))
}

async fn report(base: &str, signed: &str, body: &str) -> Answer {
    let request = reqwest::Client::new().post(format!("{base}/providers/sandbox/webhook"));
    answer(request.header("Sandbox-Signature", signed).body(body.to_owned())).await
}

/// The top-up, once it is no longer pending.
async fn ended(user: &Client, id: &str) -> Value {
    for _ in 0..600 {
        let top_up = user.get(&format!("/wallet/top-ups/{id}")).await.expect(200);
        if top_up.data()["status"] != "pending" {
            return top_up.data().clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{id} is still pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn test_money_comes_by_webhook_when_asked_to() {
    let app = TestApp::start().await;
    let user = app.user_with_money("payer", 100).await;
    for scenario in ["webhook", "webhook_twice"] {
        let asked = json!({"amount": 50, "scenario": scenario, "return_url": "https://shop.example/back"});
        let pending = user.post("/wallet/top-ups", &asked).await.expect(201);
        let id = pending.text_of("top_up_id");
        assert_eq!(pending.header("location"), Some(&*format!("/wallet/top-ups/{id}")));
        let settled = ended(&user, &id).await;
        assert_eq!((&settled["status"], &settled["credited"]), (&json!("settled"), &json!(50)), "{settled}");
    }
    assert_eq!(user.balance().await, (200, 0));
    let list = user.get("/wallet/top-ups?limit=2").await.expect(200);
    assert_eq!((&list.data()["total"], list.data()["top_ups"].as_array().unwrap().len()), (&json!(3), 2));
    let refused = user.post("/wallet/top-ups", &json!({"amount": 50, "scenario": "declined"})).await;
    assert_eq!((refused.status, refused.code()), (422, "PROVIDER_REFUSED"));
    for bad in [json!({"amount": 5, "scenario": "x"}), json!({"amount": 5, "return_url": "ftp://x"})] {
        assert_eq!(user.post("/wallet/top-ups", &bad).await.expect(400).code(), "INVALID_REQUEST");
    }
    let bad = user.post("/wallet/top-ups", &json!({"amount": 5, "instrument": "gold"})).await;
    assert_eq!((bad.status, bad.code()), (422, "VALIDATION_FAILED"));
    let stranger = app.user_with_money("stranger", 1).await;
    let theirs = list.data()["top_ups"][0]["top_up_id"].as_str().unwrap();
    assert_eq!(stranger.get(&format!("/wallet/top-ups/{theirs}")).await.status, 404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_webhook_credits_once_on_every_listener() {
    let c_layer = TestApp::start_with(|config| {
        with_secret(config);
        config.gateway.listen = Some(([127, 0, 0, 1], 0).into());
        config.gateway.api_key = Some(API_KEY.to_owned().into());
    })
    .await;
    let gateway = format!("http://{}", c_layer.gateway_address.unwrap());
    let remote = TestApp::start_with(|config| {
        config.gateway.url = Some(gateway.clone());
        config.gateway.api_key = Some(API_KEY.to_owned().into());
    })
    .await;
    let user = remote.user_with_money("payer", 10).await;
    let [own, other] = [&c_layer, &remote].map(|app| format!("http://{}", app.address));
    for (listener, credited) in [(&other, 100), (&gateway, 200), (&own, 300)] {
        let asked = json!({"amount": 100, "scenario": "pending"});
        let id = user.post("/wallet/top-ups", &asked).await.expect(201).text_of("top_up_id");
        // Spaces that a parser would lose: only the raw bytes fit.
        let body = format!("{{ \"type\":\"charge.paid\",  \"charge_id\":\"{id}\", \"amount\":100 }}\n");
        let wrong = signature("another-secret-than-that", &body);
        for refused in [report(listener, &wrong, &body).await, report(listener, "", &body).await] {
            assert_eq!((refused.status, refused.code()), (401, "WEBHOOK_REFUSED"), "{listener}");
            assert!(refused.json["error"]["details"].is_null(), "{}", refused.text);
        }
        let right = signature(SECRET, &body);
        for _ in 0..2 {
            report(listener, &right, &body).await.expect(200);
        }
        assert_eq!(user.balance().await, (10 + credited, 0), "{listener}");
        assert_eq!(ended(&user, &id).await["status"], "settled");
        let unknown = format!("{{\"type\":\"weather\",\"charge_id\":\"{id}\"}}");
        report(listener, &signature(SECRET, &unknown), &unknown).await.expect(200);
        let long = "x".repeat(2 << 20);
        assert_eq!(report(listener, &signature(SECRET, &long), &long).await.status, 413);
    }
    let nowhere = answer(reqwest::Client::new().post(format!("{own}/providers/stripe/webhook"))).await;
    assert_eq!((nowhere.status, nowhere.code()), (401, "WEBHOOK_REFUSED"));
    remote.finish().await;
    c_layer.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_for_real_users_has_no_test_money_by_itself() {
    let app =
        TestApp::start_with(|config| config.public_url = Some("https://agents.example".to_owned())).await;
    let user = app.user("payer").await;
    let refused = user.post("/wallet/top-ups", &json!({"amount": 100})).await;
    assert_eq!((refused.status, refused.code()), (422, "PROVIDER_REFUSED"));
    assert!(refused.text.contains("gateway.providers"), "{}", refused.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_its_keys_is_named_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (mut config, _database) = test_config(dir.path()).await;
    config.providers.names = Some(vec![ProviderName::Stripe]);
    let error = Server::start(&config).await.err().unwrap();
    assert!(error.to_string().contains("`stripe.secret_key`"), "{error}");
}
