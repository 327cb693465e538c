//! Agents that want all of something: processes, memory, disk, output, descriptors, threads, depth.

use serde_json::json;

use super::{End, Stage, node, python};

#[tokio::test(flavor = "multi_thread")]
async fn bombs_of_processes_and_threads_stay_in_their_box() {
    let table = vec![
        python("fork-bomb-py", "while True:\n    try: os.fork()\n    except OSError: pass\n", End::Timeout)
            .limited_to_ms(2_000),
        node("fork-bomb-js", "for (;;) try { cp.spawn(...sleeper); } catch {}", End::Timeout)
            .limited_to_ms(2_000),
        python(
            "thread-bomb-py",
            "while True: threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n",
            End::Failed("exit", "can't start new thread"),
        ),
        node(
            "thread-bomb-js",
            "const { Worker } = load('worker_threads');
             const grow = () => new Worker('/agent/index.js').on('error', (error) => { throw error; });
             if (load('worker_threads').isMainThread) for (let i = 0; i < 64; i++) grow(); else setInterval(() => {}, 1000);",
            End::Failed("exit", "EAGAIN"),
        ),
    ];
    Stage::set().await.run_all(table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_of_memory_and_disk_are_told_as_what_they_are() {
    let full = "\
def main(inputs, ctx):
    try:
        with access('/tmp/full', 'wb') as file:
            while True: file.write(b'x' * (1 << 20))
    except OSError as error: said = error.strerror
    os.unlink('/tmp/full')
    with access('/tmp/again', 'w') as file: file.write('y')
    return {'result': said + ', then fine'}
";
    let table = vec![
        python(
            "memory-bomb-py",
            "kept = []\nwhile True: kept.append(bytearray(b'x' * (8 << 20)))\n",
            End::Failed("oom", "out of memory: its limit is 128 MB"),
        )
        .limited_to_mb(128),
        node(
            "memory-bomb-js",
            "const kept = []; for (;;) kept.push(Buffer.alloc(8 << 20, 1));",
            End::Failed("oom", "out of memory: its limit is 128 MB"),
        )
        .limited_to_mb(128),
        python("disk-bomb-py", full, End::Success("No space left on device, then fine")),
        node(
            "disk-bomb-js",
            "for (;;) fs.appendFileSync('/tmp/full', Buffer.alloc(1 << 20, 1));",
            End::Failed("exit", "ENOSPC"),
        ),
        // The next one has a disk of its own.
        node(
            "disk-after",
            "module.exports = () => ({ result: String(fs.readdirSync('/tmp')) });",
            End::Success(""),
        ),
        python(
            "descriptor-bomb-py",
            "kept = []\nwhile True: kept.append(access('/dev/null'))\n",
            End::Failed("exit", "Too many open files"),
        ),
        node("descriptor-bomb-js", "for (;;) fs.openSync('/dev/null');", End::Failed("exit", "EMFILE")),
        // Every folder is looked at from the root down, so going deep takes the agent's own time.
        python(
            "deep-py",
            "os.chdir('/tmp')\nwhile True:\n    os.mkdir('d')\n    os.chdir('d')\n",
            End::Timeout,
        )
        .limited_to_ms(2_000),
        node(
            "deep-js",
            "process.chdir('/tmp'); for (;;) { fs.mkdirSync('d'); process.chdir('d'); }",
            End::Timeout,
        )
        .limited_to_ms(2_000),
    ];
    Stage::set().await.run_all(table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_are_cut_and_nobody_drowns() {
    let stage = Stage::set().await;
    let py = "\
def main(inputs, ctx):
    for _ in range(64):
        sys.stdout.write('x' * (1 << 20)); sys.stderr.write('y' * (1 << 20))
    for n in range(100000): ctx.progress(0.5, 'z' * 100)
    return {'result': 'printed'}
";
    let js = "module.exports = (inputs, ctx) => {
        for (let i = 0; i < 64; i++) { fs.writeSync(1, 'x'.repeat(1 << 16)); fs.writeSync(2, 'y'.repeat(1 << 16)); }
        return { result: 'printed' };
    };";
    for hostile in
        [python("flood-py", py, End::Success("printed")), node("flood-js", js, End::Success("printed"))]
    {
        let run = stage.run(&hostile, json!({})).await;
        for stream in ["stdout", "stderr"] {
            assert_eq!(run[stream].as_str().map(str::len), Some(10 * 1024), "{stream}");
        }
        assert_eq!(run["logs_truncated"], true);
        let logs =
            stage.user.get(&format!("/executions/{}/logs", run["id"].as_str().unwrap())).await.expect(200);
        assert!(logs.data()["stdout_bytes"].as_i64().unwrap() >= 4 << 20, "all of it is counted");
        assert!(logs.text.len() < 3 << 20, "and a part of it kept");
    }
    let table = vec![
        // What comes after it on the same line is lost with it.
        python(
            "report-flood-py",
            "def main(inputs, ctx):\n    for _ in range(64): os.write(4, b'x' * 65536)\n    return {'result': 'lost'}\n",
            End::Failed("outputs_invalid", "without outputs"),
        ),
        node("report-flood-js", "for (;;) fs.writeSync(4, '{\"type\":\"outputs\",\"value\":{\"result\":\"x\"}}\\n'.repeat(1000));", End::Timeout)
            .limited_to_ms(2_000),
    ];
    stage.run_all(table).await;
}

/// `/dev/null` takes any number of bytes at no cost; more than can be signed would leave the run unsettled for ever.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_more_than_a_receipt_can_hold() {
    let code = "\
mmap = load('mmap')
def main(inputs, ctx):
    big, null, written = mmap.mmap(-1, 1 << 31), os.open('/dev/null', os.O_WRONLY), 0
    while written < 1 << 53:
        written += os.write(null, big)
    return {'result': 'written'}
";
    let stage = Stage::set().await;
    let run =
        stage.run(&python("writer", code, End::Success("written")).limited_to_ms(60_000), json!({})).await;
    assert_eq!(run["resources"]["bytes_written"], (1_i64 << 53) - 1, "{run}");
    stage.app.finish().await;
}
