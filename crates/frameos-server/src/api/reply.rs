//! Successful answers: the data envelope with its status and headers.
//!
//! A handler's result names what it answers ([`Answer`], [`Created`], …), so that the compiler holds it to it and the
//! interface's description is made of the same types (`openapi`).

use std::marker::PhantomData;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use frameos_app::Body as Kept;
use frameos_contract::{Envelope, ErrorCode, account::Done};
use serde::Serialize;

use super::failure::ApiFailure;

/// An answer of kind `R`.
pub(crate) struct Reply<R>(Response, PhantomData<fn() -> R>);

/// What a handler gives back that answers by `R`.
pub(crate) type Replying<R> = Result<Reply<R>, ApiFailure>;
/// What most handlers give back: 200 with a `T` in the envelope.
pub(crate) type Answer<T> = Replying<Data<T>>;
/// 201 with a `T`, and where it is.
pub(crate) type Created<T> = Replying<Made<T>>;
/// 202 with a `T`.
pub(crate) type Begun<T> = Replying<UnderWay<T>>;

/// The kinds of answer; none is ever made.
pub(crate) struct Data<T>(PhantomData<T>);
pub(crate) struct Made<T>(PhantomData<T>);
pub(crate) struct UnderWay<T>(PhantomData<T>);
/// 202 that says where to look.
pub(crate) struct Elsewhere<T>(PhantomData<T>);
/// As `Data`, with a tag by which a client asks whether it has changed.
pub(crate) struct Tagged<T>(PhantomData<T>);
/// JSON without our envelope.
pub(crate) struct Bare<T>(PhantomData<T>);
/// A document to be saved as a file.
pub(crate) struct Saved<T>(PhantomData<T>);
pub(crate) enum Csv {}
pub(crate) enum Markdown {}
/// A text that may be cut off.
pub(crate) enum TextPart {}
pub(crate) enum Metrics {}
/// The interface's description, and its page with its look.
pub(crate) enum Document {}
pub(crate) enum Page {}
pub(crate) enum Stylesheet {}
/// Server-Sent Events.
pub(crate) enum Events {}

impl<R> Reply<R> {
    /// Says that `response` is an `R`. Whoever makes one by hand answers for that.
    pub(crate) const fn of(response: Response) -> Self {
        Self(response, PhantomData)
    }

    /// This answer, where another would do too.
    pub(crate) fn or<S>(self) -> Reply<(R, S)> {
        Reply::of(self.0)
    }

    /// This answer, where another was expected rather.
    pub(crate) fn instead_of<S>(self) -> Reply<(S, R)> {
        Reply::of(self.0)
    }

    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        self.0.headers_mut()
    }
}

impl<T> Reply<Data<T>> {
    /// The same, where one with a tag was expected.
    pub(crate) fn untagged(self) -> Reply<Tagged<T>> {
        Reply::of(self.0)
    }
}

impl<R> IntoResponse for Reply<R> {
    fn into_response(self) -> Response {
        self.0
    }
}

/// 200 with `data`.
pub(crate) fn ok<T: Serialize>(data: T) -> Answer<T> {
    Ok(Reply::of(json_response(StatusCode::OK, &Envelope::data(data))))
}

/// 200 with a message, when there is nothing else to say.
pub(crate) fn done(message: &str) -> Answer<Done> {
    ok(Done { message: message.to_owned() })
}

/// 201 with `data` and where the new thing is.
pub(crate) fn created<T: Serialize>(location: &str, data: T) -> Created<T> {
    Ok(Reply::of(located(StatusCode::CREATED, location, data)))
}

/// 202 with `data` and where to look for the result.
pub(crate) fn accepted<T: Serialize>(location: &str, data: T) -> Replying<Elsewhere<T>> {
    Ok(Reply::of(located(StatusCode::ACCEPTED, location, data)))
}

/// 202 with `data`, which says itself where the result will be.
pub(crate) fn begun<T: Serialize>(data: T) -> Begun<T> {
    Ok(Reply::of(json_response(StatusCode::ACCEPTED, &Envelope::data(data))))
}

/// 200 with `data` as it is, without the envelope.
pub(crate) fn bare<T: Serialize>(data: &T) -> Replying<Bare<T>> {
    Ok(Reply::of(json_response(StatusCode::OK, data)))
}

fn located<T: Serialize>(status: StatusCode, location: &str, data: T) -> Response {
    let mut response = json_response(status, &Envelope::data(data));
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// 200 with JSON that is kept, or 304 without it when the client has the same. Others may answer in another form.
pub(crate) fn tagged<R>(asked: &HeaderMap, kept: Kept) -> Reply<R> {
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|value| value.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == &*kept.tag
    });
    let mut response = if is_known {
        let mut unchanged = Response::new(Body::empty());
        *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
        unchanged
    } else {
        json_bytes(StatusCode::OK, axum::body::Bytes::from_owner(kept.bytes))
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&kept.tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Reply::of(response)
}

/// 200 with a text in Markdown.
pub(crate) fn markdown(text: String) -> Reply<Markdown> {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/markdown; charset=utf-8"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Reply::of(response)
}

/// 200 with a text of `bytes` bytes that may be cut off after `most` of them.
pub(crate) fn text_part(text: String, bytes: usize, most: usize) -> Reply<TextPart> {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert("x-file-bytes", HeaderValue::from(bytes));
    headers.insert("x-file-truncated", HeaderValue::from_static(if bytes > most { "true" } else { "false" }));
    Reply::of(response)
}

/// 200 with a table for spreadsheets, to be saved as `name`.
pub(crate) fn csv(name: &str, table: String) -> Replying<Csv> {
    let mut response = Response::new(Body::from(table));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&disposition).map_err(ApiFailure::internal)?,
    );
    Ok(Reply::of(response))
}

/// `value` as JSON, without the envelope.
pub(crate) fn json_response<T: Serialize>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => json_bytes(status, bytes),
        // Our own types always serialise; should one not, the client still gets the envelope.
        Err(error) => {
            tracing::error!(code = ErrorCode::INTERNAL.code, %error, "an answer could not be written");
            ApiFailure::internal(error).into_response()
        }
    }
}

/// JSON that is bytes already.
pub(crate) fn json_bytes(status: StatusCode, bytes: impl Into<Body>) -> Response {
    let mut response = Response::new(bytes.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
