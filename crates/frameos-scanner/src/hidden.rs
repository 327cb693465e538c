//! Characters that are there without being seen, or seen as others: direction controls, invisible letters, look-alikes.
//!
//! Languages that need such characters use them between their own letters, once, and in balance. What is reported here is
//! what no language needs: overrides, runs of invisible characters, and names that mix alphabets to look like another.

mod look_alike;

use crate::evidence;
use crate::findings::Findings;
use crate::role::Role;
use crate::rules;
use crate::source::Source;

/// The most findings of this kind in one file.
const MAX_PER_FILE: usize = 20;
/// From this many on, invisible characters in a row carry data.
const PAYLOAD_RUN: usize = 16;

/// Reports all hidden characters of a text.
pub(crate) fn check(source: &Source<'_>, role: Role, findings: &mut Findings) {
    if source.text.is_ascii() {
        return;
    }
    let mut walk = Walk { source, role, findings, left: MAX_PER_FILE };
    let mut at = 0;
    let bytes = source.text.as_bytes();
    while walk.left > 0 {
        let Some(next) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| !byte.is_ascii()))
        else {
            return;
        };
        at = walk.step(at + next);
    }
}

struct Walk<'w, 's> {
    source: &'w Source<'s>,
    role: Role,
    findings: &'w mut Findings,
    left: usize,
}

impl Walk<'_, '_> {
    /// Judges what begins with the character at `at`, and says where to go on.
    fn step(&mut self, at: usize) -> usize {
        let Some(c) = self.source.text.get(at..).and_then(|rest| rest.chars().next()) else { return at + 1 };
        let next = at + c.len_utf8();
        if is_direction(c) {
            return self.line_with_direction(at);
        }
        if is_invisible(c) {
            return self.invisible(at, c);
        }
        if self.role == Role::Program && look_alike::of(c).is_some() {
            return self.word(at);
        }
        next
    }

    fn report(&mut self, rule: &'static rules::Rule, at: usize, what: &str) {
        self.findings.at(rule, self.source, at, what);
        self.left = self.left.saturating_sub(1);
    }

    /// A line with controls that turn the direction of writing: judged once, as a whole.
    fn line_with_direction(&mut self, at: usize) -> usize {
        let rest = &self.source.text[at..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let (mut open, mut has_override, mut has_letters) = (0_i32, false, false);
        for c in line.chars() {
            match c {
                '\u{202a}' | '\u{202b}' | '\u{2066}'..='\u{2068}' => open += 1,
                '\u{202d}' | '\u{202e}' => {
                    open += 1;
                    has_override = true;
                }
                '\u{202c}' | '\u{2069}' => open -= 1,
                '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => {
                    has_letters = true;
                }
                _ => {}
            }
        }
        let is_wrong = match self.role {
            Role::Program => has_override || open > 0 || !has_letters && !is_range(self.source.text, at),
            Role::Config => has_override && open > 0,
            Role::Prose | Role::Data => false,
        };
        if is_wrong {
            let c = line.chars().next().unwrap_or_default();
            let ends = if open > 0 { " and the line does not end it" } else { "" };
            let what = format!("U+{:04X} turns the direction of what is shown{ends}", u32::from(c));
            self.report(rules::HIDDEN_CHARACTERS, at, &what);
        }
        at + line.len()
    }

    /// A run of invisible characters.
    fn invisible(&mut self, at: usize, first: char) -> usize {
        let text = self.source.text;
        let run: Vec<char> = text[at..].chars().take_while(|c| is_invisible(*c)).take(100_000).collect();
        let end = at + run.iter().map(|c| c.len_utf8()).sum::<usize>();
        let before = text[..at].chars().next_back();
        let after = text[end..].chars().next();
        // The flags of England, Scotland and Wales are a black flag and their names in tag characters.
        if before == Some('\u{1f3f4}') && run.last() == Some(&'\u{e007f}') && run.len() <= 7 {
            return end;
        }
        let tags: String = run
            .iter()
            .filter_map(|c| char::from_u32(u32::from(*c).checked_sub(0xe0000)?))
            .filter(char::is_ascii_graphic)
            .take(60)
            .collect();
        let is_joining = run.len() <= 3 && !is_name(before) | !is_name(after);
        if run.len() >= PAYLOAD_RUN {
            let says = if tags.len() >= 8 { format!(" that say {tags:?}") } else { String::new() };
            let what = format!("{} invisible characters stand here in a row{says}", run.len());
            let is_read = matches!(self.role, Role::Program | Role::Config);
            self.report(if is_read { rules::INVISIBLE_PAYLOAD } else { rules::HIDDEN_CHARACTERS }, at, &what);
            if is_read && !tags.is_empty() {
                evidence::in_string(self.source, at, &tags, self.findings);
            }
        } else if run.iter().any(|c| matches!(c, '\u{e0001}'..='\u{e007f}')) || run.len() > 3 {
            let what = format!(
                "{} invisible characters stand here, the first of them U+{:04X}",
                run.len(),
                u32::from(first)
            );
            self.report(rules::HIDDEN_CHARACTERS, at, &what);
        } else if self.role == Role::Program
            && (is_filler(first) && !is_hangul(before) && !is_hangul(after) && !is_range(text, at)
                || !is_joining)
        {
            let what = format!("the invisible character U+{:04X} is part of a name here", u32::from(first));
            self.report(rules::HIDDEN_CHARACTERS, at, &what);
        }
        end
    }

    /// A word that has a letter which looks like one of ASCII: only with others of ASCII it is a disguise.
    fn word(&mut self, at: usize) -> usize {
        let text = self.source.text;
        let before =
            text[..at].chars().rev().take(100).take_while(|c| is_word(*c)).map(char::len_utf8).sum::<usize>();
        let start = at - before;
        let length =
            text[start..].chars().take(200).take_while(|c| is_word(*c)).map(char::len_utf8).sum::<usize>();
        let word = &text[start..start + length];
        let end = (start + length).max(at + 1);
        let mut skeleton = String::with_capacity(word.len());
        let (mut plain, mut others) = (0, 0);
        for c in word.chars() {
            plain += usize::from(c.is_ascii_alphabetic());
            match look_alike::of(c) {
                _ if c.is_ascii() => skeleton.push(c),
                Some(same) => {
                    others += usize::from(!look_alike::is_styled(c));
                    skeleton.push(same);
                }
                // A letter that looks like none of ASCII shows that the word is of another language.
                None => return end,
            }
        }
        let is_styled = others == 0;
        let is_disguise = if is_styled { look_alike::is_known_name(&skeleton) } else { plain > 0 };
        if is_disguise && !evidence::in_comment(self.source, start) {
            let what = format!(
                "{word:?} is not {skeleton:?} though it looks the same: {}",
                look_alike::describe(word)
            );
            self.report(rules::LOOK_ALIKE, start, &what);
        }
        end
    }
}

fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_invisible(c: char) -> bool {
    is_filler(c)
        || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{180e}' | '\u{feff}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Letters of Korean that are drawn as nothing, and are letters to every parser.
fn is_filler(c: char) -> bool {
    matches!(c, '\u{3164}' | '\u{115f}' | '\u{1160}' | '\u{ffa0}')
}

fn is_hangul(c: Option<char>) -> bool {
    matches!(
        c,
        Some(
            '\u{1100}'..='\u{11ff}'
            | '\u{3130}'..='\u{318f}'
            | '\u{ac00}'..='\u{d7ff}'
            | '\u{ffa1}'..='\u{ffdc}',
        )
    )
}

fn is_name(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'))
}

fn is_word(c: char) -> bool {
    c == '_' || c == '$' || c.is_alphanumeric()
}

/// Whether a character is an end of a range in a pattern that lists such characters.
fn is_range(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at..].chars().nth(1);
    before == Some('-') || after == Some('-') || before == Some('[')
}
