//! The values of constant expressions: how `'f' + 's'`, `['e','val'].join('')` and `atob('ZXZhbA==')` become plain text.
//!
//! Invariant: a folded value is what the program would compute, unless it replaces the built-in functions themselves;
//! whatever is not sure does not fold.

use oxc_ast::ast::{
    Argument, BinaryExpression, BinaryOperator, CallExpression, Expression, IdentifierReference,
    TemplateLiteral, UnaryOperator,
};

use super::resolve::{MAX_HOPS, Resolver};
use crate::decode;

/// Longest text that is folded; names of modules and members are far shorter.
const MAX_TEXT: usize = 16 * 1024;

/// Functions that [`Resolver::fold_call`] knows, and methods that [`apply_method`] does.
const DECODERS: &[&str] =
    &["atob", "fromCharCode", "fromCodePoint", "from", "unescape", "decodeURIComponent", "decodeURI"];
const METHODS: &[&str] = &[
    "join",
    "reverse",
    "split",
    "concat",
    "toLowerCase",
    "toUpperCase",
    "trim",
    "replace",
    "charAt",
    "at",
    "toString",
];

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(f64),
    List(Vec<Value>),
    Bytes(Vec<u8>),
}

impl Value {
    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            // Only whole numbers print alike here and in JavaScript.
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                Some(format!("{number:.0}"))
            }
            Self::Number(_) | Self::List(_) => None,
            Self::Bytes(bytes) => String::from_utf8(bytes.clone()).ok(),
        }
    }
}

impl<'a> Resolver<'_, 'a> {
    /// The text a constant expression has, if it is constant.
    pub(super) fn fold_string(&self, expression: &Expression<'a>, hops: u32) -> Option<String> {
        self.fold(expression, hops)?.text()
    }

    /// Whether an expression surely yields text, even if not which.
    pub(super) fn is_text(&self, expression: &Expression<'a>) -> bool {
        match expression.get_inner_expression() {
            Expression::StringLiteral(_) | Expression::TemplateLiteral(_) => true,
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                operands(sum).iter().any(|operand| {
                    matches!(
                        operand.get_inner_expression(),
                        Expression::StringLiteral(_) | Expression::TemplateLiteral(_)
                    )
                })
            }
            inner => matches!(self.fold(inner, 0), Some(Value::Text(_))),
        }
    }

    fn fold(&self, expression: &Expression<'a>, hops: u32) -> Option<Value> {
        if hops > MAX_HOPS || !self.burn() {
            return None;
        }
        let hops = hops + 1;
        match expression.get_inner_expression() {
            Expression::StringLiteral(text) => Some(Value::Text(text.value.to_string())),
            Expression::NumericLiteral(number) => Some(Value::Number(number.value)),
            Expression::TemplateLiteral(template) => self.fold_template(template, hops),
            Expression::BinaryExpression(binary) => self.fold_binary(binary, hops),
            Expression::ArrayExpression(array) => {
                let values = array.elements.iter().map(|element| self.fold(element.as_expression()?, hops));
                values.collect::<Option<Vec<_>>>().map(Value::List)
            }
            Expression::Identifier(identifier) => self.fold_constant(identifier, hops),
            Expression::SequenceExpression(sequence) => self.fold(sequence.expressions.last()?, hops),
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::UnaryNegation => {
                match self.fold(&unary.argument, hops)? {
                    Value::Number(number) => Some(Value::Number(-number)),
                    _ => None,
                }
            }
            Expression::CallExpression(call) => self.fold_call(call, hops),
            Expression::ComputedMemberExpression(member) => {
                let index = self.fold(&member.expression, hops)?;
                element_at(self.fold(&member.object, hops)?, &index)
            }
            _ => None,
        }
    }

    fn fold_constant(&self, identifier: &IdentifierReference<'a>, hops: u32) -> Option<Value> {
        let (symbol, value) = self.constant(identifier)?;
        if let Some(known) = self.folded.borrow().get(&symbol) {
            return known.clone();
        }
        // While it is being folded, a name that refers to itself is not constant.
        self.folded.borrow_mut().insert(symbol, None);
        // A list may be changed through any of its names, text and numbers may not.
        let value = self.fold(value, hops).filter(|value| matches!(value, Value::Text(_) | Value::Number(_)));
        self.folded.borrow_mut().insert(symbol, value.clone());
        value
    }

    fn fold_template(&self, template: &TemplateLiteral<'a>, hops: u32) -> Option<Value> {
        let mut text = String::new();
        for (index, quasi) in template.quasis.iter().enumerate() {
            text.push_str(quasi.value.cooked.as_ref()?);
            if let Some(expression) = template.expressions.get(index) {
                text.push_str(&self.fold_string(expression, hops)?);
            }
            if text.len() > MAX_TEXT {
                return None;
            }
        }
        Some(Value::Text(text))
    }

    fn fold_binary(&self, binary: &BinaryExpression<'a>, hops: u32) -> Option<Value> {
        if binary.operator != BinaryOperator::Addition {
            let (left, right) = (self.fold(&binary.left, hops)?, self.fold(&binary.right, hops)?);
            let (Value::Number(left), Value::Number(right)) = (left, right) else { return None };
            return match binary.operator {
                BinaryOperator::Subtraction => Some(Value::Number(left - right)),
                BinaryOperator::Multiplication => Some(Value::Number(left * right)),
                BinaryOperator::BitwiseXOR => {
                    #[expect(clippy::cast_possible_truncation, reason = "what JavaScript does in this range")]
                    let (left_bits, right_bits) = (left as i32, right as i32);
                    let exact = f64::from(left_bits) == left && f64::from(right_bits) == right;
                    exact.then(|| Value::Number(f64::from(left_bits ^ right_bits)))
                }
                _ => None,
            };
        }
        let mut sum: Option<Value> = None;
        for operand in operands(binary) {
            let next = self.fold(operand, hops)?;
            sum = Some(match (sum, next) {
                (None, next) => next,
                (Some(Value::Number(left)), Value::Number(right)) => Value::Number(left + right),
                (Some(left), right) => Value::Text(left.text()? + &right.text()?),
            });
            if matches!(&sum, Some(Value::Text(text)) if text.len() > MAX_TEXT) {
                return None;
            }
        }
        sum
    }

    fn fold_call(&self, call: &CallExpression<'a>, hops: u32) -> Option<Value> {
        let argument = |index: usize| -> Option<Value> {
            self.fold(call.arguments.get(index).and_then(Argument::as_expression)?, hops)
        };
        let callee = call.callee.get_inner_expression();
        let name = match callee {
            Expression::Identifier(_) => None,
            callee => Some(callee.as_member_expression()?.static_property_name()?),
        };
        let may_be_global = name.is_none_or(|name| DECODERS.contains(&name));
        if let Some(path) = may_be_global.then(|| self.exact_path(callee, hops)).flatten() {
            if path.is_global("atob", &[]) {
                let bytes = decode::base64(&argument(0)?.text()?)?;
                return Some(Value::Text(bytes.into_iter().map(char::from).collect()));
            }
            if path.is_global("String", &["fromCharCode"]) || path.is_global("String", &["fromCodePoint"]) {
                return self.fold_char_codes(call, hops);
            }
            if path.is_global("Buffer", &["from"]) {
                let encoding = argument(1).and_then(|value| value.text());
                return to_bytes(&argument(0)?, encoding.as_deref()).map(Value::Bytes);
            }
            if path.is_global("unescape", &[])
                || path.is_global("decodeURIComponent", &[])
                || path.is_global("decodeURI", &[])
            {
                return decode::percent(&argument(0)?.text()?).map(Value::Text);
            }
        }
        let name = name.filter(|name| METHODS.contains(name))?;
        let object = self.fold(callee.as_member_expression()?.object(), hops)?;
        apply_method(object, name, &argument)
    }

    fn fold_char_codes(&self, call: &CallExpression<'a>, hops: u32) -> Option<Value> {
        let mut text = String::new();
        for argument in &call.arguments {
            let values = match argument {
                Argument::SpreadElement(spread) => match self.fold(&spread.argument, hops)? {
                    Value::List(values) => values,
                    _ => return None,
                },
                argument => vec![self.fold(argument.as_expression()?, hops)?],
            };
            for value in values {
                let Value::Number(code) = value else { return None };
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "checked by from_u32"
                )]
                text.push(char::from_u32(code as u32)?);
            }
        }
        Some(Value::Text(text))
    }
}

/// The operands of a chain of additions, left to right; the chain is a list in the source but leans left in the tree.
fn operands<'e, 'a>(sum: &'e BinaryExpression<'a>) -> Vec<&'e Expression<'a>> {
    let mut right_to_left = vec![&sum.right];
    let mut left = &sum.left;
    while let Expression::BinaryExpression(inner) = left.get_inner_expression()
        && inner.operator == BinaryOperator::Addition
    {
        right_to_left.push(&inner.right);
        left = &inner.left;
    }
    right_to_left.push(left);
    right_to_left.reverse();
    right_to_left
}

fn element_at(object: Value, index: &Value) -> Option<Value> {
    let Value::Number(index) = index else { return None };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "negative saturates to 0 and is excluded"
    )]
    let at = (*index >= 0.0 && index.fract() == 0.0).then_some(*index as usize)?;
    match object {
        Value::List(values) => values.into_iter().nth(at),
        Value::Text(text) if text.is_ascii() => text.chars().nth(at).map(|c| Value::Text(c.to_string())),
        _ => None,
    }
}

fn apply_method(object: Value, name: &str, argument: &dyn Fn(usize) -> Option<Value>) -> Option<Value> {
    match (object, name) {
        (Value::List(values), "join") => {
            let separator = argument(0).and_then(|value| value.text()).unwrap_or_else(|| ",".to_owned());
            let parts = values.iter().map(Value::text).collect::<Option<Vec<_>>>()?;
            Some(Value::Text(parts.join(&separator))).filter(is_short)
        }
        (Value::List(mut values), "reverse") => {
            values.reverse();
            Some(Value::List(values))
        }
        (Value::Text(text), "split") => {
            let separator = argument(0)?.text()?;
            let parts: Vec<String> = match separator.as_str() {
                "" => text.chars().map(String::from).collect(),
                separator => text.split(separator).map(str::to_owned).collect(),
            };
            Some(Value::List(parts.into_iter().map(Value::Text).collect()))
        }
        (Value::Text(text), "concat") => Some(Value::Text(text + &argument(0)?.text()?))
            .filter(|value| is_short(value) && argument(1).is_none()),
        (Value::Text(text), "toLowerCase") => Some(Value::Text(text.to_lowercase())),
        (Value::Text(text), "toUpperCase") => Some(Value::Text(text.to_uppercase())),
        (Value::Text(text), "trim") => Some(Value::Text(text.trim().to_owned())),
        (Value::Text(text), "replace") => {
            Some(Value::Text(text.replacen(&argument(0)?.text()?, &argument(1)?.text()?, 1))).filter(is_short)
        }
        (Value::Text(text), "charAt" | "at") => element_at(Value::Text(text), &argument(0)?),
        (value @ (Value::Text(_) | Value::Number(_) | Value::Bytes(_)), "toString") => {
            let encoding = argument(0).and_then(|value| value.text());
            match (value, encoding.as_deref()) {
                (value, None | Some("utf8" | "utf-8" | "ascii" | "latin1" | "binary")) => {
                    value.text().map(Value::Text)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_short(value: &Value) -> bool {
    !matches!(value, Value::Text(text) if text.len() > MAX_TEXT)
}

fn to_bytes(value: &Value, encoding: Option<&str>) -> Option<Vec<u8>> {
    match (value, encoding) {
        (Value::Text(text), None | Some("utf8" | "utf-8" | "ascii" | "latin1" | "binary")) => {
            Some(text.clone().into_bytes())
        }
        (Value::Text(text), Some("base64" | "base64url")) => decode::base64(text),
        (Value::Text(text), Some("hex")) => decode::hex(text),
        (Value::List(values), _) => values
            .iter()
            .map(|value| match value {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "range is checked"
                )]
                Value::Number(number) if (0.0..256.0).contains(number) => Some(*number as u8),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
