//! What programs see and reach: each promise, and what a probe must have met for it to hold.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};

use serde_json::{Map, Value, json};

use super::lab::{Lab, ending};
use super::{Report, Verdict};
use crate::error::SandboxError;
use crate::spec::{Language, Limits};
use crate::tier::Tier;

/// One line of the table.
struct Wall {
    wall: &'static str,
    tried: &'static str,
    /// The entry of what the probe told.
    fact: &'static str,
    /// To whom this is promised, and who can try it.
    whose: Whose,
    expect: Expect,
    /// What to say when it holds; if empty, what was met.
    good: &'static str,
}

#[derive(PartialEq)]
enum Whose {
    All,
    /// The Linux backend's programs.
    Linux,
    /// Programs under a user who can give up supplementary groups.
    Rooted,
    /// Programs under a normal user, who cannot.
    Rootless,
    /// Programs that can make system calls by number.
    Python,
}

enum Expect {
    /// This text.
    Is(&'static str),
    /// An object in which every value is one of these.
    Each(&'static [&'static str]),
    /// A list with nothing but these.
    Within(&'static [&'static str]),
    /// A list of one id, which is not root's, and perhaps this one.
    Plain { beside: Option<&'static str> },
    /// An object with these entries, none of which the host's have.
    Own(&'static [&'static str]),
}

use Expect::{Each, Is, Own, Plain, Within};
use Whose::{All, Linux, Python, Rooted, Rootless};

/// The namespaces of every backend, and those that only ours always makes.
const NAMESPACES: [&str; 5] = ["mnt", "pid", "net", "ipc", "uts"];
const MORE_NAMESPACES: [&str; 2] = ["user", "cgroup"];
/// What the kernel shows for groups that are not mapped.
const UNMAPPED: &str = "65534";
const REFUSED: &[&str] = &["EROFS", "EACCES", "EPERM"];
const HIDDEN: &[&str] = &["empty", "EACCES", "EPERM", "ENOENT"];
const SETTINGS: &[&str] = &["covered", "EROFS", "EACCES", "EPERM", "ENOENT"];
const UNREACHABLE: &[&str] = &["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL"];
#[rustfmt::skip]
const VARIABLES: &[&str] = &[
    "FRAMEOS_EXECUTION_ID", "FRAMEOS_INPUTS", "HOME", "HOSTNAME", "LANG", "PATH", "TMPDIR", "TZ",
    // The probe's own inputs.
    "INPUT_ABSTRACT", "INPUT_ACT", "INPUT_CALLS", "INPUT_COVERED", "INPUT_NAMESPACES", "INPUT_PLACES", "INPUT_PORT", "INPUT_SETTINGS",
];

#[rustfmt::skip]
const WALLS: &[Wall] = &[
    Wall { wall: "privileges", tried: "ids of user and groups", fact: "ids", whose: Rooted, expect: Plain { beside: None }, good: "one, not root's" },
    Wall { wall: "privileges", tried: "ids of user and groups", fact: "ids", whose: Rootless, expect: Plain { beside: Some(UNMAPPED) }, good: "one, not root's" },
    Wall { wall: "privileges", tried: "capability sets", fact: "capabilities", whose: All, expect: Each(&["0000000000000000"]), good: "all empty" },
    Wall { wall: "privileges", tried: "no-new-privileges", fact: "no_new_privs", whose: All, expect: Is("1"), good: "set" },
    Wall { wall: "system calls", tried: "the filter", fact: "seccomp", whose: All, expect: Is("2"), good: "in force" },
    Wall { wall: "system calls", tried: "ptrace, mount, unshare, bpf and others", fact: "calls", whose: Python, expect: Each(&["SIGSYS"]), good: "each is deadly" },
    Wall { wall: "namespaces", tried: "mount, pid, network, ipc, uts", fact: "namespaces", whose: All, expect: Own(&NAMESPACES), good: "not the host's" },
    Wall { wall: "namespaces", tried: "user, cgroup", fact: "namespaces", whose: Linux, expect: Own(&MORE_NAMESPACES), good: "not the host's" },
    Wall { wall: "namespaces", tried: "host name", fact: "hostname", whose: All, expect: Is("sandbox"), good: "" },
    Wall { wall: "host", tried: "its processes", fact: "processes", whose: All, expect: Within(&["1"]), good: "out of sight" },
    Wall { wall: "host", tried: "its environment", fact: "environment", whose: All, expect: Within(VARIABLES), good: "out of sight" },
    Wall { wall: "host", tried: "its open files", fact: "descriptors", whose: All, expect: Within(&["pipe", "anon_inode", "/dev/null"]), good: "out of sight" },
    Wall { wall: "network", tried: "interfaces", fact: "interfaces", whose: All, expect: Within(&["lo"]), good: "lo only" },
    Wall { wall: "network", tried: "connections to outside", fact: "outside", whose: All, expect: Each(UNREACHABLE), good: "" },
    Wall { wall: "network", tried: "connections to the host", fact: "host", whose: All, expect: Each(&["ECONNREFUSED"]), good: "" },
    Wall { wall: "network", tried: "netlink and packet sockets", fact: "families", whose: Python, expect: Each(&["EAFNOSUPPORT"]), good: "" },
    Wall { wall: "file system", tried: "writing outside /tmp", fact: "read_only", whose: All, expect: Each(REFUSED), good: "" },
    Wall { wall: "file system", tried: "writing in /tmp", fact: "tmp", whose: All, expect: Is("done"), good: "possible" },
    Wall { wall: "file system", tried: "executing in /tmp", fact: "execute", whose: All, expect: Is("EACCES"), good: "" },
    Wall { wall: "/proc", tried: "what tells of the kernel", fact: "covered", whose: All, expect: Each(HIDDEN), good: "covered" },
    Wall { wall: "/proc", tried: "the kernel's settings", fact: "settings", whose: All, expect: Each(SETTINGS), good: "not writable" },
    Wall { wall: "/sys", tried: "listing it", fact: "sys", whose: Linux, expect: Is("ENOENT"), good: "absent" },
    Wall { wall: "Landlock", tried: "a file of its own in /proc", fact: "comm", whose: Linux, expect: Is("EACCES"), good: "not writable" },
];

/// By the kernel's own numbers on this architecture. Harmless should they succeed: they are made in a child that ends.
fn calls() -> Value {
    json!({
        "ptrace": [libc::SYS_ptrace, 0, 0, 0, 0], "mount": [libc::SYS_mount, 0, 0, 0, 0, 0],
        "unshare": [libc::SYS_unshare, libc::CLONE_NEWUSER], "setns": [libc::SYS_setns, -1, 0],
        "pivot_root": [libc::SYS_pivot_root, 0, 0], "chroot": [libc::SYS_chroot, 0],
        "bpf": [libc::SYS_bpf, -1, 0, 0], "keyctl": [libc::SYS_keyctl, 0, 0],
        "process_vm_readv": [libc::SYS_process_vm_readv, 1, 0, 0, 0, 0],
        "userfaultfd": [libc::SYS_userfaultfd, -1], "perf_event_open": [libc::SYS_perf_event_open, 0, 0, -1, -1, 0],
    })
}

/// Somebody on the host who must not be reached.
struct Host {
    tcp: TcpListener,
    _unix: UnixListener,
    name: String,
    namespaces: Value,
}

impl Host {
    fn listen() -> Result<Self, SandboxError> {
        let tcp = TcpListener::bind(("127.0.0.1", 0)).map_err(SandboxError::io("listen on", "127.0.0.1"))?;
        let name = format!("frameos-check-{}", std::process::id());
        let unix =
            SocketAddr::from_abstract_name(&name).and_then(|address| UnixListener::bind_addr(&address));
        let unix = unix.map_err(SandboxError::io("listen on", "an abstract socket"))?;
        let mut namespaces = Map::new();
        for space in NAMESPACES.into_iter().chain(MORE_NAMESPACES) {
            let link = format!("/proc/self/ns/{space}");
            let named = std::fs::read_link(&link).map_err(SandboxError::io("read", &link))?;
            namespaces.insert(space.to_owned(), json!(named));
        }
        Ok(Self { tcp, _unix: unix, name, namespaces: namespaces.into() })
    }

    fn inputs(&self, linux: bool) -> Result<Map<String, Value>, SandboxError> {
        let address = self.tcp.local_addr().map_err(SandboxError::io("listen on", "127.0.0.1"))?;
        let mut covered = vec!["kcore", "keys", "timer_list"];
        if linux {
            covered.extend(["kallsyms", "cmdline", "interrupts", "modules"]);
        }
        let inputs = json!({
            "port": address.port(), "abstract": self.name, "calls": calls(), "covered": covered,
            "namespaces": NAMESPACES.into_iter().chain(MORE_NAMESPACES).collect::<Vec<_>>(),
            "places": ["/", "/agent", "/usr", "/usr/bin", "/etc", "/dev"],
            "settings": ["sysrq-trigger", "sys/kernel/core_pattern", "sys/kernel/modprobe"],
        });
        Ok(inputs.as_object().cloned().unwrap_or_default())
    }
}

pub(super) async fn check(
    lab: &Lab<'_>,
    language: Language,
    report: &mut Report,
) -> Result<(), SandboxError> {
    let host = Host::listen()?;
    let outcome = lab.act(language, "look", host.inputs(lab.is_linux())?, Limits::default()).await?;
    let told = outcome.outputs.clone().unwrap_or_default();
    for wall in WALLS.iter().filter(|wall| wall.concerns(lab.sandbox.tier(), language)) {
        // One who tells nothing has something to say about why.
        let verdict = match told.get(wall.fact) {
            Some(fact) => wall.judge(fact, &host.namespaces),
            None => Verdict::failed(format!("nothing was told: {}", ending(&outcome))),
        };
        report.add(wall.wall, wall.tried, Some(language), verdict);
    }
    Ok(())
}

impl Wall {
    fn concerns(&self, tier: &Tier, language: Language) -> bool {
        let rootless = matches!(tier, Tier::Linux { root: false, .. });
        match self.whose {
            All => true,
            Linux => matches!(tier, Tier::Linux { .. }),
            Rooted => !rootless,
            Rootless => rootless,
            Python => language == Language::Python,
        }
    }

    fn judge(&self, fact: &Value, host: &Value) -> Verdict {
        let bad = match self.expect {
            Is(text) if fact == text => None,
            Is(_) => Some(shown(fact)),
            Each(values) => each(fact, values),
            Within(values) => within(fact, values),
            Plain { beside } => plain(fact, beside),
            Own(names) => own(fact, host, names),
        };
        match bad {
            Some(found) => Verdict::failed(found),
            None if self.good.is_empty() => Verdict::passed(met(fact)),
            None => Verdict::passed(self.good),
        }
    }
}

fn each(fact: &Value, values: &[&str]) -> Option<String> {
    let Some(entries) = fact.as_object().filter(|entries| !entries.is_empty()) else {
        return Some(shown(fact));
    };
    let bad = entries.iter().filter(|(_, how)| !how.as_str().is_some_and(|how| values.contains(&how)));
    listed(bad.map(|(name, how)| format!("{name}: {}", shown(how))))
}

fn within(fact: &Value, values: &[&str]) -> Option<String> {
    let Some(entries) = fact.as_array() else { return Some(shown(fact)) };
    let bad = entries.iter().filter(|entry| !entry.as_str().is_some_and(|entry| values.contains(&entry)));
    listed(bad.map(shown))
}

fn plain(fact: &Value, beside: Option<&str>) -> Option<String> {
    let ids: Option<Vec<&str>> = fact.as_array().and_then(|ids| ids.iter().map(Value::as_str).collect());
    let Some(ids) = ids else { return Some(shown(fact)) };
    let own: Vec<&str> = ids.iter().copied().filter(|id| Some(*id) != beside).collect();
    match own[..] {
        [id] if !["0", ""].contains(&id) => None,
        _ => Some(ids.join(", ")),
    }
}

fn own(fact: &Value, host: &Value, names: &[&str]) -> Option<String> {
    let is_own = |name: &&&str| fact[**name].is_string() && fact[**name] != host[**name];
    listed(names.iter().filter(|name| !is_own(name)).map(|name| format!("{name}: the host's")))
}

fn listed(bad: impl Iterator<Item = String>) -> Option<String> {
    let bad: Vec<String> = bad.collect();
    (!bad.is_empty()).then(|| bad.join(", "))
}

fn shown(fact: &Value) -> String {
    fact.as_str().map_or_else(|| fact.to_string(), str::to_owned)
}

/// What was met, each thing once.
fn met(fact: &Value) -> String {
    match fact.as_object() {
        Some(entries) => {
            let met: BTreeSet<String> = entries.values().map(shown).collect();
            met.into_iter().collect::<Vec<_>>().join(", ")
        }
        None => shown(fact),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Value {
        json!({"mnt": "m:1", "pid": "p:1", "net": "n:1", "ipc": "i:1", "uts": "u:1", "user": "s:1", "cgroup": "c:1"})
    }

    /// What an honest probe tells behind whole walls, and what it would tell where one is missing.
    fn facts() -> Vec<(&'static str, Value, Value)> {
        let own = json!({"mnt": "m:2", "pid": "p:2", "net": "n:2", "ipc": "i:2", "uts": "u:2", "user": "s:2", "cgroup": "c:2"});
        let none = "0000000000000000";
        vec![
            ("ids", json!(["1000"]), json!(["0"])),
            (
                "capabilities",
                json!({"CapEff": none, "CapBnd": none}),
                json!({"CapEff": none, "CapBnd": "00000000000000ff"}),
            ),
            ("no_new_privs", json!("1"), json!("0")),
            ("seccomp", json!("2"), json!("0")),
            (
                "calls",
                json!({"ptrace": "SIGSYS", "mount": "SIGSYS"}),
                json!({"ptrace": "SIGSYS", "mount": "EPERM"}),
            ),
            ("namespaces", own, host()),
            ("hostname", json!("sandbox"), json!("server-7")),
            ("processes", json!(["1"]), json!(["1", "4711"])),
            ("environment", json!(["HOME", "TZ"]), json!(["HOME", "AWS_SECRET_ACCESS_KEY"])),
            ("descriptors", json!(["pipe", "/dev/null"]), json!(["pipe", "socket"])),
            ("interfaces", json!(["lo"]), json!(["lo", "eth0"])),
            ("outside", json!({"1.1.1.1": "ENETUNREACH"}), json!({"1.1.1.1": "timed out"})),
            ("host", json!({"tcp": "ECONNREFUSED"}), json!({"tcp": "done"})),
            ("families", json!({"netlink": "EAFNOSUPPORT"}), json!({"netlink": "done"})),
            ("read_only", json!({"/": "EROFS", "/dev": "EACCES"}), json!({"/": "EROFS", "/dev": "done"})),
            ("tmp", json!("done"), json!("EROFS")),
            ("execute", json!("EACCES"), json!("done")),
            (
                "covered",
                json!({"kcore": "empty", "keys": "ENOENT"}),
                json!({"kcore": "readable", "keys": "ENOENT"}),
            ),
            ("settings", json!({"sysrq-trigger": "covered"}), json!({"sysrq-trigger": "done"})),
            ("sys", json!("ENOENT"), json!("done")),
            ("comm", json!("EACCES"), json!("done")),
        ]
    }

    #[test]
    fn every_wall_holds_or_fails_by_what_was_told() {
        let facts = facts();
        for wall in WALLS {
            let (_, good, bad) = facts.iter().find(|fact| fact.0 == wall.fact).expect("a fact for each wall");
            assert!(wall.judge(good, &host()).passed, "{}: {}", wall.wall, wall.tried);
            assert!(!wall.judge(bad, &host()).passed, "{}: {}", wall.wall, wall.tried);
            for nonsense in [json!(null), json!({}), json!(7), json!({"x": 7}), json!([7]), json!("")] {
                assert!(!wall.judge(&nonsense, &host()).passed, "{}: {nonsense}", wall.tried);
            }
        }
        assert!(facts.iter().all(|fact| WALLS.iter().any(|wall| wall.fact == fact.0)), "no idle fact");
    }

    #[test]
    fn what_failed_is_named() {
        let found = |fact: &str, told: Value| {
            let wall = WALLS.iter().find(|wall| wall.fact == fact).expect("a wall");
            wall.judge(&told, &host()).found
        };
        assert_eq!(found("calls", json!({"mount": "EPERM", "bpf": "SIGSYS"})), "mount: EPERM");
        assert_eq!(found("ids", json!(["1000", "27"])), "1000, 27");
        assert_eq!(found("interfaces", json!(["lo", "eth0"])), "eth0");
        assert_eq!(
            found("namespaces", json!({"mnt": "m:2", "net": "n:1"})),
            "pid: the host's, net: the host's, ipc: the host's, uts: the host's"
        );
        assert_eq!(
            found("read_only", json!({"/": "EROFS", "/etc": "EROFS", "/dev": "EACCES"})),
            "EACCES, EROFS"
        );
    }

    #[test]
    fn a_normal_users_groups_cannot_be_given_up_and_roots_must() {
        let own_and_unmapped = json!(["1000", UNMAPPED]);
        let ids = |whose: &Whose| {
            WALLS.iter().find(|wall| wall.fact == "ids" && wall.whose == *whose).expect("a wall")
        };
        assert!(ids(&Rootless).judge(&own_and_unmapped, &host()).passed);
        assert!(!ids(&Rootless).judge(&json!(["1000", "27"]), &host()).passed);
        assert!(!ids(&Rooted).judge(&own_and_unmapped, &host()).passed);
    }

    #[test]
    fn only_what_was_promised_is_asked() {
        let asked = |tier: &Tier, language| {
            WALLS
                .iter()
                .filter(|wall| wall.concerns(tier, language))
                .map(|wall| wall.fact)
                .collect::<Vec<_>>()
        };
        let root = Tier::Linux { root: true, cgroup: 2, landlock_abi: 4 };
        let rootless = Tier::Linux { root: false, cgroup: 2, landlock_abi: 4 };
        let docker = Tier::Docker { oci_runtime: "runc".to_owned(), cgroup: 2, landlock: true };
        for tier in [&root, &rootless, &docker] {
            let facts = asked(tier, Language::Python);
            assert_eq!(facts.iter().filter(|fact| **fact == "ids").count(), 1, "{tier}");
            assert_eq!(facts.contains(&"comm"), tier != &docker, "Landlock in /proc is the Linux backend's");
            assert!(facts.contains(&"calls") && !asked(tier, Language::Nodejs).contains(&"calls"));
        }
    }
}
