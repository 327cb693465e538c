//! Hostile agents, from publishing to the receipt: each is contained, told, billed only if it kept its promise, and gone.
//!
//! The scanner refuses what it sees, these agents too; they are put where published code lies, as those are that it does not see.

mod exhausting;
mod lying;
mod outliving;
mod prying;

use serde_json::{Value, json};

use crate::harness::{
    Agent, Client, TestApp, deploy, execute, is_docker, node_agent, publish_unseen, python_agent,
};

/// Gives `fs`, `cp` and `load`, under names that are only known when it runs.
const NODE: &str = "\
const inner = Object.getPrototypeOf(module);
const key = Object.getOwnPropertyNames(inner).find((name) => name.startsWith('requ'));
const load = (name) => inner[key].call(module, name);
const fs = load('fs'), cp = load('child_process');
const sleeper = [process.execPath, ['-e', 'setInterval(() => {}, 1000)']];
";

/// Gives `os`, `load` and `access`, which opens files.
const PYTHON: &str = "\
import sys, time
inner = next(c for c in object.__subclasses__() if c.__name__ == '_wrap_close').__init__.__globals__
load, access = inner['__builtins__']['__import__'], inner['__builtins__']['open']
os, signal, threading = load('os'), load('signal'), load('threading')
";

/// What must become of a run.
enum End {
    /// Paid for, with this `result`.
    Success(&'static str),
    /// Not paid for, for this reason and with these words in the message.
    Failed(&'static str, &'static str),
    /// Not paid for, stopped at its time limit.
    Timeout,
}

struct Hostile {
    agent: Agent,
    end: End,
}

fn node(slug: &str, body: &str, end: End) -> Hostile {
    Hostile { agent: node_agent(slug, &format!("{NODE}{body}")), end }
}

fn python(slug: &str, body: &str, end: End) -> Hostile {
    Hostile { agent: python_agent(slug, &format!("{PYTHON}{body}")), end }
}

impl Hostile {
    fn limited_to_ms(mut self, timeout_ms: u64) -> Self {
        self.agent.manifest["runtime"]["timeout_ms"] = json!(timeout_ms);
        self
    }

    fn limited_to_mb(mut self, memory_mb: u64) -> Self {
        self.agent.manifest["runtime"]["memory_mb"] = json!(memory_mb);
        self
    }
}

/// A server with somebody who publishes and somebody who pays.
struct Stage {
    app: TestApp,
    developer: Client,
    user: Client,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let (developer, user) = (app.developer("mallory").await, app.user_with_money("buyer", 10_000).await);
        Self { app, developer, user }
    }

    /// Publishes and runs an agent, holds the run to what it must be, and looks for what it left.
    async fn run(&self, hostile: &Hostile, inputs: Value) -> Value {
        let slug = &hostile.agent.slug;
        let agent_id = publish_unseen(&hostile.agent, &self.app, &self.developer).await;
        let deployment = deploy(&self.user, &agent_id, json!({})).await;
        let before = self.user.balance().await.0;
        let run = execute(&self.user, &agent_id, &deployment, inputs).await;
        let message = run["error_message"].as_str().unwrap_or_default();
        match hostile.end {
            End::Success(result) => {
                let seen = (&run["status"], &run["outputs"]["result"]);
                assert_eq!(seen, (&json!("success"), &json!(result)), "{slug}: {run:.2000}");
                assert_eq!(run["failure_reason"], Value::Null, "{slug}");
                assert_eq!(self.user.balance().await, (before - 50, 0), "{slug}");
            }
            End::Failed(reason, words) => {
                assert_eq!(
                    (&run["status"], &run["failure_reason"]),
                    (&json!("failed"), &json!(reason)),
                    "{run}"
                );
                assert!(message.contains(words), "{slug} says: {message}");
            }
            End::Timeout => {
                assert_eq!(
                    (&run["status"], &run["failure_reason"]),
                    (&json!("timeout"), &json!("timeout")),
                    "{run}"
                );
                assert!(message.contains("time limit"), "{slug} says: {message}");
            }
        }
        if run["status"] != "success" {
            assert!(run["payment"].is_null() && run["outputs"].is_null(), "{slug}: {run}");
            assert_eq!(self.user.balance().await, (before, 0), "{slug}: nothing is charged and nothing held");
        }
        assert_eq!(run["attempt"], 1, "{slug}: it is not the platform's fault");
        assert!(run["isolation"].is_string() && run["resources"].is_object(), "{slug}: {run}");
        let id = run["id"].as_str().unwrap();
        let receipt = self.user.get(&format!("/executions/{id}/receipt")).await.expect(200);
        assert_eq!(receipt.data()["receipt"]["failure_reason"], run["failure_reason"], "{slug}");
        assert_eq!(self.app.leftovers(), Vec::<String>::new(), "{slug}");
        run
    }

    async fn run_all(self, table: Vec<Hostile>) {
        for hostile in table {
            self.run(&hostile, json!({})).await;
        }
        self.app.finish().await;
    }
}

/// The checks below can fail: a run that goes on is found.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_would_be_found() {
    let stage = Stage::set().await;
    let slow = node("slow", "setInterval(() => {}, 1000);", End::Timeout);
    let agent_id = publish_unseen(&slow.agent, &stage.app, &stage.developer).await;
    let deployment = deploy(&stage.user, &agent_id, json!({})).await;
    let body = json!({"deployment_id": deployment, "inputs": {}});
    let queued = stage.user.post(&format!("/agents/{agent_id}/execute"), &body).await.expect(202);
    let id = queued.text_of("execution_id");
    let is_process = |found: &String| found.starts_with("/proc/");
    let begun = std::time::Instant::now();
    loop {
        assert!(begun.elapsed().as_secs() < 60, "a run that goes on is not found");
        let left = stage.app.leftovers();
        if left.iter().any(is_process) && (is_docker() || !left.iter().all(is_process)) {
            break;
        }
        assert!(!stage.user.get(&format!("/executions/{id}")).await.data()["status"].is_null());
    }
    stage.user.post(&format!("/executions/{id}/cancel"), &json!({})).await.expect(200);
    assert_eq!(stage.user.run_to_end(&id).await["status"], "cancelled");
    assert_eq!(stage.app.leftovers(), Vec::<String>::new());
    stage.app.finish().await;
}
