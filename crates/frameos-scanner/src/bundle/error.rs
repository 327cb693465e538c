//! Why a bundle was refused: one variant, and one stable public code, per kind of fault.
//!
//! Messages speak to the author of the bundle and say what to change; paths in them are escaped, since they are hostile.

use thiserror::Error;

/// A fault in a packed bundle or in the files meant for one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BundleError {
    #[error("the packed bundle has {size} bytes, more than the {limit} allowed")]
    TooLarge { size: u64, limit: u64 },
    #[error("the unpacked files exceed {limit} bytes")]
    UnpackedTooLarge { limit: u64 },
    #[error("the bundle has more than {limit} entries")]
    TooManyEntries { limit: usize },
    #[error("the bundle is not a whole gzip file: {reason}")]
    NotGzip { reason: &'static str },
    #[error("the bundle is not a tar archive: {reason}")]
    NotTar { reason: String },
    #[error("path {path:?} is absolute; paths must be relative to the agent's folder")]
    PathAbsolute { path: String },
    #[error("path {path:?} leaves the agent's folder with '..'")]
    PathTraversal { path: String },
    #[error("path {path:?} is not allowed: {reason}")]
    PathInvalid { path: String, reason: &'static str },
    #[error("{path:?} is a link; pack the file it points to instead")]
    Link { path: String },
    #[error("{path:?} is a {kind}; only plain files and directories are allowed")]
    SpecialFile { path: String, kind: &'static str },
    #[error("{path:?} is in the bundle twice, or both as a file and as a directory")]
    DuplicatePath { path: String },
    #[error("{path:?} and {other:?} differ only in upper and lower case")]
    CaseCollision { path: String, other: String },
    #[error("the archive does not hold what it announces: {reason}")]
    SizeMismatch { reason: &'static str },
    #[error("{}", no_manifest_message(.found.as_deref()))]
    NoManifest { found: Option<String> },
}

impl BundleError {
    /// The public code of this kind of fault, as it stands in the error envelope.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "BUNDLE_TOO_LARGE",
            Self::UnpackedTooLarge { .. } => "BUNDLE_UNPACKED_TOO_LARGE",
            Self::TooManyEntries { .. } => "BUNDLE_TOO_MANY_ENTRIES",
            Self::NotGzip { .. } => "BUNDLE_NOT_GZIP",
            Self::NotTar { .. } => "BUNDLE_NOT_TAR",
            Self::PathAbsolute { .. } => "BUNDLE_PATH_ABSOLUTE",
            Self::PathTraversal { .. } => "BUNDLE_PATH_TRAVERSAL",
            Self::PathInvalid { .. } => "BUNDLE_PATH_INVALID",
            Self::Link { .. } => "BUNDLE_LINK",
            Self::SpecialFile { .. } => "BUNDLE_SPECIAL_FILE",
            Self::DuplicatePath { .. } => "BUNDLE_DUPLICATE_PATH",
            Self::CaseCollision { .. } => "BUNDLE_CASE_COLLISION",
            Self::SizeMismatch { .. } => "BUNDLE_SIZE_MISMATCH",
            Self::NoManifest { .. } => "BUNDLE_NO_MANIFEST",
        }
    }
}

fn no_manifest_message(found: Option<&str>) -> String {
    match found.and_then(|path| path.rsplit_once('/')) {
        Some((folder, _)) => format!(
            "manifest.json is not at the root of the bundle but in {folder:?}; pack the folder's contents, \
             not the folder: tar -czf bundle.tar.gz -C FOLDER ."
        ),
        None => "manifest.json is missing at the root of the bundle".to_owned(),
    }
}
