//! Semantic versions of agents (semver.org 2.0.0).
//!
//! Rule: a published version must be newer than every one before it; build metadata is refused because two versions that
//! differ only in it have no order.

use thiserror::Error;

pub use semver::Version;

/// Why a version was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VersionError {
    #[error("`{0}` is not a semantic version such as 1.2.3")]
    NotSemantic(String),
    #[error("build metadata (`+…`) is not allowed: it gives versions no order")]
    BuildMetadata,
}

/// Reads a semantic version without build metadata.
pub fn parse(text: &str) -> Result<Version, VersionError> {
    let version = Version::parse(text).map_err(|_| VersionError::NotSemantic(text.to_owned()))?;
    if version.build.is_empty() { Ok(version) } else { Err(VersionError::BuildMetadata) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_and_orders_them() {
        assert!(parse("1.10.0").unwrap() > parse("1.9.3").unwrap());
        assert!(parse("1.0.0-rc.1").unwrap() < parse("1.0.0").unwrap());
        assert_eq!(parse("1.0.0+x"), Err(VersionError::BuildMetadata));
        for bad in ["1.0", "v1.0.0", "", "1.0.0.0", "01.0.0"] {
            assert_eq!(parse(bad), Err(VersionError::NotSemantic(bad.into())));
        }
    }
}
