//! `frameos tokens` and `frameos doctor`, as programs and people use them.

use serde_json::Value;

use crate::{
    program::{Frameos, finish},
    server::{FirstRun, Server},
};

#[test]
fn a_token_is_made_used_listed_and_revoked() {
    let frameos = Frameos::new();
    let server = Server::start(&frameos);
    FirstRun::read(&frameos).log_in(&frameos, &server.url, "user");
    let made = frameos.run(["tokens", "create", "ci", "--scope", "read", "--json"]).expect(0).json();
    let (token, id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
    assert!(token.starts_with("fos_") && id.starts_with("pat_"), "{made}");

    let with_token = |args: &[&str]| {
        let mut command = frameos.command(args);
        command.env("FRAMEOS_TOKEN", token).env("FRAMEOS_SERVER", &server.url);
        // Nothing of the saved login.
        command.env("XDG_CONFIG_HOME", frameos.path("elsewhere"));
        finish(command, "")
    };
    with_token(&["executions", "--json"]).expect(0).json();
    with_token(&["deploy", "text-summariser"]).expect(1);
    with_token(&["tokens", "list"]).expect(1);

    let listed = frameos.run(["tokens", "list"]).expect(0).stdout;
    assert!(listed.contains("ci") && listed.contains(id), "{listed}");
    assert!(!listed.contains(token), "it is shown once only");
    frameos.run(["tokens", "revoke", id]).expect(0);
    with_token(&["executions", "--json"]).expect(1);
    let left = frameos.run(["tokens", "list", "--json"]).expect(0).json();
    assert_eq!(left["tokens"].as_array().unwrap().len(), 0, "{left}");
    frameos.run(["tokens", "create", "ci"]).expect(2).complains("--scope");
    assert!(server.stop().success());
}

#[test]
fn doctor_tells_machines_what_it_tells_people() {
    let frameos = Frameos::new();
    let doctor = |more: &[(&str, &str)], args: &[&str]| {
        let data = frameos.path("data");
        let mut command = frameos.command(["doctor", "--data-dir", data.to_str().unwrap()]);
        command.args(args).envs(more.iter().copied());
        finish(command, "")
    };
    let verdicts = |seen: &Value, check: &str| -> Vec<String> {
        let findings = seen["findings"].as_array().unwrap().iter();
        let those = findings.filter(|finding| finding["check"] == check);
        those.map(|finding| finding["verdict"].as_str().unwrap().to_owned()).collect()
    };
    let before = doctor(&[], &["--json"]).expect(0).json();
    assert_eq!(verdicts(&before, "data directory"), ["warn"], "{before}");

    let server = Server::start(&frameos);
    let seen = doctor(&[], &["--json"]).expect(0).json();
    assert_eq!(seen["healthy"], true, "{seen}");
    for check in ["file modes", "master key", "database", "objects", "isolation", "telemetry", "redis"] {
        assert!(verdicts(&seen, check).iter().all(|verdict| verdict == "ok"), "{check} in {seen}");
        assert!(!verdicts(&seen, check).is_empty(), "{check} in {seen}");
    }
    let shown = doctor(&[], &[]).expect(0).stdout;
    for finding in seen["findings"].as_array().unwrap() {
        let check = finding["check"].as_str().unwrap();
        assert!(shown.contains(&format!("  {check}: ")), "{check} is missing in\n{shown}");
    }
    assert!(shown.contains("0 checks failed"), "{shown}");

    let away = [
        ("FRAMEOS_REDIS__URL", "redis://127.0.0.1:1/0"),
        ("FRAMEOS_TELEMETRY__OTLP_URL", "http://127.0.0.1:1"),
    ];
    let seen = doctor(&away, &["--json"]).expect(0).json();
    assert_eq!(
        (verdicts(&seen, "redis"), verdicts(&seen, "traces")),
        (vec!["warn".to_owned()], vec!["warn".to_owned()])
    );
    let broken = [("FRAMEOS_DATABASE__URL", "postgres://nobody@127.0.0.1:1/none")];
    let seen = doctor(&broken, &["--json"]).expect(1).json();
    assert_eq!(seen["healthy"], false, "{seen}");
    let failed =
        seen["findings"].as_array().unwrap().iter().find(|finding| finding["verdict"] == "fail").unwrap();
    assert!(failed["check"] == "database" && failed["advice"].is_string(), "{failed}");
    assert!(server.stop().success());
}
