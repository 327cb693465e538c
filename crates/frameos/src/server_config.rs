//! The flags that server commands share, and the configuration that comes of them.
//!
//! Invariant: what is wrong with a configuration is wrong usage; the message names the key, where it came from and what is allowed.

use std::path::PathBuf;

use clap::Args;
use frameos_server::config::{self, Config};

use crate::{
    environment::Variable,
    failure::{Failure, Result},
};

/// Flags of every command that works on a server's own data.
#[derive(Debug, Default, Args)]
pub struct ServerArgs {
    /// Configuration file [env: FRAMEOS_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of database, keys, objects and runtimes [env: FRAMEOS_DATA_DIR; default: ./data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl ServerArgs {
    /// The configuration with these flags and `flags` (key names and values, where given) on top.
    pub fn load(&self, flags: &[(&'static str, Option<&String>)]) -> Result<Config> {
        let file = self.config.clone().or_else(|| Variable::ConfigFile.get().map(PathBuf::from));
        let data_dir = match &self.data_dir {
            None => None,
            Some(dir) => Some(dir.to_str().map(str::to_owned).ok_or_else(|| {
                Failure::usage(format!("--data-dir {} is not UTF-8: choose another name", dir.display()))
            })?),
        };
        let given: Vec<(&str, String)> = [("data_dir", data_dir.as_ref())]
            .iter()
            .chain(flags)
            .filter_map(|(key, value)| Some((*key, (*value)?.clone())))
            .collect();
        Config::load(file.as_deref(), &config::environment(), &given)
            .map_err(|error| Failure::Usage(Failure::from(error).to_string()))
    }
}
