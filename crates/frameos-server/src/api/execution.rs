//! Runs: triggering, following and reading them.

use std::time::Instant;

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue},
};
use frameos_app::{self as app, Trigger};
use frameos_contract::execution::{
    ExecuteRequest, Execution, ExecutionList, ExecutionListQuery, ExecutionLogs, ExecutionQueued,
};
use frameos_domain::{
    ap2::Ap2Export,
    id::{ExecutionId, UserId, kind},
    receipt::RunReceiptDocument,
};

use super::{
    Api,
    extract::{Json, PathId, PathText, Prefer, Query, Reader, User, page_check},
    failure::ApiFailure,
    layers::{repeated, replay},
    reply::{Answer, Data, Elsewhere, Reply, Replying, accepted, ok},
    x402::{Caller, buy, settlement_told},
};
use crate::view::execution as view;

/// `POST /agents/:id/execute`
pub(crate) async fn start(
    State(api): State<Api>,
    caller: Caller,
    PathText(agent): PathText,
    prefer: Prefer,
    Json(body): Json<ExecuteRequest>,
) -> Replying<(Data<Execution>, Elsewhere<ExecutionQueued>)> {
    let begun = Instant::now();
    let (user, key, fingerprint) = match caller {
        Caller::User { user, key, fingerprint } => (user, key, fingerprint),
        Caller::Payer(payer) => return buy(&api, payer, &agent, &prefer, body).await,
    };
    let new = view::execution_new(body, key, fingerprint);
    let started = match app::execution_start(&api.app, user, &agent, new).await? {
        Trigger::Started(started) => started,
        Trigger::Refused { status, body } => return Ok(Reply::of(replay(status, body))),
    };
    api.app.metrics().stage(app::Stage::Trigger, begun.elapsed());
    let answer = match finished(&api, user, started.execution_id, &prefer).await? {
        Some(execution) => ok(execution)?.or(),
        None => {
            accepted(&format!("/executions/{}", started.execution_id), view::queued(&started))?.instead_of()
        }
    };
    let answer = preference_applied(answer, &prefer);
    Ok(if started.is_repeat { repeated(answer) } else { answer })
}

/// The run, if it ends within the wait the client prefers.
pub(super) async fn finished(
    api: &Api,
    user: UserId,
    id: ExecutionId,
    prefer: &Prefer,
) -> Result<Option<Execution>, ApiFailure> {
    let Some(wait) = prefer.wait else { return Ok(None) };
    let waited = tokio::select! {
        waited = app::execution_wait(&api.app, user, id, wait) => waited?,
        () = api.shutdown.cancelled() => return Ok(None),
    };
    Ok(waited.status.is_final().then(|| view::execution(waited)))
}

pub(super) fn preference_applied<R>(mut answer: Reply<R>, prefer: &Prefer) -> Reply<R> {
    let value = prefer.wait.map(|wait| HeaderValue::from_str(&format!("wait={}", wait.as_secs())));
    if let Some(Ok(value)) = value {
        answer.headers_mut().insert(HeaderName::from_static("preference-applied"), value);
    }
    answer
}

/// `GET /executions`
pub(crate) async fn list(
    State(api): State<Api>,
    User(user): User,
    Query(query): Query<ExecutionListQuery>,
) -> Answer<ExecutionList> {
    let page = page_check(query.page, query.limit)?;
    let listed = app::execution_list(&api.app, user, view::filter(query), page).await?;
    let executions = listed.items.into_iter().map(view::summary).collect();
    ok(ExecutionList { executions, total: listed.total, page: page.page, limit: page.limit })
}

/// `GET /executions/:id`
pub(crate) async fn get(
    State(api): State<Api>,
    Reader { user, pays }: Reader,
    PathId(id): PathId<kind::Execution>,
) -> Answer<Execution> {
    let answer = ok(view::execution(app::execution_get(&api.app, user, id).await?))?;
    if pays { settlement_told(&api, id, answer).await } else { Ok(answer) }
}

/// `POST /executions/:id/cancel`
pub(crate) async fn cancel(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Execution>,
) -> Answer<Execution> {
    ok(view::execution(app::execution_cancel(&api.app, user, id).await?))
}

/// `GET /executions/:id/logs`
pub(crate) async fn logs(
    State(api): State<Api>,
    Reader { user, .. }: Reader,
    PathId(id): PathId<kind::Execution>,
) -> Answer<ExecutionLogs> {
    ok(view::logs(app::execution_logs(&api.app, user, id).await?))
}

/// `GET /executions/:id/ap2`
pub(crate) async fn ap2(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Execution>,
) -> Answer<Ap2Export> {
    ok(app::execution_ap2(&api.app, user, id).await?)
}

/// `GET /executions/:id/receipt`
pub(crate) async fn receipt(
    State(api): State<Api>,
    Reader { user, .. }: Reader,
    PathId(id): PathId<kind::Execution>,
) -> Answer<RunReceiptDocument> {
    ok(app::execution_receipt(&api.app, user, id).await?)
}
