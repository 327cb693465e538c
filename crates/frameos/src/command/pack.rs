//! `frameos pack`: the bundle as it would be published.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use frameos_domain::canonical;
use serde_json::json;

use crate::{
    agent_dir::AgentDir,
    failure::{Failure, Result},
    output,
};

#[derive(Debug, Args)]
pub struct Pack {
    /// The agent's folder
    dir: PathBuf,
    /// Where to write it [default: SLUG-VERSION.tar.gz here]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print path, size and SHA-256 as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Pack) -> Result<()> {
    let dir = AgentDir::read(&args.dir)?;
    let manifest = dir.require_manifest()?;
    let packed = dir.pack()?;
    let path = args.output.clone().unwrap_or_else(|| {
        let version = manifest.listing.version.map(|version| format!("-{version}")).unwrap_or_default();
        PathBuf::from(format!("{}{version}.tar.gz", manifest.listing.slug.as_deref().unwrap_or("agent")))
    });
    refuse_inside(&args.dir, &path)?;
    std::fs::write(&path, &packed).with_context(|| format!("cannot write {}", path.display()))?;
    let sha256 = canonical::sha256_hex(&packed);
    if args.json {
        return output::json(&json!({"path": path, "bytes": packed.len(), "sha256": sha256}));
    }
    output::line(&format!("{}  {} bytes  sha256 {sha256}", path.display(), packed.len()))
}

/// A bundle written into the agent's own folder would travel in the next bundle.
fn refuse_inside(dir: &Path, file: &Path) -> Result<()> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Ok(dir), Ok(parent)) = (dir.canonicalize(), parent.canonicalize()) else { return Ok(()) };
    if parent.starts_with(&dir) {
        let message =
            format!("{} is inside the agent's folder: choose another place with -o", file.display());
        return Err(Failure::usage(message));
    }
    Ok(())
}
