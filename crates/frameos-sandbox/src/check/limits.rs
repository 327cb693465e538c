//! What a program meets when it wants more than its limits: the limits are set low, so that nobody waits long.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::lab::{Lab, ending};
use super::{Report, Verdict};
use crate::error::SandboxError;
use crate::outcome::{End, Outcome};
use crate::spec::{Language, Limits};

const MEMORY: u64 = 128 << 20;
const PIDS: u32 = 20;
const CPU_MILLIS: u32 = 100;
const BURN_SECONDS: u64 = 1;
/// Long enough for a slow machine's interpreter to be deaf by then: a signal that comes before would just end it.
const WALL: Duration = Duration::from_secs(3);
const GRACE: Duration = Duration::from_millis(300);
/// What the end of a killed sandbox may take on a busy machine.
const SLACK: Duration = Duration::from_secs(2);
/// A probe that hangs should not keep anybody waiting.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of them, and what to make of how it ended.
struct Limit {
    wall: &'static str,
    tried: &'static str,
    act: &'static str,
    inputs: Value,
    limits: Limits,
    judge: fn(&Outcome, &Limits) -> Verdict,
}

/// Those that use no processor to speak of, or not much of it, can go on at once.
fn together() -> [Limit; 3] {
    let usual = Limits { wall: PATIENCE, ..Limits::default() };
    [
        Limit {
            wall: "time",
            tried: "two processes that ignore SIGTERM",
            act: "stay",
            inputs: json!({}),
            limits: Limits { wall: WALL, grace: GRACE, ..Limits::default() },
            judge: time,
        },
        Limit {
            wall: "CPU",
            tried: "two busy processes on a tenth of one",
            act: "burn",
            inputs: json!({ "seconds": BURN_SECONDS }),
            limits: Limits { cpu_millis: CPU_MILLIS, ..usual.clone() },
            judge: cpu,
        },
        Limit {
            wall: "memory",
            tried: "allocating without end under 128 MB",
            act: "hog",
            inputs: json!({}),
            limits: Limits { memory_bytes: MEMORY, ..usual },
            judge: memory,
        },
    ]
}

fn one_by_one() -> [Limit; 2] {
    let usual = Limits { wall: PATIENCE, ..Limits::default() };
    [
        Limit {
            wall: "processes",
            tried: "forking without end under a limit of 20",
            act: "multiply",
            inputs: json!({ "most": 10 * PIDS }),
            limits: Limits { pids: PIDS, ..usual.clone() },
            judge: pids,
        },
        Limit {
            wall: "/tmp",
            tried: "filling it",
            act: "fill",
            inputs: json!({ "most": 2 * usual.tmp_bytes }),
            limits: usual,
            judge: tmp,
        },
    ]
}

pub(super) async fn check(
    lab: &Lab<'_>,
    language: Language,
    report: &mut Report,
) -> Result<(), SandboxError> {
    let [time, cpu, memory] = together();
    let (time, cpu, memory) =
        tokio::try_join!(time.run(lab, language), cpu.run(lab, language), memory.run(lab, language))?;
    let mut done = vec![time, cpu, memory];
    for limit in one_by_one() {
        done.push(limit.run(lab, language).await?);
    }
    for (limit, verdict) in done {
        report.add(limit.wall, limit.tried, Some(language), verdict);
    }
    Ok(())
}

impl Limit {
    async fn run(self, lab: &Lab<'_>, language: Language) -> Result<(Self, Verdict), SandboxError> {
        let inputs: Map<String, Value> = self.inputs.as_object().cloned().unwrap_or_default();
        let outcome = lab.act(language, self.act, inputs, self.limits.clone()).await?;
        let verdict = (self.judge)(&outcome, &self.limits);
        Ok((self, verdict))
    }
}

fn verdict(passed: bool, found: String) -> Verdict {
    Verdict { found, passed }
}

fn time(outcome: &Outcome, limits: &Limits) -> Verdict {
    let took = outcome.resources.wall_ms;
    if outcome.end != End::TimedOut {
        return Verdict::failed(ending(outcome));
    }
    if !outcome.stdout.text().contains("SIGTERM") {
        return Verdict::failed(format!("killed after {took} ms without SIGTERM before"));
    }
    let in_time = Duration::from_millis(took) <= limits.wall + limits.grace + SLACK;
    verdict(in_time, format!("SIGTERM after {} ms, killed after {took} ms", limits.wall.as_millis()))
}

fn cpu(outcome: &Outcome, _: &Limits) -> Verdict {
    let used = &outcome.resources;
    let (Some(user), Some(system)) = (used.cpu_user_ms, used.cpu_system_ms) else {
        return Verdict::failed("not measured");
    };
    if !outcome.end.is_success() {
        return Verdict::failed(ending(outcome));
    }
    // Unlimited, two busy processes use at least what the clock shows. Between that and the tenth there is room for the tick
    // of the accounting, and for what was used before the limit bites.
    let held = user + system <= used.wall_ms / 4 + 100;
    // On a machine that is busy anyhow they get little even without a limit: throttling tells the limit from that.
    let throttled = used.throttled_ms != Some(0);
    verdict(held && throttled, format!("{} ms used in {} ms", user + system, used.wall_ms))
}

fn memory(outcome: &Outcome, limits: &Limits) -> Verdict {
    let peak = outcome.resources.peak_memory_bytes;
    let held = outcome.end == End::OutOfMemory && peak.is_none_or(|peak| peak <= limits.memory_bytes);
    match peak {
        Some(peak) if outcome.end == End::OutOfMemory => {
            verdict(held, format!("killed at {} MB", peak >> 20))
        }
        _ => verdict(held, ending(outcome)),
    }
}

fn pids(outcome: &Outcome, limits: &Limits) -> Verdict {
    let (made, met) = (told(outcome, "made"), met(outcome));
    match made {
        Some(made) => {
            let held = met == "EAGAIN" && made < u64::from(limits.pids);
            verdict(held, format!("{met} after {made} children"))
        }
        None => Verdict::failed(ending(outcome)),
    }
}

fn tmp(outcome: &Outcome, limits: &Limits) -> Verdict {
    match told(outcome, "written") {
        Some(written) => {
            let held = met(outcome) == "ENOSPC" && written <= limits.tmp_bytes;
            verdict(held, format!("{} after {} MB", met(outcome), written >> 20))
        }
        None => Verdict::failed(ending(outcome)),
    }
}

fn told(outcome: &Outcome, name: &str) -> Option<u64> {
    outcome.outputs.as_ref()?.get(name)?.as_u64()
}

fn met(outcome: &Outcome) -> &str {
    outcome.outputs.as_ref().and_then(|outputs| outputs.get("met")?.as_str()).unwrap_or("nothing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Captured, Resources};

    fn ended(end: End, outputs: Value) -> Outcome {
        Outcome {
            end,
            stdout: Captured { bytes: b"SIGTERM\n".to_vec(), total: 8 },
            stderr: Captured::default(),
            outputs: Some(outputs),
            outputs_error: None,
            agent_error: None,
            counts: std::collections::BTreeMap::new(),
            resources: Resources {
                wall_ms: 1300,
                cpu_user_ms: Some(100),
                cpu_system_ms: Some(10),
                throttled_ms: Some(900),
                peak_memory_bytes: Some(MEMORY),
                ..Resources::default()
            },
            tier: String::new(),
        }
    }

    fn limit(act: &str) -> Limit {
        let all = together().into_iter().chain(one_by_one());
        all.into_iter().find(|limit| limit.act == act).expect("a limit")
    }

    fn passes(act: &str, outcome: &Outcome) -> bool {
        let limit = limit(act);
        (limit.judge)(outcome, &limit.limits).passed
    }

    #[test]
    fn a_limit_that_was_met_passes_and_one_that_was_not_fails() {
        let done = End::Exited(0);
        for (act, good, bad) in [
            ("stay", ended(End::TimedOut, json!({})), ended(done, json!({}))),
            ("burn", ended(done, json!({})), ended(End::Signaled(9), json!({}))),
            ("hog", ended(End::OutOfMemory, json!({})), ended(End::Signaled(9), json!({}))),
            (
                "multiply",
                ended(done, json!({"made": 19, "met": "EAGAIN"})),
                ended(done, json!({"made": 200, "met": "no limit"})),
            ),
            (
                "fill",
                ended(done, json!({"written": 100 << 20, "met": "ENOSPC"})),
                ended(done, json!({"written": 200 << 20, "met": "ENOSPC"})),
            ),
        ] {
            assert!(passes(act, &good), "{act}");
            assert!(!passes(act, &bad), "{act}");
        }
        assert!(!passes("multiply", &ended(done, json!("?"))) && !passes("fill", &ended(done, json!(null))));
    }

    #[test]
    fn a_limit_that_is_exceeded_fails() {
        let mut slow = ended(End::TimedOut, json!({}));
        slow.resources.wall_ms = (WALL + GRACE + SLACK).as_millis() as u64 + 1;
        assert!(!passes("stay", &slow));
        let mut unasked = ended(End::TimedOut, json!({}));
        unasked.stdout = Captured::default();
        assert!(!passes("stay", &unasked));

        let mut busy = ended(End::Exited(0), json!({}));
        busy.resources.cpu_user_ms = Some(1800);
        assert!(!passes("burn", &busy));
        let mut idle = ended(End::Exited(0), json!({}));
        idle.resources.throttled_ms = Some(0);
        assert!(!passes("burn", &idle), "a busy machine is no limit");
        idle.resources.cpu_user_ms = None;
        assert!(!passes("burn", &idle));

        let mut large = ended(End::OutOfMemory, json!({}));
        large.resources.peak_memory_bytes = Some(MEMORY + 1);
        assert!(!passes("hog", &large));
    }
}
