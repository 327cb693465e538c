//! `frameos publish`: validate, scan, pack and submit an agent, or a new version of one's own.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use frameos_contract::{
    account::Me,
    agent::{AgentDetail, AgentRegisterRequest, AgentRegistered},
};
use frameos_domain::{canonical, scan::Action};

use super::{scan, validate};
use crate::{
    agent_dir::AgentDir,
    client::{self, Client, Connection},
    credentials::Role,
    failure::{Failure, Result},
    output,
    progress::Progress,
};

#[derive(Debug, Args)]
pub struct Publish {
    #[command(flatten)]
    connection: Connection,
    /// The agent's folder; its manifest says name, slug, description, category, version and pricing
    dir: PathBuf,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Publish) -> Result<()> {
    let dir = AgentDir::read(&args.dir)?;
    let slug = check(&dir)?;
    let packed = dir.pack()?;
    let mut client = Client::signed_in(&args.connection, &[Role::Developer])?;
    let progress =
        Progress::start(&format!("publishing {slug} ({} bytes) to {}", packed.len(), client.server()));
    let existing = own_agent(&mut client, &slug).await?;
    let path = match &existing {
        Some(id) => vec!["agents", id.as_str(), "versions"],
        None => vec!["agents", "register"],
    };
    // The same code to the same place is the same request, however often the command is repeated.
    let key = format!("publish-{}", canonical::sha256_hex(&[path.join("/").as_bytes(), &packed].concat()));
    let request =
        AgentRegisterRequest { code_base64: STANDARD.encode(&packed), ..AgentRegisterRequest::default() };
    let data = client.post(&path, Some(&key), &request).await?;
    drop(progress);
    if args.json {
        return output::json(&data);
    }
    let registered: AgentRegistered = client::read(data)?;
    output::pairs([
        ("agent", format!("{slug} ({})", registered.agent_id)),
        ("version", registered.version_id),
        ("status", registered.status),
        ("message", registered.message),
    ])?;
    for line in registered.changes.iter().flat_map(scan::changes::render) {
        output::line(&line)?;
    }
    Ok(())
}

/// Whether it is worth sending: a valid manifest with a listing, and no finding that rejects. Returns the slug.
fn check(dir: &AgentDir) -> Result<String> {
    let manifest = dir.require_manifest()?;
    let missing = validate::missing_for_publishing(&manifest);
    for warning in &manifest.warnings {
        output::note(&format!("warning: {}: {}", warning.path, warning.message));
    }
    let report = scan::report(dir);
    if report.passed() {
        for finding in report.findings.iter().filter(|finding| finding.action != Action::Allow) {
            output::note(&scan::describe(finding));
        }
    } else {
        let style = scan::text::Style { colours: false, all: false };
        output::note(&scan::text::render(&report, &|path| dir.bundle().ok()?.get(path), style));
    }
    match manifest.listing.slug {
        _ if !report.passed() => {
            Err(Failure::failed("the platform would reject this code: fix the findings above"))
        }
        Some(slug) if missing.is_empty() => Ok(slug),
        _ => Err(Failure::failed(format!("manifest.json needs {} to be published", missing.join(", ")))),
    }
}

/// The id of the agent with this slug if it is the developer's own; `None` when it has yet to be registered.
///
/// A slug that is somebody else's is left to registration, which refuses it.
async fn own_agent(client: &mut Client, slug: &str) -> Result<Option<String>> {
    let agent: AgentDetail = match client.get(&["agents", slug], &[]).await {
        Err(Failure::Refused(refusal)) if refusal.status == 404 => return Ok(None),
        result => client::read(result?)?,
    };
    let me: Me = client::read(client.get(&["me"], &[]).await?)?;
    Ok((agent.summary.developer.id == me.id).then_some(agent.summary.id))
}
