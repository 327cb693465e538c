//! Puts the document together: one operation per line of the route table, and what they share.

use frameos_contract::ApiError;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    Operation,
    examples::example,
    operation::OperationParts,
    operations::{TAGS, named},
    refusals,
    schemas::Schemas,
};
use crate::api::routes::{Access, Route, routes};

const ABOUT: &str = "The public HTTP interface of FrameOS. Every answer is `{\"success\": true, \"data\": …}` or \
    `{\"success\": false, \"error\": {code, message, details, request_id}}`. Amounts are integers of minor units with a \
    currency beside them; times are RFC 3339 in UTC; lists are read by `page` and `limit`. A request that changes something \
    and carries an `Idempotency-Key` has its effect once.";

/// The whole document.
pub fn document() -> Value {
    let mut schemas = Schemas::default();
    let mut paths = Map::new();
    for route in routes() {
        let (operation, described) = operation(&route, schemas);
        schemas = described;
        let path = route.path.replace("{*", "{");
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    schemas.answer::<Error>();
    schemas.answer::<PaymentRequired>();
    let tags: Vec<_> = TAGS.iter().map(|(name, about)| json!({"name": name, "description": about})).collect();
    let schemas = schemas.finish();
    paths.values_mut().for_each(|methods| examples_add(methods, &schemas));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "FrameOS",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server this document comes from."}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": refusals::responses(),
            "headers": refusals::headers(),
            "securitySchemes": refusals::security_schemes(),
        },
    })
}

/// Gives each body and each main answer in JSON its example.
fn examples_add(methods: &mut Value, schemas: &Map<String, Value>) {
    for operation in methods.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let contents = ["/requestBody", "/responses/200", "/responses/201", "/responses/202"];
        for pointer in contents.map(|place| format!("{place}/content/application~1json")) {
            if let Some(content) = operation.pointer_mut(&pointer) {
                content["example"] = example(&content["schema"], schemas);
            }
        }
    }
}

/// The envelope of a refusal.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used; `Envelope` is what is sent")]
struct Error {
    #[schema(schema_with = never)]
    success: bool,
    error: ApiError,
}

/// A refusal that says, where x402 is on, what to pay.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used; `x402` writes it")]
struct PaymentRequired {
    #[schema(schema_with = never)]
    success: bool,
    error: ApiError,
    /// With `accepts`, what version 1 of x402 reads.
    #[schema(rename = "x402Version")]
    version: Option<u8>,
    accepts: Option<Vec<Value>>,
}

fn never() -> utoipa::openapi::schema::Object {
    use utoipa::openapi::{ObjectBuilder, Type};
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([false])).build()
}

fn operation(route: &Route, schemas: Schemas) -> (Value, Schemas) {
    let mut described = Operation::new(route.path, schemas);
    (route.describe)(&mut described);
    let named = named(&route.method, route.path);
    described.refusals.extend(named.refusals);
    access_tell(route, &mut described);
    let OperationParts { parameters, body, replies, refusals, takes_read_token, schemas } =
        described.into_parts();
    let mut responses = Map::new();
    for (status, mut reply) in replies {
        let headers = reply.entry("headers").or_insert_with(|| json!({}));
        headers["x-request-id"] = refusals::header("RequestId");
        if let (Some(_), Some(headers)) = (route.limit, headers.as_object_mut()) {
            headers.extend(refusals::counted());
        }
        responses.insert(status.to_string(), Value::Object(reply));
    }
    for status in refusals {
        responses.insert(status.to_string(), refusals::refusal(status));
    }
    let mut operation = json!({
        "operationId": named.id,
        "tags": [named.tag],
        "summary": named.summary,
        "security": security(route, takes_read_token),
        "responses": responses,
    });
    if !named.about.is_empty() {
        operation["description"] = json!(named.about);
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if let Some(body) = body {
        operation["requestBody"] = body;
    }
    if let Some(scope) = route.needs.scope {
        operation["x-scope"] = json!(scope.as_str());
    }
    (operation, schemas)
}

/// What the table's line says of who may use it, and how often.
fn access_tell(route: &Route, operation: &mut Operation) {
    if route.limit.is_some() {
        operation.refusals.insert(429);
    }
    if route.access != Access::Public {
        // What somebody may not know of does not exist for them, also where a query or a body names it.
        operation.refusals.extend([401, 403, 404]);
    }
    if route.method != axum::http::Method::GET {
        // An unusable key is refused even where none is needed.
        operation.refusals.insert(400);
        if !matches!(route.access, Access::Public | Access::Run) {
            operation.refusals.extend([404, 409, 422]);
            if !operation.has_header("Idempotency-Key") {
                let about = "The same when a request is repeated: the repeat gets the first answer.";
                operation.header("Idempotency-Key", about, (refusals::key_schema(), false));
            }
        }
    }
}

fn security(route: &Route, takes_read_token: bool) -> Value {
    let mut ways = match route.access {
        Access::Public => Vec::new(),
        Access::Open => vec![json!({})],
        Access::Run => vec![json!({"runToken": []})],
        Access::Account | Access::Developer | Access::User | Access::Admin => Vec::new(),
    };
    if !matches!(route.access, Access::Public | Access::Run) {
        ways.push(json!({"session": []}));
        if route.needs.scope.is_some() {
            ways.push(json!({"personalToken": []}));
        }
    }
    if takes_read_token {
        ways.push(json!({"readToken": []}));
    }
    json!(ways)
}
