//! Hostile and broken bundles over HTTP: each is refused with its own code, and nothing of it is kept.

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use crate::harness::{TestApp, node_agent, pack};

type Gz = GzEncoder<Vec<u8>>;

/// Adds an entry whose path is written as it is, however wrong.
fn raw(tar: &mut Builder<Gz>, path: &str, kind: EntryType, content: &[u8], size: u64) {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    if kind == EntryType::Symlink || kind == EntryType::Link {
        header.as_mut_bytes()[157..168].copy_from_slice(b"/etc/passwd");
    }
    header.set_cksum();
    tar.append(&header, content).unwrap();
}

fn file(tar: &mut Builder<Gz>, path: &str, content: &[u8]) {
    raw(tar, path, EntryType::Regular, content, content.len() as u64);
}

fn whole(tar: &mut Builder<Gz>) {
    file(tar, "manifest.json", node_agent("bad", "").manifest.to_string().as_bytes());
    file(tar, "index.js", b"module.exports = () => ({});");
}

fn bad_bundles() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        (
            "BUNDLE_PATH_TRAVERSAL",
            pack(|tar| {
                whole(tar);
                file(tar, "../escape", b"x");
            }),
        ),
        (
            "BUNDLE_PATH_ABSOLUTE",
            pack(|tar| {
                whole(tar);
                file(tar, "/etc/cron.d/x", b"x");
            }),
        ),
        (
            "BUNDLE_LINK",
            pack(|tar| {
                whole(tar);
                raw(tar, "link", EntryType::Symlink, b"", 0);
            }),
        ),
        (
            "BUNDLE_LINK",
            pack(|tar| {
                whole(tar);
                raw(tar, "hard", EntryType::Link, b"", 0);
            }),
        ),
        (
            "BUNDLE_SPECIAL_FILE",
            pack(|tar| {
                whole(tar);
                raw(tar, "pipe", EntryType::Fifo, b"", 0);
            }),
        ),
        (
            "BUNDLE_DUPLICATE_PATH",
            pack(|tar| {
                whole(tar);
                file(tar, "index.js", b"other");
            }),
        ),
        (
            "BUNDLE_CASE_COLLISION",
            pack(|tar| {
                whole(tar);
                file(tar, "Index.js", b"other");
            }),
        ),
        ("BUNDLE_NO_MANIFEST", pack(|tar| file(tar, "index.js", b"x"))),
        (
            "BUNDLE_NO_ENTRYPOINT",
            pack(|tar| {
                file(tar, "manifest.json", node_agent("bad", "").manifest.to_string().as_bytes());
            }),
        ),
        (
            "BUNDLE_TOO_MANY_ENTRIES",
            pack(|tar| {
                whole(tar);
                for index in 0..2_100 {
                    file(tar, &format!("f{index}"), b"");
                }
            }),
        ),
        // A bomb: 200 MB of zeros in 200 kB.
        (
            "BUNDLE_UNPACKED_TOO_LARGE",
            pack(|tar| {
                whole(tar);
                let zeros = vec![0; 10 << 20];
                for index in 0..20 {
                    file(tar, &format!("z{index}"), &zeros);
                }
            }),
        ),
        ("BUNDLE_NOT_GZIP", b"PK\x03\x04 a zip".to_vec()),
        ("BUNDLE_NOT_TAR", {
            let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
            gz.write_all(&[b'x'; 2048]).unwrap();
            gz.finish().unwrap()
        }),
        ("BUNDLE_TOO_LARGE", vec![0x1f; (10 << 20) + 1]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_bundle_has_its_own_code() {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    for (code, bundle) in bad_bundles() {
        let mut body = node_agent("bad", "").body();
        body["code_base64"] = json!(STANDARD.encode(bundle));
        let answer = developer.post("/agents/register", &body).await;
        assert_eq!((answer.status, answer.code()), (422, code), "{}", answer.text);
    }
    let mut body = node_agent("bad", "").body();
    body["code_base64"] = json!("not base64!");
    assert_eq!(developer.post("/agents/register", &body).await.expect(422).code(), "BUNDLE_NOT_BASE64");
    assert_eq!(developer.get("/agents?mine=true").await.data()["total"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_claims_more_than_it_has_is_refused() {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    let mut tar = Vec::new();
    let mut header = Header::new_gnu();
    header.set_path("manifest.json").unwrap();
    header.set_size(4_000);
    header.set_mode(0o644);
    header.set_cksum();
    tar.extend_from_slice(header.as_bytes());
    tar.extend_from_slice(b"{}");
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(&tar).unwrap();
    let mut body = node_agent("bad", "").body();
    body["code_base64"] = json!(STANDARD.encode(gz.finish().unwrap()));
    let answer = developer.post("/agents/register", &body).await.expect(422);
    assert!(["BUNDLE_SIZE_MISMATCH", "BUNDLE_NOT_TAR"].contains(&answer.code()), "{}", answer.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_bundle_fits_and_a_larger_body_does_not() {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    // Noise does not compress, so packed is about as large as unpacked.
    let mut noise = vec![0; 9 << 20];
    let mut state = 1_u64;
    for byte in &mut noise {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *byte = (state >> 32) as u8;
    }
    let agent = node_agent("large", "module.exports = () => ({});");
    let mut body = agent.body();
    body["code_base64"] = json!(STANDARD.encode(pack(|tar| {
        whole(tar);
        file(tar, "data.bin", &noise);
    })));
    developer.post("/agents/register", &body).await.expect(201);
    body["code_base64"] = Value::String("A".repeat(17 << 20));
    let request =
        developer.request(reqwest::Method::POST, "/agents/register").header("idempotency-key", "big");
    // The server may hang up before it has read all of it.
    if let Ok(response) = request.json(&body).send().await {
        assert_eq!(response.status(), 413);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dangerous_code_is_refused_with_its_findings() {
    let app = TestApp::start().await;
    let developer = app.developer("maker").await;
    let body = node_agent("evil", "module.exports = (i) => eval(i.text);").body();
    let answer = developer.post("/agents/register", &body).await.expect(422);
    assert_eq!(answer.code(), "SCAN_REJECTED");
    let finding = &answer.json["error"]["details"]["scan_report"]["findings"][0];
    assert_eq!((&finding["file"], &finding["line"]), (&json!("index.js"), &json!(1)), "{}", answer.text);
    app.finish().await;
}
