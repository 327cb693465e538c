//! The manifest against the code: what is used and not declared, declared and not used.

use crate::support::scan_files;

fn found(manifest: &str, code: &str) -> Vec<String> {
    let report = scan_files(&[("manifest.json", manifest), ("index.js", code)]);
    report.findings.into_iter().map(|finding| finding.rule).filter(|rule| rule != "network-library").collect()
}

#[test]
fn the_network_is_declared_and_used_or_neither() {
    let with = r#"{"capabilities": ["http_request"], "egress": ["api.example.org", "*.example.net"]}"#;
    assert_eq!(found(r#"{"capabilities": []}"#, "fetch(x)"), ["undeclared-network"]);
    assert_eq!(found(with, "module.exports = 1"), ["unused-capability"]);
    assert!(found(with, "fetch('https://api.example.org/x')").is_empty());
    assert!(found(with, "ctx.http_request('x')").is_empty());
    assert!(found(r#"{"capabilities": []}"#, "module.exports = 1").is_empty());
}

#[test]
fn hosts_are_those_the_manifest_names() {
    let with = r#"{"capabilities": ["http_request"], "egress": ["api.example.org", "*.example.net"]}"#;
    assert!(found(with, "fetch('https://a.example.net/'); x = 'http://www.w3.org/2000/svg'").is_empty());
    assert_eq!(found(with, "fetch('https://other.example.org/x')"), ["undeclared-host"]);
    assert_eq!(found(with, "fetch('https://myexample.net/x')"), ["undeclared-host"]);
}

#[test]
fn charges_are_those_the_pricing_declares() {
    let with = r#"{"pricing": {"events": {"page": {"unit_price": 100}}}}"#;
    assert!(found(with, "ctx.charge('page')").is_empty());
    assert!(found(with, "ctx.charge(name)").is_empty());
    assert_eq!(found(with, "ctx.charge('page'); ctx.charge('image', 2)"), ["undeclared-charge"]);
    assert_eq!(found(with, "module.exports = 1"), ["unused-capability"]);
    assert_eq!(found("{}", "ctx.charge(\"page\")"), ["undeclared-charge"]);
}
