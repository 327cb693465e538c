//! Node agents: handlers and plain programs, what goes in and what comes out.

use frameos_sandbox::{End, RunEvent};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::harness::{Agent, sandbox};

#[tokio::test]
async fn a_handler_gets_inputs_and_context_and_gives_outputs() {
    let mut agent = Agent::node(
        "module.exports = async (inputs, ctx) => {
            console.log('out'); console.error('err');
            return {sum: inputs.a + 1, id: ctx.executionId, env: process.env.FRAMEOS_EXECUTION_ID};
        };",
    )
    .with_input("a", 41);
    agent.spec.execution_id = "exec_1".to_owned();
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.end, End::Exited(0), "{outcome:?}");
    assert_eq!(outcome.outputs, Some(json!({"sum": 42, "id": "exec_1", "env": "exec_1"})));
    assert_eq!((outcome.stdout.text().as_str(), outcome.stderr.text().as_str()), ("out\n", "err\n"));
    assert_eq!(outcome.agent_error, None);
    assert_eq!(outcome.tier, sandbox().await.tier().to_string());
}

#[tokio::test]
async fn a_handlers_prints_are_no_outputs_and_lingering_timers_do_not_hold_it() {
    let agent = Agent::node(
        "exports.default = (inputs) => { setInterval(() => {}, 1000); console.log('{\"not\":\"this\"}'); };",
    );
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.end, End::Exited(0), "{outcome:?}");
    assert_eq!(outcome.outputs, Some(json!(null)));
}

#[tokio::test]
async fn es_modules_may_export_a_handler() {
    let by_extension = Agent::new(
        frameos_sandbox::Language::Nodejs,
        "main.mjs",
        "import { readFileSync } from 'node:fs';
         const own = JSON.parse(readFileSync('/agent/data.json', 'utf8'));
         export default async (inputs, ctx) => ({ own, dep: (await import('./dep.mjs')).value });",
    )
    .with_file("dep.mjs", "export const value = 7;")
    .with_file("data.json", "[1]");
    let outcome = by_extension.run(&sandbox().await).await;
    assert_eq!(outcome.outputs, Some(json!({"own": [1], "dep": 7})), "{outcome:?}");

    let by_package = Agent::node("export default () => ({ esm: typeof require });")
        .with_file("package.json", r#"{"type":"module"}"#);
    let outcome = by_package.run(&sandbox().await).await;
    assert_eq!(outcome.outputs, Some(json!({"esm": "undefined"})), "{outcome:?}");
}

#[tokio::test]
async fn es_modules_may_be_plain_programs() {
    let mut agent = Agent::new(
        frameos_sandbox::Language::Nodejs,
        "src/run.mjs",
        "await new Promise((go) => setTimeout(go, 1)); console.log(JSON.stringify({ argv: process.argv[1] }));",
    );
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.outputs, Some(json!({"argv": "/agent/src/run.mjs"})), "{outcome:?}");

    agent = agent.with_file("src/run.mjs", "await new Promise(() => {});");
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.end, End::Exited(13));
    assert!(outcome.agent_error.is_some_and(|error| error.starts_with("the program never finished")));

    // Told by its syntax alone, as Node itself does.
    let outcome = Agent::node("import fs from 'node:fs'; export default () => typeof fs.readFileSync;")
        .run(&sandbox().await)
        .await;
    assert_eq!(outcome.outputs, Some(json!("function")), "{}", outcome.stderr.text());
}

#[tokio::test]
async fn bundled_packages_are_found() {
    let agent = Agent::node("const { twice } = require('twice'); module.exports = (i) => twice(i.n);")
        .with_file("node_modules/twice/index.js", "exports.twice = (n) => n * 2;")
        .with_input("n", 21);
    assert_eq!(agent.run(&sandbox().await).await.outputs, Some(json!(42)));
}

#[tokio::test]
async fn a_plain_program_runs_as_main_and_its_last_object_line_is_the_outputs() {
    let agent = Agent::node(
        "console.log('{\"first\":1}');
         setTimeout(() => {
            console.log(JSON.stringify({
                main: require.main === module, argv: process.argv.slice(1), cwd: process.cwd(),
                name: process.env.INPUT_USER_NAME, list: process.env.INPUT_LIST, all: JSON.parse(process.env.FRAMEOS_INPUTS),
            }));
            console.log('done');
         }, 5);",
    )
    .with_input("user name", "Asha")
    .with_input("list", json!([1, {"a": null}]));
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.end, End::Exited(0), "{outcome:?}");
    let expect = json!({
        "main": true, "argv": ["/agent/index.js"], "cwd": "/agent", "name": "Asha", "list": "[1,{\"a\":null}]",
        "all": {"user name": "Asha", "list": [1, {"a": null}]},
    });
    assert_eq!(outcome.outputs, Some(expect));
}

#[tokio::test]
async fn exit_codes_are_kept() {
    for (code, expect) in [
        ("process.exit(3)", 3),
        ("process.exitCode = 4", 4),
        ("module.exports = async () => { process.exit(5); }", 5),
        ("module.exports = async () => { process.exitCode = 6; return {}; }", 6),
    ] {
        let outcome = Agent::node(code).run(&sandbox().await).await;
        assert_eq!(outcome.end, End::Exited(expect), "{code}: {outcome:?}");
        assert_eq!(outcome.agent_error, None, "{code}");
    }
}

#[tokio::test]
async fn what_is_thrown_is_told_in_one_line() {
    for (code, expect) in [
        ("module.exports = async () => { throw new TypeError('bad\\nmore'); }", "TypeError: bad"),
        ("throw new RangeError('top')", "RangeError: top"),
        ("setTimeout(() => { throw new Error('late'); }, 1)", "Error: late"),
        ("Promise.reject(new Error('unseen'))", "Error: unseen"),
        ("module.exports = () => { throw null; }", "thrown: null"),
        ("this is no javascript", "SyntaxError: Unexpected identifier 'is'"),
        ("require('left-pad')", "Error: Cannot find module 'left-pad'"),
    ] {
        let outcome = Agent::node(code).run(&sandbox().await).await;
        assert_eq!(outcome.end, End::Exited(1), "{code}: {outcome:?}");
        assert_eq!(outcome.agent_error.as_deref(), Some(expect), "{code}");
        assert_eq!(outcome.outputs, None, "{code}");
        assert!(!outcome.stderr.bytes.is_empty(), "{code}");
    }
}

/// The agent's own error is told, whatever it left to print it with.
#[tokio::test]
async fn an_error_that_cannot_be_printed_is_told() {
    let shy = "const shy = new Error('shown'); Object.defineProperty(shy, 'stack', { get() { throw new Error('hidden'); } });";
    let too_many = "Error: EMFILE: too many open files, open '/dev/null'";
    for (code, expect) in [
        ("for (;;) require('fs').openSync('/dev/null')".to_owned(), too_many),
        ("module.exports = () => { for (;;) require('fs').openSync('/dev/null'); }".to_owned(), too_many),
        ("require('fs').closeSync(2); throw new Error('quiet')".to_owned(), "Error: quiet"),
        (
            "module.exports = () => { require('fs').closeSync(2); throw new Error('quiet'); }".to_owned(),
            "Error: quiet",
        ),
        (format!("{shy} throw shy"), "Error: shown"),
        (format!("module.exports = () => {{ {shy} throw shy; }}"), "Error: shown"),
    ] {
        let outcome = Agent::node(&code).run(&sandbox().await).await;
        assert_eq!(outcome.end, End::Exited(1), "{code}: {outcome:?}");
        assert_eq!(outcome.agent_error.as_deref(), Some(expect), "{code}");
    }
}

#[tokio::test]
async fn results_that_are_no_json_are_the_agents_error() {
    for code in [
        "module.exports = () => { const a = {}; a.a = a; return a; }",
        "module.exports = () => 1n",
        "module.exports = () => 'x'.repeat(2 << 20)",
        "module.exports = () => new Promise(() => {})",
    ] {
        let outcome = Agent::node(code).run(&sandbox().await).await;
        assert_eq!(outcome.end, End::Exited(1), "{code}: {outcome:?}");
        assert!(outcome.agent_error.is_some_and(|error| error.contains("the handler")), "{code}");
    }
}

#[tokio::test]
async fn a_missing_entry_point_is_said_so() {
    let mut agent = Agent::node("");
    agent.spec.entrypoint = "src/gone.js".to_owned();
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.end, End::Exited(1));
    assert_eq!(outcome.agent_error.as_deref(), Some("entry point src/gone.js cannot be read: ENOENT"));
}

#[tokio::test]
async fn events_come_while_it_runs() {
    let agent = Agent::node(
        "module.exports = async (inputs, ctx) => { ctx.log('one', {a: 1}); ctx.progress(0.5, 'half'); console.log('x'); }",
    );
    let (sender, mut events) = tokio::sync::mpsc::channel(64);
    let outcome =
        sandbox().await.run(agent.spec.clone(), Some(sender), CancellationToken::new()).await.expect("a run");
    let mut got = Vec::new();
    while let Some(event) = events.recv().await {
        got.push(event);
    }
    assert_eq!(outcome.end, End::Exited(0));
    assert_eq!(got.first(), Some(&RunEvent::Started));
    assert!(
        got.contains(&RunEvent::Log { level: "info".to_owned(), message: "one { a: 1 }".to_owned() }),
        "{got:?}"
    );
    assert!(got.contains(&RunEvent::Progress { fraction: 0.5, message: "half".to_owned() }), "{got:?}");
    assert!(got.contains(&RunEvent::Stdout(b"x\n".to_vec())), "{got:?}");
    assert_eq!(outcome.stderr.text(), "one { a: 1 }\n", "what is logged is kept");
}

#[tokio::test]
async fn megabytes_of_inputs_arrive() {
    let text = "é".repeat(2 << 20);
    let agent = Agent::node(
        "module.exports = (i) => [i.text.length, process.env.INPUT_TEXT.length, process.env.FRAMEOS_INPUTS.length]",
    )
    .with_input("text", text);
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.outputs, Some(json!([2 << 20, 2 << 20, (2 << 20) + 11])), "{:?}", outcome.agent_error);
}

#[tokio::test]
async fn results_that_nobody_could_read_are_refused_by_name() {
    for (result, says) in [
        ("NaN", "NaN in \"\" is no JSON number"),
        ("({ a: [Infinity] })", "Infinity in \"0\" is no JSON number"),
        ("({ a: 10n ** 400n })", "BigInt"),
        ("deep(101)", "nested deeper than 100 levels"),
    ] {
        let code = format!(
            "const deep = (n) => {{ let v = 1; while (n--) v = [v]; return v; }}; module.exports = () => {result};"
        );
        let outcome = Agent::node(&code).run(&sandbox().await).await;
        assert_eq!((outcome.end, &outcome.outputs), (End::Exited(1), &None), "{result}");
        assert!(outcome.agent_error.as_ref().is_some_and(|error| error.contains(says)), "{outcome:?}");
    }
    let code = r"module.exports = () => { let deep = 1; for (let n = 0; n < 99; n++) deep = [deep];
        return { '\ud800k': '\ud83d\ude00 \udc00 \\ud800', deep, __proto__: null }; };";
    let outputs = Agent::node(code).run(&sandbox().await).await.outputs.expect("outputs");
    assert_eq!(outputs["\u{fffd}k"], "\u{1f600} \u{fffd} \\ud800");
    assert!(outputs["deep"].is_array());
}
