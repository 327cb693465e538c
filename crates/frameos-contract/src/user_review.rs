//! What users say of agents they have run.

use std::collections::BTreeMap;

use frameos_domain::clock::Timestamp;
use frameos_domain::id::ReviewId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::ReviewSort;

/// `PUT /agents/:id/reviews`: one per user and agent; another replaces it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserReviewRequest {
    /// 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: i64,
    /// Plain text, one line of up to 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 120)]
    pub title: Option<String>,
    /// Plain text, up to 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    pub text: Option<String>,
}

/// One review.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UserReview {
    #[schema(value_type = ReviewId)]
    pub id: String,
    #[schema(minimum = 1, maximum = 5)]
    pub rating: i64,
    #[schema(required)]
    pub title: Option<String>,
    #[schema(required)]
    pub text: Option<String>,
    pub author: ReviewAuthor,
    /// The version its author had run last when it was written.
    #[schema(required)]
    pub version: Option<String>,
    /// The developer's answer.
    #[schema(required)]
    pub reply: Option<ReviewReply>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Why nobody but its author sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_reason: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReviewAuthor {
    #[schema(example = "Ravi Nair")]
    pub name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReviewReply {
    pub text: String,
    pub replied_at: Timestamp,
}

/// `GET /agents/:id/reviews` query.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct UserReviewQuery {
    /// newest, oldest, highest or lowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ReviewSort>)]
    pub sort: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}

/// `GET /agents/:id/reviews`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UserReviewList {
    pub reviews: Vec<UserReview>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
    /// The mean; 0 without reviews.
    pub rating: f64,
    pub review_count: i64,
    /// How many reviews gave how many stars, `1` to `5`.
    pub histogram: BTreeMap<String, i64>,
    /// The signed-in user's own review, hidden or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<UserReview>,
}

/// The query of `GET /developers/reviews`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct DeveloperReviewQuery {
    /// One agent instead of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Only those without a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}

/// `GET /developers/reviews`: the reviews of a developer's agents, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeveloperReviewList {
    pub reviews: Vec<DeveloperReview>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
    /// How many have no reply.
    pub unanswered: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeveloperReview {
    pub review: UserReview,
    pub agent_id: String,
    pub agent_name: String,
    pub agent_slug: String,
}

/// `PUT /agents/:id/reviews/:review/reply`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewReplyRequest {
    /// Plain text, up to 2,000 characters.
    #[schema(max_length = 2000)]
    pub text: String,
}

/// `POST /agents/:id/reviews/:review/report`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewReportRequest {
    /// Up to 500 characters.
    #[schema(max_length = 500)]
    pub reason: String,
}

/// One entry of `GET /admin/review-reports`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportedReview {
    pub review: UserReview,
    pub slug: String,
    /// How many accounts reported it.
    pub reports: i64,
    pub first_reported_at: Timestamp,
    /// Of the latest report.
    pub reason: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportedReviewList {
    pub reports: Vec<ReportedReview>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}
