//! Bundle intake and static scan: from the bytes a developer sends to files and findings.
//!
//! Invariants: pure and total. No input, however hostile, makes this crate panic, overflow the stack, read a clock, or touch
//! a file or the network; the same bytes give the same report. It knows nothing of agents beyond their manifest's
//! entry point and capabilities, and it decides nothing: what a verdict leads to is the caller's business.

#![forbid(unsafe_code)]

mod archive;
pub mod bundle;
mod capabilities;
mod classify;
mod decode;
mod dependencies;
mod disguise;
mod evidence;
mod files;
mod findings;
mod hidden;
mod js;
mod manifest;
mod memo;
mod nesting;
mod pickle;
mod python;
mod role;
pub mod rules;
mod scan;
mod source;
mod startup;
mod text;
mod wallet;

pub use findings::MAX_FINDINGS;
pub use scan::scan;

/// Changes whenever the same bundle may get another report.
pub const SCANNER_VERSION: &str = "2.0";
