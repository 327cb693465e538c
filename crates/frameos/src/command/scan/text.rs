//! A scan report as a person reads it: findings by file, the worst first, each with the code around it.
//!
//! Invariants: nothing of a bundle or a server reaches the text but through [`shown`], so no character of theirs acts on a
//! terminal; the text has an end, whatever the report's length and that of its lines.

use std::{collections::BTreeSet, fmt::Write};

use frameos_domain::scan::{Action, Finding, RiskPart, ScanReport, Verdict};
use unicode_width::UnicodeWidthChar;

/// The most findings shown unless all are asked for.
pub const MOST: usize = 50;
/// Lines of code above and below the one that was found.
const AROUND: usize = 2;
/// The widest piece of a line that is shown, in columns.
const WIDEST: usize = 120;

/// How much is shown, and whether in colours.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub colours: bool,
    pub all: bool,
}

/// Gives a file's bytes, where they are at hand.
pub type Sources<'s> = &'s dyn Fn(&str) -> Option<&'s [u8]>;

/// The whole report.
pub fn render(report: &ScanReport, sources: Sources<'_>, style: Style) -> String {
    let mut page = Page { text: String::new(), style, explained: BTreeSet::new() };
    let ordered = ordered(&report.findings);
    let shown = if style.all { ordered.len() } else { ordered.len().min(MOST) };
    let mut file = None;
    for finding in &ordered[..shown] {
        if file != Some(&finding.file) {
            page.heading(&finding.file);
            file = Some(&finding.file);
        }
        page.finding(finding, sources(&finding.file));
    }
    if shown < ordered.len() {
        page.line(&format!(
            "… and {} more findings: `--all` shows them, `--json` has them",
            ordered.len() - shown
        ));
        page.line("");
    }
    page.summary(report);
    page.text
}

/// Findings of one file together; the file and the finding that weigh most come first.
fn ordered(findings: &[Finding]) -> Vec<&Finding> {
    let weight = |finding: &Finding| (finding.action, finding.severity);
    let worst = |file: &str| findings.iter().filter(|other| other.file == file).map(weight).max();
    let mut files: Vec<&str> = findings.iter().map(|finding| finding.file.as_str()).collect();
    files.dedup();
    files.sort_by_cached_key(|file| std::cmp::Reverse(worst(file)));
    let mut ordered: Vec<&Finding> = Vec::with_capacity(findings.len());
    for file in files {
        let mut of_file: Vec<&Finding> = findings.iter().filter(|finding| finding.file == file).collect();
        of_file.sort_by_key(|finding| std::cmp::Reverse(weight(finding)));
        ordered.extend(of_file);
    }
    ordered
}

struct Page {
    text: String,
    style: Style,
    /// Rules whose why and fix were told.
    explained: BTreeSet<String>,
}

#[derive(Clone, Copy)]
enum Paint {
    Bold,
    Dim,
    Of(Action),
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.style.colours {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Bold => "1",
            Paint::Dim => "2",
            Paint::Of(Action::Reject) => "1;31",
            Paint::Of(Action::Flag) => "1;33",
            Paint::Of(Action::Allow) => "1;36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    fn heading(&mut self, file: &str) {
        let name = if file.is_empty() { "the bundle".to_owned() } else { shown(file) };
        let heading = self.paint(Paint::Bold, &name);
        self.line(&heading);
        self.line("");
    }

    fn finding(&mut self, finding: &Finding, source: Option<&[u8]>) {
        let place = place(&finding.file, finding.line, finding.column);
        let head = format!(
            "  {} {} [{}]  {place}",
            self.paint(Paint::Of(finding.action), word(finding.action)),
            self.paint(Paint::Bold, &shown(&finding.title)),
            shown(&finding.rule)
        );
        self.line(&head);
        self.line(&format!("    {}", shown(&finding.message)));
        self.code(finding, source);
        if !finding.trace.is_empty() {
            self.line("    the data's way:");
        }
        for (index, step) in finding.trace.iter().enumerate() {
            let place = self::place(&step.file, step.line, step.column);
            self.line(&format!("      {}. {place}  {}", index + 1, shown(&step.message)));
        }
        if self.explained.insert(finding.rule.clone()) {
            let words = [("why", &finding.why), ("fix", &finding.fix), ("docs", &finding.docs)];
            for (name, words) in words.into_iter().filter(|(_, words)| !words.is_empty()) {
                let name = self.paint(Paint::Dim, &format!("{name}:"));
                self.line(&format!("    {name} {}", shown(words)));
            }
        }
        self.line("");
    }

    /// The code around a finding with a caret under its column; its one line where there is no more.
    fn code(&mut self, finding: &Finding, source: Option<&[u8]>) {
        let text =
            source.map(|bytes| String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)));
        let lines: Vec<&str> = match &text {
            Some(text) if finding.line > 0 => text
                .strip_suffix('\n')
                .unwrap_or(text)
                .split('\n')
                .skip(finding.line.saturating_sub(AROUND as u32 + 1) as usize)
                .take(2 * AROUND + 1)
                .collect(),
            _ => Vec::new(),
        };
        let first = finding.line.saturating_sub(AROUND as u32).max(1);
        if lines.is_empty() || lines.len() <= (finding.line - first) as usize {
            if !finding.snippet.is_empty() {
                self.frame(&[&finding.snippet], finding.line, (finding.line, finding.caret));
            }
            return;
        }
        self.frame(&lines, first, (finding.line, finding.column));
    }

    fn frame(&mut self, lines: &[&str], first: u32, (marked, column): (u32, u32)) {
        let width = (first + lines.len() as u32).to_string().len();
        for (number, line) in (first..).zip(lines) {
            let is_marked = number == marked;
            let (code, caret) =
                window(line.strip_suffix('\r').unwrap_or(line), if is_marked { column } else { 1 });
            let gutter = format!("{} {number:>width$} |", if is_marked { '>' } else { ' ' });
            let gutter = self.paint(Paint::Dim, &gutter);
            self.line(&format!("    {gutter} {code}"));
            if is_marked && column > 0 {
                let gutter = self.paint(Paint::Dim, &format!("  {:width$} |", ""));
                let caret = format!("{}{}", " ".repeat(caret), self.paint(Paint::Bold, "^"));
                self.line(&format!("    {gutter} {caret}"));
            }
        }
    }

    fn summary(&mut self, report: &ScanReport) {
        let count = |action| report.findings.iter().filter(|finding| finding.action == action).count();
        let (action, verdict) = match report.verdict {
            Verdict::Pass => (Action::Allow, "pass"),
            Verdict::Flag => (Action::Flag, "flag: a reviewer decides"),
            Verdict::Reject => (Action::Reject, "reject: publishing will be refused"),
        };
        let risk = &report.risk;
        let verdict = self.paint(Paint::Of(action), verdict);
        self.line(&format!(
            "{} files scanned; findings: {} reject, {} flag, {} note",
            report.files_scanned,
            count(Action::Reject),
            count(Action::Flag),
            count(Action::Allow)
        ));
        self.line(&format!("risk {} of 100{}", risk.score, reasons(report)));
        self.line(&format!("verdict: {verdict}"));
    }
}

fn reasons(report: &ScanReport) -> String {
    let part = |part: &RiskPart| match part.count {
        1 => format!("{} {}", shown(&part.rule), part.points),
        count => format!("{} {} ({count} times)", shown(&part.rule), part.points),
    };
    let parts = report.risk.parts.iter().map(part);
    let together =
        report.risk.combinations.iter().map(|found| format!("{} {}", shown(&found.name), found.points));
    let all: Vec<String> = parts.chain(together).collect();
    match all.is_empty() {
        true => String::new(),
        false => format!(": {}; at most {}", all.join(" + "), report.risk.limit),
    }
}

/// What an action is called.
pub const fn word(action: Action) -> &'static str {
    match action {
        Action::Reject => "reject",
        Action::Flag => "flag",
        Action::Allow => "note",
    }
}

/// A place in the form editors jump to.
pub fn place(file: &str, line: u32, column: u32) -> String {
    match (file, line) {
        ("", _) => String::new(),
        (file, 0) => shown(file),
        (file, line) => format!("{}:{line}:{column}", shown(file)),
    }
}

/// The part of a line around a column that fits, and how many columns are left of the caret.
fn window(line: &str, column: u32) -> (String, usize) {
    let before: Vec<char> = line.chars().take((column as usize).saturating_sub(1)).collect();
    let kept = before.iter().rev().scan(0, |sum, &c| {
        *sum += width(&shown_char(c));
        (*sum <= WIDEST / 2).then_some(())
    });
    let skipped = before.len() - kept.count();
    let mut text = String::new();
    let mut caret = 0;
    if skipped > 0 {
        text.push('…');
    }
    let mut columns = width(&text);
    for (index, c) in line.chars().enumerate().skip(skipped) {
        let piece = shown_char(c);
        if index == before.len() {
            caret = columns;
        }
        if columns + width(&piece) > WIDEST {
            text.push('…');
            return (text, caret);
        }
        columns += width(&piece);
        text.push_str(&piece);
    }
    (text, if before.len() >= line.chars().count().max(1) { columns } else { caret })
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Text with each character that acts on others, or cannot be seen, as its escape.
pub fn shown(text: &str) -> String {
    text.chars().map(shown_char).collect()
}

fn shown_char(c: char) -> String {
    if c == '\t' {
        return "    ".to_owned();
    }
    // Every character without a width of its own is one that hides: joiners, directions, tags, combining marks in excess.
    let is_hidden = c.is_control()
        || (c.width() == Some(0) && !is_mark(c))
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{ad}');
    let mut text = String::new();
    if is_hidden {
        let _ = write!(text, "\\u{{{:x}}}", c as u32);
    } else {
        text.push(c);
    }
    text
}

/// Combining marks of living scripts, which belong to the letter before them.
fn is_mark(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '\u{300}'..='\u{36f}' | '\u{93c}' | '\u{94d}' | '\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { colours: false, all: false };

    fn finding(file: &str, line: u32, column: u32, action: Action) -> Finding {
        Finding {
            rule: "dynamic-code".into(),
            title: "Code made at run time".into(),
            file: file.into(),
            line,
            column,
            action,
            message: "eval runs text as code".into(),
            why: "it cannot be reviewed".into(),
            fix: "call the function".into(),
            ..Finding::default()
        }
    }

    fn rendered(findings: Vec<Finding>, source: &str, style: Style) -> String {
        let report = ScanReport::new(findings, 1, "2.0");
        render(&report, &|_| Some(source.as_bytes()), style)
    }

    #[test]
    fn a_finding_is_shown_in_its_code() {
        let text = rendered(
            vec![finding("a.js", 2, 9, Action::Reject)],
            "one\n\tcall(); eval(x)\r\nthree\n4\n5",
            PLAIN,
        );
        let frame = "      1 | one\n    > 2 |     call(); eval(x)\n        |            ^\n      3 | three\n      4 | 4\n";
        assert!(text.contains(frame), "{text}");
        assert!(text.contains("reject Code made at run time [dynamic-code]  a.js:2:9\n"), "{text}");
        assert!(text.contains("    why: it cannot be reviewed\n    fix: call the function\n"), "{text}");
        assert!(text.ends_with("verdict: reject: publishing will be refused\n"), "{text}");
    }

    #[test]
    fn the_caret_stands_under_its_character() {
        for (line, column, code, caret) in [
            ("日本 = eval(x)", 6, "日本 = eval(x)", 7),
            ("a\u{202e}b", 3, "a\\u{202e}b", 9),
            ("e\u{301} x", 4, "e\u{301} x", 2),
            ("", 1, "", 0),
            ("ab", 3, "ab", 2),
            ("ab", 99, "ab", 2),
        ] {
            assert_eq!(window(line, column), (code.to_owned(), caret), "{line}");
        }
        let long = format!("{}NEEDLE{}", "x".repeat(5_000), "y".repeat(5_000));
        let (text, caret) = window(&long, 5_001);
        assert!(text.chars().count() <= WIDEST + 1, "{text}");
        assert_eq!(text.chars().skip(caret).take(6).collect::<String>(), "NEEDLE");
    }

    #[test]
    fn the_worst_file_comes_first_and_a_rule_is_explained_once() {
        let findings = vec![
            finding("a.js", 1, 1, Action::Allow),
            finding("b.js", 1, 1, Action::Flag),
            finding("b.js", 2, 1, Action::Reject),
        ];
        let text = rendered(findings, "x\ny\n", PLAIN);
        let at = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("{needle} is missing in {text}"));
        assert!(at("b.js:2:1") < at("b.js:1:1") && at("b.js:1:1") < at("a.js:1:1"), "{text}");
        assert_eq!(text.matches("why:").count(), 1, "{text}");
    }

    #[test]
    fn the_text_has_an_end_and_says_so() {
        let many: Vec<Finding> = (1..=400).map(|line| finding("a.js", line, 1, Action::Reject)).collect();
        let long = "x".repeat(100_000);
        let text = rendered(many.clone(), &format!("{long}\n").repeat(30), PLAIN);
        assert!(text.contains("… and 350 more findings") && text.len() < 60_000, "{}", text.len());
        assert!(!rendered(many, "", Style { all: true, ..PLAIN }).contains("more findings"));
    }

    #[test]
    fn only_our_own_colours_reach_a_terminal() {
        let mut hostile = finding("a\u{1b}[2J.js", 1, 1, Action::Reject);
        hostile.message = "\u{1b}]0;owned\u{7}\u{202e}".into();
        hostile.title = "\u{9b}31m".into();
        let source = "\u{1b}[2Jeval(x) // \u{2066}\u{200b}\u{e0041}";
        let plain = rendered(vec![hostile.clone()], source, PLAIN);
        let acts = |c: char| {
            (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2066}' | '\u{200b}' | '\u{e0041}')
        };
        assert!(!plain.contains(acts), "{plain:?}");
        let coloured = rendered(vec![hostile], source, Style { colours: true, ..PLAIN });
        assert!(coloured.contains("\u{1b}[1;31mreject\u{1b}[0m"), "{coloured:?}");
        let painted = coloured.split('\u{1b}').skip(1);
        assert!(
            painted.clone().count() > 4
                && painted.clone().all(|rest| rest.starts_with('[') && !rest.starts_with("[2J"))
        );
    }
}
