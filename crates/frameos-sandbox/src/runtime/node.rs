//! The Node.js runtime: one binary, its libraries, the runner.

use super::interpreter::Interpreter;
use super::libraries::Libraries;
use super::tree::Tree;
use crate::error::SandboxError;

pub(super) const RUNNER: &str = include_str!("../../runner/runner.cjs");

pub(super) fn fill(tree: &Tree, interpreter: &Interpreter) -> Result<(), SandboxError> {
    tree.copy(&interpreter.executable, "usr/bin/node")?;
    Libraries::of(tree, &interpreter.executable)?;
    tree.write("runner/runner.cjs", RUNNER.as_bytes())
}
