//! The short form of this suite that users run: it passes where this suite does, whichever runtimes there are.

use frameos_sandbox::check::{self, Report};
use frameos_sandbox::{Language, SandboxConfig, SandboxError};

use crate::harness::{Under, config, is_linux};

/// Checks with only these runtimes, and leaves nothing in the state folder.
async fn checked(languages: &[Language]) -> Result<Report, SandboxError> {
    let (runtimes, state) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let shared = config();
    for entry in std::fs::read_dir(&shared.runtimes_dir).expect("runtimes").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if languages.iter().any(|language| name.starts_with(language.name())) {
            std::os::unix::fs::symlink(entry.path(), runtimes.path().join(name)).expect("link");
        }
    }
    let (runtimes_dir, state_dir) = (runtimes.path().to_owned(), state.path().to_owned());
    let mut stages = Vec::new();
    let config = SandboxConfig { runtimes_dir, state_dir, ..shared };
    let report = check::run(config, &mut |stage| stages.push(stage.to_owned())).await;
    assert!(report.is_err() || stages.len() >= 3, "{stages:?}");
    let left = std::fs::read_dir(state.path()).expect("the state folder").flatten();
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with("check")));
    report
}

#[tokio::test]
async fn everything_holds_in_each_runtime() {
    for languages in [&Language::ALL[..], &[Language::Nodejs], &[Language::Python]] {
        let report = checked(languages).await.expect("no platform fault");
        let failed: Vec<_> = report.checks.iter().filter(|check| !check.passed).collect();
        assert!(report.passed() && failed.is_empty(), "{failed:?}");
        assert_eq!(report.startup.keys().copied().collect::<Vec<_>>(), languages);
        let timed = |ms: Option<f64>| ms.is_some_and(|ms| ms > 0.0);
        for startup in report.startup.values() {
            assert!(timed(startup.cold_ms), "{startup:?}");
            assert_eq!(timed(startup.warm_ms), Under::chosen() != Under::Docker, "{startup:?}");
        }
        let has = |wall: &str, language: Language| {
            report.checks.iter().any(|check| check.wall == wall && check.by.contains(&language))
        };
        for language in languages {
            assert!(has("privileges", *language) && has("network", *language), "{report:?}");
        }
        for wall in ["time", "CPU", "memory", "processes", "/tmp", "nothing is left"] {
            assert!(report.checks.iter().any(|check| check.wall == wall), "{wall}");
        }
        assert_eq!(report.checks.iter().any(|check| check.wall == "Landlock"), is_linux("Landlock"));
    }
}

#[tokio::test]
async fn nothing_to_check_with_is_no_success() {
    let refused = checked(&[]).await.expect_err("no runtime");
    assert!(matches!(refused, SandboxError::RuntimeMissing { .. }), "{refused}");
}
