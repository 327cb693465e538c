//! A runtime folder as a tar stream, with the guest and the libraries it needs added.
//!
//! Everything in it belongs to root. Times are kept, because compiled Python remembers those of its sources.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

/// Writes `first` and then what of `second` it lacks.
pub(super) fn write(first: &Path, second: &Path, to: &mut dyn Write) -> std::io::Result<()> {
    let mut tar = Builder::new(to);
    let mut paths = Vec::new();
    walk(first, first, &mut paths)?;
    let known: std::collections::BTreeSet<PathBuf> = paths.iter().map(|(inside, _)| inside.clone()).collect();
    walk(second, second, &mut paths)?;
    for (at, (inside, host)) in paths.iter().enumerate() {
        if at < known.len() || !known.contains(inside) {
            append(&mut tar, inside, host)?;
        }
    }
    tar.into_inner()?.flush()
}

/// Folders come before what is in them.
fn walk(root: &Path, dir: &Path, into: &mut Vec<(PathBuf, PathBuf)>) -> std::io::Result<()> {
    let mut entries = fs::read_dir(dir)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let host = entry.path();
        let inside = host.strip_prefix(root).unwrap_or(&host).to_path_buf();
        into.push((inside, host.clone()));
        if entry.file_type()?.is_dir() {
            walk(root, &host, into)?;
        }
    }
    Ok(())
}

fn append(tar: &mut Builder<&mut dyn Write>, inside: &Path, host: &Path) -> std::io::Result<()> {
    let metadata = fs::symlink_metadata(host)?;
    let mut header = Header::new_gnu();
    header.set_metadata(&metadata);
    header.set_uid(0);
    header.set_gid(0);
    if inside == Path::new("tmp") {
        // Some OCI runtimes give what they mount here the mode that they find.
        header.set_mode(0o1777);
    }
    if metadata.is_symlink() {
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, inside, fs::read_link(host)?)
    } else if metadata.is_dir() {
        header.set_size(0);
        tar.append_data(&mut header, inside, std::io::empty())
    } else {
        tar.append_data(&mut header, inside, File::open(host)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_folders_become_one_and_the_first_wins() -> Result<(), Box<dyn std::error::Error>> {
        let (first, second) = (tempfile::tempdir()?, tempfile::tempdir()?);
        fs::create_dir(first.path().join("a"))?;
        fs::write(first.path().join("a/x"), "one")?;
        std::os::unix::fs::symlink("/tmp", first.path().join("link"))?;
        fs::create_dir(second.path().join("a"))?;
        fs::write(second.path().join("a/x"), "two")?;
        fs::write(second.path().join("a/y"), "more")?;
        let mut bytes = Vec::new();
        write(first.path(), second.path(), &mut bytes)?;
        let mut found = Vec::new();
        for entry in tar::Archive::new(bytes.as_slice()).entries()? {
            let mut entry = entry?;
            assert_eq!((entry.header().uid()?, entry.header().gid()?), (0, 0));
            let mut text = String::new();
            std::io::Read::read_to_string(&mut entry, &mut text)?;
            let link = entry.link_name()?.map(|link| link.display().to_string()).unwrap_or_default();
            found.push(format!("{} {text}{link}", entry.path()?.display()));
        }
        assert_eq!(found, ["a ", "a/x one", "link /tmp", "a/y more"]);
        Ok(())
    }
}
