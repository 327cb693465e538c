//! `kill -9` between a paid run's success and the note that its payment was settled: the money moved once, the run is a success, and
//! the books say so.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{client::publish_obedient, program::Frameos, server::Server};

/// Longer than a start, a lease and the steps of a settlement take; only what never comes waits for all of it.
const PATIENCE: Duration = Duration::from_secs(90);
const PAYER: &str = "0x00000000000000000000000000000000000000aa";
const PAY_TO: &str = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

#[tokio::test]
async fn a_kill_before_the_settlement_is_noted_charges_once() {
    let frameos = Frameos::new();
    let (facilitator, settles) = facilitator();
    let config = frameos.folder("config", &[("x402.toml", &config(&facilitator))]).join("x402.toml");
    let more = ["--config", config.to_str().unwrap()];
    let server = Server::start_with(&frameos, "127.0.0.1:0", &more);
    publish_obedient(&frameos, &server);
    let address = server.address().to_owned();
    // A connection that is kept would be one to the server that is killed.
    let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let buy = |payment: Option<String>| {
        let request = http
            .post(format!("http://{address}/agents/obedient/execute"))
            .json(&json!({"inputs": {"ms": 1}}));
        payment
            .into_iter()
            .fold(request, |request, payment| request.header("payment-signature", payment))
            .send()
    };
    let demand = buy(None).await.unwrap();
    assert_eq!(demand.status(), 402);
    let demand = STANDARD.decode(demand.headers()["payment-required"].as_bytes()).unwrap();
    let payment = payment(&serde_json::from_slice(&demand).unwrap());
    let bought = buy(Some(payment.clone())).await.unwrap();
    assert_eq!(bought.status(), 202);
    let bought = bought.json::<Value>().await.unwrap()["data"].clone();
    let (id, token) = (bought["execution_id"].as_str().unwrap(), bought["read_token"].as_str().unwrap());

    // The money has moved, and the facilitator has not said so yet.
    let unanswered = settles.recv_timeout(PATIENCE).unwrap();
    server.kill();
    drop(unanswered);

    let server = Server::start_with(&frameos, &address, &more);
    // The same request after the kill is the same run.
    let again = buy(Some(payment)).await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(again["data"]["execution_id"], id, "{again}");
    let told = settles.recv_timeout(PATIENCE).unwrap();
    answer(
        told,
        &json!({"success": false, "errorReason": "invalid_exact_evm_nonce_already_used", "transaction": ""}),
    );
    let ended = std::time::Instant::now();
    let run = loop {
        let run =
            http.get(format!("http://{address}/executions/{id}")).bearer_auth(token).send().await.unwrap();
        let run = run.json::<Value>().await.unwrap()["data"].clone();
        if run["status"] == "success" {
            break run;
        }
        assert!(run["outputs"].is_null() && ended.elapsed() < PATIENCE, "{run}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!((&run["outputs"]["waited"], &run["payment"]["amount"]), (&json!(1), &json!(50)));
    assert!(settles.try_recv().is_err(), "it is known, so nobody asks again");
    assert_eq!(server.stop().code(), Some(0));
    let data = frameos.path("data");
    let report =
        frameos.run(["ledger", "verify", "--data-dir", data.to_str().unwrap(), "--json"]).expect(0).json();
    assert_eq!((&report["first_bad"], &report["payments"]), (&Value::Null, &json!(1)), "{report}");
}

fn config(facilitator: &str) -> String {
    format!(
        "[x402]\nfacilitator_url = \"{facilitator}\"\nnetwork = \"eip155:84532\"\npay_to = \"{PAY_TO}\"\n\
         asset = \"0x036CbD53842c5426634e7929541eC2318f3dCF7e\"\nrates = [\"INR=117.95\"]\nanswer_seconds = 2\n"
    )
}

/// A payment for what is demanded. The facilitator of this test does not look at signatures.
fn payment(demand: &Value) -> String {
    let accepted = &demand["accepts"][0];
    let payment = json!({
        "x402Version": 2,
        "accepted": accepted,
        "payload": {
            "signature": format!("0x{}", "1".repeat(130)),
            "authorization": {
                "from": PAYER, "to": PAY_TO, "value": accepted["amount"], "validAfter": "0",
                "validBefore": "99999999999", "nonce": format!("0x{}", "7".repeat(64)),
            },
        },
    });
    STANDARD.encode(payment.to_string())
}

/// A facilitator that finds every payment good, and hands out each settlement's connection, still unanswered.
fn facilitator() -> (String, Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (came, received) = channel();
    std::thread::spawn(move || accept(&listener, &came));
    (url, received)
}

fn accept(listener: &TcpListener, came: &Sender<TcpStream>) {
    for connection in listener.incoming() {
        let connection = connection.unwrap();
        let mut reader = BufReader::new(connection.try_clone().unwrap());
        let lines: Vec<String> =
            reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        reader.read_exact(&mut vec![0; length.unwrap_or(0)]).unwrap();
        if lines[0].contains("/verify") {
            answer(connection, &json!({"isValid": true, "payer": PAYER}));
        } else if came.send(connection).is_err() {
            return;
        }
    }
}

fn answer(mut connection: TcpStream, body: &Value) {
    let body = body.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    write!(connection, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
}
