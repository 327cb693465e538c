//! The forms that are found, and that no cut of a text hides anything.

use base64::{Engine, engine::general_purpose};
use proptest::prelude::*;

use super::*;

/// What is left to see of an encoded secret may be a few characters at its ends, which it shares with its surroundings.
fn visible(redacted: &str) -> usize {
    redacted.replace(MASK, "").chars().count()
}

fn streamed(redactor: &Redactor, text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut stream = redactor.stream();
    let (mut out, mut from) = (Vec::new(), 0);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.sort_unstable();
    for cut in cuts.into_iter().chain([text.len()]) {
        out.extend(stream.push(&text[from..cut]));
        from = cut;
    }
    out.extend(stream.finish(false));
    out
}

fn percent_all(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[test]
fn secrets_vanish_in_every_common_form() {
    let redactor = Redactor::new(["s3cr3t/key+", "abc"]);
    for (text, expect) in [
        ("key=s3cr3t/key+.", "key=[redacted]."),
        ("czNjcjN0L2tleSs=", "[redacted]="),
        ("q=s3cr3t%2Fkey%2B&x=1", "q=[redacted]&x=1"),
        ("q=s3cr3t%2fkey%2b", "q=[redacted]"),
        ("q=s3cr3t/key%2B", "q=[redacted]"),
        ("73336372337 73336372337", "73336372337 73336372337"),
        ("733363723374 2f 7333637233742f6b65792b", "733363723374 2f [redacted]"),
        ("abc", "abc"),
    ] {
        assert_eq!(redactor.redact(text), expect);
    }
    let value = serde_json::json!({"s3cr3t/key+": ["x", {"y": "is s3cr3t/key+"}], "n": 1});
    assert_eq!(
        redactor.redact_json(value),
        serde_json::json!({"[redacted]": ["x", {"y": "is [redacted]"}], "n": 1})
    );
    let pin = Redactor::new(["1234"]);
    assert_eq!(pin.redact_json(serde_json::json!([1234, 51234, 1.5])), serde_json::json!([MASK, 51234, 1.5]));
}

#[test]
fn overlapping_secrets_leave_nothing_of_each_other() {
    let redactor = Redactor::new(["abcdef", "defghi", "cdef"]);
    assert_eq!(redactor.redact("xabcdefghix"), "x[redacted]x");
    assert_eq!(redactor.redact("abcdefabcdef"), MASK);
}

#[test]
fn a_line_is_not_held_back_for_what_cannot_come() {
    let mut stream = Redactor::new(["hunter2-hunter2"]).stream();
    assert_eq!(stream.push(b"hello\n"), b"hello\n");
    assert_eq!(stream.push(b"it is hunt"), b"it is ");
    assert_eq!(stream.push(b"er2-hunter2"), b"");
    assert_eq!(stream.push(b"\n"), b"[redacted]\n");
    assert_eq!(stream.push(b"hunter"), b"");
    assert_eq!(stream.finish(false), b"hunter");
}

#[test]
fn what_a_cut_left_of_a_secret_is_masked() {
    let redactor = Redactor::new(["hunter2-hunter2"]);
    assert_eq!(redactor.redact_cut("it is hunter2-h"), "it is [redacted]");
    assert_eq!(redactor.redact("it is hunter2-h"), "it is hunter2-h");
    assert_eq!(redactor.redact_cut("it is hun"), "it is hun");
}

#[test]
fn long_secrets_vanish_whole_and_are_not_held_whole() {
    let secret: String = (0..20_000).map(|n| format!("{n:05}é")).collect();
    let redactor = Redactor::new([secret.as_str()]);
    assert_eq!(redactor.redact(&format!("<{secret}>")), "<[redacted]>");
    let encoded = general_purpose::STANDARD.encode(&secret[..3_000]);
    assert!(visible(&redactor.redact(&encoded)) < 700, "but for what is shorter than a piece");
    let mut stream = redactor.stream();
    stream.push(&secret.as_bytes()[..50_000]);
    assert!(stream.held.len() < 4 * 512);
}

proptest! {
    #[test]
    fn any_secret_is_found_in_any_surrounding(secret in "\\PC{4,40}", before in "\\PC{0,9}", after in "\\PC{0,9}") {
        let redactor = Redactor::new([secret.as_str()]);
        let around = before.len() + after.len();
        let text = format!("{before}{secret}{after}");
        prop_assert!(!redactor.redact(&text).contains(&secret) || MASK.contains(&secret));
        for encoded in [
            general_purpose::STANDARD.encode(&text),
            general_purpose::STANDARD_NO_PAD.encode(&text),
            general_purpose::URL_SAFE.encode(&text),
            general_purpose::URL_SAFE_NO_PAD.encode(&text),
        ] {
            let redacted = redactor.redact(&encoded);
            prop_assert!(visible(&redacted) <= around * 4 / 3 + 6, "{encoded} → {redacted}");
        }
        for encoded in [percent_all(&text), percent_all(&text).to_uppercase()] {
            prop_assert_eq!(visible(&redactor.redact(&encoded)), around * 3);
        }
        for encoded in [hex::encode(&text), hex::encode_upper(&text)] {
            prop_assert!(visible(&redactor.redact(&encoded)) <= around * 2);
        }
        let escaped = Value::String(secret).to_string();
        prop_assert!(visible(&redactor.redact(&escaped)) <= 2);
    }

    #[test]
    fn any_split_gives_the_same(
        secrets in proptest::collection::vec("[ab]{4,7}|\\PC{4,9}", 1..4),
        text in proptest::collection::vec("[ab]{0,9}|\\PC{0,9}", 0..8),
        picks in proptest::collection::vec(0_usize..4, 0..8),
        cuts in proptest::collection::vec(0_usize..300, 0..12),
    ) {
        let redactor = Redactor::new(secrets.iter().map(String::as_str));
        let picked = picks.iter().filter_map(|pick| secrets.get(*pick));
        let text: String = text.iter().chain(picked).map(String::as_str).collect();
        let whole = redactor.redact(&text);
        prop_assert_eq!(&streamed(&redactor, text.as_bytes(), &cuts), whole.as_bytes());
        let bytes: Vec<usize> = (0..=text.len()).collect();
        prop_assert_eq!(&streamed(&redactor, text.as_bytes(), &bytes), whole.as_bytes());
    }
}
