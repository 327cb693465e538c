//! Users' reviews of agents.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::account::Done;
use frameos_contract::{
    admin::{Decided, Decision},
    user_review::{
        ReportedReviewList, ReviewReplyRequest, ReviewReportRequest, UserReview, UserReviewList,
        UserReviewQuery, UserReviewRequest,
    },
};
use frameos_domain::id::{ReviewId, kind};

use super::{
    Api,
    extract::{
        Admin, Authenticated, Developer, Json, OptionalJson, OptionalPrincipal, Paging, PathId, PathText,
        PathTexts, Query, User, page_check,
    },
    failure::ApiFailure,
    reply::{Answer, done, ok},
};
use crate::view::user_review as view;

/// `PUT /agents/:id/reviews`
pub(crate) async fn put(
    State(api): State<Api>,
    User(user): User,
    PathText(agent): PathText,
    Json(body): Json<UserReviewRequest>,
) -> Answer<UserReview> {
    ok(view::review(app::user_review_put(&api.app, user, &agent, view::new(body)).await?))
}

/// `DELETE /agents/:id/reviews`
pub(crate) async fn delete(
    State(api): State<Api>,
    User(user): User,
    PathText(agent): PathText,
) -> Answer<Done> {
    app::user_review_delete(&api.app, user, &agent).await?;
    done("Your review is removed.")
}

/// `GET /agents/:id/reviews`
pub(crate) async fn list(
    State(api): State<Api>,
    OptionalPrincipal(viewer): OptionalPrincipal,
    PathText(agent): PathText,
    Query(query): Query<UserReviewQuery>,
) -> Answer<UserReviewList> {
    let page = page_check(query.page, query.limit)?;
    let found = app::user_review_list(&api.app, &agent, viewer.as_ref(), query.sort.as_deref(), page).await?;
    ok(view::list(found, page))
}

/// `PUT /agents/:id/reviews/:review/reply`
pub(crate) async fn reply(
    State(api): State<Api>,
    Developer(developer): Developer,
    PathTexts(agent, review): PathTexts,
    Json(body): Json<ReviewReplyRequest>,
) -> Answer<UserReview> {
    let answered =
        app::user_review_reply(&api.app, developer, &agent, review_id(&review)?, &body.text).await?;
    ok(view::review(answered.ok_or_else(ApiFailure::not_found)?))
}

/// `DELETE /agents/:id/reviews/:review/reply`
pub(crate) async fn reply_delete(
    State(api): State<Api>,
    Developer(developer): Developer,
    PathTexts(agent, review): PathTexts,
) -> Answer<UserReview> {
    let answered = app::user_review_reply(&api.app, developer, &agent, review_id(&review)?, "").await?;
    ok(view::review(answered.ok_or_else(ApiFailure::not_found)?))
}

/// `POST /agents/:id/reviews/:review/report`
pub(crate) async fn report(
    State(api): State<Api>,
    Authenticated(reporter): Authenticated,
    PathTexts(agent, review): PathTexts,
    Json(body): Json<ReviewReportRequest>,
) -> Answer<Done> {
    app::user_review_report(&api.app, &reporter, &agent, review_id(&review)?, &body.reason).await?;
    done("Thank you: an administrator will look at it.")
}

/// `GET /admin/review-reports`
pub(crate) async fn reports(
    State(api): State<Api>,
    _: Admin,
    Paging(page): Paging,
) -> Answer<ReportedReviewList> {
    let found = app::user_review_reports(&api.app, page).await?;
    let reports = found.items.into_iter().map(view::reported).collect();
    ok(ReportedReviewList { reports, total: found.total, page: page.page, limit: page.limit })
}

/// `POST /admin/user-reviews/:review/hide`
pub(crate) async fn hide(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathId(id): PathId<kind::Review>,
    OptionalJson(body): OptionalJson<Decision>,
) -> Answer<Decided> {
    app::user_review_hide(&api.app, admin, id, body.reason.as_deref()).await?;
    ok(Decided { id: id.to_string(), status: "hidden".to_owned() })
}

/// `POST /admin/user-reviews/:review/show`
pub(crate) async fn show(
    State(api): State<Api>,
    Admin(admin): Admin,
    PathId(id): PathId<kind::Review>,
    OptionalJson(body): OptionalJson<Decision>,
) -> Answer<Decided> {
    app::user_review_show(&api.app, admin, id, body.reason.as_deref()).await?;
    ok(Decided { id: id.to_string(), status: "shown".to_owned() })
}

fn review_id(text: &str) -> Result<ReviewId, ApiFailure> {
    text.parse().map_err(|_| ApiFailure::not_found())
}
