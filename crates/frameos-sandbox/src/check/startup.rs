//! What a run costs beside the program's own work.

use serde::Serialize;
use tokio::time::Instant;

use super::lab::{HELLO, Lab, ending};
use super::{Report, Verdict};
use crate::error::SandboxError;
use crate::spec::Language;

/// Few, since somebody waits; the median forgives one that was disturbed.
const ROUNDS: usize = 3;

/// From the call of `run` to the outcome of a program that does nothing, milliseconds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StartUp {
    /// In a sandbox made for it.
    pub cold_ms: Option<f64>,
    /// In one that waited, booted, for a run; `None` where the backend has no such.
    pub warm_ms: Option<f64>,
}

/// The median, with whatever pool the sandbox has filled before each round. The time of a failure is no figure: it is
/// reported as what it is.
pub(super) async fn median(
    lab: &Lab<'_>,
    language: Language,
    report: &mut Report,
) -> Result<Option<f64>, SandboxError> {
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        lab.sandbox.warmed().await;
        let begun = Instant::now();
        let outcome = lab.run(lab.spec(language, HELLO)).await?;
        took.push(begun.elapsed().as_secs_f64() * 1000.0);
        if !outcome.end.is_success() {
            let verdict = Verdict::failed(ending(&outcome));
            report.add("start", "a program that does nothing", Some(language), verdict);
            return Ok(None);
        }
    }
    took.sort_by(f64::total_cmp);
    // A tenth of a millisecond is as exact as so few rounds are.
    Ok(Some((took[ROUNDS / 2] * 10.0).round() / 10.0))
}
