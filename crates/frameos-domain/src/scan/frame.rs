//! The lines of source that a finding stands in.
//!
//! Invariant: what frames take is bounded, whatever the code: in how many there are, how many lines they have, and how wide.

use serde::{Deserialize, Serialize};

use super::ScanReport;

/// Lines before and after the finding's.
const AROUND: u32 = 3;
/// Characters of a line that are shown; a finding beyond them has its snippet.
const WIDTH: usize = 240;
/// Findings that are shown in their lines.
const MOST: usize = 200;
/// Files that are longer have none: each finding's line is counted from the beginning.
const LONGEST_FILE: usize = 1 << 20;

/// The lines around one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CodeFrame {
    /// The finding's.
    pub fingerprint: String,
    pub file: String,
    /// The finding's 1-based line.
    pub line: u32,
    /// The number of the first of `lines`.
    pub first_line: u32,
    /// Each cut after 240 characters.
    pub lines: Vec<String>,
}

impl ScanReport {
    /// The frames of the findings that are in a line; `source` knows the bundle's files.
    pub fn frames<'s>(&self, source: impl Fn(&str) -> Option<&'s [u8]>) -> Vec<CodeFrame> {
        let placed = self.findings.iter().filter(|finding| finding.line > 0);
        let framed = placed.filter_map(|finding| {
            let code = source(&finding.file).filter(|code| code.len() <= LONGEST_FILE)?;
            let code = String::from_utf8_lossy(code);
            let first_line = finding.line.saturating_sub(AROUND).max(1);
            let take = (finding.line - first_line + 1 + AROUND) as usize;
            let lines = code.lines().skip(first_line as usize - 1).take(take);
            let lines: Vec<String> = lines.map(|line| line.chars().take(WIDTH).collect()).collect();
            (!lines.is_empty()).then(|| CodeFrame {
                fingerprint: finding.fingerprint.clone(),
                file: finding.file.clone(),
                line: finding.line,
                first_line,
                lines,
            })
        });
        framed.take(MOST).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Finding;

    fn report(line: u32) -> ScanReport {
        let finding = Finding { rule: "r".into(), file: "a.js".into(), line, ..Finding::default() };
        ScanReport::new(vec![finding], 1, "1")
    }

    fn framed(line: u32, code: &[u8]) -> Option<(u32, Vec<String>)> {
        let frames = report(line).frames(|path| (path == "a.js").then_some(code));
        frames.into_iter().next().map(|frame| (frame.first_line, frame.lines))
    }

    #[test]
    fn a_frame_is_the_lines_around() {
        let code = b"1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        assert_eq!(
            framed(5, code),
            Some((2, ["2", "3", "4", "5", "6", "7", "8"].map(str::to_owned).to_vec()))
        );
        assert_eq!(framed(1, code), Some((1, ["1", "2", "3", "4"].map(str::to_owned).to_vec())));
        assert_eq!(framed(9, code), Some((6, ["6", "7", "8", "9"].map(str::to_owned).to_vec())));
        assert_eq!(framed(0, code), None, "about the whole file");
        assert_eq!(framed(50, code), None);
        assert_eq!(framed(u32::MAX, code), None);
    }

    #[test]
    fn frames_are_bounded_and_take_any_bytes() {
        let (_, lines) = framed(1, &[&[0xff; 10][..], "é".repeat(500).as_bytes()].concat()).unwrap();
        assert_eq!(lines[0].chars().count(), WIDTH);
        assert_eq!(framed(1, &vec![b'x'; LONGEST_FILE + 1]), None);
        assert!(report(1).frames(|_| None).is_empty());
    }
}
