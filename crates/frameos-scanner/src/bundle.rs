//! An agent bundle held in memory: the files of a `tar.gz`, checked before anything else may look at them.
//!
//! Invariants: every path is relative, clean UTF-8, free of `.`/`..` components and unique, also when case is ignored;
//! the contents together stay within [`MAX_UNPACKED`]. Nothing here touches a file system: a bundle is bytes in, bytes out.

mod error;
mod gzip;
mod pack;
mod path;
mod unpack;

use std::collections::BTreeMap;

pub use error::BundleError;
pub use pack::pack;
pub use unpack::unpack;

/// Largest accepted packed bundle, in bytes.
pub const MAX_PACKED: u64 = 10 * 1024 * 1024;
/// Largest accepted sum of the unpacked files' sizes, in bytes.
pub const MAX_UNPACKED: u64 = 50 * 1024 * 1024;
/// Largest accepted number of archive entries, directories included.
pub const MAX_ENTRIES: usize = 2_000;
/// The file every published bundle has at its root.
pub const MANIFEST: &str = "manifest.json";

/// The files of one agent, sorted by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    files: BTreeMap<String, Vec<u8>>,
    unpacked_bytes: u64,
}

impl Bundle {
    /// Holds loose files to the rules of a bundle, except that `manifest.json` may be missing: this is how
    /// a folder is scanned before it is an agent.
    pub fn from_files(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, BundleError> {
        let mut builder = Builder::default();
        for (path, bytes) in files {
            let path = path::clean_file(path.as_bytes())?;
            builder.claim_entry()?;
            builder.reserve(bytes.len() as u64)?;
            builder.add(path, bytes)?;
        }
        Ok(builder.finish())
    }

    /// Path and contents of every file, in path order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The contents of one file, by its exact path.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// `manifest.json` as packed; empty only for a bundle made by [`Bundle::from_files`] without one.
    pub fn manifest_bytes(&self) -> &[u8] {
        self.get(MANIFEST).unwrap_or_default()
    }

    /// The sum of the files' sizes.
    pub fn unpacked_bytes(&self) -> u64 {
        self.unpacked_bytes
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are no files at all.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn require_manifest(self) -> Result<Self, BundleError> {
        if self.files.contains_key(MANIFEST) {
            return Ok(self);
        }
        let found = self
            .files
            .keys()
            .filter(|path| path.strip_suffix(MANIFEST).is_some_and(|folder| folder.ends_with('/')))
            .min_by_key(|path| path.matches('/').count())
            .cloned();
        Err(BundleError::NoManifest { found })
    }
}

/// Collects entries while enforcing the limits and the uniqueness of names.
#[derive(Debug, Default)]
struct Builder {
    files: BTreeMap<String, Vec<u8>>,
    /// Lower-cased path → (spelling, is a directory), for every file and every directory above one.
    names: BTreeMap<String, (String, bool)>,
    entries: usize,
    bytes: u64,
}

impl Builder {
    fn claim_entry(&mut self) -> Result<(), BundleError> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(BundleError::TooManyEntries { limit: MAX_ENTRIES });
        }
        Ok(())
    }

    /// Accounts for contents before they are read, so that a size that lies costs no memory.
    fn reserve(&mut self, size: u64) -> Result<(), BundleError> {
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > MAX_UNPACKED {
            return Err(BundleError::UnpackedTooLarge { limit: MAX_UNPACKED });
        }
        Ok(())
    }

    fn add(&mut self, path: String, bytes: Vec<u8>) -> Result<(), BundleError> {
        self.claim_parents(&path)?;
        if self.files.contains_key(&path) {
            return Err(BundleError::DuplicatePath { path });
        }
        self.claim_name(&path, false)?;
        self.files.insert(path, bytes);
        Ok(())
    }

    fn add_directory(&mut self, path: &str) -> Result<(), BundleError> {
        self.claim_parents(path)?;
        self.claim_name(path, true)
    }

    fn claim_parents(&mut self, path: &str) -> Result<(), BundleError> {
        for (end, _) in path.match_indices('/') {
            self.claim_name(&path[..end], true)?;
        }
        Ok(())
    }

    fn claim_name(&mut self, path: &str, directory: bool) -> Result<(), BundleError> {
        let Some((spelling, was_directory)) = self.names.get(&path.to_lowercase()) else {
            self.names.insert(path.to_lowercase(), (path.to_owned(), directory));
            return Ok(());
        };
        if spelling != path {
            return Err(BundleError::CaseCollision { path: path.to_owned(), other: spelling.clone() });
        }
        if !directory || !was_directory {
            return Err(BundleError::DuplicatePath { path: path.to_owned() });
        }
        Ok(())
    }

    fn finish(self) -> Bundle {
        Bundle { files: self.files, unpacked_bytes: self.bytes }
    }
}
