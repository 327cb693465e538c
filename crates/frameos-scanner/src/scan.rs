//! The scan of a whole bundle: which file is scanned as what, and the report of all of it.

use frameos_domain::scan::ScanReport;

use crate::archive::Budget;
use crate::bundle::Bundle;
use crate::classify::{self, Kind};
use crate::files::{File, Files};
use crate::findings::Findings;
use crate::manifest::Manifest;
use crate::nesting::STACK_BYTES;
use crate::role::Role;
use crate::source::Source;
use crate::{
    archive, capabilities, dependencies, disguise, evidence, hidden, js, pickle, python, rules, startup,
    text, wallet,
};

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
    let mut budget = Budget::default();
    for file in files.iter() {
        as_file(file, &mut budget, &mut findings);
    }
    let named: Vec<String> = files.iter().flat_map(dependencies::entry_points).collect();
    for path in named.iter().filter(|path| classify::extension(path) != "json") {
        files.load(path);
    }
    js::scan_bundle(&mut files, &mut findings);
    python::scan_bundle(&files, &mut findings);
    dependencies::check(&files, &mut findings);
    for file in files.iter() {
        as_text(file, &mut findings);
    }
    capabilities::check(&manifest, &files, &mut findings);
    findings.into_report(bundle)
}

fn kind_of(path: &str, bytes: &[u8], manifest: &Manifest) -> Kind {
    match classify::classify(path, bytes) {
        Kind::Other if path == manifest.entrypoint && manifest.is_python => Kind::Python,
        Kind::Other if path == manifest.entrypoint => Kind::JavaScript,
        kind => kind,
    }
}

fn as_file(file: &File<'_>, budget: &mut Budget, findings: &mut Findings) {
    if file.bytes.len() > LARGE_FILE {
        let what = format!("this file has {} bytes", file.bytes.len());
        findings.in_file(rules::LARGE_FILE, file.path, &what);
    }
    disguise::check(file, findings);
    startup::check(file, findings);
    match file.kind {
        Kind::Native(what) => {
            findings.in_file(rules::NATIVE_CODE, file.path, &format!("this file is {what}"));
        }
        Kind::Wasm => findings.in_file(rules::WASM, file.path, "this file is WebAssembly"),
        Kind::Archive(format) => archive(file, format, budget, findings),
        Kind::Script(what) => {
            findings.in_file(rules::EXECUTABLE_SCRIPT, file.path, &format!("this file is {what}"));
        }
        Kind::Pickle => pickle(file.path, file.bytes, findings),
        Kind::JavaScript | Kind::Python | Kind::Media(_) | Kind::SourceMap | Kind::Other => {}
    }
}

fn pickle(path: &str, bytes: &[u8], findings: &mut Findings) {
    match pickle::dangerous_call(bytes) {
        Some(name) => {
            let what = format!("loading this pickle calls {name}");
            findings.in_file(rules::PICKLE_PAYLOAD, path, &what);
        }
        None => findings.in_file(rules::PICKLED_DATA, path, "this file is a Python pickle"),
    }
}

fn archive(file: &File<'_>, format: &str, budget: &mut Budget, findings: &mut Findings) {
    let contents = archive::look(file.bytes, format, budget);
    let unseen =
        contents.unseen.map(|why| format!(", of which not all was seen because {why}")).unwrap_or_default();
    let what = format!("this file is a {format} archive of {} files{unseen}", contents.files);
    findings.in_file(rules::NESTED_ARCHIVE, file.path, &what);
    if contents.is_bomb {
        findings.in_file(
            rules::ARCHIVE_BOMB,
            file.path,
            "this archive unpacks to more than 200 times its size",
        );
    }
    if !contents.programs.is_empty() {
        let named: Vec<_> =
            contents.programs.iter().take(5).map(|(name, what)| format!("{name} ({what})")).collect();
        let more = if contents.programs.len() > named.len() { " and more" } else { "" };
        findings.in_file(
            rules::ARCHIVED_CODE,
            file.path,
            &format!("in this archive are {}{more}", named.join(", ")),
        );
    }
}

fn as_text(file: &File<'_>, findings: &mut Findings) {
    let Some(text) = file.text() else { return };
    if matches!(file.kind, Kind::Native(_) | Kind::Wasm | Kind::Archive(_) | Kind::SourceMap) {
        return;
    }
    let source = Source::new(file.path, text);
    for address in wallet::find(text) {
        let word = &text[address.offset..address.offset + address.length];
        let doubt = if address.is_checked { ", with a valid checksum" } else { "" };
        let what = format!("{word} looks like an address of {}{doubt}", address.coin);
        findings.at(rules::CRYPTO_ADDRESS, &source, address.offset, &what);
    }
    let role = Role::of(file.path, file.kind);
    evidence::in_text(&source, role, findings);
    hidden::check(&source, role, findings);
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
