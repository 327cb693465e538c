//! Operators on constants.

use ruff_python_ast::{CmpOp, Expr, ExprCompare, ExprUnaryOp, Operator, UnaryOp};

use super::super::taint::is_path_object;
use super::super::value::{Atom, MAX_ITEMS, MAX_TEXT, Value, add_taints};
use super::format::percent;
use super::{At, Evaluator};

/// How many combinations of operands are computed.
const MAX_PAIRS: usize = 16;

impl<'a> Evaluator<'_, 'a> {
    /// A chain of binary operators; long ones lean to the left, so they are walked, not recursed into.
    pub(super) fn sum(&self, expr: &'a Expr, at: At<'_, 'a>) -> Value {
        let mut chain = Vec::new();
        let mut first = expr;
        while let Expr::BinOp(sum) = first {
            chain.push((sum.op, sum.right.as_ref()));
            first = &sum.left;
        }
        let mut value = self.eval(first, at);
        for (operator, right) in chain.into_iter().rev() {
            let right = self.eval(right, at);
            value = self.operate(operator, &value, &right);
        }
        value
    }

    pub(super) fn operate(&self, operator: Operator, left: &Value, right: &Value) -> Value {
        let mut value = Value { open: left.open || right.open, ..Value::default() };
        add_taints(&mut value.taints, &left.taints);
        add_taints(&mut value.taints, &right.taints);
        if left.atoms.is_empty() || right.atoms.is_empty() {
            value.open = true;
        }
        for left in &left.atoms {
            if let (Operator::Add, Atom::Text(text) | Atom::Prefix(text), true) =
                (operator, left, right.open || right.atoms.is_empty())
                && !text.is_empty()
            {
                value.add(Value::of(Atom::Prefix(text.clone())));
            }
            if let (Operator::Mod, Atom::Text(text), true) =
                (operator, left, right.open || right.atoms.is_empty())
                && let Some((before, _)) = text.split_once('%')
                && !before.is_empty()
            {
                value.add(Value::of(Atom::Prefix(before.into())));
            }
        }
        if left.atoms.len() * right.atoms.len() > MAX_PAIRS {
            value.open = true;
            return value;
        }
        for one in &left.atoms {
            for other in &right.atoms {
                match atoms(operator, one, other) {
                    Some(result) => value.add(result),
                    None => value.open = true,
                }
            }
        }
        self.made(value)
    }

    pub(super) fn unary(&self, unary: &'a ExprUnaryOp, at: At<'_, 'a>) -> Value {
        let value = self.eval(&unary.operand, at);
        let known = match unary.op {
            UnaryOp::Not => value.truth().map(|truth| i64::from(!truth)),
            UnaryOp::USub => value.as_int().and_then(i64::checked_neg),
            UnaryOp::Invert => value.as_int().map(|number| !number),
            UnaryOp::UAdd => value.as_int(),
        };
        known.map_or_else(Value::unknown, Value::int)
    }

    pub(super) fn compare(&self, compare: &'a ExprCompare, at: At<'_, 'a>) -> Value {
        let ([operator], [right]) = (&*compare.ops, &*compare.comparators) else { return Value::unknown() };
        let (left, right) = (self.eval(&compare.left, at), self.eval(right, at));
        let (Some(left), Some(right)) = (left.only(), right.only()) else { return Value::unknown() };
        compared(*operator, left, right).map_or_else(Value::unknown, |truth| Value::int(i64::from(truth)))
    }
}

fn compared(operator: CmpOp, left: &Atom, right: &Atom) -> Option<bool> {
    let is_plain =
        |atom: &Atom| matches!(atom, Atom::Text(_) | Atom::Bytes(_) | Atom::Int(_) | Atom::Nothing);
    match (operator, left, right) {
        (CmpOp::Eq | CmpOp::Is, left, right) if is_plain(left) && is_plain(right) => Some(left == right),
        (CmpOp::NotEq | CmpOp::IsNot, left, right) if is_plain(left) && is_plain(right) => {
            Some(left != right)
        }
        (CmpOp::Lt, Atom::Int(left), Atom::Int(right)) => Some(left < right),
        (CmpOp::LtE, Atom::Int(left), Atom::Int(right)) => Some(left <= right),
        (CmpOp::Gt, Atom::Int(left), Atom::Int(right)) => Some(left > right),
        (CmpOp::GtE, Atom::Int(left), Atom::Int(right)) => Some(left >= right),
        (CmpOp::In, Atom::Text(left), Atom::Text(right)) => Some(right.contains(&**left)),
        (CmpOp::NotIn, Atom::Text(left), Atom::Text(right)) => Some(!right.contains(&**left)),
        (CmpOp::In, left, Atom::List(items)) => Some(items.iter().any(|item| item.only() == Some(left))),
        (CmpOp::In, left, Atom::Dict(items)) => Some(items.iter().any(|(key, _)| key.only() == Some(left))),
        _ => None,
    }
}

fn atoms(operator: Operator, left: &Atom, right: &Atom) -> Option<Value> {
    match (operator, left, right) {
        (Operator::Add, Atom::Text(left), Atom::Text(right)) if left.len() + right.len() <= MAX_TEXT => {
            Some(Value::text(format!("{left}{right}")))
        }
        (Operator::Add, Atom::Text(left), Atom::Prefix(right)) => {
            Some(Value { open: true, ..Value::of(Atom::Prefix(format!("{left}{right}").into())) })
        }
        (Operator::Add, Atom::Prefix(left), _) => Some(Value::of(Atom::Prefix(left.clone()))),
        (Operator::Add, Atom::Bytes(left), Atom::Bytes(right)) => {
            Some(Value::bytes([&**left, &**right].concat()))
        }
        (Operator::Add, Atom::List(left), Atom::List(right)) => {
            Some(Value::list([&**left, &**right].concat()))
        }
        (Operator::BitOr, Atom::Dict(left), Atom::Dict(right)) => {
            Some(Value::dict([&**left, &**right].concat()))
        }
        (Operator::Mult, repeated, Atom::Int(times)) | (Operator::Mult, Atom::Int(times), repeated)
            if !matches!(repeated, Atom::Int(_)) =>
        {
            times_over(repeated, usize::try_from(*times).unwrap_or(0))
        }
        (Operator::Mod, Atom::Text(template), values) => percent(template, values).map(Value::text),
        (Operator::Mod, Atom::Bytes(template), values) => {
            let text = percent(std::str::from_utf8(template).ok()?, values)?;
            Some(Value::bytes(text.into_bytes()))
        }
        (Operator::Div, path, _) if is_path_object(path) => Some(Value::of(path.clone())),
        (operator, Atom::Int(left), Atom::Int(right)) => numbers(operator, *left, *right).map(Value::int),
        _ => None,
    }
}

fn times_over(repeated: &Atom, times: usize) -> Option<Value> {
    let fits = |length: usize, limit: usize| length.checked_mul(times).is_some_and(|length| length <= limit);
    match repeated {
        Atom::Text(text) if fits(text.len(), MAX_TEXT) => Some(Value::text(text.repeat(times))),
        Atom::Bytes(bytes) if fits(bytes.len(), MAX_TEXT) => Some(Value::bytes(bytes.repeat(times))),
        Atom::List(items) if fits(items.len(), MAX_ITEMS) => {
            let all = std::iter::repeat_n(&**items, times).flatten().cloned();
            Some(Value::list(all.collect()))
        }
        _ => None,
    }
}

fn numbers(operator: Operator, left: i64, right: i64) -> Option<i64> {
    let small = || u32::try_from(right).ok().filter(|&right| right < 63);
    match operator {
        Operator::Add => left.checked_add(right),
        Operator::Sub => left.checked_sub(right),
        Operator::Mult => left.checked_mul(right),
        Operator::Pow => left.checked_pow(small()?),
        Operator::LShift => left.checked_mul(1_i64.checked_shl(small()?)?),
        Operator::RShift => Some(left >> small()?),
        Operator::BitAnd => Some(left & right),
        Operator::BitOr => Some(left | right),
        Operator::BitXor => Some(left ^ right),
        // Python rounds both towards minus infinity.
        Operator::Mod => left
            .checked_rem(right)
            .map(|rest| if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }),
        Operator::FloorDiv => {
            let (quotient, rest) = (left.checked_div(right)?, left.checked_rem(right)?);
            Some(if rest != 0 && (rest < 0) != (right < 0) { quotient - 1 } else { quotient })
        }
        Operator::Div if right != 0 && left.checked_rem(right) == Some(0) => left.checked_div(right),
        _ => None,
    }
}
