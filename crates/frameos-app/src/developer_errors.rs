//! What goes wrong with a developer's agents: how often for which reason, and in which words.
//!
//! Invariants: nothing that a user put in is in the words; they are told of the latest failed runs only, so what is asked for
//! costs the same however much failed.

use std::collections::HashMap;

use frameos_domain::{
    clock::Timestamp,
    execution::FailureReason,
    id::{AgentId, DeveloperId, ExecutionId},
    redact::Redactor,
};
use frameos_store::execution::{self, FailedExecution};

use crate::{
    app::App,
    developer::{DAY, DAYS, MOST_DAYS, agent_asked, input_texts},
    error::{AppError, Result},
};

/// How many failed runs are looked into.
const LOOKED_AT: u32 = 100;
/// Bytes of a run's inputs that its words are cleared of; of more, nothing is told.
const INPUTS_MOST: u32 = 64 << 10;
/// Characters of an error's first line.
const HEAD: usize = 160;

/// Failures of some days.
#[derive(Debug, Clone)]
pub struct DeveloperErrors {
    pub days: u32,
    /// All of them, most first.
    pub reasons: Vec<(FailureReason, i64)>,
    /// Of the latest failed runs, most first.
    pub errors: Vec<ErrorHead>,
    /// How many runs that were.
    pub looked_at: usize,
}

/// Runs of an agent that failed alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorHead {
    pub agent_id: AgentId,
    pub reason: Option<FailureReason>,
    /// The first line, numbers as `#`; none when nothing was said, or it cannot be cleared of inputs.
    pub message: Option<String>,
    pub executions: i64,
    /// Of the latest.
    pub execution_id: ExecutionId,
    pub version: String,
    pub at: Timestamp,
}

/// What went wrong in the last `days`, 30 unless said.
pub async fn developer_errors(
    app: &App,
    developer: DeveloperId,
    (agent, days): (Option<&str>, Option<u32>),
) -> Result<DeveloperErrors> {
    let agent = agent_asked(agent)?;
    let days = days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(AppError::field("days", format!("must be between 1 and {MOST_DAYS}")));
    }
    let from = app.now().minus(DAY * days);
    let read = app.store().read(move |tx| {
        Box::pin(async move {
            let bounds = (LOOKED_AT, INPUTS_MOST);
            Ok((
                execution::execution_failures(tx, developer, agent, from).await?,
                execution::execution_list_failed(tx, developer, agent, from, bounds).await?,
            ))
        })
    });
    let (reasons, failed) = read.await?;
    let looked_at = failed.len();
    let _turn = app.clearing.acquire().await.map_err(AppError::internal)?;
    let errors = tokio::task::spawn_blocking(move || heads(failed)).await.map_err(AppError::internal)?;
    Ok(DeveloperErrors { days, reasons, errors, looked_at })
}

/// The runs, newest first, put together by what they say.
fn heads(failed: Vec<FailedExecution>) -> Vec<ErrorHead> {
    let mut heads: Vec<ErrorHead> = Vec::new();
    let mut places: HashMap<(AgentId, Option<FailureReason>, Option<String>), usize> = HashMap::new();
    for run in failed {
        let message = cleared(&run);
        let place = *places.entry((run.agent_id, run.reason, message.clone())).or_insert(heads.len());
        if let Some(head) = heads.get_mut(place) {
            head.executions += 1;
            continue;
        }
        heads.push(ErrorHead {
            agent_id: run.agent_id,
            reason: run.reason,
            message,
            executions: 1,
            execution_id: run.id,
            version: run.version,
            at: run.at,
        });
    }
    // A stable sort: among equals the latest stays first.
    heads.sort_by_key(|head| std::cmp::Reverse(head.executions));
    heads
}

fn cleared(run: &FailedExecution) -> Option<String> {
    let inputs = input_texts(run.inputs.as_ref()?)?;
    let message = run.error_message.as_deref()?;
    let cleared = Redactor::new(inputs.iter().map(String::as_str)).redact_cut(message);
    head(&cleared)
}

/// The first line that says something, without the numbers that tell one run from another.
fn head(message: &str) -> Option<String> {
    let line = message.lines().map(str::trim).find(|line| !line.is_empty())?;
    let mut head = String::new();
    for letter in line.chars().take(HEAD) {
        match letter {
            '0'..='9' if head.ends_with('#') => {}
            '0'..='9' => head.push('#'),
            _ => head.push(letter),
        }
    }
    Some(head)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn failed(at: i64, message: Option<&str>, inputs: Option<Value>) -> FailedExecution {
        FailedExecution {
            id: ExecutionId::generate(Timestamp::from_micros(at)),
            agent_id: AgentId::new(Timestamp::from_micros(0), [0; 10]),
            version: "1.0.0".into(),
            reason: Some(FailureReason::Exit),
            error_message: message.map(str::to_owned),
            inputs: inputs.map(|inputs| inputs.as_object().cloned().unwrap_or_else(Map::new)),
            at: Timestamp::from_micros(at),
        }
    }

    #[test]
    fn runs_that_fail_alike_are_one_error() {
        let found = heads(vec![
            failed(9, Some("other"), Some(json!({}))),
            failed(8, Some("\n  no city Berlin, line 12\nat x"), Some(json!({"city": "Berlin"}))),
            failed(7, Some("no city Mumbai, line 7"), Some(json!({"city": "Mumbai"}))),
            failed(6, Some("too much"), None),
            failed(5, None, Some(json!({}))),
        ]);
        let told: Vec<_> = found.iter().map(|head| (head.message.as_deref(), head.executions)).collect();
        assert_eq!(told, [(Some("no city [redacted], line #"), 2), (None, 2), (Some("other"), 1)]);
        assert_eq!(found[0].at, Timestamp::from_micros(8), "the latest stands for them");
    }

    #[test]
    fn a_head_is_short() {
        assert_eq!(head(&"x".repeat(500)).map(|head| head.len()), Some(HEAD));
        assert_eq!(head(" \n "), None);
    }
}
