//! The bundled agents, embedded from the repository's `agents/` folder so that the binary is all there is to install.
//!
//! An agent's `samples/` are for tests and stay out of what is published, and so does what running them left behind.

use std::collections::BTreeMap;

use rust_embed::Embed;

#[derive(Embed)]
#[folder = "../../agents"]
struct Agents;

/// Each bundled agent's files, as paths inside the agent's folder and their bytes, by the agent's folder name.
pub fn bundled_agents() -> BTreeMap<String, Vec<(String, Vec<u8>)>> {
    let mut agents: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    for path in Agents::iter() {
        let Some((agent, file)) = path.split_once('/') else { continue };
        if file.starts_with("samples/") || file.contains("__pycache__/") {
            continue;
        }
        if let Some(content) = Agents::get(&path) {
            agents.entry(agent.to_owned()).or_default().push((file.to_owned(), content.data.into_owned()));
        }
    }
    agents
}
