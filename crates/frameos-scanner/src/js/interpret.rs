//! Runs the small functions and loops that programs use to put names together, as far as everything in them is constant.
//!
//! It computes what the program would, or gives up: there is no input, no object but lists and plain records, and every
//! step is paid for from the file's allowance.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentExpression, AssignmentTarget, BindingPattern, CallExpression, Expression, ForStatementInit,
    ForStatementLeft, FormalParameters, NewExpression, SimpleAssignmentTarget, Statement, UpdateExpression,
    VariableDeclaration,
};
use oxc_semantic::{NodeId, SymbolId};
use oxc_span::{GetSpan, Span};

use super::builtins::built_in;
use super::fold::binary_value;
use super::methods::{self, to_bytes};
use super::resolve::Resolver;
use super::value::Value;
use crate::memo::ById;

/// How deep calls may be nested.
const MAX_CALLS: u32 = 12;

/// The names that have values while something is computed.
#[derive(Default)]
pub(super) struct Frame {
    values: ById<SymbolId, Value>,
    /// Whether names that are assigned more than once are worth the effort.
    pub(super) is_deep: bool,
    pub(super) hops: u32,
    calls: u32,
}

impl Frame {
    pub(super) fn shallow(hops: u32) -> Self {
        Self { hops, ..Self::default() }
    }

    pub(super) fn deep(hops: u32) -> Self {
        Self { hops, is_deep: true, ..Self::default() }
    }

    /// For what is computed outside the functions that are being run.
    pub(super) fn outside(&self) -> Self {
        Self { values: ById::default(), ..*self }
    }

    pub(super) fn get(&self, symbol: SymbolId) -> Option<&Value> {
        self.values.get(&symbol)
    }
}

/// How a statement ended.
enum End {
    Normal,
    Break,
    Continue,
    Return(Value),
}

impl<'a> Resolver<'_, 'a> {
    pub(super) fn fold_declaration(&self, symbol: SymbolId, id: NodeId, frame: &mut Frame) -> Option<Value> {
        match self.semantic.nodes().kind(id) {
            AstKind::Function(function) if !function.generator && !function.r#async => {
                (!self.definitions.is_written(symbol)).then_some(Value::Function(id))
            }
            AstKind::TSEnumDeclaration(list) => {
                let mut entries = Vec::new();
                for member in &list.body.members {
                    let value = self.fold(member.initializer.as_ref()?, frame)?;
                    entries.push((member.id.static_name().to_string(), value));
                }
                Some(Value::Object(entries))
            }
            _ => None,
        }
    }

    pub(super) fn fold_call(&self, call: &'a CallExpression<'a>, frame: &mut Frame) -> Option<Value> {
        let callee = call.callee.get_inner_expression();
        if let Some(member) = callee.as_member_expression() {
            let name = self.member_name(member, frame.hops)?;
            if let Some(object) = self.fold(member.object(), frame) {
                return self.fold_method((object, member.object()), name, call, frame);
            }
            return self.fold_static(member.object(), name, call, frame);
        }
        let function = self.fold(callee, frame)?;
        let arguments = self.fold_arguments(&call.arguments, frame)?;
        self.call_value(&function, &arguments, frame)
    }

    fn fold_method(
        &self,
        (object, place): (Value, &'a Expression<'a>),
        name: &str,
        call: &'a CallExpression<'a>,
        frame: &mut Frame,
    ) -> Option<Value> {
        let arguments = self.fold_arguments(&call.arguments, frame)?;
        match (&object, name) {
            (Value::Function(_), "call") => return self.call_value(&object, arguments.get(1..)?, frame),
            (Value::Function(_) | Value::BuiltIn(_), "apply") => {
                let Some(Value::List(list)) = arguments.get(1) else { return None };
                return self.call_value(&object, list, frame);
            }
            (Value::BuiltIn(of), "call") => {
                return self.call_value(&Value::BuiltIn(of.clone()), arguments.get(1..)?, frame);
            }
            (Value::BuiltIn(of), _) => {
                return self.call_value(&Value::BuiltIn(format!("{of}.{name}")), &arguments, frame);
            }
            (Value::Object(_), _) => {
                let function = methods::property(&object, name)?;
                return self.call_value(&function, &arguments, frame);
            }
            (Value::List(values), "map" | "forEach" | "reduce" | "reduceRight" | "filter" | "flatMap") => {
                return self.fold_each(values.clone(), name, &arguments, frame);
            }
            (Value::Bytes(bytes), "map") => {
                let values = bytes.iter().map(|byte| Value::Number(f64::from(*byte))).collect();
                let mapped = self.fold_each(values, name, &arguments, frame)?;
                return to_bytes(&mapped, None).map(Value::Bytes);
            }
            (Value::Text(text), "replace" | "replaceAll")
                if matches!(arguments.get(1), Some(Value::Function(_))) =>
            {
                return self.fold_replace(text, &arguments, frame);
            }
            (Value::List(_), "push" | "unshift" | "pop" | "shift" | "reverse" | "splice" | "sort") => {
                if let Expression::Identifier(identifier) = place.get_inner_expression()
                    && let Some(symbol) = self.symbol(identifier)
                    && frame.values.contains_key(&symbol)
                {
                    return change_list(frame.values.get_mut(&symbol)?, name, arguments);
                }
            }
            _ => {}
        }
        methods::apply(object, name, &arguments)
    }

    /// `.replace(/./g, c => …)`
    fn fold_replace(&self, text: &str, arguments: &[Value], frame: &mut Frame) -> Option<Value> {
        let [Value::Pattern { needle, is_global: true }, function] = arguments else { return None };
        let width = match needle {
            super::value::Needle::Any(width) => *width,
            _ => return None,
        };
        let mut result = String::new();
        let chars: Vec<char> = text.chars().collect();
        for part in chars.chunks(width) {
            if part.len() < width {
                result.extend(part);
                break;
            }
            let part = Value::Text(part.iter().collect());
            result.push_str(&self.call_value(function, &[part], frame)?.text()?);
        }
        Some(Value::Text(result))
    }

    fn fold_each(
        &self,
        values: Vec<Value>,
        name: &str,
        arguments: &[Value],
        frame: &mut Frame,
    ) -> Option<Value> {
        let function = arguments.first()?;
        if name.starts_with("reduce") {
            let mut values: Vec<(usize, Value)> = values.into_iter().enumerate().collect();
            if name == "reduceRight" {
                values.reverse();
            }
            let mut values = values.into_iter();
            let mut sum = match arguments.get(1) {
                Some(start) => start.clone(),
                None => values.next()?.1,
            };
            for (index, value) in values {
                sum = self.call_value(function, &[sum, value, Value::of_count(index)], frame)?;
            }
            return Some(sum);
        }
        let mut results = Vec::new();
        for (index, value) in values.into_iter().enumerate() {
            let result = self.call_value(function, &[value.clone(), Value::of_count(index)], frame)?;
            match (name, result) {
                ("filter", result) if result.is_true() => results.push(value),
                ("filter", _) => {}
                ("flatMap", Value::List(more)) => results.extend(more),
                (_, result) => results.push(result),
            }
        }
        Some(Value::List(results))
    }

    /// Functions of built-in objects: `String.fromCharCode`, `Buffer.from`, `JSON.parse`.
    fn fold_static(
        &self,
        object: &'a Expression<'a>,
        name: &'a str,
        call: &'a CallExpression<'a>,
        frame: &mut Frame,
    ) -> Option<Value> {
        const NAMES: &[&str] = &[
            "fromCharCode",
            "fromCodePoint",
            "from",
            "of",
            "keys",
            "values",
            "entries",
            "assign",
            "freeze",
            "parse",
            "stringify",
            "atob",
            "unescape",
            "decodeURIComponent",
            "parseInt",
            "parseFloat",
            "floor",
            "round",
            "abs",
            "min",
            "max",
            "isArray",
            "concat",
            "apply",
            "call",
            "decode",
            "ceil",
            "trunc",
            "log2",
            "pow",
            "sqrt",
        ];
        if !NAMES.contains(&name) {
            return None;
        }
        let path = self.exact_path(object, frame.hops)?.member(name);
        let super::path::Root::Global(root) = path.root else { return None };
        let full = std::iter::once(root).chain(path.members().iter().copied()).collect::<Vec<_>>().join(".");
        let arguments = self.fold_arguments(&call.arguments, frame)?;
        if let Some(base) = full.strip_suffix(".apply") {
            let Some(Value::List(list)) = arguments.get(1) else { return None };
            return self.call_value(&Value::BuiltIn(base.to_owned()), list, frame);
        }
        if let Some(base) = full.strip_suffix(".call") {
            return self.call_value(&Value::BuiltIn(base.to_owned()), arguments.get(1..)?, frame);
        }
        self.call_value(&Value::BuiltIn(full), &arguments, frame)
    }

    pub(super) fn fold_new(&self, new: &'a NewExpression<'a>, frame: &mut Frame) -> Option<Value> {
        let path = self.exact_path(&new.callee, frame.hops)?;
        let is_bytes = path.is_global("Uint8Array", &[]) || path.is_global("Buffer", &[]);
        let is_list = path.is_global("Array", &[]);
        if !is_bytes && !is_list && !path.is_global("String", &[]) {
            return None;
        }
        let arguments = self.fold_arguments(&new.arguments, frame)?;
        match arguments.as_slice() {
            [value] if is_bytes => to_bytes(value, None).map(Value::Bytes),
            [text, encoding] if is_bytes => to_bytes(text, Some(&encoding.text()?)).map(Value::Bytes),
            [Value::Number(_)] | [] if is_list => None,
            values if is_list => Some(Value::List(values.to_vec())),
            [value] => value.text().map(Value::Text),
            _ => None,
        }
    }

    pub(super) fn call_value(
        &self,
        function: &Value,
        arguments: &[Value],
        frame: &mut Frame,
    ) -> Option<Value> {
        match function {
            Value::BuiltIn(name) => built_in(name, arguments),
            Value::Function(id) => self.call_function(*id, arguments, frame),
            _ => None,
        }
    }

    fn call_function(&self, id: NodeId, arguments: &[Value], frame: &mut Frame) -> Option<Value> {
        if frame.calls >= MAX_CALLS || !self.burn_fold(1 + frame.values.len()) {
            return None;
        }
        let mut inner = Frame {
            values: frame.values.clone(),
            is_deep: frame.is_deep,
            hops: frame.hops + 1,
            calls: frame.calls + 1,
        };
        let end = match self.semantic.nodes().kind(id) {
            AstKind::Function(function) if !function.generator && !function.r#async => {
                self.bind_parameters(&function.params, arguments, &mut inner)?;
                self.run_all(&function.body.as_ref()?.statements, &mut inner)?
            }
            AstKind::ArrowFunctionExpression(function) if !function.r#async => {
                self.bind_parameters(&function.params, arguments, &mut inner)?;
                match (function.body.as_expression(), function.body.as_function_body()) {
                    (Some(value), _) => End::Return(self.fold(value, &mut inner)?),
                    (None, Some(body)) => self.run_all(&body.statements, &mut inner)?,
                    (None, None) => return None,
                }
            }
            _ => return None,
        };
        match end {
            End::Return(value) => Some(value),
            _ => Some(Value::Undefined),
        }
    }

    fn bind_parameters(
        &self,
        parameters: &'a FormalParameters<'a>,
        arguments: &[Value],
        frame: &mut Frame,
    ) -> Option<()> {
        for (index, parameter) in parameters.items.iter().enumerate() {
            let value = match (arguments.get(index), &parameter.initializer) {
                (Some(Value::Undefined) | None, Some(default)) => self.fold(default, frame)?,
                (Some(value), _) => value.clone(),
                (None, None) => Value::Undefined,
            };
            bind(&parameter.pattern, value, frame)?;
        }
        if let Some(rest) = &parameters.rest {
            let values = arguments.get(parameters.items.len()..).unwrap_or_default().to_vec();
            bind(&rest.rest.argument, Value::List(values), frame)?;
        }
        Some(())
    }

    fn run_all(&self, statements: &'a [Statement<'a>], frame: &mut Frame) -> Option<End> {
        for statement in statements {
            match self.run(statement, frame)? {
                End::Normal => {}
                end => return Some(end),
            }
        }
        Some(End::Normal)
    }

    fn run(&self, statement: &'a Statement<'a>, frame: &mut Frame) -> Option<End> {
        if !self.burn_fold(1) {
            return None;
        }
        match statement {
            Statement::ExpressionStatement(statement) => {
                self.run_expression(&statement.expression, frame)?;
                Some(End::Normal)
            }
            Statement::VariableDeclaration(declaration) => {
                self.run_declaration(declaration, frame)?;
                Some(End::Normal)
            }
            Statement::ReturnStatement(statement) => match &statement.argument {
                Some(value) => self.fold(value, frame).map(End::Return),
                None => Some(End::Return(Value::Undefined)),
            },
            Statement::IfStatement(statement) => {
                if self.fold(&statement.test, frame)?.is_true() {
                    self.run(&statement.consequent, frame)
                } else if let Some(other) = &statement.alternate {
                    self.run(other, frame)
                } else {
                    Some(End::Normal)
                }
            }
            Statement::BlockStatement(block) => self.run_all(&block.body, frame),
            Statement::BreakStatement(end) if end.label.is_none() => Some(End::Break),
            Statement::ContinueStatement(end) if end.label.is_none() => Some(End::Continue),
            Statement::EmptyStatement(_) | Statement::FunctionDeclaration(_) => Some(End::Normal),
            statement => self.run_loop(statement, frame),
        }
    }

    fn run_loop(&self, statement: &'a Statement<'a>, frame: &mut Frame) -> Option<End> {
        match statement {
            Statement::ForStatement(each) => {
                match &each.init {
                    Some(ForStatementInit::VariableDeclaration(list)) => self.run_declaration(list, frame)?,
                    Some(init) => _ = self.run_expression(init.as_expression()?, frame)?,
                    None => {}
                }
                self.repeat(each.test.as_ref(), &each.body, each.update.as_ref(), frame)
            }
            Statement::WhileStatement(each) => self.repeat(Some(&each.test), &each.body, None, frame),
            Statement::DoWhileStatement(each) => match self.run(&each.body, frame)? {
                End::Break => Some(End::Normal),
                end @ End::Return(_) => Some(end),
                _ => self.repeat(Some(&each.test), &each.body, None, frame),
            },
            Statement::ForOfStatement(each) => {
                let values = match self.fold(&each.right, frame)? {
                    Value::List(values) => values,
                    Value::Text(text) => text.chars().map(|c| Value::Text(c.to_string())).collect(),
                    Value::Bytes(bytes) => {
                        bytes.into_iter().map(|byte| Value::Number(f64::from(byte))).collect()
                    }
                    _ => return None,
                };
                self.run_each(&each.left, values, &each.body, frame)
            }
            Statement::ForInStatement(each) => {
                let values = match self.fold(&each.right, frame)? {
                    Value::List(values) => (0..values.len()).map(|at| Value::Text(at.to_string())).collect(),
                    Value::Object(entries) => entries.into_iter().map(|(key, _)| Value::Text(key)).collect(),
                    _ => return None,
                };
                self.run_each(&each.left, values, &each.body, frame)
            }
            _ => None,
        }
    }

    fn repeat(
        &self,
        test: Option<&'a Expression<'a>>,
        body: &'a Statement<'a>,
        update: Option<&'a Expression<'a>>,
        frame: &mut Frame,
    ) -> Option<End> {
        while match test {
            Some(test) => self.run_expression(test, frame)?.is_true(),
            None => true,
        } {
            match self.run(body, frame)? {
                End::Break => break,
                end @ End::Return(_) => return Some(end),
                End::Normal | End::Continue => {}
            }
            if let Some(update) = update {
                self.run_expression(update, frame)?;
            }
        }
        Some(End::Normal)
    }

    fn run_each(
        &self,
        left: &'a ForStatementLeft<'a>,
        values: Vec<Value>,
        body: &'a Statement<'a>,
        frame: &mut Frame,
    ) -> Option<End> {
        let ForStatementLeft::VariableDeclaration(declaration) = left else { return None };
        let pattern = &declaration.declarations.first()?.id;
        for value in values {
            bind(pattern, value, frame)?;
            match self.run(body, frame)? {
                End::Break => break,
                end @ End::Return(_) => return Some(end),
                End::Normal | End::Continue => {}
            }
        }
        Some(End::Normal)
    }

    fn run_declaration(&self, declaration: &'a VariableDeclaration<'a>, frame: &mut Frame) -> Option<()> {
        for declarator in &declaration.declarations {
            let value = match &declarator.init {
                Some(value) => self.run_expression(value, frame)?,
                None => Value::Undefined,
            };
            bind(&declarator.id, value, frame)?;
        }
        Some(())
    }

    /// An expression that may also change names.
    pub(super) fn run_expression(&self, expression: &'a Expression<'a>, frame: &mut Frame) -> Option<Value> {
        match expression.get_inner_expression() {
            Expression::AssignmentExpression(assignment) => self.run_assignment(assignment, frame),
            Expression::UpdateExpression(update) => self.run_update(update, frame),
            Expression::SequenceExpression(sequence) => {
                let mut last = None;
                for expression in &sequence.expressions {
                    // What comes before the last is run for its effect, which names outside do not show.
                    let value = self.run_expression(expression, frame);
                    last = if frame.values.is_empty() { value } else { Some(value?) };
                }
                last
            }
            inner => self.fold(inner, frame),
        }
    }

    fn run_assignment(&self, assignment: &'a AssignmentExpression<'a>, frame: &mut Frame) -> Option<Value> {
        let value = self.run_expression(&assignment.right, frame)?;
        match &assignment.left {
            AssignmentTarget::AssignmentTargetIdentifier(name) => {
                let symbol = self.scoping.get_reference(name.reference_id.get()?).symbol_id()?;
                let old = frame.values.get(&symbol)?;
                let value = match assignment.operator.to_binary_operator() {
                    Some(operator) => binary_value(operator, old, &value)?,
                    None if assignment.operator.is_assign() => value,
                    None => return None,
                };
                if !value.is_short() || !self.burn_fold(value.weight()) {
                    return None;
                }
                frame.values.insert(symbol, value.clone());
                Some(value)
            }
            AssignmentTarget::ComputedMemberExpression(member) if assignment.operator.is_assign() => {
                let Expression::Identifier(name) = member.object.get_inner_expression() else { return None };
                let key = self.fold(&member.expression, frame)?;
                let symbol = self.symbol(name)?;
                store(frame.values.get_mut(&symbol)?, &key, value.clone())?;
                Some(value)
            }
            AssignmentTarget::StaticMemberExpression(member) if assignment.operator.is_assign() => {
                let Expression::Identifier(name) = member.object.get_inner_expression() else { return None };
                let symbol = self.symbol(name)?;
                store(
                    frame.values.get_mut(&symbol)?,
                    &Value::of_text(member.property.name.as_str()),
                    value.clone(),
                )?;
                Some(value)
            }
            _ => None,
        }
    }

    fn run_update(&self, update: &'a UpdateExpression<'a>, frame: &mut Frame) -> Option<Value> {
        let SimpleAssignmentTarget::AssignmentTargetIdentifier(name) = &update.argument else { return None };
        let symbol = self.scoping.get_reference(name.reference_id.get()?).symbol_id()?;
        let old = frame.values.get(&symbol)?.number()?;
        let new =
            if update.operator == oxc_ast::ast::UpdateOperator::Increment { old + 1.0 } else { old - 1.0 };
        frame.values.insert(symbol, Value::Number(new));
        Some(Value::Number(if update.prefix { new } else { old }))
    }

    /// The value of a name that is changed step by step, found by running the statements that change it.
    pub(super) fn fold_history(&self, symbol: SymbolId, used: NodeId, frame: &mut Frame) -> Option<Value> {
        let nodes = self.semantic.nodes();
        let declaration = self.scoping.symbol_declaration(symbol);
        let list = nodes.ancestor_kinds(declaration).take(6).find_map(statements)?;
        let writes: Vec<Span> = self
            .scoping
            .get_resolved_references(symbol)
            .filter(|reference| !self.burn_fold(1) || !self.is_plain_read(reference.node_id()))
            .map(|reference| nodes.kind(reference.node_id()).span())
            .collect();
        let use_span = nodes.kind(used).span();
        // The list is gone through, and a hostile file is one long list of names to ask about.
        if writes.len() > 64 || frame.calls >= MAX_CALLS || !self.burn_fold(list.len() / 8) {
            return None;
        }
        let changes = |span: Span| writes.iter().any(|write| span.contains_inclusive(*write));
        let changing: Vec<Span> = list.iter().map(GetSpan::span).filter(|span| changes(*span)).collect();
        let mut inner =
            Frame { is_deep: true, hops: frame.hops + 8, calls: frame.calls + 1, ..Frame::default() };
        let declared = nodes.kind(declaration).span();
        let mut found = 0;
        for statement in list {
            let span = statement.span();
            if span.contains_inclusive(use_span) {
                break;
            }
            if let Statement::VariableDeclaration(declaration) = statement
                && !span.contains_inclusive(declared)
            {
                self.run_counters(declaration, &changing, &mut inner);
            }
            if span.contains_inclusive(declared) || changes(span) {
                found += writes.iter().filter(|write| span.contains_inclusive(**write)).count();
                let Some(End::Normal) = self.run(statement, &mut inner) else { return None };
            }
        }
        // A change that is elsewhere, in another function or after, may come first.
        (found == writes.len()).then(|| inner.values.remove(&symbol)).flatten()
    }

    /// Names that are changed nowhere but in the statements that are run anyway, such as the counter of a loop.
    fn run_counters(&self, declaration: &'a VariableDeclaration<'a>, changing: &[Span], frame: &mut Frame) {
        for declarator in &declaration.declarations {
            let BindingPattern::BindingIdentifier(name) = &declarator.id else { continue };
            let Some(symbol) = name.symbol_id.get().filter(|symbol| self.definitions.is_written(*symbol))
            else {
                continue;
            };
            let is_inside = self
                .scoping
                .get_resolved_references(symbol)
                .filter(|reference| reference.is_write())
                .all(|write| {
                    let span = self.semantic.nodes().kind(write.node_id()).span();
                    self.burn_fold(1) && changing.iter().any(|statement| statement.contains_inclusive(span))
                });
            if let (true, Some(value)) = (is_inside, &declarator.init)
                && let Some(value) = self.fold(value, frame).filter(Value::is_plain)
            {
                frame.values.insert(symbol, value);
            }
        }
    }

    /// Whether every mention of a name leaves what it holds as it is.
    pub(super) fn is_unchanged(&self, symbol: SymbolId) -> bool {
        let mut references = self.scoping.get_resolved_references(symbol);
        references.all(|reference| self.burn_fold(1) && self.is_plain_read(reference.node_id()))
    }

    fn is_plain_read(&self, mention: NodeId) -> bool {
        const READING: &[&str] = &[
            "join",
            "slice",
            "map",
            "filter",
            "reduce",
            "reduceRight",
            "concat",
            "at",
            "indexOf",
            "includes",
            "forEach",
            "toString",
            "charAt",
            "charCodeAt",
            "length",
            "find",
            "some",
            "every",
            "keys",
            "values",
            "entries",
            "flat",
            "flatMap",
            "subarray",
            "hasOwnProperty",
            "split",
            "replace",
        ];
        let nodes = self.semantic.nodes();
        let parent = nodes.parent_id(mention);
        let (object, name) = match nodes.kind(parent) {
            AstKind::StaticMemberExpression(member) => (&member.object, Some(member.property.name.as_str())),
            AstKind::ComputedMemberExpression(member) => (&member.object, None),
            AstKind::ForOfStatement(_) | AstKind::ForInStatement(_) | AstKind::SpreadElement(_) => {
                return true;
            }
            AstKind::BinaryExpression(_) | AstKind::TemplateLiteral(_) => return true,
            AstKind::UnaryExpression(_) | AstKind::ExpressionStatement(_) => return true,
            // A function's arguments can be changed by it, but not by those of the language that only read.
            AstKind::CallExpression(call) => return self.is_reader(&call.callee),
            _ => return false,
        };
        if object.span() != nodes.kind(mention).span() {
            return true;
        }
        match nodes.parent_kind(parent) {
            AstKind::CallExpression(call) if call.callee.span() == nodes.kind(parent).span() => {
                name.is_some_and(|name| READING.contains(&name))
            }
            AstKind::AssignmentExpression(assignment) => assignment.left.span() != nodes.kind(parent).span(),
            AstKind::UpdateExpression(_) => false,
            AstKind::UnaryExpression(unary) => !unary.operator.is_delete(),
            _ => true,
        }
    }

    fn is_reader(&self, callee: &'a Expression<'a>) -> bool {
        match callee.get_inner_expression() {
            Expression::Identifier(name) => {
                self.is_global(name)
                    && matches!(
                        name.name.as_str(),
                        "require" | "atob" | "parseInt" | "String" | "Number" | "unescape" | "eval"
                    )
            }
            Expression::StaticMemberExpression(member) => {
                matches!(&member.object, Expression::Identifier(name) if self.is_global(name)
                    && matches!(name.name.as_str(), "String" | "Buffer" | "JSON" | "console"))
            }
            _ => false,
        }
    }
}

/// The statements a name declared in them is changed by.
fn statements<'a>(kind: AstKind<'a>) -> Option<&'a [Statement<'a>]> {
    match kind {
        AstKind::Program(program) => Some(&program.body),
        AstKind::FunctionBody(body) => Some(&body.statements),
        AstKind::BlockStatement(block) => Some(&block.body),
        _ => None,
    }
}

fn bind(pattern: &BindingPattern<'_>, value: Value, frame: &mut Frame) -> Option<()> {
    match pattern {
        BindingPattern::BindingIdentifier(name) => _ = frame.values.insert(name.symbol_id.get()?, value),
        BindingPattern::ArrayPattern(array) if array.rest.is_none() => {
            let Value::List(values) = value else { return None };
            for (index, element) in array.elements.iter().enumerate() {
                if let Some(element) = element {
                    bind(element, values.get(index).cloned().unwrap_or(Value::Undefined), frame)?;
                }
            }
        }
        BindingPattern::ObjectPattern(object) if object.rest.is_none() => {
            for property in &object.properties {
                let value =
                    methods::property(&value, &property.key.static_name()?).unwrap_or(Value::Undefined);
                bind(&property.value, value, frame)?;
            }
        }
        _ => return None,
    }
    Some(())
}

fn store(object: &mut Value, key: &Value, value: Value) -> Option<()> {
    match object {
        Value::List(values) => {
            let at: usize = key.text()?.parse().ok()?;
            if at >= values.len() {
                if at > values.len() + 256 {
                    return None;
                }
                values.resize(at + 1, Value::Undefined);
            }
            values[at] = value;
        }
        Value::Object(entries) => entries.push((key.text()?, value)),
        _ => return None,
    }
    Some(())
}

fn change_list(list: &mut Value, name: &str, arguments: Vec<Value>) -> Option<Value> {
    let Value::List(values) = list else { return None };
    match name {
        "push" => values.extend(arguments),
        "unshift" => _ = values.splice(0..0, arguments),
        "pop" => return Some(values.pop().unwrap_or(Value::Undefined)),
        "shift" if values.is_empty() => return Some(Value::Undefined),
        "shift" => return Some(values.remove(0)),
        "reverse" => {
            values.reverse();
            return Some(Value::List(values.clone()));
        }
        _ => return None,
    }
    Some(Value::of_count(values.len()))
}
