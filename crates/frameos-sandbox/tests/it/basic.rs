//! Handlers and plain programs: what goes in, what comes out.

use frameos_sandbox::End;
use serde_json::json;

use crate::harness::{Agent, sandbox};

#[tokio::test]
async fn a_node_handler_gets_inputs_and_gives_outputs() {
    let agent = Agent::node(
        "module.exports = async (inputs, ctx) => { console.log('hi'); return {sum: inputs.a + 1, id: ctx.executionId}; }",
    )
    .with_input("a", 41);
    let outcome = agent.run(&sandbox()).await;
    println!("{outcome:?}");
    assert_eq!(outcome.end, End::Exited(0), "{outcome:?}");
    assert_eq!(outcome.outputs, Some(json!({"sum": 42, "id": ""})));
    assert_eq!(outcome.stdout.text(), "hi\n");
}

#[tokio::test]
async fn a_python_handler_gets_inputs_and_gives_outputs() {
    let agent =
        Agent::python("def main(inputs, ctx):\n    print('hi')\n    return {'sum': inputs['a'] + 1}\n")
            .with_input("a", 41);
    let outcome = agent.run(&sandbox()).await;
    println!("{outcome:?}");
    assert_eq!(outcome.end, End::Exited(0), "{outcome:?}");
    assert_eq!(outcome.outputs, Some(json!({"sum": 42})));
    assert_eq!(outcome.stdout.text(), "hi\n");
}
