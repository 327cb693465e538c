//! The text of constant Python expressions: how `'os' '.sys'`, `'so'[::-1]` and `b64decode(b'b3M=').decode()` become plain.

use ruff_python_ast::{Expr, ExprCall, FStringPart, InterpolatedStringElement, Number, Operator};

const MAX_TEXT: usize = 16 * 1024;
const MAX_HOPS: u32 = 100;

/// What folding needs to know about names, and the work it may still do.
pub(super) trait Names<'a> {
    /// The value of a name that never changes.
    fn constant(&self, name: &'a str) -> Option<&'a Expr>;
    /// Takes one unit of work; false when there is none left.
    fn burn(&self) -> bool;
}

/// The text of an expression, if it is constant.
pub(super) fn fold<'a>(expr: &'a Expr, names: &dyn Names<'a>, hops: u32) -> Option<String> {
    if hops > MAX_HOPS || !names.burn() {
        return None;
    }
    let hops = hops + 1;
    let text = match expr {
        Expr::StringLiteral(literal) => literal.value.to_str().to_owned(),
        Expr::BytesLiteral(literal) => String::from_utf8(literal.value.bytes().collect()).ok()?,
        Expr::FString(_) => fold_fstring(expr, names, hops)?,
        Expr::Name(name) => fold(names.constant(name.id.as_str())?, names, hops)?,
        Expr::BinOp(sum) if sum.op == Operator::Add => {
            fold(&sum.left, names, hops)? + &fold(&sum.right, names, hops)?
        }
        Expr::Subscript(subscript) => {
            // Only the whole reversed text, `[::-1]`, which is how names are hidden.
            let slice = subscript.slice.as_slice_expr()?;
            let is_reverse = slice.lower.is_none()
                && slice.upper.is_none()
                && matches!(slice.step.as_deref(), Some(Expr::UnaryOp(step)) if is_one(&step.operand));
            fold(&subscript.value, names, hops).filter(|_| is_reverse)?.chars().rev().collect()
        }
        Expr::Call(call) => fold_call(call, names, hops)?,
        _ => return None,
    };
    Some(text).filter(|text| text.len() <= MAX_TEXT)
}

fn fold_fstring<'a>(expr: &'a Expr, names: &dyn Names<'a>, hops: u32) -> Option<String> {
    let Expr::FString(fstring) = expr else { return None };
    let mut text = String::new();
    for part in fstring.value.as_slice() {
        match part {
            FStringPart::Literal(literal) => text.push_str(literal.as_str()),
            FStringPart::FString(inner) => {
                for element in &inner.elements {
                    match element {
                        InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                        InterpolatedStringElement::Interpolation(value) if value.format_spec.is_none() => {
                            text.push_str(&fold(&value.expression, names, hops)?);
                        }
                        InterpolatedStringElement::Interpolation(_) => return None,
                    }
                }
            }
        }
    }
    Some(text)
}

fn fold_call<'a>(call: &'a ExprCall, names: &dyn Names<'a>, hops: u32) -> Option<String> {
    let first = call.arguments.args.first();
    let (object, method) = match call.func.as_ref() {
        Expr::Name(name) => (None, name.id.as_str()),
        Expr::Attribute(attribute) => (Some(attribute.value.as_ref()), attribute.attr.as_str()),
        _ => return None,
    };
    match (object, method, first) {
        (None, "chr", Some(code)) => char::from_u32(number(code)?).map(String::from),
        (None, "str", Some(text)) => fold(text, names, hops),
        (_, "b64decode" | "urlsafe_b64decode" | "standard_b64decode", Some(text)) => {
            let bytes = crate::decode::base64(&fold(text, names, hops)?)?;
            String::from_utf8(bytes).ok()
        }
        (_, "unhexlify" | "fromhex", Some(text)) => {
            String::from_utf8(crate::decode::hex(&fold(text, names, hops)?)?).ok()
        }
        (Some(object), "decode" | "encode" | "strip", _) => fold(object, names, hops),
        (Some(object), "lower", None) => fold(object, names, hops).map(|text| text.to_lowercase()),
        (Some(object), "replace", Some(from)) => {
            let to = fold(call.arguments.args.get(1)?, names, hops)?;
            Some(fold(object, names, hops)?.replace(&fold(from, names, hops)?, &to))
        }
        (Some(object), "join", Some(parts)) => {
            let separator = fold(object, names, hops)?;
            let parts = match parts {
                Expr::List(list) => &list.elts,
                Expr::Tuple(tuple) => &tuple.elts,
                _ => return None,
            };
            let parts = parts.iter().map(|part| fold(part, names, hops)).collect::<Option<Vec<_>>>()?;
            Some(parts.join(&separator))
        }
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<u32> {
    match &expr.as_number_literal_expr()?.value {
        Number::Int(int) => u32::try_from(int.as_i64()?).ok(),
        _ => None,
    }
}

fn is_one(expr: &Expr) -> bool {
    number(expr) == Some(1)
}
