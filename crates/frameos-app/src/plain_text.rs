//! Text that people write for other people: plain, within a length, without characters that deceive a reader.
//!
//! Invariant: what comes out has no control characters but line ends, none that reorder or hide text, and nothing is escaped:
//! whoever shows it as HTML escapes it there.

use crate::error::{AppError, Result};

/// A text of several lines; none when nothing is left of it.
pub(crate) fn plain_text(field: &str, text: &str, longest: usize) -> Result<Option<String>> {
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    let cleaned: String = unified.chars().filter(|letter| *letter == '\n' || !is_unwanted(*letter)).collect();
    fitted(field, cleaned.trim(), longest)
}

/// A text of one line.
pub(crate) fn plain_line(field: &str, text: &str, longest: usize) -> Result<Option<String>> {
    let cleaned: String =
        text.chars().filter(|letter| letter.is_whitespace() || !is_unwanted(*letter)).collect();
    fitted(field, &cleaned.split_whitespace().collect::<Vec<_>>().join(" "), longest)
}

fn fitted(field: &str, text: &str, longest: usize) -> Result<Option<String>> {
    if text.chars().count() > longest {
        return Err(AppError::field(field, format!("must have at most {longest} characters")));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Control characters, and those that reorder, hide or mark text invisibly.
fn is_unwanted(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_is_left_out_and_the_rest_stays() {
        let text = |given: &str| plain_text("text", given, 100).unwrap();
        assert_eq!(text(" a\r\nb\rc \u{202e}d\u{0}\u{7} ").as_deref(), Some("a\nb\nc d"));
        assert_eq!(text("<b>5 < 6 & \"so\"</b>").as_deref(), Some("<b>5 < 6 & \"so\"</b>"));
        assert_eq!(text("नमस्ते 👩‍👩‍👧").as_deref(), Some("नमस्ते 👩‍👩‍👧"), "joiners are letters' business");
        assert_eq!(text(" \u{feff}\n "), None);
        assert_eq!(plain_line("title", " a\n\tb  c ", 9).unwrap().as_deref(), Some("a b c"));
        assert!(plain_line("title", "äöüß", 3).is_err());
        assert!(plain_line("title", "äöü", 3).is_ok(), "characters are counted, not bytes");
    }
}
