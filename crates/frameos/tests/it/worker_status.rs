//! `frameos worker status`, beside a running server and without one.

use crate::{client::publish_obedient, program::Frameos, server::Server};

#[test]
fn workers_and_runs_are_shown_while_there_are_some_and_afterwards() {
    let frameos = Frameos::new();
    let data = frameos.path("data");
    let args = ["worker", "status", "--data-dir", data.to_str().unwrap()];
    frameos.run(args).expect(1).complains("data");

    let server = Server::start(&frameos);
    publish_obedient(&frameos, &server);
    frameos.run(["execute", "obedient", "--input", "ms=1", "--wait", "--json"]).expect(0);
    let seen = frameos.run([&args[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(
        (&seen["workers"][0]["state"], &seen["slots"]["total"]),
        (&"live".into(), &10.into()),
        "{seen}"
    );
    assert_eq!(seen["last_hour"]["runs"]["success"], 1, "{seen}");
    let shown = frameos.run(args).expect(0).stdout;
    for part in ["live", "0 of 10 used", "1 success", "0 retried, 0 lost"] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }

    assert!(server.stop().success());
    let seen = frameos.run([&args[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(seen["workers"].as_array().unwrap().len(), 0, "one that ended is off the list: {seen}");
}
