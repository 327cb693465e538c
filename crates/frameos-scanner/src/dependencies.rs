//! Packages that a bundle brings along or asks for: which they are, where they come from, whether they are who they say.
//!
//! Nothing is installed when an agent runs; what is declared still says what the author had installed, and a reviewer who
//! unpacks a bundle may install it again. Names and versions are noted as facts, so that two versions can be compared.

mod install;
mod known;
mod names;
mod npm;
mod pypi;

use std::collections::{BTreeMap, BTreeSet};

use crate::files::{File, Files};
use crate::findings::Findings;
use crate::rules;
use crate::source::Source;

/// The most packages of one bundle that are looked at.
const MAX_PACKAGES: usize = 5_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ecosystem {
    Npm,
    PyPi,
}

/// A package that some file names.
pub(super) struct Package<'p> {
    pub(super) ecosystem: Ecosystem,
    pub(super) name: &'p str,
    /// The exact version, where one is said.
    pub(super) version: Option<&'p str>,
}

/// Collects what is said about packages.
pub(super) struct Register<'r> {
    pub(super) findings: &'r mut Findings,
    packages: BTreeMap<(Ecosystem, String), BTreeSet<String>>,
    suspected: BTreeSet<(Ecosystem, String)>,
}

/// Reports on all packages of a bundle.
pub(crate) fn check(files: &Files<'_>, findings: &mut Findings) {
    let mut register = Register { findings, packages: BTreeMap::new(), suspected: BTreeSet::new() };
    let has_lock = ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"];
    let has_lock = has_lock.iter().any(|lock| files.get(lock).is_some());
    for file in files.iter() {
        let Some(text) = file.text() else { continue };
        let source = Source::new(file.path, if is_about_packages(file.path) { text } else { "" });
        match name_of(file.path) {
            "package.json" => npm::manifest(&source, has_lock, &mut register),
            "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json" => {
                npm::lock(&source, &mut register);
            }
            "yarn.lock" => npm::yarn(&source, &mut register),
            "pnpm-lock.yaml" => npm::pnpm(&source, &mut register),
            "pyproject.toml" => pypi::project(&source, &mut register),
            "Pipfile" => pypi::pipfile(&source, &mut register),
            "setup.cfg" => pypi::setup_cfg(&source, &mut register),
            "METADATA" | "PKG-INFO" => pypi::metadata(&source, &mut register),
            "setup.py" | "binding.gyp" => install::build_file(file, register.findings),
            name if pypi::is_requirements(name) => pypi::requirements(&source, &mut register),
            _ => {}
        }
    }
    register.note();
}

/// The files that a package's manifest says are its programs, whatever their names.
pub(crate) fn entry_points(file: &File<'_>) -> Vec<String> {
    match (name_of(file.path), file.text()) {
        ("package.json", Some(text)) => npm::entry_points(file.path, text),
        _ => Vec::new(),
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether lines of a file are worth counting.
fn is_about_packages(path: &str) -> bool {
    let name = name_of(path);
    pypi::is_requirements(name)
        || matches!(
            name,
            "package.json" | "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json" | "yarn.lock"
        )
        || matches!(
            name,
            "pnpm-lock.yaml" | "pyproject.toml" | "Pipfile" | "setup.cfg" | "METADATA" | "PKG-INFO"
        )
}

impl Register<'_> {
    /// Judges a package that a file names at `offset`, once for each name and version.
    pub(super) fn package(&mut self, source: &Source<'_>, offset: usize, package: &Package<'_>) {
        if package.name.is_empty() || package.name.len() > 214 || self.packages.len() >= MAX_PACKAGES {
            return;
        }
        let key = (package.ecosystem, names::normal(package.ecosystem, package.name));
        let versions = self.packages.entry(key.clone()).or_default();
        let is_new = package.version.is_none_or(|version| versions.insert(version.to_owned()));
        if let Some(record) =
            known::find(&key, package.version).filter(|_| is_new || !self.suspected.contains(&key))
        {
            let version = package.version.map(|version| format!(" {version}")).unwrap_or_default();
            let what = format!("{}{version} is a known malicious package: {}", package.name, record);
            self.findings.at(rules::MALICIOUS_DEPENDENCY, source, offset, &what);
            self.suspected.insert(key);
        } else if self.suspected.insert(key.clone()) {
            if let Some(what) = names::imitates(key.0, &key.1) {
                self.findings.at(rules::TYPOSQUAT, source, offset, &format!("{:?} {what}", package.name));
            }
            let is_bait = package
                .version
                .is_some_and(|version| ["99.", "999.", "9999."].iter().any(|bait| version.starts_with(bait)));
            if is_bait {
                let what = format!(
                    "{} has the version {}, which wins over any honest one",
                    package.name,
                    package.version.unwrap_or_default()
                );
                self.findings.at(rules::FOREIGN_SOURCE, source, offset, &what);
            }
        }
    }

    fn note(self) {
        for ((ecosystem, name), versions) in self.packages {
            let prefix = match ecosystem {
                Ecosystem::Npm => "npm",
                Ecosystem::PyPi => "pypi",
            };
            if versions.is_empty() {
                self.findings.note(|facts| &mut facts.dependencies, &format!("{prefix}:{name}"));
            }
            for version in versions.iter().take(20) {
                self.findings.note(|facts| &mut facts.dependencies, &format!("{prefix}:{name}@{version}"));
            }
        }
    }
}

/// Where in a text a quoted name stands, for a finding to point at.
pub(super) fn place_of(text: &str, name: &str) -> usize {
    // Every package costs a search; in a file this long nobody looks for a line by eye.
    const LONGEST: usize = 100_000;
    if text.len() > LONGEST {
        return 0;
    }
    text.find(&format!("\"{name}\"")).or_else(|| text.find(name)).unwrap_or(0)
}
