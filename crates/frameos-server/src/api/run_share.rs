//! Showing a run to others by a link.

use axum::{
    extract::State,
    http::{HeaderValue, header},
};
use frameos_app as app;
use frameos_contract::{
    account::Done,
    run_share::{RunShare, RunShareRequest, RunShareState, SharedRun},
};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{OptionalJson, PathId, PathText, Public, User},
    reply::{Answer, Created, created, done, ok},
};
use crate::view::run_share as view;

/// `POST /executions/:id/share`
pub(crate) async fn create(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Execution>,
    OptionalJson(body): OptionalJson<RunShareRequest>,
) -> Created<RunShare> {
    let shared = app::run_share(&api.app, user, id, body.days).await?;
    created(&format!("/shared-runs/{}", shared.token), view::shared(id, shared))
}

/// `GET /executions/:id/share`
pub(crate) async fn state(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Execution>,
) -> Answer<RunShareState> {
    ok(RunShareState { expires_at: app::run_share_get(&api.app, user, id).await? })
}

/// `DELETE /executions/:id/share`
pub(crate) async fn delete(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Execution>,
) -> Answer<Done> {
    app::run_unshare(&api.app, user, id).await?;
    done("The link does not work any more.")
}

/// `GET /shared-runs/:token`
pub(crate) async fn get(State(api): State<Api>, _: Public, PathText(token): PathText) -> Answer<SharedRun> {
    let mut answer = ok(view::run(app::shared_run_get(&api.app, &token).await?))?;
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(answer)
}
