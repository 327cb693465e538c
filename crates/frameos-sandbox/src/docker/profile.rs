//! The seccomp profile that the engine installs around the guest, made from the same policy as the guest's own filters.
//!
//! It is the outer of two filters: it allows what the policy allows and what the guest needs on its way in, and answers ENOSYS
//! to everything else. The finer verdicts (which calls kill, which error a call gets) are the inner filter's; both must allow
//! a call. Conditions that this format cannot say, several on one argument, are left to the inner filter too.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::SandboxError;

const POLICY: &str = include_str!("../../resources/seccomp/policy.json");
const EXTRA: &str = include_str!("../../resources/seccomp/docker.json");

#[derive(Deserialize)]
struct Policy {
    default_errno: u32,
    allow: BTreeMap<String, String>,
    allow_x86_64: BTreeMap<String, String>,
    allow_if: Vec<Conditional>,
}

#[derive(Deserialize)]
struct Extra {
    allow: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Conditional {
    syscall: String,
    any: Vec<Vec<Condition>>,
}

#[derive(Deserialize)]
struct Condition {
    index: u32,
    #[serde(rename = "type")]
    width: String,
    op: Value,
    val: u64,
}

/// In the format of `docker run --security-opt seccomp=…`.
pub(super) fn profile() -> Result<String, SandboxError> {
    let bad = || SandboxError::engine("be given a seccomp profile");
    let policy: Policy = serde_json::from_str(POLICY).map_err(bad())?;
    let extra: Extra = serde_json::from_str(EXTRA).map_err(bad())?;
    let mut names: BTreeSet<&str> =
        policy.allow.keys().chain(extra.allow.keys()).map(String::as_str).collect();
    // Names that an architecture does not have are skipped by the engine.
    names.extend(policy.allow_x86_64.keys().map(String::as_str));
    let mut conditional = Vec::new();
    for rule in &policy.allow_if {
        match rule.any.iter().map(|conditions| arguments(conditions)).collect::<Option<Vec<Value>>>() {
            Some(lists) => conditional.extend(
                lists
                    .into_iter()
                    .map(|args| json!({ "names": [rule.syscall], "action": "SCMP_ACT_ALLOW", "args": args })),
            ),
            None => {
                names.insert(&rule.syscall);
            }
        }
    }
    let mut rules = vec![json!({ "names": names, "action": "SCMP_ACT_ALLOW" })];
    rules.extend(conditional);
    let profile = json!({
        "defaultAction": "SCMP_ACT_ERRNO",
        // Engines before 23.0 do not read this and answer EPERM, behind the inner filter's ENOSYS.
        "defaultErrnoRet": policy.default_errno,
        "architectures": architectures(),
        "syscalls": rules,
    });
    Ok(profile.to_string())
}

/// Without the 32-bit doors that engines' own profiles leave open.
fn architectures() -> Value {
    if cfg!(target_arch = "aarch64") { json!(["SCMP_ARCH_AARCH64"]) } else { json!(["SCMP_ARCH_X86_64"]) }
}

/// `None` when the format cannot say it.
fn arguments(conditions: &[Condition]) -> Option<Value> {
    const LOW_HALF: u64 = 0xffff_ffff;
    let mut seen = BTreeSet::new();
    let mut args = Vec::new();
    for Condition { index, width, op, val } in conditions {
        // Several conditions on one argument would be taken for alternatives.
        if !seen.insert(*index) {
            return None;
        }
        let mask = match op {
            Value::String(name) if name == "eq" && width == "dword" => LOW_HALF,
            Value::String(name) if name == "eq" => u64::MAX,
            Value::Object(masked) => masked.get("masked_eq")?.as_u64()?,
            _ => return None,
        };
        args.push(json!({ "index": index, "op": "SCMP_CMP_MASKED_EQ", "value": mask, "valueTwo": val }));
    }
    Some(Value::Array(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(call: &str) -> Vec<Value> {
        let profile: Value = serde_json::from_str(&profile().expect("a profile")).expect("JSON");
        assert_eq!(
            (&profile["defaultAction"], &profile["defaultErrnoRet"]),
            (&json!("SCMP_ACT_ERRNO"), &json!(38))
        );
        let all = profile["syscalls"].as_array().expect("rules").clone();
        all.into_iter()
            .filter(|rule| rule["names"].as_array().is_some_and(|n| n.contains(&json!(call))))
            .collect()
    }

    #[test]
    fn what_the_policy_denies_is_not_allowed() {
        for call in
            ["ptrace", "mount", "bpf", "unshare", "clone3", "io_uring_setup", "keyctl", "flock", "seccomp"]
        {
            assert_eq!(rules(call), Vec::<Value>::new(), "{call}");
        }
    }

    #[test]
    fn what_it_allows_and_the_guest_needs_is() {
        for call in ["read", "execve", "openat", "prctl", "landlock_restrict_self", "ioctl"] {
            assert_eq!(rules(call).len(), 1, "{call}");
            assert_eq!(rules(call)[0]["args"], Value::Null, "{call}");
        }
    }

    #[test]
    fn conditions_are_kept() {
        let clone = rules("clone");
        let expect = json!([{ "index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": 0x7e02_0000, "valueTwo": 0 }]);
        assert_eq!((clone.len(), &clone[0]["args"]), (1, &expect));
        assert!(
            rules("socket").iter().all(|rule| rule["args"].as_array().is_some_and(|args| !args.is_empty()))
        );
    }
}
