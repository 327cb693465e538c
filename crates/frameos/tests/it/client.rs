//! The client commands against a real server: from publishing an agent to a verified receipt, all through the command line.

use serde_json::{Value, json};

use crate::{
    program::{Frameos, finish},
    server::{FirstRun, Server},
};

/// Ends as its inputs say: after `ms`, well or not.
pub(crate) const OBEDIENT: [(&str, &str); 2] = [
    (
        "manifest.json",
        r#"{
            "name": "Obedient", "slug": "obedient", "description": "Does as it is told.", "category": "tests",
            "version": "1.0.0", "pricing": {"model": "per_execution", "amount": 50, "currency": "INR"},
            "runtime": {"language": "nodejs", "version": "20", "timeout_ms": 60000, "memory_mb": 128},
            "inputs": [
                {"name": "ms", "type": "integer", "required": true, "minimum": 0},
                {"name": "fail", "type": "boolean", "default": false}
            ],
            "outputs": [{"name": "waited", "type": "integer"}]
        }"#,
    ),
    (
        "index.js",
        "module.exports = async ({ ms, fail }) => {\n  console.log(`waiting ${ms}`);\n  \
         await new Promise((resolve) => setTimeout(resolve, ms));\n  \
         if (fail) throw new Error('told to fail');\n  return { waited: ms };\n};\n",
    ),
];

/// Publishes the obedient agent, approves it and deploys it, each as who may.
pub(crate) fn publish_obedient(frameos: &Frameos, server: &Server) {
    let people = FirstRun::read(frameos);
    for role in ["developer", "admin", "user"] {
        people.log_in(frameos, &server.url, role);
    }
    let dir = frameos.folder("obedient", &OBEDIENT);
    let published = frameos.run(["publish", dir.to_str().unwrap(), "--json"]).expect(0).json();
    assert_eq!(published["status"], "pending_review", "{published}");
    let version = published["version_id"].as_str().unwrap().to_owned();

    frameos.run(["agent", "obedient", "--profile", "user"]).expect(1).complains("NOT_FOUND");
    let own = frameos.run(["agent", "obedient"]).expect(0).stdout;
    assert!(own.contains("pending_review"), "its developer sees it: {own}");
    let queue = frameos.run(["admin", "review", "--json"]).expect(0).json();
    assert!(
        queue["reviews"].as_array().unwrap().iter().any(|entry| entry["version_id"] == *version),
        "{queue}"
    );
    let shown = frameos.run(["admin", "show", &version]).expect(0).stdout;
    assert!(shown.contains("index.js"), "{shown}");
    frameos.run(["admin", "approve", &version]).expect(0);
    frameos.run(["deploy", "obedient"]).expect(0);
}

pub(crate) fn wallet(frameos: &Frameos) -> (i64, i64) {
    let wallet = frameos.run(["wallet", "--json"]).expect(0).json();
    (wallet["available"].as_i64().unwrap(), wallet["held"].as_i64().unwrap())
}

#[test]
fn an_agent_is_published_reviewed_deployed_run_and_paid() {
    let frameos = Frameos::new();
    let server = Server::start(&frameos);
    publish_obedient(&frameos, &server);

    let listed = frameos.run(["agents", "--search", "obedient"]).expect(0);
    assert!(listed.stdout.contains("INR 0.50"), "{}", listed.stdout);
    let shown = frameos.run(["agent", "obedient"]).expect(0).stdout;
    assert!(shown.contains("per successful run") && shown.contains("waited"), "{shown}");

    let (before, _) = wallet(&frameos);
    let ran = frameos.run(["execute", "obedient", "--input", "ms=10", "--wait", "--json"]).expect(0).json();
    assert_eq!((&ran["status"], &ran["outputs"]), (&json!("success"), &json!({"waited": 10})));
    assert_eq!(ran["payment"]["amount"], 50);
    assert_eq!(wallet(&frameos), (before - 50, 0));
    let id = ran["id"].as_str().unwrap();
    assert_eq!(frameos.run(["logs", id]).expect(0).stdout, "waiting 10\n");

    frameos.run(["receipt", "get", id, "-o", "receipt.json"]).expect(0);
    let jwks = frameos.run(["receipt", "verify", "receipt.json", "--json"]).expect(0).json();
    assert_eq!(jwks["receipt"]["payment"]["amount"], 50);
    let receipt = std::fs::read_to_string(frameos.path("receipt.json")).unwrap();
    std::fs::write(frameos.path("changed.json"), receipt.replacen("\"amount\": 50", "\"amount\": 51", 1))
        .unwrap();
    frameos.run(["receipt", "verify", "changed.json"]).expect(1);

    let args = ["admin", "refund", id, "--amount", "0.20", "--reason", "one column was missing", "--json"];
    let refund = frameos.run(args).expect(0).stdout;
    std::fs::write(frameos.path("refund.json"), &refund).unwrap();
    let proved = ["receipt", "verify", "refund.json", "--server", &server.url, "--json"];
    let proved = frameos.run(proved).expect(0).json();
    assert_eq!((&proved["trusted"], &proved["type"]), (&json!(true), &json!("frameos-refund-receipt+jws")));
    assert_eq!(proved["receipt"]["amount"], 20);
    assert_eq!(wallet(&frameos), (before - 30, 0));
    let kept: Value = serde_json::from_str(&receipt).unwrap();
    let jws = kept["proofs"]["payment_receipt"].as_str().unwrap();
    std::fs::write(frameos.path("payment.jws"), jws).unwrap();
    let shown = frameos.run(["receipt", "verify", "payment.jws", "--server", &server.url]).expect(0).stdout;
    assert!(shown.contains("INR 0.50") && shown.contains("in the key set"), "{shown}");

    let args = ["execute", "obedient", "--input", "ms=0", "--input", "fail=true", "--wait"];
    let failed = frameos.run(args).expect(1);
    assert!(failed.stdout.contains("told to fail") && failed.stdout.contains("nothing"), "{}", failed.stdout);
    assert_eq!(wallet(&frameos), (before - 30, 0));

    let slow = frameos.run(["execute", "obedient", "--input", "ms=50000", "--json"]).expect(0).json();
    frameos.run(["cancel", slow["execution_id"].as_str().unwrap()]).expect(0);
    frameos.run(["execute", "obedient"]).expect(1).complains("ms: is required");
    frameos
        .run(["execute", "csv-profiler", "--input", "csv=a"])
        .expect(1)
        .complains("frameos deploy csv-profiler");

    frameos.run(["top-up", "12.50"]).expect(0);
    let changes = frameos.run(["wallet", "--transactions", "--json"]).expect(0).json();
    let kinds: Vec<&Value> =
        changes["transactions"].as_array().unwrap().iter().map(|change| &change["kind"]).collect();
    assert!(kinds.contains(&&json!("top_up")) && kinds.contains(&&json!("capture")), "{changes}");
    assert!(frameos.run(["executions"]).expect(0).stdout.contains(id));
    assert_eq!(server.stop().code(), Some(0));
    let data = frameos.path("data");
    frameos.run(["ledger", "verify", "--data-dir", data.to_str().unwrap()]).expect(0);
}

#[test]
fn publishing_again_is_a_replay_and_a_new_version_goes_to_the_same_agent() {
    let frameos = Frameos::new();
    let server = Server::start(&frameos);
    publish_obedient(&frameos, &server);
    let dir = frameos.path("obedient");
    let dir_text = dir.to_str().unwrap();
    frameos.run(["publish", dir_text]).expect(1).complains("1.0.0");

    let newer = OBEDIENT[0].1.replace("1.0.0", "1.1.0");
    std::fs::write(dir.join("manifest.json"), &newer).unwrap();
    let first = frameos.run(["publish", dir_text, "--json"]).expect(0).json();
    assert_eq!(
        frameos.run(["publish", dir_text, "--json"]).expect(0).json(),
        first,
        "the same code is the same request"
    );
    let mine = frameos.run(["agents", "--mine", "--json"]).expect(0).json();
    assert_eq!(
        mine["agents"].as_array().unwrap().iter().filter(|agent| agent["slug"] == "obedient").count(),
        1
    );

    std::fs::write(dir.join("index.js"), "eval('1');").unwrap();
    frameos.run(["publish", dir_text]).expect(1).complains("index.js:1:");
}

#[test]
fn a_login_is_private_renews_itself_and_ends() {
    let frameos = Frameos::new();
    let server = Server::start(&frameos);
    let (email, password) = ("asha@example.com", "a long enough passphrase");
    let register =
        ["register", "--server", &server.url, "--role", "user", "--email", email, "--name", "Asha"];
    frameos.run_with(register.iter().chain(&["--password-stdin"]), password).expect(0);
    let login = ["login", "--server", &server.url, "--email", email, "--profile", "mine"];
    let wrong = frameos.run_with(login.iter().chain(&["--password-stdin"]), "wrong password here").expect(1);
    wrong.complains("INVALID_CREDENTIALS");
    let mut command = frameos.command(login);
    command.env("FRAMEOS_PASSWORD", password);
    let shown = finish(command, "").expect(0);
    assert!(
        !shown.stdout.contains("eyJ") && !shown.stderr.contains("eyJ"),
        "tokens are not shown: {}",
        shown.stdout
    );

    let file = frameos.path(".config/frameos/credentials.json");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    // An access token that the server does not accept any more, as after fifteen minutes.
    let mut saved: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let old_refresh = saved["profiles"]["mine"]["refresh_token"].clone();
    saved["profiles"]["mine"]["access_token"] = json!("expired");
    std::fs::write(&file, saved.to_string()).unwrap();
    frameos.run(["wallet", "--profile", "mine"]).expect(0);
    let saved: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_ne!(saved["profiles"]["mine"]["refresh_token"], old_refresh);
    frameos.run(["wallet", "--profile", "mine"]).expect(0);

    frameos
        .run(["wallet", "--profile", "mine", "--server", "http://127.0.0.1:1"])
        .expect(2)
        .complains("is for");
    frameos.run(["logout"]).expect(0);
    frameos.run(["wallet", "--profile", "mine"]).expect(2).complains("frameos login");
}

#[test]
fn a_reviewer_sees_what_changed_and_accepts_a_finding() {
    let frameos = Frameos::new();
    let server = Server::start(&frameos);
    publish_obedient(&frameos, &server);
    let [(_, manifest), (_, code)] = OBEDIENT;
    let hashing = format!(
        "const {{ createHash }} = require('crypto');\nexports.id = (x) => createHash('md5').update(x);\n{code}"
    );
    let manifest = manifest.replace("\"1.0.0\"", "\"1.1.0\"");
    let dir = frameos.folder("obedient", &[("manifest.json", &manifest), ("index.js", &hashing)]);
    let told = frameos.run(["publish", dir.to_str().unwrap()]).expect(0);
    assert!(
        told.stdout.contains("since 1.0.0: risk +30") && told.stdout.contains("+ finding: index.js:2:"),
        "{}",
        told.stdout
    );

    let queue = frameos.run(["admin", "review", "--json"]).expect(0).json();
    let version = queue["reviews"][0]["version_id"].as_str().unwrap().to_owned();
    let shown = frameos.run(["admin", "show", &version]).expect(0).stdout;
    let at = |part: &str| shown.find(part).unwrap_or_else(|| panic!("{part} is missing in\n{shown}"));
    assert!(
        at("+ abilities: hashing") < at("flag Hashing or encryption [hashing]"),
        "changes come first:\n{shown}"
    );
    let data = frameos.run(["admin", "show", &version, "--json"]).expect(0).json();
    let fingerprint = data["scan_report"]["findings"][0]["fingerprint"].as_str().unwrap();
    let accept = ["admin", "accept-finding", &version, fingerprint];
    frameos.run(accept).expect(2).complains("--reason");
    frameos.run(accept.into_iter().chain(["--reason", "names cache entries"])).expect(0);
    let shown = frameos.run(["admin", "show", &version]).expect(0).stdout;
    assert!(shown.contains(": names cache entries"), "{shown}");
    let withdraw = ["admin", "withdraw-finding", &version, fingerprint, "--reason", "on second thoughts"];
    frameos.run(withdraw).expect(0);
    frameos.run(withdraw).expect(1).complains("NOT_FOUND");
    frameos.run(["admin", "rescan"]).expect(0).complains("versions scanned");
    assert_eq!(server.stop().code(), Some(0));
}
