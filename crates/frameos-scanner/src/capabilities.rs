//! What the manifest asks for against what the code does: used but not declared, declared but not used.
//!
//! The platform grants by the manifest; these findings are for the author, whose runs would fail or whose users would be
//! shown more than is needed.

use std::collections::BTreeMap;

use crate::files::{File, Files};
use crate::findings::Findings;
use crate::manifest::Manifest;
use crate::role::Role;
use crate::rules;
use crate::source::Source;

const MANIFEST: &str = crate::bundle::MANIFEST;
const HTTP_REQUEST: &str = "http_request";

/// Hosts that are named for what they define, not to be reached.
const NAMESPACES: [&str; 12] = [
    "www.w3.org",
    "w3.org",
    "schema.org",
    "json-schema.org",
    "schemas.microsoft.com",
    "schemas.xmlsoap.org",
    "purl.org",
    "schemas.openxmlformats.org",
    "xmlns.com",
    "tools.ietf.org",
    "www.ietf.org",
    "ns.adobe.com",
];

pub(crate) fn check(manifest: &Manifest, files: &Files<'_>, findings: &mut Findings) {
    if files.get(MANIFEST).is_none() {
        return undeclared_network(manifest, findings);
    }
    let source = Source::new(MANIFEST, files.get(MANIFEST).and_then(File::text).unwrap_or_default());
    undeclared_network(manifest, findings);
    let is_used = findings.has(rules::NETWORK) || findings.facts().abilities.contains("network");
    if manifest.declares(HTTP_REQUEST) {
        let programs = files
            .iter()
            .filter(|file| Role::of(file.path, file.kind) == Role::Program)
            .filter_map(File::text);
        let is_named = programs
            .into_iter()
            .any(|text| memchr::memmem::find(text.as_bytes(), HTTP_REQUEST.as_bytes()).is_some());
        if !is_used && !is_named {
            let what = format!(
                "{HTTP_REQUEST} is among the capabilities, and no code of the bundle uses the network"
            );
            findings.at(rules::UNUSED_CAPABILITY, &source, place_of(&source, HTTP_REQUEST), &what);
        }
        if is_used {
            undeclared_hosts(manifest, &source, findings);
        }
    }
    charges(manifest, files, &source, findings);
}

fn undeclared_network(manifest: &Manifest, findings: &mut Findings) {
    if findings.has(rules::NETWORK) && !manifest.declares(HTTP_REQUEST) {
        let what = "network code is used but http_request is not among the capabilities";
        findings.in_file(rules::UNDECLARED_NETWORK, MANIFEST, what);
    }
}

fn undeclared_hosts(manifest: &Manifest, source: &Source<'_>, findings: &mut Findings) {
    let is_listed = |host: &str| {
        manifest.egress.iter().any(|listed| {
            let name = listed.trim_start_matches("*.");
            host == name
                || listed.starts_with("*.") && host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
        })
    };
    let hosts =
        findings.facts().hosts.iter().filter(|host| !is_listed(host) && !NAMESPACES.contains(&host.as_str()));
    let missing: Vec<&str> = hosts.map(String::as_str).take(10).collect();
    if !missing.is_empty() {
        let what = format!("the code names hosts that egress does not: {}", missing.join(", "));
        findings.at(rules::UNDECLARED_HOST, source, place_of(source, "egress"), &what);
    }
}

/// `ctx.charge('page')` of events that the manifest's pricing does not have, and events that nothing charges.
fn charges(manifest: &Manifest, files: &Files<'_>, source: &Source<'_>, findings: &mut Findings) {
    let mut charged: BTreeMap<String, (String, usize)> = BTreeMap::new();
    let mut is_computed = false;
    for file in files.iter().filter(|file| Role::of(file.path, file.kind) == Role::Program) {
        let Some(text) = file.text() else { continue };
        for at in memchr::memmem::find_iter(text.as_bytes(), b"ctx.charge(").take(200) {
            let rest = &text[at + "ctx.charge(".len()..];
            match rest.strip_prefix(['\'', '"', '`']).and_then(|rest| rest.split(['\'', '"', '`']).next()) {
                Some(event) if event.len() <= 40 => {
                    _ = charged.entry(event.to_owned()).or_insert((file.path.to_owned(), at));
                }
                _ => is_computed = true,
            }
        }
    }
    for (event, (path, at)) in &charged {
        if !manifest.events.contains(event)
            && let Some(text) = files.get(path).and_then(File::text)
        {
            let what = format!("ctx.charge counts {event:?}, which the manifest's pricing does not declare");
            findings.at(rules::UNDECLARED_CHARGE, &Source::new(path, text), *at, &what);
        }
    }
    for event in manifest.events.iter().filter(|event| !is_computed && !charged.contains_key(*event)) {
        let what =
            format!("the pricing declares the event {event:?}, and no ctx.charge of the bundle counts it");
        findings.at(rules::UNUSED_CAPABILITY, source, place_of(source, event), &what);
    }
}

fn place_of(source: &Source<'_>, name: &str) -> usize {
    source.text.find(&format!("\"{name}\"")).unwrap_or(0)
}
