//! Successful answers: the data envelope with its status and headers.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use frameos_app::Body as Kept;
use frameos_contract::{Envelope, ErrorCode, account::Done};
use serde::Serialize;

use super::failure::ApiFailure;

/// What a handler gives back.
pub(crate) type Answer = Result<Response, ApiFailure>;

/// 200 with `data`.
pub(crate) fn ok<T: Serialize>(data: T) -> Answer {
    Ok(json_response(StatusCode::OK, &Envelope::data(data)))
}

/// 200 with a message, when there is nothing else to say.
pub(crate) fn done(message: &str) -> Answer {
    ok(Done { message: message.to_owned() })
}

/// 201 with `data` and where the new thing is.
pub(crate) fn created<T: Serialize>(location: &str, data: T) -> Answer {
    Ok(located(StatusCode::CREATED, location, data))
}

/// 202 with `data` and where to look for the result.
pub(crate) fn accepted<T: Serialize>(location: &str, data: T) -> Answer {
    Ok(located(StatusCode::ACCEPTED, location, data))
}

/// 202 with `data`, which says itself where the result will be.
pub(crate) fn begun<T: Serialize>(data: T) -> Answer {
    Ok(json_response(StatusCode::ACCEPTED, &Envelope::data(data)))
}

fn located<T: Serialize>(status: StatusCode, location: &str, data: T) -> Response {
    let mut response = json_response(status, &Envelope::data(data));
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// 200 with JSON that is kept, or 304 without it when the client has the same. Others may answer in another form.
pub(crate) fn tagged(asked: &HeaderMap, kept: Kept) -> Response {
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
    response
}

/// 200 with a text in Markdown.
pub(crate) fn markdown(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/markdown; charset=utf-8"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// 200 with a text of `bytes` bytes that may be cut off after `most` of them.
pub(crate) fn text_part(text: String, bytes: usize, most: usize) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert("x-file-bytes", HeaderValue::from(bytes));
    headers.insert("x-file-truncated", HeaderValue::from_static(if bytes > most { "true" } else { "false" }));
    response
}

/// 200 with a table for spreadsheets, to be saved as `name`.
pub(crate) fn csv(name: &str, table: String) -> Answer {
    let mut response = Response::new(Body::from(table));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&disposition).map_err(ApiFailure::internal)?,
    );
    Ok(response)
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
