//! What operators see: the overview, the workers, the numbers, and who may read them.

use std::time::Duration;

use frameos_domain::clock::Clock;
use frameos_store::{
    MasterKey, ObjectsConfig, Store, StoreConfig,
    clock::SystemClock,
    worker::{Worker, worker_report},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, TestApp, deploy, execute, node_agent};

const THROWER: &str =
    "module.exports = ({ text }) => { if (text) throw new Error(text); return { result: 'ok' }; };";

/// The overview once it is as `wanted`.
async fn overview_once(admin: &Client, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..600 {
        last = admin.get("/admin/overview").await.expect(200).data().clone();
        if wanted(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the overview did not become so: {last:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_tells_what_waits_who_works_and_what_became_of_runs() {
    let app = TestApp::start_with(|config| {
        config.worker.slots = 1;
        config.worker.starts_per_second = 0;
    })
    .await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let endless = node_agent("endless", "setInterval(() => {}, 1000);").publish(&app, &developer).await;
    let deployment = deploy(&user, &endless, json!({})).await;
    let mut runs = Vec::new();
    for _ in 0..3 {
        let body = json!({"deployment_id": deployment, "inputs": {}});
        let queued = user.post(&format!("/agents/{endless}/execute"), &body).await.expect(202);
        runs.push(queued.text_of("execution_id"));
    }

    let admin = app.admin().await;
    let seen = overview_once(admin, |seen| seen["slots"]["busy"] == 1 && seen["depth"]["paid"] == 2).await;
    assert_eq!(
        (&seen["queued"], &seen["running"], &seen["slots"]["total"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert!(seen["oldest_wait_ms"]["paid"].is_i64() && seen["oldest_wait_ms"]["free"].is_null(), "{seen}");
    assert_eq!(seen["runs"], json!({"queued": 2, "running": 1}));
    let worker = &seen["workers"][0];
    assert_eq!((&worker["state"], &worker["pid"]), (&json!("live"), &json!(std::process::id())));

    for run in &runs {
        user.post(&format!("/executions/{run}/cancel"), &json!({})).await.expect(200);
        user.run_to_end(run).await;
    }
    let flaky = node_agent("flaky", THROWER).publish(&app, &developer).await;
    let deployment = deploy(&user, &flaky, json!({})).await;
    execute(&user, &flaky, &deployment, json!({"text": "no"})).await;
    // The ends of runs leave jobs behind, which are done soon.
    let is_empty = |seen: &Value| seen["depth"].as_object().unwrap().values().all(|depth| depth == 0);
    let seen = overview_once(admin, is_empty).await;
    assert_eq!(seen["runs"], json!({"cancelled": 3, "failed": 1}));
    assert_eq!(seen["failures"], json!({"cancelled": 3, "exit": 1}));
    assert_eq!(seen["last_hour"]["failures"], seen["failures"]);
    assert_eq!(seen["attempts"], json!({"retries": 0, "lost": 0}));
    assert_eq!(seen["sealed"], json!({"waiting": 0, "oldest_ms": null}));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_worker_is_lost_and_its_slots_do_not_count() {
    let app = TestApp::start().await;
    let now = SystemClock.now();
    let silent = Worker {
        name: "silent".into(),
        host: "elsewhere".into(),
        pid: 1,
        version: "0.1.0".into(),
        isolation: None,
        slots: 100,
        busy: 7,
        draining: false,
        started_at: now.minus(Duration::from_secs(900)),
        last_seen: now.minus(Duration::from_secs(60)),
    };
    let store = store_beside(&app).await;
    store.tx(move |tx| Box::pin(async move { worker_report(tx, &silent).await })).await.unwrap();
    let admin = app.admin().await;
    let seen = overview_once(admin, |seen| seen["workers"].as_array().unwrap().len() == 2).await;
    let states: Vec<_> = seen["workers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|worker| (&worker["host"], &worker["state"]))
        .collect();
    assert!(states.contains(&(&json!("elsewhere"), &json!("lost"))), "{states:?}");
    assert_eq!(seen["slots"], json!({"total": 10, "busy": 0}));
    app.finish().await;
}

/// A second way into the server's database.
async fn store_beside(app: &TestApp) -> Store {
    use secrecy::ExposeSecret as _;
    let on_disk = || format!("sqlite:{}", app.data_dir().join("frameos.db").display());
    let url = app.config.database_url.as_ref();
    let config = StoreConfig {
        database_url: url.map_or_else(on_disk, |url| url.expose_secret().to_owned()),
        master_key: MasterKey::from_bytes([42; 32]),
        older_master_keys: Vec::new(),
        objects: ObjectsConfig::Folder(app.data_dir().join("unused")),
    };
    Store::open(config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_counted_stage_by_stage_and_no_tenant_is_told_of() {
    let app = TestApp::start_with(|config| config.worker.starts_per_second = 0).await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent = node_agent("flaky", THROWER).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent, json!({})).await;
    let mut ids = vec![agent.clone(), deployment.clone(), "buyer".to_owned(), "flaky".to_owned()];
    for inputs in [json!({}), json!({"text": "no"})] {
        let run = execute(&user, &agent, &deployment, inputs).await;
        ids.push(run["id"].as_str().unwrap().to_owned());
    }
    user.request(Method::from_bytes(b"BREW").unwrap(), "/no/such/path").send().await.unwrap();

    let settled = "frameos_stage_seconds_count{stage=\"settle\"} 2";
    let mut answer = app.nobody().get("/metrics").await;
    // A run is counted just after everybody can see that it has ended.
    for _ in 0..200 {
        if answer.text.contains(settled) && answer.text.contains("frameos_worker_busy 0") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
        answer = app.nobody().get("/metrics").await;
    }
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/plain; version=0.0.4; charset=utf-8"))
    );
    let text = &answer.text;
    for line in [
        "# TYPE frameos_stage_seconds histogram",
        "frameos_stage_seconds_count{stage=\"trigger\"} 2",
        "frameos_stage_seconds_count{stage=\"queue\"} 2",
        "frameos_stage_seconds_count{stage=\"start\"} 2",
        "frameos_stage_seconds_count{stage=\"run\"} 2",
        settled,
        "frameos_stage_seconds_bucket{stage=\"run\",le=\"300\"} 2",
        "frameos_runs_total{status=\"success\",reason=\"\"} 1",
        "frameos_runs_total{status=\"failed\",reason=\"exit\"} 1",
        "frameos_http_requests_total{route=\"/agents/{agent}/execute\",method=\"POST\",status=\"202\"} 2",
        "frameos_http_requests_total{route=\"(no route)\",method=\"other\",status=\"404\"} 1",
        "frameos_worker_slots 10",
        "frameos_worker_busy 0",
        "frameos_queue_depth{class=\"paid\"} 0",
        "frameos_queue_oldest_wait_seconds{class=\"paid\"} 0.0",
    ] {
        assert!(text.lines().any(|found| found == line), "no line {line}\nin {text}");
    }
    for name in [
        "frameos_tickets_claimed_total{work=\"runs\"}",
        "frameos_db_transaction_seconds_count{mode=\"write\"}",
    ] {
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_else(|| panic!("no {name}\nin {text}"));
        assert!(value.trim().parse::<u64>().unwrap() > 0, "{name} {value}");
    }
    for id in &ids {
        assert!(!text.contains(id.as_str()), "{id} in {text}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_can_be_kept_from_whoever_lacks_the_token() {
    const TOKEN: &str = "0123456789abcdef";
    let app = TestApp::start_with(|config| {
        config.metrics.listen = Some(([127, 0, 0, 1], 0).into());
        config.metrics.token = Some(TOKEN.into());
    })
    .await;
    let beside = format!("http://{}", app.metrics_address.unwrap());
    for mut client in [app.nobody(), Client::new(beside.clone())] {
        for token in [None, Some("0123456789abcdeF"), Some("0123456789abcde")] {
            client.token = token.map(str::to_owned);
            let refused = client.get("/metrics").await;
            assert_eq!((refused.status, refused.code()), (401, "UNAUTHENTICATED"));
            assert!(!refused.text.contains("frameos_"), "{}", refused.text);
        }
        client.token = Some(TOKEN.to_owned());
        assert!(client.get("/metrics").await.expect(200).text.contains("# TYPE frameos_worker_slots gauge"));
    }
    let beside = Client::new(beside);
    assert_eq!(beside.get("/healthz").await.expect(200).data()["status"], "ok");
    beside.get("/agents").await.expect(404);
    app.finish().await;
}
