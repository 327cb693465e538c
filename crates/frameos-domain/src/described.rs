//! How the domain's own texts are described to clients of the HTTP interface: identifiers, times and currencies.
//!
//! What serde derives is described by a derive beside it; this is for the types that write and read themselves.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, Object, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

use crate::{
    clock::Timestamp,
    id::{Id, Kind},
    money::Currency,
};

/// The 26 characters of an id's number, as they are in examples.
const SAMPLE: &str = "01kb3v9d3ce0tr3q0v3n1h5x7m";

fn text(about: &str, example: Value) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).examples([example])
}

fn schema(object: Object) -> RefOr<Schema> {
    RefOr::T(Schema::Object(object))
}

impl<K: Kind> PartialSchema for Id<K> {
    fn schema() -> RefOr<Schema> {
        let pattern = format!("^{}[0-7][0-9a-hjkmnp-tv-z]{{25}}$", K::PREFIX);
        let example = format!("{}{SAMPLE}", K::PREFIX);
        schema(text(K::ABOUT, json!(example)).pattern(Some(pattern)).build())
    }
}

impl<K: Kind> ToSchema for Id<K> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(K::NAME)
    }
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        let about = "A point in time, as RFC 3339; in UTC with microseconds when it is told.";
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        schema(text(about, json!("2026-11-26T10:00:00.000000Z")).format(Some(format)).build())
    }
}

impl ToSchema for Timestamp {}

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        schema(text("An ISO 4217 currency code.", json!("INR")).pattern(Some("^[A-Z]{3}$")).build())
    }
}

impl ToSchema for Currency {}
