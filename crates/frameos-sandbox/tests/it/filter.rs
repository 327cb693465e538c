//! The compiled system call filter, proven against the library that compiles the same policy its own way.
//!
//! Both run in a small filter machine, on both architectures, whatever this machine is.

use std::collections::BTreeMap;

use proptest::prelude::*;
use seccompiler::TargetArch;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

#[path = "../../build/filter.rs"]
mod compiled;
#[path = "../../build/policy.rs"]
pub(crate) mod policy;

use compiled::Step;
use policy::{Arch, Condition, Op, Policy, Treatment, Verdict, Width};

/// Numbers beyond any table's end.
const NUMBERS: u32 = 1024;
const ALLOW: u32 = 0x7FFF_0000;

fn read() -> Policy {
    Policy::parse(include_str!("../../resources/seccomp/policy.json")).expect("a policy")
}

/// Runs a program over `struct seccomp_data`, and counts its steps.
pub(crate) fn execute(program: &[Step], arch: u32, number: u32, arguments: [u64; 6]) -> (u32, usize) {
    let mut data = Vec::new();
    data.extend(number.to_le_bytes());
    data.extend(arch.to_le_bytes());
    data.extend(0_u64.to_le_bytes());
    arguments.iter().for_each(|argument| data.extend(argument.to_le_bytes()));
    let (mut at, mut accumulator, mut count) = (0, 0_u32, 0);
    loop {
        let (code, jump_true, jump_false, k) = program[at];
        at += 1;
        count += 1;
        let jump = |holds: bool| usize::from(if holds { jump_true } else { jump_false });
        match code {
            0x20 => {
                let at = k as usize;
                accumulator = u32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes"));
            }
            0x54 => accumulator &= k,
            0x05 => at += k as usize,
            0x15 => at += jump(accumulator == k),
            0x25 => at += jump(accumulator > k),
            0x35 => at += jump(accumulator >= k),
            0x06 => return (k, count),
            _ => panic!("a step of kind {code:#x}"),
        }
    }
}

/// The other compiler's programs, one per rule: of all their verdicts the strictest counts.
struct Oracle(Vec<Vec<Step>>);

impl Oracle {
    fn of(arch: Arch, treatments: &BTreeMap<u32, Treatment>, default: Verdict) -> Self {
        let target = match arch {
            Arch::X86_64 => TargetArch::x86_64,
            Arch::Aarch64 => TargetArch::aarch64,
        };
        let mut named: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
        let mut strict = Vec::new();
        for (number, treatment) in treatments {
            let number = i64::from(*number);
            for (conditions, verdict) in &treatment.rules {
                let rule = SeccompRule::new(conditions.iter().map(condition).collect()).expect("a rule");
                if *verdict == Verdict::Allow {
                    named.entry(number).or_default().push(rule);
                } else {
                    strict.push((number, vec![rule], *verdict));
                }
            }
            match treatment.else_ {
                Verdict::Allow => drop(named.insert(number, Vec::new())),
                // What is not named gets it anyhow.
                verdict if verdict == default => {}
                verdict => {
                    named.insert(number, Vec::new());
                    strict.push((number, Vec::new(), verdict));
                }
            }
        }
        let mut programs = vec![program(named, action(default), SeccompAction::Allow, target)];
        programs.extend(strict.into_iter().map(|(number, rules, verdict)| {
            program(BTreeMap::from([(number, rules)]), SeccompAction::Allow, action(verdict), target)
        }));
        Self(programs)
    }

    fn verdict(&self, arch: u32, number: u32, arguments: [u64; 6]) -> u32 {
        let verdicts = self.0.iter().rev().map(|program| execute(program, arch, number, arguments).0);
        // The kernel compares them as signed numbers, kill being the lowest; of equal ones the last installed counts.
        verdicts.min_by_key(|verdict| (*verdict & 0xFFFF_0000) as i32).unwrap_or(ALLOW)
    }
}

fn program(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    then: SeccompAction,
    target: TargetArch,
) -> Vec<Step> {
    let filter = SeccompFilter::new(rules, otherwise, then, target).expect("a filter");
    let program: BpfProgram = filter.try_into().expect("a program");
    program.into_iter().map(|step| (step.code, step.jt, step.jf, step.k)).collect()
}

fn action(verdict: Verdict) -> SeccompAction {
    match verdict {
        Verdict::Allow => SeccompAction::Allow,
        Verdict::Errno(number) => SeccompAction::Errno(number),
        Verdict::Kill => SeccompAction::KillProcess,
    }
}

fn condition(condition: &Condition) -> SeccompCondition {
    let width = match condition.width {
        Width::Dword => SeccompCmpArgLen::Dword,
        Width::Qword => SeccompCmpArgLen::Qword,
    };
    let op = match condition.op {
        Op::Eq => SeccompCmpOp::Eq,
        Op::Ne => SeccompCmpOp::Ne,
        Op::MaskedEq(mask) => SeccompCmpOp::MaskedEq(mask),
    };
    SeccompCondition::new(condition.index, width, op, condition.val).expect("a condition")
}

pub(crate) struct Machine {
    pub(crate) arch: Arch,
    treatments: BTreeMap<u32, Treatment>,
    pub(crate) program: Vec<Step>,
    oracle: Oracle,
}

pub(crate) fn machines() -> Vec<Machine> {
    let policy = read();
    let machine = |(_, arch): (&str, Arch)| {
        let treatments = policy.treatments(arch).expect("every name is known");
        let program = compiled::compile(arch, &treatments, policy.default());
        let oracle = Oracle::of(arch, &treatments, policy.default());
        Machine { arch, treatments, program, oracle }
    };
    Arch::ALL.into_iter().map(machine).collect()
}

/// Values that rules compare with, and their neighbours.
fn interesting(treatment: &Treatment) -> Vec<u64> {
    let conditions = treatment.rules.iter().flat_map(|(conditions, _)| conditions);
    let near = |value: u64| [value, value ^ 1, value | 1 << 32, value | 0x8000_0000, !value];
    conditions
        .flat_map(|condition| {
            let masked = if let Op::MaskedEq(mask) = condition.op { mask } else { 0 };
            near(condition.val).into_iter().chain(near(masked))
        })
        .chain([0, 1, u64::MAX])
        .collect()
}

#[test]
fn every_call_gets_the_verdict_of_the_policy() {
    for machine in machines() {
        let audit = machine.arch.audit();
        for number in (0..NUMBERS).chain([0x4000_0000, 0x4000_0027, u32::MAX]) {
            let treatment = machine.treatments.get(&number);
            let values = treatment.map_or_else(|| vec![0, u64::MAX], interesting);
            for first in &values {
                for other in &values {
                    let arguments = [*first, *other, 0, *other, 0, 0];
                    let got = execute(&machine.program, audit, number, arguments).0;
                    let expect = machine.oracle.verdict(audit, number, arguments);
                    assert_eq!(got, expect, "{:?} {number} {arguments:x?}", machine.arch);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_arguments_get_the_verdict_of_the_policy(number in 0..NUMBERS, arguments in any::<[u64; 6]>(), small in any::<[u16; 6]>()) {
        thread_local! { static MACHINES: Vec<Machine> = machines(); }
        MACHINES.with(|machines| {
            for machine in machines {
                for arguments in [arguments, small.map(u64::from)] {
                    let audit = machine.arch.audit();
                    let got = execute(&machine.program, audit, number, arguments).0;
                    prop_assert_eq!(got, machine.oracle.verdict(audit, number, arguments));
                }
            }
            Ok(())
        })?;
    }
}

#[test]
fn another_architectures_calls_kill() {
    for machine in machines() {
        for arch in [0x4000_0003, 0xC000_003E, 0xC000_00B7, 0]
            .into_iter()
            .filter(|arch| *arch != machine.arch.audit())
        {
            assert_eq!(execute(&machine.program, arch, 0, [0; 6]).0, 0x8000_0000);
        }
    }
}

#[test]
fn the_filter_is_short_and_its_paths_are_shorter() {
    for machine in machines() {
        let longest = (0..NUMBERS)
            .map(|number| execute(&machine.program, machine.arch.audit(), number, [0; 6]).1)
            .max();
        // The kernel takes 4096 steps; each call walks a few of them.
        assert!(machine.program.len() < 1024 && longest.is_some_and(|steps| steps < 64), "{longest:?}");
    }
}
