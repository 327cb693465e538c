//! From what the sandbox saw to what the run is: the one place that decides whether an agent succeeded.
//!
//! Invariant: only exit code 0 with outputs that fit the manifest is a success; everything else costs nothing.

use frameos_domain::{
    execution::{FailureReason, RunStatus},
    manifest::{Manifest, RetryPolicy},
};
use frameos_sandbox::{End, Outcome};
use serde_json::{Value, json};

use crate::inputs::outputs_check;

/// `EX_TEMPFAIL` of sysexits.h: the agent asks to be tried again.
const EX_TEMPFAIL: i32 = 75;

/// What the system-call filter ends a process with.
const SIGSYS: i32 = 31;

/// Characters of an error message.
const LONGEST_MESSAGE: usize = 4_000;

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnd {
    /// `Success` still has to be paid for before anybody may see it.
    pub status: RunStatus,
    /// Present only on success.
    pub outputs: Option<Value>,
    pub error_message: Option<String>,
    /// Absent on success.
    pub failure_reason: Option<FailureReason>,
    pub exit_code: Option<i64>,
    /// Whether trying again is allowed and might help.
    pub retryable: bool,
}

/// Judges a finished run. `timeout_ms` is the limit that was in force.
pub fn outcome_judge(manifest: &Manifest, outcome: &Outcome, timeout_ms: u64) -> RunEnd {
    let failed = |reason: FailureReason, message: String, exit_code, retryable| RunEnd {
        status: reason.status(),
        outputs: None,
        error_message: Some(message_clean(&message)),
        failure_reason: Some(reason),
        exit_code,
        retryable,
    };
    match outcome.end {
        End::Exited(0) if outcome.outputs_error.is_some() => {
            let message = outcome.outputs_error.clone().unwrap_or_default();
            failed(FailureReason::OutputsInvalid, message, Some(0), false)
        }
        End::Exited(0) => {
            // An agent that promises nothing may return nothing.
            let outputs = outcome.outputs.clone().unwrap_or_else(|| json!({}));
            match outputs_check(manifest, &outputs) {
                Ok(()) => RunEnd {
                    status: RunStatus::Success,
                    outputs: Some(outputs),
                    error_message: None,
                    failure_reason: None,
                    exit_code: Some(0),
                    retryable: false,
                },
                Err(_) if outcome.outputs.is_none() => {
                    let message = "the agent ended without outputs: return an object from the handler, or print one \
                                   JSON object as the last line of stdout";
                    failed(FailureReason::OutputsInvalid, message.into(), Some(0), false)
                }
                Err(message) => failed(FailureReason::OutputsInvalid, message, Some(0), false),
            }
        }
        End::Exited(code) => {
            let retryable = code == EX_TEMPFAIL || manifest.retry == RetryPolicy::Safe;
            failed(FailureReason::Exit, exit_message(outcome, code), Some(i64::from(code)), retryable)
        }
        End::Signaled(signal) => {
            let reason = if signal == SIGSYS { FailureReason::ForbiddenCall } else { FailureReason::Signal };
            let message = match signal {
                SIGSYS => "the agent made a forbidden system call and was stopped (SIGSYS)".to_owned(),
                11 => "the agent crashed (SIGSEGV)".to_owned(),
                6 => "the agent aborted (SIGABRT)".to_owned(),
                _ => format!("the agent was ended by signal {signal}"),
            };
            let retryable = manifest.retry == RetryPolicy::Safe;
            failed(reason, message, Some(i64::from(128 + signal)), retryable)
        }
        End::TimedOut => {
            let message = format!("the agent was stopped at its time limit of {timeout_ms} ms");
            failed(FailureReason::Timeout, message, None, false)
        }
        End::OutOfMemory => {
            let message =
                format!("the agent ran out of memory: its limit is {} MB", manifest.runtime.memory_mb);
            failed(FailureReason::Oom, message, Some(137), false)
        }
        End::Cancelled => failed(FailureReason::Cancelled, "the run was cancelled".into(), None, false),
    }
}

/// A message fit to store and show: no control characters, which databases refuse and terminals obey, and not too long.
pub(crate) fn message_clean(message: &str) -> String {
    message
        .chars()
        .map(|letter| if letter.is_control() && letter != '\n' { ' ' } else { letter })
        .take(LONGEST_MESSAGE)
        .collect()
}

/// The agent's own words if it had any, else its exit code and the last line it wrote to stderr.
fn exit_message(outcome: &Outcome, code: i32) -> String {
    if let Some(message) = outcome.agent_error.as_deref().filter(|message| !message.trim().is_empty()) {
        // A plain error's type says nothing that its message does not.
        let plain = ["Error: ", "Exception: "].iter().find_map(|kind| message.strip_prefix(kind));
        return plain.unwrap_or(message).to_owned();
    }
    let stderr = String::from_utf8_lossy(&outcome.stderr.bytes);
    match stderr.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!(
            "the agent exited with code {code}: {}",
            line.trim().chars().take(500).collect::<String>()
        ),
        None => format!("the agent exited with code {code}"),
    }
}

#[cfg(test)]
mod tests {
    use frameos_sandbox::{Captured, Resources};

    use super::*;

    fn manifest(retry: &str) -> Manifest {
        Manifest::parse(&json!({
            "runtime": {"language": "nodejs", "memory_mb": 128},
            "outputs": [{"name": "n", "type": "integer"}],
            "retry": retry
        }))
        .unwrap()
    }

    fn outcome(end: End) -> Outcome {
        Outcome {
            end,
            stdout: Captured::default(),
            stderr: Captured::default(),
            outputs: Some(json!({"n": 1})),
            outputs_error: None,
            agent_error: None,
            counts: std::collections::BTreeMap::new(),
            resources: Resources::default(),
            tier: "linux".into(),
        }
    }

    fn judge(outcome: &Outcome) -> (RunStatus, Option<String>, Option<i64>, bool) {
        let end = outcome_judge(&manifest("never"), outcome, 1_000);
        assert_eq!(
            end.outputs.is_some(),
            end.status == RunStatus::Success,
            "outputs come with success alone"
        );
        (end.status, end.error_message, end.exit_code, end.retryable)
    }

    fn reason(outcome: &Outcome) -> Option<FailureReason> {
        outcome_judge(&manifest("never"), outcome, 1_000).failure_reason
    }

    #[test]
    fn only_a_clean_exit_with_promised_outputs_succeeds() {
        assert_eq!(judge(&outcome(End::Exited(0))), (RunStatus::Success, None, Some(0), false));
        assert_eq!(reason(&outcome(End::Exited(0))), None);
        let broken = Outcome { outputs: Some(json!({"n": "x"})), ..outcome(End::Exited(0)) };
        assert_eq!(judge(&broken).0, RunStatus::Failed);
        assert_eq!(reason(&broken), Some(FailureReason::OutputsInvalid));
        let none = Outcome { outputs: None, ..outcome(End::Exited(0)) };
        assert!(judge(&none).1.unwrap().contains("without outputs"));
        assert_eq!(reason(&none), Some(FailureReason::OutputsInvalid));
        let unreadable = Outcome {
            outputs: None,
            outputs_error: Some("the outputs cannot be read: too deep".into()),
            ..outcome(End::Exited(0))
        };
        assert_eq!(judge(&unreadable).1.unwrap(), "the outputs cannot be read: too deep");
        assert_eq!(reason(&unreadable), Some(FailureReason::OutputsInvalid));
    }

    #[test]
    fn each_other_end_says_what_happened() {
        for (end, why, words, code) in [
            (End::Exited(3), FailureReason::Exit, "exited with code 3", Some(3)),
            // What a shell says of a kill is no kill.
            (End::Exited(137), FailureReason::Exit, "exited with code 137", Some(137)),
            (End::Signaled(9), FailureReason::Signal, "signal 9", Some(137)),
            (End::Signaled(11), FailureReason::Signal, "SIGSEGV", Some(139)),
            (End::Signaled(31), FailureReason::ForbiddenCall, "forbidden system call", Some(159)),
            (End::TimedOut, FailureReason::Timeout, "1000 ms", None),
            (End::OutOfMemory, FailureReason::Oom, "128 MB", Some(137)),
            (End::Cancelled, FailureReason::Cancelled, "cancelled", None),
        ] {
            let (found, message, exit_code, retryable) = judge(&outcome(end));
            assert_eq!((found, exit_code, retryable), (why.status(), code, false), "{end:?}");
            assert!(message.unwrap().contains(words), "{end:?}");
            assert_eq!(reason(&outcome(end)), Some(why), "{end:?}");
        }
    }

    #[test]
    fn no_words_of_an_agent_change_the_reason() {
        for words in
            ["the platform could not run this agent in 3 attempts", "out of memory", "the run was cancelled"]
        {
            let said = Outcome { agent_error: Some(words.into()), ..outcome(End::Exited(1)) };
            assert_eq!(reason(&said), Some(FailureReason::Exit), "{words}");
        }
    }

    #[test]
    fn the_agents_own_words_come_first_and_clean() {
        let thrown =
            Outcome { agent_error: Some("Error: no\u{0} key\u{1b}[2J".into()), ..outcome(End::Exited(1)) };
        assert_eq!(judge(&thrown).1.unwrap(), "no  key [2J");
        let stderr = Captured { bytes: b"one\nlast words\n\n".to_vec(), total: 16 };
        let printed = Outcome { stderr, ..outcome(End::Exited(1)) };
        assert_eq!(judge(&printed).1.unwrap(), "the agent exited with code 1: last words");
        let long = Outcome { agent_error: Some("x".repeat(100_000)), ..outcome(End::Exited(1)) };
        assert_eq!(judge(&long).1.unwrap().len(), LONGEST_MESSAGE);
    }

    #[test]
    fn repeating_needs_the_manifests_leave_or_the_agents_wish() {
        let safe = manifest("safe");
        assert!(outcome_judge(&safe, &outcome(End::Exited(1)), 1).retryable);
        assert!(!outcome_judge(&safe, &outcome(End::TimedOut), 1).retryable);
        assert!(judge(&outcome(End::Exited(EX_TEMPFAIL))).3);
    }
}
