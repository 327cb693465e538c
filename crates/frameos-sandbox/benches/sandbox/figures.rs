//! The figures: each measures one thing and says it in a line or two, with its target.
//!
//! Medians and 95th percentiles of wall time, in milliseconds.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use frameos_sandbox::{End, Language, Outcome, RunSpec, Sandbox, SandboxConfig, WarmConfig};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::peers::{Docker, Result, plain};

pub(crate) type Figure = fn(&Bench) -> Result<Vec<String>>;

pub(crate) struct Bench {
    pub(crate) cold: Sandbox,
    /// With a warm pool.
    pub(crate) config: SandboxConfig,
    pub(crate) tokio: tokio::runtime::Runtime,
    pub(crate) code: TempDir,
}

impl Bench {
    fn spec(&self, language: Language, file: &str) -> RunSpec {
        RunSpec::new(language, self.code.path(), file)
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.code.path().join(name)
    }

    fn run(&self, sandbox: &Sandbox, spec: &RunSpec) -> Result<(Duration, Outcome)> {
        self.tokio.block_on(run(sandbox, spec))
    }

    fn hello(&self, language: Language) -> RunSpec {
        self.spec(language, if language == Language::Nodejs { "hello.js" } else { "hello.py" })
    }
}

async fn run(sandbox: &Sandbox, spec: &RunSpec) -> Result<(Duration, Outcome)> {
    let begun = Instant::now();
    let outcome = sandbox.run(spec.clone(), None, CancellationToken::new()).await?;
    let spent = begun.elapsed();
    if outcome.end == End::Exited(0) { Ok((spent, outcome)) } else { Err(format!("{outcome:?}").into()) }
}

/// Sorted milliseconds.
struct Times(Vec<f64>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times.into_iter().map(|time| time.as_secs_f64() * 1000.0).collect())
    }

    fn at(&self, part: usize) -> f64 {
        self.0[(self.0.len() - 1) * part / 100]
    }

    fn median(&self) -> f64 {
        self.at(50)
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} ms (p95 {:.1})", self.median(), self.at(95))
    }
}

/// Alternates the two, after some rounds that warm the caches.
fn alternate(
    rounds: usize,
    mut one: impl FnMut() -> Result<Duration>,
    mut other: impl FnMut() -> Result<Duration>,
) -> Result<(Times, Times)> {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for round in 0..rounds + 5 {
        let pair = (one()?, other()?);
        if round >= 5 {
            ones.push(pair.0);
            others.push(pair.1);
        }
    }
    Ok((Times::of(ones), Times::of(others)))
}

/// `/bin/true` stands in for an interpreter, so that the walls alone are measured.
pub(crate) fn cold_true(bench: &Bench) -> Result<Vec<String>> {
    let base = tempfile::tempdir()?;
    let root = base.path().join("runtimes/python-3");
    let real = &bench.cold.runtime("python")?.root;
    for dir in ["agent", "tmp", "proc", "dev", "etc", "var/empty", "usr/bin"] {
        std::fs::create_dir_all(root.join(dir))?;
    }
    for device in ["null", "zero", "full", "random", "urandom"] {
        std::fs::write(root.join("dev").join(device), "")?;
    }
    for libraries in ["lib", "lib64", "usr/lib"] {
        if real.join(libraries).exists() {
            copy_libraries(&real.join(libraries), &root.join(libraries))?;
        }
    }
    std::fs::copy("/bin/true", root.join("usr/bin/python3"))?;
    let marker = r#"{"language":"python","version":"3.11.0","digest":"","fingerprint":""}"#;
    std::fs::write(root.join("etc/frameos-runtime.json"), marker)?;
    let config = SandboxConfig {
        runtimes_dir: base.path().join("runtimes"),
        warm: WarmConfig::OFF,
        ..bench.config.clone()
    };
    let sandbox = bench.tokio.block_on(Sandbox::open(config))?;
    let spec = bench.spec(Language::Python, "true");
    let (boxed, plainly) =
        alternate(200, || Ok(bench.run(&sandbox, &spec)?.0), || plain("/bin/true", &[], None))?;
    let more = boxed.median() - plainly.median();
    Ok(vec![format!("sandboxed {boxed}  plain {plainly}  difference {more:.1} ms  target <= 4")])
}

/// The C library and its loader.
fn copy_libraries(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            if name.ends_with("-linux-gnu") {
                copy_libraries(&entry.path(), &to.join(&name))?;
            }
        } else if name.starts_with("libc.") || name.starts_with("ld-") {
            std::fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}

pub(crate) fn cold_node(bench: &Bench) -> Result<Vec<String>> {
    cold(bench, Language::Nodejs, "/usr/bin/node", &[], "target <= 1.15")
}

pub(crate) fn cold_python(bench: &Bench) -> Result<Vec<String>> {
    cold(bench, Language::Python, "/usr/bin/python3", &["-I", "-S", "-B"], "no target")
}

fn cold(
    bench: &Bench,
    language: Language,
    program: &str,
    flags: &[&str],
    target: &str,
) -> Result<Vec<String>> {
    let spec = bench.hello(language);
    let file = bench.file(&spec.entrypoint);
    let mut startups = Vec::new();
    let (boxed, plainly) = alternate(
        100,
        || {
            let (spent, outcome) = bench.run(&bench.cold, &spec)?;
            startups.push(Duration::from_millis(outcome.resources.startup_ms));
            Ok(spent)
        },
        || plain(program, flags, Some(&file)),
    )?;
    let ratio = boxed.median() / plainly.median();
    let startup = Times::of(startups);
    Ok(vec![format!("cold {boxed}  plain {plainly}  ratio {ratio:.2}  {target}  (set-up {startup})")])
}

pub(crate) fn cold_node_against_docker(bench: &Bench) -> Result<Vec<String>> {
    let Some(docker) = Docker::import(bench.cold.runtime("nodejs")?)? else {
        return Ok(vec!["no engine: run make bench-sandbox".to_owned()]);
    };
    let spec = bench.hello(Language::Nodejs);
    let (boxed, container) =
        alternate(20, || Ok(bench.run(&bench.cold, &spec)?.0), || docker.run(bench.code.path()))?;
    let ratio = boxed.median() / container.median();
    Ok(vec![format!("cold {boxed}  docker run {container}  ratio {ratio:.2}  target <= 0.2")])
}

/// A run comes when the pool is full.
pub(crate) fn warm(bench: &Bench) -> Result<Vec<String>> {
    let sandbox = bench.tokio.block_on(Sandbox::open(bench.config.clone()))?;
    let mut lines = Vec::new();
    for (language, target) in [(Language::Nodejs, "<= 15, p95 <= 30"), (Language::Python, "<= 8")] {
        let spec = bench.hello(language);
        let mut times = Vec::new();
        let mut startups = Vec::new();
        for _ in 0..100 {
            bench.tokio.block_on(sandbox.warmed());
            let (spent, outcome) = bench.run(&sandbox, &spec)?;
            times.push(spent);
            startups.push(Duration::from_millis(outcome.resources.startup_ms));
        }
        let (times, startups) = (Times::of(times), Times::of(startups));
        lines.push(format!("{language} {times}  target {target}  (hand-over {startups})"));
    }
    Ok(lines)
}

const RUNS: usize = 200;
/// Twice the cores: a core never waits for an end to be noticed.
const AT_A_TIME: usize = 4;

/// Both cores busy, in turns of an eighth each; the bound is what plain starts reach.
pub(crate) fn throughput(bench: &Bench) -> Result<Vec<String>> {
    let warm = bench.tokio.block_on(Sandbox::open(bench.config.clone()))?;
    let spec = bench.hello(Language::Nodejs);
    let file = bench.file(&spec.entrypoint);
    let (mut plainly, mut cold, mut pooled) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for _ in 0..8 {
        let begun = Instant::now();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let worker = || {
                while next.fetch_add(1, Ordering::Relaxed) < RUNS / 8 {
                    plain("/usr/bin/node", &[], Some(&file)).map_err(|error| error.to_string())?;
                }
                Ok::<(), String>(())
            };
            let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a panic".to_owned())?)
        })?;
        plainly += begun.elapsed();
        cold += bench.tokio.block_on(many(&bench.cold, &spec, RUNS / 8))?;
        pooled += bench.tokio.block_on(many(&warm, &spec, RUNS / 8))?;
    }
    let rate = |time: Duration| RUNS as f64 / time.as_secs_f64();
    let part = |time: Duration| plainly.as_secs_f64() / time.as_secs_f64();
    Ok(vec![
        format!(
            "plain {:.1}/s  cold {:.1}/s  part {:.2}  target >= 0.85",
            rate(plainly),
            rate(cold),
            part(cold)
        ),
        format!("with a warm pool {:.1}/s  part {:.2}", rate(pooled), part(pooled)),
    ])
}

async fn many(sandbox: &Sandbox, spec: &RunSpec, count: usize) -> Result<Duration> {
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    let worker = async || {
        while next.fetch_add(1, Ordering::Relaxed) < count {
            run(sandbox, spec).await?;
        }
        Ok::<(), Box<dyn std::error::Error>>(())
    };
    tokio::try_join!(worker(), worker(), worker(), worker())?;
    Ok(begun.elapsed())
}

/// Proportional: pages that processes share are divided among them.
pub(crate) fn memory(bench: &Bench) -> Result<Vec<String>> {
    let sandbox = bench.tokio.block_on(Sandbox::open(bench.config.clone()))?;
    bench.tokio.block_on(sandbox.warmed());
    let mut lines = Vec::new();
    for (runner, target) in [("/runner/runner.cjs", "target <= 45"), ("/runner/runner.pyc", "no target")] {
        let held = waiting(runner)?;
        let largest = held.iter().max().copied().unwrap_or_default();
        lines.push(format!("{runner}: {} waiting, {} KiB at most, each  {target} MiB", held.len(), largest));
    }
    Ok(lines)
}

/// KiB of each waiting interpreter, with the runner given, in sandboxes of this process.
fn waiting(runner: &str) -> Result<Vec<u64>> {
    let mut held = Vec::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let read = |name: &str| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        let words: Vec<String> = read("cmdline").split('\0').map(str::to_owned).collect();
        if words.iter().any(|word| word == runner) && words.iter().any(|word| word == "warm") {
            let pss = |text: &str| {
                text.lines().find_map(|line| {
                    line.strip_prefix("Pss:")?.split_whitespace().next()?.parse::<u64>().ok()
                })
            };
            held.extend(pss(&read("smaps_rollup")));
        }
    }
    Ok(held)
}

/// Runs of a leak test: half of them cold, half from a pool.
const MANY: usize = 1000;

pub(crate) fn leaks(bench: &Bench) -> Result<Vec<String>> {
    let spec = bench.hello(Language::Python);
    let warm = bench.tokio.block_on(Sandbox::open(bench.config.clone()))?;
    let both = |count: usize| -> Result<()> {
        bench.tokio.block_on(many(&bench.cold, &spec, count / 2))?;
        bench.tokio.block_on(many(&warm, &spec, count / 2))?;
        bench.tokio.block_on(warm.warmed());
        Ok(())
    };
    // Threads, caches and allocators find their size.
    both(200)?;
    let before = Left::now()?;
    both(MANY)?;
    let after = Left::now()?;
    Ok(vec![format!("after {MANY} runs: {}  target 0, 1 MiB", after.since(&before))])
}

/// What runs could leave behind.
struct Left {
    descriptors: usize,
    mounts: usize,
    groups: usize,
    networks: usize,
    resident: u64,
}

impl Left {
    fn now() -> Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
        let networks: std::collections::BTreeSet<_> = std::fs::read_dir("/proc")?
            .flatten()
            .filter_map(|entry| std::fs::read_link(entry.path().join("ns/net")).ok())
            .collect();
        Ok(Self {
            descriptors: std::fs::read_dir("/proc/self/fd")?.count(),
            mounts: std::fs::read_to_string("/proc/self/mountinfo")?.lines().count(),
            groups: groups(Path::new("/sys/fs/cgroup"), 0),
            networks: networks.len(),
            resident: resident.unwrap_or_default(),
        })
    }

    fn since(&self, before: &Self) -> String {
        let more = |now: usize, then: usize| now as i64 - then as i64;
        format!(
            "descriptors {:+}  mounts {:+}  control groups {:+}  network namespaces {:+}  resident {:+} KiB",
            more(self.descriptors, before.descriptors),
            more(self.mounts, before.mounts),
            more(self.groups, before.groups),
            more(self.networks, before.networks),
            self.resident as i64 - before.resident as i64,
        )
    }
}

/// Control groups of sandboxes made by this process.
fn groups(dir: &Path, depth: usize) -> usize {
    let own = format!("-{}-", std::process::id());
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let dirs = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    dirs.map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = usize::from(name.starts_with("frameos-") && name.contains(&own));
        ours + if depth < 6 { groups(&entry.path(), depth + 1) } else { 0 }
    })
    .sum()
}
