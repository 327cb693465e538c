//! Fills a new installation and leaves its credentials in `first-run.json`.
//!
//! The file is written before anything is created, and read again by a start that finds the work half done, so that a crash
//! in between leaves neither an account nobody can log in to nor two of a kind.

use std::io::ErrorKind;

use frameos_app::{App, BundledAgent, FirstRun, first_run_generate, seed, seed_needed};

use crate::{
    bundled::bundled_agents,
    config::{Config, Seed},
    data_dir::DataDir,
    error::ServeError,
    notice::notice,
};

const FILE: &str = "first-run.json";

/// Brings a new installation to its first state; an old one stays as it is.
pub(crate) async fn seed_if_new(config: &Config, data: &DataDir, app: &App) -> Result<(), ServeError> {
    if !seed_needed(app).await.map_err(ServeError::Seed)? {
        return Ok(());
    }
    let demo = config.seed == Seed::Demo;
    let first_run = match first_run_read(data)? {
        Some(earlier) => earlier,
        None => {
            let fresh = first_run_generate(demo).map_err(ServeError::Seed)?;
            let text = serde_json::to_vec_pretty(&fresh).map_err(|error| file_error(data, error))?;
            data.file_put(FILE, &text)?;
            fresh
        }
    };
    notice(if demo {
        "first start: publishing the bundled agents"
    } else {
        "first start: creating the admin account"
    });
    let agents = bundled_agents().into_values().map(|files| BundledAgent { files }).collect();
    seed(app, &first_run, agents).await.map_err(ServeError::Seed)?;
    notice(&format!("first start: credentials are in {}", data.path(FILE).display()));
    Ok(())
}

fn first_run_read(data: &DataDir) -> Result<Option<FirstRun>, ServeError> {
    match std::fs::read(data.path(FILE)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| file_error(data, error)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error(data, error)),
    }
}

fn file_error(data: &DataDir, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ServeError {
    ServeError::FirstRunFile { path: data.path(FILE).display().to_string(), source: source.into() }
}
