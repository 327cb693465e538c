//! The scan of a whole bundle: which file is scanned as what, and the report of all of it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use frameos_domain::scan::ScanReport;
use serde_json::Value;

use crate::bundle::Bundle;
use crate::classify::{self, Kind};
use crate::findings::Findings;
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
    stacker::grow(STACK_BYTES, || Scan::new(bundle).run())
}

struct Scan<'b> {
    bundle: &'b Bundle,
    manifest: Manifest,
    findings: Findings,
    python: python::Program<'b>,
    /// Files loaded as modules whose names do not show that they are source.
    loaded: BTreeSet<String>,
    scanned: BTreeSet<&'b str>,
}

/// The little of a manifest that matters here, read without judging the rest.
#[derive(Debug, Default)]
struct Manifest {
    entrypoint: String,
    is_python: bool,
    may_request: bool,
}

impl Manifest {
    fn read(bytes: &[u8]) -> Self {
        let Ok(manifest) = serde_json::from_slice::<Value>(bytes) else { return Self::default() };
        let runtime = &manifest["runtime"];
        let entrypoint = runtime["entrypoint"].as_str().unwrap_or_default();
        let may_request = manifest["capabilities"]
            .as_array()
            .is_some_and(|list| list.iter().any(|capability| capability == "http_request"));
        Self {
            entrypoint: entrypoint.trim_start_matches("./").to_owned(),
            is_python: runtime["language"] == "python",
            may_request,
        }
    }
}

impl<'b> Scan<'b> {
    fn new(bundle: &'b Bundle) -> Self {
        Self {
            bundle,
            manifest: Manifest::read(bundle.manifest_bytes()),
            findings: Findings::default(),
            python: python::Program::default(),
            loaded: BTreeSet::new(),
            scanned: BTreeSet::new(),
        }
    }

    fn run(mut self) -> ScanReport {
        let bundle = self.bundle;
        for (path, bytes) in bundle.files() {
            self.file(path, bytes);
        }
        // Node runs any file it is told to load; those not yet read as source are read now.
        while let Some(path) = self.loaded.pop_first() {
            if let Some((path, bytes)) = bundle.files().find(|(known, _)| *known == path)
                && !self.scanned.contains(path)
            {
                self.source(path, bytes, Kind::JavaScript);
            }
        }
        self.python.scan(&mut self.findings);
        if self.findings.has(rules::NETWORK) && !self.manifest.may_request {
            let what = "network code is used but http_request is not among the capabilities";
            self.findings.in_file(rules::UNDECLARED_NETWORK, "manifest.json", what);
        }
        self.findings.into_report(u32::try_from(bundle.len()).unwrap_or(u32::MAX))
    }

    fn file(&mut self, path: &'b str, bytes: &'b [u8]) {
        if bytes.len() > LARGE_FILE {
            let what = format!("this file has {} bytes", bytes.len());
            self.findings.in_file(rules::LARGE_FILE, path, &what);
        }
        match self.kind(path, bytes) {
            kind @ (Kind::JavaScript | Kind::Python) => self.source(path, bytes, kind),
            Kind::Native(what) => {
                self.findings.in_file(rules::NATIVE_CODE, path, &format!("this file is {what}"));
            }
            Kind::Wasm => self.findings.in_file(rules::WASM, path, "this file is WebAssembly"),
            Kind::Archive(what) => {
                let what = format!("this file is a {what} archive");
                self.findings.in_file(rules::NESTED_ARCHIVE, path, &what);
            }
            Kind::Other => {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    self.addresses(&Source::new(path, text));
                }
            }
        }
    }

    fn kind(&self, path: &str, bytes: &[u8]) -> Kind {
        match classify::classify(path, bytes) {
            Kind::Other if path == self.manifest.entrypoint && self.manifest.is_python => Kind::Python,
            Kind::Other if path == self.manifest.entrypoint => Kind::JavaScript,
            kind => kind,
        }
    }

    fn source(&mut self, path: &'b str, bytes: &'b [u8], kind: Kind) {
        self.scanned.insert(path);
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = match (std::str::from_utf8(bytes), kind) {
            (Ok(text), _) => Cow::Borrowed(text),
            (Err(error), Kind::Python) => {
                let Some(text) = python::decode(bytes) else {
                    let what = format!("this file is not UTF-8 from byte {} on", error.valid_up_to());
                    self.findings.in_file(rules::UNPARSABLE, path, &what);
                    return;
                };
                text
            }
            // Node replaces what is not UTF-8 and runs the rest.
            (Err(_), _) => String::from_utf8_lossy(bytes),
        };
        let source = Source::new(path, &text);
        self.addresses(&source);
        if let Some(offset) = text::minified(&text) {
            self.findings.at(rules::MINIFIED, &source, offset, "this code is minified");
        }
        if let Some(offset) = text::encoded_payload(&text) {
            self.findings.at(rules::ENCODED_PAYLOAD, &source, offset, "a long encoded string is here");
        }
        if kind == Kind::Python {
            drop(source);
            self.python.add(path, text);
            return;
        }
        let outcome = js::scan(&source, &classify::extension(path), &mut self.findings);
        self.loaded
            .extend(outcome.imports.iter().filter_map(|name| join(path, name)).filter(|path| is_odd(path)));
    }

    fn addresses(&mut self, source: &Source<'_>) {
        for (offset, kind) in address::find(source.text) {
            let what = format!("this looks like a {kind} address");
            self.findings.at(rules::CRYPTO_ADDRESS, source, offset, &what);
        }
    }
}

/// Whether Node reads a file as JavaScript although its name does not say so.
fn is_odd(path: &str) -> bool {
    let extension = classify::extension(path);
    !matches!(extension.as_str(), "json" | "node" | "wasm")
}

/// The path of a relative module name, seen from the file at `from`.
fn join(from: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for component in name.split('/') {
        match component {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            component => parts.push(component),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_names_are_joined_to_the_file_that_loads_them() {
        assert_eq!(join("a/b.js", "./c.txt").as_deref(), Some("a/c.txt"));
        assert_eq!(join("a/b.js", "../c").as_deref(), Some("c"));
        assert_eq!(join("b.js", "../c"), None);
    }
}
