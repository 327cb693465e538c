//! Packages of PyPI: requirements, project files, and the metadata of packages that lie in the bundle.

use super::npm::{list, shown};
use super::{Ecosystem, Package, Register, place_of};
use crate::rules;
use crate::source::Source;

pub(super) fn is_requirements(name: &str) -> bool {
    (name.starts_with("requirements")
        || name.ends_with("requirements.txt")
        || name.starts_with("constraints"))
        && (name.ends_with(".txt") || name.ends_with(".in"))
}

/// `requirements.txt`: one requirement or option on each line.
pub(super) fn requirements(source: &Source<'_>, register: &mut Register<'_>) {
    let mut unpinned = Vec::new();
    let mut offset = 0;
    for line in source.text.split('\n') {
        let text = line.split(" #").next().unwrap_or(line).trim();
        if !text.starts_with('#') && !text.is_empty() {
            requirement(source, offset, text, &mut unpinned, register);
        }
        offset += line.len() + 1;
    }
    if !unpinned.is_empty() {
        let what = format!("any version may be installed of {}", list(&unpinned));
        register.findings.in_file(rules::UNPINNED_DEPENDENCY, source.path, &what);
    }
}

fn requirement(
    source: &Source<'_>,
    offset: usize,
    text: &str,
    unpinned: &mut Vec<String>,
    register: &mut Register<'_>,
) {
    const SOURCES: [&str; 6] =
        ["--index-url", "--extra-index-url", "-i ", "--trusted-host", "--find-links", "-f "];
    if let Some(option) = SOURCES.iter().find(|option| text.starts_with(**option)) {
        let what = format!("`{}` lets packages come from another place", option.trim());
        register.findings.at(rules::FOREIGN_SOURCE, source, offset, &what);
        return;
    }
    let text = text.trim_start_matches("--editable").trim_start_matches("-e").trim();
    let is_place = |text: &str| {
        ["git+", "hg+", "svn+", "bzr+", "http:", "https:", "file:", "ssh:"]
            .iter()
            .any(|start| text.starts_with(start))
    };
    let (name, rest) = split(text);
    let place = rest.strip_prefix('@').map(str::trim).unwrap_or(text);
    if is_place(place) {
        let what = format!("{} comes from {}", if is_place(text) { "a package" } else { name }, shown(place));
        register.findings.at(rules::REMOTE_DEPENDENCY, source, offset, &what);
    }
    if text.starts_with('-') || is_place(text) || text.starts_with('.') {
        return;
    }
    let version = exact(rest);
    if version.is_none() && !rest.starts_with('@') && !rest.contains(['<', '~', '=']) {
        unpinned.push(name.to_owned());
    }
    register.package(source, offset, &Package { ecosystem: Ecosystem::PyPi, name, version });
}

/// The name of a requirement, and what follows its extras.
fn split(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let rest = if rest.starts_with('[') { rest.split_once(']').map_or("", |(_, rest)| rest) } else { rest };
    (name, rest.trim_start_matches([' ', '(']))
}

fn exact(rest: &str) -> Option<&str> {
    let version = rest.strip_prefix("===").or_else(|| rest.strip_prefix("=="))?;
    let version = version.split([';', ',', ' ', ')', '\\']).find(|part| !part.is_empty())?;
    (!version.contains('*')).then_some(version)
}

fn named(source: &Source<'_>, text: &str, register: &mut Register<'_>) {
    let offset = place_of(source.text, text);
    requirement(source, offset, text, &mut Vec::new(), register);
}

/// `pyproject.toml`: the project's requirements, Poetry's, and a build that runs the project's own code.
pub(super) fn project(source: &Source<'_>, register: &mut Register<'_>) {
    let Ok(project) = source.text.parse::<toml::Table>() else { return };
    let get = |path: &[&str]| {
        path.iter()
            .try_fold(None, |value: Option<&toml::Value>, key| {
                Some(Some(value.map_or_else(|| project.get(*key), |value| value.get(*key))?))
            })
            .flatten()
    };
    let lists = get(&["project", "dependencies"]).into_iter().chain(
        get(&["project", "optional-dependencies"])
            .and_then(toml::Value::as_table)
            .into_iter()
            .flat_map(|table| table.values()),
    );
    for requirement in lists.filter_map(toml::Value::as_array).flatten().filter_map(toml::Value::as_str) {
        named(source, requirement, register);
    }
    if let Some(table) = get(&["tool", "poetry", "dependencies"]).and_then(toml::Value::as_table) {
        poetry(source, table, register);
    }
    if get(&["build-system", "backend-path"]).is_some() {
        let offset = source.text.find("backend-path").unwrap_or(0);
        let what = "the package is built by code of its own, which runs when it is installed";
        register.findings.at(rules::INSTALL_SCRIPT, source, offset, what);
    }
}

pub(super) fn pipfile(source: &Source<'_>, register: &mut Register<'_>) {
    let Ok(file) = source.text.parse::<toml::Table>() else { return };
    for part in ["packages", "dev-packages"] {
        if let Some(table) = file.get(part).and_then(toml::Value::as_table) {
            poetry(source, table, register);
        }
    }
}

/// A table from names to versions, or to tables that may name a place.
fn poetry(source: &Source<'_>, table: &toml::Table, register: &mut Register<'_>) {
    for (name, value) in table.iter().filter(|(name, _)| *name != "python") {
        let offset = place_of(source.text, name);
        let version =
            value.as_str().or_else(|| value.get("version").and_then(toml::Value::as_str)).unwrap_or_default();
        let version = version.trim_start_matches('=');
        let is_exact =
            version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(['*', ',', ' ']);
        let package = Package { ecosystem: Ecosystem::PyPi, name, version: is_exact.then_some(version) };
        register.package(source, offset, &package);
        if let Some(place) =
            ["git", "url", "path"].iter().find_map(|key| value.get(*key).and_then(toml::Value::as_str))
        {
            let what = format!("{name} comes from {}", shown(place));
            register.findings.at(rules::REMOTE_DEPENDENCY, source, offset, &what);
        }
    }
}

/// `setup.cfg`: requirements are the indented lines behind `install_requires =`.
pub(super) fn setup_cfg(source: &Source<'_>, register: &mut Register<'_>) {
    let (mut offset, mut is_inside) = (0, false);
    for line in source.text.split('\n') {
        let text = line.trim();
        if is_inside && line.starts_with([' ', '\t']) && !text.is_empty() && !text.starts_with('#') {
            requirement(source, offset, text, &mut Vec::new(), register);
        } else if !text.is_empty() && !text.starts_with('#') {
            is_inside = text.starts_with("install_requires");
        }
        offset += line.len() + 1;
    }
}

/// `METADATA` of an installed package: headers like those of a mail.
pub(super) fn metadata(source: &Source<'_>, register: &mut Register<'_>) {
    let head = source.text.split("\n\n").next().unwrap_or(source.text);
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if let (Some(name), version) = (header("Name:"), header("Version:")) {
        register.package(
            source,
            place_of(source.text, name),
            &Package { ecosystem: Ecosystem::PyPi, name, version },
        );
    }
    for line in head.lines().filter_map(|line| line.strip_prefix("Requires-Dist:")).take(200) {
        // What only an extra asks for was not installed with it.
        if !line.contains("extra ==") {
            named(source, line.trim(), register);
        }
    }
}
