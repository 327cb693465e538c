//! Words, as far as they decide how a `/`, a `{` or a new line is read.

use super::Last;

/// Words that go on with a statement after its closing brace.
pub(super) const CONTINUATIONS: &[&str] = &[
    "else",
    "catch",
    "finally",
    "while",
    "in",
    "instanceof",
    "of",
    "as",
    "satisfies",
    "extends",
    "implements",
    "from",
    "is",
    "with",
    "assert",
];

pub(super) fn word_kind(word: &str) -> Last {
    // No word of the language is shorter or longer; most names are answered here.
    if !(2..=10).contains(&word.len()) {
        return Last::Operand;
    }
    match word {
        "if" | "while" | "for" | "with" => Last::ControlWord,
        "else" | "do" | "try" | "finally" => Last::BlockWord,
        "return" | "typeof" | "case" | "in" | "instanceof" | "new" | "delete" | "void" | "throw"
        | "extends" | "default" => Last::ExpressionWord,
        "of" | "await" | "yield" | "as" | "satisfies" | "async" | "let" | "static" | "from" | "get"
        | "set" | "is" | "keyof" | "infer" | "asserts" => Last::UnclearWord,
        _ => Last::Operand,
    }
}

/// Whether something may follow a word that nests in it, without any punctuation between them.
pub(super) fn nesting_word(word: &[u8]) -> bool {
    const MORE: &[&[u8]] = &[
        b"abstract",
        b"accessor",
        b"catch",
        b"class",
        b"const",
        b"declare",
        b"defer",
        b"enum",
        b"export",
        b"function",
        b"global",
        b"implements",
        b"import",
        b"interface",
        b"module",
        b"namespace",
        b"out",
        b"readonly",
        b"source",
        b"switch",
        b"type",
        b"unique",
        b"using",
        b"var",
    ];
    // Words of the language are short and lower-case; most names are answered here.
    if !(2..=10).contains(&word.len()) || !word[0].is_ascii_lowercase() {
        return false;
    }
    std::str::from_utf8(word).is_ok_and(|word| word_kind(word) != Last::Operand) || MORE.contains(&word)
}

pub(super) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'\\') || byte >= 0x80
}

pub(super) fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '_' | '$' | '\\')
        || !c.is_ascii() && !c.is_whitespace() && c != '\u{feff}'
}
