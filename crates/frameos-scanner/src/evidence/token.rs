//! Keys of known providers, by their formats; checksums where a format has one.
//!
//! A key is reported without being shown: a report is read by more people than may have the key.

use flate2::Crc;

use super::credential::{entropy, is_placeholder, report};
use super::needles::Family;
use super::{Hit, Text};
use crate::decode;
use crate::findings::Findings;
use crate::role::Role;

/// Which bytes the rest of a key may be made of.
#[derive(Clone, Copy)]
enum Body {
    /// Letters and digits.
    Plain,
    /// Letters, digits, `-` and `_`.
    Url,
    /// As `Url`, with `.`, `+`, `/` and `=`.
    Wide,
    Hex,
    /// Upper-case letters and digits.
    Upper,
}

impl Body {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Plain => byte.is_ascii_alphanumeric(),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Wide => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'=')
            }
            Self::Hex => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        }
    }
}

/// Prefix, its key's name, what follows, at least and at most how much of it.
type Format = (&'static str, &'static str, Body, usize, usize);

const FORMATS: &[Format] = &[
    ("AKIA", "an AWS access key id", Body::Upper, 16, 16),
    ("ASIA", "a temporary AWS access key id", Body::Upper, 16, 16),
    ("ghp_", "a GitHub personal access token", Body::Plain, 36, 36),
    ("gho_", "a GitHub OAuth token", Body::Plain, 36, 36),
    ("ghu_", "a GitHub user token", Body::Plain, 36, 36),
    ("ghs_", "a GitHub server token", Body::Plain, 36, 36),
    ("ghr_", "a GitHub refresh token", Body::Plain, 36, 76),
    ("github_pat_", "a GitHub fine-grained token", Body::Url, 82, 82),
    ("glpat-", "a GitLab access token", Body::Url, 20, 64),
    ("xoxb-", "a Slack bot token", Body::Url, 20, 100),
    ("xoxp-", "a Slack user token", Body::Url, 20, 100),
    ("xoxa-", "a Slack app token", Body::Url, 20, 100),
    ("xoxr-", "a Slack refresh token", Body::Url, 20, 100),
    ("xoxs-", "a Slack session token", Body::Url, 20, 100),
    ("xapp-1-", "a Slack app-level token", Body::Url, 30, 120),
    ("hooks.slack.com/services/", "a Slack webhook", Body::Wide, 40, 80),
    ("discord.com/api/webhooks/", "a Discord webhook", Body::Wide, 60, 120),
    ("discordapp.com/api/webhooks/", "a Discord webhook", Body::Wide, 60, 120),
    ("sk_live_", "a Stripe secret key", Body::Plain, 24, 247),
    ("rk_live_", "a Stripe restricted key", Body::Plain, 24, 247),
    ("whsec_", "a webhook signing secret", Body::Wide, 32, 80),
    ("SG.", "a SendGrid key", Body::Wide, 66, 66),
    ("npm_", "an npm access token", Body::Plain, 36, 36),
    ("pypi-AgE", "a PyPI token", Body::Url, 70, 250),
    ("sk-ant-", "an Anthropic key", Body::Url, 40, 200),
    ("AIza", "a Google API key", Body::Url, 35, 35),
    ("ya29.", "a Google OAuth token", Body::Url, 60, 250),
    ("GOCSPX-", "a Google client secret", Body::Url, 28, 28),
    ("AccountKey=", "an Azure storage key", Body::Wide, 86, 88),
    ("fos_", "a FrameOS token", Body::Url, 32, 64),
    ("gwk_", "a FrameOS gateway client's key", Body::Url, 32, 64),
    ("gws_", "a FrameOS gateway client's signing key", Body::Url, 32, 64),
    ("frt_", "a FrameOS read token", Body::Url, 32, 64),
    ("dop_v1_", "a DigitalOcean token", Body::Hex, 64, 64),
    ("shpat_", "a Shopify token", Body::Hex, 32, 32),
    ("shpss_", "a Shopify secret", Body::Hex, 32, 32),
    ("shpca_", "a Shopify token", Body::Hex, 32, 32),
    ("hf_", "a Hugging Face token", Body::Plain, 34, 34),
    ("key-", "a Mailgun key", Body::Hex, 32, 32),
    ("lin_api_", "a Linear key", Body::Plain, 40, 40),
    ("dckr_pat_", "a Docker Hub token", Body::Url, 27, 27),
    ("sq0csp-", "a Square secret", Body::Url, 43, 43),
    ("EAAAE", "a Square token", Body::Url, 59, 59),
    ("AGE-SECRET-KEY-1", "an age private key", Body::Upper, 58, 58),
    ("hvs.", "a Vault token", Body::Url, 90, 120),
    ("rubygems_", "a RubyGems key", Body::Hex, 48, 48),
    ("pscale_tkn_", "a PlanetScale token", Body::Url, 32, 64),
    ("glsa_", "a Grafana token", Body::Url, 41, 41),
    ("r8_", "a Replicate token", Body::Plain, 37, 37),
    ("gsk_", "a Groq key", Body::Plain, 52, 52),
];

pub(super) fn judge(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    match hit.family {
        Family::Key => private_key(text, hit, findings),
        Family::Before => inner_mark(text, hit, findings),
        _ => prefixed(text, hit, findings),
    }
}

fn prefixed(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    let Some(prefix) = text.text.get(hit.start..hit.end) else { return false };
    if !text.starts_word(hit.start) {
        return false;
    }
    if prefix == "eyJ" {
        return web_token(text, hit, findings);
    }
    // Formats of one length end where they must; others end where their letters do.
    let Some(&(_, name, body, least, most)) = FORMATS.iter().find(|format| format.0 == prefix) else {
        return false;
    };
    let run = text.run(hit.end, most + 1, |byte| body.has(byte));
    let ends = run.len() <= most && text.ends_word(hit.end + run.len());
    if run.len() < least || !ends || is_placeholder(run) || entropy(run) < 2.8 {
        return false;
    }
    let is_checked = matches!(prefix, "ghp_" | "gho_" | "ghu_" | "ghs_" | "npm_");
    if is_checked && !has_checksum(run) || !has_shape(prefix, run) {
        return false;
    }
    let what = if is_checked { format!("{name}, with a valid checksum,") } else { name.to_owned() };
    report(text, hit.start..hit.end + run.len(), &what, findings)
}

/// What formats ask for beyond their letters.
fn has_shape(prefix: &str, body: &str) -> bool {
    let has_digit = body.bytes().any(|byte| byte.is_ascii_digit());
    match prefix {
        "SG." => body.find('.').is_some_and(|dot| dot == 22) && body.len() == 66,
        "hooks.slack.com/services/" => body.starts_with('T') && body.matches('/').count() == 2,
        "discord.com/api/webhooks/" | "discordapp.com/api/webhooks/" => body
            .split_once('/')
            .is_some_and(|(id, key)| id.bytes().all(|b| b.is_ascii_digit()) && key.len() >= 50),
        "xoxb-" | "xoxp-" | "xoxa-" | "xoxr-" | "xoxs-" => has_digit && body.contains('-'),
        "AKIA" | "ASIA" => {
            body.bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte))
        }
        "AccountKey=" => body.ends_with("==") || body.len() == 86,
        "gho_" | "ghp_" | "ghu_" | "ghs_" | "npm_" => true,
        _ => has_digit,
    }
}

/// Whether the last six letters are the CRC-32 of the thirty before them, in base 62, as GitHub and npm write it.
pub(super) fn has_checksum(body: &str) -> bool {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((random, checksum)) = body.split_at_checked(30) else { return false };
    let mut crc = Crc::new();
    crc.update(random.as_bytes());
    let stated = checksum.bytes().try_fold(0_u64, |sum, byte| {
        let digit = DIGITS.iter().position(|known| *known == byte)?;
        Some(sum * 62 + u64::try_from(digit).ok()?)
    });
    checksum.len() == 6 && stated == Some(u64::from(crc.sum()))
}

/// A JSON web token: its first part says what algorithm it is signed with.
fn web_token(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    let run = text.run(hit.start, 4_096, |byte| Body::Url.has(byte) || byte == b'.');
    let mut parts = run.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let has_algorithm =
        decode::base64(header).is_some_and(|header| memchr::memmem::find(&header, b"\"alg\"").is_some());
    let claims = decode::base64(claims).unwrap_or_default();
    // The token that every description of the format shows.
    let is_sample = memchr::memmem::find(&claims, b"John Doe").is_some();
    // A token that was over long ago opens nothing, but only a clock could tell.
    if !has_algorithm
        || !claims.starts_with(b"{")
        || is_sample
        || signature.len() < 40
        || text.role == Role::Prose
    {
        return false;
    }
    report(text, hit.start..hit.start + run.len(), "a signed JSON web token", findings)
}

/// Keys whose tell-tale letters are not their first.
fn inner_mark(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if text.text.get(hit.start..hit.end) == Some("T3BlbkFJ") {
        let head = text.before(hit.start, 120);
        let start = hit.start - head.bytes().rev().take_while(|byte| is_part(byte)).count();
        let key = text.run(start, 250, |byte| is_part(&byte));
        if !key.starts_with("sk-") || key.len() < 51 || is_placeholder(key) {
            return false;
        }
        return report(text, start..start + key.len(), "an OpenAI key", findings);
    }
    let head = text.before(hit.start, 11);
    let digits = head.bytes().rev().take_while(u8::is_ascii_digit).count();
    let key = text.run(hit.start + 1, 36, |byte| is_part(&byte));
    if !(8..=10).contains(&digits) || key.len() != 35 || is_placeholder(key) || entropy(key) < 3.0 {
        return false;
    }
    report(text, hit.start - digits..hit.start + 36, "a Telegram bot token", findings)
}

/// A private key, when its beginning is followed by one; documentation shows the first line alone.
fn private_key(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    let rest = text.after(hit.end, 400);
    let name = match text.text.get(hit.start..hit.end) {
        Some("-----BEGIN ") => match rest.split_once("-----").map(|(name, _)| name) {
            Some(name)
                if name.len() < 40
                    && (name.ends_with("PRIVATE KEY") || name.ends_with("PRIVATE KEY BLOCK")) =>
            {
                name
            }
            _ => return false,
        },
        Some("PuTTY-User-Key-File-") => "PuTTY PRIVATE KEY",
        _ => return service_account(text, hit, findings),
    };
    let from = hit.end + rest.find("-----").map_or(0, |at| at + 5);
    let body = text.after(from, 400);
    // In a string, line ends are written `\n`; between concatenated strings stand quotes.
    let longest = body.replace("\\n", "\n").replace("\\r", "\n");
    let longest = longest
        .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')))
        .max_by_key(|run| run.len());
    let Some(longest) = longest.filter(|run| run.len() >= 40 && !is_placeholder(run) && entropy(run) >= 3.5)
    else {
        return false;
    };
    let start = body.find(longest).map_or(from, |at| from + at);
    let what = format!("a private key ({})", name.to_ascii_lowercase());
    findings.hide(text.text.get(start..start + longest.len()).unwrap_or_default());
    report(text, hit.start..hit.start, &what, findings)
}

/// A Google service account's key file; the key in it is found as such too.
fn service_account(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    let rest = text.after(hit.end, 4_000);
    let has_key = rest.contains("-----BEGIN") && rest.contains("client_email");
    has_key && report(text, hit.start..hit.start, "a Google service account's key", findings)
}
