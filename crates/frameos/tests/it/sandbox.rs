//! `frameos sandbox check`: what it says where agents are isolated, where they are not, and where they cannot be.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::{
        fs::{PermissionsExt, symlink},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, geteuid},
};
use serde_json::{Value, json};

use crate::program::{Frameos, finish};

/// One who says that it is root with every capability, and dies before it could wait for a run.
const LIAR: &str = r#"
const fs = require('fs');
if (process.argv[2] === 'warm') process.exit(1);
fs.readFileSync(3);
const outputs = { ids: ['0'], seccomp: '0', interfaces: ['lo', 'eth0'], tmp: 'done' };
fs.writeSync(4, JSON.stringify({ type: 'outputs', value: outputs }) + '\n');
"#;

fn check<'a>(report: &'a Value, tried: &str, by: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    let is_it = |check: &&Value| {
        check["tried"] == tried && check["by"].as_array().unwrap().iter().any(|language| language == by)
    };
    checks.iter().find(is_it).unwrap_or_else(|| panic!("{tried} by {by}: {report}"))
}

/// The cache's runtimes under another folder, of which single files can be replaced.
fn link_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            link_tree(&entry.path(), &target);
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            fs::hard_link(entry.path(), target).unwrap();
        }
    }
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
}

#[test]
fn the_walls_are_shown_and_hold() {
    let frameos = Frameos::new();
    let report = frameos.run(["sandbox", "check", "--json"]).expect(0).json();
    let keys: Vec<&String> = report.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["checks", "isolation", "passed", "startup"]);
    assert_eq!(report["passed"], true);
    assert!(report["isolation"].as_str().unwrap().starts_with("linux:"), "{report}");
    for check in report["checks"].as_array().unwrap() {
        assert_eq!(check["passed"], true, "{check}");
        assert!(["wall", "tried", "found"].iter().all(|key| check[key].is_string()), "{check}");
    }
    for language in ["nodejs", "python"] {
        let startup = &report["startup"][language];
        assert!(startup["cold_ms"].is_f64() && startup["warm_ms"].is_f64(), "{report}");
        assert_eq!(check(&report, "interfaces", language)["found"], "lo only");
    }

    let shown = frameos.run(["sandbox", "check"]).expect(0).complains("running into the limits");
    assert!(shown.stdout.starts_with("isolation: linux:"), "{}", shown.stdout);
    for text in
        ["WALL ", "no-new-privileges", "each is deadly", "killed at 128 MB", "WARM START", "checks passed"]
    {
        assert!(shown.stdout.contains(text), "{text}: {}", shown.stdout);
    }
    assert!(!shown.stdout.contains("FAILED"), "{}", shown.stdout);
}

#[test]
fn a_wall_that_is_missing_fails_the_check_by_name() {
    let frameos = Frameos::new();
    frameos.run(["sandbox", "check"]).expect(0);
    let data = frameos.path("data");
    link_tree(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache/frameos/runtimes"), &data.join("runtimes"));
    let runner = data.join("runtimes/nodejs-20/runner/runner.cjs");
    fs::remove_file(&runner).unwrap();
    fs::write(&runner, LIAR).unwrap();
    fs::set_permissions(&runner, fs::Permissions::from_mode(0o644)).unwrap();

    let args = ["sandbox", "check", "--data-dir", data.to_str().unwrap()];
    let report = frameos.run(args.iter().chain(&["--json"])).expect(1).json();
    assert_eq!(report["passed"], false);
    for (tried, found) in [("ids of user and groups", "0"), ("the filter", "0"), ("interfaces", "eth0")] {
        let failed = check(&report, tried, "nodejs");
        assert_eq!((&failed["found"], &failed["passed"]), (&json!(found), &json!(false)));
        assert_eq!(check(&report, tried, "python")["passed"], true);
    }
    let silent = check(&report, "capability sets", "nodejs");
    assert_eq!(
        (&silent["found"], &silent["passed"]),
        (&json!("nothing was told: exit code 0"), &json!(false))
    );
    assert_eq!(check(&report, "writing in /tmp", "nodejs")["passed"], true);

    let shown = frameos.run(args).expect(1);
    for text in ["FAILED: network: interfaces: eth0\n", "checks FAILED"] {
        assert!(shown.stdout.contains(text), "{text}: {}", shown.stdout);
    }
}

#[test]
fn an_interrupted_check_leaves_nothing() {
    let frameos = Frameos::new();
    frameos.run(["sandbox", "check"]).expect(0);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache/frameos");
    let mut child = frameos.command(["sandbox", "check"]).stderr(Stdio::piped()).spawn().unwrap();
    let made = cache.join(format!("sandbox/check-{}", child.id()));
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "running into the limits"));
    assert!(made.is_dir());
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    assert!(lines.any(|line| line == "error: interrupted"));
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(!made.exists());
}

/// The binary as a user without rights over control groups, in a folder of that user's own.
fn as_a_stranger(frameos: &Frameos, args: &[&str]) -> Command {
    const NOBODY: u32 = 65534;
    let home = frameos.path("stranger");
    fs::create_dir(&home).unwrap();
    // Where this build lies may be closed to others.
    for name in ["frameos", "frameos-jail"] {
        let built = Path::new(env!("CARGO_BIN_EXE_frameos")).with_file_name(name);
        fs::copy(built, home.join(name)).unwrap();
    }
    for folder in [frameos.path("."), home.clone()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::os::unix::fs::chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the binary under test is run as a process")]
    let mut command = Command::new(home.join("frameos"));
    command.args(args).env_clear().env("HOME", &home).current_dir(&home).uid(NOBODY).gid(NOBODY);
    command
}

#[test]
fn who_cannot_isolate_is_told_what_is_missing() {
    if !geteuid().is_root() {
        eprintln!("nothing to show here: only root can become somebody else");
        return;
    }
    let told = finish(as_a_stranger(&Frameos::new(), &["sandbox", "check"]), "").expect(1);
    assert!(told.stdout.is_empty(), "{}", told.stdout);
    let mut lines = told.stderr.lines();
    assert_eq!(lines.next(), Some("error: this machine cannot isolate agents; it lacks:"));
    assert!(lines.clone().any(|line| line.starts_with("  cgroup v")), "{}", told.stderr);
    assert!(lines.all(|line| line.starts_with("  ")), "{}", told.stderr);

    let frameos = Frameos::new();
    let report = finish(as_a_stranger(&frameos, &["sandbox", "check", "--json"]), "").expect(1).json();
    assert_eq!((&report["passed"], &report["isolation"]), (&json!(false), &Value::Null));
    assert!(!report["missing"].as_array().unwrap().is_empty(), "{report}");
    let made = fs::read_dir(frameos.path("stranger/.cache/frameos")).unwrap();
    let made: Vec<_> = made.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(made, ["sandbox"], "no runtimes are built for nothing");
}

#[test]
fn wrong_usage_of_the_check_is_exit_code_two() {
    let frameos = Frameos::new();
    frameos.run(["sandbox"]).expect(2);
    frameos.run(["sandbox", "check", "--frobnicate"]).expect(2);
    frameos.run(["sandbox", "check", "--oci-runtime", "runsc"]).expect(2);
}

#[test]
fn an_engine_is_checked_by_its_socket() {
    let frameos = Frameos::new();
    let nowhere = frameos.path("docker.sock");
    let nowhere = nowhere.to_str().unwrap();
    let told = frameos.run(["sandbox", "check", "--docker-socket", nowhere]).expect(1);
    assert!(told.stderr.contains(nowhere), "{}", told.stderr);
}
