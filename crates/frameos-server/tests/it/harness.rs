//! What every test stands on: a server of its own, clients for each role, agents to publish.

mod agents;
mod client;
mod contract;
mod leftovers;
mod mails;
mod redis;
mod server;

pub use agents::{Agent, deploy, execute, node_agent, pack, publish_unseen, python_agent};
pub use client::{Answer, Client, PASSWORD, answer, totp_now};
pub use contract::schema_hold;
pub use mails::token_in;
pub use redis::Redis;
pub use server::{TestApp, is_docker, test_config, tier_prefix};
