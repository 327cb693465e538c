//! Finding agents: search, filters, facets, pages for machines, and that what was published is seen.

use std::time::{Duration, Instant};

use frameos_contract::{Envelope, agent::AgentList};
use serde_json::json;

use crate::harness::{TestApp, node_agent, python_agent};

const NODE: &str = "module.exports = () => ({ result: 'x' });";
const PYTHON: &str = "def main(inputs, ctx):\n    return {'result': 'x'}\n";

async fn market() -> TestApp {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    let mut outreach = node_agent("linkedin-outreach", NODE);
    (outreach.price, outreach.manifest["tags"]) = (30, json!(["b2b", "sales"]));
    outreach.manifest["capabilities"] = json!(["http_request"]);
    outreach.publish(&app, &developer).await;
    let mut profiler = python_agent("csv-profiler", PYTHON);
    (profiler.price, profiler.manifest["tags"]) = (10, json!(["b2b", "csv"]));
    profiler.publish(&app, &developer).await;
    app
}

/// The slugs of a list, and how many fit in all.
async fn slugs(app: &TestApp, query: &str) -> (String, i64) {
    let listed = app.nobody().get(&format!("/agents?{query}")).await.expect(200);
    let Envelope::Data { data, .. } = serde_json::from_str::<Envelope<AgentList>>(&listed.text).unwrap()
    else {
        panic!("{}", listed.text)
    };
    let slugs: Vec<_> = data.agents.iter().map(|agent| agent.slug.as_str()).collect();
    (slugs.join(" "), data.total)
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_search_filter_and_count() {
    let app = market().await;
    for (query, expected) in [
        ("search=linkedni", "linkedin-outreach"),
        ("search=CSV%20prof", "csv-profiler"),
        ("search=b2b&sort=price_low", "csv-profiler linkedin-outreach"),
        ("search=zebra", ""),
        ("language=python", "csv-profiler"),
        ("capability=http_request", "linkedin-outreach"),
        ("tag=b2b,csv", "csv-profiler"),
        ("min_price=11&max_price=30", "linkedin-outreach"),
        ("max_price=10", "csv-profiler"),
        ("category=testing&pricing_model=per_execution&sort=newest", "csv-profiler linkedin-outreach"),
    ] {
        assert_eq!(slugs(&app, query).await.0, expected, "{query}");
    }
    assert_eq!(slugs(&app, "sort=newest&limit=1&page=2").await, ("linkedin-outreach".to_owned(), 2));
    for wrong in ["sort=best", "min_price=-1", "min_price=5&max_price=4", "pricing_model=barter"] {
        let refused = app.nobody().get(&format!("/agents?{wrong}")).await.expect(422);
        assert_eq!(refused.code(), "VALIDATION_FAILED");
    }
    app.nobody().get("/agents?min_price=cheap").await.expect(400);
    let counted = app.nobody().get("/agents?facets=true&language=python").await.expect(200);
    let facets = &counted.data()["facets"];
    assert_eq!(
        facets["language"],
        json!([{"value": "nodejs", "agents": 1}, {"value": "python", "agents": 1}])
    );
    assert_eq!(facets["tag"], json!([{"value": "b2b", "agents": 1}, {"value": "csv", "agents": 1}]));
    assert_eq!(facets["price"], json!([{"value": "1-100", "agents": 1}]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_is_not_sent_again() {
    let app = market().await;
    for path in ["/agents?limit=5", "/agents/csv-profiler"] {
        let first = app.nobody().get(path).await.expect(200);
        let tag = first.header("etag").unwrap().to_owned();
        assert_eq!(app.nobody().get(path).await.text, first.text);
        let again = |tag: String| {
            let request = app.nobody().request(reqwest::Method::GET, path).header("if-none-match", tag);
            async { request.send().await.unwrap().status().as_u16() }
        };
        assert_eq!(again(format!("\"other\", W/{tag}")).await, 304);
        assert_eq!(again("\"other\"".to_owned()).await, 200);
    }
    let page = app.nobody().get("/agents/csv-profiler").await.expect(200);
    let by_id = app.nobody().get(&format!("/agents/{}", page.text_of("id"))).await.expect(200);
    assert_eq!(page.text, by_id.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_there_for_machines_too() {
    let app = market().await;
    let page = app.nobody().get("/agents/csv-profiler.md").await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/markdown; charset=utf-8"));
    for part in [
        "# ",
        "- Slug: `csv-profiler`",
        "- Language: python",
        "## Outputs",
        "| result |",
        "/agents/csv-profiler/execute",
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    let request = app.nobody().request(reqwest::Method::GET, "/agents/csv-profiler");
    let accepted = request.header("accept", "text/markdown, */*;q=0.1").send().await.unwrap();
    assert_eq!(accepted.text().await.unwrap(), page.text);
    app.nobody().get("/agents/no-such.md").await.expect(404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_is_seen_at_once_here_and_soon_elsewhere() {
    let app = market().await;
    let (developer, admin) = (app.developer("other").await, app.admin().await);
    let draft = developer.post("/agents/register", &node_agent("draft", NODE).body()).await.expect(201);
    assert_eq!(slugs(&app, "search=draft").await.1, 0, "what nobody approved is not found");
    let version = draft.text_of("version_id");
    admin.post(&format!("/admin/versions/{version}/approve"), &json!({})).await.expect(200);
    assert_eq!(slugs(&app, "search=draft").await.1, 1);
    let price = json!({"pricing": {"model": "per_execution", "amount": 77, "currency": "INR"}});
    developer.send(reqwest::Method::PATCH, "/agents/draft", Some(&price), None).await.expect(200);
    assert_eq!(app.nobody().get("/agents/draft").await.data()["price_amount"], 77);
    assert_eq!(slugs(&app, "min_price=77").await.0, "draft");
    admin.post("/admin/agents/draft/ban", &json!({"reason": "spam"})).await.expect(200);
    assert_eq!(slugs(&app, "search=draft").await.1, 0);
    app.nobody().get("/agents/draft").await.expect(404);

    // As another process would, which this one hears nothing of.
    let ban = "UPDATE agent_definitions SET status = 'banned', changed_at = changed_at + 1 WHERE slug = 'csv-profiler'";
    app.database_tell([ban, ban]).await;
    let begun = Instant::now();
    while slugs(&app, "search=csv").await.1 > 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "a change in the database is never seen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    app.nobody().get("/agents/csv-profiler").await.expect(404);
    app.finish().await;
}
