//! Tells code, comments and string literals of a Rust file apart, so that a rule about one is not fooled by another.
//!
//! Invariant: both views keep every line break, so line numbers stay those of the file. It is a lexer for literals and comments
//! and nothing more; it never fails, because the compiler judges the file anyway.

/// A Rust file taken apart.
pub(crate) struct RustText {
    /// The file with comments and the contents of literals blanked out.
    pub(crate) code: String,
    /// The file with all but the contents of string literals blanked out.
    pub(crate) strings: String,
}

impl RustText {
    pub(crate) fn of(text: &str) -> Self {
        let mut lexer =
            Lexer { rest: text.chars().collect(), at: 0, code: String::new(), strings: String::new() };
        while lexer.at < lexer.rest.len() {
            lexer.step();
        }
        Self { code: lexer.code, strings: lexer.strings }
    }
}

struct Lexer {
    rest: Vec<char>,
    at: usize,
    code: String,
    strings: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Text,
}

impl Lexer {
    fn step(&mut self) {
        let previous = self.at.checked_sub(1).map(|index| self.rest[index]);
        let in_word = previous.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
        match self.peek(0) {
            '/' if self.peek(1) == '/' => self.line_comment(),
            '/' if self.peek(1) == '*' => self.block_comment(),
            '"' => self.string(),
            'r' if !in_word && self.raw_hashes(1).is_some() => self.raw_string(1),
            'b' | 'c' if !in_word && self.peek(1) == 'r' && self.raw_hashes(2).is_some() => {
                self.raw_string(2);
            }
            '\'' => self.quote(),
            _ => self.take(1, Kind::Code),
        }
    }

    fn peek(&self, ahead: usize) -> char {
        self.rest.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn take(&mut self, count: usize, kind: Kind) {
        for letter in self.rest.iter().skip(self.at).take(count) {
            let blank = if *letter == '\n' { '\n' } else { ' ' };
            self.code.push(if kind == Kind::Code { *letter } else { blank });
            self.strings.push(if kind == Kind::Text { *letter } else { blank });
        }
        self.at += count;
    }

    fn line_comment(&mut self) {
        while self.at < self.rest.len() && self.peek(0) != '\n' {
            self.take(1, Kind::Comment);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.rest.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.take(1, Kind::Comment);
                    continue;
                }
            }
            self.take(2, Kind::Comment);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.take(1, Kind::Code);
        while self.at < self.rest.len() && self.peek(0) != '"' {
            self.take(if self.peek(0) == '\\' { 2 } else { 1 }, Kind::Text);
        }
        self.take(1, Kind::Code);
    }

    /// How many `#` stand before the quote of a raw string whose hashes would start `ahead` characters from here.
    fn raw_hashes(&self, ahead: usize) -> Option<usize> {
        let hashes = (0..).take_while(|index| self.peek(ahead + index) == '#').count();
        (self.peek(ahead + hashes) == '"').then_some(hashes)
    }

    fn raw_string(&mut self, prefix: usize) {
        let hashes = self.raw_hashes(prefix).unwrap_or(0);
        self.take(prefix + hashes + 1, Kind::Code);
        while self.at < self.rest.len() {
            if self.peek(0) == '"' && (1..=hashes).all(|index| self.peek(index) == '#') {
                break;
            }
            self.take(1, Kind::Text);
        }
        self.take(1 + hashes, Kind::Code);
    }

    /// A character literal, or the mark of a lifetime.
    fn quote(&mut self) {
        if self.peek(1) == '\\' {
            self.take(3, Kind::Comment);
            while self.at < self.rest.len() && self.peek(0) != '\'' {
                self.take(1, Kind::Comment);
            }
            self.take(1, Kind::Comment);
        } else if self.peek(2) == '\'' {
            self.take(3, Kind::Comment);
        } else {
            self.take(1, Kind::Code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: &str, strings: &str) {
        let found = RustText::of(text);
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            (squeeze(&found.code), squeeze(&found.strings)),
            (code.to_owned(), strings.to_owned()),
            "{text}"
        );
        assert_eq!(found.code.lines().count(), text.lines().count(), "{text}");
    }

    #[test]
    fn comments_and_literals_are_told_from_code() {
        check("a // b \"c\"\nd", "a d", "");
        check("a /* b /* c */ d */ e", "a e", "");
        check(r#"f("x \" y", 'q')"#, r#"f(" ", )"#, r#"x \" y"#);
        check("r##\"x\"# y\"## + br\"z\"", "r##\" \"## + br\" \"", "x\"# y z");
        check("fn f<'a>(x: &'a str) -> '\\'' {}", "fn f<'a>(x: &'a str) -> {}", "");
        check("var\"s\"", "var\" \"", "s");
    }
}
