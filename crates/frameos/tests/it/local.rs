//! Commands that need no server: from `init` to a run, for both languages, and how they fail.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::program::{Frameos, finish};

const MANIFEST: &str = r#"{
    "name": "Test", "slug": "test-agent", "description": "d", "category": "tests", "version": "1.0.0",
    "pricing": {"model": "per_execution", "amount": 50, "currency": "INR"},
    "runtime": {"language": "nodejs", "timeout_ms": 20000},
    "inputs": [
        {"name": "text", "type": "string", "required": true},
        {"name": "count", "type": "integer", "default": 1},
        {"name": "key", "type": "string", "secret": true}
    ],
    "outputs": [{"name": "said", "type": "string"}]
}"#;

fn agent(frameos: &Frameos, code: &str) -> String {
    text(&frameos.folder("agent", &[("manifest.json", MANIFEST), ("index.js", code)]))
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn a_new_agent_works_at_once(language: &str) {
    let frameos = Frameos::new();
    let dir = text(&frameos.path("my-agent"));
    frameos.run(["init", "--language", language, &dir]).expect(0);
    frameos.run(["init", &dir]).expect(2).complains("is not empty");

    let validated = frameos.run(["validate", &dir, "--json"]).expect(0).json();
    assert_eq!(validated, json!({"valid": true, "errors": [], "warnings": []}));
    let scanned = frameos.run(["scan", &dir, "--json"]).expect(0).json();
    assert_eq!((&scanned["verdict"], &scanned["findings"]), (&json!("pass"), &json!([])));

    let packed = frameos.run(["pack", &dir, "--json"]).expect(0).json();
    assert_eq!(packed["path"], "my-agent-0.1.0.tar.gz");
    let bytes = std::fs::read(frameos.path("my-agent-0.1.0.tar.gz")).unwrap();
    assert_eq!(packed["bytes"], bytes.len());
    let again = frameos.run(["pack", &dir, "-o", "other.tar.gz", "--json"]).expect(0).json();
    assert_eq!(packed["sha256"], again["sha256"], "the same files pack to the same bytes");

    let sample = |name: &str| format!("{dir}/samples/greeting.{name}.json");
    let ran = frameos.run(["run", &dir, "--inputs-file", &sample("input"), "--json"]).expect(0).json();
    let expected: Value = serde_json::from_slice(&std::fs::read(sample("expected")).unwrap()).unwrap();
    assert_eq!(ran["outputs"], expected);
    assert_eq!(
        (&ran["status"], &ran["exit_code"], &ran["payment"]),
        (&json!("success"), &json!(0), &Value::Null)
    );
    assert_eq!(ran["inputs"], json!({"name": "Asha", "times": 2}));
    assert!(ran["id"].as_str().unwrap().starts_with("exec_"), "{ran}");
    assert!(ran["resources"]["wall_ms"].is_i64() && ran["isolation"].is_string(), "{ran}");
    assert!(ran["resources"]["bytes_written"].as_i64().is_some_and(|bytes| bytes > 0), "{ran}");

    let shown = frameos.run(["run", &dir, "--input", "name=B", "--input", "times=1"]).expect(0);
    assert_eq!(shown.json(), json!({"greeting": "Hello, B!", "length": 9}));
}

#[test]
fn a_new_node_agent_works_at_once() {
    a_new_agent_works_at_once("nodejs");
}

#[test]
fn a_new_python_agent_works_at_once() {
    a_new_agent_works_at_once("python");
}

#[test]
fn every_problem_of_a_manifest_is_named_with_its_path() {
    let frameos = Frameos::new();
    let broken = r#"{"slug": "X", "runtime": {"language": "cobol"}, "inputs": [{"name": "1a", "type": "text"}], "zzz": 1}"#;
    let dir = text(&frameos.folder("broken", &[("manifest.json", broken), ("index.js", "")]));
    let report = frameos.run(["validate", &dir, "--json"]).expect(1).json();
    let paths: Vec<&str> =
        report["errors"].as_array().unwrap().iter().map(|error| error["path"].as_str().unwrap()).collect();
    for path in ["$.slug", "$.runtime.language", "$.inputs[0].name", "$.inputs[0].type"] {
        assert!(paths.contains(&path), "{path} is not in {paths:?}");
    }
    let shown = frameos.run(["validate", &dir]).expect(1);
    assert!(shown.stdout.contains("error: $.slug: "), "{}", shown.stdout);
    frameos.run(["run", &dir]).expect(1).complains("$.runtime.language");

    let bare = text(&frameos.folder("bare", &[("manifest.json", r#"{"runtime": {"language": "python"}}"#)]));
    let report = frameos.run(["validate", &bare, "--json"]).expect(1).json();
    assert_eq!(report["errors"][0]["path"], "$.runtime.entrypoint");
    frameos.run(["validate", "nowhere"]).expect(2).complains("nowhere");
    let empty = text(&frameos.folder("empty", &[("index.js", "")]));
    frameos.run(["validate", &empty]).expect(1).complains("frameos init");
}

#[test]
fn a_metered_run_says_what_it_would_cost() {
    let frameos = Frameos::new();
    let fixed = r#"{"model": "per_execution", "amount": 50, "currency": "INR"}"#;
    let metered = r#"{"model": "pay_per_use", "max_amount": 100, "events": {"word": {"unit_price": 30}}}"#;
    let manifest = MANIFEST.replace(fixed, metered);
    let code = "module.exports = (inputs, ctx) => ({ said: String(ctx.charge('word', inputs.count)) });";
    let dir = text(&frameos.folder("metered", &[("manifest.json", &manifest), ("index.js", code)]));
    assert_eq!(frameos.run(["validate", &dir, "--json"]).expect(0).json()["valid"], true);
    let run = |count: &str, json: &[&str]| {
        let mut arguments = vec!["run", dir.as_str(), "--input", "text=x", "--input", count];
        arguments.extend(json);
        frameos.run(arguments).expect(0)
    };
    let ran = run("count=3", &["--json"]).json();
    let charges = json!([{"event": "word", "count": 3, "unit_price": 30, "amount": 90}]);
    assert_eq!(
        (&ran["charges"], &ran["max_amount"], &ran["outputs"]["said"]),
        (&charges, &json!(100), &json!("10"))
    );
    run("count=9", &[]).complains("would be charged: 100 paise of at most 100");

    let eventless = metered.replace("word", "Word");
    let dir = text(
        &frameos
            .folder("bad", &[("manifest.json", &MANIFEST.replace(fixed, &eventless)), ("index.js", code)]),
    );
    let report = frameos.run(["validate", &dir, "--json"]).expect(1).json();
    assert_eq!(report["errors"][0]["path"], "$.pricing");
}

#[test]
fn what_must_stay_at_home_is_not_packed() {
    let frameos = Frameos::new();
    let dir = agent(&frameos, "module.exports = async () => ({ said: 'x' });");
    let before = frameos.run(["pack", &dir, "-o", "a.tar.gz", "--json"]).expect(0).json();
    frameos.folder("agent", &[(".env", "KEY=secret"), (".git/config", "x"), ("lib/__pycache__/a.pyc", "x")]);
    let after = frameos.run(["pack", &dir, "-o", "b.tar.gz", "--json"]).expect(0).json();
    assert_eq!(before["sha256"], after["sha256"]);
    frameos.run(["pack", &dir, "-o", &format!("{dir}/c.tar.gz")]).expect(2).complains("inside");
}

#[test]
fn a_run_that_fails_is_a_record_and_exit_code_one() {
    let frameos = Frameos::new();
    let cases = [
        (
            "module.exports = async () => { throw new Error('no such city'); };",
            "failed",
            "exit",
            "no such city",
        ),
        ("console.log('bye'); process.exit(3);", "failed", "exit", "3"),
        ("module.exports = async () => ({ said: 5 });", "failed", "outputs_invalid", "said"),
        ("module.exports = async () => { for (;;) {} };", "timeout", "timeout", "1500 ms"),
    ];
    for (code, status, reason, message) in cases {
        let dir = agent(&frameos, code);
        let ran = frameos
            .run(["run", &dir, "--input", "text=a", "--timeout-ms", "1500", "--json"])
            .expect(1)
            .json();
        assert_eq!((&ran["status"], &ran["failure_reason"]), (&json!(status), &json!(reason)), "{ran}");
        assert!(ran["error_message"].as_str().unwrap().contains(message), "{ran}");
        assert!(ran.get("outputs").is_none_or(Value::is_null), "{ran}");
    }
    let dir = agent(&frameos, "process.exit(3);");
    frameos.run(["run", &dir, "--input", "text=a"]).expect(1).complains("failed (exit) after ");
}

#[test]
fn findings_are_warnings_and_never_stop_a_local_run() {
    let frameos = Frameos::new();
    let dir = agent(&frameos, "module.exports = async (inputs) => ({ said: eval('inputs.text') });");
    let ran = frameos
        .run(["run", &dir, "--input", "text=hello", "--json"])
        .expect(0)
        .complains("warning: index.js:1:");
    assert_eq!(ran.json()["outputs"], json!({"said": "hello"}));
}

#[test]
fn inputs_are_checked_before_anything_runs() {
    let frameos = Frameos::new();
    let dir =
        agent(&frameos, "module.exports = async (inputs) => ({ said: inputs.text.repeat(inputs.count) });");
    frameos.run(["run", &dir]).expect(2).complains("text: is required");
    frameos.run(["run", &dir, "--input", "text=a", "--input", "typo=1"]).expect(2).complains("typo");
    frameos.run(["run", &dir, "--input", "text=a", "--input", "count=many"]).expect(2).complains("integer");
    frameos.run(["run", &dir, "--input", "text"]).expect(2).complains("NAME=VALUE");
    std::fs::write(frameos.path("words.txt"), "ab").unwrap();
    let ran = frameos
        .run(["run", &dir, "--input", "text=@words.txt", "--input", "count=2", "--json"])
        .expect(0)
        .json();
    assert_eq!(ran["outputs"], json!({"said": "abab"}));
}

#[test]
fn a_secret_input_is_in_no_record_and_no_log() {
    let frameos = Frameos::new();
    let dir = agent(
        &frameos,
        "module.exports = async ({ key }, ctx) => { console.log(key); console.error(key); throw new Error(`bad ${key}`); };",
    );
    for json in [&["--json"][..], &[]] {
        let args = ["run", &dir, "--input", "text=a", "--input", "key=hunter2-hunter2"];
        let ran = frameos.run(args.iter().chain(json)).expect(1);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("hunter2"), "{}{}", ran.stdout, ran.stderr);
        assert!(
            format!("{}{}", ran.stdout, ran.stderr).contains("[redacted]"),
            "{}{}",
            ran.stdout,
            ran.stderr
        );
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let frameos = Frameos::new();
    let dir = agent(&frameos, &"eval('1');\n".repeat(400));
    let mut command = frameos.command(["scan", &dir, "--json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn wrong_usage_is_exit_code_two() {
    let frameos = Frameos::new();
    for args in [&["frobnicate"][..], &["run"], &["top-up", "1.234"], &["serve", "--listen", "nowhere"]] {
        frameos.run(args).expect(2);
    }
    frameos.run(["executions"]).expect(2).complains("frameos login");
    frameos.run(["agents", "--server", "ftp://x"]).expect(2).complains("ftp://x");
    let mut command = frameos.command(["agents"]);
    command.env("FRAMEOS_SERVER", "http://127.0.0.1:1");
    finish(command, "").expect(1).complains("cannot reach http://127.0.0.1:1");
}

#[test]
fn the_configuration_is_shown_without_its_secrets() {
    let frameos = Frameos::new();
    let mut command = frameos.command(["config", "--data-dir", "/somewhere"]);
    command.env("FRAMEOS_WORKER__SLOTS", "3").env("FRAMEOS_MASTER_KEY", "ab".repeat(32));
    let shown = finish(command, "").expect(0).stdout;
    assert!(shown.contains("slots = 3") && shown.contains("/somewhere"), "{shown}");
    assert!(!shown.contains("abab"), "{shown}");
    let mut command = frameos.command(["config"]);
    command.env("FRAMEOS_WORKER__SLOTS", "many");
    finish(command, "").expect(2).complains("worker.slots");
}

#[test]
fn an_interrupted_run_is_cancelled_and_leaves_nothing() {
    let frameos = Frameos::new();
    let code = "module.exports = async () => { console.error('spinning'); for (;;) {} };";
    let manifest = r#"{"runtime": {"language": "nodejs"}}"#;
    let dir = text(&frameos.folder("agent", &[("manifest.json", manifest), ("index.js", code)]));
    let cache = frameos.path("cache");
    let mut command = frameos.command(["run", &dir, "--data-dir", cache.to_str().unwrap()]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "spinning"));
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    assert!(lines.any(|line| line.contains("cancelled")));
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(std::fs::read_dir(cache.join("code")).unwrap().count(), 0);
}
