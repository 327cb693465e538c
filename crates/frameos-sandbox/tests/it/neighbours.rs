//! Two runs at the same time: neither sees, reaches or disturbs the other.

use frameos_sandbox::{End, RunEvent, Sandbox};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::harness::{Agent, result, sandbox, sandbox_processes};

/// Keeps a secret wherever a program can keep one, listens, and says at the end what became of it.
const VICTIM: &str = "
SECRET = 'the secret of ' + os.environ['INPUT_NAME']
def main(inputs, ctx):
    os.environ['SECRET'] = SECRET
    kept = ctypes.create_string_buffer(SECRET.encode())
    with open('/tmp/secret', 'w') as file: file.write(SECRET)
    os.mkfifo('/tmp/fifo')
    tcp = socket.create_server(('127.0.0.1', 4711))
    unix = socket.socket(socket.AF_UNIX); unix.bind('\\0victim'); unix.listen()
    named = socket.socket(socket.AF_UNIX); named.bind('/tmp/socket'); named.listen()
    for listener in (tcp, unix, named): listener.setblocking(False)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
    print('ready', flush=True)
    received = signal.sigwait({signal.SIGTERM, signal.SIGUSR1})
    return {'signal': received.name, 'visits': [tried(listener.accept) for listener in (tcp, unix, named)],
            'file': open('/tmp/secret').read() == SECRET, 'memory': kept.value.decode() == SECRET, 'tmp': sorted(os.listdir('/tmp'))}
";

const ATTACKER: &str = "
def connect(family, address):
    with socket.socket(family) as s: s.connect(address)
def main(inputs, ctx):
    found = []
    for folder, folders, names in os.walk('/proc'):
        folders[:] = [f for f in folders if not os.path.islink(os.path.join(folder, f))]
        for name in names:
            if name in ('environ', 'cmdline', 'comm', 'maps', 'mountinfo'):
                try:
                    with open(os.path.join(folder, name), 'rb') as file: text = file.read(1 << 20)
                    if inputs['looks_for'].encode() in text: found.append(os.path.join(folder, name))
                except OSError: pass
    kills = {tried(os.kill, pid, signal.SIGUSR1) for pid in range(1, 2000) if pid not in (1, os.getpid())}
    return {'found': found, 'kills': sorted(kills), 'tmp': os.listdir('/tmp'), 'shm': os.listdir('/dev/shm'),
            'tcp': tried(connect, socket.AF_INET, ('127.0.0.1', 4711)), 'unix': tried(connect, socket.AF_UNIX, '\\0victim'),
            'named': tried(connect, socket.AF_UNIX, '/tmp/socket'), 'sockets': open('/proc/net/unix').read().count('victim'),
            'listening': len(open('/proc/net/tcp').read().splitlines()) - 1,
            'killed all': tried(os.kill, -1, signal.SIGKILL)}
";

const NODE_ATTACKER: &str = "
module.exports = async (inputs) => {
  const pids = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name));
  const kills = new Set();
  const own = fs.readdirSync('/proc/self/task').map(Number);
  for (let pid = 2; pid < 2000; pid++) if (!own.includes(pid)) kills.add(tried(() => process.kill(pid, 'SIGUSR1')));
  const shown = (pid) => { try { return fs.readFileSync(`/proc/${pid}/environ`, 'utf8'); } catch { return ''; } };
  return { found: pids.filter((pid) => shown(pid).includes(inputs.looks_for)), kills: [...kills],
    tmp: fs.readdirSync('/tmp'), shm: fs.readdirSync('/dev/shm'), tcp: await reached({ host: '127.0.0.1', port: 4711 }),
    unix: await reached({ path: '\\0victim' }), named: await reached({ path: '/tmp/socket' }) };
};";

/// Runs `during` while the victim waits, then ends the victim and returns its report.
async fn while_it_waits<F: Future<Output = ()>>(sandbox: &Sandbox, victim: &Agent, during: F) -> Value {
    let (sender, mut events) = tokio::sync::mpsc::channel(8);
    let cancel = CancellationToken::new();
    let mut spec = victim.spec.clone();
    spec.limits.grace = std::time::Duration::from_secs(10);
    let run = sandbox.run(spec, Some(sender), cancel.clone());
    let attack = async {
        while events.recv().await.is_some_and(|event| !matches!(event, RunEvent::Stdout(_))) {}
        during.await;
        cancel.cancel();
        while events.recv().await.is_some() {}
    };
    let (outcome, ()) = tokio::join!(run, attack);
    let outcome = outcome.expect("a run");
    assert_eq!(outcome.end, End::Cancelled);
    result(outcome)
}

#[tokio::test]
async fn a_run_cannot_see_reach_or_signal_its_neighbour() {
    let sandbox = sandbox().await;
    let victim = Agent::probe(VICTIM).with_input("name", "a");
    let report = while_it_waits(&sandbox, &victim, async {
        assert!(sandbox_processes(victim.path()) > 0, "the test can fail");
        for attacker in [Agent::probe(ATTACKER), Agent::node_probe(NODE_ATTACKER)] {
            // Told what to look for; it must be found nowhere else.
            let attacker = attacker.with_input("looks_for", "secret of a");
            let seen = result(attacker.run(&sandbox).await);
            for none in ["found", "tmp", "shm"] {
                assert_eq!(seen[none], json!([]), "{none}");
            }
            assert_eq!(seen["kills"], json!(["ESRCH"]));
            assert_eq!(
                (&seen["tcp"], &seen["unix"], &seen["named"]),
                (&json!("ECONNREFUSED"), &json!("ECONNREFUSED"), &json!("ENOENT"))
            );
            for zero in ["sockets", "listening"] {
                assert!(seen.get(zero).is_none_or(|count| *count == 0), "{zero}: {}", seen[zero]);
            }
        }
    })
    .await;
    let expect = json!({
        "signal": "SIGTERM", "visits": ["EAGAIN", "EAGAIN", "EAGAIN"], "file": true, "memory": true,
        "tmp": ["fifo", "secret", "socket"],
    });
    assert_eq!(report, expect);
}

#[tokio::test]
async fn nothing_of_a_run_is_there_for_the_next() {
    let sandbox = sandbox().await;
    let code = "
def main(inputs, ctx):
    seen = {'tmp': os.listdir('/tmp'), 'env': [name for name in os.environ if 'SECRET' in name],
            'sockets': len(open('/proc/net/unix').read().splitlines()) - 1}
    for name in ('left', '.hidden'): put('/tmp/' + name)
    os.environ['SECRET_LEFT'] = '1'
    kept = socket.socket(socket.AF_UNIX); kept.bind('\\0left'); kept.listen()
    if os.fork() == 0:
        os.setsid(); signal.pause()
    return seen
";
    let agent = Agent::probe(code);
    let first = result(agent.run(&sandbox).await);
    assert_eq!((&first["tmp"], &first["env"], &first["sockets"]), (&json!([]), &json!([]), &json!(0)));
    for _ in 0..3 {
        assert_eq!(result(agent.run(&sandbox).await), first);
    }
}
