//! A user's configured agents.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::{
    account::Done,
    deployment::{
        ChangesQuery, DeployRequest, Deployed, Deployment, DeploymentList, DeploymentPatch, MovePreview,
    },
};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{Json, KeyedMint, Paging, PathId, PathText, Query, User},
    reply::{Answer, Created, created, ok},
};
use crate::view::deployment as view;

/// `POST /agents/:id/deploy`
pub(crate) async fn create(
    State(api): State<Api>,
    User(user): User,
    KeyedMint(mint): KeyedMint,
    PathText(agent): PathText,
    Json(body): Json<DeployRequest>,
) -> Created<Deployed> {
    let new = app::DeploymentNew { version: body.version, config: body.config };
    let deployment = app::deployment_create(&api.app, user, &agent, (new, mint)).await?;
    created(&format!("/deployments/{}", deployment.id), view::deployed(deployment))
}

/// `GET /deployments`
pub(crate) async fn list(
    State(api): State<Api>,
    User(user): User,
    Paging(page): Paging,
) -> Answer<DeploymentList> {
    let listed = app::deployment_list(&api.app, user, page).await?;
    let deployments = listed.items.into_iter().map(view::deployment).collect();
    ok(DeploymentList { deployments, total: listed.total, page: page.page, limit: page.limit })
}

/// `GET /deployments/:id`
pub(crate) async fn get(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Deployment>,
) -> Answer<Deployment> {
    ok(view::deployment(app::deployment_get(&api.app, user, id).await?))
}

/// `PATCH /deployments/:id`
pub(crate) async fn update(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Deployment>,
    Json(body): Json<DeploymentPatch>,
) -> Answer<Deployment> {
    let change = app::DeploymentChange { version: body.version, config: body.config, status: body.status };
    let (moved, changes) = app::deployment_update(&api.app, user, id, change).await?;
    ok(Deployment { changes: changes.map(view::changes), ..view::deployment(moved) })
}

/// `GET /deployments/:id/changes`
pub(crate) async fn changes(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Deployment>,
    Query(query): Query<ChangesQuery>,
) -> Answer<MovePreview> {
    let (changes, problem) = app::deployment_changes(&api.app, user, id, query.version.as_deref()).await?;
    let changes = view::changes(changes);
    ok(MovePreview { changes, config_fits: problem.is_none(), config_problem: problem })
}

/// `DELETE /deployments/:id`
pub(crate) async fn delete(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Deployment>,
) -> Answer<Done> {
    app::deployment_delete(&api.app, user, id).await?;
    ok(Done { message: "The deployment is deleted; its runs stay.".to_owned() })
}
