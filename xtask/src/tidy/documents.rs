//! Rules over the documents: the map stays short and names every crate, every decision has a status and a date.

use super::Problem;
use crate::tree::SourceFile;

const MAP: &str = "ARCHITECTURE.md";
const MAP_LONGEST: usize = 200;
const DECISIONS: &str = "docs/adr/";
const STATUSES: [&str; 3] = ["Accepted", "Proposed", "Superseded by "];

pub(super) fn check(files: &[SourceFile]) -> Vec<Problem> {
    let mut problems = map(files);
    let decisions: Vec<&SourceFile> =
        files.iter().filter(|file| file.path.starts_with(DECISIONS) && file.path.ends_with(".md")).collect();
    problems.extend(decisions.iter().flat_map(|file| decision(file)));
    problems.extend(numbering(&decisions));
    problems
}

fn map(files: &[SourceFile]) -> Vec<Problem> {
    let Some(map) = files.iter().find(|file| file.path == MAP) else {
        return vec![Problem::of(MAP, "is missing")];
    };
    let mut problems = Vec::new();
    let lines = map.text.lines().count();
    if lines > MAP_LONGEST {
        problems.push(Problem::of(MAP, format!("has {lines} lines, more than {MAP_LONGEST}")));
    }
    let mut names: Vec<&str> = files.iter().filter_map(SourceFile::package).collect();
    names.dedup();
    for name in names.into_iter().filter(|name| !map.text.contains(&format!("`{name}`"))) {
        problems.push(Problem::of(MAP, format!("does not say what `{name}` is")));
    }
    problems
}

/// A decision is `NNNN-title.md` with `# NNNN. Title`, a status, a date and its three parts.
fn decision(file: &SourceFile) -> Vec<Problem> {
    let name = file.path.trim_start_matches(DECISIONS);
    let number: String = name.chars().take_while(char::is_ascii_digit).collect();
    let value = |key: &str| file.text.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
    let mut problems = Vec::new();
    let mut require = |holds: bool, message: &str| {
        if !holds {
            problems.push(Problem::of(&file.path, message));
        }
    };
    require(number.len() == 4 && name[4..].starts_with('-'), "must be named NNNN-title.md");
    require(file.text.starts_with(&format!("# {number}. ")), "must open with `# NNNN. Title`");
    let status = value("- Status: ");
    require(
        status.is_some_and(|found| STATUSES.iter().any(|known| found.starts_with(known))),
        "needs `- Status: Accepted`, `Proposed` or `Superseded by NNNN`",
    );
    require(value("- Date: ").is_some_and(is_date), "needs `- Date: YYYY-MM-DD`");
    for part in ["## Context", "## Decision", "## Consequences"] {
        require(file.text.lines().any(|line| line == part), &format!("needs the part `{part}`"));
    }
    problems
}

fn numbering(decisions: &[&SourceFile]) -> Vec<Problem> {
    let is_next = |index: usize, file: &SourceFile| {
        file.path.trim_start_matches(DECISIONS).starts_with(&format!("{:04}-", index + 1))
    };
    decisions
        .iter()
        .enumerate()
        .find(|(index, file)| !is_next(*index, file))
        .map(|(index, file)| Problem::of(&file.path, format!("expected number {:04} here", index + 1)))
        .into_iter()
        .collect()
}

fn is_date(text: &str) -> bool {
    let shape: String =
        text.chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect();
    shape == "9999-99-99"
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# 0001. Title\n\n- Status: Accepted\n- Date: 2026-01-31\n\n## Context\n## Decision\n## Consequences\n";

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.into(), text: text.into() }
    }

    fn count(files: &[SourceFile]) -> usize {
        check(files).len()
    }

    #[test]
    fn the_map_is_short_and_names_every_crate() {
        let store = || file("crates/frameos-store/src/lib.rs", "");
        assert_eq!(count(&[]), 1);
        assert_eq!(count(&[file(MAP, "`frameos-store` owns SQL"), store()]), 0);
        assert_eq!(count(&[file(MAP, "nothing"), store()]), 1);
        assert_eq!(count(&[file(MAP, &"x\n".repeat(201))]), 1);
    }

    #[test]
    fn a_decision_has_number_status_date_and_parts() {
        let problems =
            |name: &str, text: &str| count(&[file(MAP, ""), file(&format!("docs/adr/{name}"), text)]);
        assert_eq!(problems("0001-title.md", GOOD), 0);
        assert_eq!(problems("0001-title.md", &GOOD.replace("Accepted", "Maybe")), 1);
        assert_eq!(problems("0001-title.md", &GOOD.replace("2026-01-31", "January")), 1);
        assert_eq!(problems("0001-title.md", &GOOD.replace("## Decision\n", "")), 1);
        assert_eq!(problems("0001-title.md", &GOOD.replace("# 0001. ", "# ")), 1);
        assert_ne!(problems("title.md", GOOD), 0);
        assert_eq!(problems("0002-title.md", &GOOD.replace("0001", "0002")), 1, "a gap in the numbers");
    }
}
