//! The pure heart of FrameOS: identifiers, money, the agent manifest, run states, mandates and receipts.
//!
//! Nothing here reads a clock, a file, the network or the environment; what a function needs comes in as an argument.
#![forbid(unsafe_code)]

pub mod ap2;
pub mod canonical;
pub mod checkpoint;
pub mod client_key;
pub mod clock;
mod described;
pub mod es256;
pub mod execution;
pub mod handover;
pub mod histogram;
pub mod http_signature;
pub mod id;
pub mod mandate;
pub mod manifest;
pub mod money;
pub mod payout;
pub mod policy;
pub mod pricing;
pub mod rating;
pub mod receipt;
pub mod redact;
pub mod refund;
pub mod refusal;
pub mod scan;
pub mod schema;
pub mod signing;
pub mod split;
pub mod statement;
pub mod subscription;
pub mod usage;
pub mod version;
pub mod webhook;
