//! What the system call filter has to say whatever its policy says: fixed points that no change to `policy.json` may move.
//!
//! `filter.rs` proves that the program follows the policy; this holds the policy itself, on both architectures.

use serde_json::Value;

use crate::filter::policy::{Arch, Verdict};
use crate::filter::{Machine, execute, machines};

const POLICY: &str = include_str!("../../resources/seccomp/policy.json");
/// Above every number that a kernel has given to a call.
const NUMBERS: u32 = 1024;
const ENOSYS: Verdict = Verdict::Errno(38);
const ENOLCK: Verdict = Verdict::Errno(37);

impl Machine {
    fn judge(&self, call: &str, args: [u64; 6]) -> Verdict {
        self.judge_number(self.arch.number(call).expect("a number"), args)
    }

    fn judge_number(&self, number: u32, args: [u64; 6]) -> Verdict {
        match execute(&self.program, self.arch.audit(), number, args).0 {
            0x7fff_0000 => Verdict::Allow,
            0x8000_0000 => Verdict::Kill,
            word if word & 0xffff_0000 == 0x0005_0000 => Verdict::Errno(word & 0xffff),
            word => panic!("no verdict of ours: {word:#x}"),
        }
    }
}

#[test]
fn calls_have_the_numbers_that_the_kernel_gave_them() {
    // From the kernel's own tables: x86-64, and the generic one that aarch64 follows.
    let known = [
        ("read", 0, 63),
        ("clone", 56, 220),
        ("socket", 41, 198),
        ("ptrace", 101, 117),
        ("mount", 165, 40),
        ("unshare", 272, 97),
        ("setns", 308, 268),
        ("bpf", 321, 280),
        ("keyctl", 250, 219),
        ("userfaultfd", 323, 282),
        ("perf_event_open", 298, 241),
        ("open_by_handle_at", 304, 265),
        ("open_tree", 428, 428),
        ("mount_setattr", 442, 442),
    ];
    for (call, x86_64, aarch64) in known {
        let numbers = [Arch::X86_64, Arch::Aarch64].map(|arch| arch.number(call).expect("a number"));
        assert_eq!(numbers, [x86_64, aarch64], "{call}");
    }
}

#[test]
fn what_opens_other_processes_the_kernel_or_namespaces_kills() {
    let deadly = [
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
        "pidfd_getfd",
        "kcmp",
        "bpf",
        "perf_event_open",
        "userfaultfd",
        "keyctl",
        "add_key",
        "request_key",
        "mount",
        "umount2",
        "pivot_root",
        "chroot",
        "fsopen",
        "fsconfig",
        "fsmount",
        "fspick",
        "move_mount",
        "open_tree",
        "mount_setattr",
        "unshare",
        "setns",
        "open_by_handle_at",
        "kexec_load",
        "init_module",
        "finit_module",
        "delete_module",
        "reboot",
        "swapon",
        "swapoff",
        "fanotify_init",
    ];
    let absent = [
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "clone3",
        "name_to_handle_at",
        "inotify_init1",
    ];
    for machine in machines() {
        for call in deadly {
            assert_eq!(machine.judge(call, [0; 6]), Verdict::Kill, "{call} on {:?}", machine.arch);
        }
        // Libraries try these and take another way.
        for call in absent {
            assert_eq!(machine.judge(call, [0; 6]), ENOSYS, "{call} on {:?}", machine.arch);
        }
    }
}

#[test]
fn what_has_no_name_yet_does_not_exist() {
    for machine in machines() {
        // Another numbering of the same calls, the compatibility bit of x86, and no call at all.
        for number in (0..NUMBERS).map(|number| number | 0x4000_0000).chain([u32::MAX]) {
            assert_eq!(machine.judge_number(number, [0; 6]), ENOSYS, "{number:#x} on {:?}", machine.arch);
        }
        for number in 463..NUMBERS {
            assert_eq!(machine.judge_number(number, [0; 6]), ENOSYS, "{number} on {:?}", machine.arch);
        }
    }
}

#[test]
fn conditions_cannot_be_evaded() {
    for machine in machines() {
        // Every flag that makes a namespace, with whatever else; the high half of an argument changes nothing.
        for flag in [17, 25, 26, 27, 28, 29, 30].map(|bit| 1_u64 << bit) {
            for other in [0x11, 0x1200_0011 & !flag, 0x003d_0f00, 0x1_0000_0011] {
                assert_eq!(machine.judge("clone", [flag | other, 0, 0, 0, 0, 0]), Verdict::Kill, "{flag:#x}");
            }
        }
        assert_eq!(machine.judge("clone", [0x003d_0f00, 0, 0, 0, 0, 0]), Verdict::Allow, "a thread");
        for high in [0, 1 << 32, u64::from(u32::MAX) << 32] {
            sockets_cannot_be_evaded(&machine, high);
            // TIOCSTI, TIOCLINUX, TIOCCONS.
            for request in [0x5412, 0x541c, 0x541d] {
                assert_eq!(machine.judge("ioctl", [0, high | request, 0, 0, 0, 0]), ENOSYS);
            }
            for command in (5..1100).filter(|command| ![1030, 1031, 1032].contains(command)) {
                assert_eq!(machine.judge("fcntl", [0, high | command, 0, 0, 0, 0]), ENOLCK);
            }
            // ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC.
            for personality in [0x0040_0000, 0x0400_0000, 8] {
                assert_eq!(machine.judge("personality", [high | personality, 0, 0, 0, 0, 0]), ENOSYS);
            }
        }
    }
}

fn sockets_cannot_be_evaded(machine: &Machine, high: u64) {
    for family in (0..64).filter(|family| ![1, 2, 10].contains(family)) {
        for kind in 1..6 {
            let verdict = machine.judge("socket", [high | family, kind, 0, 0, 0, 0]);
            assert!(matches!(verdict, Verdict::Errno(_)), "socket {family} {kind}: {verdict:?}");
        }
    }
    for (kind, protocol) in [(2, 0), (3, 1), (5, 132), (1, 132), (1, 262), (4, 0)] {
        let verdict = machine.judge("socket", [high | 2, kind, protocol, 0, 0, 0]);
        assert!(matches!(verdict, Verdict::Errno(_)), "internet {kind} {protocol}: {verdict:?}");
    }
    for family in (0..64).filter(|family| *family != 1) {
        assert_eq!(machine.judge("socketpair", [high | family, 1, 0, 0, 0, 0]), ENOSYS);
    }
}

#[test]
fn every_rule_has_a_reason() {
    let good = |reason: &Value| reason.as_str().is_some_and(|reason| reason.len() > 5);
    for (table, rules) in serde_json::from_str::<serde_json::Map<String, Value>>(POLICY).expect("JSON") {
        match rules {
            Value::Object(rules) => {
                for (call, reason) in rules {
                    assert!(good(&reason), "{call} in {table}");
                }
            }
            Value::Array(rules) => {
                assert!(rules.iter().all(|rule| good(&rule["reason"])), "{table}");
            }
            _ => assert!(["about", "default_errno"].contains(&table.as_str()), "{table}"),
        }
    }
}

/// The sandbox's init lives under the same filter as the program: what it calls after the filter is installed.
#[test]
fn the_filter_allows_what_init_itself_needs() {
    let needs = [
        "rt_sigprocmask",
        "rt_sigtimedwait",
        "rt_sigaction",
        "wait4",
        "waitid",
        "kill",
        "read",
        "write",
        "pread64",
        "sendto",
        "close",
        "close_range",
        "pipe2",
        "dup3",
        "setsid",
        "execve",
        "exit_group",
        "munmap",
        "brk",
        "futex",
        "sigaltstack",
    ];
    for machine in machines() {
        for call in needs {
            assert_eq!(machine.judge(call, [0; 6]), Verdict::Allow, "{call} on {:?}", machine.arch);
        }
        // fork(), as the C library makes it.
        assert_eq!(machine.judge("clone", [0x0120_0011, 0, 0, 0, 0, 0]), Verdict::Allow);
    }
}
