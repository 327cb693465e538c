//! A scan report as SARIF 2.1.0, for code hosts and editors.
//!
//! Invariants: artifacts are relative to `%SRCROOT%`, the agent's folder; columns count code points; a result's fingerprint is
//! the finding's, so it stays when its line moves.

use std::collections::BTreeMap;

use frameos_domain::scan::{Action, Finding, ScanReport, Severity, Step};
use frameos_scanner::rules::{self, Rule};
use serde_json::{Value, json};

/// The name under which our fingerprint stands; its number rises if the way to make it changes.
const FINGERPRINT: &str = "frameosFinding/v1";

/// The report as one SARIF log with one run.
pub fn render(report: &ScanReport) -> Value {
    let artifacts: BTreeMap<&str, usize> =
        report.digests.keys().enumerate().map(|(index, path)| (path.as_str(), index)).collect();
    let results: Vec<Value> = report.findings.iter().map(|finding| result(finding, &artifacts)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "frameos",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules::ALL.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
                "properties": {"scannerVersion": report.scanner_version},
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The agent's folder"}}},
            "artifacts": report.digests.iter().map(|(path, digest)| json!({
                "location": {"uri": uri(path), "uriBaseId": "%SRCROOT%"},
                "hashes": {"sha-256": digest},
            })).collect::<Vec<_>>(),
            "results": results,
            "properties": {
                "verdict": report.verdict,
                "risk": report.risk,
                "facts": report.facts,
                "filesScanned": report.files_scanned,
            },
        }],
    })
}

fn descriptor(rule: &Rule) -> Value {
    let fix = format!("{}.\n\nTo correct it: {}. See {}.", sentence(rule.why), rule.fix, rule.docs);
    let markdown = format!(
        "**{}**: {}.\n\n**To correct it**: {}.\n\nSee `{}`.",
        rule.title, rule.why, rule.fix, rule.docs
    );
    json!({
        "id": rule.id,
        "name": pascal(rule.id),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": sentence(rule.why)},
        "help": {"text": fix, "markdown": markdown},
        "defaultConfiguration": {"level": level(rule.action)},
        "properties": {
            "action": rule.action,
            "severity": rule.severity,
            "security-severity": security_severity(rule.action, rule.severity),
            "tags": ["security", rule.action],
        },
    })
}

fn result(finding: &Finding, artifacts: &BTreeMap<&str, usize>) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.action),
        "message": {"text": if finding.message.is_empty() { &finding.title } else { &finding.message }},
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": {
            "action": finding.action,
            "severity": finding.severity,
            "security-severity": security_severity(finding.action, finding.severity),
            "fix": finding.fix,
            "docs": finding.docs,
        },
    });
    if let Some(index) = rules::ALL.iter().position(|rule| rule.id == finding.rule) {
        result["ruleIndex"] = json!(index);
    }
    if !finding.file.is_empty() {
        let mut physical = json!({"artifactLocation": artifact(&finding.file, artifacts)});
        if finding.line > 0 {
            physical["region"] = json!({"startLine": finding.line, "startColumn": finding.column.max(1)});
            if !finding.snippet.is_empty() {
                physical["region"]["snippet"] = json!({"text": finding.snippet});
            }
        }
        result["locations"] = json!([{"physicalLocation": physical}]);
    }
    if !finding.trace.is_empty() {
        let steps: Vec<Value> = finding.trace.iter().map(|step| flow_location(step, artifacts)).collect();
        result["codeFlows"] = json!([{"threadFlows": [{"locations": steps}]}]);
    }
    result
}

fn flow_location(step: &Step, artifacts: &BTreeMap<&str, usize>) -> Value {
    let region = json!({"startLine": step.line.max(1), "startColumn": step.column.max(1)});
    json!({"location": {
        "physicalLocation": {"artifactLocation": artifact(&step.file, artifacts), "region": region},
        "message": {"text": step.message},
    }})
}

fn artifact(path: &str, artifacts: &BTreeMap<&str, usize>) -> Value {
    let mut location = json!({"uri": uri(path), "uriBaseId": "%SRCROOT%"});
    if let Some(index) = artifacts.get(path) {
        location["index"] = json!(index);
    }
    location
}

const fn level(action: Action) -> &'static str {
    match action {
        Action::Reject => "error",
        Action::Flag => "warning",
        Action::Allow => "note",
    }
}

/// The number code hosts sort by: critical from 9.0, high from 7.0, medium from 4.0.
const fn security_severity(action: Action, severity: Severity) -> &'static str {
    match (action, severity) {
        (Action::Reject, _) => "9.0",
        (Action::Flag, Severity::High) => "7.5",
        (Action::Flag, _) => "5.5",
        (Action::Allow, _) => "2.0",
    }
}

/// A path as a relative URI: what is not unreserved is percent-encoded, and no first part can be taken for a scheme.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

fn pascal(id: &str) -> String {
    id.split('-').map(sentence).collect()
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use frameos_domain::scan::Facts;

    use super::*;

    /// The schema as its committee publishes it.
    const SCHEMA: &str = include_str!("../../../tests/data/sarif-schema-2.1.0.json");

    fn report() -> ScanReport {
        let step = |file: &str, line, message: &str| Step {
            file: file.into(),
            line,
            column: 3,
            message: message.into(),
        };
        let traced = Finding {
            rule: "dynamic-code".into(),
            severity: Severity::High,
            action: Action::Reject,
            file: "lib/a b#1.js".into(),
            line: 3,
            column: 7,
            message: "eval runs text as code".into(),
            snippet: "eval(x)".into(),
            trace: vec![step("index.js", 1, "inputs.code is read"), step("lib/a b#1.js", 3, "eval runs it")],
            ..Finding::default()
        };
        let whole = Finding { rule: "wasm".into(), file: "é.wasm".into(), ..Finding::default() };
        let unknown = Finding { rule: "of-the-future".into(), ..Finding::default() };
        let mut report = ScanReport::new(vec![traced, whole, unknown], 2, "2.0");
        report.facts = Facts { hosts: ["example.org".to_owned()].into(), ..Facts::default() };
        report.digests = [("lib/a b#1.js".to_owned(), "00".repeat(32))].into();
        report
    }

    fn problems(sarif: &Value) -> Vec<String> {
        // One pattern of the published schema has a bracket too many, which strict readers of patterns refuse.
        let text = SCHEMA.replace("{2}]?$", "{2}?$");
        let schema: Value = serde_json::from_str(&text).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        validator.iter_errors(sarif).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    #[test]
    fn what_is_written_is_sarif() {
        assert_eq!(problems(&render(&report())), [""; 0]);
        assert_eq!(problems(&render(&ScanReport::new(Vec::new(), 0, "2.0"))), [""; 0]);
        let mut wrong = render(&report());
        wrong["runs"][0]["results"][0]["level"] = json!("fatal");
        assert_ne!(problems(&wrong), [""; 0], "the schema is looked at");
    }

    #[test]
    fn results_say_where_how_and_which() {
        let sarif = render(&report());
        let run = &sarif["runs"][0];
        let results = run["results"].as_array().unwrap();
        let result = results.iter().find(|result| result["ruleId"] == "dynamic-code").unwrap();
        let physical = &result["locations"][0]["physicalLocation"];
        assert_eq!(
            physical["artifactLocation"],
            json!({"uri": "lib/a%20b%231.js", "uriBaseId": "%SRCROOT%", "index": 0})
        );
        assert_eq!(
            (&physical["region"]["startLine"], &physical["region"]["startColumn"]),
            (&json!(3), &json!(7))
        );
        let steps = result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap();
        assert_eq!(steps[0]["location"]["message"]["text"], "inputs.code is read");
        assert_eq!(result["partialFingerprints"][FINGERPRINT].as_str().unwrap().len(), 32);
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "dynamic-code");
        let whole = results.iter().find(|result| result["ruleId"] == "wasm").unwrap();
        assert!(whole["locations"][0]["physicalLocation"].get("region").is_none(), "{whole}");
        assert_eq!(whole["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "%C3%A9.wasm");
    }

    #[test]
    fn every_rule_has_help_and_a_number_to_sort_by() {
        let sarif = render(&report());
        let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), rules::ALL.len());
        for rule in rules {
            assert!(rule["help"]["text"].as_str().unwrap().contains("To correct it"), "{rule}");
            assert!(
                rule["properties"]["security-severity"].as_str().unwrap().parse::<f64>().is_ok(),
                "{rule}"
            );
        }
    }
}
