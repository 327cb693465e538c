//! Clients of the gateway over HTTP: their keys, their signatures, their limits, and that each sees only its own.

use std::{sync::Arc, time::Duration};

use frameos_app::{HttpGateway, Signer};
use frameos_domain::{
    client_key::client_signing_key_read,
    clock::Clock,
    http_signature::{SignedRequest, content_digest},
};
use frameos_gateway::{PaymentGateway, conformance};
use frameos_server::{
    ClientAdded, ClientChange, ClientNew, gateway_client_add, gateway_client_revoke, gateway_client_rotate,
};
use frameos_store::clock::SystemClock;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, TestApp, answer, deploy, execute, node_agent};

const API_KEY: &str = "a-gateway-key-for-tests";

async fn start(per_second: u32) -> (TestApp, String) {
    let app = TestApp::start_with(move |config| {
        config.gateway.listen = Some(([127, 0, 0, 1], 0).into());
        config.gateway.api_key = Some(API_KEY.to_owned().into());
        config.limits.enabled = true;
        config.gateway.requests_per_second = per_second;
    })
    .await;
    let url = format!("http://{}", app.gateway_address.unwrap());
    (app, url)
}

async fn add(app: &TestApp, name: &str, sign: bool, requests_per_second: Option<u32>) -> ClientAdded {
    let new = ClientNew { name: name.to_owned(), sign, requests_per_second, ..ClientNew::default() };
    gateway_client_add(app.config.clone(), new).await.unwrap()
}

fn client(url: &str, key: &str) -> Client {
    let mut client = Client::new(url.to_owned());
    client.token = Some(key.to_owned());
    client
}

fn adapter(url: &str, added: &ClientAdded) -> HttpGateway {
    let gateway = HttpGateway::new(url, added.api_key.expose().to_owned().into()).unwrap();
    match &added.signing_key {
        None => gateway,
        Some(key) => gateway
            .signing(Signer { key: client_signing_key_read(key).unwrap(), clock: Arc::new(SystemClock) }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_conforms_as_a_client_signed_and_unsigned() {
    let (app, url) = start(0).await;
    let (plain, signing) = (add(&app, "plain", false, None).await, add(&app, "signing", true, None).await);
    conformance::run(&adapter(&url, &plain)).await;
    conformance::run(&adapter(&url, &signing)).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_sees_its_own_and_nothing_else() {
    let (app, url) = start(0).await;
    let (one, two) = (add(&app, "one", false, None).await, add(&app, "two", false, None).await);
    let (mine, theirs) = (client(&url, one.api_key.expose()), client(&url, two.api_key.expose()));
    let own = client(&url, API_KEY);
    mine.post("/wallets/alice/top-ups", &json!({"amount": 500})).await.expect(201);
    let body = json!({"agent_id": "alice", "vendor": "shop", "amount": 50, "currency": "INR"});
    let intent = mine.post("/purchase-intents", &body).await.expect(201).text_of("intent_id");
    let mandate = mine.post("/mandates", &json!({"intent_id": intent})).await.expect(201);
    assert_eq!(mandate.text_of("agent_id"), "alice");
    let mandate = mandate.text_of("mandate_id");
    let paid = mine.post("/execute", &json!({"mandate_id": mandate})).await.expect(200);
    let (payment, receipt) = (paid.text_of("payment_id"), paid.text_of("receipt_id"));
    let paths = [
        format!("/purchase-intents/{intent}"),
        format!("/mandates/{mandate}"),
        format!("/payments/{payment}"),
        format!("/receipts/{receipt}"),
    ];
    for path in &paths {
        mine.get(path).await.expect(200);
        for other in [&theirs, &own] {
            other.get(path).await.expect(404);
        }
    }
    for other in [&theirs, &own] {
        other.post("/mandates", &json!({"intent_id": intent})).await.expect(404);
        other.post(&format!("/mandates/{mandate}/void"), &json!({})).await.expect(404);
        other.post("/execute", &json!({"mandate_id": mandate})).await.expect(404);
        assert_eq!(other.get("/wallets/alice").await.expect(200).data()["available"], 0);
        let marked = format!("/wallets/{}%2Falice", one.client_id);
        assert_eq!(other.get(&marked).await.expect(400).code(), "INVALID_REQUEST");
    }
    assert_eq!(mine.get("/wallets/alice").await.expect(200).data()["available"], 450);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotated_and_revoked_keys_end_at_once() {
    let (app, url) = start(0).await;
    let first = add(&app, "shop", false, None).await;
    let change = ClientChange { grace: Duration::from_secs(600), ..ClientChange::default() };
    let second = gateway_client_rotate(app.config.clone(), "shop", change).await.unwrap();
    for added in [&first, &second] {
        client(&url, added.api_key.expose()).get("/wallets/a").await.expect(200);
    }
    let third = gateway_client_rotate(app.config.clone(), "shop", ClientChange::default()).await.unwrap();
    for added in [&first, &second] {
        client(&url, added.api_key.expose()).get("/wallets/a").await.expect(401);
    }
    client(&url, third.api_key.expose()).get("/wallets/a").await.expect(200);
    gateway_client_revoke(app.config.clone(), "shop").await.unwrap();
    let refused = client(&url, third.api_key.expose()).get("/wallets/a").await.expect(401);
    assert_eq!(refused.code(), "UNAUTHENTICATED");
    app.finish().await;
}

/// A request as it is signed, to be changed afterwards.
struct Signed {
    method: Method,
    path: String,
    body: String,
    headers: Vec<(&'static str, String)>,
}

impl Signed {
    fn new(added: &ClientAdded, nonce: &str, body: &Value) -> Self {
        Self::at(added, nonce, body, SystemClock.now().as_millis() / 1_000)
    }

    fn at(added: &ClientAdded, nonce: &str, body: &Value, created: i64) -> Self {
        let (body, path) = (body.to_string(), "/purchase-intents".to_owned());
        let digest = content_digest(body.as_bytes());
        let request = SignedRequest {
            method: "POST",
            path: &path,
            query: None,
            content_digest: Some(&digest),
            idempotency_key: Some("k-1"),
        };
        let key = client_signing_key_read(added.signing_key.as_deref().unwrap()).unwrap();
        let signed = request.sign(&key, created, nonce).unwrap();
        let headers = vec![
            ("authorization", format!("Bearer {}", added.api_key.expose())),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", "k-1".to_owned()),
            ("content-digest", digest.clone()),
            ("signature-input", signed.signature_input),
            ("signature", signed.signature),
        ];
        Self { method: Method::POST, path, body, headers }
    }

    fn with(mut self, name: &str, value: Option<&str>) -> Self {
        for (known, text) in &mut self.headers {
            if *known == name {
                *text = value.unwrap_or_default().to_owned();
            }
        }
        self.headers.retain(|(known, _)| *known != name || value.is_some());
        self
    }

    async fn send(&self, url: &str) -> Answer {
        let mut request = Client::new(url.to_owned()).request(self.method.clone(), &self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        answer(request.body(self.body.clone())).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_has_to_sign_is_refused_without_and_signatures_count_once() {
    let (app, url) = start(0).await;
    let added = add(&app, "signing", true, None).await;
    let body = json!({"agent_id": "alice", "vendor": "shop", "amount": 50, "currency": "INR"});
    let nonce = |index: u32| format!("nonce-nonce-{index:04}");
    let fresh = |index| Signed::new(&added, &nonce(index), &body);

    let unsigned = client(&url, added.api_key.expose()).get("/wallets/alice").await.expect(401);
    assert_eq!(unsigned.code(), "SIGNATURE_REQUIRED");
    let good = fresh(1);
    let intent = good.send(&url).await.expect(201).text_of("intent_id");
    assert_eq!(good.send(&url).await.expect(401).code(), "SIGNATURE_REPLAYED");
    // Signed anew, the same request has the same effect.
    assert_eq!(fresh(2).send(&url).await.expect(201).text_of("intent_id"), intent);

    let other_body = Signed { body: body.to_string().replace("50", "51"), ..fresh(3) };
    let other_digest = content_digest(other_body.body.as_bytes());
    let now = SystemClock.now().as_millis() / 1_000;
    let refused = [
        Signed { path: "/execute".to_owned(), ..fresh(4) },
        Signed { path: "/purchase-intents?x=1".to_owned(), ..fresh(5) },
        Signed { method: Method::PUT, path: "/policies/alice".to_owned(), ..fresh(6) },
        fresh(7).with("idempotency-key", Some("k-2")),
        fresh(8).with("idempotency-key", None),
        fresh(9).with("content-digest", None),
        fresh(10).with("signature", Some("frameos=:AAAA:")),
        fresh(11).with("signature-input", Some("frameos=()")),
        other_body.with("content-digest", Some(&other_digest)),
        Signed { body: body.to_string().replace("50", "51"), ..fresh(12) },
        Signed::at(&added, &nonce(13), &body, now - 100),
        Signed::at(&added, &nonce(14), &body, now + 100),
    ];
    for (index, request) in refused.iter().enumerate() {
        let answer = request.send(&url).await;
        assert_eq!((answer.status, answer.code()), (401, "SIGNATURE_INVALID"), "{index}");
    }
    let stranger = add(&app, "stranger", true, None).await;
    let bearer = format!("Bearer {}", added.api_key.expose());
    let stolen = Signed::new(&stranger, &nonce(15), &body).with("authorization", Some(&bearer));
    assert_eq!(stolen.send(&url).await.expect(401).code(), "SIGNATURE_INVALID");
    // What was refused for its signature has not used up its nonce.
    fresh(4).send(&url).await.expect(201);
    // The same request twice at once: one of them counts.
    let twice = fresh(16);
    let (one, two) = tokio::join!(twice.send(&url), twice.send(&url));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401]);
    app.finish().await;
}

/// The example of docs/gateway.md, as it stands there.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "what a reader would run")]
async fn the_documented_example_signs() {
    let (app, url) = start(0).await;
    let added = add(&app, "shop", true, None).await;
    let page = include_str!("../../../../docs/gateway.md");
    let (_, rest) = page.split_once("```js\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("example.mjs");
    std::fs::write(&file, example).unwrap();
    let run = || {
        let mut command = tokio::process::Command::new("node");
        command.arg(&file).env("GATEWAY_URL", &url).env("API_KEY", added.api_key.expose());
        command.env("SIGNING_KEY", added.signing_key.as_deref().unwrap());
        command.output()
    };
    let mut told = Vec::new();
    for _ in 0..2 {
        let ran = run().await.unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let answer: Value = serde_json::from_slice(&ran.stdout).unwrap();
        told.push(answer["data"]["intent_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned());
    }
    assert_eq!(told[0], told[1], "the same order under the same key");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_told_when_to_come_back() {
    let (app, url) = start(1).await;
    let (busy, quiet) = (add(&app, "busy", false, Some(3)).await, add(&app, "quiet", false, None).await);
    let (busy, quiet) = (client(&url, busy.api_key.expose()), client(&url, quiet.api_key.expose()));
    let mut refused = None;
    for _ in 0..40 {
        let answer = busy.get("/wallets/a").await;
        assert_eq!(answer.header("ratelimit-limit"), Some("6"));
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("forty requests are more than six and three a second");
    assert_eq!((refused.code(), refused.header("ratelimit-remaining")), ("RATE_LIMITED", Some("0")));
    assert_eq!(refused.header("retry-after"), Some("1"));
    let answer = quiet.get("/wallets/a").await.expect(200);
    assert_eq!(
        (answer.header("ratelimit-limit"), answer.header("ratelimit-remaining")),
        (Some("2"), Some("1"))
    );
    // The adapter waits as it is told.
    let key = quiet.token.clone().unwrap();
    let patient = HttpGateway::new(&url, key.into()).unwrap();
    for _ in 0..4 {
        patient.wallet_get("a".to_owned()).await.unwrap();
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_pays_as_a_client_that_signs() {
    let (c_layer, url) = start(0).await;
    let added = add(&c_layer, "market", true, None).await;
    let key = added.signing_key.clone().unwrap();
    let api_key = added.api_key.expose().to_owned();
    let app = TestApp::start_with(move |config| {
        config.gateway.url = Some(url);
        config.gateway.api_key = Some(api_key.into());
        config.gateway.signing_key = Some(key.into());
    })
    .await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent = node_agent("echo", "module.exports = (i) => ({ result: i.text });");
    let agent_id = agent.publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let run = execute(&user, &agent_id, &deployment, json!({"text": "x"})).await;
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(user.balance().await, (950, 0));
    // An operator's mistake is no defect of the run's, and nobody loses a run over it.
    gateway_client_revoke(c_layer.config.clone(), "market").await.unwrap();
    let refused = user.get("/wallet").await.expect(503);
    assert_eq!(refused.code(), "UNAVAILABLE");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    app.finish().await;
    c_layer.finish().await;
}
