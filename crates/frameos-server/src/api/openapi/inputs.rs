//! What each extractor takes, for the document.

use axum::{
    extract::{RawQuery, Request, State},
    http::HeaderMap,
};
use frameos_domain::id::{Id, Kind, kind};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Input, Operation};
use crate::api::{
    extract::{
        Admin, Authenticated, Conditional, Developer, Format, From, IdempotencyKey, Json, KeyedMint,
        LastEventId, Minted, OptionalJson, OptionalKey, OptionalPrincipal, Paging, PathFile, PathId, PathIds,
        PathText, PathTexts, Prefer, Public, Query, Reader, Run, User,
    },
    x402::Caller,
};

/// Extractors that the table's line speaks for, or that take nothing a client decides about.
macro_rules! silent {
    ($($input:ty),*) => {$(
        impl Input for $input {
            fn describe(_: &mut Operation) {}
        }
    )*};
}

silent!(
    Public,
    Authenticated,
    OptionalPrincipal,
    Developer,
    User,
    Admin,
    From,
    Minted,
    OptionalKey,
    RawQuery,
    HeaderMap
);

impl<S> Input for State<S> {
    fn describe(_: &mut Operation) {}
}

impl<T: ToSchema> Input for Json<T> {
    fn describe(operation: &mut Operation) {
        operation.json_body::<T>(true);
    }
}

impl<T: ToSchema> Input for OptionalJson<T> {
    fn describe(operation: &mut Operation) {
        operation.json_body::<T>(false);
    }
}

impl<T: ToSchema> Input for Query<T> {
    fn describe(operation: &mut Operation) {
        operation.query::<T>();
    }
}

impl Input for Paging {
    fn describe(operation: &mut Operation) {
        operation.query::<frameos_contract::envelope::PageQuery>();
    }
}

/// The body as it is: whoever reads it knows what it is.
impl Input for Request {
    fn describe(operation: &mut Operation) {
        operation.body("application/json", json!({"type": "object"}), true);
    }
}

impl<K: Kind> Input for PathId<K> {
    fn describe(operation: &mut Operation) {
        operation.path_parameter(|schemas, _| id::<K>(schemas));
    }
}

impl<K: Kind, L: Kind> Input for PathIds<K, L> {
    fn describe(operation: &mut Operation) {
        operation.path_parameter(|schemas, _| id::<K>(schemas));
        operation.path_parameter(|schemas, _| id::<L>(schemas));
    }
}

impl<K: Kind> Input for PathFile<K> {
    fn describe(operation: &mut Operation) {
        operation.path_parameter(|_, _| {
            let pattern = format!("^{}[0-7][0-9a-hjkmnp-tv-z]{{25}}(\\.csv)?$", K::PREFIX);
            let about = format!("{} With `.csv` after its id, as a table.", K::ABOUT);
            (about, json!({"type": "string", "pattern": pattern}))
        });
        Format::describe(operation);
    }
}

impl Input for PathText {
    fn describe(operation: &mut Operation) {
        operation.path_parameter(|_, name| text(name));
    }
}

impl Input for PathTexts {
    fn describe(operation: &mut Operation) {
        operation.path_parameter(|_, name| text(name));
        operation.path_parameter(|_, name| text(name));
    }
}

/// An `Accept` header is no parameter of OpenAPI's: the kinds of answer say it.
impl Input for Format {
    fn describe(_: &mut Operation) {}
}

impl Input for IdempotencyKey {
    fn describe(operation: &mut Operation) {
        operation.refusals.extend([400, 409, 422]);
        let about =
            "New for each thing you want done, the same when you repeat it: a repeat gets the first answer.";
        operation.header("Idempotency-Key", about, (super::refusals::key_schema(), true));
    }
}

impl Input for KeyedMint {
    fn describe(operation: &mut Operation) {
        IdempotencyKey::describe(operation);
    }
}

impl Input for Prefer {
    fn describe(operation: &mut Operation) {
        let about = "`wait=N` holds the answer back for up to N seconds (60 at most), in case the result is there by then.";
        operation.header("Prefer", about, (json!({"type": "string", "examples": ["wait=10"]}), false));
    }
}

impl Input for Conditional {
    fn describe(operation: &mut Operation) {
        let about = "The `ETag` of an answer the client has.";
        operation.header("If-None-Match", about, (json!({"type": "string"}), false));
    }
}

impl Input for LastEventId {
    fn describe(operation: &mut Operation) {
        let about = "The id of the last event the client has seen; those after it are told.";
        operation.header("Last-Event-ID", about, (json!({"type": "string"}), false));
    }
}

impl Input for Run {
    fn describe(operation: &mut Operation) {
        operation.path_parameter(|schemas, _| id::<kind::Execution>(schemas));
    }
}

impl Input for Reader {
    fn describe(operation: &mut Operation) {
        operation.takes_read_token = true;
    }
}

impl Input for Caller {
    fn describe(operation: &mut Operation) {
        IdempotencyKey::describe(operation);
        operation.refusals.insert(402);
        for (name, version) in [("PAYMENT-SIGNATURE", 2), ("X-PAYMENT", 1)] {
            let about = format!(
                "A payment by x402 (version {version}), base64 of JSON, in place of an account; where that is on."
            );
            operation.header(name, &about, (json!({"type": "string"}), false));
        }
    }
}

fn id<K: Kind>(schemas: &mut super::schemas::Schemas) -> (String, Value) {
    (K::ABOUT.to_owned(), schemas.request::<Id<K>>())
}

/// A parameter that is no id alone, by its name in the path.
fn text(name: &str) -> (String, Value) {
    let about = match name {
        "agent" => "The agent's slug or id.",
        "version" => "The version's number, or for administrators its id.",
        "review" => "The review's id.",
        "finding" => "The finding's fingerprint.",
        "provider" => "The payment provider's name.",
        "path" => "The file's path in the bundle.",
        "file" => "The file's name, as the page has it.",
        _ => "",
    };
    (about.to_owned(), json!({"type": "string", "minLength": 1}))
}
