//! Words that no tracked file may hold: paths of somebody's machine, marks of an unfinished merge.

use super::Problem;
use crate::tree::SourceFile;

/// Built from halves, so that this file passes its own rule.
const MACHINE_PATHS: [(&str, &str); 6] = [
    ("/ro", "ot/"),
    ("/tmp/", "tgt"),
    ("/tmp/", "plan"),
    ("/work/", "main"),
    ("/work/", "shared"),
    ("/Use", "rs/"),
];

pub(super) fn check(files: &[SourceFile]) -> Vec<Problem> {
    files.iter().flat_map(|file| machine_paths(file).into_iter().chain(merge_marks(file))).collect()
}

fn machine_paths(file: &SourceFile) -> Vec<Problem> {
    let found =
        |line: &str| MACHINE_PATHS.iter().map(|(a, b)| format!("{a}{b}")).find(|path| line.contains(path));
    file.text
        .lines()
        .enumerate()
        .filter_map(|(index, line)| Some((index + 1, found(line)?)))
        .map(|(line, path)| Problem::at(&file.path, line, format!("`{path}` is a path of one machine")))
        .collect()
}

fn merge_marks(file: &SourceFile) -> Vec<Problem> {
    let is_mark = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    file.text
        .lines()
        .enumerate()
        .filter(|(_, line)| is_mark(line))
        .map(|(index, _)| Problem::at(&file.path, index + 1, "mark of an unfinished merge"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [usize; 0] = [];

    fn lines(text: String) -> Vec<usize> {
        check(&[SourceFile { path: "docs/x.md".into(), text }]).iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn machine_paths_are_refused() {
        for (a, b) in MACHINE_PATHS {
            assert_eq!(lines(format!("fine\nsee {a}{b}x")), [2], "{a}{b}");
        }
        assert_eq!(lines("/tmp/x /roots/ /workshop/main".into()), NONE);
    }

    #[test]
    fn merge_marks_are_refused() {
        assert_eq!(lines(format!("a\n{} theirs\n", ">".repeat(7))), [2]);
        assert_eq!(lines(format!("a\n b {} c\n", "<".repeat(7))), NONE);
    }
}
