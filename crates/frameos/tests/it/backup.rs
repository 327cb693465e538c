//! Backups made under load, put back elsewhere: whole, refused when they are not, clear after a kill at any moment.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::Value;

use crate::{
    client::publish_obedient,
    faults::postgres::Postgres,
    program::{Frameos, Ran, finish},
    random::Random,
    server::{FirstRun, Server},
};

type Environment = Vec<(&'static str, String)>;

fn run(frameos: &Frameos, environment: &Environment, args: &[&str]) -> Ran {
    let data = frameos.path("data");
    let mut command = frameos.command(args.iter().chain(&["--data-dir", data.to_str().unwrap()]));
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    finish(command, "")
}

/// Runs that go on until the returned moment, from several users' terminals at once.
fn under_load<T>(frameos: &Frameos, work: impl FnOnce() -> T) -> (T, usize) {
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let result = std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    frameos.run(["execute", "obedient", "--input", "ms=20", "--json"]).expect(0);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while done.load(Ordering::Relaxed) < 5 {
            std::thread::sleep(Duration::from_millis(10));
        }
        let result = work();
        let enough = done.load(Ordering::Relaxed) + 5;
        while done.load(Ordering::Relaxed) < enough {
            std::thread::sleep(Duration::from_millis(10));
        }
        stop.store(true, Ordering::Relaxed);
        result
    });
    (result, done.into_inner())
}

/// The key of `from` where `to` looks for it.
fn master_key_carry(from: &Frameos, to: &Frameos) {
    std::fs::create_dir_all(to.path("data/keys")).unwrap();
    std::fs::copy(from.path("data/keys/master.key"), to.path("data/keys/master.key")).unwrap();
}

fn open_runs(frameos: &Frameos) -> usize {
    let listed = frameos.run(["executions", "--limit", "100", "--json"]).expect(0).json();
    let is_open = |run: &&Value| matches!(run["status"].as_str(), Some("queued" | "running" | "settling"));
    listed["executions"].as_array().unwrap().iter().filter(is_open).count()
}

fn there_and_back(from: &Environment, to: &Environment) {
    let (old, new) = (Frameos::new(), Frameos::new());
    let server = Server::start_env(&old, "127.0.0.1:0", from);
    publish_obedient(&old, &server);
    let target = old.path("backup");
    let (made, asked) = under_load(&old, || run(&old, from, &["backup", target.to_str().unwrap(), "--json"]));
    let report = made.expect(0).complains("THE MASTER KEY IS NOT IN THIS BACKUP").json();
    assert!(report["rows"].as_u64().unwrap() > 20 && report["objects"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(report["missing_objects"], serde_json::json!([]));
    assert!(!target.join("keys").exists());
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o700);
    run(&old, from, &["backup", target.to_str().unwrap()]).expect(1).complains("is there already");
    run(&old, from, &["restore", target.to_str().unwrap()]).expect(1);
    assert_eq!(server.stop().code(), Some(0));

    let restore = ["restore", target.to_str().unwrap()];
    let key = report["master_key_ids"][0].as_str().unwrap().to_owned();
    run(&new, to, &restore).expect(1).complains(&key).complains("FRAMEOS_MASTER_KEY");
    master_key_carry(&old, &new);
    let told = run(&new, to, &restore).expect(0);
    assert!(told.stdout.contains("ledger whole"), "{}", told.stdout);
    run(&new, to, &restore).expect(1).complains("not empty");

    // The accounts are those of the first home.
    std::fs::copy(old.path("data/first-run.json"), new.path("data/first-run.json")).unwrap();
    let server = Server::start_env(&new, "127.0.0.1:0", to);
    FirstRun::read(&new).log_in(&new, &server.url, "user");
    for _ in 0..600 {
        if open_runs(&new) == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(open_runs(&new), 0, "what was under way ends");
    let runs = new.run(["executions", "--limit", "100", "--json"]).expect(0).json();
    let kept = runs["total"].as_u64().unwrap();
    assert!(kept >= 5 && kept < asked as u64, "{kept} of {asked}: one moment of many");
    new.run(["execute", "obedient", "--input", "ms=1", "--wait"]).expect(0);
    assert_eq!(server.stop().code(), Some(0));
    run(&new, to, &["ledger", "verify"]).expect(0);
}

#[test]
fn a_backup_under_load_becomes_a_whole_installation() {
    there_and_back(&Vec::new(), &Vec::new());
}

#[test]
fn a_backup_under_load_becomes_a_whole_installation_on_postgres() {
    let (from, to) = (Postgres::start(), Postgres::start());
    let environment = |postgres: &Postgres| vec![("FRAMEOS_DATABASE__URL", Postgres::url_at(postgres.port))];
    there_and_back(&environment(&from), &environment(&to));
}

/// A small installation that is not running, and a backup of it with its key.
fn backed_up() -> (Frameos, PathBuf) {
    let frameos = Frameos::new();
    let server = Server::start(&frameos);
    assert_eq!(server.stop().code(), Some(0));
    let target = frameos.path("backup");
    let made = run(&frameos, &Vec::new(), &["backup", target.to_str().unwrap(), "--with-keys"]);
    made.expect(0).complains("THE MASTER KEY IS IN THIS BACKUP");
    let key = target.join("keys/master.key");
    assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    (frameos, target)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_damaged_backup_is_refused_before_anything_is_written() {
    let (_home, backup) = backed_up();
    let new = Frameos::new();
    let restore = || run(&new, &Vec::new(), &["restore", backup.to_str().unwrap()]);
    for file in files(&backup) {
        let whole = std::fs::read(&file).unwrap();
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(&file, changed).unwrap();
        let refused = restore().expect(1);
        assert!(!refused.stderr.is_empty() && !new.path("data/frameos.db").exists(), "{}", file.display());
        std::fs::write(&file, &whole[..middle]).unwrap();
        restore().expect(1);
        std::fs::remove_file(&file).unwrap();
        let refused = restore().expect(1);
        if file.ends_with("manifest.json") {
            refused.complains("no finished backup");
        }
        assert!(!new.path("data/objects").exists(), "{}", file.display());
        std::fs::write(&file, &whole).unwrap();
    }
    let elsewhere = vec![("FRAMEOS_DATABASE__URL", "postgres://u:p@127.0.0.1:1/x".to_owned())];
    run(&new, &elsewhere, &["restore", backup.to_str().unwrap()]).expect(1).complains("of a sqlite database");
    restore().expect(0);
}

#[test]
fn a_killed_backup_or_restore_leaves_a_clear_state() {
    let (old, backup) = backed_up();
    let mut random = Random::new(0xBAC0);
    let kill_after = |frameos: &Frameos, args: &[&str], moment: Duration| {
        let data = frameos.path("data");
        let mut command = frameos.command(args.iter().chain(&["--data-dir", data.to_str().unwrap()]));
        command.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(moment);
        child.kill().unwrap();
        child.wait().unwrap();
    };
    for round in 0..8 {
        let target = old.path(&format!("killed-{round}"));
        kill_after(&old, &["backup", target.to_str().unwrap()], Duration::from_millis(random.below(250)));
        if target.exists() {
            assert!(target.join("manifest.json").exists(), "it appears whole or not at all");
        }
    }
    let mut unfinished = 0;
    for _ in 0..8 {
        let new = Frameos::new();
        let args = ["restore", backup.to_str().unwrap()];
        kill_after(&new, &args, Duration::from_millis(random.below(400)));
        if new.path("data/restoring").exists() {
            unfinished += 1;
            let serve = run(&new, &Vec::new(), &["serve", "--listen", "127.0.0.1:0"]);
            serve.expect(1).complains("did not finish");
        }
        let again = run(&new, &Vec::new(), &args);
        // It may have been whole before the kill; then it is not done again.
        if again.code != 0 {
            again.complains("not empty");
        }
        run(&new, &Vec::new(), &["ledger", "verify"]).expect(0);
    }
    eprintln!("{unfinished} of 8 restores were killed in the middle");
}
