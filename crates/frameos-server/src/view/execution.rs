//! Runs, as the contract shows them.

use frameos_app::{
    ExecutionFilter, ExecutionNew, ExecutionView, LogsView, PaymentView, Started, WaitReason, WaitView,
};
use frameos_contract::execution::{
    ExecuteRequest, Execution, ExecutionAttempt, ExecutionListQuery, ExecutionLogs, ExecutionPayment,
    ExecutionProgress, ExecutionQueued, ExecutionSummary,
};
use frameos_store::execution::{Attempt, ExecutionSummary as Listed};

pub(crate) fn execution_new(
    request: ExecuteRequest,
    idempotency_key: String,
    fingerprint: String,
) -> ExecutionNew {
    ExecutionNew {
        deployment_id: request.deployment_id,
        inputs: request.inputs,
        timeout_ms: request.timeout_ms,
        confirm: request.confirm,
        confirmed_amount: request.confirmed_amount,
        idempotency_key,
        fingerprint,
    }
}

pub(crate) fn queued(started: &Started) -> ExecutionQueued {
    ExecutionQueued {
        execution_id: started.execution_id.to_string(),
        status: started.status,
        estimated_duration_ms: started.estimated_duration_ms,
        poll_url: format!("/executions/{}", started.execution_id),
        message: "Execution queued. Check status at poll_url.".to_owned(),
        read_token: None,
    }
}

pub(crate) fn filter(query: ExecutionListQuery) -> ExecutionFilter {
    ExecutionFilter { status: query.status, agent_id: query.agent_id }
}

pub(crate) fn execution(view: ExecutionView) -> Execution {
    Execution {
        id: view.id.to_string(),
        agent_id: Some(view.agent_id.to_string()),
        agent_name: Some(view.agent_name),
        agent_slug: Some(view.agent_slug),
        version: Some(view.version),
        deployment_id: Some(view.deployment_id.to_string()),
        status: view.status,
        created_at: view.created_at,
        started_at: view.started_at,
        completed_at: view.completed_at,
        elapsed_ms: view.elapsed_ms,
        duration_ms: view.duration_ms,
        queue_position: view.wait.map(|wait| wait.position),
        estimated_start_ms: view.wait.map(|wait| wait.estimated_start_ms),
        waiting_for: view.wait.map(waiting_for),
        attempt: Some(view.attempt),
        attempts: view.attempts.into_iter().map(attempt).collect(),
        settlement: view.settlement,
        inputs: view.inputs,
        outputs: view.outputs,
        stdout: view.stdout,
        stderr: view.stderr,
        logs_truncated: view.logs_truncated,
        error_message: view.error_message,
        failure_reason: view.failure_reason,
        exit_code: view.exit_code,
        resources: view.resources,
        isolation: view.isolation,
        progress: view
            .progress
            .map(|said| ExecutionProgress { fraction: said.fraction, message: said.message }),
        receipt_salt: view.receipt_salt,
        max_amount: view.max_amount,
        charges: view.charges,
        subscription_id: view.subscription_id.map(|id| id.to_string()),
        payment: view.payment.map(payment),
        read_token: None,
        refunded_amount: view.refunded_amount,
    }
}

fn waiting_for(wait: WaitView) -> String {
    let word = match wait.reason {
        WaitReason::Payment => "payment",
        WaitReason::Retry => "retry",
        WaitReason::UserLimit => "user_limit",
        WaitReason::AgentLimit => "agent_limit",
        WaitReason::Slot => "slot",
    };
    word.to_owned()
}

fn attempt(row: Attempt) -> ExecutionAttempt {
    ExecutionAttempt {
        attempt: row.attempt,
        started_at: row.started_at,
        ended_at: row.ended_at,
        outcome: row.outcome,
        reason: row.reason,
    }
}

fn payment(view: PaymentView) -> ExecutionPayment {
    ExecutionPayment {
        amount: view.amount,
        currency: view.currency,
        payment_id: view.payment_id,
        receipt_id: view.receipt_id,
    }
}

pub(crate) fn summary(run: Listed) -> ExecutionSummary {
    ExecutionSummary {
        id: run.id.to_string(),
        agent_id: run.agent_id.to_string(),
        agent_name: run.agent_name,
        version: run.version,
        deployment_id: run.deployment_id.to_string(),
        status: run.status,
        failure_reason: run.failure_reason,
        price_amount: run.price.minor,
        price_currency: run.price.currency.to_string(),
        duration_ms: run.duration_ms,
        created_at: run.created_at,
        completed_at: run.completed_at,
    }
}

pub(crate) fn logs(view: LogsView) -> ExecutionLogs {
    ExecutionLogs {
        stdout: view.stdout,
        stderr: view.stderr,
        stdout_bytes: view.stdout_bytes,
        stderr_bytes: view.stderr_bytes,
        truncated: view.truncated,
    }
}
