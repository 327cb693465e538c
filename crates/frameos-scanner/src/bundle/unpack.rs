//! From a packed `tar.gz` to a [`Bundle`], refusing everything that is not a plain file or directory.
//!
//! Invariant: memory stays within [`MAX_UNPACKED`] plus what headers may cost, whatever the archive claims, because the
//! gzip layer stops at that budget and a size is checked before its bytes are read.

use std::io::{self, Read};

use tar::{Archive, Entry, EntryType};

use super::gzip::{Fault, GzipReader};
use super::{Builder, Bundle, BundleError, MAX_ENTRIES, MAX_PACKED, MAX_UNPACKED, path};

/// What headers, long-name records and padding may add per entry before the archive counts as a bomb.
const ENTRY_OVERHEAD: u64 = 4 * 1024;
const ARCHIVE_OVERHEAD: u64 = 1024 * 1024;

/// Unpacks and checks a bundle. Several gzip members in a row are one stream, as RFC 1952 says; any other data after
/// the gzip stream, and anything but zeros after the end of the tar archive, is refused.
pub fn unpack(packed: &[u8]) -> Result<Bundle, BundleError> {
    if packed.len() as u64 > MAX_PACKED {
        return Err(BundleError::TooLarge { size: packed.len() as u64, limit: MAX_PACKED });
    }
    if packed.is_empty() {
        return Err(BundleError::NotGzip { reason: "it is empty" });
    }
    let budget = MAX_UNPACKED + MAX_ENTRIES as u64 * ENTRY_OVERHEAD + ARCHIVE_OVERHEAD;
    let (reader, fault) = GzipReader::new(packed, budget, MAX_UNPACKED);
    let mut archive = Archive::new(reader);
    let builder = read_entries(&mut archive, &fault)?;
    expect_only_zeros(archive.into_inner(), &fault)?;
    builder.finish().require_manifest()
}

fn read_entries(archive: &mut Archive<GzipReader<'_>>, fault: &Fault) -> Result<Builder, BundleError> {
    let mut builder = Builder::default();
    let entries = archive.entries().map_err(|error| tar_error(&error, fault))?;
    for entry in entries {
        let entry = entry.map_err(|error| tar_error(&error, fault))?;
        builder.claim_entry()?;
        read_entry(&mut builder, entry, fault)?;
    }
    Ok(builder)
}

fn read_entry(
    builder: &mut Builder,
    mut entry: Entry<'_, GzipReader<'_>>,
    fault: &Fault,
) -> Result<(), BundleError> {
    let raw = entry.path_bytes().into_owned();
    match entry.header().entry_type() {
        EntryType::XGlobalHeader => return Ok(()),
        EntryType::Directory => return add_directory(builder, &raw),
        // Archives of the V7 format have no directory type: a trailing slash says it.
        EntryType::Regular if raw.ends_with(b"/") && entry.size() == 0 => {
            return add_directory(builder, &raw);
        }
        EntryType::Regular | EntryType::Continuous => {}
        EntryType::Link | EntryType::Symlink => return Err(BundleError::Link { path: path::shown(&raw) }),
        other => return Err(BundleError::SpecialFile { path: path::shown(&raw), kind: kind_name(other) }),
    }
    let path = path::clean_file(&raw)?;
    refuse_sparse(&mut entry, &raw, fault)?;
    let size = entry.size();
    builder.reserve(size)?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    entry.read_to_end(&mut bytes).map_err(|error| tar_error(&error, fault))?;
    if bytes.len() as u64 != size {
        return Err(BundleError::SizeMismatch { reason: "a file is shorter than its header says" });
    }
    builder.add(path, bytes)
}

fn add_directory(builder: &mut Builder, raw: &[u8]) -> Result<(), BundleError> {
    match path::clean_directory(raw)? {
        Some(path) => builder.add_directory(&path),
        None => Ok(()),
    }
}

/// A sparse file may claim terabytes of holes; PAX marks one on an otherwise regular entry.
fn refuse_sparse(
    entry: &mut Entry<'_, GzipReader<'_>>,
    raw: &[u8],
    fault: &Fault,
) -> Result<(), BundleError> {
    let Some(extensions) = entry.pax_extensions().map_err(|error| tar_error(&error, fault))? else {
        return Ok(());
    };
    for extension in extensions {
        let extension = extension.map_err(|error| tar_error(&error, fault))?;
        if extension.key_bytes().starts_with(b"GNU.sparse") {
            return Err(BundleError::SpecialFile { path: path::shown(raw), kind: "sparse file" });
        }
    }
    Ok(())
}

fn expect_only_zeros(mut rest: GzipReader<'_>, fault: &Fault) -> Result<(), BundleError> {
    let mut buffer = [0; 8 * 1024];
    loop {
        match rest.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) if buffer[..read].iter().all(|&byte| byte == 0) => {}
            Ok(_) => {
                return Err(BundleError::NotTar { reason: "data follows the end of the archive".to_owned() });
            }
            Err(error) => return Err(tar_error(&error, fault)),
        }
    }
}

/// The gzip layer's own fault when it has one; else what the tar layer says.
fn tar_error(error: &io::Error, fault: &Fault) -> BundleError {
    if let Some(fault) = fault.take() {
        return fault;
    }
    // The tar crate reports an archive that ends inside a header or a file as `Other`, by these two texts.
    let text = error.to_string();
    if error.kind() == io::ErrorKind::UnexpectedEof || text.contains("failed to read entire block") {
        return BundleError::SizeMismatch { reason: "the archive ends inside an entry" };
    }
    BundleError::NotTar { reason: text.chars().filter(|c| !c.is_control()).take(200).collect() }
}

fn kind_name(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Char | EntryType::Block => "device",
        EntryType::Fifo => "named pipe",
        EntryType::GNUSparse => "sparse file",
        _ => "special entry",
    }
}
