//! How fast the public interface is read, through a real server process and over HTTP, with thousands of agents.
//!
//! `make bench-api` runs it. Data are in a folder below `target/`, so on a disk. The load comes from `wrk` on the same machine, so
//! the figures are what both together get out of it.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark reports or fails")]

#[path = "../../tests/it/client.rs"]
#[expect(dead_code, unused_imports, reason = "the tests' own helpers, of which a benchmark needs a few")]
mod client;
mod figures;
#[path = "../engine/http.rs"]
mod http;
#[path = "../../tests/it/program.rs"]
#[expect(dead_code, reason = "as above")]
mod program;
mod seed;
#[path = "../../tests/it/server.rs"]
#[expect(dead_code, reason = "as above")]
mod server;
mod wrk;

fn main() {
    // `cargo test` starts benchmarks too; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let figures =
        figures::measure(number("FRAMEOS_BENCH_AGENTS", 10_000), number("FRAMEOS_BENCH_SECONDS", 10));
    let mut missed = 0;
    println!("{:<58} {:>12} {:>12}  verdict", "figure", "measured", "target");
    for figure in &figures {
        println!("{figure}");
        missed += usize::from(!figure.is_met());
    }
    if missed > 0 {
        println!("missed: {missed} of {}", figures.len());
        std::process::exit(1);
    }
}

#[expect(clippy::disallowed_methods, reason = "says how much is measured")]
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
