//! Following a run: what is told while it goes on and what only at its end, and what a run says by its own token.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, TestApp, deploy, node_agent, python_agent};

/// One event of the stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    id: i64,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Event {
    pub(crate) fn is_log(&self, stream: &str) -> bool {
        self.name == "log" && self.data["stream"] == stream
    }

    pub(crate) fn message(&self) -> &str {
        self.data["message"].as_str().unwrap()
    }
}

/// An open stream.
pub(crate) struct Events {
    response: reqwest::Response,
    unread: String,
    /// All that came, as it came.
    raw: String,
    last: i64,
}

impl Events {
    pub(crate) async fn open(client: &Client, id: &str, after: Option<i64>) -> Self {
        let mut request = client.request(Method::GET, &format!("/executions/{id}/events"));
        if let Some(after) = after {
            request = request.header("last-event-id", after.to_string());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, unread: String::new(), raw: String::new(), last: after.unwrap_or(0) }
    }

    /// The next event; none when the stream was closed.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.unread = rest;
                let field = |name: &str| {
                    block
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
                };
                let Some(id) = field("id") else { continue };
                let event = Event {
                    id: id.parse().unwrap(),
                    name: field("event").unwrap(),
                    data: serde_json::from_str(&field("data").unwrap()).unwrap(),
                };
                assert!(event.id > self.last, "{event:?} after {}", self.last);
                self.last = event.id;
                return Some(event);
            }
            let chunk = self.response.chunk().await.unwrap()?;
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            self.unread.push_str(&text);
            self.raw.push_str(&text);
        }
    }

    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended after {seen:?}"));
            let found = wanted(&event);
            seen.push(event);
            if found {
                return seen;
            }
        }
    }

    pub(crate) async fn rest(&mut self) -> Vec<Event> {
        let mut seen = Vec::new();
        while let Some(event) = self.next().await {
            seen.push(event);
        }
        seen
    }
}

fn states(events: &[Event]) -> Vec<&str> {
    let states = events.iter().filter(|event| event.name == "state");
    states.map(|event| event.data["status"].as_str().unwrap()).collect()
}

fn logs<'a>(events: &'a [Event], stream: &str) -> Vec<&'a str> {
    events.iter().filter(|event| event.is_log(stream)).map(Event::message).collect()
}

async fn start(user: &Client, agent_id: &str, inputs: Value) -> String {
    let deployment = deploy(user, agent_id, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": inputs});
    user.post(&format!("/agents/{agent_id}/execute"), &body).await.expect(202).text_of("execution_id")
}

/// Says what it does and then takes a while, so that it is heard before the end.
const TALKER: &str = "\
import sys, time
def main(inputs, ctx):
    print('the result is apple-tree', flush=True)
    print('working', file=sys.stderr, flush=True)
    ctx.log('in the log')
    ctx.progress(0.5, 'half way')
    time.sleep(3)
    return {'result': 'apple-tree'}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_followed_while_it_goes_on_and_replayed_afterwards() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = python_agent("talker", TALKER).publish(&app, &developer).await;
    let id = start(&user, &agent_id, json!({})).await;

    let mut stream = Events::open(&user, &id, None).await;
    let mut seen = stream.until(|event| event.name == "progress").await;
    let running = user.get(&format!("/executions/{id}")).await.expect(200);
    assert_eq!(running.data()["status"], "running", "it was told while the agent ran");
    assert_eq!(seen.last().unwrap().data["fraction"], 0.5);
    seen.extend(stream.until(|event| event.name == "resources").await);
    assert_eq!(states(&seen), ["queued", "running"]);
    assert_eq!((logs(&seen, "stderr"), logs(&seen, "log")), (vec!["working"], vec!["in the log"]));
    assert!(!stream.raw.contains("apple-tree"), "what may be the result is not paid yet");

    seen.extend(stream.rest().await);
    assert_eq!(states(&seen), ["queued", "running", "settling", "success"]);
    assert_eq!(logs(&seen, "stdout"), ["the result is apple-tree"]);
    let end = seen.last().unwrap();
    assert_eq!((end.name.as_str(), &end.data["outputs"]), ("end", &json!({"result": "apple-tree"})));
    assert_eq!(&end.data, user.get(&format!("/executions/{id}")).await.data());
    let paid = seen.iter().position(|event| event.data["status"] == "settling").unwrap();
    assert!(!seen[..paid].iter().any(|event| event.data.to_string().contains("apple-tree")));

    // Whoever was cut off anywhere gets the rest, and the same.
    assert_eq!(Events::open(&user, &id, None).await.rest().await, seen);
    for cut in [0, 1, seen.len() / 2, seen.len() - 2] {
        let rest = Events::open(&user, &id, Some(seen[cut].id)).await.rest().await;
        assert_eq!(rest, seen[cut + 1..], "after {}", seen[cut].id);
    }
    let request = user.request(Method::GET, &format!("/executions/{id}/events"));
    let over = request.header("last-event-id", end.id.to_string()).send().await.unwrap();
    assert_eq!(over.status(), 204, "there is nothing to come back for");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_run_tells_all_it_said() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let source = "module.exports = (i, ctx) => { for (const n of [1, 2, 3]) { ctx.progress(n / 4, `step ${n}`); \
                  ctx.log.warn(`entry ${n}`); } console.log('out'); console.error('err'); return {result: 'x'}; };";
    let agent_id = node_agent("brief", source).publish(&app, &developer).await;
    let id = start(&user, &agent_id, json!({})).await;
    user.run_to_end(&id).await;
    let seen = Events::open(&user, &id, None).await.rest().await;
    let steps: Vec<_> = seen.iter().filter(|event| event.name == "progress").map(Event::message).collect();
    assert_eq!(steps, ["step 1", "step 2", "step 3"]);
    let mut entries: Vec<_> = [logs(&seen, "log"), logs(&seen, "stderr")].concat();
    entries.sort_unstable();
    assert_eq!(entries, ["entry 1", "entry 2", "entry 3", "err"], "each once: {seen:?}");
    assert_eq!(logs(&seen, "stdout"), ["out"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stdout_of_a_cancelled_run_is_never_told() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = python_agent("talker", TALKER).publish(&app, &developer).await;
    let id = start(&user, &agent_id, json!({})).await;
    let mut stream = Events::open(&user, &id, None).await;
    stream.until(|event| event.is_log("stderr")).await;
    user.post(&format!("/executions/{id}/cancel"), &json!({})).await.expect(200);
    let rest = stream.rest().await;
    assert_eq!(rest.last().unwrap().data["status"], "cancelled");
    assert!(!stream.raw.contains("apple-tree"), "{}", stream.raw);
    assert_eq!(user.balance().await, (1_000, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_nowhere_however_they_are_written() {
    const SECRET: &str = "hunter2/hunter2+é";
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let source = "\
import sys, time, base64, urllib.parse
def main(inputs, ctx):
    key = inputs['key']
    for letter in key:
        sys.stderr.write(letter)
        sys.stderr.flush()
        time.sleep(0.02)
    sys.stderr.write('\\n')
    forms = [key, urllib.parse.quote(key), urllib.parse.quote_plus(key), key.encode().hex()]
    forms += [base64.b64encode(b'x' * n + key.encode() + b'y' * m).decode() for n in range(3) for m in range(3)]
    forms += [base64.urlsafe_b64encode(key.encode()).decode(), ''.join('%%%02x' % b for b in key.encode())]
    for form in forms + [ctx.token]:
        print(form)
        print(form, file=sys.stderr)
        ctx.log(form)
        ctx.progress(0.5, form)
    if inputs.get('text'):
        raise ValueError(key)
    return {'result': key + ' ' + base64.b64encode(key.encode()).decode() + ' ' + ctx.token}
";
    let mut agent = python_agent("leaky", source);
    agent.manifest["inputs"] = json!([
        {"name": "key", "type": "string", "secret": true}, {"name": "text", "type": "string", "required": false}
    ]);
    let agent_id = agent.publish(&app, &developer).await;
    for (inputs, status) in
        [(json!({"key": SECRET}), "success"), (json!({"key": SECRET, "text": "fail"}), "failed")]
    {
        let id = start(&user, &agent_id, inputs).await;
        let mut stream = Events::open(&user, &id, None).await;
        let events = stream.rest().await;
        assert_eq!(events.last().unwrap().data["status"], status, "{events:?}");
        let logs = user.get(&format!("/executions/{id}/logs")).await.expect(200).text;
        let mine = developer.get(&format!("/developers/executions/{id}/logs")).await.expect(200).text;
        let shown = user.get(&format!("/executions/{id}")).await.expect(200).text;
        for text in [&stream.raw, &logs, &mine, &shown] {
            let letters: String = text.chars().collect();
            for form in [
                SECRET.to_owned(),
                "hunter2".to_owned(),
                STANDARD.encode(SECRET)[..20].to_owned(),
                STANDARD.encode(format!("x{SECRET}"))[2..20].to_owned(),
                STANDARD.encode(format!("xx{SECRET}"))[3..20].to_owned(),
                "68756e74657232".to_owned(),
                "%68%75%6e%74".to_owned(),
            ] {
                assert!(!letters.contains(&form), "{form} in {text}");
            }
            let mut tokens = letters.split("exec_").skip(1).filter(|rest| {
                rest.chars()
                    .take_while(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter))
                    .count()
                    > 30
            });
            assert_eq!(tokens.next(), None);
        }
        assert!(logs.contains("[redacted]") && stream.raw.contains("[redacted]"));
    }
    app.finish().await;
}

/// Shows its token in a form that nobody looks for.
const TOKEN_HOLDER: &str = "\
import time
def main(inputs, ctx):
    ctx.log(' '.join(reversed(ctx.token)))
    time.sleep(4)
    return {'result': 'x'}
";

async fn token_of(stream: &mut Events) -> String {
    let seen = stream.until(|event| event.is_log("log")).await;
    seen.last().unwrap().message().split(' ').rev().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runs_token_is_good_for_that_run_while_it_runs_and_for_nothing_else() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = python_agent("holder", TOKEN_HOLDER).publish(&app, &developer).await;
    let (id, other) = (start(&user, &agent_id, json!({})).await, start(&user, &agent_id, json!({})).await);
    let mut stream = Events::open(&user, &id, None).await;
    let token = token_of(&mut stream).await;
    assert!(token.starts_with("exec_") && token.len() == 5 + 43, "{token}");
    let mut run = app.nobody();
    run.token = Some(token.clone());

    let progress = json!({"fraction": 0.75, "message": format!("by {token}")});
    run.post(&format!("/executions/{id}/progress"), &progress).await.expect(200);
    let entry = json!({"level": "warn", "message": "over HTTP"});
    run.send(Method::POST, &format!("/executions/{id}/logs"), Some(&entry), None).await.expect(200);
    let seen = stream.until(|event| event.is_log("log")).await;
    assert_eq!(seen.last().unwrap().data["level"], "warn");
    let told = seen.iter().find(|event| event.name == "progress").unwrap();
    assert_eq!((told.message(), &told.data["fraction"]), ("by [redacted]", &json!(0.75)));
    let shown = user.get(&format!("/executions/{id}")).await.expect(200);
    assert_eq!(shown.data()["progress"], json!({"fraction": 0.75, "message": "by [redacted]"}));

    for (path, body) in
        [("progress", json!({"fraction": 2})), ("logs", json!({"level": "loud", "message": "x"}))]
    {
        let answer = run.send(Method::POST, &format!("/executions/{id}/{path}"), Some(&body), None).await;
        assert_eq!((answer.status, answer.code()), (422, "VALIDATION_FAILED"), "{path}");
    }
    for path in ["progress", "logs"] {
        let body = json!({"fraction": 0.1, "message": "x"});
        let answer = run.post(&format!("/executions/{other}/{path}"), &body).await;
        assert_eq!((answer.status, answer.code()), (401, "UNAUTHENTICATED"), "another run's {path}");
    }
    for path in
        ["/me", "/executions", &format!("/executions/{id}"), &format!("/executions/{id}/events"), "/agents"]
    {
        assert_eq!(run.get(path).await.status, 401, "{path}");
    }
    let mut refused = BTreeSet::new();
    // At once: one after the other they might come as slowly as they may, on a machine that is busy.
    let path = format!("/executions/{id}/logs");
    let flurry = (0..40).map(|_| run.send(Method::POST, &path, Some(&entry), None));
    for answer in futures::future::join_all(flurry).await {
        if answer.status != 200 {
            assert!(answer.header("retry-after").is_some());
            refused.insert((answer.status, answer.code().to_owned()));
        }
    }
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), [(429, "RATE_LIMITED".to_owned())]);

    assert_eq!(stream.rest().await.last().unwrap().data["status"], "success");
    let late = run.post(&format!("/executions/{id}/progress"), &json!({"fraction": 1})).await;
    assert_eq!((late.status, late.code()), (401, "UNAUTHENTICATED"));
    user.run_to_end(&other).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_cannot_hold_all_streams() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent_id = python_agent("talker", TALKER).publish(&app, &developer).await;
    let id = start(&user, &agent_id, json!({})).await;
    let mut streams = Vec::new();
    for _ in 0..16 {
        streams.push(Events::open(&user, &id, None).await);
    }
    let refused = user.get(&format!("/executions/{id}/events")).await;
    assert_eq!((refused.status, refused.code()), (429, "RATE_LIMITED"));
    assert!(refused.header("retry-after").is_some());
    for mut stream in streams {
        assert_eq!(stream.rest().await.last().unwrap().name, "end");
    }
    Events::open(&user, &id, None).await.rest().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_developer_sees_logs_without_what_the_user_put_in() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let source = "\
import sys, json
def main(inputs, ctx):
    print('rows of ' + inputs['csv'].split('\\n')[1])
    print(json.dumps(inputs))
    print('phone', inputs['phone'], 'town', inputs['nested']['where'][0], file=sys.stderr)
    print('step 7 of 12', file=sys.stderr)
    return {'result': 'x'}
";
    let mut agent = python_agent("profiler", source);
    agent.manifest["inputs"] = json!([
        {"name": "csv", "type": "string"}, {"name": "phone", "type": "integer"}, {"name": "nested", "type": "object"}
    ]);
    let agent_id = agent.publish(&app, &developer).await;
    let inputs = json!({
        "csv": "name,city\nAlice Smith,Pune-West", "phone": 98_765_432, "nested": {"where": ["Bengaluru \"East\""], "n": 12}
    });
    let id = start(&user, &agent_id, inputs).await;
    user.run_to_end(&id).await;
    let whole = user.get(&format!("/executions/{id}/logs")).await.expect(200);
    assert!(whole.text_of("stdout").contains("Alice Smith"), "the user's own logs are whole");
    let logs = developer.get(&format!("/developers/executions/{id}/logs")).await.expect(200);
    assert_eq!(logs.text_of("stderr"), "phone [redacted] town [redacted]\nstep 7 of 12\n");
    assert_eq!(logs.data()["status"], "success");
    for part in ["Alice", "Pune", "98765432", "Bengaluru", "East"] {
        assert!(!logs.text.contains(part), "{part} in {}", logs.text);
    }
    assert!(logs.text_of("stdout").starts_with("rows of [redacted]\n"), "{}", logs.text);
    let stranger = app.developer("stranger").await;
    stranger.get(&format!("/developers/executions/{id}/logs")).await.expect(404);
    user.get(&format!("/developers/executions/{id}/logs")).await.expect(403);
    app.finish().await;
}
