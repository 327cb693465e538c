//! Reads `resources/seccomp/policy.json`: which verdict each system call gets on each architecture.
//!
//! Shared by the build script, which compiles it, and a test, which proves the result. Names that an architecture does not
//! know are errors, so that none is silently left out.

use std::collections::BTreeMap;
use std::error::Error;

use seccompiler::{TargetArch, compile_from_json};
use serde::Deserialize;
use serde_json::json;

/// The same number on every architecture we build for.
const EPERM: u32 = 1;
const ENOLCK: u32 = 37;

/// The policy file; the maps are system call → reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    #[serde(rename = "about")]
    _about: String,
    default_errno: u32,
    allow: BTreeMap<String, String>,
    allow_x86_64: BTreeMap<String, String>,
    allow_if: Vec<Conditional>,
    eperm: BTreeMap<String, String>,
    eperm_x86_64: BTreeMap<String, String>,
    enolck: BTreeMap<String, String>,
    errno_if: Vec<Conditional>,
    kill: BTreeMap<String, String>,
    kill_x86_64: BTreeMap<String, String>,
    kill_if: Vec<Conditional>,
}

/// A verdict that depends on arguments: any of the lists must hold as a whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditional {
    syscall: String,
    #[serde(rename = "reason")]
    _reason: String,
    #[serde(default)]
    errno: Option<u32>,
    any: Vec<Vec<Condition>>,
}

/// One argument compared.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Which, from 0.
    pub index: u8,
    #[serde(rename = "type")]
    pub width: Width,
    pub op: Op,
    pub val: u64,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Width {
    /// The lower half.
    Dword,
    Qword,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Eq,
    Ne,
    MaskedEq(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    Errno(u32),
    Kill,
}

/// What happens to one system call: the first rule that holds decides, else the last word.
#[derive(Clone)]
pub struct Treatment {
    pub rules: Vec<(Vec<Condition>, Verdict)>,
    pub else_: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arch {
    X86_64,
    Aarch64,
}

impl Arch {
    pub const ALL: [(&str, Self); 2] = [("x86_64", Self::X86_64), ("aarch64", Self::Aarch64)];

    /// `AUDIT_ARCH_…` of the kernel's `linux/audit.h`.
    pub fn audit(self) -> u32 {
        match self {
            Self::X86_64 => 0xC000_003E,
            Self::Aarch64 => 0xC000_00B7,
        }
    }

    /// The number of a system call, as the library that knows them all compiles it: its filters compare with nothing else.
    pub fn number(self, syscall: &str) -> Result<u32, Box<dyn Error>> {
        let document = serde_json::to_vec(&json!({ "filter": {
            "mismatch_action": "allow", "match_action": "trap", "filter": [{ "syscall": syscall }],
        }}))?;
        let arch = match self {
            Self::X86_64 => TargetArch::x86_64,
            Self::Aarch64 => TargetArch::aarch64,
        };
        let programs =
            compile_from_json(document.as_slice(), arch).map_err(|error| format!("{syscall}: {error}"))?;
        let program = programs.get("filter").ok_or("the filter vanished in compilation")?;
        let load_number = program.iter().position(|step| (step.code, step.k) == (0x20, 0));
        let compare = load_number.and_then(|at| program[at..].iter().find(|step| step.code == 0x15));
        Ok(compare.ok_or_else(|| format!("no number for {syscall}"))?.k)
    }
}

impl Policy {
    pub fn parse(text: &str) -> Result<Self, Box<dyn Error>> {
        Ok(serde_json::from_str(text)?)
    }

    /// What calls get that are not named.
    pub fn default(&self) -> Verdict {
        Verdict::Errno(self.default_errno)
    }

    /// By number. The strictest verdict comes first; what is allowed comes last.
    pub fn treatments(&self, arch: Arch) -> Result<BTreeMap<u32, Treatment>, Box<dyn Error>> {
        let x86 = arch == Arch::X86_64;
        let mut all: BTreeMap<u32, Treatment> = BTreeMap::new();
        let plain = [
            (Verdict::Kill, &self.kill, true),
            (Verdict::Kill, &self.kill_x86_64, x86),
            (Verdict::Errno(EPERM), &self.eperm, true),
            (Verdict::Errno(EPERM), &self.eperm_x86_64, x86),
            (Verdict::Errno(ENOLCK), &self.enolck, true),
            (Verdict::Allow, &self.allow, true),
            (Verdict::Allow, &self.allow_x86_64, x86),
        ];
        for (verdict, names, _) in plain.into_iter().filter(|(.., here)| *here) {
            for name in names.keys() {
                let treatment = Treatment { rules: Vec::new(), else_: verdict };
                if all.insert(arch.number(name)?, treatment).is_some() {
                    return Err(format!("{name} is in two tables").into());
                }
            }
        }
        let conditional = [
            (&self.kill_if, Some(Verdict::Kill)),
            (&self.errno_if, None),
            (&self.allow_if, Some(Verdict::Allow)),
        ];
        for (table, verdict) in conditional {
            for rule in table {
                let verdict = match (verdict, rule.errno) {
                    (Some(verdict), None) => verdict,
                    (None, Some(errno)) => Verdict::Errno(errno),
                    _ => {
                        return Err(format!(
                            "the rule for {} names an errno in the wrong table",
                            rule.syscall
                        )
                        .into());
                    }
                };
                let fresh = Treatment { rules: Vec::new(), else_: self.default() };
                let treatment = all.entry(arch.number(&rule.syscall)?).or_insert(fresh);
                treatment.rules.extend(rule.any.iter().map(|conditions| (conditions.clone(), verdict)));
            }
        }
        Ok(all)
    }
}
