//! The states of a run and which may follow which, and why a run failed.
//!
//! Invariant: a final state is never left. `settling` means the agent succeeded and its outputs are sealed until the payment
//! commits; only from there can a run become `success` when it costs money.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
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

/// How far the settlement of a run has come. Each step is taken once, however often it is tried.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// The result is kept; nobody may read it.
    Sealed,
    /// The payment is taken.
    Charged,
    /// The developer's share and the statistics are noted.
    Credited,
    /// The end is final, and the outputs of a success may be read.
    Published,
}

impl Settlement {
    pub const ALL: [Self; 4] = [Self::Sealed, Self::Charged, Self::Credited, Self::Published];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Charged => "charged",
            Self::Credited => "credited",
            Self::Published => "published",
        }
    }
}

impl fmt::Display for Settlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Settlement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|step| step.as_str() == text);
        known.ok_or_else(|| format!("`{text}` is no step of a settlement"))
    }
}

/// Why a run is not a success.
///
/// Told from what the platform saw and never from what the agent says, so that an agent's message cannot pass for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The agent ended with an exit code other than 0: what it threw, too, and a result that is no JSON.
    Exit,
    /// A signal ended the agent: it crashed, or did it itself.
    Signal,
    /// The agent made a system call that no sandbox allows.
    ForbiddenCall,
    /// The agent wanted more memory than its limit.
    Oom,
    /// The agent was stopped at its time limit.
    Timeout,
    /// The agent ended well, but its outputs are missing, unreadable or not as its manifest promises.
    OutputsInvalid,
    /// The user cancelled the run.
    Cancelled,
    /// The platform could not run the agent.
    Platform,
    /// The agent succeeded, but the payment was refused.
    PaymentDeclined,
}

impl FailureReason {
    pub const ALL: [Self; 9] = [
        Self::Exit,
        Self::Signal,
        Self::ForbiddenCall,
        Self::Oom,
        Self::Timeout,
        Self::OutputsInvalid,
        Self::Cancelled,
        Self::Platform,
        Self::PaymentDeclined,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Signal => "signal",
            Self::ForbiddenCall => "forbidden_call",
            Self::Oom => "oom",
            Self::Timeout => "timeout",
            Self::OutputsInvalid => "outputs_invalid",
            Self::Cancelled => "cancelled",
            Self::Platform => "platform",
            Self::PaymentDeclined => "payment_declined",
        }
    }

    /// The state in which a run ends for this reason.
    pub const fn status(self) -> RunStatus {
        match self {
            Self::Timeout => RunStatus::Timeout,
            Self::Cancelled => RunStatus::Cancelled,
            _ => RunStatus::Failed,
        }
    }
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FailureReason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a failure reason"))
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

    #[test]
    fn a_reason_has_one_name() {
        for reason in FailureReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}
