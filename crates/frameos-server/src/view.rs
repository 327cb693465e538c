//! From what the app returns to what the contract sends, one file per noun. Pure and total.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod agent;
pub(crate) mod agent_check;
pub(crate) mod agent_markdown;
pub(crate) mod deployment;
pub(crate) mod developer;
pub(crate) mod directory;
pub(crate) mod execution;
pub(crate) mod notification;
pub(crate) mod payout;
pub(crate) mod run_event;
pub(crate) mod run_share;
pub(crate) mod subscription;
pub(crate) mod user_review;
pub(crate) mod version;
pub(crate) mod wallet;
pub(crate) mod webhook;
