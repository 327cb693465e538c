//! Compiles treatments into one program for the kernel's filter machine (classic BPF).
//!
//! One program and a binary search, because the kernel runs every installed program for every system call, and dry-runs each
//! for every number when it is installed: five linear ones cost a millisecond at every start of a sandbox.

use std::collections::BTreeMap;

use super::policy::{Arch, Condition, Op, Treatment, Verdict, Width};

/// One instruction: `code`, jump if true, jump if false, operand.
pub type Step = (u16, u8, u8, u32);

const LOAD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const ARGUMENTS: u32 = 16;

pub fn compile(arch: Arch, treatments: &BTreeMap<u32, Treatment>, default: Verdict) -> Vec<Step> {
    let mut program = vec![
        (LOAD, 0, 0, ARCH),
        // Another table of calls, where the numbers mean something else.
        (JUMP_IF_EQUAL, 1, 0, arch.audit()),
        (RETURN, 0, 0, action(Verdict::Kill)),
        (LOAD, 0, 0, NUMBER),
    ];
    program.extend(search(&ranges(treatments, default)));
    program
}

/// Where each range of numbers begins, and what is done there.
fn ranges(treatments: &BTreeMap<u32, Treatment>, default: Verdict) -> Vec<(u32, Vec<Step>)> {
    let unnamed = vec![(RETURN, 0, 0, action(default))];
    let mut ranges: Vec<(u32, Vec<Step>)> = vec![(0, unnamed.clone())];
    let mut put = |at: u32, steps: Vec<Step>| match ranges.last_mut() {
        Some((begin, last)) if *begin == at => *last = steps,
        Some((_, last)) if *last == steps => {}
        _ => ranges.push((at, steps)),
    };
    for (number, treatment) in treatments {
        put(*number, decide(treatment));
        put(number + 1, unnamed.clone());
    }
    ranges
}

fn search(ranges: &[(u32, Vec<Step>)]) -> Vec<Step> {
    let [_, _, ..] = ranges else {
        return ranges.first().map(|(_, steps)| steps.clone()).unwrap_or_default();
    };
    let (low, high) = ranges.split_at(ranges.len() / 2);
    let (border, low, high) = (high[0].0, search(low), search(high));
    // Conditional jumps reach 255 steps.
    let mut steps = match u8::try_from(low.len()) {
        Ok(over) => vec![(JUMP_IF_AT_LEAST, over, 0, border)],
        Err(_) => vec![(JUMP_IF_AT_LEAST, 0, 1, border), (JUMP, 0, 0, low.len() as u32)],
    };
    steps.extend(low);
    steps.extend(high);
    steps
}

fn decide(treatment: &Treatment) -> Vec<Step> {
    let mut steps = Vec::new();
    for (conditions, verdict) in &treatment.rules {
        let checks: Vec<Check> = conditions.iter().flat_map(checks).collect();
        let length: usize = checks.iter().map(Check::length).sum();
        let mut left = length;
        for check in checks {
            left -= check.length();
            // Over the rest of the checks and the verdict.
            steps.extend(check.steps(left as u8 + 1));
        }
        steps.push((RETURN, 0, 0, action(*verdict)));
    }
    steps.push((RETURN, 0, 0, action(treatment.else_)));
    steps
}

/// Half an argument compared.
struct Check {
    offset: u32,
    mask: Option<u32>,
    value: u32,
    equal: bool,
}

fn checks(condition: &Condition) -> Vec<Check> {
    // Both architectures are little-endian.
    let low = ARGUMENTS + 8 * u32::from(condition.index);
    let half = |value: u64, high: bool| (if high { value >> 32 } else { value }) as u32;
    let halves: &[bool] = if condition.width == Width::Qword { &[true, false] } else { &[false] };
    let check = |high: bool| {
        let (mask, equal) = match condition.op {
            Op::Eq => (None, true),
            Op::Ne => (None, false),
            Op::MaskedEq(mask) => (Some(half(mask, high)), true),
        };
        let offset = if high { low + 4 } else { low };
        Check { offset, mask, value: half(condition.val, high), equal }
    };
    assert!(
        condition.width == Width::Dword || !matches!(condition.op, Op::Ne),
        "a whole argument that must differ is not one check per half"
    );
    halves.iter().map(|high| check(*high)).collect()
}

impl Check {
    fn length(&self) -> usize {
        2 + usize::from(self.mask.is_some())
    }

    /// `away`: how many steps to skip when it does not hold.
    fn steps(&self, away: u8) -> Vec<Step> {
        let mut steps = vec![(LOAD, 0, 0, self.offset)];
        steps.extend(self.mask.map(|mask| (AND, 0, 0, mask)));
        let (if_equal, if_not) = if self.equal { (0, away) } else { (away, 0) };
        steps.push((JUMP_IF_EQUAL, if_equal, if_not, self.value));
        steps
    }
}

/// `SECCOMP_RET_…` of the kernel's `linux/seccomp.h`.
fn action(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Allow => 0x7FFF_0000,
        Verdict::Errno(number) => 0x0005_0000 | number,
        Verdict::Kill => 0x8000_0000,
    }
}
