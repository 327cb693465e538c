//! Files by what they hold: programs under other names, archives and what is in them, hooks, pickles.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};
use frameos_domain::scan::{ScanReport, Verdict};
use frameos_scanner::bundle::Bundle;
use frameos_scanner::scan;
use proptest::prelude::*;

use crate::support::{each_is_clean, rules, scan_files};

fn scan_bytes(path: &str, bytes: &[u8]) -> ScanReport {
    scan(&Bundle::from_files([(path.to_owned(), bytes.to_vec())]).expect("path is valid"))
}

fn found(path: &str, bytes: &[u8]) -> Vec<String> {
    scan_bytes(path, bytes).findings.into_iter().map(|finding| finding.rule).collect()
}

/// A zip archive with the given files, deflated.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(bytes).expect("in memory");
        let packed = deflate.finish().expect("in memory");
        let mut crc = Crc::new();
        crc.update(bytes);
        let mut common = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend(u32::try_from(packed.len()).expect("small").to_le_bytes());
        common.extend(u32::try_from(bytes.len()).expect("small").to_le_bytes());
        common.extend(u16::try_from(name.len()).expect("small").to_le_bytes());
        common.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(u32::try_from(archive.len()).expect("small").to_le_bytes());
        directory.extend(name.as_bytes());
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(packed);
    }
    let start = u32::try_from(archive.len()).expect("small");
    let count = u16::try_from(files.len()).expect("small").to_le_bytes();
    let size = u32::try_from(directory.len()).expect("small");
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count);
    archive.extend(count);
    archive.extend(size.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *bytes).expect("in memory");
    }
    archive.into_inner().expect("in memory")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).expect("in memory");
    gzip.finish().expect("in memory")
}

fn png() -> Vec<u8> {
    b"\x89PNG\r\n\x1a\n\0\0\0\x02IDATxxCRC1\0\0\0\0IENDCRC2".to_vec()
}

#[test]
fn programs_under_other_names_are_findings() {
    for (path, bytes) in [
        ("a.txt", b"const c = require('child_process'); c.x()".as_slice()),
        ("a.json", b"module.exports = () => fetch('x')"),
        ("logo.png", b"const x = require('https'); x.get('y')"),
        ("data.csv", b"import os\nos.getcwd()\n"),
        ("notes.txt", b"#!/usr/bin/env node\nprocess.exit()\n"),
        ("logo.png", b"<html><script>x()</script></html>"),
        ("logo.svg", b"<?php echo 1;"),
        ("logo.jpg", b"\x01\x02\x03\xffencrypted"),
        ("table.json", b"\x00\x01\x02\xff\xfe"),
        ("photo.gif", b"GIF89a=1;fetch('x')"),
    ] {
        assert!(found(path, bytes).contains(&"lying-file".to_owned()), "{path}: {:?}", found(path, bytes));
    }
    assert_eq!(found("a.json", b"\x7fELF\x02\x01\x01"), ["lying-file", "native-code"]);
    assert_eq!(found("a.js", b"\x7fELF\x02\x01\x01"), ["lying-file", "native-code"]);
    assert_eq!(found("a.png", &zip(&[])), ["lying-file", "nested-archive"]);
    assert!(found("index.js", b"\x00\x01\x02\xff\xfe").contains(&"lying-file".to_owned()));
}

#[test]
fn honest_files_do_not_lie() {
    each_is_clean(
        "data.json",
        &["{\"a\": \"require('x')\"}", "[1, 2]", "// with a comment\n{\"process.env\": 1}", ""],
    );
    each_is_clean("README.txt", &["To load it, call require('x') and then fetch(y).", "import it"]);
    each_is_clean("a.csv", &["name,def,import \n1,2,3\n"]);
    each_is_clean("page.html", &["<html><script>run()</script></html>"]);
    each_is_clean("Makefile", &["all:\n\tnode build.js\n"]);
    each_is_clean("Dockerfile", &["FROM scratch\nRUN make\n"]);
    each_is_clean("logo.svg", &["<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>"]);
    each_is_clean(
        "index.js.map",
        &["{\"version\":3,\"sourcesContent\":[\"eval(x)\"],\"mappings\":\"AAAA\"}"],
    );
    each_is_clean("de.ts", &["<?xml version=\"1.0\"?><!DOCTYPE TS><TS></TS>"]);
    for (path, bytes) in [
        ("a.png", png().as_slice()),
        ("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\xff\xd9"),
        ("a.png", b"\xff\xd8\xff\xe0\0\x10JFIF\0\xff\xd9"),
        ("a.woff2", b"wOF2\0\x01\0\0\xff"),
        ("a.pdf", b"%PDF-1.7\n\xff\xff"),
        ("a.db", b"SQLite format 3\0\xff"),
        ("a.parquet", b"PAR1\x15\xffPAR1"),
        ("a.safetensors", b"\x02\0\0\0\0\0\0\0{\"\xff"),
        ("a.txt", b"\xff\xfea\0b\0"),
    ] {
        assert!(
            scan_bytes(path, bytes).findings.is_empty(),
            "{path}: {:?}",
            scan_bytes(path, bytes).findings
        );
    }
}

#[test]
fn what_stands_behind_a_picture_is_a_finding() {
    for tail in [
        zip(&[("x.js", b"x")]),
        b"#!/bin/sh\nid\n".to_vec(),
        b"\x7fELF\x02\x01".to_vec(),
        b"require('child_process').x()".to_vec(),
        b"xx<?php system(1); ?>".to_vec(),
        vec![0xaa; 300],
    ] {
        assert_eq!(found("logo.png", &[png(), tail].concat()), ["lying-file"]);
    }
    assert!(found("logo.png", &[png(), b"\n\0\0".to_vec()].concat()).is_empty());
    let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\xff\xd9".to_vec();
    assert_eq!(found("a.jpg", &[jpeg, zip(&[("a", b"x")])].concat()), ["lying-file"]);
}

#[test]
fn archives_are_opened() {
    let whl = zip(&[("pkg/a.py", b"import os"), ("pkg/b.so", b"\x7fELF"), ("data.csv", b"1,2")]);
    let report = scan_bytes("lib.whl", &whl);
    let rules: Vec<_> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(
        (rules.as_slice(), report.verdict),
        (["archived-code", "nested-archive"].as_slice(), Verdict::Flag)
    );
    assert!(
        report.findings[0].message.contains("pkg/a.py (Python), pkg/b.so (an ELF"),
        "{:?}",
        report.findings
    );
    assert!(report.findings[1].message.contains("of 3 files"), "{:?}", report.findings);
    let nested = gzip(&tar(&[("in.zip", &zip(&[("run.js", b"x")]))]));
    let report = scan_bytes("a.tgz", &nested);
    assert!(report.findings[0].message.contains("in.zip!run.js (JavaScript)"), "{:?}", report.findings);
    assert_eq!(found("data.zip", &zip(&[("a.csv", b"1,2")])), ["nested-archive"]);
    assert_eq!(found("a.rar", b"Rar!\x1a\x07\x01\0"), ["nested-archive"]);
    assert_eq!(found("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04"), ["nested-archive"]);
    assert_eq!(
        found("app.asar", b"\x04\0\0\0\x20\0\0\0\x1c\0\0\0\x16\0\0\0{\"files\":{}}"),
        ["nested-archive"]
    );
}

#[test]
fn bombs_are_bounded() {
    let flood = gzip(&vec![0; 40 * 1024 * 1024]);
    assert!(flood.len() < 100_000);
    assert_eq!(found("a.gz", &flood), ["archive-bomb", "nested-archive"]);
    let many: Vec<_> = (0..9).map(|_| ("zeros", vec![0_u8; 8 * 1024 * 1024])).collect();
    let many: Vec<_> = many.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let report = scan_bytes("a.zip", &zip(&many));
    assert!(report.findings.iter().any(|finding| finding.message.contains("more than is looked at")));
    let mut deep = zip(&[("a.js", b"x")]);
    for _ in 0..10 {
        deep = zip(&[("a.zip", &deep)]);
    }
    assert!(scan_bytes("a.zip", &deep).findings[0].message.contains("nested too deeply"));
}

#[test]
fn scripts_hooks_and_pickles_are_findings() {
    assert_eq!(rules("run", "#!/bin/sh\nls\n"), ["executable-script"]);
    assert_eq!(rules("run.ps1", "ls"), ["executable-script"]);
    assert_eq!(rules("run.bat", "dir"), ["executable-script"]);
    assert_eq!(rules("sitecustomize.py", "x = 1"), ["startup-hook"]);
    assert_eq!(rules("lib/a.pth", "../lib\nimport x; x.y()\n"), ["startup-hook"]);
    assert!(rules("lib/a.pth", "../lib\nimport pty\n").contains(&"process-spawn".to_owned()));
    assert_eq!(rules(".npmrc", "node-options=--require ./x.js\n"), ["startup-hook"]);
    assert_eq!(
        rules(".vscode/tasks.json", "{\"runOptions\": {\"runOn\": \"folderOpen\"}}"),
        ["startup-hook"]
    );
    each_is_clean("lib/a.pth", &["../lib\n"]);
    each_is_clean(".npmrc", &["save-exact=true\n"]);
    assert_eq!(found("model.pkl", b"\x80\x04\x95\x01\0\0\0\0\0\0\0K\x01."), ["pickled-data"]);
    assert_eq!(found("model.bin", b"cos\nsystem\n(S'id'\ntR."), ["pickle-payload"]);
    assert_eq!(scan_bytes("model.bin", b"cos\nsystem\n(S'id'\ntR.").verdict, Verdict::Reject);
}

#[test]
fn a_file_that_a_program_loads_is_a_program() {
    let report =
        scan_files(&[("index.js", "require('./logo.png')"), ("logo.png", "eval('x'); process.exit()")]);
    let found: Vec<_> = report.findings.iter().map(|f| (f.file.as_str(), f.rule.as_str())).collect();
    assert!(found.contains(&("logo.png", "dynamic-code")), "{found:?}");
    assert!(found.contains(&("logo.png", "lying-file")), "{found:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_archives_are_survived(at in any::<prop::sample::Index>(), flip in 1_u8.., cut in any::<prop::sample::Index>()) {
        let inner = zip(&[("a.js", b"x"), ("b.txt", b"words words words")]);
        for whole in [inner.clone(), gzip(&tar(&[("a.zip", &inner)])), [png(), inner].concat()] {
            let mut damaged = whole.clone();
            let at = at.index(damaged.len());
            damaged[at] ^= flip;
            scan_bytes("a.bin", &damaged);
            scan_bytes("a.png", &whole[..cut.index(whole.len())]);
        }
    }

    #[test]
    fn any_tail_after_any_magic_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), magic in 0..8_usize) {
        let magics: [&[u8]; 8] = [b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF", b"PK\x03\x04", b"\x1f\x8b\x08", b"\x80\x04", b"MZ"];
        let bytes = [magics[magic], bytes.as_slice()].concat();
        scan_bytes("a.bin", &bytes);
        scan_bytes("a.png", &bytes);
    }
}
