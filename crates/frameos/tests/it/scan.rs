//! `frameos scan` on real folders: its exit codes and its three forms.

use serde_json::json;

use crate::program::Frameos;

#[test]
fn a_scan_rejects_by_exit_code_and_points_at_the_place() {
    let frameos = Frameos::new();
    let dir = folder(&frameos, "bad", &[("lib/run.js", "const a = 1;\nmodule.exports = (x) => eval(x);\n")]);
    let report = frameos.run(["scan", &dir, "--json"]).expect(1).json();
    assert_eq!(report["verdict"], "reject");
    let finding = &report["findings"][0];
    assert_eq!((&finding["file"], &finding["line"]), (&json!("lib/run.js"), &json!(2)));
    for key in ["rule", "severity", "action", "column", "message"] {
        assert!(!finding[key].is_null(), "{key} is missing in {finding}");
    }
    assert_eq!((&finding["severity"], &finding["action"]), (&json!("HIGH"), &json!("reject")));
    let shown = frameos.run(["scan", &dir]).expect(1);
    assert!(shown.stdout.contains("lib/run.js:2:"), "{}", shown.stdout);
    frameos.run(["scan", "nowhere"]).expect(2);
    frameos.run(["scan"]).expect(2);

    std::os::unix::fs::symlink("/etc/passwd", frameos.path("bad/link.txt")).unwrap();
    let report = frameos.run(["scan", &dir, "--json"]).expect(1).json();
    assert_eq!(
        report["findings"][0]["rule"], "bundle-rules",
        "a link is refused before anything is read through it"
    );
    frameos.run(["pack", &dir]).expect(1).complains("BUNDLE_LINK");
}

#[test]
fn a_report_reads_like_a_compilers() {
    let frameos = Frameos::new();
    let code = "const a = 1;\n\tconst run = eval;\nmodule.exports = (x) => run(x); // \u{1b}[2J\u{202e}\n";
    let dir = folder(
        &frameos,
        "bad",
        &[("index.js", code), ("key.txt", "0x742d35Cc6634C0532925a3b844Bc454e4438f44e")],
    );
    let shown = frameos.run(["scan", &dir]).expect(1).stdout;
    for part in [
        "index.js\n\n  reject Code made at run time [dynamic-code]  index.js:2:",
        "    > 2 |     const run = eval;\n        |                 ^\n",
        "\\u{1b}[2J\\u{202e}",
        "    why: code that is built while it runs cannot be reviewed\n",
        "    docs: docs/rules/dynamic-code.md\n",
        "2 files scanned; findings: ",
        "verdict: reject: publishing will be refused\n",
    ] {
        assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
    }
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    assert!(shown.find("index.js:2:") < shown.find("key.txt"), "the worst comes first\n{shown}");
}

#[test]
fn flagged_code_is_let_through_and_said() {
    let frameos = Frameos::new();
    let code = "module.exports = (x) => require('crypto').createHash('md5').update(x).digest('hex');\n";
    let dir = folder(&frameos, "flagged", &[("index.js", code)]);
    let shown = frameos.run(["scan", &dir]).expect(0).stdout;
    assert!(
        shown.contains("flag Hashing") && shown.contains("risk 30 of 100: hashing 30; at most 69\n"),
        "{shown}"
    );
    let report = frameos.run(["scan", &dir, "--json"]).expect(0).json();
    assert_eq!((&report["verdict"], &report["risk"]["score"]), (&json!("flag"), &json!(30)));
}

#[test]
fn sarif_fingerprints_stay_when_lines_move() {
    let frameos = Frameos::new();
    let results = |name: &str, code: &str| {
        let dir = folder(&frameos, name, &[("index.js", code)]);
        let sarif = frameos.run(["scan", &dir, "--sarif"]).expect(1).json();
        assert_eq!(sarif["version"], "2.1.0");
        sarif["runs"][0]["results"].clone()
    };
    let (before, after) = (results("a", "eval(x);\n"), results("b", "// one\n// more\neval(x);\n"));
    let line = |results: &serde_json::Value| {
        results[0]["locations"][0]["physicalLocation"]["region"]["startLine"].clone()
    };
    assert_eq!((line(&before), line(&after)), (json!(1), json!(3)));
    assert_eq!(before[0]["partialFingerprints"], after[0]["partialFingerprints"]);
    assert_eq!((&before[0]["ruleId"], &before[0]["level"]), (&json!("dynamic-code"), &json!("error")));
}

#[test]
fn a_rule_explains_itself() {
    let frameos = Frameos::new();
    let told = frameos.run(["scan", "--explain", "dynamic-code"]).expect(0).stdout;
    assert!(told.contains("Code made at run time") && told.contains("docs/rules/dynamic-code.md"), "{told}");
    frameos.run(["scan", "--explain", "no-such-rule"]).expect(2).complains("dynamic-code");
    frameos.run(["scan", ".", "--json", "--sarif"]).expect(2);
}

fn folder(frameos: &Frameos, name: &str, files: &[(&str, &str)]) -> String {
    frameos.folder(name, files).to_str().unwrap().to_owned()
}
