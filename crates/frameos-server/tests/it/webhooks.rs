//! Webhooks: a user's server is told how runs ended, signed, again until it answers, and never anywhere private.

mod receiver;

use reqwest::Method;
use serde_json::{Value, json};

use self::receiver::Receiver;
use crate::harness::{Client, TestApp, deploy, execute, node_agent};

/// A server whose webhooks may lead to this machine.
async fn local_app() -> TestApp {
    TestApp::start_with(|config| config.webhooks_allow_private = true).await
}

/// Registers a webhook; gives its id and secret.
async fn hook(user: &Client, body: Value) -> (String, String) {
    let made = user.post("/webhooks", &body).await.expect(201);
    let id = made.text_of("id");
    assert_eq!(made.header("location"), Some(format!("/webhooks/{id}").as_str()));
    (id, made.text_of("secret"))
}

async fn patch(user: &Client, path: &str, body: Value) -> crate::harness::Answer {
    user.send(Method::PATCH, path, Some(&body), None).await
}

/// The newest delivery once it is in this state.
async fn delivery_in(user: &Client, hook: &str, status: &str) -> Value {
    delivery_when(user, hook, |delivery| delivery["status"] == status).await
}

async fn delivery_when(user: &Client, hook: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..1_200 {
        let listed = user.get(&format!("/webhooks/{hook}/deliveries?limit=1")).await.expect(200);
        let newest = listed.data()["deliveries"][0].clone();
        if is_there(&newest) {
            return newest;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the delivery did not get there in a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_is_told_signed_and_again_until_answered() {
    let app = local_app().await;
    let mut receiver = Receiver::start(&[500]).await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let (id, secret) = hook(&user, json!({"url": receiver.url()})).await;
    let source = "module.exports = (i) => { if (i.text === 'no') throw new Error('s3cret'); return { result: i.text } };";
    let agent = node_agent("echo", source).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    let run = execute(&user, &agent, &deployment, json!({"text": "s3cret"})).await;

    let (first, second) = (receiver.next().await, receiver.next().await);
    for received in [&first, &second] {
        assert_eq!(received.path, "/hook?from=test");
        assert_eq!(received.header("content-type"), "application/json");
        assert!(received.is_signed_with(&secret), "{received:?}");
        assert!(!received.is_signed_with("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "{received:?}");
    }
    let seconds = |name: &receiver::Received| name.header("webhook-timestamp").parse::<i64>().unwrap();
    assert!(seconds(&second) >= seconds(&first) + 5, "the second try comes after its pause");
    assert_eq!((first.header("webhook-id"), &first.body), (second.header("webhook-id"), &second.body));
    let told = first.json();
    assert_eq!(told["type"], "execution.succeeded");
    assert!(told["timestamp"].as_str().unwrap().ends_with('Z'));
    let data = json!({
        "execution_id": run["id"], "agent_id": agent, "agent_slug": "echo", "version": "1.0.0", "deployment_id": deployment,
        "status": "success", "failure_reason": null, "duration_ms": run["duration_ms"], "payment": run["payment"],
    });
    assert_eq!((&told["data"], &told["data"]["payment"]["amount"]), (&data, &json!(50)));

    let delivery = delivery_in(&user, &id, "delivered").await;
    assert_eq!((&delivery["execution_id"], &delivery["type"]), (&run["id"], &told["type"]));
    assert_eq!(delivery["event_id"], first.header("webhook-id"));
    let answers: Vec<_> = delivery["attempts"].as_array().unwrap().iter().collect();
    assert_eq!((&answers[0]["http_status"], &answers[0]["error"]), (&json!(500), &json!("http_status")));
    assert_eq!((&answers[1]["http_status"], &answers[1]["error"]), (&json!(200), &Value::Null));
    assert_eq!((answers.len(), &delivery["next_attempt_at"]), (2, &Value::Null));
    assert_eq!(user.get(&format!("/webhooks/{id}")).await.data()["failing_since"], Value::Null);

    execute(&user, &agent, &deployment, json!({"text": "no"})).await;
    let failed = receiver.next().await;
    let told = failed.json();
    assert_eq!(
        (&told["type"], &told["data"]["failure_reason"]),
        (&json!("execution.failed"), &json!("exit"))
    );
    assert_eq!(told["data"]["payment"], Value::Null);
    assert_ne!(failed.header("webhook-id"), first.header("webhook-id"));
    for received in [&first, &failed] {
        assert!(!received.body.contains("s3cret"), "neither inputs nor outputs nor logs: {}", received.body);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_events_asked_for_are_sent() {
    let app = local_app().await;
    let mut receiver = Receiver::start(&[]).await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let other = app.user("other").await;
    let (wants, _) = hook(&user, json!({"url": receiver.url(), "events": ["execution.cancelled"]})).await;
    let (all, _) = hook(&user, json!({"url": receiver.url()})).await;
    let (off, _) = hook(&user, json!({"url": receiver.url()})).await;
    let (theirs, _) = hook(&other, json!({"url": receiver.url()})).await;
    let disabled = patch(&user, &format!("/webhooks/{off}"), json!({"enabled": false})).await.expect(200);
    assert_eq!(
        (&disabled.data()["enabled"], &disabled.data()["disabled_reason"]),
        (&json!(false), &json!("owner"))
    );
    let agent = node_agent("slow", "setInterval(() => {}, 1000);").publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": {}});
    let queued = user.post(&format!("/agents/{agent}/execute"), &body).await.expect(202);
    let run = queued.text_of("execution_id");
    user.post(&format!("/executions/{run}/cancel"), &json!({})).await.expect(200);
    user.run_to_end(&run).await;
    let (one, two) = (receiver.next().await, receiver.next().await);
    assert_eq!(one.json()["type"], "execution.cancelled");
    assert_eq!(one.header("webhook-id"), two.header("webhook-id"), "one event, whoever is told");

    let agent =
        node_agent("echo", "module.exports = () => ({ result: 'x' });").publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    execute(&user, &agent, &deployment, json!({})).await;
    assert_eq!(receiver.next().await.json()["type"], "execution.succeeded");
    for (user, hook, count) in [(&user, &all, 2), (&user, &wants, 1), (&user, &off, 0), (&other, &theirs, 0)]
    {
        let listed = user.get(&format!("/webhooks/{hook}/deliveries")).await.expect(200);
        assert_eq!(listed.data()["total"], count, "{hook}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_left_alone_until_enabled_again() {
    let app = local_app().await;
    let user = app.user("owner").await;
    let mut receiver = Receiver::start(&[410]).await;
    let (id, _) = hook(&user, json!({"url": receiver.url(), "events": ["execution.failed"]})).await;
    let path = format!("/webhooks/{id}");
    let sent = user.post(&format!("{path}/test"), &json!({})).await.expect(202);
    assert_eq!((sent.text_of("type"), sent.text_of("status")), ("webhook.test".into(), "pending".into()));
    let told = receiver.next().await;
    assert_eq!(told.json()["data"]["webhook_id"], *id);
    let delivery = delivery_in(&user, &id, "failed").await;
    assert_eq!(delivery["attempts"][0]["http_status"], 410);
    let hook = user.get(&path).await.expect(200);
    assert_eq!((&hook.data()["enabled"], &hook.data()["disabled_reason"]), (&json!(false), &json!("gone")));

    let replay = format!("{path}/deliveries/{}/replay", delivery["id"].as_str().unwrap());
    for refused in [format!("{path}/test"), replay.clone()] {
        assert_eq!(user.post(&refused, &json!({})).await.expect(409).code(), "WEBHOOK_DISABLED");
    }
    let enabled = patch(&user, &path, json!({"enabled": true})).await.expect(200);
    assert_eq!(enabled.data()["disabled_reason"], Value::Null);
    user.post(&replay, &json!({})).await.expect(202);
    let again = receiver.next().await;
    assert_eq!((again.header("webhook-id"), &again.body), (told.header("webhook-id"), &told.body));
    let delivery = delivery_in(&user, &id, "delivered").await;
    assert_eq!(delivery["attempts"].as_array().unwrap().len(), 2, "what was tried before stays on record");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_arrive_is_tried_later_or_replayed_now() {
    let app = local_app().await;
    let user = app.user("owner").await;
    let mut receiver = Receiver::start(&[]).await;
    let address = receiver.address;
    // Nobody listens, somebody speaks no TLS, somebody sends us elsewhere, somebody asks for time.
    let dead = Receiver::start(&[]).await.address;
    receiver.reply_next(302, vec![("location", format!("http://{address}/elsewhere"))]);
    receiver.reply_next(503, vec![("retry-after", "3600".to_owned())]);
    let expected = [
        (format!("http://{dead}/"), "connection", Value::Null, 5),
        (format!("https://{address}/"), "tls", Value::Null, 5),
        (receiver.url(), "redirect", json!(302), 5),
        (receiver.url(), "http_status", json!(503), 3_600),
    ];
    let mut pending = Value::Null;
    let mut id = String::new();
    for (url, error, status, least) in expected {
        (id, _) = hook(&user, json!({"url": url})).await;
        user.post(&format!("/webhooks/{id}/test"), &json!({})).await.expect(202);
        pending = delivery_when(&user, &id, |delivery| delivery["attempts"][0].is_object()).await;
        let attempt = &pending["attempts"][0];
        assert_eq!((&attempt["error"], &attempt["http_status"]), (&json!(error), &status), "{url}");
        assert_eq!(pending["status"], "pending");
        let wait = micros(&pending["next_attempt_at"]) - micros(&attempt["at"]);
        assert!(wait >= least * 1_000_000, "{url} waits {wait} µs");
        assert!(user.get(&format!("/webhooks/{id}")).await.data()["failing_since"].is_string());
        // Its second try is none of the next one's business.
        if error != "http_status" {
            user.send(Method::DELETE, &format!("/webhooks/{id}"), None, None).await.expect(200);
        }
    }
    let (first, second) = (receiver.next().await, receiver.next().await);
    assert_eq!((first.path.as_str(), second.path.as_str()), ("/hook?from=test", "/hook?from=test"));
    // The hour is not waited for by whoever replays.
    let replay = format!("/webhooks/{id}/deliveries/{}/replay", pending["id"].as_str().unwrap());
    user.post(&replay, &json!({})).await.expect(202);
    assert_eq!(receiver.next().await.header("webhook-id"), second.header("webhook-id"));
    delivery_in(&user, &id, "delivered").await;
    assert!(receiver.is_quiet());
    app.finish().await;
}

fn micros(time: &Value) -> i64 {
    serde_json::from_value::<frameos_domain::clock::Timestamp>(time.clone()).unwrap().as_micros()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_once_and_changed_without_a_gap() {
    let app = local_app().await;
    let user = app.user("owner").await;
    let mut receiver = Receiver::start(&[]).await;
    let (id, first) = hook(&user, json!({"url": receiver.url(), "description": "ops"})).await;
    assert!(first.starts_with("whsec_"));
    let path = format!("/webhooks/{id}");
    let rotated = user.post(&format!("{path}/rotate-secret"), &json!({})).await.expect(200);
    let second = rotated.text_of("secret");
    assert_ne!(first, second);
    assert!(rotated.data()["previous_secret_valid_until"].is_string());
    user.post(&format!("{path}/test"), &json!({})).await.expect(202);
    let received = receiver.next().await;
    assert!(received.is_signed_with(&first) && received.is_signed_with(&second), "{received:?}");
    delivery_in(&user, &id, "delivered").await;
    let changed = patch(&user, &path, json!({"description": "ops 2"})).await.expect(200);
    for answer in [
        changed,
        user.get(&path).await.expect(200),
        user.get("/webhooks").await.expect(200),
        user.get(&format!("{path}/deliveries")).await.expect(200),
    ] {
        assert!(!answer.text.contains("whsec_"), "{}", answer.text);
    }
    user.send(Method::DELETE, &path, None, None).await.expect(200);
    user.get(&path).await.expect(404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_private_addresses() {
    let mut app = local_app().await;
    let user = app.user("owner").await;
    let mut receiver = Receiver::start(&[]).await;
    // By number, and by a name, which is looked up at each try only.
    let by_name = format!("http://localhost:{}/", receiver.address.port());
    let (number, _) = hook(&user, json!({"url": receiver.url()})).await;
    let (name, _) = hook(&user, json!({"url": by_name})).await;
    for id in [&number, &name] {
        user.post(&format!("/webhooks/{id}/test"), &json!({})).await.expect(202);
        receiver.next().await;
        delivery_in(&user, id, "delivered").await;
    }
    app.config.webhooks_allow_private = false;
    let app = app.restart().await;
    let mut again = app.nobody();
    again.token = user.token;
    let user = again;
    for id in [&number, &name] {
        let delivered = delivery_in(&user, id, "delivered").await;
        let replay = format!("/webhooks/{id}/deliveries/{}/replay", delivered["id"].as_str().unwrap());
        user.post(&replay, &json!({})).await.expect(202);
        let tried = delivery_when(&user, id, |delivery| delivery["attempts"][1].is_object()).await;
        let attempt = &tried["attempts"][1];
        assert_eq!((&attempt["error"], &attempt["http_status"]), (&json!("address_refused"), &Value::Null));
    }
    assert!(receiver.is_quiet());
    for url in ["https://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/", "https://localhost/"]
        .into_iter()
        .chain(["http://example.com/", "https://user:password@example.com/", "https://example.com:22/", "x"])
    {
        let refused = user.post("/webhooks", &json!({"url": url})).await.expect(422);
        assert_eq!(refused.code(), "WEBHOOK_URL_REFUSED", "{url}");
        let refused = patch(&user, &format!("/webhooks/{number}"), json!({"url": url})).await.expect(422);
        assert_eq!(refused.code(), "WEBHOOK_URL_REFUSED", "{url}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_its_users_alone_and_there_are_ten() {
    let app = TestApp::start().await;
    let (user, other) = (app.user("owner").await, app.user("other").await);
    let body = json!({"url": "https://example.com/hook"});
    let (id, _) = hook(&user, body.clone()).await;
    let nothing = "dlv_00000000000000000000000000";
    for (method, path) in [
        ("GET", format!("/webhooks/{id}")),
        ("PATCH", format!("/webhooks/{id}")),
        ("DELETE", format!("/webhooks/{id}")),
        ("POST", format!("/webhooks/{id}/rotate-secret")),
        ("POST", format!("/webhooks/{id}/test")),
        ("GET", format!("/webhooks/{id}/deliveries")),
        ("POST", format!("/webhooks/{id}/deliveries/{nothing}/replay")),
    ] {
        let body = (method == "PATCH" || method == "POST").then(|| json!({}));
        let answer = other.send(method.parse().unwrap(), &path, body.as_ref(), None).await.expect(404);
        assert_eq!(answer.code(), "NOT_FOUND", "{method} {path}");
    }
    assert_eq!(other.get("/webhooks").await.expect(200).data()["total"], 0);
    user.post(&format!("/webhooks/{id}/deliveries/{nothing}/replay"), &json!({})).await.expect(404);

    for wrong in [
        json!({"url": "https://example.com/", "events": []}),
        json!({"url": "https://example.com/", "events": ["execution.succeeded", "execution.began"]}),
        json!({"url": "https://example.com/", "events": ["webhook.test"]}),
        json!({"url": "https://example.com/", "description": "x".repeat(201)}),
    ] {
        assert_eq!(user.post("/webhooks", &wrong).await.expect(422).code(), "VALIDATION_FAILED", "{wrong}");
    }
    for _ in 1..10 {
        hook(&user, body.clone()).await;
    }
    assert_eq!(user.post("/webhooks", &body).await.expect(409).code(), "WEBHOOK_LIMIT");
    user.send(Method::DELETE, &format!("/webhooks/{id}"), None, None).await.expect(200);
    hook(&user, body).await;
    app.finish().await;
}
