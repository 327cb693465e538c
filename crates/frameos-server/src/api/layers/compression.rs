//! Compresses what everybody may see, and nothing else.
//!
//! How far an answer shrinks tells what it repeats. Where a secret and something of an attacker's choice stand in one answer, that
//! gives the secret away letter by letter (BREACH), so answers to whoever shows a credential, and answers to requests that
//! change something (tokens, keys), go out as they are.

use axum::{
    extract::Request,
    http::{Method, Response, header},
    middleware::Next,
};
use http_body::Body;
use tower_http::compression::{
    CompressionLayer,
    predicate::{DefaultPredicate, Predicate},
};

/// Marks an answer that shows nobody's own.
#[derive(Clone)]
struct Shared;

/// Marks answers that may be compressed.
pub(crate) async fn compression_mark(request: Request, next: Next) -> axum::response::Response {
    let headers = request.headers();
    let is_own = headers.contains_key(header::AUTHORIZATION) || headers.contains_key(header::COOKIE);
    let is_shared = !is_own && (request.method() == Method::GET || request.method() == Method::HEAD);
    let mut response = next.run(request).await;
    if is_shared {
        response.extensions_mut().insert(Shared);
    }
    response
}

/// Applies to marked answers from about a kilobyte on; not to pictures or event streams.
pub(crate) fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().compress_when(DefaultPredicate::new().and(IsShared))
}

#[derive(Clone, Copy)]
struct IsShared;

impl Predicate for IsShared {
    fn should_compress<B: Body>(&self, response: &Response<B>) -> bool {
        let size = response.body().size_hint().exact();
        response.extensions().get::<Shared>().is_some() && size.is_none_or(|size| size >= 1_024)
    }
}
