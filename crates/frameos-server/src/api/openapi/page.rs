//! The document as a page for people: one HTML text without a script, and nothing in it from elsewhere.
//!
//! Invariant: whatever comes out of the document is escaped here, once, on its way into the page.

use std::fmt::Write;

use serde_json::{Map, Value};

/// The page's own look, served beside it.
pub(crate) const STYLE: &str = include_str!("page.css");

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// One operation of the document, as the page tells it.
struct Shown<'a> {
    method: &'a str,
    path: &'a str,
    told: &'a Value,
}

/// The whole page; `style` is where its look is served.
pub(crate) fn page(document: &Value, style: &str) -> String {
    let shown = operations(document);
    let mut page = String::with_capacity(512 << 10);
    head(&mut page, document, style);
    menu(&mut page, document, &shown);
    page.push_str("<main>");
    opening(&mut page, document);
    for tag in list(&document["tags"]) {
        let name = text(&tag["name"]);
        let _ = write!(
            page,
            "<h2 id=\"{0}\">{1}</h2><p>{2}</p>",
            anchor(name),
            escaped(name),
            prose(&tag["description"])
        );
        for operation in shown.iter().filter(|operation| operation.told["tags"][0] == name) {
            operation_tell(&mut page, operation, document);
        }
    }
    schemas(&mut page, document);
    page.push_str("</main></body></html>\n");
    page
}

fn operations(document: &Value) -> Vec<Shown<'_>> {
    let mut shown = Vec::new();
    for (path, methods) in object(&document["paths"]) {
        for method in METHODS {
            if let Some(told) = methods.get(method) {
                shown.push(Shown { method, path, told });
            }
        }
    }
    shown
}

fn head(page: &mut String, document: &Value, style: &str) {
    let title = escaped(text(&document["info"]["title"]));
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title} API</title><link rel=\"stylesheet\" href=\"{}\">\
         </head><body>",
        escaped(style)
    );
}

fn menu(page: &mut String, document: &Value, shown: &[Shown<'_>]) {
    page.push_str("<nav aria-label=\"Operations\"><p><a href=\"#top\"><strong>FrameOS API</strong></a></p>");
    for tag in list(&document["tags"]) {
        let name = text(&tag["name"]);
        let _ = write!(page, "<details open><summary>{}</summary><ul>", escaped(name));
        for operation in shown.iter().filter(|operation| operation.told["tags"][0] == name) {
            let id = text(&operation.told["operationId"]);
            let summary = escaped(text(&operation.told["summary"]));
            let _ = write!(page, "<li><a href=\"#{}\">{summary}</a></li>", anchor(id));
        }
        page.push_str("</ul></details>");
    }
    page.push_str("<p><a href=\"#schemas\">Schemas</a></p></nav>");
}

fn opening(page: &mut String, document: &Value) {
    let info = &document["info"];
    let _ = write!(
        page,
        "<h1 id=\"top\">{} API <span class=\"soft\">{}</span></h1><p>{}</p>\
         <p>The same for programs: <a href=\"/openapi.json\">openapi.json</a> (OpenAPI {}).</p><h4>Ways to sign in</h4><table>",
        escaped(text(&info["title"])),
        escaped(text(&info["version"])),
        prose(&info["description"]),
        escaped(text(&document["openapi"])),
    );
    for (name, scheme) in object(&document["components"]["securitySchemes"]) {
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td>{}</td></tr>",
            escaped(name),
            prose(&scheme["description"])
        );
    }
    page.push_str("</table>");
}

fn operation_tell(page: &mut String, operation: &Shown<'_>, document: &Value) {
    let Shown { method, path, told } = operation;
    let _ = write!(
        page,
        "<h3 id=\"{}\">{}</h3><p><span class=\"method\">{}</span> <code>{}</code></p>",
        anchor(text(&told["operationId"])),
        escaped(text(&told["summary"])),
        method.to_ascii_uppercase(),
        escaped(path)
    );
    if told["description"].is_string() {
        let _ = write!(page, "<p>{}</p>", prose(&told["description"]));
    }
    let _ = write!(page, "<p class=\"soft\">{}</p>", who(told));
    parameters(page, told);
    if let Some((media, body)) = object(&told["requestBody"]["content"]).next() {
        let _ =
            write!(page, "<h4>Body</h4><p>{} as <code>{}</code></p>", kind(&body["schema"]), escaped(media));
    }
    let _ = write!(page, "<pre><code>{}</code></pre>", escaped(&curl(operation)));
    answers(page, told, document);
}

fn who(told: &Value) -> String {
    let ways: Vec<_> = list(&told["security"]).flat_map(|way| object(way).map(|(name, _)| name)).collect();
    let mut line = match ways.as_slice() {
        [] => "For anyone.".to_owned(),
        ways => format!("Sign in: {}.", ways.iter().map(|name| escaped(name)).collect::<Vec<_>>().join(", ")),
    };
    if !ways.is_empty() && list(&told["security"]).any(|way| object(way).next().is_none()) {
        line.push_str(" Or not at all: some see more.");
    }
    if let Some(scope) = told["x-scope"].as_str() {
        let _ = write!(line, " Scope of a token: <code>{}</code>.", escaped(scope));
    }
    line
}

fn parameters(page: &mut String, told: &Value) {
    let mut parameters = list(&told["parameters"]).peekable();
    if parameters.peek().is_none() {
        return;
    }
    page.push_str("<h4>Parameters</h4><table><tr><th>Name</th><th>In</th><th>Type</th><th></th></tr>");
    for parameter in parameters {
        let needed = if parameter["required"] == true { ", required" } else { "" };
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td>{}{needed}</td><td>{}</td><td>{}</td></tr>",
            escaped(text(&parameter["name"])),
            escaped(text(&parameter["in"])),
            kind(&parameter["schema"]),
            prose(&parameter["description"])
        );
    }
    page.push_str("</table>");
}

fn answers(page: &mut String, told: &Value, document: &Value) {
    page.push_str("<h4>Answers</h4><table>");
    for (status, answer) in object(&told["responses"]) {
        let answer = resolved(answer, document);
        let mut what = prose(&answer["description"]);
        for (media, body) in object(&answer["content"]) {
            if status.starts_with('2') {
                let data = body["schema"]["properties"].get("data").unwrap_or(&body["schema"]);
                let _ = write!(what, " {} as <code>{}</code>.", kind(data), escaped(media));
            }
        }
        let _ = write!(page, "<tr><td><code>{}</code></td><td>{what}</td></tr>", escaped(status));
    }
    page.push_str("</table>");
    let main = object(&told["responses"]).find(|(status, _)| status.starts_with('2'));
    let example = main.and_then(|(_, answer)| answer["content"]["application/json"].get("example"));
    if let Some(example) = example {
        let shown = serde_json::to_string_pretty(example).unwrap_or_default();
        let _ = write!(
            page,
            "<details><summary>An answer</summary><pre><code>{}</code></pre></details>",
            escaped(&shown)
        );
    }
}

/// How to ask from a shell.
fn curl(operation: &Shown<'_>) -> String {
    let Shown { method, path, told } = operation;
    let mut line = "curl".to_owned();
    if *method != "get" {
        let _ = write!(line, " -X {}", method.to_ascii_uppercase());
    }
    let _ = write!(line, " \"$FRAMEOS_URL{path}\"");
    if list(&told["security"]).any(|way| object(way).next().is_some()) {
        line.push_str(" \\\n  -H \"Authorization: Bearer $TOKEN\"");
    }
    let keyed = list(&told["parameters"])
        .any(|parameter| parameter["name"] == "Idempotency-Key" && parameter["required"] == true);
    if keyed {
        line.push_str(" \\\n  -H \"Idempotency-Key: $(uuidgen)\"");
    }
    if let Some(example) = told["requestBody"]["content"]["application/json"].get("example") {
        let body = example.to_string().replace('\'', "'\\''");
        let _ = write!(line, " \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}'");
    }
    line
}

fn schemas(page: &mut String, document: &Value) {
    page.push_str("<h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in object(&document["components"]["schemas"]) {
        let about = prose(&schema["description"]);
        let _ = write!(page, "<h3 id=\"schema-{0}\">{0}</h3><p>{about}</p>", escaped(name));
        schema_tell(page, schema);
    }
}

fn schema_tell(page: &mut String, schema: &Value) {
    let parts: Vec<_> = list(&schema["allOf"]).chain(list(&schema["oneOf"])).collect();
    if !parts.is_empty() {
        let joined = if schema["allOf"].is_array() { "All of:" } else { "One of:" };
        let _ = write!(page, "<p class=\"soft\">{joined}</p>");
        for part in parts {
            if part["properties"].is_object() {
                schema_tell(page, part);
            } else {
                let _ = write!(page, "<p>{}</p>", kind(part));
            }
        }
    } else if schema["properties"].is_object() {
        page.push_str("<table>");
        for (name, property) in object(&schema["properties"]) {
            let needed = list(&schema["required"]).any(|required| required == name);
            let _ = write!(
                page,
                "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(name),
                if needed { "" } else { " <span class=\"soft\">may be absent</span>" },
                kind(property),
                prose(&property["description"])
            );
        }
        page.push_str("</table>");
    } else {
        let _ = write!(page, "<p>{}</p>", kind(schema));
    }
}

/// A schema in a few words, with links.
fn kind(schema: &Value) -> String {
    if let Some(target) = schema["$ref"].as_str() {
        let name = escaped(target.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    let mut words = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(|kind| escaped(text(kind))).collect::<Vec<_>>().join(" or "),
        Value::String(only) if only == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(only) => escaped(only),
        _ => "any JSON".to_owned(),
    };
    let choices: Vec<_> =
        list(&schema["enum"]).map(|choice| format!("<code>{}</code>", escaped(&plain(choice)))).collect();
    if !choices.is_empty() {
        words = choices.join(", ");
    }
    for (key, word) in [
        ("format", ""),
        ("minimum", "from "),
        ("maximum", "to "),
        ("minLength", "length from "),
        ("maxLength", "length to "),
    ] {
        if let Some(value) = schema.get(key) {
            let _ = write!(words, ", {word}{}", escaped(&plain(value)));
        }
    }
    words
}

fn resolved<'a>(answer: &'a Value, document: &'a Value) -> &'a Value {
    let target = answer["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
    target.and_then(|pointer| document.pointer(pointer)).unwrap_or(answer)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn object(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn anchor(name: &str) -> String {
    escaped(name).replace(' ', "-")
}

/// A sentence of the document; what is in backticks is code.
fn prose(value: &Value) -> String {
    let mut html = String::new();
    for (index, part) in text(value).split('`').enumerate() {
        let part = escaped(part);
        if index % 2 == 1 {
            let _ = write!(html, "<code>{part}</code>");
        } else {
            html.push_str(&part);
        }
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::page;

    #[test]
    fn what_the_document_says_cannot_become_markup() {
        let evil = "<script>\"'&`<b>`";
        let document = json!({
            "info": {"title": evil, "description": evil},
            "tags": [{"name": evil, "description": evil}],
            "paths": {evil: {"get": {"operationId": evil, "summary": evil, "description": evil, "tags": [evil],
                "parameters": [{"name": evil, "in": evil, "description": evil, "schema": {"enum": [evil], "type": evil}}],
                "responses": {evil: {"description": evil}}}}},
            "components": {"schemas": {evil: {"description": evil, "properties": {evil: {"type": evil}}}}},
        });
        let page = page(&document, "/docs/style.css");
        assert!(!page.contains("<script>") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn every_operation_of_ours_is_on_the_page_and_nothing_comes_from_elsewhere() {
        let document = super::super::document();
        let page = page(&document, "/docs/style.css");
        for methods in document["paths"].as_object().unwrap().values() {
            for operation in methods.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(page.contains(&format!("<h3 id=\"{id}\">")), "{id}");
            }
        }
        for foreign in ["src=", "<script", "style=", "href=\"http", "@import"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}
