//! Agents that will not end, or want something of theirs to stay.

use super::{End, Stage, node, python};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_its_run() {
    let daemon = "\
def main(inputs, ctx):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for fd in range(5):
                try: os.close(fd)
                except OSError: pass
            time.sleep(600)
        os._exit(0)
    os.wait()
    return {'result': 'left one'}
";
    let table = vec![
        python("daemon-py", daemon, End::Success("left one")),
        node(
            "daemon-js",
            "module.exports = () => {
                cp.spawn(...sleeper, { detached: true, stdio: 'ignore' }).unref();
                return { result: 'left one' };
            };",
            End::Success("left one"),
        ),
        // It inherits stdout and stderr: a reader that waits for their end would wait for ever.
        node(
            "daemon-with-pipes-js",
            "module.exports = () => {
                cp.spawn(...sleeper, { detached: true, stdio: 'inherit' }).unref();
                return { result: 'left one' };
            };",
            End::Success("left one"),
        ),
    ];
    Stage::set().await.run_all(table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_ignores_the_end_is_killed() {
    let stop = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)\n";
    let table = vec![
        python("deaf-py", stop, End::Timeout).limited_to_ms(1_000),
        node("deaf-js", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);", End::Timeout)
            .limited_to_ms(1_000),
        python("stopped-py", "os.kill(os.getpid(), signal.SIGSTOP)\n", End::Timeout).limited_to_ms(1_000),
        node("stopped-js", "process.kill(process.pid, 'SIGSTOP');", End::Timeout).limited_to_ms(1_000),
        // On the way out it has time for one more child, and for a claim of success.
        python(
            "last-words-py",
            "def bye(*_):\n    if os.fork() == 0: time.sleep(600)\n    \
             os.write(4, b'{\"type\":\"outputs\",\"value\":{\"result\":\"x\"}}\\n'); os._exit(0)\n\
             signal.signal(signal.SIGTERM, bye)\nwhile True: time.sleep(1)\n",
            End::Timeout,
        )
        .limited_to_ms(1_000),
    ];
    Stage::set().await.run_all(table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandboxs_init_and_the_host_are_out_of_reach() {
    let everybody = "\
def main(inputs, ctx):
    said = []
    for pid in (1, -1, os.getppid(), 2**22 - 1):
        try:
            os.kill(pid, signal.SIGKILL)
            said.append('ok')
        except OSError as error: said.append(type(error).__name__)
    return {'result': ' '.join(said)}
";
    let table = vec![
        // Signals to init from inside are ignored, and there is nobody else.
        python("killer-py", everybody, End::Success("ok ProcessLookupError ok ProcessLookupError")),
        node(
            "killer-js",
            "module.exports = () => {
                const said = [1, process.ppid].map((pid) => { try { return String(process.kill(pid, 'SIGKILL')); } catch (error) { return error.code; } });
                return { result: said.join(' ') };
            };",
            End::Success("true true"),
        ),
        python("suicide-py", "os.kill(os.getpid(), signal.SIGKILL)\n", End::Failed("signal", "ended by signal 9")),
        node("suicide-js", "process.kill(process.pid, 'SIGKILL');", End::Failed("signal", "ended by signal 9")),
    ];
    Stage::set().await.run_all(table).await;
}
