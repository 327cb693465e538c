//! Packages of npm: `package.json`, and the lock files of npm, yarn and pnpm.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Ecosystem, Package, Register, install, place_of};
use crate::files::join;
use crate::rules;
use crate::source::Source;

/// The parts of a manifest that name packages which are installed with it.
const PARTS: [&str; 3] = ["dependencies", "optionalDependencies", "peerDependencies"];

pub(super) fn manifest(source: &Source<'_>, has_lock: bool, register: &mut Register<'_>) {
    let Ok(Value::Object(manifest)) = serde_json::from_str::<Value>(source.text) else { return };
    let is_vendored = source.path.contains("node_modules/");
    if is_vendored && let (Some(name), version) = (text(&manifest, "name"), text(&manifest, "version")) {
        let package = Package { ecosystem: Ecosystem::Npm, name, version };
        register.package(source, place_of(source.text, name), &package);
    }
    install::scripts(source, &manifest, register.findings);
    let mut unpinned = Vec::new();
    for part in PARTS.into_iter().chain((!is_vendored).then_some("devDependencies")) {
        for (name, range) in manifest.get(part).and_then(Value::as_object).into_iter().flatten() {
            let range = range.as_str().unwrap_or_default().trim();
            let (name, range) = alias(name, range);
            let exact = range.trim_start_matches(['=', 'v']);
            let version = is_exact(exact).then_some(exact);
            let offset = place_of(source.text, name);
            register.package(source, offset, &Package { ecosystem: Ecosystem::Npm, name, version });
            if is_remote(range) {
                let what = format!("{name} comes from {}", shown(range));
                register.findings.at(rules::REMOTE_DEPENDENCY, source, offset, &what);
            } else if version.is_none() && part != "peerDependencies" && is_any(range) {
                unpinned.push(name.to_owned());
            }
        }
    }
    if !unpinned.is_empty() && !is_vendored && !has_lock {
        let what = format!("any version may be installed of {}", list(&unpinned));
        register.findings.in_file(rules::UNPINNED_DEPENDENCY, source.path, &what);
    }
}

/// The first few of many names.
pub(super) fn list(names: &[String]) -> String {
    let more = if names.len() > 5 { format!(" and {} more", names.len() - 5) } else { String::new() };
    format!("{}{more}", names.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", "))
}

pub(super) fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

fn text<'m>(manifest: &'m Map<String, Value>, key: &str) -> Option<&'m str> {
    manifest.get(key).and_then(Value::as_str)
}

/// `"a": "npm:b@1.2.3"` installs b under the name of a.
fn alias<'a>(name: &'a str, range: &'a str) -> (&'a str, &'a str) {
    let Some(target) = range.strip_prefix("npm:") else { return (name, range) };
    match target.char_indices().skip(1).find(|(_, c)| *c == '@') {
        Some((at, _)) => (&target[..at], &target[at + 1..]),
        None => (target, "*"),
    }
}

fn is_exact(version: &str) -> bool {
    version.split('.').count() >= 3
        && version.starts_with(|c: char| c.is_ascii_digit())
        && !version.contains([' ', '|', '*', 'x'])
}

fn is_any(range: &str) -> bool {
    matches!(range, "" | "*" | "x" | "latest" | "next") || range.starts_with('>')
}

/// Whether a version is a place instead: a repository, an address, a folder.
fn is_remote(range: &str) -> bool {
    const BEGINNINGS: [&str; 11] = [
        "git+",
        "git:",
        "git@",
        "github:",
        "gitlab:",
        "bitbucket:",
        "gist:",
        "http:",
        "https:",
        "file:",
        "ssh:",
    ];
    let is_short = range.split_once('/').is_some_and(|(owner, repository)| {
        !owner.is_empty()
            && !repository.is_empty()
            && owner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    });
    is_short || BEGINNINGS.iter().any(|beginning| range.starts_with(beginning))
}

/// The files that a manifest names as programs.
pub(super) fn entry_points(path: &str, text: &str) -> Vec<String> {
    let Ok(manifest) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let mut named: Vec<&str> = ["main", "module"].iter().filter_map(|key| manifest[*key].as_str()).collect();
    match &manifest["bin"] {
        Value::String(file) => named.push(file),
        Value::Object(files) => named.extend(files.values().filter_map(Value::as_str)),
        _ => {}
    }
    named.into_iter().take(50).filter_map(|name| join(path, name)).collect()
}

/// `package-lock.json`: a map of folders since its second version, a tree of names before.
pub(super) fn lock(source: &Source<'_>, register: &mut Register<'_>) {
    let Ok(lock) = serde_json::from_str::<Value>(source.text) else { return };
    let mut hosts = Hosts::default();
    for (folder, entry) in lock["packages"].as_object().into_iter().flatten() {
        let Some((_, name)) = folder.rsplit_once("node_modules/") else { continue };
        let name = entry["name"].as_str().unwrap_or(name);
        locked(source, name, (&entry["version"], &entry["resolved"]), &mut hosts, register);
    }
    let mut open: Vec<&Value> = vec![&lock["dependencies"]];
    while let Some(entries) = open.pop() {
        for (name, entry) in entries.as_object().into_iter().flatten() {
            locked(source, name, (&entry["version"], &entry["resolved"]), &mut hosts, register);
            open.push(&entry["dependencies"]);
        }
    }
    hosts.report(source, register);
}

fn locked<'v>(
    source: &Source<'_>,
    name: &'v str,
    (version, resolved): (&'v Value, &'v Value),
    hosts: &mut Hosts,
    register: &mut Register<'_>,
) {
    let version = version.as_str().filter(|version| is_exact(version));
    let offset = place_of(source.text, &format!("node_modules/{name}"));
    register.package(source, offset, &Package { ecosystem: Ecosystem::Npm, name, version });
    if let Some(url) = resolved.as_str() {
        hosts.add(name, url);
    }
}

/// Where locked packages were fetched from. Most come from one registry; the odd one out was put there.
#[derive(Default)]
struct Hosts(BTreeMap<String, (usize, String)>);

impl Hosts {
    fn add(&mut self, name: &str, url: &str) {
        let host = url
            .split_once("://")
            .map_or("", |(_, rest)| rest)
            .split(['/', ':', '#'])
            .next()
            .unwrap_or_default();
        if !host.is_empty() && self.0.len() < 100 {
            self.0.entry(host.to_owned()).or_insert_with(|| (0, name.to_owned())).0 += 1;
        }
    }

    fn report(&self, source: &Source<'_>, register: &mut Register<'_>) {
        let most = self.0.values().map(|(count, _)| *count).max().unwrap_or(0);
        for (host, (count, name)) in &self.0 {
            if count * 4 < most {
                let what = format!("{name} was fetched from {host}, unlike most others");
                let offset = source.text.find(host.as_str()).unwrap_or(0);
                register.findings.at(rules::FOREIGN_SOURCE, source, offset, &what);
            }
        }
    }
}

/// `yarn.lock`: entries begin with `name@range[, …]:`, and their lines are indented.
pub(super) fn yarn(source: &Source<'_>, register: &mut Register<'_>) {
    let mut hosts = Hosts::default();
    let (mut offset, mut name, mut at) = (0, "", 0);
    for line in source.text.split('\n') {
        let trimmed = line.trim();
        if !line.starts_with([' ', '#', '\r']) && trimmed.ends_with(':') {
            let first = trimmed.trim_start_matches('"');
            name = first.char_indices().skip(1).find(|(_, c)| *c == '@').map_or("", |(end, _)| &first[..end]);
            at = offset;
        } else if let Some(version) = trimmed.strip_prefix("version") {
            let version = version.trim_matches([' ', ':', '"', '\r']);
            let package =
                Package { ecosystem: Ecosystem::Npm, name, version: is_exact(version).then_some(version) };
            register.package(source, at, &package);
        } else if let Some(url) = trimmed.strip_prefix("resolved ") {
            hosts.add(name, url.trim_matches('"'));
        }
        offset += line.len() + 1;
    }
    hosts.report(source, register);
}

/// `pnpm-lock.yaml`: keys such as `/name@1.2.3:`, `'@scope/name@1.2.3(peer)':` and, before, `/name/1.2.3:`.
pub(super) fn pnpm(source: &Source<'_>, register: &mut Register<'_>) {
    let mut offset = 0;
    for line in source.text.split('\n') {
        let key = line.strip_prefix("  ").and_then(|rest| rest.trim_end().strip_suffix(':'));
        let key = key
            .map(|key| key.trim_matches(['\'', '"']).trim_start_matches('/'))
            .filter(|key| !key.starts_with(' '));
        let key = key.map(|key| key.split('(').next().unwrap_or(key));
        if let Some((name, version)) =
            key.and_then(|key| key.rsplit_once(['@', '/'])).filter(|(_, version)| is_exact(version))
        {
            register.package(
                source,
                offset,
                &Package { ecosystem: Ecosystem::Npm, name, version: Some(version) },
            );
        }
        offset += line.len() + 1;
    }
}
