//! What each kind of answer looks like, for the document.

use frameos_contract::run_event::RunEvent;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Operation, Replies, refusals::header};
use crate::api::reply::{
    Bare, Csv, Data, Document, Elsewhere, Events, Made, Markdown, Metrics, Page, Saved, Stylesheet, Tagged,
    TextPart, UnderWay,
};

const JSON: &str = "application/json";

fn enveloped<T: ToSchema>(operation: &mut Operation, status: u16, headers: &[(&str, Value)]) {
    let data = operation.schemas.answer::<T>();
    let schema = json!({
        "type": "object",
        "required": ["success", "data"],
        "properties": {"success": {"type": "boolean", "const": true}, "data": data},
    });
    operation.reply(status, JSON, schema, headers);
}

impl<T: ToSchema> Replies for Data<T> {
    fn describe(operation: &mut Operation) {
        enveloped::<T>(operation, 200, &[]);
    }
}

impl<T: ToSchema> Replies for Made<T> {
    fn describe(operation: &mut Operation) {
        enveloped::<T>(operation, 201, &[("Location", header("Location"))]);
    }
}

impl<T: ToSchema> Replies for UnderWay<T> {
    fn describe(operation: &mut Operation) {
        enveloped::<T>(operation, 202, &[]);
    }
}

impl<T: ToSchema> Replies for Elsewhere<T> {
    fn describe(operation: &mut Operation) {
        enveloped::<T>(operation, 202, &[("Location", header("Location"))]);
    }
}

impl<T: ToSchema> Replies for Tagged<T> {
    fn describe(operation: &mut Operation) {
        let headers = [("ETag", header("ETag"))];
        enveloped::<T>(operation, 200, &headers);
        operation.empty_reply(304, &headers);
    }
}

impl<T: ToSchema> Replies for Bare<T> {
    fn describe(operation: &mut Operation) {
        let schema = operation.schemas.answer::<T>();
        operation.reply(200, JSON, schema, &[]);
    }
}

impl<T: ToSchema> Replies for Saved<T> {
    fn describe(operation: &mut Operation) {
        enveloped::<T>(operation, 200, &[("Content-Disposition", header("ContentDisposition"))]);
    }
}

impl Replies for Document {
    fn describe(operation: &mut Operation) {
        tagged(operation, JSON, json!({"type": "object"}));
    }
}

impl Replies for Page {
    fn describe(operation: &mut Operation) {
        tagged(operation, "text/html", json!({"type": "string"}));
    }
}

impl Replies for Stylesheet {
    fn describe(operation: &mut Operation) {
        operation.reply(200, "text/css", json!({"type": "string"}), &[]);
    }
}

fn tagged(operation: &mut Operation, media: &str, schema: Value) {
    let headers = [("ETag", header("ETag"))];
    operation.reply(200, media, schema, &headers);
    operation.empty_reply(304, &headers);
}

impl Replies for Csv {
    fn describe(operation: &mut Operation) {
        let headers = [("Content-Disposition", header("ContentDisposition"))];
        operation.reply(200, "text/csv", json!({"type": "string"}), &headers);
    }
}

impl Replies for Markdown {
    fn describe(operation: &mut Operation) {
        operation.reply(200, "text/markdown", json!({"type": "string"}), &[]);
    }
}

impl Replies for TextPart {
    fn describe(operation: &mut Operation) {
        let headers = [("x-file-bytes", header("FileBytes")), ("x-file-truncated", header("FileTruncated"))];
        operation.reply(200, "text/plain", json!({"type": "string"}), &headers);
    }
}

impl Replies for Metrics {
    fn describe(operation: &mut Operation) {
        operation.reply(200, "text/plain", json!({"type": "string"}), &[]);
    }
}

impl Replies for Events {
    fn describe(operation: &mut Operation) {
        operation.schemas.answer::<RunEvent>();
        let about = "Each event's `data` is a `RunEvent`, but for `end`, whose data is the `Execution`.";
        operation.reply(200, "text/event-stream", json!({"type": "string", "description": about}), &[]);
        operation.empty_reply(204, &[]);
    }
}
