//! What processes tell a collector and Sentry: one trace from a request to the receipt over three processes, and errors as they happen.

mod double;

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value as Any,
    trace::v1::{Span, status::StatusCode},
};
use prost::Message;
use serde_json::{Value, json};

use self::double::{Double, Told};
use crate::{
    client::publish_obedient,
    faults::postgres::Postgres,
    program::Frameos,
    server::{FirstRun, Server},
};

const GATEWAY_KEY: &str = "of-the-platform-only";
const CLIENT_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CLIENT_SPAN: &str = "b7ad6b7169203331";
/// What the agent prints, and the name of what it gives.
const SAID: [&str; 2] = ["waiting", "waited"];

/// The processes of an installation whose API, worker and gateway are apart.
struct Apart {
    frameos: Frameos,
    _postgres: Postgres,
    gateway: Server,
    api: Server,
    worker: Server,
}

impl Apart {
    fn start(collector: &Double) -> Self {
        let (frameos, postgres) = (Frameos::new(), Postgres::start());
        let url = format!("http://{}", collector.address);
        let mut gateway = frameos.command(["gateway", "--listen", "127.0.0.1:0", "--data-dir"]);
        gateway.arg(frameos.path("gateway")).env("FRAMEOS_GATEWAY__API_KEY", GATEWAY_KEY);
        let gateway = Server::listening(told_to(gateway, &url, "gateway"));
        let of_platform = |args: &[&str], service: &str| {
            let mut command = frameos.command(args);
            command.arg("--data-dir").arg(frameos.path("data")).envs([
                ("FRAMEOS_DATABASE__URL", Postgres::url_at(postgres.port).as_str()),
                ("FRAMEOS_GATEWAY__URL", &gateway.url),
                ("FRAMEOS_GATEWAY__API_KEY", GATEWAY_KEY),
                ("FRAMEOS_LIMITS__ENABLED", "false"),
            ]);
            told_to(command, &url, service)
        };
        let api = ["serve", "--roles", "api", "--listen", "127.0.0.1:0"];
        let api = Server::listening(of_platform(&api, "api"));
        let mut worker = of_platform(&["worker"], "worker");
        worker.env("FRAMEOS_METRICS__LISTEN", "127.0.0.1:0");
        let worker = Server::started(worker, "metrics at ");
        Self { frameos, _postgres: postgres, gateway, api, worker }
    }
}

/// By the variables that all programs of the field know.
fn told_to(mut command: Command, collector: &str, service: &str) -> Command {
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector).env("OTEL_SERVICE_NAME", service);
    command
}

/// A span and the service it is from.
struct Seen {
    service: String,
    span: Span,
}

impl Seen {
    fn attribute(&self, name: &str) -> Option<Any> {
        let found = self.span.attributes.iter().find(|attribute| attribute.key == name)?;
        found.value.clone()?.value
    }

    fn text(&self, name: &str) -> String {
        match self.attribute(name) {
            Some(Any::StringValue(text)) => text,
            other => panic!("{name} of {} is {other:?}", self.span.name),
        }
    }
}

fn spans(told: &[Told]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for told in told {
        assert_eq!(
            (told.path.as_str(), told.header("content-type")),
            ("/v1/traces", "application/x-protobuf")
        );
        for of_process in ExportTraceServiceRequest::decode(told.body.as_slice()).unwrap().resource_spans {
            let resource = of_process.resource.unwrap();
            let name = resource.attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
            let Some(Any::StringValue(service)) = name.value.clone().unwrap().value else {
                panic!("{name:?}")
            };
            let spans = of_process.scope_spans.into_iter().flat_map(|scope| scope.spans);
            seen.extend(spans.map(|span| Seen { service: service.clone(), span }));
        }
    }
    seen
}

fn of_trace(told: &[Told], trace: &str) -> Vec<Seen> {
    let mut seen = spans(told);
    seen.retain(|seen| hex(&seen.span.trace_id) == trace);
    seen
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn one_trace_goes_from_the_client_through_all_processes_to_the_settlement() {
    let collector = Double::start();
    let installation = Apart::start(&collector);
    let Apart { frameos, api, .. } = &installation;
    publish_obedient(frameos, api);
    let id = execute(frameos, &api.url, Some(&format!("00-{CLIENT_TRACE}-{CLIENT_SPAN}-01")));
    collector.wait("the end of the settlement", |told| {
        of_trace(told, CLIENT_TRACE).iter().any(|seen| seen.span.name == "settle").then_some(())
    });
    for process in [installation.worker, installation.api, installation.gateway] {
        assert!(process.stop().success());
    }

    let told = collector.all();
    let seen = of_trace(&told, CLIENT_TRACE);
    let names: BTreeSet<(&str, &str)> =
        seen.iter().map(|seen| (seen.service.as_str(), seen.span.name.as_str())).collect();
    for wanted in [
        ("api", "POST /agents/{agent}/execute"),
        ("api", "send run"),
        ("gateway", "POST /mandates"),
        ("worker", "process run"),
        ("worker", "queue"),
        ("worker", "claim"),
        ("worker", "fetch code"),
        ("worker", "sandbox"),
        ("worker", "sandbox start"),
        ("worker", "agent"),
        ("worker", "settle"),
        ("worker", "charge"),
        ("gateway", "POST /execute"),
        ("worker", "publish"),
    ] {
        assert!(names.contains(&wanted), "{wanted:?} is missing in {names:?}");
    }
    hangs_together(&seen);
    let one = |name: &str| seen.iter().find(|seen| seen.span.name == name).unwrap();
    let request = one("POST /agents/{agent}/execute");
    assert_eq!(hex(&request.span.parent_span_id), CLIENT_SPAN);
    assert_eq!(request.text("http.request.method"), "POST");
    assert_eq!(request.text("http.route"), "/agents/{agent}/execute");
    assert_eq!(request.attribute("http.response.status_code"), Some(Any::IntValue(202)));
    assert_eq!(request.text("frameos.request.id"), "of-this-test");
    for of_run in ["send run", "process run"] {
        assert_eq!(one(of_run).text("frameos.execution.id"), id);
    }
    assert!(one("agent").span.end_time_unix_nano - one("agent").span.start_time_unix_nano >= 100_000_000);
    assert!(seen.iter().all(|seen| {
        seen.span.status.as_ref().is_none_or(|status| status.code != StatusCode::Error as i32)
    }));

    let people = FirstRun::read(&installation.frameos);
    let email = people.credentials("user")["email"].as_str().unwrap().to_owned();
    for told in &told {
        // A token's second part begins as its first does; an id that ends in "ey" may be followed by a "J" of the encoding.
        for secret in SAID.into_iter().chain([email.as_str(), "fos_", ".eyJ", GATEWAY_KEY]) {
            let found = told.body.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} was told to the collector");
        }
    }
}

/// Each span's parent is the client's or one of the trace, and begins no later.
fn hangs_together(seen: &[Seen]) {
    let by_id: BTreeMap<String, &Seen> = seen.iter().map(|seen| (hex(&seen.span.span_id), seen)).collect();
    assert_eq!(by_id.len(), seen.len(), "two spans have one id");
    for Seen { span, .. } in seen {
        let parent = hex(&span.parent_span_id);
        if parent != CLIENT_SPAN {
            let parent = by_id.get(&parent).unwrap_or_else(|| panic!("{} has no parent", span.name));
            // Clocks of one machine.
            let since = i128::from(span.start_time_unix_nano) - i128::from(parent.span.start_time_unix_nano);
            let is_of_the_past = ["queue", "claim"].contains(&span.name.as_str());
            assert!(since >= -2_000_000 || is_of_the_past, "{} began before {}", span.name, parent.span.name);
        }
    }
}

/// Has the obedient agent run, and says under which id.
fn execute(frameos: &Frameos, url: &str, traceparent: Option<&str>) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let deployment = frameos.run(["deploy", "obedient", "--json"]).expect(0).json();
    let id = deployment["id"].as_str().or_else(|| deployment["deployment_id"].as_str()).unwrap().to_owned();
    runtime.block_on(async {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let token = token(&http, frameos, url).await;
        let mut request = http.post(format!("{url}/agents/obedient/execute")).bearer_auth(token);
        if let Some(traceparent) = traceparent {
            request = request.header("traceparent", traceparent);
        }
        let body = json!({"deployment_id": id, "inputs": {"ms": 100}});
        let request = request.header("idempotency-key", "traced").header("x-request-id", "of-this-test");
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(status, 202, "{answer}");
        answer["data"]["execution_id"].as_str().unwrap().to_owned()
    })
}

async fn token(http: &reqwest::Client, frameos: &Frameos, url: &str) -> String {
    let login = FirstRun::read(frameos).credentials("user");
    let answer = http.post(format!("{url}/auth/login")).json(&login).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer["data"]["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_collector_that_says_nothing_holds_nothing_up() {
    let collector = Double::start();
    collector.fall_silent();
    let frameos = Frameos::new();
    let variables = [("FRAMEOS_TELEMETRY__OTLP_URL", format!("http://{}", collector.address))];
    let server = Server::start_as(&frameos, &["--seed", "none"], &variables);
    let get = |path: &str| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let url = format!("{}{path}", server.url);
        runtime.block_on(async { reqwest::get(url).await.unwrap().text().await.unwrap() })
    };
    let begun = Instant::now();
    (0..20).for_each(|_| drop(get("/agents")));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    collector.wait("the first spans", |told| (!told.is_empty()).then_some(()));
    assert!(get("/metrics").contains("frameos_spans_dropped_total 0"), "they wait, as yet");
    let begun = Instant::now();
    assert!(server.stop().success());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn an_error_reaches_sentry_without_what_is_private() {
    let ingest = Double::start();
    let frameos = Frameos::new();
    let dsn = format!("http://publickey@{}/42", ingest.address);
    let variables =
        [("FRAMEOS_TELEMETRY__SENTRY_DSN", dsn), ("FRAMEOS_TELEMETRY__ENVIRONMENT", "trial".to_owned())];
    let server = Server::start_as(&frameos, &[], &variables);
    FirstRun::read(&frameos).log_in(&frameos, &server.url, "admin");
    let queue = frameos.run(["agents", "--json"]).expect(0).json();
    let slug = queue["agents"][0]["slug"].as_str().unwrap().to_owned();
    let versions = version_of(&frameos, &server.url, &slug);
    spoil(&frameos.path("data/objects"));

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (status, request_id) = runtime.block_on(async {
        let token = admin_token(&frameos);
        let url = format!("{}/admin/versions/{versions}/files/manifest.json", server.url);
        let asked = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
        let id = asked.headers()["x-request-id"].to_str().unwrap().to_owned();
        (asked.status(), id)
    });
    assert_eq!(status, 500);
    let event = ingest.wait("the event", |told| {
        events(told).into_iter().find(|event| event["tags"]["request_id"] == request_id.as_str())
    });
    assert_eq!((&event["level"], &event["environment"]), (&json!("error"), &json!("trial")), "{event}");
    assert_eq!(event["release"], concat!("frameos@", env!("CARGO_PKG_VERSION")), "{event}");
    let causes = event["exception"]["values"].as_array().unwrap();
    assert!(!causes.is_empty() && causes.iter().all(|cause| cause["value"].is_string()), "{event}");
    assert_eq!(event["event_id"].as_str().unwrap().len(), 32);
    assert!(server.stop().success());
    let email = FirstRun::read(&frameos).credentials("admin")["email"].as_str().unwrap().to_owned();
    for told in ingest.all() {
        assert_eq!(told.path, "/api/42/envelope/");
        assert!(told.header("x-sentry-auth").contains("sentry_key=publickey"), "{told:?}");
        let text = String::from_utf8(told.body).unwrap();
        assert!(!text.contains(&email) && !text.contains("eyJ"), "{text}");
    }
}

/// The events of envelopes: a head, then items that say how long they are.
fn events(told: &[Told]) -> Vec<Value> {
    let mut events = Vec::new();
    for told in told {
        let text = std::str::from_utf8(&told.body).unwrap();
        let (head, mut rest) = text.split_once('\n').unwrap();
        let head: Value = serde_json::from_str(head).unwrap();
        while !rest.is_empty() {
            let (item, after) = rest.split_once('\n').unwrap();
            let item: Value = serde_json::from_str(item).unwrap();
            let length = usize::try_from(item["length"].as_u64().unwrap()).unwrap();
            if item["type"] == "event" {
                let event: Value = serde_json::from_str(&after[..length]).unwrap();
                assert_eq!(event["event_id"], head["event_id"]);
                events.push(event);
            }
            rest = after[length..].strip_prefix('\n').unwrap();
        }
    }
    events
}

fn admin_token(frameos: &Frameos) -> String {
    let saved = std::fs::read(frameos.path(".config/frameos/credentials.json")).unwrap();
    let saved: Value = serde_json::from_slice(&saved).unwrap();
    find(&saved, "access_token").unwrap()
}

/// The first text under this name, wherever it stands.
fn find(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(fields) => match fields.get(name).and_then(Value::as_str) {
            Some(text) => Some(text.to_owned()),
            None => fields.values().find_map(|value| find(value, name)),
        },
        Value::Array(items) => items.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

/// The id of a version of the agent.
fn version_of(frameos: &Frameos, url: &str, slug: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = format!("{url}/agents/{slug}/versions");
        let asked = reqwest::Client::new().get(url).bearer_auth(admin_token(frameos)).send().await.unwrap();
        let versions: Value = asked.json().await.unwrap();
        find(&versions, "version_id").or_else(|| find(&versions, "id")).unwrap()
    })
}

/// Makes every stored object unreadable, as a bad disk would.
fn spoil(folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            spoil(&path);
        } else {
            std::fs::write(path, b"not what it was").unwrap();
        }
    }
}
