//! What every operation shares: refusals by their status, headers, ways to sign in.

use frameos_contract::ErrorCode;
use serde_json::{Map, Value, json};

/// The statuses refusals come with, the name of the answer, and what it means.
const REFUSALS: &[(u16, &str, &str)] = &[
    (400, "BadRequest", "The request cannot be understood as it is."),
    (401, "Unauthenticated", "Nobody proved who asks: log in, or send a token that holds."),
    (402, "PaymentRequired", "It costs money that is not there, or was not paid."),
    (403, "Forbidden", "Whoever asks may not do this."),
    (404, "NotFound", "There is nothing under this name, or nothing that whoever asks may know of."),
    (408, "RequestTimeout", "The body came too slowly."),
    (409, "Conflict", "The state of things forbids it; look, then decide again."),
    (413, "PayloadTooLarge", "The body is larger than this request may be."),
    (415, "UnsupportedMediaType", "The body is not of a kind this request takes."),
    (
        422,
        "Unprocessable",
        "The request is understood, but something in it does not hold; `details` says what.",
    ),
    (429, "TooManyRequests", "Too many requests; `Retry-After` says when there is room."),
    (500, "Internal", "Something went wrong on our side; `request_id` finds it in the log."),
    (503, "Unavailable", "Not now; `Retry-After` says when to ask again."),
];

/// A reference to the refusal with `status`.
pub(super) fn refusal(status: u16) -> Value {
    let name = REFUSALS.iter().find(|(known, ..)| *known == status).map_or("Internal", |(_, name, _)| name);
    json!({"$ref": format!("#/components/responses/{name}")})
}

/// All refusals by name.
pub(super) fn responses() -> Map<String, Value> {
    let response = |(status, name, about): &(u16, &str, &str)| {
        let codes = ErrorCode::ALL.iter().filter(|code| code.status == *status);
        let pages: Vec<_> = codes.map(|code| format!("`{}`", code.code)).collect();
        let mut headers = json!({"x-request-id": header("RequestId")});
        let schema = if *status == 402 { "PaymentRequired" } else { "Error" };
        match status {
            401 => headers["WWW-Authenticate"] = header("Authenticate"),
            429 | 503 => headers["Retry-After"] = header("RetryAfter"),
            _ => {}
        }
        let response = json!({
            "description": format!("{about} Codes: {}.", pages.join(", ")),
            "headers": headers,
            "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}},
        });
        ((*name).to_owned(), response)
    };
    REFUSALS.iter().map(response).collect()
}

/// Headers that answers have in common, by the names they are referred to.
const HEADERS: &[(&str, &str, &str)] = &[
    ("RequestId", "The request's id: the client's own `x-request-id` if it is well-formed.", "string"),
    ("Authenticate", "How to sign in.", "string"),
    ("RetryAfter", "Seconds to wait before asking again.", "integer"),
    ("Location", "Where the new thing is.", "string"),
    ("ETag", "Names what the answer says; send it back as `If-None-Match`.", "string"),
    ("RateLimitLimit", "How many requests may come at once.", "integer"),
    ("RateLimitRemaining", "How many of them are left.", "integer"),
    ("RateLimitReset", "Seconds until all of them are there again.", "integer"),
    ("RateLimitPolicy", "The limit in words of draft-ietf-httpapi-ratelimit-headers.", "string"),
    (
        "IdempotencyReplayed",
        "`true` when this is the answer to an earlier request with the same key.",
        "string",
    ),
    ("PreferenceApplied", "The wait that was granted.", "string"),
    ("ContentDisposition", "The name to save it under.", "string"),
    ("FileBytes", "How long the whole file is.", "integer"),
    ("FileTruncated", "Whether it is cut off.", "string"),
];

/// Those of an answer whose request was counted.
const COUNTED: &[(&str, &str)] = &[
    ("RateLimit-Limit", "RateLimitLimit"),
    ("RateLimit-Remaining", "RateLimitRemaining"),
    ("RateLimit-Reset", "RateLimitReset"),
    ("RateLimit-Policy", "RateLimitPolicy"),
];

/// A reference to a header.
pub(crate) fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

pub(super) fn headers() -> Map<String, Value> {
    let header = |(name, about, kind): &(&str, &str, &str)| {
        ((*name).to_owned(), json!({"description": about, "schema": {"type": kind}}))
    };
    HEADERS.iter().map(header).collect()
}

/// The headers of an answer whose request was counted.
pub(super) fn counted() -> Map<String, Value> {
    COUNTED.iter().map(|(name, shared)| ((*name).to_owned(), header(shared))).collect()
}

/// The schema of an `Idempotency-Key`.
pub(super) fn key_schema() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"})
}

/// The ways to sign in; all are `Authorization: Bearer`.
pub(super) fn security_schemes() -> Value {
    let bearer = |about: &str| json!({"type": "http", "scheme": "bearer", "description": about});
    json!({
        "session": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The `access_token` of a log-in; `POST /auth/refresh` gives the next.",
        },
        "personalToken": bearer("A personal access token (`fos_…`) with the scope that the operation's `x-scope` names."),
        "runToken": bearer("The execution token a run is given, for as long as it runs."),
        "readToken": bearer("The `read_token` of a run that was paid for without an account."),
    })
}
