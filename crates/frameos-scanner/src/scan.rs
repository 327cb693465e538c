//! The scan of a whole bundle: which file is scanned as what, and the report of all of it.

use frameos_domain::scan::ScanReport;

use crate::bundle::Bundle;
use crate::classify::{self, Kind};
use crate::files::{File, Files};
use crate::findings::Findings;
use crate::manifest::Manifest;
use crate::nesting::STACK_BYTES;
use crate::source::Source;
use crate::{address, js, python, rules, text};

/// From this size on a file is reported for it (specification, detection table).
const LARGE_FILE: usize = 10 * 1024 * 1024;

/// Scans every file of a bundle.
///
/// The report depends on the bundle alone. The manifest is read for the entry point, its language and the declared
/// capabilities; one that cannot be read is no finding here, since it is refused elsewhere.
pub fn scan(bundle: &Bundle) -> ScanReport {
    // Parsers recurse; `nesting` bounds how deep, and this stack is large enough for that.
    stacker::grow(STACK_BYTES, || scan_on_large_stack(bundle))
}

/// Each step sees all files: first what they are, then what each language's analysis follows from file to file.
fn scan_on_large_stack(bundle: &Bundle) -> ScanReport {
    let manifest = Manifest::read(bundle.manifest_bytes());
    let mut findings = Findings::default();
    let mut files = Files::default();
    for (path, bytes) in bundle.files() {
        files.insert(File::new(path, bytes, kind_of(path, bytes, &manifest)));
    }
    for file in files.iter() {
        as_file(file, &mut findings);
    }
    js::scan_bundle(&mut files, &mut findings);
    python::scan_bundle(&files, &mut findings);
    for file in files.iter() {
        as_text(file, &mut findings);
    }
    if findings.has(rules::NETWORK) && !manifest.declares("http_request") {
        let what = "network code is used but http_request is not among the capabilities";
        findings.in_file(rules::UNDECLARED_NETWORK, "manifest.json", what);
    }
    findings.into_report(u32::try_from(bundle.len()).unwrap_or(u32::MAX))
}

fn kind_of(path: &str, bytes: &[u8], manifest: &Manifest) -> Kind {
    match classify::classify(path, bytes) {
        Kind::Other if path == manifest.entrypoint && manifest.is_python => Kind::Python,
        Kind::Other if path == manifest.entrypoint => Kind::JavaScript,
        kind => kind,
    }
}

fn as_file(file: &File<'_>, findings: &mut Findings) {
    if file.bytes.len() > LARGE_FILE {
        let what = format!("this file has {} bytes", file.bytes.len());
        findings.in_file(rules::LARGE_FILE, file.path, &what);
    }
    match file.kind {
        Kind::Native(what) => {
            findings.in_file(rules::NATIVE_CODE, file.path, &format!("this file is {what}"));
        }
        Kind::Wasm => findings.in_file(rules::WASM, file.path, "this file is WebAssembly"),
        Kind::Archive(what) => {
            findings.in_file(rules::NESTED_ARCHIVE, file.path, &format!("this file is a {what} archive"));
        }
        Kind::JavaScript | Kind::Python | Kind::Other => {}
    }
}

fn as_text(file: &File<'_>, findings: &mut Findings) {
    let Some(text) = file.text() else { return };
    if matches!(file.kind, Kind::Native(_) | Kind::Wasm | Kind::Archive(_)) {
        return;
    }
    let source = Source::new(file.path, text);
    for (offset, kind) in address::find(text) {
        let what = format!("this looks like a {kind} address");
        findings.at(rules::CRYPTO_ADDRESS, &source, offset, &what);
    }
    if !matches!(file.kind, Kind::JavaScript | Kind::Python) {
        return;
    }
    if let Some(offset) = text::minified(text) {
        findings.at(rules::MINIFIED, &source, offset, "this code is minified");
    }
    if let Some(offset) = text::encoded_payload(text) {
        findings.at(rules::ENCODED_PAYLOAD, &source, offset, "a long encoded string is here");
    }
}
