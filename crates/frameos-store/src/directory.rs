//! Accounts, agents and runs as administrators look for them, whoever's they are.
//!
//! Invariant: nothing of what users put into runs, no password and no secret is read here.

mod account;
mod agent;
mod execution;

pub use account::{
    AccountFilter, DeveloperEntry, UserEntry, developer_search_unscoped, user_search_unscoped,
};
pub use agent::{AgentEntry, AgentFilter, agent_search_unscoped};
pub use execution::{
    ExecutionEntry, ExecutionFilter, RefundEntry, execution_search_unscoped, refund_list_unscoped,
};
