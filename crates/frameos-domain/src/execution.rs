//! The states of a run and which may follow which.
//!
//! Invariant: a final state is never left. `settling` means the agent succeeded and its outputs are sealed until the payment
//! commits; only from there can a run become `success` when it costs money.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    Queued,
    Running,
    Settling,
    Success,
    Failed,
    Timeout,
    Cancelled,
}

impl RunStatus {
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Running,
        Self::Settling,
        Self::Success,
        Self::Failed,
        Self::Timeout,
        Self::Cancelled,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Settling => "settling",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the run has ended.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Timeout | Self::Cancelled)
    }

    /// Whether a run in this state may move to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Queued => matches!(next, Self::Running | Self::Cancelled | Self::Failed),
            // Back to queued: a platform fault or a retry the manifest allows.
            Self::Running => {
                matches!(next, Self::Queued | Self::Settling | Self::Failed | Self::Timeout | Self::Cancelled)
            }
            Self::Settling => matches!(next, Self::Success | Self::Failed),
            Self::Success | Self::Failed | Self::Timeout | Self::Cancelled => false,
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RunStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a run status"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_states_are_never_left() {
        for from in RunStatus::ALL {
            let leaves = RunStatus::ALL.into_iter().any(|next| from.may_become(next));
            assert_eq!(leaves, !from.is_final(), "{from}");
            assert_eq!(from.as_str().parse(), Ok(from));
        }
        assert!(!RunStatus::Running.may_become(RunStatus::Success), "success only comes from settling");
    }
}
