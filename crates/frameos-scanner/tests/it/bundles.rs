//! Bundle intake: what unpacks, and that each kind of fault is refused under its own code.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use frameos_scanner::bundle::{Bundle, BundleError, MAX_ENTRIES, MAX_PACKED, MAX_UNPACKED, pack, unpack};
use tar::{EntryType, Header};

/// A tar entry as bytes, with a path that no well-behaved writer would accept.
fn entry(path: &[u8], kind: EntryType, size: u64, data: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    if kind == EntryType::GNUSparse {
        header.as_gnu_mut().expect("is a GNU header").set_real_size(size);
    }
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file(path: &[u8], data: &[u8]) -> Vec<u8> {
    entry(path, EntryType::Regular, data.len() as u64, data)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("writes to memory");
    encoder.finish().expect("writes to memory")
}

/// A packed archive of a manifest and these entries.
fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    let end = vec![0; 1024];
    gzip(&[file(b"manifest.json", b"{}"), entries.concat(), end].concat())
}

fn code(packed: &[u8]) -> &'static str {
    unpack(packed).map(|bundle| bundle.len()).expect_err("must be refused").code()
}

fn paths(packed: &[u8]) -> Vec<String> {
    unpack(packed).expect("unpacks").files().map(|(path, _)| path.to_owned()).collect()
}

#[test]
fn an_honest_archive_unpacks() {
    let packed = archive(&[
        entry(b"./", EntryType::Directory, 0, b""),
        entry(b"src/", EntryType::Directory, 0, b""),
        file(b"./src/a.js", b"x"),
        file(b"src/empty.txt", b""),
    ]);
    let bundle = unpack(&packed).expect("unpacks");
    assert_eq!(bundle.get("src/a.js"), Some(b"x".as_slice()));
    assert_eq!(bundle.get("src/empty.txt"), Some(b"".as_slice()));
    assert_eq!((bundle.manifest_bytes(), bundle.unpacked_bytes(), bundle.len()), (b"{}".as_slice(), 3, 3));
    assert_eq!(paths(&packed), ["manifest.json", "src/a.js", "src/empty.txt"]);
}

#[test]
fn long_names_of_both_kinds_unpack() {
    let long = format!("{}/a.js", "folder/".repeat(30).trim_end_matches('/'));
    let name = format!("{long}\0");
    let gnu = [
        entry(b"././@LongLink", EntryType::GNULongName, name.len() as u64, name.as_bytes()),
        file(b"cut", b"x"),
    ];
    assert!(paths(&archive(&[gnu.concat()])).contains(&long));

    let mut record = format!(" path={long}\n");
    let length = record.len() + 3;
    record.insert_str(0, &length.to_string());
    let pax = [entry(b"pax", EntryType::XHeader, record.len() as u64, record.as_bytes()), file(b"cut", b"x")];
    assert!(paths(&archive(&[pax.concat()])).contains(&long));
}

#[test]
fn a_global_header_as_git_writes_it_is_skipped() {
    let record = b"52 comment=0123456789012345678901234567890123456789\n";
    assert_eq!(
        paths(&archive(&[entry(b"pax_global_header", EntryType::XGlobalHeader, 52, record)])),
        ["manifest.json"]
    );
}

#[test]
fn hostile_paths_are_refused_by_kind() {
    for (path, expected) in [
        (b"/etc/passwd".as_slice(), "BUNDLE_PATH_ABSOLUTE"),
        (b"C:/windows", "BUNDLE_PATH_ABSOLUTE"),
        (b"../x", "BUNDLE_PATH_TRAVERSAL"),
        (b"a/../../x", "BUNDLE_PATH_TRAVERSAL"),
        (b"a/..", "BUNDLE_PATH_TRAVERSAL"),
        (b"a\\b", "BUNDLE_PATH_INVALID"),
        (b"..\\x", "BUNDLE_PATH_INVALID"),
        (b"a\nb", "BUNDLE_PATH_INVALID"),
        (b"a\x7f", "BUNDLE_PATH_INVALID"),
        (b"a//b", "BUNDLE_PATH_INVALID"),
        (b"a/./b", "BUNDLE_PATH_INVALID"),
        (b"\xff", "BUNDLE_PATH_INVALID"),
        ("a\u{202e}b".as_bytes(), "BUNDLE_PATH_INVALID"),
    ] {
        assert_eq!(code(&archive(&[file(path, b"x")])), expected, "{}", path.escape_ascii());
        assert_eq!(
            code(&archive(&[entry(path, EntryType::Directory, 0, b"")])),
            expected,
            "{}",
            path.escape_ascii()
        );
    }
}

#[test]
fn links_and_special_files_are_refused() {
    for kind in [EntryType::Symlink, EntryType::Link] {
        assert_eq!(code(&archive(&[entry(b"a", kind, 0, b"")])), "BUNDLE_LINK");
    }
    for kind in
        [EntryType::Char, EntryType::Block, EntryType::Fifo, EntryType::GNUSparse, EntryType::new(b'?')]
    {
        assert_eq!(code(&archive(&[entry(b"a", kind, 0, b"")])), "BUNDLE_SPECIAL_FILE", "{kind:?}");
    }
    let record = b"22 GNU.sparse.major=1\n";
    let sparse = [entry(b"pax", EntryType::XHeader, 22, record), file(b"a", b"x")].concat();
    assert_eq!(code(&archive(&[sparse])), "BUNDLE_SPECIAL_FILE");
}

#[test]
fn names_that_meet_are_refused() {
    assert_eq!(code(&archive(&[file(b"a", b"1"), file(b"a", b"2")])), "BUNDLE_DUPLICATE_PATH");
    assert_eq!(code(&archive(&[file(b"a", b"1"), file(b"./a", b"2")])), "BUNDLE_DUPLICATE_PATH");
    assert_eq!(code(&archive(&[file(b"a", b"1"), file(b"a/b", b"2")])), "BUNDLE_DUPLICATE_PATH");
    assert_eq!(code(&archive(&[file(b"a/b", b"1"), file(b"a", b"2")])), "BUNDLE_DUPLICATE_PATH");
    assert_eq!(code(&archive(&[file(b"a.js", b"1"), file(b"A.js", b"2")])), "BUNDLE_CASE_COLLISION");
    assert_eq!(code(&archive(&[file(b"lib/a", b"1"), file(b"Lib/b", b"2")])), "BUNDLE_CASE_COLLISION");
    assert_eq!(code(&archive(&[file(b"MANIFEST.json", b"{}")])), "BUNDLE_CASE_COLLISION");
}

#[test]
fn bombs_are_refused_by_what_they_claim_and_by_what_they_are() {
    let claimed = entry(b"a", EntryType::Regular, MAX_UNPACKED + 1, b"");
    assert_eq!(code(&archive(&[claimed])), "BUNDLE_UNPACKED_TOO_LARGE");
    let zeros = vec![0; usize::try_from(MAX_UNPACKED).expect("fits") / 2 + 1];
    assert_eq!(code(&archive(&[file(b"a", &zeros), file(b"b", &zeros)])), "BUNDLE_UNPACKED_TOO_LARGE");
    let trailing = vec![0; usize::try_from(MAX_UNPACKED).expect("fits") + 20 * 1024 * 1024];
    assert_eq!(code(&gzip(&[file(b"manifest.json", b"{}"), trailing].concat())), "BUNDLE_UNPACKED_TOO_LARGE");
    assert_eq!(code(&vec![0; usize::try_from(MAX_PACKED).expect("fits") + 1]), "BUNDLE_TOO_LARGE");
    let many: Vec<_> = (0..MAX_ENTRIES).map(|n| file(format!("f{n}").as_bytes(), b"")).collect();
    assert_eq!(code(&archive(&many)), "BUNDLE_TOO_MANY_ENTRIES");
    assert_eq!(paths(&archive(&many[1..])).len(), MAX_ENTRIES);
}

#[test]
fn what_is_no_archive_is_refused() {
    assert_eq!(code(b""), "BUNDLE_NOT_GZIP");
    assert_eq!(code(b"PK\x03\x04"), "BUNDLE_NOT_GZIP");
    assert_eq!(code(&gzip(&b"not a tar archive, but long enough to be one. ".repeat(40))), "BUNDLE_NOT_TAR");
    assert_eq!(code(&gzip(b"")), "BUNDLE_NO_MANIFEST");
}

#[test]
fn lying_and_cut_archives_are_refused() {
    let whole = archive(&[file(b"a.js", &[b'x'; 2_000])]);
    for cut in [whole.len() - 1, whole.len() - 8, whole.len() / 2] {
        assert_eq!(code(&whole[..cut]), "BUNDLE_SIZE_MISMATCH", "cut at {cut}");
    }
    let mut lying = whole.clone();
    let last = lying.len() - 1;
    lying[last] ^= 1;
    assert_eq!(code(&lying), "BUNDLE_SIZE_MISMATCH");
    let mut wrong_sum = whole;
    wrong_sum[last - 7] ^= 1;
    assert_eq!(code(&wrong_sum), "BUNDLE_SIZE_MISMATCH");
    let short =
        [file(b"manifest.json", b"{}"), entry(b"a", EntryType::Regular, 10_000, b"only this")].concat();
    assert_eq!(code(&gzip(&short)), "BUNDLE_SIZE_MISMATCH");
}

#[test]
fn members_in_a_row_are_one_stream_and_other_trailing_data_is_refused() {
    let tar = [file(b"manifest.json", b"{}"), file(b"a", b"x"), vec![0; 1024]].concat();
    let (first, second) = tar.split_at(700);
    assert_eq!(paths(&[gzip(first), gzip(second)].concat()), ["a", "manifest.json"]);
    assert_eq!(code(&[gzip(&tar), b"garbage".to_vec()].concat()), "BUNDLE_NOT_GZIP");
    assert_eq!(code(&gzip(&[tar.clone(), file(b"hidden", b"x")].concat())), "BUNDLE_NOT_TAR");
}

#[test]
fn a_wrapped_folder_is_refused_with_advice() {
    let packed =
        gzip(&[file(b"agent/manifest.json", b"{}"), file(b"agent/a.js", b"x"), vec![0; 1024]].concat());
    let error = unpack(&packed).expect_err("must be refused");
    assert_eq!(error, BundleError::NoManifest { found: Some("agent/manifest.json".to_owned()) });
    assert!(error.to_string().contains("\"agent\"") && error.to_string().contains("tar -czf"), "{error}");
}

#[test]
fn packing_is_deterministic_and_comes_back() {
    let files = [
        ("src/a.js".to_owned(), b"x".to_vec()),
        ("manifest.json".to_owned(), b"{}".to_vec()),
        (format!("{}deep.js", "long/".repeat(40)), vec![7; 10_000]),
    ];
    let packed = pack(files.clone()).expect("packs");
    let mut reversed = files.clone();
    reversed.reverse();
    assert_eq!(packed, pack(reversed).expect("packs"));
    assert_eq!(unpack(&packed).expect("unpacks"), Bundle::from_files(files).expect("valid"));
}

#[test]
fn packing_holds_to_the_same_rules() {
    let code = |files: &[(&str, usize)]| {
        let files = files.iter().map(|(path, size)| ((*path).to_owned(), vec![0; *size]));
        pack(files).map(|packed| packed.len()).expect_err("must be refused").code()
    };
    assert_eq!(code(&[("a.js", 1)]), "BUNDLE_NO_MANIFEST");
    assert_eq!(code(&[("manifest.json", 1), ("../a", 1)]), "BUNDLE_PATH_TRAVERSAL");
    assert_eq!(code(&[("manifest.json", 1), ("a", 1), ("A", 1)]), "BUNDLE_CASE_COLLISION");
    let half = usize::try_from(MAX_UNPACKED).expect("fits") / 2 + 1;
    assert_eq!(code(&[("manifest.json", half), ("a", half)]), "BUNDLE_UNPACKED_TOO_LARGE");
}
