//! The whole way with objects in S3, and what becomes of it when the store goes away.

use std::time::{Duration, Instant};

use frameos_store::testing::S3Server;
use serde_json::Value;

use crate::{
    client::wallet,
    program::{Frameos, Ran, finish},
    server::{FirstRun, Server},
};

/// Prints as many lines of 100 characters as it is told.
const TALKATIVE: [(&str, &str); 2] = [
    (
        "manifest.json",
        r#"{
            "name": "Talkative", "slug": "talkative", "description": "Says a lot.", "category": "tests",
            "version": "1.0.0", "pricing": {"model": "per_execution", "amount": 50, "currency": "INR"},
            "runtime": {"language": "nodejs", "version": "20", "timeout_ms": 60000, "memory_mb": 128},
            "inputs": [{"name": "lines", "type": "integer", "required": true}],
            "outputs": [{"name": "lines", "type": "integer"}]
        }"#,
    ),
    (
        "index.js",
        "module.exports = async ({ lines }) => {\n  for (let i = 0; i < lines; i += 1) console.log(String(i).padStart(99, '.'));\n  \
         return { lines };\n};\n",
    ),
];

fn publish(frameos: &Frameos, version: &str) -> Ran {
    let [(name, manifest), code] = TALKATIVE;
    let manifest = manifest.replace("1.0.0", version);
    let dir = frameos.folder("talkative", &[(name, &manifest), code]);
    frameos.run(["publish", dir.to_str().unwrap(), "--json"])
}

fn execute(frameos: &Frameos, lines: usize) -> Value {
    let input = format!("lines={lines}");
    frameos.run(["execute", "talkative", "--input", &input, "--wait", "--json"]).expect(0).json()
}

fn logs(frameos: &Frameos, run: &Value) -> String {
    frameos.run(["logs", run["id"].as_str().unwrap()]).expect(0).stdout
}

fn doctor(frameos: &Frameos, environment: &[(&str, String)]) -> Value {
    let data = frameos.path("data");
    let mut command = frameos.command(["doctor", "--data-dir", data.to_str().unwrap(), "--json"]);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let findings = finish(command, "").json();
    let findings = findings["findings"].as_array().unwrap().clone();
    findings.into_iter().find(|finding| finding["check"] == "objects").unwrap()
}

/// Asks until this is the answer's status: an answer is good for a moment, and some wait for what does not come.
fn readiness(server: &Server, wanted: u16) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let (status, body) = server.readiness();
        if status == wanted {
            return body;
        }
        assert!(Instant::now() < deadline, "{status}: {body}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn s3_keeps_code_and_logs_and_its_absence_loses_nothing() {
    let frameos = Frameos::new();
    let mut s3 = S3Server::start();
    let environment = s3.environment();
    let server = Server::start_env(&frameos, "127.0.0.1:0", &environment);
    let people = FirstRun::read(&frameos);
    for role in ["developer", "admin", "user"] {
        people.log_in(&frameos, &server.url, role);
    }
    let published = publish(&frameos, "1.0.0").expect(0).json();
    let version = published["version_id"].as_str().unwrap();
    frameos.run(["admin", "approve", version]).expect(0);
    frameos.run(["deploy", "talkative"]).expect(0);
    let (funds, _) = wallet(&frameos);
    let long = execute(&frameos, 2_000);
    assert_eq!(long["status"], "success", "{long}");
    assert_eq!(logs(&frameos, &long).len(), 200_000);
    assert!(!frameos.path("data/objects").exists(), "nothing is kept here");
    let id = long["id"].as_str().unwrap();
    let kept = std::fs::read(s3.file(&format!("logs/{id}.1.json"))).unwrap();
    assert!(!kept.windows(20).any(|part| part == [b'.'; 20]), "encrypted");
    readiness(&server, 200);
    assert_eq!(doctor(&frameos, &environment)["verdict"], "ok");

    s3.kill();
    let body = readiness(&server, 503);
    assert_eq!(body["error"]["details"]["checks"]["objects"]["status"], "failed", "{body}");
    publish(&frameos, "1.1.0")
        .expect(1)
        .complains("the object store does not answer; try again shortly (UNAVAILABLE)");
    // Its code is in the worker's cache. The run has happened, so it counts, with as much of its log as the row holds.
    let cut = execute(&frameos, 2_000);
    assert_eq!(cut["status"], "success", "{cut}");
    assert_eq!(logs(&frameos, &cut).len(), 10 * 1024);
    assert_eq!(wallet(&frameos), (funds - 100, 0));
    frameos.run(["logs", id]).expect(1).complains("UNAVAILABLE");
    let found = doctor(&frameos, &environment);
    assert_eq!(found["verdict"], "fail", "{found}");
    assert!(found["advice"].as_str().unwrap().contains("bucket"), "{found}");

    // A start does not wait for it either.
    let address = server.address().to_owned();
    assert_eq!(server.stop().code(), Some(0));
    let server = Server::start_env(&frameos, &address, &environment);
    readiness(&server, 503);
    s3.start_again();
    readiness(&server, 200);
    assert_eq!(logs(&frameos, &long).len(), 200_000);
    publish(&frameos, "1.1.0").expect(0);

    s3.pause();
    readiness(&server, 503);
    s3.go_on();
    assert_eq!(server.stop().code(), Some(0));
    let data = frameos.path("data");
    frameos.run(["ledger", "verify", "--data-dir", data.to_str().unwrap()]).expect(0);
}

#[test]
fn s3_without_credentials_is_refused_at_the_start() {
    let frameos = Frameos::new();
    let data = frameos.path("data");
    let mut command =
        frameos.command(["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()]);
    command.env("FRAMEOS_OBJECTS__URL", "s3://frameos?endpoint=http://127.0.0.1:1");
    finish(command, "").expect(1).complains("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    let mut command = frameos.command(["config"]);
    command.env("FRAMEOS_OBJECTS__URL", "s3://id:secret@bucket");
    let refused = finish(command, "").expect(2).complains("objects.url");
    assert!(!refused.stderr.contains("secret@"), "{}", refused.stderr);
}
