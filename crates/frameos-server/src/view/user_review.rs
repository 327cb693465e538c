//! Users' reviews, as the contract shows them.

use frameos_app::{UserReviewNew, UserReviews};
use frameos_contract::user_review::{
    DeveloperReview, DeveloperReviewList, ReportedReview, ReviewAuthor, ReviewReply, UserReview,
    UserReviewList, UserReviewRequest,
};
use frameos_store::{
    Page, Paged,
    review::{DeveloperReview as StoredDeveloperReview, PublishedReview, ReportedReview as StoredReport},
};

pub(crate) fn new(request: UserReviewRequest) -> UserReviewNew {
    UserReviewNew { rating: request.rating, title: request.title, text: request.text }
}

pub(crate) fn review(published: PublishedReview) -> UserReview {
    let review = published.review;
    let reply = published.reply.zip(published.replied_at);
    UserReview {
        id: review.id.to_string(),
        rating: review.rating,
        title: review.title,
        text: review.body,
        author: ReviewAuthor { name: published.user_name },
        version: review.version,
        reply: reply.map(|(text, replied_at)| ReviewReply { text, replied_at }),
        created_at: review.created_at,
        updated_at: review.updated_at,
        hidden_reason: published.hidden_reason,
    }
}

pub(crate) fn list(found: UserReviews, page: Page) -> UserReviewList {
    let stars = (1..).zip(found.stars.0).map(|(stars, count): (u8, i64)| (stars.to_string(), count));
    UserReviewList {
        reviews: found.listed.items.into_iter().map(review).collect(),
        total: found.listed.total,
        page: page.page,
        limit: page.limit,
        rating: found.stars.mean().unwrap_or(0.0),
        review_count: found.stars.count(),
        histogram: stars.collect(),
        own: found.own.map(review),
    }
}

pub(crate) fn of_developer(
    (listed, unanswered): (Paged<StoredDeveloperReview>, i64),
    page: Page,
) -> DeveloperReviewList {
    let entry = |found: StoredDeveloperReview| DeveloperReview {
        agent_id: found.published.review.agent_id.to_string(),
        review: review(found.published),
        agent_name: found.agent_name,
        agent_slug: found.agent_slug,
    };
    DeveloperReviewList {
        reviews: listed.items.into_iter().map(entry).collect(),
        total: listed.total,
        page: page.page,
        limit: page.limit,
        unanswered,
    }
}

pub(crate) fn reported(report: StoredReport) -> ReportedReview {
    ReportedReview {
        review: review(report.published),
        slug: report.agent_slug,
        reports: report.reports,
        first_reported_at: report.first_reported_at,
        reason: report.reason,
    }
}
