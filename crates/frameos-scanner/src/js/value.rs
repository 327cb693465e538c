//! The values constant expressions have, and how JavaScript turns one kind into another.
//!
//! Invariant: what cannot be told exactly is `None`, never a guess.

use oxc_semantic::NodeId;

/// Longest text or list that is folded; names of modules and members are far shorter.
pub(super) const MAX_TEXT: usize = 16 * 1024;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Undefined,
    Null,
    Bool(bool),
    Text(String),
    Number(f64),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    Bytes(Vec<u8>),
    /// A function written in the file.
    Function(NodeId),
    /// A function or object that is built in, by name, e.g. `String.fromCharCode`.
    BuiltIn(String),
    /// A regular expression that matches one of some plain characters, and whether it matches all of them.
    Pattern {
        needle: Needle,
        is_global: bool,
    },
}

/// What a simple regular expression looks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Needle {
    Text(String),
    AnyOf(Vec<char>),
    /// `.`, `..`: this many of any characters.
    Any(usize),
}

impl Value {
    pub(super) fn of_text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    #[expect(clippy::cast_precision_loss, reason = "lengths are far below the limit of exact numbers")]
    pub(super) fn of_count(count: usize) -> Self {
        Self::Number(count as f64)
    }

    /// What `String(value)` gives.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => number_text(*number),
            Self::Bool(value) => Some(value.to_string()),
            Self::Null => Some("null".to_owned()),
            Self::Undefined => Some("undefined".to_owned()),
            Self::List(values) => joined(values, ","),
            Self::Bytes(bytes) => String::from_utf8(bytes.clone()).ok(),
            Self::Object(_) | Self::Function(_) | Self::BuiltIn(_) | Self::Pattern { .. } => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Null => Some(0.0),
            Self::Text(text) => text_number(text),
            Self::List(values) if values.is_empty() => Some(0.0),
            Self::List(values) if values.len() == 1 => values.first()?.number(),
            _ => None,
        }
    }

    /// A whole number as JavaScript's bit operations see it.
    pub(super) fn bits(&self) -> Option<i32> {
        let number = match self {
            Self::Undefined => 0.0,
            value => value.number()?,
        };
        if !number.is_finite() {
            return Some(0);
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range is made to fit by the remainder")]
        let whole = (number.trunc() % 4_294_967_296.0) as i64;
        #[expect(clippy::cast_possible_truncation, reason = "wrapping is what JavaScript does")]
        Some(whole as i32)
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(value) => *value,
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            _ => true,
        }
    }

    pub(super) fn is_short(&self) -> bool {
        match self {
            Self::Text(text) => text.len() <= MAX_TEXT,
            Self::List(values) => values.len() <= MAX_TEXT,
            Self::Bytes(bytes) => bytes.len() <= MAX_TEXT,
            _ => true,
        }
    }

    /// Values that no other name can change.
    pub(super) fn is_plain(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Object(_) | Self::Bytes(_))
    }

    /// A rough measure of what copying it costs.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len() / 32,
            Self::List(values) => values.len(),
            Self::Object(values) => values.len(),
            Self::Bytes(bytes) => bytes.len() / 32,
            _ => 0,
        }
    }
}

pub(super) fn joined(values: &[Value], separator: &str) -> Option<String> {
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        if !matches!(value, Value::Null | Value::Undefined) {
            text.push_str(&value.text()?);
        }
        if text.len() > MAX_TEXT {
            return None;
        }
    }
    Some(text)
}

fn number_text(number: f64) -> Option<String> {
    if number.is_nan() {
        return Some("NaN".to_owned());
    }
    if number.is_infinite() {
        return Some(if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned());
    }
    // Rust and JavaScript print the shortest digits alike, but not exponents.
    let plain = number == 0.0 || (1e-6..1e15).contains(&number.abs());
    plain.then(|| if number == 0.0 { "0".to_owned() } else { number.to_string() })
}

pub(super) fn text_number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0.0);
    }
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return u32::from_str_radix(digits, radix).ok().map(f64::from);
        }
    }
    let is_number =
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    if is_number { text.parse().ok() } else { Some(f64::NAN) }
}

/// What `parseInt(text, radix)` gives.
pub(super) fn parse_int(text: &str, radix: Option<f64>) -> Option<f64> {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (digits, radix) = match (hex, radix.filter(|radix| *radix != 0.0)) {
        (Some(rest), None) => (rest, 16),
        (Some(rest), Some(16.0)) => (rest, 16),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
        (_, Some(radix)) if (2.0..=36.0).contains(&radix) => (digits, radix as u32),
        (_, None) => (digits, 10),
        _ => return None,
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    if end == 0 {
        return Some(f64::NAN);
    }
    u32::from_str_radix(&digits[..end], radix).ok().map(|number| sign * f64::from(number))
}

/// What `number.toString(radix)` gives for whole numbers.
pub(super) fn in_radix(number: f64, radix: f64) -> Option<String> {
    if number.fract() != 0.0 || !(0.0..9e15).contains(&number) || !(2.0..=36.0).contains(&radix) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked above")]
    let (mut rest, radix) = (number as u64, radix as u32);
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % u64::from(radix)).ok()?;
        digits.push(char::from_digit(digit, radix)?);
        rest /= u64::from(radix);
        if rest == 0 {
            return Some(digits.iter().rev().collect());
        }
    }
}

/// The literal characters a simple regular expression looks for.
pub(super) fn needle(pattern: &str) -> Option<Needle> {
    let is_plain =
        |text: &str| !text.contains(['\\', '[', ']', '(', ')', '{', '}', '*', '+', '?', '.', '^', '$', '|']);
    if !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'.') {
        return Some(Needle::Any(pattern.len()));
    }
    if let Some(set) = pattern.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return (is_plain(set) && !set.contains('-')).then(|| Needle::AnyOf(set.chars().collect()));
    }
    if let Some(escaped) = pattern.strip_prefix('\\')
        && escaped.chars().count() == 1
        && !escaped.starts_with(char::is_alphanumeric)
    {
        return Some(Needle::Text(escaped.to_owned()));
    }
    (is_plain(pattern) && !pattern.is_empty()).then(|| Needle::Text(pattern.to_owned()))
}
