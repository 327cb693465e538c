//! `ctx.charge` in both languages: what is counted, what comes back, and what a liar achieves.

use std::collections::BTreeMap;

use frameos_sandbox::{End, Meter, Outcome, RunEvent};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::harness::{Agent, sandbox};

fn metered(mut agent: Agent) -> Agent {
    let events = [("page".to_owned(), 25), ("kb".to_owned(), 1)].into_iter().collect();
    agent.spec.meter = Some(Meter { start: 10, limit: 100, events });
    agent
}

async fn run(agent: Agent) -> (Outcome, Vec<u64>) {
    let (sender, mut events) = tokio::sync::mpsc::channel(1_024);
    let outcome =
        sandbox().await.run(agent.spec.clone(), Some(sender), CancellationToken::new()).await.expect("a run");
    let mut totals = Vec::new();
    while let Some(event) = events.recv().await {
        if let RunEvent::Charge { total, .. } = event {
            totals.push(total);
        }
    }
    (outcome, totals)
}

fn counts(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
    expected.iter().map(|(event, count)| ((*event).to_owned(), *count)).collect()
}

#[tokio::test]
async fn an_agent_is_told_what_is_left() {
    let node = Agent::node(
        "module.exports = (inputs, ctx) => {
            const refused = [];
            for (const [event, count] of [['word', 1], ['page', -1], ['page', NaN], ['page', 1.5], ['page', 1e300], ['page', '2'], ['toString', 1]]) {
                try { ctx.charge(event, count); } catch (error) { refused.push(error.name); }
            }
            return [ctx.charge('page'), ctx.charge('kb', 5), ctx.charge('page', 0), ctx.charge('page', 9), refused.length];
        };",
    );
    let python = Agent::python(
        "def main(inputs, ctx):
    refused = 0
    for event, count in [('word', 1), ('page', -1), ('page', float('nan')), ('page', 1.5), ('page', 10**300), ('page', '2'), (['page'], 1)]:
        try:
            ctx.charge(event, count)
        except ValueError:
            refused += 1
    return [ctx.charge('page'), ctx.charge('kb', 5), ctx.charge('page', 0), ctx.charge('page', 9), refused]
",
    );
    for agent in [node, python] {
        let (outcome, totals) = run(metered(agent)).await;
        assert_eq!(outcome.outputs, Some(json!([65, 60, 60, 0, 7])), "{outcome:?}");
        assert_eq!(outcome.counts, counts(&[("page", 10), ("kb", 5)]));
        assert_eq!(totals, [35, 40, 100]);
    }
}

#[tokio::test]
async fn what_is_written_past_the_runner_is_held_to_the_same_rules() {
    let lies = r#"{"type":"charge","event":"page","count":-5} {"type":"charge","event":"word","count":5} {"type":"charge","event":"page","count":1e99} {"type":"charge","event":"page","count":1000000000} {"type":"charge","event":"page","count":3}"#;
    let lines = lies.replace(' ', "\\n");
    let node = Agent::node(&format!("require('fs').writeSync(4, '{lines}\\n'); console.log('{{}}');"));
    let python = Agent::python(&format!("import os\nos.write(4, b'{lines}\\n')\nprint('{{}}')\n"));
    for agent in [node, python] {
        let (outcome, totals) = run(metered(agent)).await;
        assert_eq!((outcome.end, outcome.outputs), (End::Exited(0), Some(json!({}))));
        assert_eq!(outcome.counts, counts(&[("page", 1_000_000_003)]));
        assert_eq!(totals, [100, 100]);
    }
}

#[tokio::test]
async fn without_a_meter_charging_does_nothing() {
    let node = Agent::node("module.exports = (inputs, ctx) => ctx.charge('page') === Infinity;");
    let python = Agent::python("def main(inputs, ctx):\n    return ctx.charge('page') == float('inf')\n");
    for agent in [node, python] {
        let (outcome, totals) = run(agent).await;
        assert_eq!(outcome.outputs, Some(json!(true)), "{outcome:?}");
        assert!(outcome.counts.is_empty() && totals.is_empty());
    }
}
