//! Agents that want to see what is not theirs: the host, its environment and files, other runs.

use serde_json::{Value, json};

use super::{End, Hostile, Stage, node, publish_unseen, python};

/// Lines of what every process says of itself, by whatever way there is.
const ENVIRONMENTS: &str = "\
def main(inputs, ctx):
    seen = []
    for pid in [name for name in os.listdir('/proc') if name.isdigit()] + ['self', 'thread-self']:
        for file in ('environ', 'cmdline', 'root/proc/1/environ', 'cwd/environ', 'task/1/environ'):
            try:
                with access(f'/proc/{pid}/{file}', 'rb') as f: seen.append(f'{pid} {file} {f.read()}')
            except OSError as error: pass
    return {'result': '|'.join(seen)}
";

const ENVIRONMENTS_JS: &str = "
module.exports = () => {
    const seen = [];
    for (const pid of fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).concat('self'))
        for (const file of ['environ', 'cmdline'])
            try { seen.push(`${pid} ${file} ${fs.readFileSync(`/proc/${pid}/${file}`)}`); } catch {}
    return { result: seen.join('|') };
};";

async fn sees(stage: &Stage, agent: Hostile, text: Value) -> String {
    // What it sees is what the caller judges.
    let slug = agent.agent.slug.clone();
    let agent_id = publish_unseen(&agent.agent, &stage.app, &stage.developer).await;
    let deployment = crate::harness::deploy(&stage.user, &agent_id, json!({})).await;
    let run = crate::harness::execute(&stage.user, &agent_id, &deployment, json!({"text": text})).await;
    assert_eq!(run["status"], "success", "{slug}: {run}");
    assert_eq!(stage.app.leftovers(), Vec::<String>::new(), "{slug}");
    run["outputs"]["result"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_environment_but_its_own_is_seen() {
    let stage = Stage::set().await;
    // What this process, which is the server, has in its own.
    let ours = std::fs::read_to_string("/proc/self/environ").unwrap();
    let names: Vec<&str> =
        ours.split('\0').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name).collect();
    for agent in [
        python("environments-py", ENVIRONMENTS, End::Success("")),
        node("environments-js", ENVIRONMENTS_JS, End::Success("")),
    ] {
        let seen = sees(&stage, agent, json!("x")).await;
        assert!(seen.contains("runner"), "the test can fail: it sees itself in {seen}");
        let theirs = ["HOME", "TZ", "LANG", "PATH", "PWD", "TERM", "USER", "_"];
        for name in names.iter().filter(|name| !theirs.contains(name)) {
            assert!(!seen.contains(&format!("{name}=")), "{name} is in {seen}");
        }
        assert!(names.iter().any(|name| name.starts_with("CARGO")), "{names:?}");
    }
    stage.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_files_cannot_be_reached_by_any_name() {
    let stage = Stage::set().await;
    let keys = stage.app.data_dir().join("keys/master.key");
    let before = std::fs::read(&keys).unwrap();
    let ways = "\
def main(inputs, ctx):
    said, target = set(), inputs['text']
    for number, path in enumerate((target, '/proc/1/root' + target, '/proc/self/root' + target, '/agent/..' + target,
                                   '/proc/1/cwd/..' + target, '/tmp/../..' + target)):
        link = f'/tmp/link{number}'
        os.symlink(path, link)
        for name in (path, link):
            for mode in ('rb', 'r+b', 'ab'):
                try:
                    access(name, mode).close()
                    said.add('opened ' + name)
                except OSError as error: said.add(load('errno').errorcode[error.errno])
    os.symlink(os.path.dirname(target), '/tmp/dir')
    return {'result': ' '.join(sorted(said - {'ENOENT', 'EACCES', 'EROFS'}))}
";
    let seen = sees(&stage, python("links-py", ways, End::Success("")), json!(keys.to_str().unwrap())).await;
    assert_eq!(seen, "");
    let ways = "
    module.exports = ({ text }) => {
        const said = [];
        fs.symlinkSync(text, '/tmp/link');
        for (const name of [text, '/tmp/link', `/proc/1/root${text}`, `/proc/self/root${text}`])
            for (const flag of ['r', 'r+', 'a'])
                try { fs.closeSync(fs.openSync(name, flag)); said.push(`opened ${name}`); }
                catch (error) { if (!['ENOENT', 'EACCES', 'EROFS'].includes(error.code)) said.push(error.code); }
        return { result: said.join(' ') };
    };";
    let seen = sees(&stage, node("links-js", ways, End::Success("")), json!(keys.to_str().unwrap())).await;
    assert_eq!(seen, "");
    // Nor did tidying up after them follow a link.
    assert_eq!(std::fs::read(&keys).unwrap(), before);
    stage.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_runs_leave_nothing_to_find() {
    let stage = Stage::set().await;
    let marks = "\
def main(inputs, ctx):
    made = []
    for folder in ('/tmp', '/dev/shm', '/var/tmp', '/run', '/agent', '/'):
        try:
            with access(folder + '/mark', 'w') as file: file.write('mine')
            made.append(folder)
        except OSError: pass
    return {'result': ' '.join(made)}
";
    let made = sees(&stage, python("marks-py", marks, End::Success("")), json!("")).await;
    assert_eq!(made, "/tmp /dev/shm", "the latter is a link to the former");
    let finds = "\
def main(inputs, ctx):
    found = [os.path.join(at, name) for at, _, names in os.walk('/') for name in names if name == 'mark']
    return {'result': ' '.join(found + os.listdir('/tmp'))}
";
    assert_eq!(sees(&stage, python("finds-py", finds, End::Success("")), json!("")).await, "");
    let finds = "module.exports = () => ({ result: String(fs.readdirSync('/tmp')) });";
    assert_eq!(sees(&stage, node("finds-js", finds, End::Success("")), json!("")).await, "");
    stage.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_no_sandbox_allows_are_told_as_such() {
    let call = "load('ctypes').CDLL(None).unshare(0x10000000)\n";
    let in_a_child = format!(
        "def main(inputs, ctx):\n    if os.fork() == 0: {call}    _, status = os.wait()\n    \
         return {{'result': str(os.WTERMSIG(status))}}\n"
    );
    let forbidden = "forbidden system call";
    let table = vec![
        python("unshare-py", call, End::Failed("forbidden_call", forbidden)),
        // It dies alone.
        python("unshare-child-py", &in_a_child, End::Success("31")),
        python("crash-py", "signal.raise_signal(signal.SIGSEGV)\n", End::Failed("signal", "crashed")),
    ];
    Stage::set().await.run_all(table).await;
}
