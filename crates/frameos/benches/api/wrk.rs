//! Load by `wrk`: what it is told and what it tells.

use std::{fmt::Write, path::Path, process::Command, time::Duration};

/// What came of a load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) per_second: f64,
    pub(crate) p99: Duration,
}

/// Asks for `paths` in turn, over 16 connections.
pub(crate) fn load(home: &Path, url: &str, paths: &[String], token: Option<&str>, seconds: usize) -> Load {
    let script = home.join("load.lua");
    std::fs::write(&script, lua(paths, token)).unwrap();
    // The load is generated as the rules of the sandbox crate do not concern: this is no product code.
    #[expect(clippy::disallowed_methods, reason = "a benchmark starts its load")]
    let ran = Command::new("wrk")
        .args(["--threads", "1", "--connections", "16", "--duration", &format!("{seconds}s"), "--script"])
        .arg(&script)
        .arg(url)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    let line = told.lines().find_map(|line| line.strip_prefix("RESULT ")).unwrap_or_else(|| panic!("{told}"));
    let numbers: Vec<f64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
    let &[requests, micros, p99, failed] = numbers.as_slice() else { panic!("{told}") };
    assert!(failed <= 0.0, "{failed} requests failed: {told}");
    Load { per_second: requests * 1e6 / micros, p99: Duration::from_secs_f64(p99 / 1e6) }
}

fn lua(paths: &[String], token: Option<&str>) -> String {
    let mut text = "local paths = {\n".to_owned();
    for path in paths {
        let _ = writeln!(text, "  {path:?},");
    }
    text.push_str("}\nlocal requests, next = {}, 0\nfunction init(args)\n");
    if let Some(token) = token {
        let _ = writeln!(text, "  wrk.headers[\"Authorization\"] = \"Bearer {token}\"");
    }
    text.push_str(
        "  for i, path in ipairs(paths) do requests[i] = wrk.format(\"GET\", path) end\nend\n\
         function request()\n  next = next % #requests + 1\n  return requests[next]\nend\n\
         function done(summary, latency, _)\n  local e = summary.errors\n\
         \x20 print(string.format(\"RESULT %d %d %d %d\", summary.requests, summary.duration, latency:percentile(99), \
         e.connect + e.read + e.write + e.status + e.timeout))\nend\n",
    );
    text
}
