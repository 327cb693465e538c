//! Known ways out, tried from inside: through `/proc`, `/sys` and devices, through files, through what is set-user-id.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use frameos_sandbox::Language;
use rustix::process::geteuid;
use serde_json::{Value, json};

use crate::harness::{Agent, is_docker, result, sandbox};

async fn seen_by(agent: Agent) -> Value {
    result(agent.run(&sandbox().await).await)
}

/// Every attempt of a map failed, but for those that a container has something harmless to show for.
fn assert_failed(attempts: &Value, harmless: &[&str]) {
    for (name, got) in attempts.as_object().expect("attempts") {
        let harmless = is_docker() && harmless.contains(&name.as_str());
        assert!(harmless || got.as_str().is_some_and(|got| got != "done"), "{name}: {got}");
    }
}

#[tokio::test]
async fn nothing_of_the_host_opens_through_proc_sys_or_devices() {
    for agent in
        [Agent::probe(include_str!("probes/proc.py")), Agent::node_probe(include_str!("probes/proc.cjs"))]
    {
        let python = agent.spec.language == Language::Python;
        let seen = seen_by(agent).await;
        // In a container the first process is seen, and closed all the same.
        let others = if is_docker() { json!(["1"]) } else { json!([]) };
        assert_eq!(seen["pids"], others);
        for none in ["writable of others", "writable of its own"] {
            assert_eq!(seen[none], json!([]), "{none}");
        }
        // It can be told that they are there; `init` of the docker tests holds that they do not open.
        assert_failed(&seen["init"], &["cgroup", "environ", "mem", "maps", "fd"]);
        // Empty covers, and empty folders of the image.
        assert_failed(&seen["absent"], &["/sys", "/run", "/var/run", "/home", "/root", "/proc/1"]);
        for failed in ["sysrq", "core pattern", "oom"] {
            assert_ne!(seen[failed], "done", "{failed}");
        }
        if python {
            for none in ["devices", "sysctls"] {
                let engines_own = is_docker() && none == "devices";
                assert!(engines_own || seen[none] == json!([]), "{none}: {}", seen[none]);
            }
            // Under covers, in a container.
            assert!(is_docker() || seen["file systems"] == json!([]), "{}", seen["file systems"]);
            assert!(seen["of its own"].as_u64().is_some_and(|count| count > 50), "the test can fail: {seen}");
            assert_eq!(seen["own memory"], "done", "interpreters may look at themselves");
            assert_ne!((&seen["kcore"], &seen["modprobe"]), (&json!("done"), &json!("done")));
        } else {
            assert_eq!(seen["signalled"], true, "still there");
        }
    }
}

/// A copy of the runtime's interpreter in the bundle that belongs to root, if root runs the test: others can give nothing away.
fn rooted(agent: &Agent, interpreter: &Path, name: &str) -> std::path::PathBuf {
    let path = agent.path().join(name);
    std::fs::copy(interpreter, &path).expect("copy");
    if geteuid().is_root() {
        chown(&path, Some(0), Some(0)).expect("chown");
    }
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("chmod");
    path
}

#[tokio::test]
async fn files_give_no_privilege_no_code_and_no_way_out() {
    let agent = Agent::probe(include_str!("probes/files.py"));
    let sandbox = sandbox().await;
    let interpreter = sandbox.runtime("python").expect("a runtime").root.join("usr/bin/python3");
    let setuid = rooted(&agent, &interpreter, "setuid");
    std::fs::set_permissions(&setuid, PermissionsExt::from_mode(0o6755)).expect("chmod");
    // CAP_SYS_ADMIN, permitted and effective, as a file capability of version 2.
    let mut capability = vec![1, 0, 0, 2];
    capability.extend((1_u32 << 21).to_le_bytes().iter().chain(&[0; 12]));
    let capable = rooted(&agent, &interpreter, "capable");
    if geteuid().is_root() {
        rustix::fs::setxattr(&capable, "security.capability", &capability, rustix::fs::XattrFlags::empty())
            .expect("setxattr");
    }
    let seen = result(agent.run(&sandbox).await);
    for raised in ["setuid", "capable"] {
        let said = seen[raised].as_str().unwrap_or_default();
        // Without a user namespace the kernel knows the file's capability, and refuses to start what cannot have it.
        if is_docker() && said == "EPERM" {
            continue;
        }
        let (id, capabilities) = said.split_once(' ').unwrap_or_default();
        assert!(id == "1000" || is_docker() && id.starts_with("18790"), "{raised}: {said}");
        assert_eq!(capabilities, "['0000000000000000', '0000000000000000']", "{raised}");
    }
    for refused in ["exec", "script", "shm", "unnamed", "memfd", "hard link", "hard link of code", "rename"] {
        assert!(
            seen[refused].as_str().is_some_and(|got| got.starts_with('E')),
            "{refused}: {}",
            seen[refused]
        );
    }
    for refused in [
        "own program",
        "interpreter",
        "loader file",
        "runner",
        "shadow",
        "root link",
        "block",
        "char",
        // Some kernels let anyone make one, as it stands for no device. It must not open.
        "whiteout",
    ] {
        assert!(
            seen[refused].as_str().is_some_and(|got| got.starts_with('E')),
            "{refused}: {}",
            seen[refused]
        );
    }
    for refused in ["map", "mprotect", "give away", "capability", "random"] {
        assert!(
            seen[refused].as_str().is_some_and(|got| got.starts_with('E')),
            "{refused}: {}",
            seen[refused]
        );
    }
    for mapping in ["loader", "library"] {
        assert!(
            seen[mapping].as_str().is_some_and(|text| text.contains("failed to map segment")),
            "{mapping}: {}",
            seen[mapping]
        );
    }
    for honest in ["fifo", "device"] {
        assert_eq!(seen[honest], "done", "{honest}");
    }
    assert_eq!((&seen["up"], &seen["up by descriptor"]), (&json!(true), &json!(true)));
    assert_eq!(seen["crash"], json!([11, false, []]), "a crash leaves no dump and starts no handler");
}

#[tokio::test]
async fn files_give_node_no_code_and_no_way_out() {
    let seen = seen_by(Agent::node_probe(include_str!("probes/files.cjs"))).await;
    for refused in ["exec", "own program", "code", "runner", "hard link", "shadow", "rename"] {
        assert!(
            seen[refused].as_str().is_some_and(|got| got.starts_with('E')),
            "{refused}: {}",
            seen[refused]
        );
    }
    for mapping in ["loader", "addon", "require"] {
        assert_ne!((&seen[mapping], &seen[mapping]), (&json!("done"), &json!("1")), "{mapping}");
    }
    assert_eq!((&seen["honest"], &seen["up"]), (&json!("1"), &json!(true)));
}

#[tokio::test]
async fn limits_and_priorities_cannot_be_raised() {
    let code = "
import resource
LIMITS = ['CORE', 'NOFILE', 'FSIZE', 'RTPRIO', 'NICE', 'MEMLOCK', 'MSGQUEUE', 'SIGPENDING', 'STACK']
def raised(name):
    limit = getattr(resource, 'RLIMIT_' + name)
    hard = resource.getrlimit(limit)[1]
    resource.setrlimit(limit, (hard, hard + 1))
def attempt(name):
    try: raised(name); return 'done'
    except (OSError, ValueError) as error: return str(error)
def main(inputs, ctx):
    RR, FIFO, IDLE = os.SCHED_RR, os.SCHED_FIFO, os.SCHED_IDLE
    return {
        'limits': {name: attempt(name) for name in LIMITS},
        'hard': {name: resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[1] for name in LIMITS},
        'tried': {'nice': tried(os.nice, -1), 'round robin': tried(os.sched_setscheduler, 0, RR, os.sched_param(1)),
                  'fifo': tried(os.sched_setscheduler, 0, FIFO, os.sched_param(1)), 'root': tried(os.setuid, 0), 'group': tried(os.setgid, 0),
                  'groups': tried(os.setgroups, [0]), 'name': tried(socket.sethostname, 'x'),
                  'init': tried(os.setpriority, os.PRIO_PROCESS, 1, -20), 'chroot': forked(os.chroot, '/tmp')},
    }
";
    let seen = seen_by(Agent::probe(code)).await;
    assert_failed(&seen["limits"], &[]);
    assert_failed(&seen["tried"], &[]);
    let hard = &seen["hard"];
    for (name, most) in
        [("CORE", 1), ("NOFILE", 1024), ("FSIZE", 101 << 20), ("RTPRIO", 0), ("NICE", 0), ("MSGQUEUE", 0)]
    {
        assert!(hard[name].as_u64().is_some_and(|limit| limit <= most), "{name}: {hard}");
    }
}

/// The smallest program the kernel starts, around `code`.
#[cfg(target_arch = "x86_64")]
fn machine_code(code: &[u8]) -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    const HEADERS: u64 = 64 + 56;
    let size = HEADERS + code.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    // Entry point, program headers, no section headers.
    for word in [BASE + HEADERS, 64, 0] {
        file.extend(word.to_le_bytes());
    }
    file.extend(b"\0\0\0\0\x40\0\x38\0\x01\0\x40\0\0\0\0\0");
    // One segment, loaded readable and executable.
    file.extend(b"\x01\0\0\0\x05\0\0\0");
    for word in [0, BASE, BASE, size, size, 0x1000] {
        file.extend(word.to_le_bytes());
    }
    file.extend(code);
    file
}

/// Node makes no system calls of its own choice; machine code in its bundle does.
#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn machine_code_in_a_bundle_is_held_like_everything_else() {
    let agent = Agent::node_probe(
        "module.exports = () => ['denied', 'honest'].map((name) => { const { status, signal } = cp.spawnSync('/agent/' + name); return [status, signal]; });",
    );
    // mov eax, NUMBER; syscall; mov edi, 7; mov eax, 60 (exit); syscall
    let calling = |number: u8| {
        machine_code(&[0xb8, number, 0, 0, 0, 0x0f, 0x05, 0xbf, 7, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05])
    };
    // 101 is ptrace, 39 getpid.
    for (name, number) in [("denied", 101), ("honest", 39)] {
        let path = agent.path().join(name);
        std::fs::write(&path, calling(number)).expect("write");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("chmod");
    }
    assert_eq!(seen_by(agent).await, json!([[null, "SIGSYS"], [7, null]]));
}
