//! How much a sandbox costs over starting the same program plainly, as ratios within one run.
//!
//! `cargo bench -p frameos-sandbox`. Medians and 95th percentiles of wall time, medians of processor time (ours and all
//! children's); plain and sandboxed starts alternate, so that what else the machine does falls on both.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use frameos_sandbox::{End, Language, RunSpec, Sandbox, SandboxConfig, runtime};
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 60;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let runtimes_dir = base.join("runtimes");
    for language in Language::ALL {
        runtime::ensure(&runtimes_dir, language, None, &mut |_| {})?;
    }
    let jail_path = Some(env!("CARGO_BIN_EXE_frameos-jail").into());
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let config = SandboxConfig { jail_path, ..SandboxConfig::new(base.join("bench-state"), runtimes_dir) };
    let sandbox = tokio.block_on(Sandbox::open(config))?;
    let code = tempfile::tempdir()?;
    std::fs::set_permissions(code.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let programs = [
        (Language::Nodejs, "hello.js", "console.log('hello')\n", "/usr/bin/node", &[][..]),
        (Language::Python, "hello.py", "print('hello')\n", "/usr/bin/python3", &["-I", "-S", "-B"][..]),
    ];
    let mut out = std::io::stdout();
    writeln!(out, "tier {}", sandbox.tier())?;
    for (language, name, text, interpreter, flags) in programs {
        std::fs::write(code.path().join(name), text)?;
        let spec = RunSpec::new(language, code.path(), name);
        let (mut plain, mut boxed, mut startup) = (Vec::new(), Vec::new(), Vec::new());
        let (mut plain_cpu, mut boxed_cpu) = (Vec::new(), Vec::new());
        // The first rounds warm the caches.
        for round in 0..ROUNDS + 5 {
            let (begun, used) = (Instant::now(), processor_time());
            #[expect(clippy::disallowed_methods, reason = "the plain start to compare with")]
            let output = Command::new(interpreter)
                .args(flags)
                .arg(code.path().join(name))
                .env_clear()
                .stdin(Stdio::null())
                .output()?;
            let plainly = (begun.elapsed(), processor_time().saturating_sub(used));
            let (begun, used) = (Instant::now(), processor_time());
            let outcome = tokio.block_on(sandbox.run(spec.clone(), None, CancellationToken::new()))?;
            let sandboxed = (begun.elapsed(), processor_time().saturating_sub(used));
            if outcome.end != End::Exited(0) || outcome.stdout.bytes != output.stdout {
                return Err(format!("{language}: {outcome:?}").into());
            }
            if round >= 5 {
                plain.push(plainly.0);
                plain_cpu.push(plainly.1);
                boxed.push(sandboxed.0);
                boxed_cpu.push(sandboxed.1);
                startup.push(Duration::from_millis(outcome.resources.startup_ms));
            }
        }
        let (plain, boxed, startup) = (spread(plain), spread(boxed), spread(startup));
        let (plain_cpu, boxed_cpu) = (spread(plain_cpu).0, spread(boxed_cpu).0);
        writeln!(
            out,
            "{language:8} plain {:.1} ms (p95 {:.1})  sandboxed {:.1} ms (p95 {:.1})  ratio {:.2}  set-up {:.0} ms  \
             processor {plain_cpu:.1} -> {boxed_cpu:.1} ms",
            plain.0,
            plain.1,
            boxed.0,
            boxed.1,
            boxed.0 / plain.0,
            startup.0,
        )?;
    }
    Ok(())
}

/// Median and 95th percentile, milliseconds.
fn spread(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1000.0;
    (at(50), at(95))
}

/// Of this process and of all children that were waited for.
fn processor_time() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN]
        .into_iter()
        .filter_map(|who| getrusage(who).ok())
        .flat_map(|usage| [usage.user_time(), usage.system_time()])
        .map(|time| {
            Duration::from_micros(u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0))
        })
        .sum()
}
