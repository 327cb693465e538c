//! Rules on files as such, and the report as a whole.

use frameos_domain::scan::{ScanReport, Verdict};
use frameos_scanner::bundle::Bundle;
use frameos_scanner::{MAX_FINDINGS, SCANNER_VERSION, rules, scan};

use crate::support::{each_is_clean, scan_files};

fn scan_bytes(path: &str, bytes: &[u8]) -> ScanReport {
    scan(&Bundle::from_files([(path.to_owned(), bytes.to_vec())]).expect("path is valid"))
}

fn only_rule(report: &ScanReport) -> &str {
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    &report.findings[0].rule
}

#[test]
fn compiled_files_are_known_by_content_and_name() {
    assert_eq!(only_rule(&scan_bytes("a.node", b"x")), "native-code");
    assert_eq!(only_rule(&scan_bytes("readme", b"\x7fELF\x02\x01")), "native-code");
    assert_eq!(only_rule(&scan_bytes("__pycache__/a.pyc", b"")), "native-code");
    assert_eq!(scan_bytes("a.so", b"").verdict, Verdict::Reject);
    assert_eq!(only_rule(&scan_bytes("a.bin", b"\0asm\x01\0\0\0")), "wasm");
    assert_eq!(only_rule(&scan_bytes("lib.dat", b"PK\x03\x04....")), "nested-archive");
    assert_eq!(scan_bytes("lib.dat", b"PK\x03\x04....").verdict, Verdict::Flag);
}

#[test]
fn large_files_and_payloads_are_flagged() {
    let large = "a ".repeat(5 * 1024 * 1024 + 1);
    assert_eq!(only_rule(&scan_bytes("data.txt", large.as_bytes())), "large-file");
    assert!(scan_bytes("data.txt", &large.as_bytes()[..10 * 1024 * 1024]).findings.is_empty());
    let padded = format!("/*{large}*/ module.exports = 1");
    assert_eq!(only_rule(&scan_bytes("index.js", padded.as_bytes())), "large-file");
    let payload: String =
        (0..5_000_u32).map(|n| char::from(b'A' + u8::try_from(n * 7 % 26).unwrap())).collect();
    assert_eq!(only_rule(&scan_files(&[("index.js", &format!("x = '{payload}'"))])), "encoded-payload");
}

#[test]
fn addresses_are_flagged_in_any_text() {
    for text in [
        "0x742d35Cc6634C0532925a3b844Bc454e4438f44e",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    ] {
        let report = scan_files(&[("notes.md", text)]);
        assert_eq!((only_rule(&report), report.verdict), ("crypto-address", Verdict::Flag));
        assert_eq!(only_rule(&scan_files(&[("a.js", &format!("\nsend('{text}')"))])), "crypto-address");
    }
    each_is_clean(
        "a.js",
        &["const hash = '0x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'"],
    );
}

#[test]
fn the_entry_point_is_source_whatever_its_name() {
    let manifest = r#"{"runtime": {"language": "nodejs", "entrypoint": "./start"}}"#;
    assert_eq!(
        only_rule(&scan_files(&[("manifest.json", manifest), ("start", "eval('x')")])),
        "dynamic-code"
    );
    let manifest = r#"{"runtime": {"language": "python", "entrypoint": "start"}}"#;
    assert_eq!(
        only_rule(&scan_files(&[("manifest.json", manifest), ("start", "import pty")])),
        "process-spawn"
    );
}

#[test]
fn text_that_is_not_utf8_is_scanned_or_refused() {
    assert_eq!(only_rule(&scan_bytes("a.js", b"'\xff'; eval('x')")), "dynamic-code");
    assert_eq!(only_rule(&scan_bytes("a.py", b"x = '\xff'")), "unparsable");
    assert_eq!(only_rule(&scan_bytes("a.py", b"\xef\xbb\xbfeval('x')")), "dynamic-code");
}

#[test]
fn reports_are_ordered_bounded_and_repeatable() {
    let many = "eval('x');\n".repeat(3_000);
    let files = [
        ("z.js", many.as_str()),
        ("a.js", "fetch('x')\neval('y')"),
        ("b.py", "import pickle\npickle.loads(x)"),
    ];
    let report = scan_files(&files);
    assert_eq!(report.findings.len(), MAX_FINDINGS);
    assert_eq!((report.verdict, report.files_scanned), (Verdict::Reject, 3));
    assert_eq!(report.scanner_version, SCANNER_VERSION);
    assert!(report.findings.iter().any(|finding| finding.rule == "findings-truncated"));
    let places: Vec<_> = report.findings.iter().map(|f| (&f.file, f.line, f.column)).collect();
    assert!(places.is_sorted(), "in path, line, column order");
    assert_eq!(report, scan_files(&files));
}

#[test]
fn an_empty_bundle_passes() {
    let report = scan_files(&[]);
    assert_eq!((report.verdict, report.findings.len(), report.files_scanned), (Verdict::Pass, 0, 0));
}

#[test]
fn rules_have_unique_ids_and_words() {
    let mut ids: Vec<_> = rules::ALL.iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), rules::ALL.len());
    for rule in rules::ALL {
        let is_kebab = rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(
            is_kebab && !rule.title.is_empty() && !rule.why.is_empty() && !rule.fix.is_empty(),
            "{}",
            rule.id
        );
    }
}

#[test]
fn the_bundled_agents_pass() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agents");
    let Ok(agents) = std::fs::read_dir(&root) else { return };
    for agent in agents.map(|agent| agent.expect("readable").path()).filter(|path| path.is_dir()) {
        let mut files = Vec::new();
        collect(&agent, &agent, &mut files);
        let report = scan(&Bundle::from_files(files).expect("a valid bundle"));
        assert_eq!(report.verdict, Verdict::Pass, "{}: {:#?}", agent.display(), report.findings);
    }
}

fn collect(root: &std::path::Path, folder: &std::path::Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.ends_with("__pycache__") {
            // Left behind by running an agent by hand; never packed.
        } else if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("inside").to_string_lossy().into_owned();
            files.push((name, std::fs::read(&path).expect("readable")));
        }
    }
}
