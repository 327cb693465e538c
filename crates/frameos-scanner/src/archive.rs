//! Archives inside the bundle, opened in memory to say what they hold.
//!
//! Invariants: what is unpacked for a whole bundle stays within [`BUDGET`] bytes and [`MAX_ENTRIES`] entries, whatever the
//! archives claim; at most one archive per level of nesting is held unpacked; a damaged one ends the look, not the scan.

mod zip;

use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use crate::classify::{Kind, by_content, classify};

/// How many bytes the archives of a bundle may unpack to before they are left closed.
const BUDGET: u64 = 64 * 1024 * 1024;
const MAX_ENTRIES: u32 = 5_000;
/// How much of one entry is looked at; what a file is shows at its beginning.
const MAX_ENTRY: u64 = 8 * 1024 * 1024;
const MAX_DEPTH: u8 = 3;
/// Text does not shrink to less than this part, only floods do.
const BOMB_RATIO: u64 = 200;

/// What the archives of a bundle may still cost.
pub(crate) struct Budget {
    bytes: u64,
    entries: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: BUDGET, entries: MAX_ENTRIES }
    }
}

/// What was seen in an archive.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) files: u32,
    /// Entries that run, with a word for what each is; the first few.
    pub(crate) programs: Vec<(String, &'static str)>,
    /// The archive unpacks to far more than it is.
    pub(crate) is_bomb: bool,
    /// Not everything was seen, and why.
    pub(crate) unseen: Option<&'static str>,
}

/// Opens an archive as far as the budget and the format allow.
pub(crate) fn look(bytes: &[u8], format: &str, budget: &mut Budget) -> Contents {
    let mut contents = Contents::default();
    open(bytes, format, &mut Look { budget, contents: &mut contents, prefix: String::new(), depth: 0 });
    contents
}

struct Look<'l> {
    budget: &'l mut Budget,
    contents: &'l mut Contents,
    prefix: String,
    depth: u8,
}

fn open(bytes: &[u8], format: &str, look: &mut Look<'_>) {
    match format {
        "zip" => zip::open(bytes, look),
        "tar" => open_tar(bytes, look),
        "gzip" => {
            let Some(unpacked) = look.read(MultiGzDecoder::new(bytes), bytes.len() as u64) else { return };
            look.entry("", &unpacked);
        }
        _ => look.unseen("its format is not opened"),
    }
}

fn open_tar(bytes: &[u8], look: &mut Look<'_>) {
    let mut archive = tar::Archive::new(bytes);
    let Ok(entries) = archive.entries() else { return look.unseen("it is damaged") };
    for entry in entries {
        let Ok(mut entry) = entry else { return look.unseen("it is damaged") };
        if !entry.header().entry_type().is_file() {
            continue;
        }
        if !look.claim_entry() {
            return;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let size = entry.size();
        let Some(unpacked) = look.read(&mut entry, size) else { return };
        look.entry(&name, &unpacked);
    }
}

impl Look<'_> {
    fn unseen(&mut self, why: &'static str) {
        self.contents.unseen.get_or_insert(why);
    }

    fn claim_entry(&mut self) -> bool {
        let may = self.budget.entries > 0;
        self.budget.entries = self.budget.entries.saturating_sub(1);
        if !may {
            self.unseen("it has too many files");
        }
        may
    }

    /// Unpacks the beginning of an entry that takes `packed` bytes in the archive.
    fn read(&mut self, reader: impl Read, packed: u64) -> Option<Vec<u8>> {
        let limit = MAX_ENTRY.min(self.budget.bytes);
        if limit == 0 {
            self.unseen("it unpacks to more than is looked at");
            return None;
        }
        let mut bytes = Vec::new();
        if reader.take(limit).read_to_end(&mut bytes).is_err() {
            self.unseen("it is damaged");
        }
        let length = bytes.len() as u64;
        self.budget.bytes -= length.min(self.budget.bytes);
        if length >= limit {
            self.unseen("it unpacks to more than is looked at");
            self.contents.is_bomb |= length / packed.max(1) >= BOMB_RATIO;
        }
        Some(bytes)
    }

    /// Says what an unpacked entry is, and opens it in turn if it is an archive.
    fn entry(&mut self, name: &str, bytes: &[u8]) {
        const MAX_PROGRAMS: usize = 20;
        self.contents.files += 1;
        let path = if name.is_empty() { self.prefix.clone() } else { format!("{}{name}", self.prefix) };
        let kind =
            if name.is_empty() { by_content(bytes).unwrap_or(Kind::Other) } else { classify(name, bytes) };
        if let Kind::Archive(format) = kind {
            if self.depth >= MAX_DEPTH {
                return self.unseen("archives are nested too deeply in it");
            }
            let prefix = if name.is_empty() { path } else { format!("{path}!") };
            let mut inner =
                Look { budget: self.budget, contents: self.contents, prefix, depth: self.depth + 1 };
            return open(bytes, format, &mut inner);
        }
        if let Some(what) = kind.program().filter(|_| self.contents.programs.len() < MAX_PROGRAMS) {
            let shown: String = path.chars().filter(|c| !c.is_control()).take(120).collect();
            self.contents.programs.push((shown, what));
        }
    }
}

/// Whether a file of another kind has a zip archive at its end.
pub(crate) fn has_appended(bytes: &[u8]) -> bool {
    zip::is_appended(bytes)
}
