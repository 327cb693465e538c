//! Text made by format strings: f-strings, `%` and `str.format`.

use ruff_python_ast::{ConversionFlag, ExprFString, FStringPart, InterpolatedStringElement};

use super::super::value::{Atom, MAX_TEXT, Value, add_taints};
use super::{At, Evaluator};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn fstring(&self, fstring: &'a ExprFString, at: At<'_, 'a>) -> Value {
        let mut text = Some(String::new());
        let mut prefix = String::new();
        let mut taints = Vec::new();
        let mut add = |part: Option<&str>| match (&mut text, part) {
            (Some(text), Some(part)) if text.len() + part.len() <= MAX_TEXT => text.push_str(part),
            (Some(known), _) => {
                prefix = std::mem::take(known);
                text = None;
            }
            (None, _) => {}
        };
        for part in fstring.value.as_slice() {
            let inner = match part {
                FStringPart::Literal(literal) => {
                    add(Some(literal.as_str()));
                    continue;
                }
                FStringPart::FString(inner) => inner,
            };
            for element in &inner.elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => add(Some(&literal.value)),
                    InterpolatedStringElement::Interpolation(hole) => {
                        let value = self.eval(&hole.expression, at);
                        add_taints(&mut taints, &value.taints);
                        let spec = match &hole.format_spec {
                            None => Some(String::new()),
                            Some(spec) => match &*spec.elements {
                                [] => Some(String::new()),
                                [InterpolatedStringElement::Literal(literal)] => {
                                    Some(literal.value.to_string())
                                }
                                _ => None,
                            },
                        };
                        let is_plain = matches!(hole.conversion, ConversionFlag::None | ConversionFlag::Str);
                        let shown = spec.filter(|_| is_plain && hole.debug_text.is_none());
                        add(shown.and_then(|spec| formatted(value.only()?, &spec)).as_deref());
                    }
                }
            }
        }
        let value = match text {
            Some(text) => Value::text(text),
            None if prefix.is_empty() => Value::unknown(),
            None => Value { open: true, ..Value::of(Atom::Prefix(prefix.into())) },
        };
        self.made(value.with_taints(&taints))
    }
}

/// What `str(value)` gives.
pub(super) fn shown(atom: &Atom) -> Option<String> {
    match atom {
        Atom::Text(text) => Some(text.to_string()),
        Atom::Int(number) => Some(number.to_string()),
        Atom::Nothing => Some("None".to_owned()),
        _ => None,
    }
}

/// What `format(value, spec)` gives, for the specifications that hide text: `c`, `x`, `02x`, `s` and none.
pub(super) fn formatted(atom: &Atom, spec: &str) -> Option<String> {
    match (atom, spec) {
        (_, "" | "s") => shown(atom),
        (Atom::Int(number), "d") => Some(number.to_string()),
        (Atom::Int(number), "c") => Some(char::from_u32(u32::try_from(*number).ok()?)?.to_string()),
        (Atom::Int(number), "x") => Some(format!("{number:x}")),
        (Atom::Int(number), "02x") => Some(format!("{number:02x}")),
        (Atom::Int(number), "X") => Some(format!("{number:X}")),
        (Atom::Int(number), "02X") => Some(format!("{number:02X}")),
        _ => None,
    }
}

/// `template % values`.
pub(super) fn percent(template: &str, values: &Atom) -> Option<String> {
    let single = [Value::of(values.clone())];
    let items: &[Value] = match values {
        Atom::List(items) => items,
        _ => &single,
    };
    let mut items = items.iter();
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let mut chars = after.chars();
        let mut kind = chars.next()?;
        let mut name = None;
        if kind == '(' {
            let (key, after) = chars.as_str().split_once(')')?;
            name = Some(key);
            chars = after.chars();
            kind = chars.next()?;
        }
        rest = chars.as_str();
        if kind == '%' {
            text.push('%');
            continue;
        }
        let value = match (name, values) {
            (Some(name), Atom::Dict(items)) => {
                let key = Atom::Text(name.into());
                items.iter().find(|(known, _)| known.only() == Some(&key)).map(|(_, value)| value)?
            }
            (None, _) => items.next()?,
            _ => return None,
        };
        let value = value.only()?;
        match (kind, value) {
            ('s' | 'd' | 'i', value) => text.push_str(&match value {
                Atom::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.to_owned(),
                value => shown(value)?,
            }),
            ('c', Atom::Text(c)) => text.push_str(c),
            ('c' | 'x' | 'X', Atom::Int(_)) => {
                text.push_str(&formatted(value, kind.encode_utf8(&mut [0; 4]))?);
            }
            _ => return None,
        }
        if text.len() > MAX_TEXT {
            return None;
        }
    }
    text.push_str(rest);
    (text.len() <= MAX_TEXT).then_some(text)
}

/// `template.format(*arguments, **keywords)`.
pub(super) fn format(
    template: &str,
    arguments: &[Value],
    keywords: &[(Option<&str>, Value)],
) -> Option<String> {
    let mut text = String::new();
    let mut next = 0;
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let mark = &rest[at..=at];
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix(mark) {
            text.push_str(mark);
            rest = after;
            continue;
        }
        let (field, after) = after.split_once('}')?;
        let (name, spec) = field.split_once(':').unwrap_or((field, ""));
        let value = if name.is_empty() {
            next += 1;
            arguments.get(next - 1)?
        } else if let Ok(index) = name.parse::<usize>() {
            arguments.get(index)?
        } else {
            keywords.iter().find(|(keyword, _)| *keyword == Some(name)).map(|(_, value)| value)?
        };
        text.push_str(&formatted(value.only()?, spec)?);
        if text.len() > MAX_TEXT {
            return None;
        }
        rest = after;
    }
    text.push_str(rest);
    (text.len() <= MAX_TEXT).then_some(text)
}
