//! `frameos mandate`: the mandate of a paid run, fetched and checked offline; and `frameos gateway client`.

use serde_json::Value;

use crate::{
    client::publish_obedient,
    program::{Frameos, finish},
    server::Server,
};

#[test]
fn a_mandate_is_exported_and_verified_offline() {
    let frameos = Frameos::new();
    let server = Server::start(&frameos);
    publish_obedient(&frameos, &server);
    let ran = frameos.run(["execute", "obedient", "--input", "ms=1", "--wait", "--json"]).expect(0).json();
    let id = ran["id"].as_str().unwrap();
    let file = frameos.path("mandate.json");
    let file = file.to_str().unwrap();
    frameos.run(["mandate", "export", id, "-o", file]).expect(0).complains("frameos mandate verify");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("{}/.well-known/jwks.json", server.url);
    let keys = runtime.block_on(async { reqwest::get(url).await.unwrap().text().await.unwrap() });
    std::fs::write(frameos.path("keys.json"), keys).unwrap();
    assert_eq!(server.stop().code(), Some(0));

    let keys = frameos.path("keys.json");
    let with_keys = ["mandate", "verify", file, "--jwks", keys.to_str().unwrap()];
    let shown = frameos.run(with_keys).expect(0).stdout;
    assert!(
        shown.starts_with("valid") && shown.contains("INR 0.50") && shown.contains("in the key set"),
        "{shown}"
    );
    let told = frameos.run(with_keys.iter().chain(&["--json"])).expect(0).json();
    assert_eq!((&told["valid"], &told["trusted"]), (&Value::Bool(true), &Value::Bool(true)));
    assert_eq!(told["receipt"]["payment_id"], ran["payment"]["payment_id"], "{told}");
    assert_eq!(told["checkout"]["execution_id"], id);
    frameos.run(["mandate", "verify", file, "--past"]).expect(0);

    let good: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    for name in ["checkout_mandate", "payment_mandate", "checkout_jwt", "payment_receipt", "mandate_id"] {
        let mut bad = good.clone();
        let text = bad[name].as_str().unwrap().to_owned();
        let at = text.len() / 2;
        let other = if &text[at..=at] == "0" { "1" } else { "0" };
        bad[name] = Value::String(format!("{}{other}{}", &text[..at], &text[at + 1..]));
        let path = frameos.path("bad.json");
        std::fs::write(&path, bad.to_string()).unwrap();
        frameos.run(["mandate", "verify", path.to_str().unwrap()]).expect(1);
    }
    frameos.run(["mandate", "verify", "nowhere.json"]).expect(2);
}

#[test]
fn clients_of_a_gateway_are_added_listed_rotated_and_revoked() {
    let frameos = Frameos::new();
    let data = frameos.path("gateway");
    let ran = |args: &[&str]| {
        finish(frameos.command(args.iter().chain(&["--data-dir", data.to_str().unwrap()])), "")
    };
    ran(&["migrate"]).expect(0);
    let client = |args: &[&str]| ran(&[&["gateway", "client"], args].concat());
    let added = client(&["add", "market", "--sign", "--requests-per-second", "9", "--json"]).expect(0).json();
    assert!(added["api_key"].as_str().unwrap().starts_with("gwk_"), "{added}");
    assert!(added["signing_key"].as_str().unwrap().starts_with("gws_"), "{added}");
    client(&["add", "market"]).expect(1).complains("already");
    client(&["add", "No good"]).expect(1).complains("lower-case");
    let rotated = client(&["rotate", "market", "--grace-seconds", "60", "--json"]).expect(0).json();
    assert_ne!(rotated["api_key"], added["api_key"]);
    let listed = client(&["list", "--json"]).expect(0);
    assert!(!listed.stdout.contains("gwk_") && !listed.stdout.contains("gws_"), "keys are shown once");
    let listed = listed.json()["clients"][0].clone();
    assert_eq!(
        (&listed["name"], &listed["keys"], &listed["requests_per_second"]),
        (&"market".into(), &2.into(), &9.into())
    );
    assert_eq!(listed["signing_key_id"], added["signing_key_id"]);
    client(&["revoke", "market"]).expect(0);
    client(&["revoke", "market"]).expect(1).complains("revoked");
    assert!(client(&["list"]).expect(0).stdout.contains("revoked"));
}
