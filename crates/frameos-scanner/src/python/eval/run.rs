//! Runs simple statements on known values: the loops and functions by which programs put hidden text together.
//!
//! Invariant: every statement and every round of a loop takes from the file's budget, so running always ends.

use std::cell::RefCell;
use std::collections::BTreeSet;

use ruff_python_ast::{Expr, Stmt, StmtFor, StmtIf, StmtWhile};

use super::super::value::{Atom, MAX_ITEMS, Value};
use super::{At, Evaluator, Frame};

/// How many rounds are run of a loop that may have been left already.
const MAX_DOUBTFUL: u32 = 24;

/// How a run of statements ends.
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
    /// The budget is used up, or a loop cannot be followed.
    Stuck,
}

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn run(&self, body: &'a [Stmt], frame: &Frame<'_, 'a>, depth: u32) -> Flow {
        if depth >= super::MAX_DEPTH {
            return Flow::Stuck;
        }
        for stmt in body {
            if !self.step() {
                return Flow::Stuck;
            }
            match self.run_stmt(stmt, frame, depth) {
                Flow::Next => {}
                other => return other,
            }
        }
        Flow::Next
    }

    fn run_stmt(&self, stmt: &'a Stmt, frame: &Frame<'_, 'a>, depth: u32) -> Flow {
        let at = Self::frame_at(frame, frame.scope, depth);
        match stmt {
            Stmt::Assign(assign) => {
                let value = self.eval(&assign.value, at);
                assign.targets.iter().for_each(|target| self.set(target, &value, frame, at));
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let value = self.eval(value, at);
                    self.set(&assign.target, &value, frame, at);
                }
            }
            Stmt::AugAssign(assign) => {
                let (left, right) = (self.eval(&assign.target, at), self.eval(&assign.value, at));
                let value = self.operate(assign.op, &left, &right);
                self.set(&assign.target, &value, frame, at);
            }
            Stmt::Expr(expr) => self.mutate(&expr.value, frame, at),
            Stmt::Return(returns) => {
                return Flow::Return(match &returns.value {
                    Some(value) => self.eval(value, at),
                    None => Value::of(Atom::Nothing),
                });
            }
            Stmt::For(each) => return self.run_for(each, frame, at),
            Stmt::While(repeat) => return self.run_while(repeat, frame, at),
            Stmt::If(choice) => return self.run_if(choice, frame, at),
            Stmt::Try(attempt) => return self.run(&attempt.body, frame, depth + 1),
            Stmt::With(with) => {
                for item in &with.items {
                    if let Some(target) = item.optional_vars.as_deref() {
                        let value = self.eval(&item.context_expr, at);
                        self.set(target, &value, frame, at);
                    }
                }
                return self.run(&with.body, frame, depth + 1);
            }
            Stmt::Break(_) => return Flow::Break,
            Stmt::Continue(_) => return Flow::Continue,
            _ => {}
        }
        Flow::Next
    }

    fn set(&self, target: &'a Expr, value: &Value, frame: &Frame<'_, 'a>, at: At<'_, 'a>) {
        if let Expr::Subscript(subscript) = target
            && let Expr::Name(name) = subscript.value.as_ref()
        {
            let key = self.eval(&subscript.slice, at);
            self.change(name.id.as_str(), frame, at, |atom| with_item(atom, &key, value));
            return;
        }
        self.assign(target, value, frame);
    }

    /// Changes what a name holds in place; what is no single known thing becomes unknown.
    fn change(
        &self,
        name: &'a str,
        frame: &Frame<'_, 'a>,
        at: At<'_, 'a>,
        change: impl FnOnce(&Atom) -> Option<Value>,
    ) {
        let old = self.name(name, usize::MAX, at);
        let new = old.only().and_then(change).unwrap_or_else(|| Value::tainted(old.taints.clone()));
        let new = self.made(new);
        frame.names.borrow_mut().insert(name, new);
    }

    /// A statement such as `parts.append(x)`.
    fn mutate(&self, expr: &'a Expr, frame: &Frame<'_, 'a>, at: At<'_, 'a>) {
        let Expr::Call(call) = expr else { return };
        let Expr::Attribute(attribute) = call.func.as_ref() else { return };
        let Expr::Name(name) = attribute.value.as_ref() else { return };
        let method = attribute.attr.as_str();
        if !matches!(method, "append" | "extend" | "insert" | "reverse" | "update" | "appendleft" | "add") {
            return;
        }
        let values: Vec<Value> = call.arguments.args.iter().map(|argument| self.eval(argument, at)).collect();
        self.change(name.id.as_str(), frame, at, |atom| changed(atom, method, &values));
    }

    fn run_for(&self, each: &'a StmtFor, frame: &Frame<'_, 'a>, at: At<'_, 'a>) -> Flow {
        let Some(elements) = self.eval(&each.iter, at).elements() else {
            self.forget(std::slice::from_ref(&each.body), frame);
            return Flow::Next;
        };
        for element in elements {
            if !self.step() {
                return Flow::Stuck;
            }
            self.assign(&each.target, &element, frame);
            match self.run(&each.body, frame, at.depth + 1) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Flow::Next,
                other => return other,
            }
        }
        self.run(&each.orelse, frame, at.depth + 1)
    }

    fn run_while(&self, repeat: &'a StmtWhile, frame: &Frame<'_, 'a>, at: At<'_, 'a>) -> Flow {
        let outer = self.may_have_left.replace(false);
        let flow = self.run_rounds(repeat, frame, at);
        self.may_have_left.set(outer);
        flow
    }

    fn run_rounds(&self, repeat: &'a StmtWhile, frame: &Frame<'_, 'a>, at: At<'_, 'a>) -> Flow {
        let mut doubtful = 0;
        loop {
            // What such a loop makes is not known any better after more rounds, and it would take the whole budget.
            doubtful += u32::from(self.may_have_left.get());
            if doubtful > MAX_DOUBTFUL {
                self.forget(std::slice::from_ref(&repeat.body), frame);
                return Flow::Next;
            }
            if !self.step() {
                return Flow::Stuck;
            }
            match self.eval(&repeat.test, at).truth() {
                Some(true) => {}
                Some(false) => return Flow::Next,
                None => {
                    self.forget(std::slice::from_ref(&repeat.body), frame);
                    return Flow::Next;
                }
            }
            match self.run(&repeat.body, frame, at.depth + 1) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Flow::Next,
                other => return other,
            }
        }
    }

    fn run_if(&self, choice: &'a StmtIf, frame: &Frame<'_, 'a>, at: At<'_, 'a>) -> Flow {
        let clauses = std::iter::once((Some(choice.test.as_ref()), &choice.body))
            .chain(choice.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body)));
        let before = frame.names.borrow().clone();
        let mut merged: Option<rustc_hash::FxHashMap<&'a str, Value>> = None;
        let mut is_certain = true;
        let mut ends = false;
        for (test, body) in clauses {
            let truth = test.map_or(Some(true), |test| self.eval(test, at).truth());
            match (truth, is_certain) {
                (Some(true), true) => return self.run(body, frame, at.depth + 1),
                (Some(false), _) => continue,
                _ => is_certain = false,
            }
            // Any of the branches may be taken: each is run, and what they leave is put together.
            let branch =
                Frame { scope: frame.scope, names: RefCell::new(before.clone()), outer: frame.outer };
            match self.run(body, &branch, at.depth + 1) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => self.may_have_left.set(true),
                Flow::Return(_) => {
                    self.may_have_left.set(true);
                    continue;
                }
                Flow::Stuck => return Flow::Stuck,
            }
            let after = branch.names.into_inner();
            match &mut merged {
                None => merged = Some(after),
                Some(merged) => {
                    for (name, value) in after {
                        merged.entry(name).or_default().add(value);
                    }
                }
            }
            ends |= truth == Some(true);
            if ends {
                break;
            }
        }
        if let Some(mut merged) = merged {
            if !ends {
                for (name, value) in before {
                    merged.entry(name).or_default().add(value);
                }
            }
            *frame.names.borrow_mut() = merged;
        }
        Flow::Next
    }

    /// What statements that cannot be followed may have changed is no longer known.
    fn forget(&self, bodies: &[impl AsRef<[Stmt]>], frame: &Frame<'_, 'a>) {
        let mut assigned = BTreeSet::new();
        bodies.iter().for_each(|body| targets(body.as_ref(), &mut assigned, 0));
        for (name, value) in frame.names.borrow_mut().iter_mut() {
            if assigned.contains(*name) {
                value.open = true;
            }
        }
    }
}

/// Names that statements assign, with their blocks.
fn targets<'s>(body: &'s [Stmt], names: &mut BTreeSet<&'s str>, depth: u32) {
    if depth > 20 {
        return;
    }
    for stmt in body {
        match stmt {
            Stmt::Assign(assign) => {
                names.extend(
                    assign.targets.iter().filter_map(|target| Some(target.as_name_expr()?.id.as_str())),
                );
            }
            Stmt::AugAssign(assign) => {
                names.extend(assign.target.as_name_expr().map(|name| name.id.as_str()));
            }
            Stmt::For(each) => targets(&each.body, names, depth + 1),
            Stmt::While(repeat) => targets(&repeat.body, names, depth + 1),
            Stmt::If(choice) => targets(&choice.body, names, depth + 1),
            _ => {}
        }
    }
}

fn changed(atom: &Atom, method: &str, values: &[Value]) -> Option<Value> {
    match (atom, method, values) {
        (Atom::List(items), "append" | "add", [value]) if items.len() < MAX_ITEMS => {
            Some(Value::list([&**items, std::slice::from_ref(value)].concat()))
        }
        (Atom::List(items), "appendleft", [value]) => {
            Some(Value::list([std::slice::from_ref(value), &**items].concat()))
        }
        (Atom::List(items), "extend", [more]) => Some(Value::list([&**items, &more.elements()?].concat())),
        (Atom::List(items), "reverse", []) => Some(Value::list(items.iter().rev().cloned().collect())),
        (Atom::List(items), "insert", [at, value]) => {
            let at = usize::try_from(at.as_int()?).ok().filter(|&at| at <= items.len())?;
            let mut items = items.to_vec();
            items.insert(at, value.clone());
            Some(Value::list(items))
        }
        (Atom::Bytes(bytes), "append", [value]) => {
            Some(Value::bytes([&**bytes, &[u8::try_from(value.as_int()?).ok()?]].concat()))
        }
        (Atom::Dict(items), "update", [more]) => match more.only()? {
            Atom::Dict(more) => Some(Value::dict([&**more, &**items].concat())),
            _ => None,
        },
        _ => None,
    }
}

/// A container after `container[key] = value`.
fn with_item(atom: &Atom, key: &Value, value: &Value) -> Option<Value> {
    match atom {
        Atom::Dict(items) => {
            let mut items: Vec<_> = items.iter().filter(|(known, _)| known != key).cloned().collect();
            items.push((key.clone(), value.clone()));
            Some(Value::dict(items))
        }
        Atom::List(items) => {
            let at = super::container::index(key.as_int()?, items.len())?;
            let mut items = items.to_vec();
            *items.get_mut(at)? = value.clone();
            Some(Value::list(items))
        }
        Atom::Bytes(bytes) => {
            let at = super::container::index(key.as_int()?, bytes.len())?;
            let mut bytes = bytes.to_vec();
            *bytes.get_mut(at)? = u8::try_from(value.as_int()?).ok()?;
            Some(Value::bytes(bytes))
        }
        _ => None,
    }
}
