//! From files to a packed `tar.gz` whose bytes depend on paths and contents alone.
//!
//! Invariant: what packs also unpacks; the same rules and limits hold both ways.

use std::io::Write;

use flate2::Compression;
use flate2::GzBuilder;
use tar::{EntryType, Header};

use super::{Bundle, BundleError, MAX_PACKED};

/// Packs files, sorted by path, with all metadata fixed (mode 0644, owner 0, time 0), and `manifest.json` required.
pub fn pack(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Vec<u8>, BundleError> {
    let bundle = Bundle::from_files(files)?.require_manifest()?;
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::default());
    let mut archive = tar::Builder::new(gzip);
    for (path, bytes) in bundle.files() {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive.append_data(&mut header, path, bytes).map_err(|error| not_tar(&error))?;
    }
    let mut gzip = archive.into_inner().map_err(|error| not_tar(&error))?;
    gzip.flush().map_err(|error| not_tar(&error))?;
    let packed = gzip.finish().map_err(|error| not_tar(&error))?;
    if packed.len() as u64 > MAX_PACKED {
        return Err(BundleError::TooLarge { size: packed.len() as u64, limit: MAX_PACKED });
    }
    Ok(packed)
}

fn not_tar(error: &std::io::Error) -> BundleError {
    BundleError::NotTar { reason: error.to_string() }
}
