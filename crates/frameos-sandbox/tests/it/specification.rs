//! SPECIFICATION.md: every promise says how each backend keeps it and names tests that are there.

/// Cells of each table row that ends in a cell of test names.
fn promises(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.contains("::"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

fn sources() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it")
}

#[test]
fn every_promise_names_tests_that_exist() {
    let text = include_str!("../../SPECIFICATION.md");
    let promises = promises(text);
    assert!(promises.len() > 30, "only {} promises", promises.len());
    for promise in promises {
        assert_eq!(promise.len(), 5, "promise, Linux, warm, Docker, tests: {promise:?}");
        assert!(promise.iter().all(|cell| !cell.is_empty()), "{promise:?}");
        for name in promise[4].split(", ") {
            let (file, test) =
                name.trim_matches('`').split_once("::").unwrap_or_else(|| panic!("{name:?} in {promise:?}"));
            let source = std::fs::read_to_string(sources().join(format!("{file}.rs")));
            let source = source.unwrap_or_else(|error| panic!("{file}.rs: {error}"));
            assert!(source.contains(&format!("fn {test}(")), "there is no test {file}::{test}");
        }
    }
}
