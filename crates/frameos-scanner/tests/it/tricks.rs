//! Tables of tricks that must be found, and of honest code that must pass, in JavaScript and TypeScript.
//!
//! A table is a text file of blocks between lines of `----`. A block starts with the rules it must show (`//! rule`, any of
//! several with `|`), or with none where it must be clean; `== path` begins another file of the same bundle.

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
