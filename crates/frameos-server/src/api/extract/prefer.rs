//! The `Prefer: wait=N` header (RFC 7240): how long a client would like an answer to be held back for a result.

use std::{convert::Infallible, time::Duration};

use axum::{extract::FromRequestParts, http::request::Parts};

/// The longest wait that is granted.
const LONGEST: u64 = 60;

/// The granted wait; `None` when none, or something else, was asked for. A preference is never an error.
pub(crate) struct Prefer {
    pub wait: Option<Duration>,
}

impl<S: Send + Sync> FromRequestParts<S> for Prefer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let values = parts.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        Ok(Self { wait: values.flat_map(|value| value.split([',', ';'])).find_map(wait) })
    }
}

fn wait(preference: &str) -> Option<Duration> {
    let (name, value) = preference.split_once('=')?;
    let seconds: u64 = value.trim().trim_matches('"').parse().ok()?;
    name.trim().eq_ignore_ascii_case("wait").then(|| Duration::from_secs(seconds.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_wait_among_other_preferences() {
        assert_eq!(wait("wait=5"), Some(Duration::from_secs(5)));
        assert_eq!(wait(" Wait = \"7\""), Some(Duration::from_secs(7)));
        assert_eq!(wait("wait=1000"), Some(Duration::from_secs(60)));
        assert_eq!(wait("wait=-1"), None);
        assert_eq!(wait("respond-async"), None);
    }
}
