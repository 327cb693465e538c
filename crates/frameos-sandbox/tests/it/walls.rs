//! What a program sees and reaches, told from inside.

use frameos_sandbox::Language;
use serde_json::{Value, json};

use crate::harness::{Agent, is_docker, is_linux, is_rootless, result, sandbox};

/// Runs the body of a Python handler and returns its result.
async fn inside(body: &str) -> Value {
    let indented: String = body.lines().map(|line| format!("    {line}\n")).collect();
    let code = format!("def main(inputs, ctx):\n{indented}");
    result(Agent::probe(&code).run(&sandbox().await).await)
}

async fn inside_node(body: &str) -> Value {
    result(Agent::node(&format!("module.exports = async () => {{ {body} }}")).run(&sandbox().await).await)
}

#[tokio::test]
async fn no_privilege_is_left() {
    let status = inside(
        "lines = {line.partition(':')[0]: line.partition(':')[2].strip() for line in open('/proc/self/status')}\n\
         return {k: lines[k] for k in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp', 'Uid', 'Gid', 'Groups')}",
    )
    .await;
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(status[set], "0000000000000000", "{set}");
    }
    assert_eq!((&status["NoNewPrivs"], &status["Seccomp"]), (&json!("1"), &json!("2")));
    for ids in [&status["Uid"], &status["Gid"]] {
        let mut ids = ids.as_str().expect("text").split('\t').map(|id| id.parse::<u32>().expect("a number"));
        let first = ids.next().expect("an id");
        assert!(ids.all(|id| id == first));
        // A container has no user namespace of its own: it has the host's id, which owns nothing.
        assert!(if is_docker() { first >= 0x7000_0000 } else { first == 1000 }, "{first}");
    }
    // Some OCI runtimes name the group once more.
    let groups = status["Groups"].as_str().expect("text").trim();
    assert!(
        groups.is_empty() || is_docker() && status["Gid"].as_str().is_some_and(|ids| ids.starts_with(groups))
    );
}

#[tokio::test]
async fn only_tmp_can_be_written_and_nothing_in_it_executed() {
    let seen = inside(
        "import subprocess, shutil\n\
         places = ['/', '/agent', '/usr', '/usr/bin', '/etc', '/runner', '/dev', '/proc', '/var/empty']\n\
         seen = {place: tried(put, os.path.join(place, 'probe')) for place in places}\n\
         seen['over'] = tried(put, '/agent/main.py')\n\
         seen['link'] = tried(os.unlink, '/agent/main.py')\n\
         seen['chmod'] = tried(os.chmod, '/usr/bin/python3', 0o777)\n\
         seen['utime'] = tried(os.utime, '/dev/null')\n\
         seen['tmp'] = tried(put, '/tmp/probe')\n\
         seen['device'] = tried(os.mknod, '/tmp/sda', 0o60600, os.makedev(8, 0))\n\
         shutil.copy(sys.executable, '/tmp/python'); os.chmod('/tmp/python', 0o755)\n\
         seen['exec'] = tried(subprocess.run, ['/tmp/python', '-c', '1'])\n\
         return seen",
    )
    .await;
    for (place, got) in seen.as_object().expect("an object") {
        let expect: &[&str] = match place.as_str() {
            "tmp" => &["done"],
            // A container's device files are inodes of its own.
            "utime" if is_docker() => &["done"],
            "exec" => &["EACCES"],
            _ => &["EROFS", "EACCES", "EPERM", "ENOENT"],
        };
        assert!(got.as_str().is_some_and(|got| expect.contains(&got)), "{place}: {got}");
    }
}

#[tokio::test]
async fn mounts_are_as_promised() {
    let mounts = inside("return [line.split(' ') for line in open('/proc/self/mountinfo')]").await;
    let mounts = mounts.as_array().expect("lines");
    let mut points = Vec::new();
    for mount in mounts {
        let (point, options) = (mount[4].as_str().unwrap_or(""), mount[5].as_str().unwrap_or(""));
        let has = |option: &str| options.split(',').any(|o| o == option);
        points.push(point);
        if is_docker() {
            // An engine takes no such flags for binds: no capability, no-new-privileges and the devices' control group stand
            // for nosuid and nodev. /sys and what is below it lies under an empty folder.
            let own = ["/tmp", "/dev", "/dev/shm", "/dev/pts", "/dev/mqueue", "/proc"];
            assert!(
                has("ro") || own.contains(&point) || ["/proc/", "/sys"].iter().any(|p| point.starts_with(p)),
                "{point} {options}"
            );
            assert!(
                has("noexec") && has("nosuid") || !["/tmp", "/dev/shm", "/proc"].contains(&point),
                "{point}"
            );
            continue;
        }
        assert!(has("nosuid"), "{point} {options}");
        // Optional fields end at a dash: no peer, no master.
        assert_eq!(mount[6], "-", "{point} {mount}");
        assert!(has("ro") || ["/tmp", "/proc"].contains(&point), "{point} {options}");
        assert!(
            has("nodev") || point.starts_with("/dev/") || point.starts_with("/proc/"),
            "{point} {options}"
        );
        assert!(
            has("noexec") || ["/", "/agent"].contains(&point) || point.starts_with("/proc/"),
            "{point} {options}"
        );
    }
    assert!(["/", "/agent", "/tmp", "/proc"].iter().all(|p| points.contains(p)), "{points:?}");
    assert!(is_docker() || !points.iter().any(|point| point.starts_with("/sys")), "{points:?}");
}

#[tokio::test]
async fn proc_shows_nothing_of_the_host() {
    let seen = inside(
        "seen = {'pids': sorted(int(n) for n in os.listdir('/proc') if n.isdigit())}\n\
         for name in ('kcore', 'keys', 'timer_list', 'sysrq-trigger', 'kallsyms', 'cmdline', 'interrupts', 'modules'):\n    \
             path = '/proc/' + name\n    \
             try:\n        seen[name] = len(open(path).read(100))\n    \
             except OSError as error: seen[name] = errno.errorcode[error.errno]\n\
         seen['bus'] = os.listdir('/proc/bus')\n\
         seen['sysctl'] = tried(put, '/proc/sys/kernel/core_pattern')\n\
         seen['trigger'] = tried(put, '/proc/sysrq-trigger')\n\
         seen['init mem'] = tried(open, '/proc/1/mem', 'rb')\n\
         seen['init root'] = tried(os.listdir, '/proc/1/root')\n\
         seen['init fd'] = tried(os.listdir, '/proc/1/fd')\n\
         seen['cgroup'] = open('/proc/self/cgroup').read()\n\
         seen['cpus'] = os.cpu_count()\n\
         seen['sys'] = os.listdir('/sys') if os.path.exists('/sys') else []\n\
         return seen",
    )
    .await;
    let pids = seen["pids"].as_array().expect("numbers");
    if is_docker() {
        assert_eq!((pids.len(), &pids[0]), (2, &json!(1)), "itself and init, which is closed: see below");
    } else {
        assert_eq!(pids, &[json!(2)], "only itself; init is hidden");
    }
    assert_eq!(seen["sys"], json!([]));
    for name in ["kcore", "keys", "timer_list", "kallsyms", "cmdline", "interrupts", "modules"] {
        assert!(seen[name] == 0 || seen[name].is_string(), "{name}: {}", seen[name]);
    }
    assert_eq!(seen["bus"], json!([]));
    for name in ["sysctl", "init mem", "init root", "init fd"] {
        assert_ne!(seen[name], "done", "{name}");
    }
    let cgroup = seen["cgroup"].as_str().expect("text");
    assert!(!cgroup.contains("frameos"), "{cgroup}");
    assert!(seen["cpus"].as_u64().is_some_and(|cpus| cpus > 0));
}

#[tokio::test]
async fn the_hosts_files_processes_and_environment_are_out_of_sight() {
    let body = "return {root: fs.readdirSync('/').sort(), env: Object.keys(process.env).sort(), etc: fs.readdirSync('/etc').sort(),
            bin: fs.readdirSync('/usr/bin'), host: os.hostname(), user: os.userInfo().username, uid: process.getuid(),
            fds: fs.readdirSync('/proc/self/fd').filter((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd).startsWith('/') } catch { return false } })
                .map((fd) => fs.readlinkSync('/proc/self/fd/' + fd)) };";
    let seen = inside_node(&format!("const fs = require('fs'), os = require('os'); {body}")).await;
    let mut root = vec!["agent", "dev", "etc", "lib", "lib64", "proc", "runner", "tmp", "usr", "var"];
    if is_docker() {
        root.extend(["sys", ".dockerenv"]);
    }
    let seen_root: Vec<&str> =
        seen["root"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    assert!(seen_root.iter().all(|name| root.contains(name)), "{seen_root:?}");
    assert_eq!(
        seen["env"],
        json!(["FRAMEOS_EXECUTION_ID", "FRAMEOS_INPUTS", "HOME", "LANG", "PATH", "TMPDIR", "TZ"])
    );
    let mut etc = vec!["frameos-runtime.json", "group", "hosts", "nsswitch.conf", "passwd"];
    if is_docker() {
        // Every engine puts these there; they hold the name `sandbox` and no name server.
        etc.extend(["hostname", "mtab", "resolv.conf"]);
        etc.sort_unstable();
    }
    assert_eq!(seen["etc"], json!(etc));
    assert_eq!((&seen["bin"], &seen["host"]), (&json!(["node"]), &json!("sandbox")));
    assert_eq!(seen["user"], "agent");
    assert!(seen["uid"].as_u64().is_some_and(|uid| if is_docker() {
        uid >= 0x7000_0000
    } else {
        uid == 1000
    }));
    let open = seen["fds"].as_array().expect("paths");
    assert!(
        // The event loop keeps one spare descriptor.
        open.iter().all(|path| path == "/proc/self/fd"
            || path == "/dev/null"
            || path.as_str().is_some_and(|p| p.starts_with("/proc/") && p.ends_with("/fd"))),
        "{open:?}"
    );
}

#[tokio::test]
async fn a_program_starts_with_its_own_descriptors_only() {
    let seen = inside(
        "links = {}\n\
         for fd in os.listdir('/proc/self/fd'):\n    \
             try: links[fd] = os.readlink('/proc/self/fd/' + fd).split('[')[0]\n    \
             except OSError: pass\n\
         return links",
    )
    .await;
    assert_eq!(seen, json!({"0": "pipe:", "1": "pipe:", "2": "pipe:", "4": "pipe:"}));
}

/// Everything two sandboxes share: they meet at the same files, so nothing kept by a file may pass between them.
const SHARED: &str = "import os, fcntl, ctypes, errno, struct, time
libc = ctypes.CDLL(None, use_errno=True)
FILES = ['/dev/null', '/dev/zero', '/dev/urandom', '/runner/runner.pyc', '/usr/bin/python3', '/agent/main.py']
FILES = [path for path in FILES if os.path.exists(path)]
RECORD = struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 1, 0)
def tried(act, *args):
    try:
        act(*args)
        return 'done'
    except OSError as error:
        return errno.errorcode[error.errno]
def looks(fd, lock):
    return {
        'record': tried(fcntl.fcntl, fd, lock, RECORD), 'open': tried(fcntl.fcntl, fd, lock + 31, RECORD),
        'flock': tried(fcntl.flock, fd, fcntl.LOCK_EX | fcntl.LOCK_NB), 'lease': tried(fcntl.fcntl, fd, fcntl.F_SETLEASE, fcntl.F_RDLCK),
    }
def main(inputs, ctx):
    fds = {path: os.open(path, os.O_RDONLY) for path in FILES} | {'stdin': 0}
    times = lambda: [os.stat(path).st_atime_ns for path in FILES]
    watch = libc.inotify_init1(0)
    seen = {'watch': watch if watch != -1 else errno.errorcode[ctypes.get_errno()], 'stdin': os.fstat(0).st_ino}
    seen['looks'], before = {}, times()
    ctx.log('ready')
    end = time.monotonic() + 1
    while time.monotonic() < end:
        for path, fd in fds.items():
            if path != 'stdin': os.pread(fd, 1, 0)
            for kind, got in looks(fd, fcntl.F_SETLK if inputs['signals'] else fcntl.F_GETLK).items():
                seen['looks'].setdefault(got, []).append(kind)
        time.sleep(0.02)
    seen['looks'] = {got: sorted(set(kinds)) for got, kinds in seen['looks'].items()}
    seen['times'] = times() == before
    return seen
";

#[tokio::test]
async fn two_sandboxes_cannot_signal_through_shared_files() {
    let sandbox = sandbox().await;
    let agent = Agent::python(SHARED);
    let run = |signals: bool| {
        let mut spec = agent.spec.clone();
        spec.inputs.insert("signals".to_owned(), signals.into());
        sandbox.run(spec, None, tokio_util::sync::CancellationToken::new())
    };
    let (one, other) = tokio::join!(run(true), run(false));
    let (one, other) = (result(one.expect("a run")), result(other.expect("a run")));
    assert_ne!(one["stdin"], other["stdin"], "stdin is an inode of its own");
    for seen in [one, other] {
        assert_eq!(seen["looks"], json!({"ENOLCK": ["flock", "lease", "open", "record"]}));
        assert_eq!((&seen["watch"], &seen["times"]), (&json!("ENOSYS"), &json!(true)));
    }
}

#[tokio::test]
async fn landlock_holds_where_mounts_would_not() {
    if !is_linux("Landlock") {
        return;
    }
    // /proc is writable as a mount and this file belongs to the program; only Landlock is in the way.
    let seen = inside("return [tried(put, '/proc/self/comm'), tried(put, '/proc/self/oom_score_adj')]").await;
    assert_eq!(seen, json!(["EACCES", "EACCES"]));
}

#[tokio::test]
async fn resource_limits_are_set_and_cannot_be_raised() {
    let seen = inside(
        "import resource as r\n\
         seen = {n: r.getrlimit(getattr(r, 'RLIMIT_' + n)) for n in ('CORE', 'NOFILE', 'FSIZE', 'RTPRIO', 'MEMLOCK', 'MSGQUEUE')}\n\
         def more(): r.setrlimit(r.RLIMIT_NOFILE, (1025, 1025))\n\
         try: more()\n\
         except ValueError as error: seen['raise'] = str(error)\n\
         seen['adj'] = open('/proc/self/oom_score_adj').read().strip()\n\
         seen['session'] = os.getsid(0) == os.getpid()\n\
         return seen",
    )
    .await;
    assert_eq!((&seen["CORE"], &seen["NOFILE"]), (&json!([1, 1]), &json!([1024, 1024])));
    assert_eq!((&seen["RTPRIO"], &seen["MSGQUEUE"]), (&json!([0, 0]), &json!([0, 0])));
    assert_eq!(seen["FSIZE"], json!([101 << 20, 101 << 20]));
    assert!(seen["raise"].is_string(), "{seen}");
    assert_eq!((&seen["adj"], &seen["session"]), (&json!("1000"), &json!(true)));
}

#[tokio::test]
async fn the_marker_names_no_host_path() {
    let text = inside("return open('/etc/frameos-runtime.json').read()").await;
    assert!(text.as_str().is_some_and(|text| !text.contains('/')), "{text}");
}

#[tokio::test]
async fn links_in_a_bundle_lead_nowhere_on_the_host() {
    let agent = Agent::python(
        "import os\ndef main(inputs, ctx):\n    seen = {}\n    for name in ('passwd', 'host', 'up'):\n        \
         try:\n            seen[name] = open('/agent/' + name).read(4096)\n        except OSError as e:\n            seen[name] = None\n    \
         return seen\n",
    );
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "host secret").expect("write");
    std::os::unix::fs::symlink("/etc/passwd", agent.path().join("passwd")).expect("link");
    std::os::unix::fs::symlink(secret.path(), agent.path().join("host")).expect("link");
    let up = format!("../../../../..{}", secret.path().display());
    std::os::unix::fs::symlink(up, agent.path().join("up")).expect("link");
    let seen = result(agent.run(&sandbox().await).await);
    assert!(seen["passwd"].as_str().is_some_and(|text| text.starts_with("agent:x:1")), "{seen}");
    assert_eq!((&seen["host"], &seen["up"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_linked_entry_point_does_not_reach_the_host() {
    let agent = Agent::new(Language::Python, "main.py", "");
    let outside = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(outside.path(), "print('{\"ran\": true}')").expect("write");
    std::fs::remove_file(agent.path().join("main.py")).expect("unlink");
    std::os::unix::fs::symlink(outside.path(), agent.path().join("main.py")).expect("link");
    let outcome = agent.run(&sandbox().await).await;
    assert_eq!(outcome.outputs, None);
    assert!(outcome.agent_error.is_some_and(|error| error.contains("cannot be read")));
}

#[tokio::test]
async fn concurrent_runs_have_ids_of_their_own_on_the_host_or_the_normal_users() {
    let sandbox = sandbox().await;
    // The map's second number is the host's id.
    let code = "import time\ndef main(inputs, ctx):\n    time.sleep(0.5)\n    \
                import os\n    return open('/proc/self/uid_map').read().split() + [os.getuid()]\n";
    let agents: Vec<Agent> = (0..3).map(|_| Agent::python(code)).collect();
    let (a, b, c) = tokio::join!(agents[0].run(&sandbox), agents[1].run(&sandbox), agents[2].run(&sandbox));
    let maps: Vec<Value> = [a, b, c].into_iter().map(result).collect();
    // Without a user namespace the id is the host's itself.
    let id =
        |map: &Value| if is_docker() { map[3].to_string() } else { map[1].as_str().unwrap_or("").to_owned() };
    let mut ids: Vec<String> = maps.iter().map(id).collect();
    assert!(is_docker() || maps.iter().all(|map| map[0] == "1000" && map[2] == "1"), "{maps:?}");
    ids.sort_unstable();
    ids.dedup();
    if is_rootless(&sandbox) {
        let own = rustix::process::geteuid().as_raw().to_string();
        return assert_eq!(ids, [own], "who is not root has one id to give");
    }
    assert_eq!(ids.len(), 3, "{maps:?}");
    assert!(ids.iter().all(|id| id.parse::<u64>().is_ok_and(|id| id >= 0x7000_0000)), "{ids:?}");
}
