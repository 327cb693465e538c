//! Shared runs, as the contract shows them.

use frameos_app::{ExecutionView, RunShared};
use frameos_contract::run_share::{RunShare, SharedRun};
use frameos_domain::{clock::Timestamp, id::ExecutionId};

pub(crate) fn shared(id: ExecutionId, shared: RunShared) -> RunShare {
    RunShare {
        execution_id: id.to_string(),
        token: shared.token,
        url: shared.url,
        expires_at: shared.expires_at,
    }
}

/// What came out of a run; what went in, and whose it is, stays with its owner.
pub(crate) fn run((run, expires_at): (ExecutionView, Timestamp)) -> SharedRun {
    let (cost_amount, cost_currency) = run.payment.map(|paid| (paid.amount, paid.currency)).unzip();
    SharedRun {
        id: run.id.to_string(),
        agent_id: run.agent_id.to_string(),
        agent_name: run.agent_name,
        agent_slug: run.agent_slug,
        version: run.version,
        status: run.status,
        created_at: run.created_at,
        started_at: run.started_at,
        completed_at: run.completed_at,
        duration_ms: run.duration_ms,
        outputs: run.outputs,
        stdout: run.stdout,
        stderr: run.stderr,
        logs_truncated: run.logs_truncated.unwrap_or(false),
        error_message: run.error_message,
        failure_reason: run.failure_reason,
        cost_amount,
        cost_currency,
        expires_at,
    }
}
