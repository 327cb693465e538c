//! Small agents to publish, packed by the test itself.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use frameos_domain::canonical::sha256_hex;
use serde_json::{Value, json};

use super::{TestApp, client::Client};

/// An agent's files and what is said of it.
#[derive(Clone)]
pub struct Agent {
    pub slug: String,
    pub manifest: Value,
    pub files: Vec<(String, String)>,
    pub price: i64,
}

/// A Node agent whose `index.js` is `source`, at 50 paise a run.
pub fn node_agent(slug: &str, source: &str) -> Agent {
    agent(slug, "nodejs", "20", "index.js", source)
}

/// A Python agent whose `main.py` is `source`, at 50 paise a run.
pub fn python_agent(slug: &str, source: &str) -> Agent {
    agent(slug, "python", "3.11", "main.py", source)
}

fn agent(slug: &str, language: &str, version: &str, entrypoint: &str, source: &str) -> Agent {
    let manifest = json!({
        "runtime": {"language": language, "version": version, "entrypoint": entrypoint, "timeout_ms": 20_000},
        "inputs": [{"name": "text", "type": "string", "required": false}],
        "outputs": [{"name": "result", "type": "string"}],
        "capabilities": [],
    });
    Agent {
        slug: slug.to_owned(),
        manifest,
        files: vec![(entrypoint.to_owned(), source.to_owned())],
        price: 50,
    }
}

impl Agent {
    /// The body of `POST /agents/register`.
    pub fn body(&self) -> Value {
        json!({
            "name": format!("Agent {}", self.slug), "slug": self.slug, "description": format!("Does {} things.", self.slug),
            "category": "testing", "pricing_model": "per_execution", "price_amount": self.price, "price_currency": "INR",
            "version": "1.0.0", "manifest": self.manifest, "code_base64": self.packed(),
        })
    }

    /// The tar.gz in base64.
    pub fn packed(&self) -> String {
        let manifest = ("manifest.json".to_owned(), self.manifest.to_string());
        let files: Vec<_> = std::iter::once(&manifest).chain(&self.files).collect();
        STANDARD.encode(pack(|tar| {
            for (path, content) in &files {
                let mut header = tar::Header::new_gnu();
                header.set_size(content.len() as u64);
                header.set_mode(0o644);
                tar.append_data(&mut header, path, content.as_bytes()).unwrap();
            }
        }))
    }

    /// Registers and approves it, and gives its id.
    pub async fn publish(&self, app: &TestApp, developer: &Client) -> String {
        let submitted = developer.post("/agents/register", &self.body()).await.expect(201);
        let path = format!("/admin/versions/{}/approve", submitted.text_of("version_id"));
        app.admin().await.post(&path, &json!({})).await.expect(200);
        submitted.text_of("agent_id")
    }
}

/// Publishes code that the scanner would refuse, as if it had not seen what it is: something harmless is published, and `agent` lies
/// where the workers keep the code they have unpacked.
pub async fn publish_unseen(agent: &Agent, app: &TestApp, developer: &Client) -> String {
    let (entrypoint, _) = &agent.files[0];
    let harmless = match entrypoint.as_str() {
        "main.py" => format!("# {}\ndef main(inputs, ctx):\n    return {{}}\n", agent.slug),
        _ => format!("// {}\nmodule.exports = async () => ({{}});\n", agent.slug),
    };
    let shown = Agent { files: vec![(entrypoint.clone(), harmless)], ..agent.clone() };
    let packed = shown.packed();
    let folder = app.data_dir().join("cache").join(sha256_hex(&STANDARD.decode(&packed).unwrap()));
    fs::create_dir_all(&folder).unwrap();
    let manifest = ("manifest.json".to_owned(), agent.manifest.to_string());
    for (path, content) in std::iter::once(&manifest).chain(&agent.files) {
        fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        fs::write(folder.join(path), content).unwrap();
    }
    shown.publish(app, developer).await
}

/// A gzipped tar of what `fill` puts into it.
pub fn pack(fill: impl FnOnce(&mut tar::Builder<GzEncoder<Vec<u8>>>)) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    fill(&mut tar);
    tar.into_inner().unwrap().finish().unwrap()
}

/// Deploys an agent and gives the deployment's id.
pub async fn deploy(user: &Client, agent_id: &str, config: Value) -> String {
    let answer = user.post(&format!("/agents/{agent_id}/deploy"), &json!({"config": config})).await;
    answer.expect(201).text_of("deployment_id")
}

/// Runs a deployment to its end.
pub async fn execute(user: &Client, agent_id: &str, deployment_id: &str, inputs: Value) -> Value {
    let body = json!({"deployment_id": deployment_id, "inputs": inputs});
    let queued = user.post(&format!("/agents/{agent_id}/execute"), &body).await.expect(202);
    user.run_to_end(&queued.text_of("execution_id")).await
}
