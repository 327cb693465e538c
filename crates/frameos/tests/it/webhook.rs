//! `kill -9` while a webhook's receiver thinks: the event comes again, under the id it had.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{program::Frameos, server::Server};

/// Longer than a start takes; only what never comes waits for all of it.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_delivery_that_a_kill_cuts_off_is_made_again() {
    let frameos = Frameos::new();
    let server = Server::start(&frameos);
    let address = server.address().to_owned();
    let (receiver, came) = receiver();
    let made = post(&frameos, &server.url, "/webhooks", json!({"url": receiver})).await;
    let id = made["id"].as_str().unwrap().to_owned();
    post(&frameos, &server.url, &format!("/webhooks/{id}/test"), json!({})).await;
    let (first, unanswered) = came.recv_timeout(PATIENCE).unwrap();
    server.kill();
    drop(unanswered);

    let server = Server::start_at(&frameos, &address);
    let (second, connection) = came.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first, second, "the receiver can tell that it is the same");
    respond(connection);
    assert!(came.recv_timeout(Duration::from_secs(1)).is_err(), "an answer ends it");
    assert_eq!(server.stop().code(), Some(0));
}

/// Asks as the demo user and gives the answer's data.
async fn post(frameos: &Frameos, url: &str, path: &str, body: Value) -> Value {
    let bytes = std::fs::read(frameos.path("data/first-run.json")).unwrap();
    let user = serde_json::from_slice::<Value>(&bytes).unwrap()["user"].clone();
    let http = reqwest::Client::new();
    let log_in = json!({"email": user["email"], "password": user["password"]});
    let answer = http.post(format!("{url}/auth/login")).json(&log_in).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let token = answer["data"]["access_token"].as_str().unwrap();
    let request = http.post(format!("{url}{path}")).bearer_auth(token).json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["success"], true, "{answer}");
    answer["data"].clone()
}

/// A server that hands out each request's `webhook-id` and its connection, still unanswered.
fn receiver() -> (String, Receiver<(String, TcpStream)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (came, received) = channel();
    std::thread::spawn(move || accept(&listener, &came));
    (url, received)
}

fn accept(listener: &TcpListener, came: &Sender<(String, TcpStream)>) {
    for connection in listener.incoming() {
        let connection = connection.unwrap();
        let lines = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
        let id = lines
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.strip_prefix("webhook-id: ").map(str::to_owned));
        if came.send((id.unwrap_or_default(), connection)).is_err() {
            return;
        }
    }
}

fn respond(mut connection: TcpStream) {
    connection.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
}
