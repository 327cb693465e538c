//! Semantic versions of agents (semver.org 2.0.0).
//!
//! Rule: a published version must be newer than those before it that count ([`version_in_the_way`]); build metadata is refused because two versions that
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

/// The version among `others` that `new` may not come after, if there is one: a release must be newer than every release; a
/// pre-release must be newer than the pre-releases of the same release, too. Pre-releases of another are in nobody's way.
pub fn version_in_the_way<'v>(
    new: &Version,
    others: impl Iterator<Item = &'v Version>,
) -> Option<&'v Version> {
    let core = |version: &Version| (version.major, version.minor, version.patch);
    let counts = |other: &Version| other.pre.is_empty() || (!new.pre.is_empty() && core(other) == core(new));
    others.filter(|other| counts(other) && *other > new).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_follows_what_counts() {
        let way = |new: &str, others: &[&str]| {
            let others: Vec<_> = others.iter().map(|text| parse(text).unwrap()).collect();
            version_in_the_way(&parse(new).unwrap(), others.iter()).map(ToString::to_string)
        };
        assert_eq!(way("1.0.1", &["1.0.0", "2.0.0-beta.1"]), None, "a fix beside a coming release");
        assert_eq!(way("1.0.1", &["1.0.0", "1.1.0"]).as_deref(), Some("1.1.0"));
        assert_eq!(way("2.0.0-beta.1", &["1.0.0", "2.0.0-beta.2"]).as_deref(), Some("2.0.0-beta.2"));
        assert_eq!(way("2.0.0-beta.1", &["2.0.0"]).as_deref(), Some("2.0.0"));
        assert_eq!(way("2.0.0", &["2.0.0-rc.1", "1.9.0"]), None);
        assert_eq!(way("1.2.0-beta.1", &["2.0.0-beta.1", "1.1.0"]), None);
    }

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
