//! What isolation costs, as ratios and differences within one run.
//!
//! `make bench-sandbox` runs it beside a Docker Engine; `cargo bench -p frameos-sandbox -- [FIGURE…]` without one, or some
//! figures only. What is compared alternates, so that whatever else the machine does falls on both sides.

mod figures;
mod peers;

use std::io::Write as _;

use frameos_sandbox::{Language, Sandbox, SandboxConfig, WarmConfig, runtime};

use figures::{Bench, Figure};

const FIGURES: [(&str, Figure); 8] = [
    ("true", figures::cold_true),
    ("node", figures::cold_node),
    ("python", figures::cold_python),
    ("docker", figures::cold_node_against_docker),
    ("warm", figures::warm),
    ("throughput", figures::throughput),
    ("memory", figures::memory),
    ("leaks", figures::leaks),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let Some(unknown) = asked.iter().find(|word| FIGURES.iter().all(|(name, _)| name != word)) {
        return Err(
            format!("no figure is called {unknown}; there are {:?}", FIGURES.map(|(name, _)| name)).into()
        );
    }
    let base = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let runtimes_dir = base.join("runtimes");
    for language in Language::ALL {
        runtime::ensure(&runtimes_dir, language, None, &mut |_| {})?;
    }
    let config = SandboxConfig {
        jail_path: Some(env!("CARGO_BIN_EXE_frameos-jail").into()),
        ..SandboxConfig::new(base.join("bench-state"), runtimes_dir)
    };
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let bench = Bench {
        cold: tokio.block_on(Sandbox::open(config.clone()))?,
        config: SandboxConfig { warm: WarmConfig::default(), ..config },
        tokio,
        code: peers::programs()?,
    };
    let mut out = std::io::stdout();
    writeln!(out, "tier {}", bench.cold.tier())?;
    for (name, figure) in FIGURES {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            for line in figure(&bench)? {
                writeln!(out, "{name:10} {line}")?;
            }
        }
    }
    Ok(())
}
