//! Run one untrusted Node or Python program under hard limits on Linux.
//!
//! [`Sandbox::open`] proves that this machine can isolate, or says what it lacks; [`Sandbox::run`] runs one program and
//! leaves nothing behind. [`runtime`] makes the root file systems from the host's interpreters. The crate knows
//! nothing of what the programs are for. Invariants: fail closed (a wall that cannot be built is an error, in every
//! build); the calling process never forks into a sandbox itself; nothing a program does makes memory here grow
//! beyond the limits of its run. `unsafe` and process spawning live in this crate only.
#![allow(unsafe_code)]
#![deny(unsafe_op_in_unsafe_fn)]

mod body;
mod capture;
mod cgroup;
pub mod check;
mod config;
mod control;
mod docker;
mod error;
pub mod footprint;
mod guest_protocol;
#[doc(hidden)]
pub mod jail;
mod jail_protocol;
mod jail_step;
mod linux;
mod meter;
mod outcome;
mod owner;
mod pace;
mod pool;
mod procfs;
mod program;
mod report;
pub mod runtime;
mod sandbox;
mod sink;
mod slot;
mod spec;
mod supervise;
mod support;
mod tier;
mod warm;

pub use config::{Backend, DockerConfig, SandboxConfig, WarmConfig};
pub use error::{EngineFault, SandboxError};
pub use jail_step::JailStep;
pub use meter::Meter;
pub use outcome::{Captured, End, Outcome, Resources, RunEvent};
pub use pool::WarmUse;
pub use runtime::Runtime;
pub use sandbox::Sandbox;
pub use spec::{Language, Limits, RunSpec, UnknownLanguage};
pub use tier::Tier;
