//! Following a run, and what a run says of itself over HTTP.

use frameos_domain::{clock::Timestamp, execution::RunStatus, receipt::Resources};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::{LogLevel, LogStream};

/// The data of an event of `GET /executions/:id/events`, but for `end`, whose data is the execution.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunEvent {
    pub at: Timestamp,
    /// From 1; 0 before the first.
    pub attempt: i64,
    #[serde(flatten)]
    pub data: RunEventData,
}

/// What an event tells; its name is the event's.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RunEventData {
    /// `state`: the run is in another state.
    State {
        status: RunStatus,
        /// Why it went back to the queue.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// `log`: a line that was printed, or an entry of `ctx.log`.
    Log {
        /// `stdout` (told when the run has ended, as far as it is open to its owner), `stderr` or `log`.
        #[schema(value_type = LogStream)]
        stream: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        level: Option<String>,
        message: String,
    },
    /// `progress`: what the agent says of how far it is.
    Progress { fraction: f64, message: String },
    /// `charge`: something a metered run's price is made of was counted, and what the run costs now if it succeeds.
    Charge { event: String, count: i64, amount: i64 },
    /// `resources`: what was used so far.
    Resources(Resources),
    /// `truncated`: more was said than is told as events; the logs have the rest.
    Truncated {},
}

impl RunEventData {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::State { .. } => "state",
            Self::Log { .. } => "log",
            Self::Progress { .. } => "progress",
            Self::Charge { .. } => "charge",
            Self::Resources(_) => "resources",
            Self::Truncated {} => "truncated",
        }
    }
}

/// `POST /executions/:id/progress`, with the run's execution token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunProgressRequest {
    /// 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub fraction: f64,
    #[serde(default)]
    pub message: String,
}

/// `POST /executions/:id/logs`, with the run's execution token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunLogRequest {
    /// `debug`, `info`, `warn` or `error`.
    #[serde(default = "info")]
    #[schema(value_type = LogLevel)]
    pub level: String,
    #[schema(max_length = 8192)]
    pub message: String,
}

fn info() -> String {
    "info".to_owned()
}
