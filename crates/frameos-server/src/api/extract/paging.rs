//! `?page=&limit=`: pages count from 1 and hold 1 to 100 entries, 20 when nothing is said.

use axum::{extract::FromRequestParts, http::request::Parts};
use frameos_contract::{ErrorCode, envelope::PageQuery};
use frameos_store::Page;

use super::Query;
use crate::api::failure::ApiFailure;

const DEFAULT_LIMIT: u32 = 20;
const HIGHEST_LIMIT: u32 = 100;

/// The page a list request asks for.
pub(crate) struct Paging(pub Page);

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        let Query(query) = Query::<PageQuery>::from_request_parts(parts, state).await?;
        page_check(query.page, query.limit).map(Self)
    }
}

/// The page asked for, within its bounds.
pub(crate) fn page_check(page: Option<u32>, limit: Option<u32>) -> Result<Page, ApiFailure> {
    let page = Page::new(page.unwrap_or(1), limit.unwrap_or(DEFAULT_LIMIT));
    // Ten million entries in: nobody pages that far, and offsets stay small.
    if !(1..=100_000).contains(&page.page) {
        return Err(ApiFailure::new(ErrorCode::INVALID_REQUEST, "page must be from 1 to 100000"));
    }
    if !(1..=HIGHEST_LIMIT).contains(&page.limit) {
        return Err(ApiFailure::new(ErrorCode::INVALID_REQUEST, "limit must be from 1 to 100"));
    }
    Ok(page)
}
