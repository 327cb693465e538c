//! Users' reviews of agents: writing, answering, reporting and hiding them.
//!
//! Invariants: only who has a successful run of the agent reviews it, once; readers see an author's name and nothing else of the
//! account; what is kept is plain text. Whoever may not know of an agent may not know of its reviews.

use frameos_domain::{
    id::{AdminId, AgentId, DeveloperId, ReviewId, UserId},
    rating::Stars,
};
use frameos_store::{
    audit,
    page::{Page, Paged},
    review::{self, DeveloperReview, PublishedReview, ReportedReview, Review, ReviewSort},
    status::NotificationKind,
};

use crate::{
    agent::agent_visible,
    app::App,
    developer::agent_asked,
    error::{AppError, Result},
    notification::notify,
    plain_text::{plain_line, plain_text},
    review::audit as entry,
    token::Principal,
    version::agent_owned,
};

const TITLE: usize = 120;
const TEXT: usize = 4_000;
const REPLY: usize = 2_000;
const REPORT: usize = 500;

/// What a user says.
#[derive(Debug, Clone)]
pub struct UserReviewNew {
    pub rating: i64,
    pub title: Option<String>,
    pub text: Option<String>,
}

/// An agent's reviews and what they add up to.
#[derive(Debug, Clone)]
pub struct UserReviews {
    pub listed: Paged<PublishedReview>,
    pub stars: Stars,
    /// The viewer's own.
    pub own: Option<PublishedReview>,
}

/// Writes a user's review of an agent they have run, in place of their earlier one.
pub async fn user_review_put(
    app: &App,
    user: UserId,
    agent: &str,
    new: UserReviewNew,
) -> Result<PublishedReview> {
    if !(1..=5).contains(&new.rating) {
        return Err(AppError::field("rating", "must be a whole number from 1 to 5"));
    }
    let title = plain_line("title", new.title.as_deref().unwrap_or_default(), TITLE)?;
    let body = plain_text("text", new.text.as_deref().unwrap_or_default(), TEXT)?;
    let agent = agent_visible(app, agent, None).await?;
    let (agent_id, now) = (agent.id, app.now());
    let rating = new.rating;
    let written = app.store().tx(move |tx| {
        Box::pin(async move {
            // A run that was a success stays one, so nothing can come between the question and the review.
            let Some(version) = review::review_run_version(tx, user, agent_id).await? else {
                return Ok(None);
            };
            let new = Review {
                id: ReviewId::generate(now),
                agent_id,
                user_id: user,
                rating,
                title,
                body,
                version: Some(version),
                created_at: now,
                updated_at: now,
            };
            let is_first = review::review_get(tx, user, agent_id).await?.is_none();
            review::review_put(tx, &new).await?;
            if is_first {
                let title = format!("{} has a new review: {rating} of 5", agent.name);
                let text = new.title.or(new.body).unwrap_or_default();
                let news = (NotificationKind::ReviewReceived, agent.slug, (title, text));
                notify(tx, &agent.developer_id.to_string(), news, now).await?;
            }
            review::review_get(tx, user, agent_id).await
        })
    });
    written.await?.ok_or_else(|| AppError::Forbidden {
        code: "REVIEW_NEEDS_RUN",
        message: "only who has had a successful run of this agent can review it; run it first".into(),
        details: None,
    })
}

/// Removes a user's own review.
pub async fn user_review_delete(app: &App, user: UserId, agent: &str) -> Result<()> {
    let agent_id = reviewable(app, agent).await?;
    let now = app.now();
    let done = app
        .store()
        .tx(move |tx| Box::pin(async move { review::review_delete(tx, user, agent_id, now).await }));
    if done.await? { Ok(()) } else { Err(AppError::not_found("review")) }
}

/// An agent's reviews.
pub async fn user_review_list(
    app: &App,
    agent: &str,
    viewer: Option<&Principal>,
    sort: Option<&str>,
    page: Page,
) -> Result<UserReviews> {
    let sort = match sort {
        None | Some("newest") => ReviewSort::Newest,
        Some("oldest") => ReviewSort::Oldest,
        Some("highest") => ReviewSort::Highest,
        Some("lowest") => ReviewSort::Lowest,
        Some(_) => return Err(AppError::field("sort", "must be one of newest, oldest, highest, lowest")),
    };
    let agent_id = agent_visible(app, agent, viewer).await?.id;
    let user = viewer.and_then(Principal::user);
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let listed = review::review_list(tx, agent_id, sort, page).await?;
            let stars = review::review_stars(tx, agent_id).await?;
            let own = match user {
                Some(user) => review::review_get(tx, user, agent_id).await?,
                None => None,
            };
            Ok(UserReviews { listed, stars, own })
        })
    });
    Ok(found.await?)
}

/// The reviews of all of a developer's agents, or of one, newest first; and how many have no answer.
pub async fn developer_reviews(
    app: &App,
    developer: DeveloperId,
    (agent, unanswered): (Option<&str>, bool),
    page: Page,
) -> Result<(Paged<DeveloperReview>, i64)> {
    let agent = agent_asked(agent)?;
    let listed = app.store().read(move |tx| {
        Box::pin(
            async move { review::review_list_by_developer(tx, developer, agent, unanswered, page).await },
        )
    });
    Ok(listed.await?)
}

/// Answers a review of one's own agent; an empty answer removes the earlier one.
pub async fn user_review_reply(
    app: &App,
    developer: DeveloperId,
    agent: &str,
    id: ReviewId,
    text: &str,
) -> Result<Option<PublishedReview>> {
    let text = plain_text("text", text, REPLY)?;
    let agent = agent_owned(app, developer, agent).await?;
    let (agent_id, now) = (agent.id, app.now());
    let answered = app.store().tx(move |tx| {
        Box::pin(async move {
            if !review::review_reply(tx, agent_id, id, text.as_deref(), now).await? {
                return Ok(None);
            }
            let found = review::review_find(tx, agent_id, id).await?;
            if let (Some(answered), Some(text)) = (&found, text) {
                let title = format!("The developer of {} replied to your review", agent.name);
                let news = (NotificationKind::ReviewReplied, agent.slug, (title, text));
                notify(tx, &answered.review.user_id.to_string(), news, now).await?;
            }
            Ok(found)
        })
    });
    Ok(answered.await?)
}

/// Tells the administrators that something is wrong with a review.
pub async fn user_review_report(
    app: &App,
    reporter: &Principal,
    agent: &str,
    id: ReviewId,
    reason: &str,
) -> Result<()> {
    let reason = plain_text("reason", reason, REPORT)?
        .ok_or_else(|| AppError::field("reason", "is required: what is wrong with this review?"))?;
    let agent_id = agent_visible(app, agent, Some(reporter)).await?.id;
    let (account, now) = (reporter.subject.clone(), app.now());
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            let found = review::review_find(tx, agent_id, id).await?.is_some();
            if found {
                review::review_report(tx, &account, id, &reason, now).await?;
            }
            Ok(found)
        })
    });
    if done.await? { Ok(()) } else { Err(AppError::not_found("review")) }
}

/// Reviews that were reported, the longest waiting first.
pub async fn user_review_reports(app: &App, page: Page) -> Result<Paged<ReportedReview>> {
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { review::review_list_reported_unscoped(tx, page).await }))
        .await?)
}

/// Hides a review from everybody but its author, who is shown why.
pub async fn user_review_hide(app: &App, admin: AdminId, id: ReviewId, reason: Option<&str>) -> Result<()> {
    let reason = plain_text("reason", reason.unwrap_or_default(), REPORT)?
        .ok_or_else(|| AppError::field("reason", "is required: the review's author will read it"))?;
    let (entry, now) = (entry(app, admin, "review.hide", id.to_string(), Some(reason.clone())), app.now());
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            let found = review::review_hide_unscoped(tx, id, &reason, now).await?;
            if found {
                audit::audit_insert(tx, &entry).await?;
            }
            Ok(found)
        })
    });
    if done.await? { Ok(()) } else { Err(AppError::not_found("review")) }
}

/// Shows a hidden review again, or lets a reported one stand.
pub async fn user_review_show(app: &App, admin: AdminId, id: ReviewId, reason: Option<&str>) -> Result<()> {
    let (entry, now) =
        (entry(app, admin, "review.show", id.to_string(), reason.map(str::to_owned)), app.now());
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            let found = review::review_show_unscoped(tx, id, now).await?;
            if found {
                audit::audit_insert(tx, &entry).await?;
            }
            Ok(found)
        })
    });
    if done.await? { Ok(()) } else { Err(AppError::not_found("review")) }
}

/// A public agent's id.
async fn reviewable(app: &App, agent: &str) -> Result<AgentId> {
    Ok(agent_visible(app, agent, None).await?.id)
}
