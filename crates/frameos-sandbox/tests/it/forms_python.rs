//! Python agents: handlers and plain programs, what goes in and what comes out.

use frameos_sandbox::End;
use serde_json::json;

use crate::harness::{Agent, sandbox};

#[tokio::test]
async fn a_handler_gets_inputs_and_context_and_gives_outputs() {
    let mut agent = Agent::python(
        "import os, sys\n\
         def main(inputs, ctx):\n    \
             print('out'); print('err', file=sys.stderr)\n    \
             ctx.log('note'); ctx.progress(1, 'done')\n    \
             return {'sum': inputs['a'] + 1, 'id': [ctx.execution_id, ctx.executionId, os.environ['FRAMEOS_EXECUTION_ID']]}\n",
    )
    .with_input("a", 41);
    agent.spec.execution_id = "exec_1".to_owned();
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.end, End::Exited(0), "{outcome:?}");
    assert_eq!(outcome.outputs, Some(json!({"sum": 42, "id": ["exec_1", "exec_1", "exec_1"]})));
    assert_eq!((outcome.stdout.text().as_str(), outcome.stderr.text().as_str()), ("out\n", "err\nnote\n"));
}

#[tokio::test]
async fn every_shape_of_handler_is_called() {
    for (code, expect) in [
        (
            "async def main(inputs, ctx):\n    import asyncio\n    await asyncio.sleep(0)\n    return 1\n",
            json!(1),
        ),
        ("def main(inputs):\n    return inputs\n", json!({"a": 1})),
        ("def main(inputs, ctx=None):\n    return ctx is not None\n", json!(true)),
        (
            "def main(inputs, ctx):\n    pass\nif __name__ == '__main__':\n    main({}, None); raise SystemExit(9)\n",
            json!(null),
        ),
        ("import helper\ndef main(inputs, ctx):\n    return helper.VALUE\n", json!("h")),
        (
            "import threading, time\ndef main(inputs, ctx):\n    \
             threading.Thread(target=lambda: time.sleep(60)).start()\n    return 'left'\n",
            json!("left"),
        ),
        (
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n\
             def main(inputs, ctx):\n    return P(3).x\n",
            json!(3),
        ),
    ] {
        let agent = Agent::python(code).with_file("helper.py", "VALUE = 'h'\n").with_input("a", 1);
        let outcome = agent.run(&sandbox().await).await;
        assert_eq!(outcome.end, End::Exited(0), "{code}: {outcome:?}");
        assert_eq!(outcome.outputs, Some(expect), "{code}");
    }
}

#[tokio::test]
async fn plain_programs_run_as_main() {
    for code in [
        "import os, sys, json\n\
         def main():\n    \
             print(json.dumps({'argv': sys.argv, 'path': sys.path[0], 'cwd': os.getcwd(), 'n': os.environ['INPUT_N'], \
             'main': sys.modules['__main__'].__file__}))\n\
         if __name__ == '__main__':\n    main()\n",
        "import os, sys, json\n\
         def main(argv):\n    \
             print(json.dumps({'argv': argv, 'path': sys.path[0], 'cwd': os.getcwd(), 'n': os.environ['INPUT_N'], \
             'main': __file__}))\n\
         if __name__ == '__main__':\n    sys.exit(main(sys.argv))\n",
    ] {
        let outcome = Agent::python(code).with_input("n", 1.5).run(&sandbox().await).await;
        assert_eq!(outcome.end, End::Exited(0), "{outcome:?}");
        let expect = json!({
            "argv": ["/agent/main.py"], "path": "/agent", "cwd": "/agent", "n": "1.5", "main": "/agent/main.py",
        });
        assert_eq!(outcome.outputs, Some(expect));
    }
}

#[tokio::test]
async fn exit_codes_are_kept() {
    for (code, expect) in [
        ("raise SystemExit(3)", 3),
        ("exit(4)", 4),
        ("import sys\ndef main(inputs, ctx):\n    sys.exit(5)\n", 5),
        ("import sys\nsys.exit('said')", 1),
        ("import os\nos._exit(7)", 7),
    ] {
        let outcome = Agent::python(code).run(&sandbox().await).await;
        assert_eq!(outcome.end, End::Exited(expect), "{code}: {outcome:?}");
        assert_eq!((outcome.outputs, outcome.agent_error), (None, None), "{code}");
    }
}

#[tokio::test]
async fn what_is_raised_is_told_in_one_line() {
    for (code, expect) in [
        ("def main(inputs, ctx):\n    raise ValueError('bad\\nmore')\n", "ValueError: bad"),
        ("raise KeyError('top')", "KeyError: 'top'"),
        ("import left_pad", "ModuleNotFoundError: No module named 'left_pad'"),
        ("def main(inputs, ctx:\n", "SyntaxError: '(' was never closed (main.py, line 1)"),
    ] {
        let outcome = Agent::python(code).run(&sandbox().await).await;
        assert_eq!(outcome.end, End::Exited(1), "{code}: {outcome:?}");
        assert_eq!(outcome.agent_error.as_deref(), Some(expect), "{code}");
        assert!(!outcome.stderr.text().contains("runner.py"), "{}", outcome.stderr.text());
    }
}

/// The agent's own error is told, whatever it left to print it with.
#[tokio::test]
async fn an_error_that_cannot_be_printed_is_told() {
    let hoard = "kept = []\n    while True: kept.append(open('/dev/null'))\n";
    let too_many = "OSError: [Errno 24] Too many open files: '/dev/null'";
    for (code, expect) in [
        (format!("if True:\n    {hoard}"), too_many),
        (format!("def main(inputs, ctx):\n    {hoard}"), too_many),
        ("import os\nos.close(2)\nraise ValueError('quiet')\n".to_owned(), "ValueError: quiet"),
        (
            "import os\ndef main(inputs, ctx):\n    os.close(2)\n    raise ValueError('quiet')\n".to_owned(),
            "ValueError: quiet",
        ),
        (
            "class Shy(Exception):\n    def __str__(self): raise SystemExit(0)\n\
             def main(inputs, ctx):\n    raise Shy\n"
                .to_owned(),
            "Shy",
        ),
    ] {
        let outcome = Agent::python(&code).run(&sandbox().await).await;
        // Python's own word for a stream that cannot be flushed is 120.
        assert!(matches!(outcome.end, End::Exited(1 | 120)), "{code}: {outcome:?}");
        assert_eq!(outcome.agent_error.as_deref(), Some(expect), "{code}");
        let said = outcome.stderr.text();
        assert!(!said.contains("runner"), "{said}");
        assert!(expect != too_many || said.contains("in <module>") || said.contains("in main"), "{said}");
    }
}

#[tokio::test]
async fn results_that_are_no_json_are_the_agents_error() {
    for result in ["object()", "{1: {2}}", "float('nan')", "'x' * (2 << 20)"] {
        let outcome = Agent::python(&format!("def main(inputs, ctx):\n    return {result}\n"))
            .run(&sandbox().await)
            .await;
        assert_eq!(outcome.end, End::Exited(1), "{result}: {outcome:?}");
        assert!(
            outcome.agent_error.is_some_and(|error| error.starts_with("the handler's result")),
            "{result}"
        );
    }
}

#[tokio::test]
async fn a_missing_entry_point_is_said_so() {
    let mut agent = Agent::python("");
    agent.spec.entrypoint = "gone.py".to_owned();
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.end, End::Exited(1));
    assert_eq!(
        outcome.agent_error.as_deref(),
        Some("entry point gone.py cannot be read: No such file or directory")
    );
}

#[tokio::test]
async fn the_standard_library_works() {
    let agent = Agent::python(
        "import asyncio, bz2, csv, ctypes, datetime, decimal, hashlib, json, lzma, multiprocessing, re, sqlite3, ssl, \
         subprocess, sys, tempfile, uuid, xml.etree.ElementTree, zlib, zoneinfo\n\
         def square(x):\n    return x * x\n\
         def main(inputs, ctx):\n    \
             with multiprocessing.Pool(2) as pool:\n        squares = pool.map(square, range(4))\n    \
             child = subprocess.run([sys.executable, '-c', 'print(6)'], capture_output=True, text=True)\n    \
             db = sqlite3.connect('file:' + tempfile.mktemp() + '?nolock=1', uri=True); db.execute('create table t(x)')\n    \
             zone = datetime.datetime(2025, 1, 1, tzinfo=zoneinfo.ZoneInfo('Asia/Kolkata')).utcoffset()\n    \
             return [squares, child.stdout, hashlib.sha256(b'').hexdigest()[:4], str(zone)]\n",
    );
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(
        outcome.outputs,
        Some(json!([[0, 1, 4, 9], "6\n", "e3b0", "5:30:00"])),
        "{}",
        outcome.stderr.text()
    );
}

#[tokio::test]
async fn results_that_nobody_could_read_are_refused_by_name() {
    for (result, says) in [
        ("float('nan')", "not JSON-serialisable"),
        ("{'a': [float('inf')]}", "not JSON-serialisable"),
        ("{'a': 10 ** 400}", "a number in it is too large"),
        ("deep(101)", "nested deeper than 100 levels"),
        ("deep(100000)", "not JSON-serialisable"),
    ] {
        let code = format!(
            "def deep(n):\n    value = 1\n    for _ in range(n): value = [value]\n    return value\ndef main(inputs, ctx):\n    return {result}\n"
        );
        let outcome = Agent::python(&code).run(&sandbox().await).await;
        assert_eq!((outcome.end, &outcome.outputs), (End::Exited(1), &None), "{result}");
        assert!(outcome.agent_error.as_ref().is_some_and(|error| error.contains(says)), "{outcome:?}");
    }
    let code = "def main(inputs, ctx):\n    value = 1\n    for _ in range(99): value = [value]\n    \
        return {'\\ud800k': '\\ud83d\\ude00 \\udc00 \\\\ud800', 'deep': value}\n";
    let outputs = Agent::python(code).run(&sandbox().await).await.outputs.expect("outputs");
    assert_eq!(outputs["\u{fffd}k"], "\u{1f600} \u{fffd} \\ud800");
    assert!(outputs["deep"].is_array());
}

#[tokio::test]
async fn an_unreadable_result_is_an_error_not_an_empty_one() {
    let code = "import os\ndef main(inputs, ctx):\n    os.write(4, b'{\"type\": \"outputs\", \"value\": 1e999}\\n')\n    os._exit(0)\n";
    let outcome = Agent::python(code).run(&sandbox().await).await;
    assert_eq!((outcome.end, &outcome.outputs), (End::Exited(0), &None));
    assert!(outcome.outputs_error.is_some_and(|error| error.starts_with("the outputs cannot be read: ")));
}
