//! Chores of the repository that are programs: today `tidy`, which checks the architecture's rules.
//!
//! Never a dependency of product code, and never needed to build or run it.
#![forbid(unsafe_code)]

mod rust_text;
mod tidy;
mod tree;

use std::{
    io::{self, Write},
    process::ExitCode,
};

const USAGE: &str = "usage: cargo run -p xtask -- tidy";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [command] if command == "tidy" => tidy_command(),
        _ => writeln!(io::stderr(), "{USAGE}").map(|()| ExitCode::from(2)),
    };
    result.unwrap_or(ExitCode::FAILURE)
}

fn tidy_command() -> io::Result<ExitCode> {
    let mut stderr = io::stderr().lock();
    match tidy::check(&tree::repository_root()) {
        Ok(problems) if problems.is_empty() => Ok(ExitCode::SUCCESS),
        Ok(problems) => {
            for problem in &problems {
                writeln!(stderr, "{problem}")?;
            }
            writeln!(stderr, "tidy: {} problem(s)", problems.len())?;
            Ok(ExitCode::FAILURE)
        }
        Err(error) => {
            writeln!(stderr, "tidy: {error}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
