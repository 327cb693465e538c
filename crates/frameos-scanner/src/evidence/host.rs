//! Hosts that a text names, and those that nobody names for a good reason.

use super::credential::{entropy, is_placeholder, report};
use super::{Family, Hit, Text};
use crate::findings::Findings;
use crate::role::Role;
use crate::rules;

/// A URL: its host is noted, its password and its bare address are reported.
pub(super) fn url(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let before = text.before(hit.start, 20);
    let scheme = &before[before.len() - before.bytes().rev().take_while(|byte| is_scheme(byte)).count()..];
    let authority = text.run(hit.end, 300, |byte| {
        byte > b' '
            && !matches!(
                byte,
                b'/' | b'?'
                    | b'#'
                    | b'"'
                    | b'\''
                    | b'`'
                    | b'<'
                    | b'>'
                    | b')'
                    | b']'
                    | b'|'
                    | b'\\'
                    | b','
                    | b';'
            )
    });
    if scheme.is_empty() || authority.is_empty() {
        return false;
    }
    let (user, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let start = hit.start - scheme.len();
    let mut found = password_in(text, hit.end, (scheme, user, address), findings);
    let host = address.split(':').next().unwrap_or(address).trim_end_matches('.').to_ascii_lowercase();
    if text.role == Role::Program && is_host(&host) && !text.in_comment(start) {
        findings.note(|facts| &mut facts.hosts, &host);
        if is_public_address(&host) {
            let what = format!("the URL {scheme}://{address} has an address instead of a name");
            findings.at(rules::ADDRESS_URL, text.source, text.place(start), &what);
            found = true;
        }
    }
    found
}

fn password_in(
    text: &Text<'_, '_>,
    authority: usize,
    (scheme, user, host): (&str, &str, &str),
    findings: &mut Findings,
) -> bool {
    let Some((name, password)) = user.split_once(':') else { return false };
    let is_local = host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("example.");
    let is_known = name == password
        || matches!(password, "postgres" | "root" | "admin" | "guest" | "pass" | "pw" | "mysql" | "user");
    let is_made = password.contains(['$', '{', '%', '<', '*', '(']);
    if password.len() < 6
        || is_local
        || is_known
        || is_made
        || is_placeholder(password)
        || entropy(password) < 2.0
        || text.role == Role::Prose
    {
        return false;
    }
    let from = authority + name.len() + 1;
    findings.hide(password);
    let what = format!("a password in a {scheme} URL");
    report(text, from..from + password.len(), &what, findings)
}

/// Services that take data from anybody, places without a name, and where clouds keep their programs' keys.
pub(super) fn service(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    let is_read = matches!(text.role, Role::Program | Role::Config) && !text.in_comment(hit.start);
    if !is_read {
        return false;
    }
    let name = text.text.get(hit.start..hit.end).unwrap_or_default();
    let place = text.place(hit.start);
    match hit.family {
        Family::Metadata if stands_alone(text, hit) => {
            let what = format!("{name} is where clouds hand out the credentials of the machine");
            findings.at(rules::CLOUD_METADATA, text.source, place, &what);
        }
        Family::Onion => {
            let label = text.before(hit.start, 56);
            let label = label
                .bytes()
                .rev()
                .take_while(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(b))
                .count();
            if !matches!(label, 16 | 56) || !text.ends_word(hit.end) {
                return false;
            }
            findings.at(
                rules::DROP_SERVICE,
                text.source,
                place,
                "a hidden service of the Tor network is named",
            );
        }
        Family::Drop if text.starts_word(hit.start) => {
            let what = format!("{name} takes in or gives out data without saying whose it is");
            findings.at(rules::DROP_SERVICE, text.source, place, &what);
        }
        _ => return false,
    }
    true
}

/// Whether a number or name is not part of a longer one.
fn stands_alone(text: &Text<'_, '_>, hit: Hit) -> bool {
    let dotted = text.before(hit.start, 1) == "."
        || text.run(hit.end, 2, |b| b == b'.' || b.is_ascii_digit()).len() == 2;
    text.starts_word(hit.start) && text.ends_word(hit.end) && !dotted
}

/// Addresses that stand alone in a string: `'203.0.113.9'`.
pub(super) fn quoted_addresses(text: &Text<'_, '_>, findings: &mut Findings) {
    if text.role != Role::Program {
        return;
    }
    let bytes = text.text.as_bytes();
    let mut budget = 100;
    for at in memchr::memchr2_iter(b'"', b'\'', bytes) {
        if !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
            continue;
        }
        let run = text.run(at + 1, 22, |byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':'));
        let host = run.split(':').next().unwrap_or(run);
        let is_closed = bytes.get(at + 1 + run.len()).is_some_and(|byte| matches!(byte, b'"' | b'\''));
        if is_closed && is_public_address(host) && budget > 0 && !text.in_comment(at) {
            budget -= 1;
            findings.note(|facts| &mut facts.hosts, host);
        }
    }
}

/// Whether a name is a host's: labels of letters and digits, the last of letters, or an address.
fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let top = name.rsplit('.').next().unwrap_or_default();
    let is_named = name.contains('.') && top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    name.len() <= 253 && name.split('.').all(is_label) && (is_named || octets(name).is_some())
}

fn octets(name: &str) -> Option<[u8; 4]> {
    let mut parts = name.split('.').map(|part| part.parse().ok().filter(|_| !part.starts_with('+')));
    let octets = [parts.next()??, parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(octets)
}

/// Whether a host is an address on the internet: not of this machine, a private network, or the documentation.
fn is_public_address(host: &str) -> bool {
    match octets(host) {
        None
        | Some(
            [0 | 10 | 127 | 224..=255, ..]
            | [169, 254, ..]
            | [192, 168, ..]
            | [192, 0, 2, _]
            | [198, 51, 100, _]
            | [203, 0, 113, _],
        ) => false,
        Some([172, second, ..]) => !(16..=31).contains(&second),
        Some([100, second, ..]) => !(64..=127).contains(&second),
        // Resolvers that everybody knows, and the address of all examples.
        Some([1, 1, 1, 1] | [8, 8, 8 | 4, 8 | 4] | [9, 9, 9, 9] | [1, 2, 3, 4] | [1, 0, 0, 1]) => false,
        Some(_) => true,
    }
}
