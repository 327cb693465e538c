//! Packages that are known to be malicious, from `data/known-malicious.jsonl`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::{Ecosystem, names};

struct Record {
    /// None are named when every version is malicious.
    versions: Vec<String>,
    summary: String,
}

type Records = BTreeMap<(Ecosystem, String), Vec<Record>>;

static RECORDS: LazyLock<Records> = LazyLock::new(|| read(include_str!("../../data/known-malicious.jsonl")));

/// What is known against a package in this version.
pub(super) fn find(package: &(Ecosystem, String), version: Option<&str>) -> Option<&'static str> {
    let records = RECORDS.get(package)?;
    let is_meant = |record: &&Record| {
        record.versions.is_empty()
            || version.is_some_and(|version| record.versions.iter().any(|bad| bad == version))
    };
    records.iter().find(is_meant).map(|record| record.summary.as_str())
}

/// Records of the OSV schema, one on each line; what is not of these ecosystems is passed over.
fn read(lines: &str) -> Records {
    let mut records = Records::new();
    for record in lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        for affected in record["affected"].as_array().into_iter().flatten() {
            let ecosystem = match affected["package"]["ecosystem"].as_str() {
                Some("npm") => Ecosystem::Npm,
                Some("PyPI") => Ecosystem::PyPi,
                _ => continue,
            };
            let Some(name) = affected["package"]["name"].as_str() else { continue };
            let versions = affected["versions"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let record = Record {
                versions: versions.map(str::to_owned).collect(),
                summary: record["summary"].as_str().unwrap_or("no reason is given").to_owned(),
            };
            records.entry((ecosystem, names::normal(ecosystem, name))).or_default().push(record);
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_read() {
        let lines = include_str!("../../data/known-malicious.jsonl").lines().count();
        assert_eq!(RECORDS.values().map(Vec::len).sum::<usize>(), lines);
    }

    #[test]
    fn versions_count_where_they_are_named() {
        let package = (Ecosystem::Npm, "event-stream".to_owned());
        assert!(find(&package, Some("3.3.6")).is_some());
        assert!(find(&package, Some("4.0.0")).is_none());
        assert!(find(&package, None).is_none());
        assert!(find(&(Ecosystem::Npm, "crossenv".to_owned()), None).is_some());
        assert!(find(&(Ecosystem::PyPi, "crossenv".to_owned()), None).is_none());
    }
}
