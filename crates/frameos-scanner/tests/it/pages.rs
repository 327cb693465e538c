//! Every rule has its page in `docs/rules`, no page is left over, and what a page shows as found is found.
//!
//! A page's code blocks are files: the fence names the language and, after a blank, the path if it is not the usual one
//! (`index.js`, `main.py`). Blocks of other paths join the block before them; a block whose path was there before begins anew.

use std::{collections::BTreeSet, fs, path::PathBuf};

use frameos_domain::scan::{Action, Severity};
use frameos_scanner::rules::{ALL, Rule};

use crate::support::scan_files;

const PARTS: [&str; 5] = ["What it finds", "Why it matters", "Example", "How to fix", "What is not found"];

type Files = Vec<(String, String)>;

#[test]
fn rules_and_pages_agree() {
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.expect("readable").file_name().into_string().expect("UTF-8")
    };
    let pages: BTreeSet<String> = fs::read_dir(folder()).expect("there are pages").map(name).collect();
    let rules: BTreeSet<String> = ALL.iter().map(|rule| format!("{}.md", rule.id)).collect();
    assert_eq!(pages, rules, "docs/rules on the left, the table of rules on the right");
    let wrong: Vec<String> = ALL.iter().flat_map(|rule| problems(rule, &page(rule))).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn examples_are_found_and_what_is_not_found_is_not() {
    let mut wrong = Vec::new();
    for rule in ALL {
        let text = page(rule);
        for (part, found) in [("Example", true), ("What is not found", false)] {
            for files in bundles(part_of(&text, part)) {
                let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
                let report = scan_files(&files);
                if report.findings.iter().any(|finding| finding.rule == rule.id) != found {
                    wrong.push(format!("{} / {part}: {files:#?}\n  is {:?}", rule.id, report.findings));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a page says otherwise than its rule, or leaves out.
fn problems(rule: &Rule, page: &str) -> Vec<String> {
    let severity = match rule.severity {
        Severity::Low => "LOW",
        Severity::Medium => "MEDIUM",
        Severity::High => "HIGH",
    };
    let action = match rule.action {
        Action::Allow => "allow",
        Action::Flag => "flag",
        Action::Reject => "reject",
    };
    let head = format!("# {}\n\n{}\n\nSeverity: {severity}\nAction: {action}\n\n", rule.id, rule.title);
    let mut problems = Vec::new();
    if !page.starts_with(&head) {
        problems.push(format!("{} must begin with\n{head}", rule.docs));
    }
    let empty = PARTS.iter().filter(|part| part_of(page, part).trim().is_empty());
    problems.extend(empty.map(|part| format!("{} needs something under `## {part}`", rule.docs)));
    problems
}

fn part_of<'p>(page: &'p str, part: &str) -> &'p str {
    let rest = page.split_once(&format!("\n## {part}\n")).map_or("", |(_, rest)| rest);
    rest.split_once("\n## ").map_or(rest, |(text, _)| text)
}

/// The bundles that the code blocks of a part make.
fn bundles(part: &str) -> Vec<Files> {
    let mut bundles: Vec<Files> = Vec::new();
    for block in part.split("```").skip(1).step_by(2) {
        let (fence, text) = block.split_once('\n').expect("a fence ends its line");
        let path = match fence.split_once(' ') {
            Some((_, path)) => path,
            None if fence == "js" => "index.js",
            None if fence == "ts" => "index.ts",
            None if fence == "python" => "main.py",
            None => continue,
        };
        let is_entry = matches!(path, "index.js" | "index.ts" | "main.py");
        let file = (path.to_owned(), text.to_owned());
        match bundles.last_mut() {
            Some(files) if !is_entry && files.iter().all(|(known, _)| known != path) => files.push(file),
            _ => bundles.push(vec![file]),
        }
    }
    bundles
}

fn page(rule: &Rule) -> String {
    fs::read_to_string(folder().join(format!("{}.md", rule.id))).unwrap_or_default()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules")
}
