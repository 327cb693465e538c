//! The scanner's hands for `scripts/bench-scanner`: scans what it is told on standard input and prints one JSON line for each.
//!
//! `verdicts`: every input line is a file or a folder, scanned as one bundle. `speed ROUNDS`: every line is a file; each is scanned alone,
//! on one thread, and the best round of the whole set counts. `worst [NAME]` reads nothing: it scans what is made to cost. The script chooses
//! the files and judges the answers.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark reports or fails")]

mod worst;

use std::fs;
use std::io::stdin;
use std::path::{Path, PathBuf};
use std::time::Instant;

use frameos_domain::scan::{Action, Finding};
use frameos_scanner::bundle::{Bundle, MAX_ENTRIES, MAX_UNPACKED};
use frameos_scanner::scan;
use serde_json::{Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` starts benchmarks too; only `cargo bench` passes this.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let lines = stdin().lines().map(Result::unwrap).filter(|line| !line.is_empty());
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["verdicts", ..] => lines.for_each(|line| println!("{}", verdict(&line))),
        ["worst", "--bench"] => worst::run("", |line| println!("{line}")),
        ["worst", filter, ..] => worst::run(filter, |line| println!("{line}")),
        ["speed", rounds, ..] => println!("{}", speed(&lines.collect::<Vec<_>>(), rounds.parse().unwrap())),
        other => panic!("verdicts, speed ROUNDS or worst [NAME], not {other:?}"),
    }
}

fn verdict(root: &str) -> Value {
    let (files, left_out) = files_of(Path::new(root));
    let bundle = Bundle::from_files(files);
    let bundle = match bundle {
        Ok(bundle) => bundle,
        Err(error) => return json!({"path": root, "error": error.to_string()}),
    };
    let start = Instant::now();
    let report = scan(&bundle);
    let seconds = start.elapsed().as_secs_f64();
    let of = |action| report.findings.iter().filter(move |finding| finding.action == action);
    let mut flagged: Vec<&str> = of(Action::Flag).map(|finding| finding.rule.as_str()).collect();
    flagged.dedup();
    json!({
        "path": root,
        "verdict": report.verdict,
        "files": bundle.len(),
        "left_out": left_out,
        "bytes": bundle.unpacked_bytes(),
        "seconds": seconds,
        "rejected": of(Action::Reject).map(place).collect::<Vec<_>>(),
        "flagged": flagged,
    })
}

fn place(finding: &Finding) -> Value {
    let words = finding.message.chars().take(120).collect::<String>();
    let line: String = finding.snippet.chars().take(120).collect();
    json!({"rule": finding.rule, "file": finding.file, "line": finding.line, "column": finding.column, "message": words, "snippet": line})
}

/// A folder's files, smallest path first, as many as a bundle holds; and how many it would not.
fn files_of(root: &Path) -> (Vec<(String, Vec<u8>)>, usize) {
    let mut paths = Vec::new();
    if root.is_dir() {
        walk(root, &mut paths);
    } else {
        paths.push(root.to_path_buf());
    }
    paths.sort();
    let (mut files, mut left_out, mut room) = (Vec::new(), 0, MAX_UNPACKED);
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        let size = bytes.len() as u64;
        if files.len() >= MAX_ENTRIES || size > room {
            left_out += 1;
            continue;
        }
        room -= size;
        let inside = path.strip_prefix(root).ok().filter(|name| !name.as_os_str().is_empty());
        let name = match inside {
            Some(name) => name,
            None => Path::new(path.file_name().unwrap()),
        };
        files.push((name.to_string_lossy().into_owned(), bytes));
    }
    (files, left_out)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            walk(&entry.path(), paths);
        } else if kind.is_file() {
            paths.push(entry.path());
        }
    }
}

fn speed(paths: &[String], rounds: usize) -> Value {
    let bundles: Vec<(&String, Bundle)> = paths
        .iter()
        .map(|path| {
            let (files, _) = files_of(Path::new(path));
            (path, Bundle::from_files(files).unwrap())
        })
        .collect();
    let bytes: u64 = bundles.iter().map(|(_, bundle)| bundle.unpacked_bytes()).sum();
    let mut best = vec![f64::INFINITY; bundles.len()];
    let (mut totals, mut busy) = (Vec::new(), f64::INFINITY);
    for _ in 0..rounds {
        let mut total = 0.0;
        let before = cpu_seconds();
        for ((_, bundle), best) in bundles.iter().zip(&mut best) {
            let start = Instant::now();
            std::hint::black_box(scan(bundle));
            let seconds = start.elapsed().as_secs_f64();
            total += seconds;
            *best = best.min(seconds);
        }
        totals.push(total);
        busy = busy.min(cpu_seconds() - before);
    }
    let files: Vec<Value> = bundles
        .iter()
        .zip(&best)
        .map(|((path, bundle), seconds)| json!({"path": path, "bytes": bundle.unpacked_bytes(), "seconds": seconds}))
        .collect();
    let seconds = totals.iter().copied().fold(f64::INFINITY, f64::min);
    json!({"bytes": bytes, "seconds": seconds, "cpu_seconds": busy, "rounds": totals, "files": files})
}

/// The time this thread has had a core, so that a busy machine does not change what a core can do.
fn cpu_seconds() -> f64 {
    let line = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    line.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
