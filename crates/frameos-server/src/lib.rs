//! The server: HTTP routes and extractors, configuration, and the assembly of a process from its parts.
//!
//! Invariants: no business decision is taken here, a handler makes one call of `frameos-app`; no SQL; the environment is read
//! in `config` only; a private error chain is logged once and never sent. The binary calls [`serve`], [`worker`],
//! [`gateway`], [`migrate`], [`ledger_verify`], [`worker_status`], [`keys_list`], [`key_rotate`],
//! [`backup()`], [`restore`] and [`doctor`] with a [`config::Config`].
#![forbid(unsafe_code)]

pub mod api;
mod assemble;
mod backup;
mod bundled;
mod client_admin;
pub mod config;
mod data_dir;
mod doctor;
mod error;
mod footprint;
pub mod gateway_api;
mod keyring;
mod keys;
mod limit;
mod listener;
mod mailer;
mod maintenance;
mod master_keys;
mod master_rotation;
mod metrics;
mod notice;
mod payment_providers;
mod readiness;
mod seeding;
mod serve;
mod signals;
mod telemetry;
mod view;
mod web;

pub use backup::{BackupError, BackupReport, Progress, RestoreReport, backup, restore};
pub use bundled::bundled_agents;
pub use client_admin::{
    ClientAdded, ClientChange, ClientNew, gateway_client_add, gateway_client_revoke, gateway_client_rotate,
    gateway_clients,
};
pub use config::{Config, ConfigError};
pub use data_dir::DataDirError;
pub use doctor::{Finding, Verdict, doctor};
pub use error::ServeError;
pub use frameos_gateway::LedgerAudit;
pub use keys::KeyError;
pub use maintenance::{KeyListed, KeyRotated, key_rotate, keys_list, ledger_verify, migrate, worker_status};
pub use master_rotation::{
    MasterKeyListed, MasterKeyRotated, master_key_prepare, master_key_rotate, master_keys_list,
    master_keys_retire,
};
pub use serve::{Server, gateway, serve, worker};
pub use signals::shutdown_on_signals;
pub use telemetry::{Telemetry, TelemetryError, telemetry_start};
