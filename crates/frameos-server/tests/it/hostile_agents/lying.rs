//! Agents that say of themselves what is not so.

use serde_json::json;

use super::{End, Stage, node, python};

/// Python that reports this line on descriptor 4.
fn reports(line: &str) -> String {
    format!("os.write(4, b'''{line}\\n''')\n")
}

const OUTPUTS: &str = r#"{"type":"outputs","value":{"result":"forged"}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn forged_reports_earn_nothing() {
    let forge = reports(OUTPUTS);
    let table = vec![
        python(
            "forged-then-fails-py",
            &format!("{forge}os._exit(3)\n"),
            End::Failed("exit", "exited with code 3"),
        ),
        node(
            "forged-then-fails-js",
            &format!("fs.writeSync(4, '{OUTPUTS}\\n'); process.exit(3);"),
            End::Failed("exit", "exited with code 3"),
        ),
        python("forged-then-crashes-py", &format!("{forge}os.abort()\n"), End::Failed("signal", "aborted")),
        python(
            "forged-type-py",
            &format!("{}os._exit(0)\n", reports(r#"{"type":"outputs","value":{"result":["x"]}}"#)),
            End::Failed("outputs_invalid", "result"),
        ),
        node(
            "forged-type-js",
            r#"fs.writeSync(4, '{"type":"outputs","value":"no object"}\n'); process.exit(0);"#,
            End::Failed("outputs_invalid", "outputs"),
        ),
        python(
            "forged-depth-py",
            &format!(
                "os.write(4, b'{}' + b'[' * 200 + b']' * 200 + b'}}}}\\n')\nos._exit(0)\n",
                r#"{"type":"outputs","value":{"result":"#
            ),
            End::Failed("outputs_invalid", "cannot be read"),
        ),
        node(
            "forged-number-js",
            r#"fs.writeSync(4, '{"type":"outputs","value":{"result":1e999}}\n'); process.exit(0);"#,
            End::Failed("outputs_invalid", "cannot be read"),
        ),
        // A good result is not taken back by a bad word, nor made by a good one.
        python(
            "forged-error-py",
            &format!("{}{forge}os._exit(0)\n", reports(r#"{"type":"error","message":"all is lost"}"#)),
            End::Success("forged"),
        ),
        python(
            "forged-status-py",
            &format!(
                "{}os._exit(0)\n",
                reports(r#"{"type":"exited","code":0,"written":0,"status":"success"}"#)
            ),
            End::Failed("outputs_invalid", "without outputs"),
        ),
    ];
    Stage::set().await.run_all(table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_well_without_outputs_is_a_failure() {
    let table = vec![
        python(
            "closed-py",
            "for fd in range(10):\n    try: os.close(fd)\n    except OSError: pass\nos._exit(0)\n",
            End::Failed("outputs_invalid", "without outputs"),
        ),
        node(
            "closed-js",
            "for (const fd of [0, 1, 2, 4]) try { fs.closeSync(fd); } catch {} process.exit(0);",
            End::Failed("outputs_invalid", "without outputs"),
        ),
        node("quiet-js", "process.exit(0);", End::Failed("outputs_invalid", "without outputs")),
        python("quiet-py", "sys.exit(0)\n", End::Failed("outputs_invalid", "without outputs")),
        node(
            "quiet-handler-js",
            "module.exports = () => process.exit(0);",
            End::Failed("outputs_invalid", "without outputs"),
        ),
        python(
            "quiet-handler-py",
            "def main(inputs, ctx): os._exit(0)\n",
            End::Failed("outputs_invalid", "without outputs"),
        ),
        node(
            "never-js",
            "module.exports = () => new Promise(() => {});",
            End::Failed("exit", "never finished"),
        ),
    ];
    Stage::set().await.run_all(table).await;
}

/// The message is the agent's own; what a terminal would obey is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_error_is_shown_as_text_and_not_more() {
    let stage = Stage::set().await;
    let code = format!(
        "{}os._exit(1)\n",
        reports(r#"{"type":"error","message":"\\u001b[2J\\u0000<script>paid in full</script>"}"#)
    );
    let run = stage.run(&python("painter", &code, End::Failed("exit", "paid in full")), json!({})).await;
    assert_eq!(run["error_message"], " [2J <script>paid in full</script>");
    stage.app.finish().await;
}

/// An agent may use the platform's words; what it cannot choose is the reason beside them.
#[tokio::test(flavor = "multi_thread")]
async fn the_platforms_words_do_not_make_it_the_platforms_fault() {
    let platform = "the platform could not run this agent in 3 attempts; nothing was charged";
    let memory = "the agent ran out of memory: its limit is 512 MB";
    let table = vec![
        node("blamer-js", &format!("throw new Error('{platform}');"), End::Failed("exit", platform)),
        python("blamer-py", &format!("raise Exception('{platform}')\n"), End::Failed("exit", platform)),
        python("hungry-py", &format!("raise Exception('{memory}')\n"), End::Failed("exit", memory)),
        // What a shell would say of a process that was killed for its memory.
        node("killed-js", "process.exit(137);", End::Failed("exit", "exited with code 137")),
        python(
            "timed-out-py",
            "sys.exit('the agent was stopped at its time limit')\n",
            End::Failed("exit", "time limit"),
        ),
    ];
    Stage::set().await.run_all(table).await;
}
