//! What the engine takes from a click to its answer, through a real server process and over HTTP.
//!
//! `make bench-engine` runs it; `cargo bench --profile fast -p frameos --bench engine -- [FIGURE…]` some figures only. Data
//! are in a folder below `target/`, so on a disk, with every commit synced.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark reports or fails")]

#[path = "../../tests/it/client.rs"]
#[expect(dead_code, unused_imports, reason = "the tests' own helpers, of which a benchmark needs a few")]
mod client;
mod figures;
mod http;
#[path = "../../tests/it/program.rs"]
#[expect(dead_code, reason = "as above")]
mod program;
#[path = "../../tests/it/server.rs"]
#[expect(dead_code, reason = "as above")]
mod server;

type Figure = fn() -> Vec<String>;

const FIGURES: [(&str, Figure); 2] = [("trigger", figures::trigger), ("warm", figures::warm)];

fn main() {
    // `cargo test` starts benchmarks too; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let Some(unknown) = asked.iter().find(|word| FIGURES.iter().all(|(name, _)| name != word)) {
        panic!("no figure is called {unknown}; there are {:?}", FIGURES.map(|(name, _)| name));
    }
    for (name, figure) in FIGURES {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            for line in figure() {
                println!("{name:10} {line}");
            }
        }
    }
}
