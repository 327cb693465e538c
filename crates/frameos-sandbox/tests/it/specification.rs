//! SPECIFICATION.md: every promise says how each backend keeps it and names tests that are there.

/// Cells of each table row that ends in a cell of test names.
fn promises(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.contains("::"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

fn sources() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it")
}

/// The functions that are run as tests.
fn tests(source: &str) -> impl Iterator<Item = &str> {
    let parts = source.split("#[test]").skip(1).chain(source.split("#[tokio::test").skip(1));
    parts.filter_map(|part| part.split_once("fn ")?.1.split_once('(').map(|(name, _)| name))
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
            assert!(tests(&source).any(|name| name == test), "there is no test {file}::{test}");
        }
    }
}

/// What is tried of a wall or a limit and named nowhere would be a promise that nobody can read.
#[test]
fn every_test_of_a_promise_is_named() {
    let text = include_str!("../../SPECIFICATION.md");
    for file in [
        "birth",
        "escapes",
        "exhaustion",
        "filter",
        "leftovers",
        "life",
        "limits",
        "neighbours",
        "network",
        "outlive",
        "policy",
        "pool",
        "verdicts",
        "walls",
        "walls_syscalls",
    ] {
        let source = std::fs::read_to_string(sources().join(format!("{file}.rs"))).expect("a file of tests");
        let mut count = 0;
        for test in tests(&source) {
            count += 1;
            assert!(text.contains(&format!("`{file}::{test}`")), "no promise names {file}::{test}");
        }
        assert!(count > 0, "{file}.rs has no tests");
    }
}

#[test]
fn every_file_of_tests_holds_a_promise() {
    let text = include_str!("../../SPECIFICATION.md");
    for entry in std::fs::read_dir(sources()).expect("tests").flatten() {
        let name = entry.file_name().into_string().expect("a name");
        let Some(file) = name.strip_suffix(".rs").filter(|file| *file != "specification") else { continue };
        let source = std::fs::read_to_string(entry.path()).expect("a source");
        let named = text.contains(&format!("`{file}::"));
        assert!(named || tests(&source).next().is_none(), "no promise is held by {name}");
    }
}
