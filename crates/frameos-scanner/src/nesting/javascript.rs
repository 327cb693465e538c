//! A lexer for JavaScript and TypeScript that only estimates how deeply the parser will recurse.
//!
//! A level of the tree costs at least one operator, bracket or word. Those are counted per bracket pair and forgotten where
//! a statement or list item ends. Strings, comments and regular expressions are skipped; where telling a regular expression
//! from a division would need a parser, the estimate says it is not `certain`, and [`strict`] bounds the text instead.

mod words;

#[cfg(test)]
mod tests;

use words::{CONTINUATIONS, is_word_byte, is_word_char, nesting_word, word_kind};

/// What one pass over the text found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Estimate {
    /// Upper bound of the nesting, meaningful when `certain`.
    pub(crate) depth: u32,
    /// Whether the text was split into tokens the way a parser would.
    pub(crate) certain: bool,
    /// Whether `<!--` or `-->` may begin a comment somewhere, which only scripts have.
    pub(crate) html_comments: bool,
    /// How many tokens there are.
    pub(crate) tokens: u32,
    /// Bytes of punctuation, and of everything else but white space and comments; their ratio shows symbol-only code.
    pub(crate) symbols: u32,
    pub(crate) letters: u32,
}

/// A bound that needs no tokens: every byte and every word that may begin a level of the tree counts, wherever it stands.
///
/// What closes or separates begins none, and a name does not without one of those that do.
pub(crate) fn strict(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let (mut bound, mut at) = (0_u32, 0);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        let nests = if is_ascii_word(byte) {
            while bytes.get(at).is_some_and(|byte| is_ascii_word(*byte)) {
                at += 1;
            }
            nesting_word(&bytes[start..at])
        } else {
            byte.is_ascii_punctuation() && !matches!(byte, b')' | b']' | b'}' | b';' | b',' | b'"' | b'\'')
        };
        bound = bound.saturating_add(u32::from(nests));
    }
    bound
}

fn is_ascii_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

/// Estimates the nesting of `text`; with `typed`, `<` may open type arguments.
pub(crate) fn javascript(text: &str, typed: bool) -> Estimate {
    let mut scan = Scan::new(text, typed);
    scan.run();
    Estimate {
        depth: scan.deepest,
        certain: scan.certain && scan.frames.len() == 1,
        // Where the lexer lost its way, a string may be none.
        html_comments: scan.html_comments || !scan.certain && (text.contains("<!--") || text.contains("-->")),
        tokens: scan.tokens,
        symbols: scan.symbols,
        letters: scan.letters,
    }
}

/// The last significant token, as far as it decides what a following `/` or `{` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Start,
    /// An operator, comma, or opening bracket.
    Operator,
    Semicolon,
    /// `:`, of a label, a case, a property or a condition.
    Colon,
    Arrow,
    /// `++` or `--` that may belong to what follows.
    Step,
    /// `++` or `--` on the line of the operand before it, so that it belongs to that.
    Postfix,
    /// A name, number, string, template, regular expression or `]`.
    Operand,
    /// A word after which an expression starts: `return`, `typeof`, …
    ExpressionWord,
    /// A word that may be a name or not: `of`, `await`, …
    UnclearWord,
    /// `else`, `do`, `try`, `finally`.
    BlockWord,
    /// `if`, `while`, `for`, `with`: their parentheses are not an operand.
    ControlWord,
    Dot,
    OpenBrace,
    CloseParen {
        control: bool,
    },
    CloseBrace(Brace),
}

/// What a pair of braces is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brace {
    Block,
    Value,
    Unclear,
    Template,
}

/// One open bracket and what has piled up in it since its last statement or item.
#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    open: u8,
    control: bool,
    brace: Option<Brace>,
    /// `if`, `else`, `for`, labels…: end with the statement.
    statement: u32,
    /// Operators: end with the expression.
    expression: u32,
    /// `<` that may be type arguments.
    angles: u32,
    /// A statement has ended, unless the next token continues it.
    ended: Option<Ended>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Semicolon,
    Brace,
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Where the last token ended.
    end: usize,
    typed: bool,
    frames: Vec<Frame>,
    depth: u32,
    deepest: u32,
    tokens: u32,
    symbols: u32,
    letters: u32,
    certain: bool,
    html_comments: bool,
    last: Last,
    before_last: Last,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str, typed: bool) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            end: 0,
            typed,
            frames: vec![Frame::default()],
            depth: 0,
            deepest: 0,
            tokens: 0,
            symbols: 0,
            letters: 0,
            certain: true,
            html_comments: false,
            last: Last::Start,
            before_last: Last::Start,
        }
    }

    fn run(&mut self) {
        if self.text.starts_with("#!") {
            self.skip_line();
        }
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => self.at += 1,
                b'"' | b'\'' => self.string(byte),
                b'`' => {
                    self.at += 1;
                    self.template_text();
                }
                b'/' => self.slash(),
                b'(' | b'[' | b'{' => self.open(byte),
                b')' | b']' | b'}' => self.close(byte),
                b';' => {
                    self.token(Last::Semicolon, 1);
                    self.top().ended = Some(Ended::Semicolon);
                }
                b',' => self.comma(),
                _ if is_word_byte(byte) => self.word_or_space(),
                _ => self.operator(),
            }
        }
    }

    fn top(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// Consumes a token of `length` bytes.
    fn token(&mut self, kind: Last, length: usize) {
        self.resume(kind);
        self.symbols = self.symbols.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
        self.advance(kind, length);
    }

    fn advance(&mut self, kind: Last, length: usize) {
        self.tokens = self.tokens.saturating_add(1);
        self.at += length;
        self.end = self.at;
        self.before_last = self.last;
        self.last = kind;
    }

    /// Forgets an ended statement, now that a token other than its continuation follows.
    fn resume(&mut self, next: Last) {
        let Some(ended) = self.top().ended.take() else { return };
        let starts_statement = match ended {
            Ended::Semicolon => true,
            Ended::Brace => matches!(next, Last::Operand | Last::ControlWord | Last::ExpressionWord),
        };
        if starts_statement {
            self.forget_statement();
        }
    }

    fn forget_statement(&mut self) {
        let frame = self.top();
        let gone = frame.statement + frame.expression + frame.angles;
        (frame.statement, frame.expression, frame.angles) = (0, 0, 0);
        self.depth = self.depth.saturating_sub(gone);
    }

    fn deepen(&mut self, count: fn(&mut Frame) -> &mut u32) {
        *count(self.top()) += 1;
        self.depth = self.depth.saturating_add(1);
        self.deepest = self.deepest.max(self.depth);
    }

    fn comma(&mut self) {
        self.token(Last::Operator, 1);
        let frame = self.top();
        if frame.angles == 0 {
            let gone = std::mem::take(&mut frame.expression);
            self.depth = self.depth.saturating_sub(gone);
        }
    }

    fn open(&mut self, byte: u8) {
        let brace = (byte == b'{').then(|| self.brace_kind());
        let control = byte == b'(' && self.last == Last::ControlWord;
        let kind = if byte == b'{' { Last::OpenBrace } else { Last::Operator };
        self.token(kind, 1);
        self.push(Frame { open: byte, control, brace, ..Frame::default() });
    }

    fn push(&mut self, frame: Frame) {
        self.frames.push(frame);
        self.depth = self.depth.saturating_add(1);
        self.deepest = self.deepest.max(self.depth);
    }

    fn brace_kind(&self) -> Brace {
        match self.last {
            Last::Start
            | Last::Semicolon
            | Last::Arrow
            | Last::BlockWord
            | Last::OpenBrace
            | Last::CloseParen { control: true }
            | Last::CloseBrace(Brace::Block) => Brace::Block,
            Last::Operator => Brace::Value,
            _ => Brace::Unclear,
        }
    }

    fn close(&mut self, byte: u8) {
        let open = match byte {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        let Some(frame) = self.frames.pop().filter(|frame| frame.open == open) else {
            // A parser stops here; what follows is counted all the same.
            self.certain = false;
            self.at += 1;
            self.top();
            return;
        };
        self.depth = self.depth.saturating_sub(1 + frame.statement + frame.expression + frame.angles);
        let brace = frame.brace.unwrap_or(Brace::Value);
        if brace == Brace::Template {
            self.at += 1;
            self.template_text();
            return;
        }
        let kind = match byte {
            b')' => Last::CloseParen { control: frame.control },
            b']' => Last::Operand,
            _ => Last::CloseBrace(brace),
        };
        self.symbols = self.symbols.saturating_add(1);
        self.advance(kind, 1);
        self.deepen(|frame| &mut frame.expression);
        if byte == b'}' {
            self.top().ended = Some(Ended::Brace);
        }
    }

    fn operator(&mut self) {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(b"<!--") || rest.starts_with(b"-->") && self.may_start_line() {
            // A comment in scripts, operators in modules.
            self.html_comments = true;
            self.certain = false;
        }
        let single = matches!(rest[0], b'!' | b'~' | b'@' | b'#' | b'?' | b':');
        let length = match rest {
            [b'+', b'+', ..] | [b'-', b'-', ..] => 2,
            _ if single || matches!(rest[0], b'+' | b'-') => 1,
            _ => rest.iter().take_while(|byte| b"=&|.*<>%^".contains(byte)).count().max(1),
        };
        let kind = match &rest[..length] {
            b"++" | b"--" if self.follows_operand() => Last::Postfix,
            b"++" | b"--" => Last::Step,
            b"=>" => Last::Arrow,
            b"." => Last::Dot,
            b":" => Last::Colon,
            _ => Last::Operator,
        };
        let closes = rest[..length].iter().take_while(|&&byte| byte == b'>').count();
        let is_label = rest[0] == b':' && self.last == Last::Operand && self.starts_statement();
        self.token(kind, length);
        if is_label {
            self.deepen(|frame| &mut frame.statement);
        } else if self.typed && rest[0] == b'<' {
            self.deepen(|frame| &mut frame.angles);
        } else {
            self.deepen(|frame| &mut frame.expression);
        }
        if self.typed && closes > 0 {
            let frame = self.top();
            let closed = frame.angles.min(u32::try_from(closes).unwrap_or(u32::MAX));
            frame.angles -= closed;
            self.depth = self.depth.saturating_sub(closed);
        }
    }

    /// Whether an operand ends just before this place, in its line.
    fn follows_operand(&self) -> bool {
        matches!(self.last, Last::Operand | Last::CloseParen { control: false })
            && self.bytes[self.end..self.at].iter().all(|byte| matches!(byte, b' ' | b'\t'))
    }

    /// Whether only blanks or a comment may stand before this place in its line.
    fn may_start_line(&self) -> bool {
        let before =
            self.bytes[..self.at].iter().rev().find(|byte| !matches!(byte, b' ' | b'\t' | 0x0b | 0x0c));
        before.is_none_or(|&byte| matches!(byte, b'\n' | b'\r' | b'/') || !byte.is_ascii())
    }

    fn starts_statement(&self) -> bool {
        matches!(
            self.before_last,
            Last::Start
                | Last::Semicolon
                | Last::Colon
                | Last::BlockWord
                | Last::OpenBrace
                | Last::CloseBrace(_)
                | Last::CloseParen { .. }
        )
    }

    fn word_or_space(&mut self) {
        let rest = &self.text[self.at..];
        let mut end = rest.bytes().position(|byte| !is_word_byte(byte)).unwrap_or(rest.len());
        if !rest.as_bytes()[..end].is_ascii() {
            let Some(first) = rest.chars().next() else { return };
            if first.is_whitespace() || first == '\u{feff}' {
                self.at += first.len_utf8();
                return;
            }
            end = rest.find(|c: char| !is_word_char(c)).unwrap_or(rest.len());
        }
        let (word, end) = (&rest[..end], end.max(1));
        let after_operand = matches!(
            self.last,
            Last::Operand
                | Last::ExpressionWord
                | Last::UnclearWord
                | Last::BlockWord
                | Last::ControlWord
                | Last::CloseParen { .. }
                | Last::CloseBrace(_)
        );
        let kind = if self.last == Last::Dot { Last::Operand } else { word_kind(word) };
        let kind = if word == "await" && self.last == Last::ControlWord { Last::ControlWord } else { kind };
        self.end_statement_before(word, kind);
        self.letters = self.letters.saturating_add(u32::try_from(end).unwrap_or(u32::MAX));
        self.advance(kind, end);
        if matches!(kind, Last::ControlWord | Last::BlockWord) {
            self.deepen(|frame| &mut frame.statement);
        } else if after_operand {
            self.deepen(|frame| &mut frame.expression);
        }
    }

    fn end_statement_before(&mut self, word: &str, kind: Last) {
        let continues = match self.top().ended {
            None => return,
            Some(Ended::Semicolon) => matches!(word, "else" | "while"),
            Some(Ended::Brace) => CONTINUATIONS.contains(&word),
        };
        if continues {
            self.top().ended = None;
        } else {
            // A word after a closed block or a semicolon begins anew, whatever its kind.
            self.resume(if kind == Last::ControlWord { kind } else { Last::Operand });
        }
    }

    fn string(&mut self, quote: u8) {
        let start = self.at;
        let mut at = start + 1;
        loop {
            match self.bytes.get(at) {
                Some(b'\\') => at += if self.bytes[at..].starts_with(b"\\\r\n") { 3 } else { 2 },
                Some(&byte) if byte == quote => break,
                Some(b'\n' | b'\r') | None => {
                    self.certain = false;
                    break;
                }
                Some(_) => at += 1,
            }
        }
        self.operand((at + 1).min(self.bytes.len()) - start);
    }

    fn operand(&mut self, length: usize) {
        self.resume(Last::Operator);
        self.letters = self.letters.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
        self.advance(Last::Operand, length);
    }

    /// The text of a template, up to its end or its next `${`.
    fn template_text(&mut self) {
        let start = self.at;
        let mut at = start;
        loop {
            match self.bytes.get(at) {
                Some(b'\\') => at += 2,
                Some(b'`') => {
                    self.operand(at + 1 - start);
                    self.deepen(|frame| &mut frame.expression);
                    return;
                }
                Some(b'$') if self.bytes.get(at + 1) == Some(&b'{') => {
                    self.operand(at + 2 - start);
                    self.last = Last::Operator;
                    self.push(Frame { open: b'{', brace: Some(Brace::Template), ..Frame::default() });
                    return;
                }
                Some(_) => at += 1,
                None => {
                    self.certain = false;
                    self.at = self.bytes.len();
                    return;
                }
            }
        }
    }

    fn slash(&mut self) {
        if matches!(self.bytes.get(self.at + 1), Some(b'/' | b'*')) {
            // The parser keeps a list of comments too.
            self.tokens = self.tokens.saturating_add(1);
        }
        match self.bytes.get(self.at + 1) {
            Some(b'/') => self.skip_line(),
            Some(b'*') => match memchr::memmem::find(&self.bytes[self.at + 2..], b"*/") {
                Some(length) => self.at += length + 4,
                None => {
                    self.certain = false;
                    self.at = self.bytes.len();
                }
            },
            _ if self.regex_here() => self.regex(),
            _ => {
                self.token(Last::Operator, 1);
                self.deepen(|frame| &mut frame.expression);
            }
        }
    }

    fn regex_here(&mut self) -> bool {
        match self.last {
            Last::Start
            | Last::Operator
            | Last::Semicolon
            | Last::Colon
            | Last::Arrow
            | Last::ExpressionWord
            | Last::BlockWord
            | Last::OpenBrace
            | Last::CloseParen { control: true }
            | Last::CloseBrace(Brace::Block) => true,
            Last::Operand
            | Last::Postfix
            | Last::CloseParen { control: false }
            | Last::CloseBrace(Brace::Value | Brace::Template) => false,
            Last::Step | Last::UnclearWord | Last::ControlWord | Last::Dot => {
                self.certain = false;
                false
            }
            Last::CloseBrace(Brace::Unclear) => {
                self.certain = false;
                true
            }
        }
    }

    fn regex(&mut self) {
        let start = self.at;
        let mut at = start + 1;
        let mut in_class = false;
        loop {
            match self.bytes.get(at) {
                Some(b'\n' | b'\r') | None => {
                    self.certain = false;
                    break;
                }
                Some(b'\\') => at += 2,
                Some(b'[') => (in_class, at) = (true, at + 1),
                Some(b']') => (in_class, at) = (false, at + 1),
                Some(b'/') if !in_class => break,
                Some(_) => at += 1,
            }
        }
        self.operand((at + 1).min(self.bytes.len()) - start);
    }

    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        let line = &rest[..memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())];
        // U+2028 and U+2029 end a line too.
        let mut separators = memchr::memchr_iter(0xe2, line);
        self.at +=
            separators.find(|&at| matches!(line[at..], [_, 0x80, 0xa8 | 0xa9, ..])).unwrap_or(line.len());
    }
}
