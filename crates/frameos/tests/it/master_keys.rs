//! The change of the master key while servers work, killed in the middle and gone on with: everything is read, nothing names the old key.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::Value;

use crate::{
    client::publish_obedient,
    faults::postgres::Postgres,
    program::{Frameos, Ran, finish},
    server::{FirstRun, Server},
};

type Environment = Vec<(&'static str, String)>;

fn run(frameos: &Frameos, environment: &Environment, args: &[&str]) -> Ran {
    let data = frameos.path("data");
    let mut command = frameos.command(args.iter().chain(&["--data-dir", data.to_str().unwrap()]));
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    finish(command, "")
}

fn keys(frameos: &Frameos, environment: &Environment) -> Vec<Value> {
    let listed = run(frameos, environment, &["admin", "keys", "list", "--json"]).expect(0).json();
    listed.as_array().unwrap().clone()
}

fn rotated_under_load(environment: &Environment) {
    let frameos = Frameos::new();
    let server = Server::start_env(&frameos, "127.0.0.1:0", environment);
    publish_obedient(&frameos, &server);
    let before = frameos.run(["execute", "obedient", "--input", "ms=1", "--wait", "--json"]).expect(0).json();
    let [first] = keys(&frameos, environment).try_into().unwrap();
    let old = first["key_id"].as_str().unwrap().to_owned();
    assert!(first["values"].as_u64().unwrap() > 5 && first["objects"].as_u64().unwrap() > 0, "{first}");

    let (stop, runs) = (AtomicBool::new(false), AtomicUsize::new(0));
    let report = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let args = ["execute", "obedient", "--input", "ms=20", "--wait", "--json"];
                    let ran = frameos.run(args);
                    // A machine that lets a process wait for seconds may keep it from hearing which key writes.
                    if ran.stderr.contains("(UNAVAILABLE)") {
                        continue;
                    }
                    let ran = ran.expect(0).json();
                    assert_eq!(ran["status"], "success", "{ran}");
                    runs.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Killed as it has just begun, in the middle, and late.
        for moment in [150, 500, 2_500] {
            let data = frameos.path("data");
            let args = ["admin", "keys", "rotate", "--data-dir", data.to_str().unwrap()];
            let mut command = frameos.command(args);
            command.envs(environment.iter().map(|(name, value)| (name, value)));
            command.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null());
            let mut child = command.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(moment));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let rotated = run(&frameos, environment, &["admin", "keys", "rotate", "--json"]);
        stop.store(true, Ordering::Relaxed);
        rotated.expect(0).json()
    });
    assert!(runs.into_inner() > 0);
    let new = report["active_key_id"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    let listed = keys(&frameos, environment);
    assert_eq!(
        (&listed[0]["key_id"], &listed[0]["state"]),
        (&Value::from(new.as_str()), &Value::from("active"))
    );
    for key in &listed[1..] {
        assert_eq!((key["values"].as_u64(), key["objects"].as_u64()), (Some(0), Some(0)), "{key}");
    }

    run(&frameos, environment, &["admin", "keys", "retire"]).expect(0).complains("backups");
    assert!(!frameos.path("data/keys/master.key").exists());
    assert_eq!(keys(&frameos, environment).len(), 1);
    // The process that began with the old key reads and writes on; so does one that never had it.
    let id = before["id"].as_str().unwrap();
    assert_eq!(frameos.run(["execution", id, "--json"]).expect(0).json()["outputs"], before["outputs"]);
    frameos.run(["execute", "obedient", "--input", "ms=1", "--wait"]).expect(0);
    let address = server.address().to_owned();
    assert_eq!(server.stop().code(), Some(0));
    let server = Server::start_env(&frameos, &address, environment);
    assert_eq!(frameos.run(["execution", id, "--json"]).expect(0).json()["outputs"], before["outputs"]);
    frameos.run(["execute", "obedient", "--input", "ms=1", "--wait"]).expect(0);
    FirstRun::read(&frameos).log_in(&frameos, &server.url, "admin");
    assert_eq!(server.stop().code(), Some(0));
    run(&frameos, environment, &["ledger", "verify"]).expect(0);

    // Without the key nothing starts, and it says which.
    let file = frameos.path(&format!("data/keys/master-{new}.key"));
    std::fs::rename(&file, frameos.path("away")).unwrap();
    run(&frameos, environment, &["serve", "--listen", "127.0.0.1:0"]).expect(1).complains(&new);
}

#[test]
fn a_master_key_is_rotated_under_load_and_kills() {
    rotated_under_load(&Vec::new());
}

#[test]
fn a_master_key_is_rotated_under_load_and_kills_on_postgres() {
    let postgres = Postgres::start();
    rotated_under_load(&vec![("FRAMEOS_DATABASE__URL", Postgres::url_at(postgres.port))]);
}

#[test]
fn master_keys_of_the_configuration_are_rotated_newest_first() {
    let frameos = Frameos::new();
    let (old, new) = ("11".repeat(32), "22".repeat(32));
    let given = |keys: &str| vec![("FRAMEOS_MASTER_KEY", keys.to_owned())];
    let server = Server::start_env(&frameos, "127.0.0.1:0", &given(&old));
    assert_eq!(server.stop().code(), Some(0));
    run(&frameos, &given(&old), &["admin", "keys", "rotate"]).expect(1).complains("NEW,OLD");
    let both = given(&format!("{new},{old}"));
    let listed = keys(&frameos, &both);
    let states: Vec<_> = listed.iter().map(|key| key["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["active", "new"], "the new one is known and not used");
    run(&frameos, &both, &["admin", "keys", "rotate"]).expect(0);
    run(&frameos, &given(&old), &["serve", "--listen", "127.0.0.1:0"])
        .expect(1)
        .complains("FRAMEOS_MASTER_KEY");
    run(&frameos, &both, &["admin", "keys", "retire"]).expect(0).complains("FRAMEOS_MASTER_KEY");
    let server = Server::start_env(&frameos, "127.0.0.1:0", &given(&new));
    FirstRun::read(&frameos).log_in(&frameos, &server.url, "user");
    assert_eq!(server.stop().code(), Some(0));
}
