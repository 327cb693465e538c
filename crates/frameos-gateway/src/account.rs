//! Whose account a stored name is: `alice` is the platform's own, `gwc_…/alice` is that client's.
//!
//! Invariant: what derives from a stored name stays with its client. A name that comes over the wire has no `/`, so nobody can
//! name another's account.

use frameos_domain::id::ClientId;

const MARK: char = '/';

/// The stored name of `name`, an account of `client`'s or of the platform's own.
pub(crate) fn account_of(client: Option<ClientId>, name: &str) -> String {
    client.map_or_else(|| name.to_owned(), |client| format!("{client}{MARK}{name}"))
}

/// Whose account it is, and what its owner calls it.
pub(crate) fn account_parts(stored: &str) -> (Option<ClientId>, &str) {
    let parts = stored.split_once(MARK).and_then(|(client, name)| Some((client.parse().ok()?, name)));
    parts.map_or((None, stored), |(client, name)| (Some(client), name))
}

/// What its owner calls it.
pub(crate) fn account_name(stored: &str) -> &str {
    account_parts(stored).1
}

/// The stored name of another account of the same client's.
pub(crate) fn account_beside(stored: &str, name: &str) -> String {
    account_of(account_parts(stored).0, name)
}

#[cfg(test)]
mod tests {
    use frameos_domain::clock::Timestamp;

    use super::*;

    #[test]
    fn a_name_belongs_to_one_client() {
        let client = ClientId::generate(Timestamp::from_micros(0));
        let stored = account_of(Some(client), "alice");
        assert_eq!(account_parts(&stored), (Some(client), "alice"));
        assert_eq!(account_parts("alice"), (None, "alice"));
        assert_eq!(account_parts("gwc_x/alice"), (None, "gwc_x/alice"));
        assert_eq!(account_beside(&stored, "platform"), format!("{client}/platform"));
        assert_eq!(account_beside("alice", "platform"), "platform");
    }
}
