//! The values of constant expressions: how `'f' + 's'`, `['e','val'].join('')` and `atob('ZXZhbA==')` become plain text.
//!
//! Invariant: a folded value is what the program would compute, unless it replaces the built-in functions themselves;
//! whatever is not sure does not fold. Work is taken from an allowance per file, and beyond it nothing folds.

use oxc_ast::ast::{
    Argument, ArrayExpression, ArrayExpressionElement, BinaryExpression, BinaryOperator, Expression,
    IdentifierReference, LogicalOperator, MemberExpression, ObjectExpression, ObjectPropertyKind,
    PropertyKind, TemplateLiteral, UnaryOperator,
};
use oxc_semantic::SymbolId;

use super::interpret::Frame;
use super::methods;
use super::resolve::{MAX_HOPS, Resolver};
use super::value::{MAX_TEXT, Value, needle, text_number};

/// How many texts one expression may have.
const MAX_TEXTS: usize = 24;

impl<'a> Resolver<'_, 'a> {
    /// The text a constant expression has, if it is constant.
    pub(super) fn fold_string(&self, expression: &'a Expression<'a>, hops: u32) -> Option<String> {
        self.fold(expression, &mut Frame::shallow(hops))?.text()
    }

    /// Every text an expression may have, found with more effort; `None` when there may be others.
    pub(super) fn fold_strings(&self, expression: &'a Expression<'a>, hops: u32) -> Option<Vec<String>> {
        let mut texts = self.alternatives(expression, hops)?;
        texts.sort();
        texts.dedup();
        (texts.len() <= MAX_TEXTS).then_some(texts)
    }

    /// The texts an expression may have among others.
    pub(super) fn some_strings(&self, expression: &'a Expression<'a>) -> Vec<String> {
        if let Some(texts) = self.fold_strings(expression, 0) {
            return texts;
        }
        let arms = match expression.get_inner_expression() {
            Expression::ConditionalExpression(choice) => [&choice.consequent, &choice.alternate],
            Expression::LogicalExpression(choice) => [&choice.left, &choice.right],
            _ => return Vec::new(),
        };
        arms.into_iter().filter_map(|arm| self.fold_strings(arm, 0)).flatten().collect()
    }

    fn alternatives(&self, expression: &'a Expression<'a>, hops: u32) -> Option<Vec<String>> {
        if hops > MAX_HOPS || !self.burn() {
            return None;
        }
        let next = hops + 1;
        match expression.get_inner_expression() {
            Expression::ConditionalExpression(choice) => {
                let mut texts = self.alternatives(&choice.consequent, next)?;
                texts.extend(self.alternatives(&choice.alternate, next)?);
                Some(texts)
            }
            Expression::LogicalExpression(choice) => {
                // `name && x` gives `name` only where it is empty or missing.
                let left = if choice.operator == LogicalOperator::And {
                    Vec::new()
                } else {
                    self.alternatives(&choice.left, next)?
                };
                Some(left.into_iter().chain(self.alternatives(&choice.right, next)?).collect())
            }
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                if let Some(text) = self.fold_string(expression, hops) {
                    return Some(vec![text]);
                }
                self.products(operands(sum).into_iter().map(Piece::Value), next)
            }
            Expression::TemplateLiteral(template) => {
                let quasis = template.quasis.iter().map(|quasi| Piece::Text(quasi.value.cooked.as_deref()));
                let mut pieces = Vec::new();
                for (index, quasi) in quasis.enumerate() {
                    pieces.push(quasi);
                    pieces.extend(template.expressions.get(index).map(Piece::Value));
                }
                self.products(pieces.into_iter(), next)
            }
            Expression::Identifier(identifier) => self.name_alternatives(identifier, expression, next),
            inner => match self.fold(inner, &mut Frame::deep(hops)) {
                Some(value) => Some(vec![value.text()?]),
                None => self.table_alternatives(inner, next),
            },
        }
    }

    fn name_alternatives(
        &self,
        identifier: &'a IdentifierReference<'a>,
        expression: &'a Expression<'a>,
        hops: u32,
    ) -> Option<Vec<String>> {
        if let Some(value) = self.fold(expression, &mut Frame::deep(hops)) {
            return Some(vec![value.text()?]);
        }
        let values = self.definitions.alternatives(self.symbol(identifier)?)?;
        if values.len() > MAX_TEXTS || hops > 40 {
            return None;
        }
        let mut texts = Vec::new();
        for (value, is_element) in values {
            if !is_element {
                texts.extend(self.alternatives(value, hops)?);
                continue;
            }
            let Value::List(elements) = self.fold(value, &mut Frame::deep(hops))? else { return None };
            for element in elements.iter().take(MAX_TEXTS + 1) {
                texts.push(element.text()?);
            }
        }
        Some(texts)
    }

    /// `table[key]` with an unknown key may be any of the table's texts.
    fn table_alternatives(&self, expression: &'a Expression<'a>, hops: u32) -> Option<Vec<String>> {
        let Expression::ComputedMemberExpression(member) = expression else { return None };
        let values: Vec<Value> = match self.fold(&member.object, &mut Frame::deep(hops))? {
            Value::List(values) => values,
            Value::Object(entries) => entries.into_iter().map(|(_, value)| value).collect(),
            _ => return None,
        };
        if values.is_empty() || values.len() > MAX_TEXTS {
            return None;
        }
        values
            .iter()
            .map(|value| if let Value::Text(text) = value { Some(text.clone()) } else { None })
            .collect()
    }

    /// Every way to put one alternative of each piece after the other.
    fn products(&self, pieces: impl Iterator<Item = Piece<'a>>, hops: u32) -> Option<Vec<String>> {
        let mut texts = vec![String::new()];
        for piece in pieces {
            let more = match piece {
                Piece::Text(text) => vec![text?.to_owned()],
                Piece::Value(value) => self.alternatives(value, hops)?,
            };
            texts =
                texts.iter().flat_map(|text| more.iter().map(move |more| format!("{text}{more}"))).collect();
            if texts.len() > MAX_TEXTS || texts.iter().any(|text| text.len() > MAX_TEXT) {
                return None;
            }
        }
        Some(texts)
    }

    /// Whether an expression surely yields text, even if not which.
    pub(super) fn is_text(&self, expression: &'a Expression<'a>) -> bool {
        match expression.get_inner_expression() {
            Expression::StringLiteral(_) | Expression::TemplateLiteral(_) => true,
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                operands(sum).into_iter().any(|operand| {
                    matches!(
                        operand.get_inner_expression(),
                        Expression::StringLiteral(_) | Expression::TemplateLiteral(_)
                    )
                })
            }
            inner => matches!(self.fold(inner, &mut Frame::deep(0)), Some(Value::Text(_))),
        }
    }

    pub(super) fn fold(&self, expression: &'a Expression<'a>, frame: &mut Frame) -> Option<Value> {
        if frame.hops > MAX_HOPS || !self.burn_fold(1) {
            return None;
        }
        frame.hops += 1;
        let value = self.fold_inner(expression.get_inner_expression(), frame);
        frame.hops -= 1;
        let value = value?;
        (value.is_short() && self.burn_fold(value.weight())).then_some(value)
    }

    /// Takes work from the allowance for folding.
    pub(super) fn burn_fold(&self, amount: usize) -> bool {
        let left = self.fold_fuel.get().saturating_sub(u32::try_from(amount).unwrap_or(u32::MAX));
        self.fold_fuel.set(left);
        left > 0
    }

    fn fold_inner(&self, expression: &'a Expression<'a>, frame: &mut Frame) -> Option<Value> {
        match expression {
            Expression::StringLiteral(text) if !text.lone_surrogates => {
                Some(Value::of_text(text.value.as_str()))
            }
            Expression::NumericLiteral(number) => Some(Value::Number(number.value)),
            Expression::BooleanLiteral(literal) => Some(Value::Bool(literal.value)),
            Expression::NullLiteral(_) => Some(Value::Null),
            Expression::RegExpLiteral(pattern) => {
                let flags = pattern.regex.flags.to_string();
                let needle = needle(pattern.regex.pattern.text.as_str())?;
                matches!(flags.as_str(), "" | "g" | "u" | "gu")
                    .then(|| Value::Pattern { needle, is_global: flags.contains('g') })
            }
            Expression::TemplateLiteral(template) => self.fold_template(template, frame),
            Expression::BinaryExpression(binary) => self.fold_binary(binary, frame),
            Expression::ArrayExpression(array) => self.fold_array(array, frame),
            Expression::ObjectExpression(object) => self.fold_object(object, frame),
            Expression::FunctionExpression(function) if !function.generator && !function.r#async => {
                Some(Value::Function(function.node_id.get()))
            }
            Expression::ArrowFunctionExpression(function) if !function.r#async => {
                Some(Value::Function(function.node_id.get()))
            }
            Expression::Identifier(identifier) => self.fold_name(identifier, frame),
            Expression::AwaitExpression(inner) => self.fold(&inner.argument, frame),
            Expression::UnaryExpression(unary) => {
                if unary.operator == UnaryOperator::Typeof {
                    return None;
                }
                let value = self.fold(&unary.argument, frame)?;
                unary_value(unary.operator, &value)
            }
            Expression::ConditionalExpression(choice) => {
                if self.fold(&choice.test, frame)?.is_true() {
                    self.fold(&choice.consequent, frame)
                } else {
                    self.fold(&choice.alternate, frame)
                }
            }
            Expression::LogicalExpression(choice) => {
                let left = self.fold(&choice.left, frame)?;
                let is_left = match choice.operator {
                    LogicalOperator::And => !left.is_true(),
                    LogicalOperator::Or => left.is_true(),
                    LogicalOperator::Coalesce => !matches!(left, Value::Null | Value::Undefined),
                };
                if is_left { Some(left) } else { self.fold(&choice.right, frame) }
            }
            Expression::CallExpression(call) => self.fold_call(call, frame),
            Expression::NewExpression(new) => self.fold_new(new, frame),
            Expression::TaggedTemplateExpression(tagged) => {
                let is_raw = self.exact_path(&tagged.tag, frame.hops)?.is_global("String", &["raw"]);
                let [quasi] = tagged.quasi.quasis.as_slice() else { return None };
                is_raw.then(|| Value::of_text(quasi.value.raw.as_str()))
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                oxc_ast::ast::ChainElement::CallExpression(call) => self.fold_call(call, frame),
                element => self.fold_member(element.as_member_expression()?, frame),
            },
            Expression::SequenceExpression(_)
            | Expression::AssignmentExpression(_)
            | Expression::UpdateExpression(_) => self.run_expression(expression, frame),
            inner => self.fold_member(inner.as_member_expression()?, frame),
        }
    }

    fn fold_name(&self, identifier: &'a IdentifierReference<'a>, frame: &mut Frame) -> Option<Value> {
        let Some(symbol) = self.symbol(identifier) else {
            return match identifier.name.as_str() {
                "undefined" => Some(Value::Undefined),
                "NaN" => Some(Value::Number(f64::NAN)),
                "Infinity" => Some(Value::Number(f64::INFINITY)),
                name @ ("String" | "Number" | "parseInt" | "parseFloat" | "atob" | "unescape" | "Boolean"
                | "decodeURIComponent" | "decodeURI") => Some(Value::BuiltIn(name.to_owned())),
                _ => None,
            };
        };
        if let Some(value) = frame.get(symbol) {
            return Some(value.clone());
        }
        if let Some(value) = self.fold_constant(symbol, frame) {
            return Some(value);
        }
        if frame.is_deep && frame.hops < MAX_HOPS / 4 {
            return self.fold_history(symbol, identifier.node_id.get(), frame);
        }
        None
    }

    fn fold_constant(&self, symbol: SymbolId, frame: &mut Frame) -> Option<Value> {
        let known = self.folded.borrow().get(&symbol).cloned();
        if let Some(known) = known {
            return known;
        }
        if let [super::definitions::Definition::Node(id)] = self.definitions.of(symbol) {
            return self.fold_declaration(symbol, *id, frame);
        }
        if let Some(value) = self.linked_constant(symbol) {
            return Some(value);
        }
        let value = self.definitions.constant(symbol)?;
        // While it is being folded, a name that refers to itself is not constant.
        self.folded.borrow_mut().insert(symbol, None);
        let is_deep = frame.is_deep;
        let value = self.fold(value, &mut frame.outside());
        // A list may be changed through any of its names, text and numbers may not.
        let value = value.filter(|value| value.is_plain() || self.is_unchanged(symbol));
        if value.is_some() || is_deep {
            self.folded.borrow_mut().insert(symbol, value.clone());
        } else {
            self.folded.borrow_mut().remove(&symbol);
        }
        value
    }

    fn fold_template(&self, template: &'a TemplateLiteral<'a>, frame: &mut Frame) -> Option<Value> {
        let mut text = String::new();
        for (index, quasi) in template.quasis.iter().enumerate() {
            text.push_str(quasi.value.cooked.as_ref()?);
            if let Some(expression) = template.expressions.get(index) {
                text.push_str(&self.fold(expression, frame)?.text()?);
            }
            if text.len() > MAX_TEXT {
                return None;
            }
        }
        Some(Value::Text(text))
    }

    fn fold_binary(&self, binary: &'a BinaryExpression<'a>, frame: &mut Frame) -> Option<Value> {
        if binary.operator != BinaryOperator::Addition {
            let (left, right) = (self.fold(&binary.left, frame)?, self.fold(&binary.right, frame)?);
            return binary_value(binary.operator, &left, &right);
        }
        let mut sum: Option<Value> = None;
        for operand in operands(binary) {
            let next = self.fold(operand, frame)?;
            sum = Some(match sum {
                None => next,
                Some(left) => binary_value(BinaryOperator::Addition, &left, &next)?,
            });
            if matches!(&sum, Some(Value::Text(text)) if text.len() > MAX_TEXT) {
                return None;
            }
        }
        sum
    }

    fn fold_array(&self, array: &'a ArrayExpression<'a>, frame: &mut Frame) -> Option<Value> {
        let mut values = Vec::new();
        for element in &array.elements {
            match element {
                ArrayExpressionElement::SpreadElement(spread) => match self.fold(&spread.argument, frame)? {
                    Value::List(more) => values.extend(more),
                    Value::Text(text) => values.extend(text.chars().map(|c| Value::Text(c.to_string()))),
                    Value::Bytes(bytes) => {
                        values.extend(bytes.into_iter().map(|byte| Value::Number(f64::from(byte))));
                    }
                    _ => return None,
                },
                ArrayExpressionElement::Elision(_) => values.push(Value::Undefined),
                element => values.push(self.fold(element.as_expression()?, frame)?),
            }
            if values.len() > MAX_TEXT {
                return None;
            }
        }
        Some(Value::List(values))
    }

    fn fold_object(&self, object: &'a ObjectExpression<'a>, frame: &mut Frame) -> Option<Value> {
        let mut entries = Vec::new();
        for property in &object.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) if property.kind == PropertyKind::Init => {
                    let key = match property.key.static_name() {
                        Some(key) => key.into_owned(),
                        None => self.fold(property.key.as_expression()?, frame)?.text()?,
                    };
                    entries.push((key, self.fold(&property.value, frame)?));
                }
                ObjectPropertyKind::SpreadProperty(spread) => match self.fold(&spread.argument, frame)? {
                    Value::Object(more) => entries.extend(more),
                    _ => return None,
                },
                ObjectPropertyKind::ObjectProperty(_) => return None,
            }
        }
        Some(Value::Object(entries))
    }

    pub(super) fn fold_member(&self, member: &'a MemberExpression<'a>, frame: &mut Frame) -> Option<Value> {
        // The member of a literal or a constant; asking after the object first is what ends most questions.
        let object = match self.fold(member.object(), frame) {
            Some(object) => object,
            None => return self.fold_built_in(member, frame),
        };
        let name = match member {
            MemberExpression::StaticMemberExpression(member) => member.property.name.to_string(),
            MemberExpression::ComputedMemberExpression(member) => {
                self.fold(&member.expression, frame)?.text()?
            }
            MemberExpression::PrivateFieldExpression(_) => return None,
        };
        if let Value::BuiltIn(of) = &object {
            return Some(Value::BuiltIn(format!("{of}.{name}"))).filter(|_| of == "String" || of == "Number");
        }
        methods::property(&object, &name)
    }

    /// Which of the built-in functions that are known here a member is, e.g. `globalThis.atob`.
    fn fold_built_in(&self, member: &'a MemberExpression<'a>, frame: &mut Frame) -> Option<Value> {
        let name = member.static_property_name()?;
        if frame.is_deep
            && let Some(path) = self.exact_path(member.object(), frame.hops)
            && let Some(text) = self.linked_text(&path.member(name))
        {
            return Some(text);
        }
        if !matches!(
            name,
            "atob" | "unescape" | "String" | "fromCharCode" | "decodeURIComponent" | "parseInt"
        ) {
            return None;
        }
        let path = self.exact_path(member.object(), frame.hops)?.member(name);
        ["atob", "unescape", "String", "decodeURIComponent", "parseInt"]
            .iter()
            .find(|known| path.is_global(known, &[]))
            .map(|known| Value::BuiltIn((*known).to_owned()))
    }

    /// Arguments, with lists spread out.
    pub(super) fn fold_arguments(
        &self,
        arguments: &'a [Argument<'a>],
        frame: &mut Frame,
    ) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        for argument in arguments {
            match argument {
                Argument::SpreadElement(spread) => match self.fold(&spread.argument, frame)? {
                    Value::List(more) => values.extend(more),
                    Value::Bytes(bytes) => {
                        values.extend(bytes.into_iter().map(|byte| Value::Number(f64::from(byte))));
                    }
                    _ => return None,
                },
                argument => values.push(self.fold(argument.as_expression()?, frame)?),
            }
        }
        Some(values)
    }
}

enum Piece<'a> {
    Text(Option<&'a str>),
    Value(&'a Expression<'a>),
}

/// The operands of a chain of additions, left to right; the chain is a list in the source but leans left in the tree.
fn operands<'a>(sum: &'a BinaryExpression<'a>) -> Vec<&'a Expression<'a>> {
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

fn unary_value(operator: UnaryOperator, value: &Value) -> Option<Value> {
    match operator {
        UnaryOperator::UnaryNegation => value.number().map(|number| Value::Number(-number)),
        UnaryOperator::UnaryPlus => value.number().map(Value::Number),
        UnaryOperator::LogicalNot => Some(Value::Bool(!value.is_true())),
        UnaryOperator::BitwiseNot => value.bits().map(|bits| Value::Number(f64::from(!bits))),
        UnaryOperator::Void => Some(Value::Undefined),
        UnaryOperator::Typeof | UnaryOperator::Delete => None,
    }
}

pub(super) fn binary_value(operator: BinaryOperator, left: &Value, right: &Value) -> Option<Value> {
    let numbers = || Some((left.number()?, right.number()?));
    let bits = || Some((left.bits()?, right.bits()?));
    let shift = || Some((left.bits()?, right.bits()?.cast_unsigned() & 31));
    let number = match operator {
        BinaryOperator::Addition => return sum(left, right),
        BinaryOperator::Subtraction => numbers().map(|(a, b)| a - b)?,
        BinaryOperator::Multiplication => numbers().map(|(a, b)| a * b)?,
        BinaryOperator::Division => numbers().map(|(a, b)| a / b)?,
        BinaryOperator::Remainder => numbers().map(|(a, b)| a % b)?,
        BinaryOperator::BitwiseXOR => bits().map(|(a, b)| f64::from(a ^ b))?,
        BinaryOperator::BitwiseOR => bits().map(|(a, b)| f64::from(a | b))?,
        BinaryOperator::BitwiseAnd => bits().map(|(a, b)| f64::from(a & b))?,
        BinaryOperator::ShiftLeft => shift().map(|(a, b)| f64::from(a.wrapping_shl(b)))?,
        BinaryOperator::ShiftRight => shift().map(|(a, b)| f64::from(a.wrapping_shr(b)))?,
        BinaryOperator::ShiftRightZeroFill => {
            shift().map(|(a, b)| f64::from(a.cast_unsigned().wrapping_shr(b)))?
        }
        BinaryOperator::LessThan => return compared(left, right, |a, b| a < b),
        BinaryOperator::LessEqualThan => return compared(left, right, |a, b| a <= b),
        BinaryOperator::GreaterThan => return compared(left, right, |a, b| a > b),
        BinaryOperator::GreaterEqualThan => return compared(left, right, |a, b| a >= b),
        BinaryOperator::StrictEquality | BinaryOperator::Equality => {
            return same(left, right).map(Value::Bool);
        }
        BinaryOperator::StrictInequality | BinaryOperator::Inequality => {
            return same(left, right).map(|same| Value::Bool(!same));
        }
        _ => return None,
    };
    Some(Value::Number(number))
}

fn sum(left: &Value, right: &Value) -> Option<Value> {
    let is_number = |value: &Value| matches!(value, Value::Number(_) | Value::Bool(_) | Value::Null);
    if is_number(left) && is_number(right) {
        return Some(Value::Number(left.number()? + right.number()?));
    }
    if matches!((left, right), (Value::Undefined, other) | (other, Value::Undefined) if is_number(other) || *other == Value::Undefined)
    {
        return Some(Value::Number(f64::NAN));
    }
    Some(Value::Text(left.text()? + &right.text()?))
}

fn compared(left: &Value, right: &Value, holds: fn(f64, f64) -> bool) -> Option<Value> {
    match (left, right) {
        (Value::Text(_), Value::Text(_)) => None,
        _ => Some(Value::Bool(holds(left.number()?, right.number()?))),
    }
}

/// Equality of values of one kind; what JavaScript converts first is left alone.
fn same(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left == right),
        (Value::Number(left), Value::Number(right)) => Some(left == right),
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        (Value::Text(text), Value::Number(number)) | (Value::Number(number), Value::Text(text)) => {
            (text_number(text)? != *number).then_some(false)
        }
        (Value::Undefined | Value::Null, Value::Undefined | Value::Null) => Some(true),
        _ => None,
    }
}
