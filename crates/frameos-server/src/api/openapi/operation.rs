//! One operation of the document while its handler's types describe it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::schemas::Schemas;

/// What is known of an operation so far.
pub(crate) struct Operation {
    /// Names in the path that no extractor has described yet.
    unnamed: VecDeque<String>,
    parameters: Vec<Value>,
    body: Option<Value>,
    replies: BTreeMap<u16, Map<String, Value>>,
    /// Statuses of the refusals it may answer.
    pub refusals: BTreeSet<u16>,
    /// Whether a run's read token opens it.
    pub takes_read_token: bool,
    pub schemas: Schemas,
}

impl Operation {
    pub(super) fn new(path: &str, schemas: Schemas) -> Self {
        let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let unnamed: VecDeque<_> = parts.map(|name| name.trim_start_matches('*').to_owned()).collect();
        let mut refusals = BTreeSet::from([500, 503]);
        if !unnamed.is_empty() {
            refusals.insert(404);
        }
        Self {
            unnamed,
            parameters: Vec::new(),
            body: None,
            replies: BTreeMap::new(),
            refusals,
            takes_read_token: false,
            schemas,
        }
    }

    /// Describes the next of the path's parameters; `schema` is given its name.
    pub(crate) fn path_parameter(&mut self, schema: impl FnOnce(&mut Schemas, &str) -> (String, Value)) {
        let Some(name) = self.unnamed.pop_front() else { return };
        let (about, schema) = schema(&mut self.schemas, &name);
        self.parameter("path", &name, &about, (schema, true));
    }

    /// Describes parameters of the query by the fields of `T`.
    pub(crate) fn query<T: ToSchema>(&mut self) {
        self.refusals.extend([400, 422]);
        for (name, mut schema, is_required) in self.schemas.properties::<T>() {
            let about = match schema.as_object_mut().and_then(|object| object.remove("description")) {
                Some(Value::String(about)) => about,
                _ => String::new(),
            };
            self.parameter("query", &name, &about, (schema, is_required));
        }
    }

    pub(crate) fn header(&mut self, name: &str, about: &str, schema: (Value, bool)) {
        self.parameter("header", name, about, schema);
    }

    fn parameter(&mut self, place: &str, name: &str, about: &str, (schema, is_required): (Value, bool)) {
        let mut parameter = json!({"name": name, "in": place, "required": is_required, "schema": schema});
        if !about.is_empty() {
            parameter["description"] = json!(about);
        }
        self.parameters.push(parameter);
    }

    /// Describes the body by `T`, read as JSON.
    pub(crate) fn json_body<T: ToSchema>(&mut self, is_required: bool) {
        let schema = self.schemas.request::<T>();
        self.refusals.extend([415, 422]);
        self.body("application/json", schema, is_required);
    }

    pub(crate) fn body(&mut self, media: &str, schema: Value, is_required: bool) {
        self.refusals.extend([400, 408, 413]);
        self.body = Some(json!({"required": is_required, "content": {media: {"schema": schema}}}));
    }

    /// Adds what is answered with `status`, as `media`. Headers are references or whole.
    pub(crate) fn reply(&mut self, status: u16, media: &str, schema: Value, headers: &[(&str, Value)]) {
        let reply = self.empty_reply(status, headers);
        let content = reply.entry("content").or_insert_with(|| json!({}));
        content[media] = json!({"schema": schema});
    }

    /// Adds an answer of `status` without a body.
    pub(crate) fn empty_reply(&mut self, status: u16, headers: &[(&str, Value)]) -> &mut Map<String, Value> {
        let reply = self.replies.entry(status).or_insert_with(|| {
            let about = match status {
                201 => "Made; `Location` says where it is.",
                202 => "Begun; the result comes later.",
                204 => "There is nothing more to tell.",
                304 => "What the client has is still true.",
                _ => "Done.",
            };
            Map::from_iter([("description".to_owned(), json!(about))])
        });
        for (name, header) in headers {
            reply.entry("headers").or_insert_with(|| json!({}))[*name] = header.clone();
        }
        reply
    }

    pub(super) fn has_header(&self, name: &str) -> bool {
        self.parameters.iter().any(|known| known["in"] == "header" && known["name"] == name)
    }

    pub(super) fn into_parts(self) -> OperationParts {
        OperationParts {
            parameters: self.parameters,
            body: self.body,
            replies: self.replies,
            refusals: self.refusals,
            takes_read_token: self.takes_read_token,
            schemas: self.schemas,
        }
    }
}

/// What an operation was described as.
pub(super) struct OperationParts {
    pub parameters: Vec<Value>,
    pub body: Option<Value>,
    pub replies: BTreeMap<u16, Map<String, Value>>,
    pub refusals: BTreeSet<u16>,
    pub takes_read_token: bool,
    pub schemas: Schemas,
}
