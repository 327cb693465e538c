//! The admin's review queue, bans and audit log.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::admin::{
    AuditLog, BundleFile, BundleFiles, Decided, Decision, Overview, PlanChange, RescanRequest, Rescanned,
    ReviewQueue, VersionForReview,
};
use frameos_domain::id::{VersionId, kind};

use super::{
    Api,
    extract::{Admin, Json, OptionalJson, Paging, PathId, PathText, PathTexts},
    failure::ApiFailure,
    reply::{Answer, Replying, TextPart, ok, text_part},
};
use crate::view::admin as view;

/// `GET /admin/overview`
pub(crate) async fn overview(State(api): State<Api>, _: Admin) -> Answer<Overview> {
    ok(view::overview(app::overview(&api.app).await?))
}

/// `GET /admin/reviews`
pub(crate) async fn reviews(State(api): State<Api>, _: Admin, Paging(page): Paging) -> Answer<ReviewQueue> {
    let pending = app::review_queue(&api.app, page).await?;
    let now = api.app.now();
    let reviews = pending.items.into_iter().map(|version| view::pending_review(version, now)).collect();
    ok(ReviewQueue { reviews, total: pending.total, page: page.page, limit: page.limit })
}

/// `GET /admin/versions/:id`
pub(crate) async fn version(
    State(api): State<Api>,
    _: Admin,
    PathId(id): PathId<kind::Version>,
) -> Answer<VersionForReview> {
    ok(view::version_for_review(app::version_for_review(&api.app, id).await?))
}

/// `GET /admin/versions/:id/files`
pub(crate) async fn files(
    State(api): State<Api>,
    _: Admin,
    PathId(id): PathId<kind::Version>,
) -> Answer<BundleFiles> {
    let files = app::version_files(&api.app, id).await?.into_iter();
    ok(BundleFiles { files: files.map(|(path, bytes)| BundleFile { path, bytes }).collect() })
}

/// `GET /admin/versions/:id/files/*path`: the file's first megabyte as plain text, whatever it is.
pub(crate) async fn file(
    State(api): State<Api>,
    _: Admin,
    PathTexts(version, path): PathTexts,
) -> Replying<TextPart> {
    let version = version.parse().map_err(|_| ApiFailure::not_found())?;
    let shown = app::version_file(&api.app, version, &path).await?;
    Ok(text_part(shown.text, shown.bytes, app::FILE_SHOWN))
}

/// `POST /admin/versions/:id/approve`
pub(crate) async fn approve(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathId(id): PathId<kind::Version>,
    OptionalJson(body): OptionalJson<Decision>,
) -> Answer<Decided> {
    app::version_approve(&api.app, admin, id, body.reason).await?;
    decided(&id, "approved")
}

/// `POST /admin/versions/:id/reject`
pub(crate) async fn reject(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathId(id): PathId<kind::Version>,
    OptionalJson(body): OptionalJson<Decision>,
) -> Answer<Decided> {
    app::version_reject(&api.app, admin, id, body.reason.as_deref().unwrap_or_default()).await?;
    decided(&id, "rejected")
}

/// `POST /admin/versions/:id/findings/:fingerprint/accept`
pub(crate) async fn finding_accept(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathTexts(version, fingerprint): PathTexts,
    OptionalJson(body): OptionalJson<Decision>,
) -> Answer<Decided> {
    let version = version_id(&version)?;
    app::finding_accept(&api.app, admin, version, &fingerprint, body.reason.as_deref()).await?;
    decided(&fingerprint, "accepted")
}

/// `POST /admin/versions/:id/findings/:fingerprint/withdraw`
pub(crate) async fn finding_withdraw(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathTexts(version, fingerprint): PathTexts,
    OptionalJson(body): OptionalJson<Decision>,
) -> Answer<Decided> {
    let version = version_id(&version)?;
    app::finding_withdraw(&api.app, admin, version, &fingerprint, body.reason.as_deref()).await?;
    decided(&fingerprint, "withdrawn")
}

/// `POST /admin/rescan`
pub(crate) async fn rescan(
    State(api): State<Api>,
    Admin(admin): Admin,
    OptionalJson(body): OptionalJson<RescanRequest>,
) -> Answer<Rescanned> {
    let after = body.after.as_deref().map(version_id).transpose()?;
    ok(view::rescanned(app::versions_rescan(&api.app, admin, after).await?))
}

/// `POST /admin/agents/:id/ban`
pub(crate) async fn ban(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathText(agent): PathText,
    OptionalJson(body): OptionalJson<Decision>,
) -> Answer<Decided> {
    let id = app::agent_ban(&api.app, admin, &agent, body.reason.as_deref()).await?;
    decided(&id, "banned")
}

/// `POST /admin/agents/:id/unban`
pub(crate) async fn unban(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathText(agent): PathText,
    OptionalJson(body): OptionalJson<Decision>,
) -> Answer<Decided> {
    let id = app::agent_unban(&api.app, admin, &agent, body.reason.as_deref()).await?;
    decided(&id, "unbanned")
}

/// `POST /admin/developers/:id/suspend`
pub(crate) async fn suspend(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathId(id): PathId<kind::Developer>,
    OptionalJson(body): OptionalJson<Decision>,
) -> Answer<Decided> {
    app::developer_suspend(&api.app, admin, id, body.reason.as_deref()).await?;
    decided(&id, "suspended")
}

/// `POST /admin/developers/:id/reinstate`
pub(crate) async fn reinstate(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathId(id): PathId<kind::Developer>,
    OptionalJson(body): OptionalJson<Decision>,
) -> Answer<Decided> {
    app::developer_reinstate(&api.app, admin, id, body.reason.as_deref()).await?;
    decided(&id, "active")
}

/// `POST /admin/users/:id/plan`
pub(crate) async fn plan(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathId(id): PathId<kind::User>,
    Json(body): Json<PlanChange>,
) -> Answer<Decided> {
    let plan = app::user_plan_set(&api.app, admin, id, &body.plan).await?;
    decided(&id, plan.as_str())
}

/// `GET /admin/audit`
pub(crate) async fn audit(State(api): State<Api>, _: Admin, Paging(page): Paging) -> Answer<AuditLog> {
    let log = app::audit_list(&api.app, page).await?;
    let entries = log.items.into_iter().map(view::audit_entry).collect();
    ok(AuditLog { entries, total: log.total, page: page.page, limit: page.limit })
}

fn version_id(text: &str) -> Result<VersionId, ApiFailure> {
    text.parse().map_err(|_| ApiFailure::not_found())
}

fn decided(id: &impl ToString, status: &str) -> Answer<Decided> {
    ok(Decided { id: id.to_string(), status: status.to_owned() })
}
