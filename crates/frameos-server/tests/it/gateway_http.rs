//! The gateway over HTTP: the same conformance suite as in process, the API key, and the platform paying through it.

use frameos_app::HttpGateway;
use frameos_gateway::conformance;
use frameos_server::gateway_api::gateway_routes;
use serde_json::json;

use crate::harness::{Client, TestApp, deploy, execute, node_agent};

const API_KEY: &str = "a-gateway-key-for-tests";

async fn with_gateway() -> (TestApp, String) {
    let app = TestApp::start_with(|config| {
        config.gateway.listen = Some(([127, 0, 0, 1], 0).into());
        config.gateway.api_key = Some(API_KEY.to_owned().into());
    })
    .await;
    let url = format!("http://{}", app.gateway_address.unwrap());
    (app, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_conforms() {
    let (app, url) = with_gateway().await;
    conformance::run(&HttpGateway::new(&url, API_KEY.to_owned().into()).unwrap()).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_had_without_the_key() {
    let (app, url) = with_gateway().await;
    for route in gateway_routes().into_iter().filter(|route| !route.public) {
        let path = route.path.replace("{owner}", "agt_user_x").replace(['{', '}'], "");
        for token in [None, Some("wrong-key-wrong-key-wrong")] {
            let mut client = Client::new(url.clone());
            client.token = token.map(str::to_owned);
            let sends = route.method != "GET";
            let answer = client.send(route.method.clone(), &path, sends.then_some(&json!({})), None).await;
            assert_eq!((answer.status, answer.code()), (401, "UNAUTHENTICATED"), "{} {path}", route.method);
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_pays_through_a_gateway_elsewhere() {
    let (c_layer, url) = with_gateway().await;
    let app = TestApp::start_with(|config| {
        config.gateway.url = Some(url);
        config.gateway.api_key = Some(API_KEY.to_owned().into());
    })
    .await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent = node_agent("echo", "module.exports = (i) => ({ result: i.text });");
    let agent_id = agent.publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let run = execute(&user, &agent_id, &deployment, json!({"text": "x"})).await;
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(user.balance().await, (950, 0));
    app.finish().await;
    c_layer.finish().await;
}
