//! Where objects are kept: a folder, or a bucket of S3 with what AWS's own tools read from the environment.
//!
//! Invariant: a secret is given by the environment or a key of its own, never in the URL, which is shown.

use std::path::PathBuf;

use frameos_store::S3Config;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{
    key::{Raw, Refused},
    read::{string, url, visible},
};

/// What AWS's tools read that an object store can use: credentials, or where to get them. In the order of precedence where two say the
/// same.
pub(super) const AWS_VARIABLES: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// What an operator says of objects.
#[derive(Debug, Clone, Default)]
pub struct ObjectsConfig {
    /// `None`: a folder in the data directory.
    pub place: Option<ObjectsPlace>,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<SecretString>,
    pub session_token: Option<SecretString>,
    /// The variables of AWS's tools that are set.
    pub aws: Vec<(String, SecretString)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectsPlace {
    Folder(PathBuf),
    S3(Bucket),
}

/// `s3://bucket/prefix?region=…&endpoint=…&style=path`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bucket {
    pub name: String,
    pub prefix: String,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    /// `style=virtual`: the bucket is part of the host's name.
    pub virtual_hosted: Option<bool>,
}

impl std::fmt::Display for ObjectsPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bucket = match self {
            Self::Folder(path) => return write!(f, "file://{}", path.display()),
            Self::S3(bucket) => bucket,
        };
        write!(f, "s3://{}", bucket.name)?;
        if !bucket.prefix.is_empty() {
            write!(f, "/{}", bucket.prefix)?;
        }
        let style =
            bucket.virtual_hosted.map(|virtual_hosted| if virtual_hosted { "virtual" } else { "path" });
        let said = [
            ("region", bucket.region.as_deref()),
            ("endpoint", bucket.endpoint.as_deref()),
            ("style", style),
        ];
        let said = said.into_iter().filter_map(|(name, value)| Some((name, value?)));
        for (index, (name, value)) in said.enumerate() {
            write!(f, "{}{name}={value}", if index == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

pub(super) fn place(raw: Raw<'_>) -> Result<ObjectsPlace, Refused> {
    let text = visible(raw)?;
    match text.split_once("://") {
        Some(("file", path)) if path.starts_with('/') => Ok(ObjectsPlace::Folder(PathBuf::from(path))),
        Some(("s3", rest)) => bucket(rest).map(ObjectsPlace::S3).ok_or(Refused::NotAllowed),
        _ => Err(Refused::NotAllowed),
    }
}

pub(super) fn access_key_id(raw: Raw<'_>) -> Result<String, Refused> {
    visible(raw)
}

pub(super) fn secret(raw: Raw<'_>) -> Result<SecretString, Refused> {
    let text = string(raw)?;
    if text.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(text.into()) } else { Err(Refused::NotAllowed) }
}

fn bucket(text: &str) -> Option<Bucket> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let (name, prefix) = path.split_once('/').unwrap_or((path, ""));
    let mut bucket = Bucket {
        name: name.to_owned(),
        prefix: prefix.trim_end_matches('/').to_owned(),
        ..Bucket::default()
    };
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    // No user name or port hides in a bucket's name: a secret given there would be shown.
    let is_name = (3..=63).contains(&name.len()) && name.bytes().all(letters);
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
            && part != "."
            && part != ".."
    };
    if !is_name || !(bucket.prefix.is_empty() || bucket.prefix.split('/').all(part)) {
        return None;
    }
    for (name, value) in query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    {
        match (name, value) {
            ("region", region) if region.bytes().all(letters) && !region.is_empty() => {
                bucket.region = Some(region.to_owned());
            }
            ("endpoint", endpoint) => {
                let endpoint = url(Raw::Text(endpoint)).ok()?;
                if endpoint.contains(['@', '?', '#']) {
                    return None;
                }
                bucket.endpoint = Some(endpoint);
            }
            ("style", "path") => bucket.virtual_hosted = Some(false),
            ("style", "virtual") => bucket.virtual_hosted = Some(true),
            _ => return None,
        }
    }
    Some(bucket)
}

impl ObjectsConfig {
    /// The bucket with its credentials; None where objects are in a folder.
    pub(crate) fn s3(&self) -> Option<Result<S3Config, &'static str>> {
        let Some(ObjectsPlace::S3(bucket)) = &self.place else { return None };
        let own = [
            ("AWS_ACCESS_KEY_ID", self.access_key_id.as_deref()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_access_key.as_ref().map(ExposeSecret::expose_secret)),
            ("AWS_SESSION_TOKEN", self.session_token.as_ref().map(ExposeSecret::expose_secret)),
        ];
        // A token of the environment belongs to the environment's key.
        let is_own = own.iter().any(|(_, value)| value.is_some());
        let inherited = |name: &str| !(is_own && own.iter().any(|(key, _)| *key == name));
        let mut settings: Vec<(String, Zeroizing<String>)> = Vec::new();
        for variable in AWS_VARIABLES.iter().filter(|name| inherited(name)) {
            let found =
                self.aws.iter().find(|(name, value)| name == variable && !value.expose_secret().is_empty());
            if let Some((name, value)) = found {
                settings.push((name.clone(), value.expose_secret().to_owned().into()));
            }
        }
        for (name, value) in own {
            settings.extend(value.map(|value| (name.to_owned(), value.to_owned().into())));
        }
        let of = |wanted: &[&str]| {
            settings
                .iter()
                .rev()
                .find(|(name, _)| wanted.contains(&name.as_str()))
                .map(|(_, value)| value.to_string())
        };
        let endpoint = bucket.endpoint.clone().or_else(|| of(&["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"]));
        let region = bucket.region.clone().or_else(|| of(&["AWS_DEFAULT_REGION", "AWS_REGION"]));
        let has = |name: &str| settings.iter().any(|(known, _)| known == name);
        match (has("AWS_ACCESS_KEY_ID"), has("AWS_SECRET_ACCESS_KEY")) {
            (true, true) => {}
            // Machines of AWS have a service that gives them credentials; others would wait for it in vain.
            (false, false) if endpoint.is_none() => {}
            (false, false) => {
                return Some(Err(
                    "there are no credentials for the endpoint of objects.url: set AWS_ACCESS_KEY_ID and \
                     AWS_SECRET_ACCESS_KEY, or objects.access_key_id and objects.secret_access_key",
                ));
            }
            _ => {
                return Some(Err(
                    "the access key of objects.url has only one half: its id and its secret are both needed",
                ));
            }
        }
        // The bucket's own words count; what they became must not be said twice.
        settings.retain(|(name, _)| !name.starts_with("AWS_ENDPOINT_URL") && !name.ends_with("_REGION"));
        // AWS itself is giving paths up; stores of others mostly have no name for each bucket.
        let virtual_hosted = bucket.virtual_hosted.unwrap_or(endpoint.is_none());
        Some(Ok(S3Config {
            bucket: bucket.name.clone(),
            prefix: bucket.prefix.clone(),
            region,
            endpoint: endpoint.map(|endpoint| host_of_bucket(endpoint, &bucket.name, virtual_hosted)),
            virtual_hosted,
            settings,
        }))
    }
}

/// With the bucket in the host's name, the endpoint is that host's.
fn host_of_bucket(endpoint: String, bucket: &str, virtual_hosted: bool) -> String {
    match endpoint.split_once("://") {
        Some((scheme, host)) if virtual_hosted => format!("{scheme}://{bucket}.{host}"),
        _ => endpoint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_as_it_is_shown() {
        for text in [
            "file:///srv/objects",
            "s3://bucket",
            "s3://bucket/a/b",
            "s3://my.bucket-1/p?region=eu-west-1&endpoint=http://127.0.0.1:9000&style=path",
            "s3://bucket?style=virtual",
        ] {
            assert_eq!(place(Raw::Text(text)).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_place_or_would_show_a_secret_is_refused() {
        for text in [
            "s3://",
            "s3://key:secret@bucket",
            "s3://Bucket",
            "s3://bucket/../x",
            "s3://bucket?secret=x",
            "s3://bucket?endpoint=http://key:secret@host",
            "s3://bucket?style=odd",
            "file://relative",
            "/srv/objects",
        ] {
            assert!(place(Raw::Text(text)).is_err(), "{text}");
        }
    }

    fn config(text: &str, aws: &[(&str, &str)]) -> ObjectsConfig {
        let aws = aws.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect();
        ObjectsConfig { place: Some(place(Raw::Text(text)).unwrap()), aws, ..ObjectsConfig::default() }
    }

    #[test]
    fn the_url_wins_over_the_environment_and_own_credentials_over_aws_ones() {
        let both = [
            ("AWS_ACCESS_KEY_ID", "theirs"),
            ("AWS_SECRET_ACCESS_KEY", "hidden"),
            ("AWS_SESSION_TOKEN", "token"),
            ("AWS_REGION", "eu-north-1"),
            ("AWS_ENDPOINT_URL_S3", "http://s3.example:9000"),
        ];
        let s3 = config("s3://bucket", &both).s3().unwrap().unwrap();
        assert_eq!(
            (s3.region.as_deref(), s3.endpoint.as_deref()),
            (Some("eu-north-1"), Some("http://s3.example:9000"))
        );
        assert_eq!(s3.settings.len(), 3);
        let mut own = config("s3://bucket?region=r1&endpoint=https://other.example&style=virtual", &both);
        own.access_key_id = Some("ours".into());
        own.secret_access_key = Some("quiet".to_owned().into());
        let s3 = own.s3().unwrap().unwrap();
        assert_eq!(
            (s3.region.as_deref(), s3.endpoint.as_deref()),
            (Some("r1"), Some("https://bucket.other.example"))
        );
        let settings: Vec<_> =
            s3.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(settings, [("AWS_ACCESS_KEY_ID", "ours"), ("AWS_SECRET_ACCESS_KEY", "quiet")]);
        let shown = format!("{s3:?} {own:?}");
        assert!(!shown.contains("quiet") && !shown.contains("hidden"), "{shown}");
    }

    #[test]
    fn credentials_are_asked_for_where_nobody_gives_them() {
        assert!(config("s3://bucket?endpoint=http://127.0.0.1:1", &[]).s3().unwrap().is_err());
        assert!(config("s3://bucket", &[("AWS_ACCESS_KEY_ID", "half")]).s3().unwrap().is_err());
        assert!(config("s3://bucket", &[]).s3().unwrap().is_ok(), "an AWS machine has its own");
        assert!(config("file:///x", &[]).s3().is_none());
    }
}
