//! Saved logins: one file, one profile per login, readable by its owner only.
//!
//! Invariants: the file is replaced whole (write beside, rename) and is 0600 in a 0700 folder from its first byte; a profile's
//! tokens are only ever for the server that issued them. Tokens are never printed.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use anyhow::Context;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{
    environment,
    failure::{Failure, Result},
};

/// What an account may do. A login without `--profile` is saved under its role's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    User,
    Developer,
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::User, Self::Developer, Self::Admin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Developer => "developer",
            Self::Admin => "admin",
        }
    }
}

/// One saved login.
#[derive(Clone, Serialize, Deserialize)]
pub struct Profile {
    pub server: String,
    pub email: String,
    pub role: String,
    pub access_token: String,
    pub refresh_token: String,
}

/// The file of saved logins.
pub struct Credentials {
    folder: PathBuf,
    profiles: BTreeMap<String, Profile>,
}

#[derive(Default, Serialize, Deserialize)]
struct Contents {
    profiles: BTreeMap<String, Profile>,
}

impl Credentials {
    /// Reads the saved logins; none when there is no file yet.
    pub fn load() -> Result<Self> {
        let folder = environment::config_dir()
            .ok_or_else(|| Failure::usage("set HOME or XDG_CONFIG_HOME: logins are saved below it"))?;
        let path = folder.join("credentials.json");
        let contents = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is damaged; delete it and log in again", path.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Contents::default(),
            Err(error) => return Err(Failure::failed(format!("cannot read {}: {error}", path.display()))),
        };
        Ok(Self { folder, profiles: contents.profiles })
    }

    /// Reads, changes and writes the file while no other process does.
    pub fn update<T>(change: impl FnOnce(&mut Self) -> T) -> Result<T> {
        let _guard = lock()?;
        let mut credentials = Self::load()?;
        let result = change(&mut credentials);
        credentials.save()?;
        Ok(result)
    }

    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(name)
    }

    pub fn profiles(&self) -> impl Iterator<Item = (&str, &Profile)> {
        self.profiles.iter().map(|(name, profile)| (name.as_str(), profile))
    }

    pub fn set(&mut self, name: &str, profile: Profile) {
        self.profiles.insert(name.to_owned(), profile);
    }

    pub fn remove(&mut self, name: &str) -> Option<Profile> {
        self.profiles.remove(name)
    }

    /// Writes the file. The caller holds the [`lock`].
    pub fn save(&self) -> Result<()> {
        let contents = Contents { profiles: self.profiles.clone() };
        let path = self.folder.join("credentials.json");
        let fresh = self.folder.join(format!("credentials.json.{}", std::process::id()));
        let write = || -> std::io::Result<()> {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            file.write_all(&serde_json::to_vec_pretty(&contents)?)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }
}

/// Keeps other processes from writing the file while the result lives.
///
/// Matters beyond a lost update: a refresh token works once, and using it twice ends the whole session.
pub fn lock() -> Result<File> {
    let folder = environment::config_dir()
        .ok_or_else(|| Failure::usage("set HOME or XDG_CONFIG_HOME: logins are saved below it"))?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join("credentials.lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}
