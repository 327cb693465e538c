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

/// A mandate that is gone when the agent has succeeded: the run ends unpaid, unseen, and not for the agent's doing.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_refused_at_the_end_is_told_as_such() {
    let (app, url) = with_gateway().await;
    let mut gateway = Client::new(url);
    gateway.token = Some(API_KEY.to_owned());
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let source = "console.log('the secret'); module.exports = () => new Promise((done) => \
                  setTimeout(() => done({ result: 'the secret' }), 2000));";
    let agent_id = node_agent("slow", source).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": {}});
    let queued = user.post(&format!("/agents/{agent_id}/execute"), &body).await.expect(202);
    let payer = user.get("/me").await.text_of("id");
    let held = gateway.get(&format!("/wallets/{payer}/transactions")).await.expect(200);
    let hold = held.data()["transactions"].as_array().unwrap().iter().find(|change| change["kind"] == "hold");
    let mandate = hold.unwrap()["reference"].as_str().unwrap();
    gateway.post(&format!("/mandates/{mandate}/void"), &json!({"reason": "withdrawn"})).await.expect(200);
    let run = user.run_to_end(&queued.text_of("execution_id")).await;
    assert_eq!(
        (&run["status"], &run["failure_reason"], &run["exit_code"]),
        (&json!("failed"), &json!("payment_declined"), &json!(0)),
        "{run}"
    );
    assert!(run["error_message"].as_str().unwrap().contains("the payment was refused"), "{run}");
    assert!(run["payment"].is_null() && !run.to_string().contains("the secret"), "{run}");
    assert_eq!(user.balance().await, (1_000, 0));
    let receipt = user.get(&format!("/executions/{}/receipt", run["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(receipt.data()["receipt"]["failure_reason"], "payment_declined");
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
