//! The use cases of the marketplace and the execution engine, free of HTTP and SQL text.
//!
//! One noun, one file, functions named `noun_verb` whose first argument is the [`App`] and whose second is who asks. Every
//! function returns a closed [`AppError`]. Nothing here reads the environment or the wall clock.
#![forbid(unsafe_code)]

mod account;
mod account_delete;
mod account_mail;
mod agent;
mod agent_check;
mod app;
mod attempt;
mod audit;
mod bare_run;
mod browse;
mod catalogue;
mod code_cache;
mod credential;
mod csv;
mod deployment;
mod developer;
mod developer_errors;
mod directory;
mod error;
mod execution;
mod idempotency;
mod inputs;
mod jobs;
mod lease;
mod live;
mod login;
mod mail;
mod manifest_cache;
mod metrics;
mod news;
mod notification;
mod outcome;
mod overview;
mod password;
mod payment;
mod payment_http;
mod payout;
mod payout_account;
mod personal_token;
mod places;
mod plain_text;
mod pricing;
mod read_token;
mod refund;
mod review;
mod run;
mod run_event;
mod run_share;
mod run_token;
mod runner;
mod scan;
mod search;
mod second_factor;
mod seed;
mod session;
mod settle;
mod spending;
mod submission;
mod subscription;
mod tell;
mod token;
mod trace;
mod turns;
mod upgrade;
mod usage;
mod user_review;
mod version;
mod version_page;
mod wallet;
mod webhook;
mod worker;
mod worker_status;
mod x402;
mod yank;

pub use account::*;
pub use account_delete::account_delete;
pub use agent::*;
pub use agent_check::*;
pub use app::{App, Parts, PayoutSettings, PlatformKeys, Settings};
pub use audit::*;
pub use bare_run::{
    LOG_HEAD_BYTES, bundle_write, log_head, run_language, run_redactor, run_resources, run_spec,
};
pub use browse::*;
pub use catalogue::{Answers, Body, Listed, Snapshot, catalogue, catalogue_follow};
pub use deployment::*;
pub use developer::*;
pub use developer_errors::*;
pub use directory::*;
pub use error::{AppError, Result};
pub use execution::*;
pub use idempotency::*;
pub use inputs::{InputErrors, inputs_merge, outputs_check};
pub use jobs::jobs_run;
pub use login::{Origin, Proof, Tokens, account_login};
pub use mail::{Mail, MailError, Mailer};
pub use metrics::{Metrics, Stage, metrics_refresh};
pub use notification::{notification_list, notification_read};
pub use outcome::{RunEnd, outcome_judge};
pub use overview::*;
pub use password::{password_change, password_forgotten, password_reset};
pub use payment_http::{HttpGateway, Signer};
pub use payout::*;
pub use payout_account::*;
pub use personal_token::{
    PERSONAL_TOKEN_PREFIX, PersonalTokenNew, Scope, personal_token_create, personal_token_list,
    personal_token_revoke,
};
pub use pricing::agent_pricing_set;
pub use read_token::{READ_TOKEN_PREFIX, read_token_verify};
pub use refund::*;
pub use review::*;
pub use run_event::*;
pub use run_share::*;
pub use run_token::{RUN_TOKEN_PREFIX, RunIdentity, run_authenticate, run_log, run_progress};
pub use runner::Runner;
pub use scan::{Rescan, VerdictChange, finding_accept, finding_withdraw, rules_passed, versions_rescan};
pub use search::{AgentQuery, FacetValue, Facets, Found, SearchSort};
pub use second_factor::{
    Enrolled, recovery_codes_regenerate, two_factor_confirm, two_factor_disable, two_factor_enroll,
};
pub use seed::*;
pub use session::{
    SessionView, principal_authenticate, session_end, session_end_all, session_list, session_logout,
    session_refresh,
};
pub use spending::*;
pub use submission::Submission;
pub use subscription::{
    SubscriptionView, subscription_cancel, subscription_create, subscription_get, subscription_list,
    subscription_pay, subscription_resume,
};
pub use token::Principal;
pub use trace::{TRACE, trace_failed, trace_follow, trace_name, trace_parent};
pub use upgrade::*;
pub use usage::{pricing_charges, pricing_meter};
pub use user_review::*;
pub use version::*;
pub use version_page::*;
pub use wallet::*;
pub use webhook::*;
pub use worker::{worker_recover, worker_run};
pub use x402::*;
pub use yank::*;
