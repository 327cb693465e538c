//! Compiles `resources/seccomp/policy.json` into the kernel's filter programs, at build time.
//!
//! Every supported architecture is compiled on every build, so that a name unknown to one of them is a build
//! error at once; only the target's programs are emitted. A build for any other architecture fails: there is
//! no filter-less fall-back.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use seccompiler::{BpfProgram, TargetArch, compile_from_json};
use serde::Deserialize;
use serde_json::{Value, json};

/// The same number on every architecture we build for.
const ENOLCK: u32 = 37;
const POLICY: &str = "resources/seccomp/policy.json";

/// The policy file; the maps are system call → reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
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
struct Conditional {
    syscall: String,
    #[serde(rename = "reason")]
    _reason: String,
    #[serde(default)]
    errno: Option<u32>,
    any: Vec<Vec<Value>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={POLICY}");
    println!("cargo:rerun-if-changed=build.rs");
    let policy: Policy = serde_json::from_str(&std::fs::read_to_string(POLICY)?)?;
    let mut programs = BTreeMap::new();
    for (name, arch) in [("x86_64", TargetArch::x86_64), ("aarch64", TargetArch::aarch64)] {
        programs.insert(name, compile(&policy, name, arch)?);
    }
    let target = cargo_says("CARGO_CFG_TARGET_ARCH")?;
    let filters =
        programs.get(target.as_str()).ok_or_else(|| format!("no system call filter for {target}"))?;
    let out = cargo_says("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("seccomp_filters.rs"), render(filters)?)?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a build script is told things in its environment only")]
fn cargo_says(name: &str) -> Result<String, std::env::VarError> {
    std::env::var(name)
}

/// One program per verdict, in the order of installation. The kernel takes the strictest verdict of all
/// programs and, among equal ones, the data of the one installed last: hence default first, kill last.
fn compile(policy: &Policy, name: &str, arch: TargetArch) -> Result<Vec<BpfProgram>, Box<dyn Error>> {
    let x86 = name == "x86_64";
    let on_x86 = |map: &BTreeMap<String, String>| -> Vec<String> {
        if x86 { map.keys().cloned().collect() } else { Vec::new() }
    };
    let mut filters = vec![
        filter(
            &json!({ "errno": policy.default_errno }),
            &json!("allow"),
            policy.allow.keys().cloned().chain(on_x86(&policy.allow_x86_64)),
            &policy.allow_if,
        ),
        filter(
            &json!("allow"),
            &json!({ "errno": 1 }),
            policy.eperm.keys().cloned().chain(on_x86(&policy.eperm_x86_64)),
            &[],
        ),
        filter(&json!("allow"), &json!({ "errno": ENOLCK }), policy.enolck.keys().cloned(), &[]),
    ];
    for rule in &policy.errno_if {
        let errno = rule.errno.ok_or("errno_if needs an errno")?;
        filters.push(filter(&json!("allow"), &json!({ "errno": errno }), [], std::slice::from_ref(rule)));
    }
    filters.push(filter(
        &json!("allow"),
        &json!("kill_process"),
        policy.kill.keys().cloned().chain(on_x86(&policy.kill_x86_64)),
        &policy.kill_if,
    ));
    filters
        .into_iter()
        .map(|filter| {
            let document = serde_json::to_vec(&json!({ "filter": filter }))?;
            let mut map = compile_from_json(document.as_slice(), arch)?;
            map.remove("filter").ok_or_else(|| "filter vanished in compilation".into())
        })
        .collect()
}

fn filter(
    mismatch: &Value,
    matching: &Value,
    plain: impl IntoIterator<Item = String>,
    conditional: &[Conditional],
) -> Value {
    let mut rules: Vec<Value> = plain.into_iter().map(|syscall| json!({ "syscall": syscall })).collect();
    for rule in conditional {
        rules.extend(rule.any.iter().map(|args| json!({ "syscall": rule.syscall, "args": args })));
    }
    json!({ "mismatch_action": mismatch, "match_action": matching, "filter": rules })
}

fn render(filters: &[BpfProgram]) -> Result<String, std::fmt::Error> {
    let mut text = String::from("pub(crate) static FILTERS: &[&[libc::sock_filter]] = &[\n");
    for program in filters {
        text.push_str("    &[\n");
        for step in program {
            writeln!(
                text,
                "        libc::sock_filter {{ code: {}, jt: {}, jf: {}, k: {} }},",
                step.code, step.jt, step.jf, step.k
            )?;
        }
        text.push_str("    ],\n");
    }
    text.push_str("];\n");
    Ok(text)
}
