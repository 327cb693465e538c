//! Tidy: the rules of ARCHITECTURE.md that a program can check, one small function each.
//!
//! Invariants: a rule takes what it judges as an argument and returns every problem at once; next to each rule stands a test that
//! feeds it a bad sample, so no rule can pass by looking away. The last test here runs all of them over this repository.

mod documents;
mod layers;
mod source;
mod words;

use std::{fmt, io, path::Path};

use crate::tree;

/// One broken rule at one place.
#[derive(Debug)]
pub(crate) struct Problem {
    path: String,
    /// From 1; 0 when it is the whole file.
    line: usize,
    message: String,
}

impl Problem {
    fn at(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }

    fn of(path: &str, message: impl Into<String>) -> Self {
        Self::at(path, 0, message)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Runs every rule over the repository at `root`.
pub(crate) fn check(root: &Path) -> io::Result<Vec<Problem>> {
    let files = tree::read(root)?;
    let packages = layers::packages(root)?;
    let mut problems = layers::check(&packages);
    problems.extend(layers::check_lock(&files));
    problems.extend(source::check(&files));
    problems.extend(words::check(&files));
    problems.extend(documents::check(&files));
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let problems = check(&tree::repository_root()).unwrap();
        let listed: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert!(listed.is_empty(), "\n{}\n", listed.join("\n"));
    }
}
