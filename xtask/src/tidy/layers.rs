//! Which crate may import which: the table of ARCHITECTURE.md, compared with what `cargo metadata` says.
//!
//! Normal and build dependencies point down and only where the table allows. Dev-dependencies may name any of our crates that
//! stands on a lower layer, because a test may set up more than the code it tests can see; never one on the same layer or above.

use std::{collections::BTreeMap, io, path::Path};

use cargo_metadata::{DependencyKind, MetadataCommand};

use super::Problem;
use crate::tree::SourceFile;

/// What the table says of one crate.
struct Rule {
    name: &'static str,
    layer: u8,
    may_import: &'static [&'static str],
    /// Packages of others that it must never see, beside [`NOBODY`].
    never: &'static [&'static str],
}

const SQL: [&str; 3] = ["rusqlite", "tokio-postgres", "deadpool-postgres"];
/// Banned for all, and from the whole dependency graph: a second crypto backend, a second way to the database.
const NOBODY: [&str; 6] = ["openssl", "openssl-sys", "native-tls", "sqlx", "sea-orm", "diesel"];

const TABLE: [Rule; 10] = [
    Rule {
        name: "frameos-domain",
        layer: 0,
        may_import: &[],
        never: &["tokio", "axum", "reqwest", "rusqlite", "tokio-postgres", "deadpool-postgres", "tracing"],
    },
    Rule {
        name: "frameos-sandbox",
        layer: 0,
        may_import: &[],
        never: &["axum", "reqwest", "rusqlite", "tokio-postgres", "deadpool-postgres"],
    },
    Rule {
        name: "frameos-scanner",
        layer: 1,
        may_import: &["frameos-domain"],
        never: &["tokio", "axum", "reqwest", "rusqlite", "tokio-postgres", "deadpool-postgres"],
    },
    Rule {
        name: "frameos-contract",
        layer: 1,
        may_import: &["frameos-domain"],
        never: &["tokio", "axum", "reqwest", "rusqlite", "tokio-postgres", "deadpool-postgres"],
    },
    Rule {
        name: "frameos-store",
        layer: 1,
        may_import: &["frameos-domain"],
        never: &["axum", "tower-http", "reqwest"],
    },
    Rule {
        name: "frameos-gateway",
        layer: 2,
        may_import: &["frameos-domain", "frameos-store"],
        never: &["axum", "tower-http", "rusqlite", "tokio-postgres", "deadpool-postgres"],
    },
    Rule {
        name: "frameos-app",
        layer: 3,
        may_import: &[
            "frameos-domain",
            "frameos-scanner",
            "frameos-sandbox",
            "frameos-store",
            "frameos-gateway",
        ],
        never: &["axum", "tower-http", "rusqlite", "tokio-postgres", "deadpool-postgres"],
    },
    Rule {
        name: "frameos-server",
        layer: 4,
        may_import: &[
            "frameos-domain",
            "frameos-scanner",
            "frameos-sandbox",
            "frameos-contract",
            "frameos-store",
            "frameos-gateway",
            "frameos-app",
        ],
        never: &SQL,
    },
    Rule {
        name: "frameos",
        layer: 5,
        may_import: &[
            "frameos-domain",
            "frameos-scanner",
            "frameos-sandbox",
            "frameos-contract",
            "frameos-store",
            "frameos-gateway",
            "frameos-app",
            "frameos-server",
        ],
        never: &["axum", "rusqlite", "tokio-postgres", "deadpool-postgres"],
    },
    Rule { name: "xtask", layer: 6, may_import: &[], never: &SQL },
];

/// A workspace member, as far as the rules care.
pub(super) struct Package {
    name: String,
    manifest: String,
    features: Vec<String>,
    /// Name, and whether only tests use it.
    dependencies: Vec<(String, bool)>,
}

/// The members of the workspace at `root`.
pub(super) fn packages(root: &Path) -> io::Result<Vec<Package>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .map_err(io::Error::other)?;
    let package = |package: &cargo_metadata::Package| Package {
        name: package.name.to_string(),
        manifest: package.manifest_path.strip_prefix(root).unwrap_or(&package.manifest_path).to_string(),
        features: package.features.keys().cloned().collect(),
        dependencies: package
            .dependencies
            .iter()
            .map(|found| (found.name.clone(), found.kind == DependencyKind::Development))
            .collect(),
    };
    Ok(metadata.packages.iter().map(package).collect())
}

/// Compares every member with the table.
pub(super) fn check(packages: &[Package]) -> Vec<Problem> {
    let rules: BTreeMap<&str, &Rule> = TABLE.iter().map(|rule| (rule.name, rule)).collect();
    let mut problems = Vec::new();
    for package in packages {
        let Some(rule) = rules.get(package.name.as_str()) else {
            let message = format!("`{}` is not in the table of xtask/src/tidy/layers.rs", package.name);
            problems.push(Problem::of(&package.manifest, message));
            continue;
        };
        problems.extend(imports(package, rule, &rules));
        problems.extend(features(package));
    }
    problems
}

fn imports(package: &Package, rule: &Rule, rules: &BTreeMap<&str, &Rule>) -> Vec<Problem> {
    let wrong = |name: &str, only_tests: bool| match rules.get(name) {
        // A crate may name itself in its dev-dependencies, to turn its `test-util` feature on.
        Some(other) if only_tests => other.layer >= rule.layer && name != rule.name,
        Some(_) => !rule.may_import.contains(&name),
        None => NOBODY.contains(&name) || !only_tests && rule.never.contains(&name),
    };
    package
        .dependencies
        .iter()
        .filter(|(name, only_tests)| wrong(name, *only_tests))
        .map(|(name, _)| {
            Problem::of(&package.manifest, format!("`{}` may not depend on `{name}`", package.name))
        })
        .collect()
}

fn features(package: &Package) -> Vec<Problem> {
    let allowed = |name: &str| name == "test-util";
    package
        .features
        .iter()
        .filter(|name| !allowed(name))
        .map(|name| {
            let message = format!(
                "feature `{name}`: configuration chooses, features do not (only `test-util` is allowed)"
            );
            Problem::of(&package.manifest, message)
        })
        .collect()
}

/// No banned package anywhere in the locked graph, for where cargo-deny is not at hand.
pub(super) fn check_lock(files: &[SourceFile]) -> Vec<Problem> {
    let Some(lock) = files.iter().find(|file| file.path == "Cargo.lock") else {
        return vec![Problem::of("Cargo.lock", "must be committed")];
    };
    let named = |line: &str| NOBODY.iter().find(|name| line == format!("name = \"{name}\"")).copied();
    lock.text
        .lines()
        .enumerate()
        .filter_map(|(index, line)| Some((index + 1, named(line)?)))
        .map(|(line, name)| Problem::at(&lock.path, line, format!("`{name}` is banned (deny.toml says why)")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, bool)]) -> Package {
        Package {
            name: name.into(),
            manifest: format!("crates/{name}/Cargo.toml"),
            features: Vec::new(),
            dependencies: dependencies.iter().map(|(name, test)| ((*name).to_owned(), *test)).collect(),
        }
    }

    #[test]
    fn imports_point_down_and_only_where_allowed() {
        let refused =
            |name, dependency, only_tests| !check(&[package(name, &[(dependency, only_tests)])]).is_empty();
        assert!(!refused("frameos-gateway", "frameos-store", false));
        assert!(refused("frameos-store", "frameos-gateway", false), "upwards");
        assert!(refused("frameos-app", "frameos-contract", false), "downwards, but not in the table");
        assert!(refused("frameos-domain", "tokio", false), "a package it must never see");
        assert!(!refused("frameos-domain", "tokio", true), "tests may use it");
        assert!(refused("frameos-domain", "sqlx", true), "banned for all");
        assert!(!refused("frameos-app", "frameos-contract", true), "tests reach lower layers");
        assert!(!refused("frameos-gateway", "frameos-gateway", true), "its own test-util");
        assert!(refused("frameos-store", "frameos-contract", true), "tests do not reach sideways");
        assert!(refused("frameos-utils", "serde", false), "a crate nobody decided on");
    }

    #[test]
    fn features_other_than_test_util_are_refused() {
        let mut sample = package("frameos-store", &[]);
        sample.features = vec!["test-util".into()];
        assert!(check(std::slice::from_ref(&sample)).is_empty());
        sample.features.push("postgres".into());
        assert_eq!(check(&[sample]).len(), 1);
    }

    #[test]
    fn the_lock_file_must_be_there_and_hold_nothing_banned() {
        let lock = |text: &str| SourceFile { path: "Cargo.lock".into(), text: text.into() };
        assert_eq!(check_lock(&[]).len(), 1);
        assert!(check_lock(&[lock("name = \"serde\"\n")]).is_empty());
        assert_eq!(check_lock(&[lock("name = \"serde\"\nname = \"sqlx\"\n")])[0].line, 2);
    }

    #[test]
    fn the_table_itself_points_down() {
        for rule in &TABLE {
            for name in rule.may_import {
                let below = TABLE.iter().any(|other| other.name == *name && other.layer < rule.layer);
                assert!(below, "{} → {name}", rule.name);
            }
        }
    }
}
