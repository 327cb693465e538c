//! An agent's folder on disk: which of its files travel in the bundle.
//!
//! Invariants: nothing outside the folder is read, since links are refused; reading stops at the bundle's limits, so that pointing at
//! a home directory by mistake costs no memory. What is left out is listed here and nowhere else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use frameos_domain::manifest::{Manifest, ManifestError, ManifestIssue};
use frameos_scanner::bundle::{self, Bundle, BundleError};

use crate::failure::{Failure, Result};

/// Names that stay at home wherever they are: version control, editors, caches, and `.env`, which holds secrets.
const LEFT_OUT: [&str; 12] = [
    ".git",
    ".hg",
    ".svn",
    ".gitignore",
    ".gitattributes",
    ".DS_Store",
    ".env",
    ".idea",
    ".vscode",
    ".venv",
    "__pycache__",
    ".pytest_cache",
];

/// A folder and the files of it that belong to the agent.
pub struct AgentDir {
    pub path: PathBuf,
    bundle: std::result::Result<Bundle, BundleError>,
}

impl AgentDir {
    /// Reads the folder. Only what cannot be read fails; what breaks the bundle's rules is kept for those who ask.
    pub fn read(path: &Path) -> Result<Self> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(Failure::usage(format!("{} is not a folder", path.display()))),
            Err(error) => return Err(Failure::usage(format!("cannot open {}: {error}", path.display()))),
        }
        let mut walk = Walk::default();
        let bundle = match walk.folder(path, "")? {
            Ok(()) => Bundle::from_files(walk.files),
            Err(problem) => Err(problem),
        };
        Ok(Self { path: path.to_owned(), bundle })
    }

    /// The files, or which rule of bundles they break.
    pub fn bundle(&self) -> std::result::Result<&Bundle, &BundleError> {
        self.bundle.as_ref()
    }

    /// The files; a broken rule is a failure.
    pub fn require_bundle(&self) -> Result<&Bundle> {
        self.bundle().map_err(|problem| Failure::failed(format!("{problem} ({})", problem.code())))
    }

    /// The `tar.gz` to publish, the same bytes for the same files.
    pub fn pack(&self) -> Result<Vec<u8>> {
        let files = self.require_bundle()?.files();
        bundle::pack(files.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())))
            .map_err(|problem| Failure::failed(format!("{problem} ({})", problem.code())))
    }

    /// Everything that is wrong with the agent's manifest, or the manifest and what is probably not meant.
    pub fn manifest(&self) -> Result<std::result::Result<Manifest, Vec<ManifestIssue>>> {
        let bundle = self.require_bundle()?;
        let Some(bytes) = bundle.get(bundle::MANIFEST) else {
            let message = format!(
                "there is no manifest.json in {}: `frameos init DIR` makes an agent to start from",
                self.path.display()
            );
            return Err(Failure::failed(message));
        };
        let manifest = match Manifest::from_json(bytes) {
            Ok(manifest) => manifest,
            Err(ManifestError::Invalid(errors)) => return Ok(Err(errors.0)),
            Err(error @ ManifestError::NotJson(_)) => {
                return Ok(Err(vec![ManifestIssue { path: "$".into(), message: error.to_string() }]));
            }
        };
        if bundle.get(&manifest.runtime.entrypoint).is_none() {
            let message = format!("there is no file `{}`", manifest.runtime.entrypoint);
            return Ok(Err(vec![ManifestIssue { path: "$.runtime.entrypoint".into(), message }]));
        }
        Ok(Ok(manifest))
    }

    /// The manifest; every problem with it is a failure.
    pub fn require_manifest(&self) -> Result<Manifest> {
        self.manifest()?.map_err(|issues| {
            let lines: Vec<String> =
                issues.iter().map(|issue| format!("\n  {}: {}", issue.path, issue.message)).collect();
            Failure::failed(format!("manifest.json is not valid:{}", lines.concat()))
        })
    }
}

#[derive(Default)]
struct Walk {
    files: Vec<(String, Vec<u8>)>,
    bytes: u64,
}

impl Walk {
    /// Adds the files of `folder`, whose path in the bundle is `prefix` (empty, or ending in `/`).
    fn folder(&mut self, folder: &Path, prefix: &str) -> Result<std::result::Result<(), BundleError>> {
        let cannot_read = |path: &Path, error: &std::io::Error| {
            Failure::failed(format!("cannot read {}: {error}", path.display()))
        };
        let listing = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let mut entries = listing.map_err(|error| cannot_read(folder, &error))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let path = format!("{prefix}{}", name.to_string_lossy());
                return Ok(Err(BundleError::PathInvalid { path, reason: "the name is not UTF-8" }));
            };
            if LEFT_OUT.contains(&name) {
                continue;
            }
            let path = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(|error| cannot_read(&entry.path(), &error))?;
            if kind.is_symlink() {
                return Ok(Err(BundleError::Link { path }));
            } else if kind.is_dir() {
                if let Err(problem) = self.folder(&entry.path(), &format!("{path}/"))? {
                    return Ok(Err(problem));
                }
            } else if kind.is_file() {
                let size = entry.metadata().map_err(|error| cannot_read(&entry.path(), &error))?.len();
                if let Err(problem) = self.claim(size) {
                    return Ok(Err(problem));
                }
                let bytes = fs::read(entry.path()).map_err(|error| cannot_read(&entry.path(), &error))?;
                self.files.push((path, bytes));
            } else {
                return Ok(Err(BundleError::SpecialFile { path, kind: "device, socket or pipe" }));
            }
        }
        Ok(Ok(()))
    }

    /// Accounts for a file before it is read.
    fn claim(&mut self, size: u64) -> std::result::Result<(), BundleError> {
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > bundle::MAX_UNPACKED {
            return Err(BundleError::UnpackedTooLarge { limit: bundle::MAX_UNPACKED });
        }
        if self.files.len() >= bundle::MAX_ENTRIES {
            return Err(BundleError::TooManyEntries { limit: bundle::MAX_ENTRIES });
        }
        Ok(())
    }
}
