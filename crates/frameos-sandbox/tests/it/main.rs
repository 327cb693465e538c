//! The crate's integration tests: real runs of real interpreters in real sandboxes, on this machine's kernel.

mod birth;
mod charges;
mod check;
mod docker;
mod escapes;
mod exhaustion;
mod faults;
mod filter;
mod forms_node;
mod forms_python;
mod harness;
mod leftovers;
mod life;
mod limits;
mod neighbours;
mod network;
mod outlive;
mod policy;
mod pool;
mod runtimes;
mod specification;
mod verdicts;
mod walls;
mod walls_syscalls;
