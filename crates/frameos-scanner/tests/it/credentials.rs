//! Credentials in the bundle: found by format and by name, never shown; what only looks like one is left alone.

use frameos_domain::scan::Verdict;

use crate::support::{each_is, each_is_clean, scan_files};

/// Random-looking letters, so that no real key stands in this file; `seed` makes different ones.
fn letters(alphabet: &str, count: usize, seed: u64) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0)
    };
    (0..count).map(|_| alphabet[next() % alphabet.len()]).collect()
}

const PLAIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &str = "0123456789abcdef";

fn plain(count: usize) -> String {
    letters(PLAIN, count, 7)
}

/// A token of GitHub's and npm's kind: thirty letters and their checksum.
fn with_checksum(prefix: &str) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let random = plain(30);
    let mut crc = flate2::Crc::new();
    crc.update(random.as_bytes());
    let (mut sum, mut checksum) = (crc.sum() as usize, [b'0'; 6]);
    for digit in checksum.iter_mut().rev() {
        *digit = DIGITS[sum % 62];
        sum /= 62;
    }
    format!("{prefix}{random}{}", String::from_utf8_lossy(&checksum))
}

fn keys() -> Vec<String> {
    let jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyIjoiYWRtaW4iLCJpYXQiOjE2fQ";
    vec![
        format!("AKIA{}", letters(UPPER, 16, 3)),
        with_checksum("ghp_"),
        with_checksum("gho_"),
        with_checksum("npm_"),
        format!("github_pat_{}", plain(82)),
        format!("glpat-{}", plain(20)),
        format!("xoxb-210987654321-{}", plain(24)),
        format!(
            "https://hooks.slack.com/services/T{}/B{}/{}",
            letters(UPPER, 8, 1),
            letters(UPPER, 8, 2),
            plain(24)
        ),
        format!("sk_live_{}", plain(24)),
        format!("SG.{}.{}", plain(22), plain(43)),
        format!("pypi-AgE{}", plain(120)),
        format!("sk-ant-api03-{}", plain(90)),
        format!("sk-{}T3BlbkFJ{}", plain(20), letters(PLAIN, 20, 9)),
        format!("sk-proj-{}T3BlbkFJ{}", plain(58), letters(PLAIN, 58, 9)),
        format!("AIza{}", plain(35)),
        format!("81726354{}:AA{}", 11, plain(33)),
        format!("{jwt}.{}", plain(43)),
        format!("DefaultEndpointsProtocol=https;AccountName=x;AccountKey={}==", plain(86)),
        format!("gwk_{}", plain(43)),
        format!("postgres://app:{}@db.internal.net/main", plain(16)),
        format!("mongodb+srv://app:{}@cluster0.abc.mongodb.net", plain(16)),
        format!("shpat_{}", letters(HEX, 32, 5)),
    ]
}

#[test]
fn keys_of_known_providers_are_found_and_not_shown() {
    for key in keys() {
        let report = scan_files(&[("index.js", &format!("const x = '{key}';"))]);
        let found: Vec<_> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert!(found.contains(&"credential"), "{key} has {found:?}");
        let printed = format!("{report:?}");
        let random = plain(16);
        let tail = if key.contains('@') { &random[6..] } else { &key[key.len() - 12..] };
        assert!(!printed.contains(tail), "{key} is shown: {printed}");
        assert_eq!(report.verdict, Verdict::Flag, "{key}");
    }
}

#[test]
fn a_wrong_checksum_is_no_token() {
    for prefix in ["ghp_", "npm_"] {
        let token = with_checksum(prefix);
        let other = if token.ends_with('a') { 'b' } else { 'a' };
        let wrong = format!("{}{other}", &token[..token.len() - 1]);
        each_is_clean("index.js", &[&format!("const x = '{wrong}'")]);
    }
}

#[test]
fn private_keys_are_found_with_their_bodies_only() {
    let body = plain(64);
    for kind in ["RSA ", "EC ", "OPENSSH ", ""] {
        let pem =
            format!("-----BEGIN {kind}PRIVATE KEY-----\n{body}\n{body}\n-----END {kind}PRIVATE KEY-----\n");
        let report = scan_files(&[("keys/id.pem", &pem)]);
        assert_eq!(report.findings.len(), 1, "{kind}: {:?}", report.findings);
        let in_code = format!("const k = '-----BEGIN {kind}PRIVATE KEY-----\\n{body}\\n';");
        let report = scan_files(&[("index.js", &in_code)]);
        assert_eq!(report.findings[0].rule, "credential");
        assert!(!format!("{report:?}").contains(&body[8..]), "shown");
    }
    each_is_clean(
        "index.js",
        &[
            "const isKey = text.startsWith('-----BEGIN RSA PRIVATE KEY-----')",
            "const k = '-----BEGIN PRIVATE KEY-----\\n...\\n-----END PRIVATE KEY-----'",
            &format!("const k = '-----BEGIN PUBLIC KEY-----\\n{body}\\n-----END PUBLIC KEY-----'"),
            &format!("const k = '-----BEGIN CERTIFICATE-----\\n{body}\\n-----END CERTIFICATE-----'"),
        ],
    );
}

#[test]
fn secrets_are_known_by_the_names_they_are_assigned_to() {
    let value = plain(32);
    each_is(
        "credential",
        "index.js",
        &[
            &format!("const apiKey = '{value}'"),
            &format!("const x = {{ client_secret: \"{value}\" }}"),
            &format!("const x = {{ 'auth-token': '{value}' }}"),
            &format!("config.encryptionKey = '{}'", letters(HEX, 64, 4)),
            "const dbPassword = 'Tr0ub4dor&3x9!'",
        ],
    );
    each_is("credential", "main.py", &[&format!("SECRET_KEY = '{value}'\n")]);
    each_is("credential", "config.json", &[&format!("{{\"apiKey\": \"{value}\"}}")]);
    each_is("credential", ".env", &[&format!("PORT=1\nSTRIPE_SECRET={value}\n")]);
    each_is("credential", ".npmrc", &[&format!("//registry.example.org/:_authToken='{value}'\n")]);
}

#[test]
fn placeholders_hashes_and_names_are_no_secrets() {
    let hex = letters(HEX, 40, 4);
    each_is_clean(
        "index.js",
        &[
            "const id = 'AKIAIOSFODNN7EXAMPLE'",
            "const apiKey = 'your-api-key-goes-here-12345'",
            "const apiKey = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
            "const apiKey = process.argv[2]",
            "const token = 'keyword.operator.assignment2'",
            "const secret = '${SECRET_NUMBER_1_OF_2_IN_ENV}'",
            "const password = 'password123'",
            "const tokenType = 'Bearer'",
            "const id = '0b7c2b8e-4d0e-4c5e-9a53-2f6e1d0c9b8a'",
            "const token = '0b7c2b8e-4d0e-4c5e-9a53-2f6e1d0c9b8a'",
            &format!("const commit = '{hex}'"),
            "if (token == 'a8Fj29dkQ02mzLq84Hs7Xw61') {}",
            "const url = 'postgres://user:password@localhost/db'",
            "const url = `postgres://${user}:${password}@${host}/db`",
            "task-risk-disk-sk-ant",
        ],
    );
    let sha = plain(86);
    each_is_clean("package-lock.json", &[&format!("{{\"a\": {{\"integrity\": \"sha512-{sha}==\"}}}}")]);
    each_is_clean(".env.example", &["API_KEY=\nSECRET_TOKEN=a8Fj29dkQ02mzLq84Hs7Xw61\n"]);
    each_is_clean("README.md", &["Set `apiKey: 'a8Fj29dkQ02mzLq84Hs7Xw61'` first."]);
}

#[test]
fn a_secret_is_hidden_in_every_finding_on_its_line() {
    let key = format!("sk_live_{}", plain(24));
    let report = scan_files(&[("index.js", &format!("eval(x); const k = '{key}';"))]);
    assert!(report.findings.len() >= 2);
    assert!(!format!("{report:?}").contains(&key[8..]), "{report:?}");
}
