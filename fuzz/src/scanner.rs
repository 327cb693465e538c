//! Any bytes in, a report out: feeds the scanner what libFuzzer finds, as one of several kinds of input.
//!
//! `FUZZ_TARGET` says which; all are in one program, since building one takes minutes. A target never asserts what a report says, only that
//! there is one, that it is the same twice, and that its words can be printed.

#![no_main]

use std::io::Write;
use std::sync::OnceLock;

use flate2::{Compression, write::GzEncoder};
use frameos_scanner::bundle::{Bundle, unpack};
use frameos_scanner::{MAX_FINDINGS, scan};
use libfuzzer_sys::fuzz_target;

type Target = fn(&[u8]);

fuzz_target!(|data: &[u8]| {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(target)(data);
});

fn target() -> Target {
    match std::env::var("FUZZ_TARGET").as_deref() {
        Ok("javascript") => javascript,
        Ok("typescript") => typescript,
        Ok("python") => python,
        Ok("bundle") => bundle,
        Ok("archive") => archive,
        Ok("manifest") => manifest,
        other => panic!("FUZZ_TARGET is {other:?}"),
    }
}

/// The first byte chooses the name, the rest is the file.
fn named(names: &[&str], data: &[u8]) {
    let Some((choice, text)) = data.split_first() else { return };
    let name = names[usize::from(*choice) % names.len()];
    check(vec![(name.to_owned(), text.to_vec())]);
}

fn javascript(data: &[u8]) {
    named(&["a.js", "a.mjs", "a.cjs", "a.jsx"], data);
}

fn typescript(data: &[u8]) {
    named(&["a.ts", "a.tsx", "a.mts", "a.d.ts"], data);
}

fn python(data: &[u8]) {
    named(&["a.py", "a.pyi"], data);
}

/// As packed, and as a tar that only needs packing, which no mutation would get right.
fn bundle(data: &[u8]) {
    if let Ok(bundle) = unpack(data) {
        scan(&bundle);
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    if packed.write_all(data).is_ok()
        && let Ok(packed) = packed.finish()
        && let Ok(bundle) = unpack(&packed)
    {
        scan(&bundle);
    }
}

fn archive(data: &[u8]) {
    named(&["a.zip", "a.tar", "a.gz", "a.bin", "a.pkl", "a.whl", "a.node", "a.txt", "a.map", "a.wasm"], data);
}

/// Two descriptions, divided by a zero byte, beside a program.
fn manifest(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    check(vec![
        ("manifest.json".to_owned(), first.to_vec()),
        ("package.json".to_owned(), second.to_vec()),
        ("requirements.txt".to_owned(), second.to_vec()),
        ("index.js".to_owned(), b"fetch('https://example.org')".to_vec()),
    ]);
}

fn check(files: Vec<(String, Vec<u8>)>) {
    let bundle = Bundle::from_files(files).expect("the names are valid");
    let report = scan(&bundle);
    assert!(report.findings.len() <= MAX_FINDINGS);
    assert!(report.findings.iter().all(|finding| finding.snippet.chars().count() <= 200));
    assert_eq!(report, scan(&bundle), "the same bundle, another report");
}
