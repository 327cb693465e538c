//! What runs cost: metered ones, free ones, and prices that change.

use frameos_domain::receipt::RunReceiptDocument;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Agent, TestApp, deploy, execute, node_agent, python_agent},
    run_events::Events,
};

/// Counts what its input says: a JSON list of `[event, count]`. Gives what it was told is left after each.
const NODE: &str = "
module.exports = (inputs, ctx) => {
  const left = [];
  for (const [event, count] of JSON.parse(inputs.text)) {
    if (event === 'fail') throw new Error('as asked');
    try { left.push(ctx.charge(event, count)); } catch (error) { left.push(error.name); }
  }
  return { result: JSON.stringify(left) };
};";
const PYTHON: &str = "
import json
def main(inputs, ctx):
    left = []
    for event, count in json.loads(inputs['text']):
        if event == 'fail':
            raise RuntimeError('as asked')
        try:
            left.append(ctx.charge(event, count))
        except ValueError as error:
            left.append('RangeError')
    return {'result': json.dumps(left, separators=(',', ':'))}
";
/// Writes past the runner what its input says.
const LIAR: &str = "
import os
def main(inputs, ctx):
    for line in inputs['text'].split('|'):
        os.write(4, line.encode() + b'\\n')
    return {'result': 'done'}
";

fn metered(mut agent: Agent, start_fee: i64) -> Agent {
    agent.manifest["pricing"] = json!({
        "model": "pay_per_use", "max_amount": 500, "start_fee": start_fee,
        "events": {"page": {"unit_price": 25, "title": "Page"}, "kb": {"unit_price": 1}},
    });
    agent.price = 500;
    agent
}

async fn publish(app: &TestApp, agent: &Agent) -> String {
    let developer = app.developer(&format!("maker-of-{}", agent.slug)).await;
    let mut body = agent.body();
    for name in ["pricing_model", "price_amount", "price_currency"] {
        body.as_object_mut().unwrap().remove(name);
    }
    let submitted = developer.post("/agents/register", &body).await.expect(201);
    let path = format!("/admin/versions/{}/approve", submitted.text_of("version_id"));
    app.admin().await.post(&path, &json!({})).await.expect(200);
    submitted.text_of("agent_id")
}

fn amounts(run: &Value) -> Vec<(&str, i64, i64)> {
    let charges = run["charges"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |charge: &'_ Value, name: &str| charge[name].as_i64().unwrap();
    charges
        .iter()
        .map(|charge| (charge["event"].as_str().unwrap(), of(charge, "count"), of(charge, "amount")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metered_run_costs_what_it_counted_and_no_more_than_its_maximum() {
    let app = TestApp::start().await;
    let user = app.user_with_money("buyer", 10_000).await;
    let mut balance = 10_000;
    for agent in [node_agent("node-meter", NODE), python_agent("python-meter", PYTHON)] {
        let agent_id = publish(&app, &metered(agent, 0)).await;
        let shown = app.nobody().get(&format!("/agents/{agent_id}")).await.expect(200);
        assert_eq!(shown.data()["price_amount"], 500, "the most a run can cost");
        assert_eq!(shown.data()["pricing"]["max_amount"], 500);
        assert_eq!(shown.data()["pricing"]["events"]["page"], json!({"unit_price": 25, "title": "Page"}));
        let deployment = deploy(&user, &agent_id, json!({})).await;
        let run = async |counts: Value| {
            execute(&user, &agent_id, &deployment, json!({"text": counts.to_string()})).await
        };

        let some = run(json!([["page", 2], ["kb", 7], ["page", 1], ["word", 1], ["page", -1]])).await;
        assert_eq!(some["status"], "success", "{some}");
        assert_eq!(some["outputs"]["result"], "[450,443,418,\"RangeError\",\"RangeError\"]");
        assert_eq!(amounts(&some), [("kb", 7, 7), ("page", 3, 75)]);
        assert_eq!((&some["payment"]["amount"], &some["max_amount"]), (&json!(82), &json!(500)));
        balance -= 82;
        assert_eq!(user.balance().await, (balance, 0), "the rest of the hold came back");
        let path = format!("/executions/{}/receipt", some["id"].as_str().unwrap());
        let receipt = RunReceiptDocument::parse(&user.get(&path).await.expect(200).text).unwrap();
        assert_eq!(receipt.receipt.payment.unwrap().amount, 82);

        let much = run(json!([["page", 15], ["kb", 1_000_000], ["page", 1_000_000_000]])).await;
        assert_eq!(much["outputs"]["result"], "[125,0,0]");
        assert_eq!(much["payment"]["amount"], 500);
        assert_eq!(amounts(&much).iter().map(|(_, _, amount)| amount).sum::<i64>(), 500);
        balance -= 500;
        assert_eq!(user.balance().await, (balance, 0));

        let none = run(json!([["page", 0]])).await;
        assert_eq!((&none["status"], &none["payment"]), (&json!("success"), &Value::Null));
        let failed = run(json!([["page", 5], ["fail", 1]])).await;
        assert_eq!((&failed["status"], &failed["payment"]), (&json!("failed"), &Value::Null));
        assert_eq!((amounts(&none).len(), amounts(&failed).len()), (0, 0));
        assert_eq!(user.balance().await, (balance, 0), "what was not counted or failed is not paid");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_is_told_while_it_goes_on_and_includes_the_start_fee() {
    let app = TestApp::start().await;
    let user = app.user_with_money("buyer", 1_000).await;
    let agent_id = publish(&app, &metered(node_agent("meter", NODE), 40)).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let run = execute(&user, &agent_id, &deployment, json!({"text": "[[\"page\", 2], [\"kb\", 3]]"})).await;
    assert_eq!(amounts(&run), [("start_fee", 1, 40), ("kb", 3, 3), ("page", 2, 50)]);
    let told = Events::open(&user, run["id"].as_str().unwrap(), None).await.rest().await;
    let charges: Vec<_> =
        told.iter().filter(|event| event.name == "charge").map(|event| &event.data).collect();
    assert_eq!(charges.len(), 2, "{told:?}");
    assert_eq!(
        (&charges[0]["event"], &charges[0]["count"], &charges[0]["amount"]),
        (&json!("page"), &json!(2), &json!(90))
    );
    assert_eq!(charges[1]["amount"], 93);
    let idle = execute(&user, &agent_id, &deployment, json!({"text": "[]"})).await;
    assert_eq!((amounts(&idle), &idle["payment"]["amount"]), (vec![("start_fee", 1, 40)], &json!(40)));
    assert_eq!(user.balance().await, (1_000 - 93 - 40, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liar_gets_no_more_than_the_maximum() {
    let app = TestApp::start().await;
    let user = app.user_with_money("buyer", 1_000).await;
    let agent_id = publish(&app, &metered(python_agent("liar", LIAR), 0)).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let say = |event: &str, count: &str| format!(r#"{{"type":"charge","event":"{event}","count":{count}}}"#);
    let lies =
        [say("page", "-7"), say("gold", "9"), say("kb", "1e18"), say("kb", "NaN"), say("start_fee", "5")];
    let run = execute(&user, &agent_id, &deployment, json!({"text": lies.join("|")})).await;
    assert_eq!((&run["status"], &run["payment"], amounts(&run).len()), (&json!("success"), &Value::Null, 0));
    let flood = vec![say("page", "1000000000"); 40].join("|");
    let run = execute(&user, &agent_id, &deployment, json!({"text": flood})).await;
    assert_eq!(amounts(&run), [("page", 40_000_000_000, 500)]);
    assert_eq!(user.balance().await, (500, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_do_not_add_up() {
    let app = TestApp::start().await;
    let user = app.user_with_money("buyer", 1_000).await;
    let source = "
import sys, time
def main(inputs, ctx):
    ctx.charge('page', 2)
    if time.time() < float(inputs['text']):
        sys.exit(75)
    return {'result': 'late enough'}
";
    let agent_id = publish(&app, &metered(python_agent("patient", source), 0)).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let later = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64() + 2.0;
    let run = execute(&user, &agent_id, &deployment, json!({"text": later.to_string()})).await;
    assert_eq!(run["status"], "success", "{run}");
    assert!(run["attempt"].as_i64().unwrap() > 1, "{run}");
    assert_eq!((amounts(&run), user.balance().await), (vec![("page", 2, 50)], (950, 0)));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_price_is_for_new_runs_only() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let source = "module.exports = async (inputs, ctx) => {
      ctx.log('begun');
      await new Promise((go) => setTimeout(go, 2000));
      return { result: String(ctx.charge('page', 2)) };
    };";
    let agent_id = node_agent("slow", source).publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let path = format!("/agents/{agent_id}");
    let trigger = async || {
        let body = json!({"deployment_id": deployment, "inputs": {}});
        user.post(&format!("{path}/execute"), &body).await.expect(202).text_of("execution_id")
    };
    let set = async |pricing: Value| {
        developer.send(Method::PATCH, &path, Some(&json!({"pricing": pricing})), None).await
    };
    let fixed = trigger().await;
    let form = json!({"model": "pay_per_use", "max_amount": 300, "events": {"page": {"unit_price": 10}}});
    let changed = set(form).await.expect(200);
    assert_eq!(
        (&changed.data()["pricing_model"], &changed.data()["price_amount"]),
        (&json!("pay_per_use"), &json!(300))
    );
    let metered = trigger().await;
    set(json!({"model": "per_execution", "amount": 70})).await.expect(200);
    let dearer = trigger().await;
    for (run, amount, left) in [(fixed, 50, "Infinity"), (metered, 20, "280"), (dearer, 70, "Infinity")] {
        let run = user.run_to_end(&run).await;
        assert_eq!(
            (&run["payment"]["amount"], &run["outputs"]["result"]),
            (&json!(amount), &json!(left)),
            "{run}"
        );
    }
    assert_eq!(user.balance().await, (1_000 - 50 - 20 - 70, 0));

    let bad = set(json!({"model": "pay_per_use", "max_amount": 5})).await.expect(422);
    assert_eq!(bad.code(), "INVALID_MANIFEST");
    let stranger = app.developer("stranger").await;
    let body = json!({"pricing": {"model": "per_execution", "amount": 0}});
    stranger.send(Method::PATCH, &path, Some(&body), None).await.expect(404);
    user.send(Method::PATCH, &path, Some(&body), None).await.expect(403);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn free_runs_are_counted_once_each_and_failures_give_theirs_back() {
    let app = TestApp::start().await;
    let user = app.user_with_money("buyer", 1_000).await;
    let mut agent = node_agent("giver", "module.exports = (inputs) => ({ result: inputs.text.at(0) });");
    agent.manifest["pricing"] = json!({"model": "free_tier", "amount": 50, "free_runs_per_month": 3});
    let agent_id = publish(&app, &agent).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let failed = execute(&user, &agent_id, &deployment, json!({})).await;
    assert_eq!((&failed["status"], user.balance().await), (&json!("failed"), (1_000, 0)), "{failed}");
    let runs = (0..7).map(|_| execute(&user, &agent_id, &deployment, json!({"text": "x"})));
    let runs = futures::future::join_all(runs).await;
    assert!(runs.iter().all(|run| run["status"] == "success"));
    let free = runs.iter().filter(|run| run["payment"].is_null()).count();
    assert_eq!((free, user.balance().await), (3, (1_000 - 4 * 50, 0)));
    app.finish().await;
}
