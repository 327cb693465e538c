//! The interface's description: the committed snapshot is what the code says, and refers to nothing that is not there.

use std::path::{Path, PathBuf};

use frameos_server::api::openapi::document;
use serde_json::Value;

use crate::harness::{TestApp, answer, schema_hold};

fn snapshot_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")
}

#[test]
fn the_committed_document_is_the_one_of_the_code() {
    let mut text = serde_json::to_string_pretty(&document()).unwrap();
    text.push('\n');
    #[expect(clippy::disallowed_methods, reason = "asks for the committed snapshot to be rewritten")]
    if std::env::var("FRAMEOS_UPDATE_OPENAPI").is_ok_and(|asked| asked == "1") {
        std::fs::write(snapshot_path(), &text).unwrap();
    }
    let committed = std::fs::read_to_string(snapshot_path()).unwrap();
    let differing = committed.lines().zip(text.lines()).position(|(left, right)| left != right);
    assert!(
        committed == text,
        "docs/openapi.json is out of date from line {}; FRAMEOS_UPDATE_OPENAPI=1 rewrites it",
        differing.unwrap_or(0) + 1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_served_for_programs_and_for_people() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    let served = nobody.get("/openapi.json").await.expect(200);
    assert_eq!(served.json, document());
    let tag = served.header("etag").unwrap();
    let known = nobody.request(reqwest::Method::GET, "/openapi.json").header("if-none-match", tag);
    assert_eq!(answer(known).await.expect(304).text, "");

    let page = nobody.get("/docs").await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let style = page
        .text
        .split("href=\"")
        .find_map(|rest| rest.split('"').next().filter(|path| path.ends_with(".css")));
    let style = nobody.get(style.unwrap()).await.expect(200);
    assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(style.header("cache-control").unwrap().contains("immutable"));
    nobody.get("/docs/style-0.css").await.expect(404);
    app.finish().await;
}

#[test]
fn every_reference_leads_somewhere_and_no_schema_is_left_over() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        // What an event of a stream is, only words refer to.
        let is_used = found.iter().any(|known| known.ends_with(&format!("/schemas/{name}")));
        assert!(is_used || name == "RunEvent", "nothing refers to the schema {name}");
    }
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "$ref" => found.push(text),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_operation_is_complete() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let what = format!("{method} {path}");
            for key in ["operationId", "summary"] {
                assert!(operation[key].as_str().is_some_and(|text| !text.is_empty()), "{what} has no {key}");
            }
            let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
            let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(in_path, path.matches('{').count(), "{what} and its parameters");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{what} never succeeds");
        }
    }
}

#[test]
fn every_example_fits_its_schema() {
    let document = document();
    let mut bodies = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let body = operation.pointer("/requestBody/content/application~1json");
            bodies += usize::from(body.is_some());
            let answers = ["200", "201", "202"]
                .map(|status| operation.pointer(&format!("/responses/{status}/content/application~1json")));
            for (place, content) in answers.into_iter().chain([body]).flatten().enumerate() {
                let what = format!("example {place} of {method} {path}");
                assert!(content.get("example").is_some(), "no {what}");
                schema_hold(&what, &content["schema"], &content["example"], true);
            }
        }
    }
    assert!(bodies > 30);
}
