//! Rules over the text of Rust files: how they open, how long they are, and what they must not contain.
//!
//! They cover `crates/` and `xtask/`. Comments and string literals never count as code.

use super::Problem;
use crate::{rust_text::RustText, tree::SourceFile};

const LONGEST: usize = 800;
/// The one crate that may be unsafe, with an argument at each block.
const UNSAFE_CRATE: &str = "frameos-sandbox";
/// The one crate that may hold SQL.
const SQL_CRATE: &str = "frameos-store";
/// How a statement begins. Upper case on purpose: that is how SQL is written here, and prose is not.
const STATEMENTS: [&str; 8] = [
    "SELECT ",
    "INSERT INTO ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "PRAGMA ",
];

pub(super) fn check(files: &[SourceFile]) -> Vec<Problem> {
    let ours = |file: &&SourceFile| file.path.starts_with("crates/") || file.path.starts_with("xtask/");
    files.iter().filter(ours).flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<Problem> {
    if file.path.ends_with(".sql") {
        return sql_file(file).into_iter().collect();
    }
    if !file.is_rust() {
        return Vec::new();
    }
    let text = RustText::of(&file.text);
    let mut problems = Vec::new();
    problems.extend(header(file));
    problems.extend(length(file));
    problems.extend(forbids_unsafe(file, &text));
    problems.extend(unsafe_code(file, &text));
    problems.extend(unfinished(file, &text));
    problems.extend(test_configuration(file, &text));
    problems.extend(sql(file, &text));
    problems
}

/// The first line says what the file owns.
fn header(file: &SourceFile) -> Option<Problem> {
    let opens = file.text.lines().next().is_some_and(|line| line.starts_with("//! ") && line.len() > 10);
    (!opens)
        .then(|| Problem::at(&file.path, 1, "must open with `//!` and one sentence on what the file owns"))
}

fn length(file: &SourceFile) -> Option<Problem> {
    let lines = file.text.lines().count();
    (lines > LONGEST && !file.path.contains("/tests/data/"))
        .then(|| Problem::of(&file.path, format!("has {lines} lines, more than {LONGEST}: split it by noun")))
}

fn forbids_unsafe(file: &SourceFile, text: &RustText) -> Option<Problem> {
    let name = file.package()?;
    let root = file.path == format!("crates/{name}/src/lib.rs") || file.path == "crates/frameos/src/main.rs";
    (root && name != UNSAFE_CRATE && !text.code.contains("#![forbid(unsafe_code)]"))
        .then(|| Problem::of(&file.path, "must say `#![forbid(unsafe_code)]`"))
}

fn unsafe_code(file: &SourceFile, text: &RustText) -> Vec<Problem> {
    if file.package() == Some(UNSAFE_CRATE) {
        return Vec::new();
    }
    words(&text.code, "unsafe")
        .map(|line| Problem::at(&file.path, line, format!("`unsafe` belongs in {UNSAFE_CRATE} only")))
        .collect()
}

/// Nothing is left for later, and no test is switched off.
fn unfinished(file: &SourceFile, text: &RustText) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, line) in text.code.lines().enumerate() {
        for mark in ["todo!", "unimplemented!", "#[ignore"] {
            if line.contains(mark) {
                problems.push(Problem::at(&file.path, index + 1, format!("`{mark}` has no place here")));
            }
        }
    }
    problems
}

/// Product code does not know whether it is being tested: `#[cfg(test)]` stands on modules of tests only.
fn test_configuration(file: &SourceFile, text: &RustText) -> Vec<Problem> {
    let lines: Vec<&str> = text.code.lines().collect();
    let guards_module = |index: usize| {
        lines[index + 1..]
            .iter()
            .map(|line| line.trim_start())
            .find(|line| !line.is_empty() && !line.starts_with("#["))
            .is_some_and(|line| line.starts_with("mod ") || line.starts_with("pub(crate) mod "))
    };
    let mut problems = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let compact: String = line.split_whitespace().collect();
        let asks =
            compact.contains("cfg!(test") || compact.contains("(not(test)") || compact.contains("any(test");
        if asks || compact.contains("cfg(test)") && !guards_module(index) || compact.contains("cfg_attr(test")
        {
            let message = "product code must not ask whether it is tested; only `#[cfg(test)] mod …` may";
            problems.push(Problem::at(&file.path, index + 1, message));
        }
    }
    problems
}

fn sql(file: &SourceFile, text: &RustText) -> Vec<Problem> {
    if file.package() == Some(SQL_CRATE) || file.is_test() || file.path.starts_with("xtask/") {
        return Vec::new();
    }
    let is_sql = |line: &str| STATEMENTS.iter().any(|statement| line.trim_start().starts_with(statement));
    // A module of tests closes its file.
    let product = text.code.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
    text.strings
        .lines()
        .enumerate()
        .take(product)
        .filter(|(_, line)| is_sql(line))
        .map(|(index, _)| Problem::at(&file.path, index + 1, format!("SQL belongs in {SQL_CRATE} only")))
        .collect()
}

fn sql_file(file: &SourceFile) -> Option<Problem> {
    (file.package() != Some(SQL_CRATE))
        .then(|| Problem::of(&file.path, format!("SQL belongs in {SQL_CRATE} only")))
}

/// The lines on which `word` stands as a word of its own.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.lines()
        .enumerate()
        .filter(move |(_, line)| line.split(|letter| !is_word(letter)).any(|found| found == word))
        .map(|(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [usize; 0] = [];

    /// The lines of the problems found in a file whose first line is in order.
    fn check_at(path: &str, body: &str) -> Vec<usize> {
        let file = SourceFile { path: path.into(), text: format!("//! Owns a sample.\n{body}") };
        check(&[file]).iter().map(|problem| problem.line).collect()
    }

    fn check_body(body: &str) -> Vec<usize> {
        check_at("crates/frameos-app/src/sample.rs", body)
    }

    #[test]
    fn a_file_opens_with_what_it_owns() {
        for (text, fails) in [("//! Owns x and y.\n", false), ("use x;\n", true), ("//!\n", true), ("", true)]
        {
            let file = SourceFile { path: "xtask/src/x.rs".into(), text: text.into() };
            assert_eq!(header(&file).is_some(), fails, "{text:?}");
        }
    }

    #[test]
    fn long_files_are_refused() {
        assert_eq!(check_body(&"\n".repeat(799)), NONE);
        assert_eq!(check_body(&"\n".repeat(800)), [0]);
        assert_eq!(check_at("crates/frameos-app/tests/data/x.rs", &"\n".repeat(800)), NONE);
    }

    #[test]
    fn crate_roots_forbid_unsafe() {
        assert_eq!(check_at("crates/frameos-app/src/lib.rs", "// #![forbid(unsafe_code)]"), [0]);
        assert_eq!(check_at("crates/frameos-app/src/lib.rs", "#![forbid(unsafe_code)]"), NONE);
        assert_eq!(check_at("crates/frameos-sandbox/src/lib.rs", ""), NONE);
    }

    #[test]
    fn unsafe_stays_in_the_sandbox() {
        assert_eq!(check_body("\nfn f() { unsafe { g() } }"), [3]);
        assert_eq!(check_body("// unsafe\nlet x = \"unsafe\"; let not_unsafe = 1;"), NONE);
        assert_eq!(check_at("crates/frameos-sandbox/src/x.rs", "unsafe {}"), NONE);
    }

    #[test]
    fn nothing_is_left_for_later() {
        assert_eq!(check_body("fn f() { todo!() }\nfn g() { unimplemented!(\"x\") }"), [2, 3]);
        assert_eq!(check_at("crates/frameos-app/tests/it/x.rs", "#[test]\n#[ignore = \"slow\"]"), [3]);
        assert_eq!(check_body("/// Never `todo!()`."), NONE);
    }

    #[test]
    fn product_code_does_not_know_of_tests() {
        assert_eq!(check_body("if cfg!(test) {}"), [2]);
        assert_eq!(check_body("#[cfg(test)]\nfn only_tests() {}"), [2]);
        assert_eq!(check_body("#[cfg(not(test))]\nmod real {}"), [2]);
        assert_eq!(check_body("#[cfg(any(test, feature = \"test-util\"))]\nmod x {}"), [2]);
        assert_eq!(check_body("#[cfg(test)]\nmod tests {}"), NONE);
        assert_eq!(check_body("#[cfg(test)]\n#[path = \"tests.rs\"]\nmod tests;"), NONE);
    }

    #[test]
    fn sql_stays_in_the_store() {
        assert_eq!(check_body("let q = \"SELECT 1\";"), [2]);
        assert_eq!(check_body("let q = \"\n  DELETE FROM x\";"), [3]);
        assert_eq!(check_body("// SELECT 1\nlet q = \"Select an agent\";"), NONE);
        assert_eq!(check_body("#[cfg(test)]\nmod tests {\n\"SELECT 1\" }"), NONE);
        assert_eq!(check_at("crates/frameos-store/src/x.rs", "let q = \"SELECT 1\";"), NONE);
        assert_eq!(check_at("crates/frameos-app/tests/it/x.rs", "let q = \"DROP TABLE x\";"), NONE);
        assert_eq!(check_at("crates/frameos-app/x.sql", ""), [0]);
        assert_eq!(check_at("crates/frameos-store/migrations/x.sql", ""), NONE);
    }
}
