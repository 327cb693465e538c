//! The crate's integration tests: real runs of real interpreters in real sandboxes, on this machine's kernel.

mod basic;
mod harness;
