//! What a call does, once its disguise is off: code made from text, modules loaded, hosts named.

use oxc_ast::ast::{Argument, Expression, ObjectPropertyKind, TaggedTemplateExpression};
use oxc_semantic::NodeId;
use oxc_span::Span;

use super::calls::{Arguments, Call};
use super::check::{Check, member_rule, quoted};
use super::modules;
use super::path::{Path, Root, UNKNOWN};
use crate::rules;

/// Methods that call the functions they are given.
const CALLING: &[&str] = &[
    "map",
    "forEach",
    "filter",
    "find",
    "some",
    "every",
    "flatMap",
    "reduce",
    "reduceRight",
    "replace",
    "then",
    "from",
    "catch",
    "findIndex",
    "findLast",
    "replaceAll",
];

impl<'a> Check<'_, '_, 'a, '_> {
    pub(super) fn call(
        &mut self,
        (id, span): (NodeId, Span),
        callee: &'a Expression<'a>,
        arguments: &'a [Argument<'a>],
    ) {
        let calls = self.resolver.calls(callee, arguments, 0);
        if let (Expression::ComputedMemberExpression(member), false) =
            (callee.get_inner_expression(), calls.is_empty())
        {
            // Its words say how the name was hidden, so they come first.
            self.computed(member.node_id.get(), member);
        }
        self.handed_over(callee, arguments, span);
        let is_direct = matches!(callee.get_inner_expression(), Expression::Identifier(_));
        for call in &calls {
            if call.target.last().is_some_and(|method| CALLING.contains(&method))
                && callee.get_inner_expression().is_member_expression()
            {
                self.handed_to(call.target.last(), &call.arguments.all(), span);
            }
            self.call_of(call, span);
            let path = &call.target;
            if let Some((rule, what)) = member_rule(path)
                && (is_direct || !self.is_seen_as_member(callee, path))
            {
                self.report(rule, span, &what);
                if rule == rules::HASHING {
                    self.mining(id, span);
                }
            }
        }
        if calls.iter().all(|call| call.target.as_node().is_some() || call.target.is_global("Object", &[])) {
            self.constructor_call((id, span), callee, arguments);
        }
    }

    /// Whether the member that is called was judged where it stands.
    fn is_seen_as_member(&self, callee: &'a Expression<'a>, path: &Path<'a>) -> bool {
        callee.get_inner_expression().is_member_expression() && self.resolver.paths(callee).contains(path)
    }

    pub(super) fn tag(&mut self, tagged: &'a TaggedTemplateExpression<'a>) {
        for path in self.resolver.paths(&tagged.tag) {
            if makes_code(&path) {
                self.report(rules::DYNAMIC_CODE, tagged.span, "a template is run as code");
            } else if path.is_global("require", &[]) {
                self.report(rules::COMPUTED_MODULE, tagged.span, "a template names the module to load");
            } else if let Some((rule, what)) = member_rule(&path) {
                self.report(rule, tagged.span, &what);
            }
        }
    }

    fn call_of(&mut self, call: &Call<'a>, span: Span) {
        let (path, arguments) = (&call.target, &call.arguments);
        match (path.root, path.members()) {
            (Root::Global("require"), []) => self.module_expression(arguments.get(0), span),
            (Root::Global("require"), ["bind"]) if arguments.get(1).is_some() => {
                self.module_expression(arguments.get(1), span);
            }
            (Root::Global(UNKNOWN), []) => {
                let what = "a global function is called by a name computed at run time";
                self.report(rules::COMPUTED_GLOBAL, span, what);
            }
            (Root::Global("process" | "module") | Root::Module("module"), [.., UNKNOWN]) => {
                let what = "a function of the runtime is called by a name computed at run time";
                self.report(rules::COMPUTED_GLOBAL, span, what);
            }
            (Root::Global(name), [] | ["bind"]) if is_timer(name) => {
                let code = arguments.get(usize::from(!path.members().is_empty()));
                if code.is_some_and(|code| self.resolver.is_text(code)) {
                    self.report(rules::DYNAMIC_CODE, span, "a timer is given text, which it runs as code");
                }
            }
            (Root::Module("worker_threads"), ["Worker"]) => self.worker(arguments, span),
            (Root::Global("Worker" | "SharedWorker"), []) => self.web_worker(arguments, span),
            (Root::Global("importScripts"), []) => self.module_expression(arguments.get(0), span),
            (Root::Global("document"), ["createElement"]) => self.element(arguments, span),
            (Root::Global("document"), ["write" | "writeln"]) => {
                self.report(rules::SCRIPT_INJECTION, span, "document.write puts markup into a page");
            }
            _ if makes_code(path) => self.report(rules::DYNAMIC_CODE, span, &code_words(path)),
            _ => {}
        }
        self.hosts(path, arguments);
        self.remember(call, span);
        self.defined(path, *arguments, span);
    }

    /// Functions that are handed to a method that calls them.
    fn handed_over(&mut self, callee: &'a Expression<'a>, arguments: &'a [Argument<'a>], span: Span) {
        let Some(member) = callee.get_inner_expression().as_member_expression() else { return };
        let Some(method) = member.static_property_name().filter(|method| CALLING.contains(method)) else {
            return;
        };
        let values: Vec<_> = arguments.iter().filter_map(Argument::as_expression).take(2).collect();
        self.handed_to(Some(method), &values, span);
    }

    fn handed_to(&mut self, method: Option<&str>, values: &[&'a Expression<'a>], span: Span) {
        if method.is_none_or(|method| !CALLING.contains(&method)) {
            return;
        }
        for value in values.iter().take(2) {
            if matches!(value, Expression::FunctionExpression(_) | Expression::ArrowFunctionExpression(_)) {
                continue;
            }
            for path in self.resolver.paths(value) {
                if makes_code(&path) && path.members().is_empty() {
                    self.report(rules::DYNAMIC_CODE, span, &code_words(&path));
                }
            }
        }
    }

    /// `anything.constructor('code')`, where what the constructor makes is a function only if `anything` is one.
    fn constructor_call(
        &mut self,
        (id, span): (NodeId, Span),
        callee: &'a Expression<'a>,
        arguments: &'a [Argument<'a>],
    ) {
        let Some(member) = callee.get_inner_expression().as_member_expression() else { return };
        if self.resolver.member_name(member, 0) != Some("constructor") {
            return;
        }
        let Some(code) = arguments.last().and_then(Argument::as_expression) else { return };
        let text = self.resolver.fold_string(code, 0).unwrap_or_default();
        let outer = self.semantic.nodes().parent_kind(id);
        let is_run = self.is_called(outer, span) && self.resolver.is_text(code);
        if looks_like_code(&text) || is_run {
            self.report(
                rules::DYNAMIC_CODE,
                span,
                "a constructor is given code as text, as only Function takes it",
            );
        }
    }

    fn worker(&mut self, arguments: &Arguments<'a>, span: Span) {
        if self.has_eval_option(arguments.get(1)) {
            self.report(rules::DYNAMIC_CODE, span, "a worker is given text, which it runs as code");
        } else {
            self.worker_file(arguments.get(0), span);
        }
    }

    fn web_worker(&mut self, arguments: &Arguments<'a>, span: Span) {
        self.worker_file(arguments.get(0), span);
    }

    fn worker_file(&mut self, file: Option<&'a Expression<'a>>, span: Span) {
        let Some(file) = file else { return };
        let address = match file.get_inner_expression() {
            Expression::NewExpression(new) => {
                new.arguments.first().and_then(Argument::as_expression).unwrap_or(file)
            }
            inner => inner,
        };
        match self.resolver.fold_strings(address, 0) {
            Some(names)
                if names.iter().any(|name| name.starts_with("data:") || name.starts_with("blob:")) =>
            {
                self.report(rules::DYNAMIC_CODE, span, "a worker runs code that is in its address");
            }
            None if self.excerpt(file).contains("createObjectURL") => {
                self.report(rules::DYNAMIC_CODE, span, "a worker runs code that is put together at run time");
            }
            _ => {}
        }
    }

    /// Whether a worker's options may ask for its first argument to be run as code.
    fn has_eval_option(&self, options: Option<&'a Expression<'a>>) -> bool {
        let Some(options) = options else { return false };
        if let Expression::ObjectExpression(options) = options.get_inner_expression() {
            return options.properties.iter().any(|property| match property {
                ObjectPropertyKind::ObjectProperty(property) => match property.key.static_name() {
                    Some(name) => {
                        name == "eval"
                            && !matches!(&property.value, Expression::BooleanLiteral(no) if !no.value)
                    }
                    None => property
                        .key
                        .as_expression()
                        .and_then(|key| self.resolver.fold_string(key, 0))
                        .is_none_or(|name| name == "eval"),
                },
                ObjectPropertyKind::SpreadProperty(spread) => self.has_eval_option(Some(&spread.argument)),
            });
        }
        let Expression::Identifier(name) = options.get_inner_expression() else { return true };
        match self.resolver.constant(name) {
            Some((symbol, value)) if self.resolver.is_unchanged(symbol) => self.has_eval_option(Some(value)),
            _ => true,
        }
    }

    fn element(&mut self, arguments: &Arguments<'a>, span: Span) {
        let name = arguments.get(0).and_then(|name| self.resolver.fold_string(name, 0));
        if name.is_some_and(|name| name.eq_ignore_ascii_case("script")) {
            self.report(rules::SCRIPT_INJECTION, span, "a script element is made");
        }
    }

    /// Notes the hosts that calls to the network name.
    fn hosts(&mut self, path: &Path<'a>, arguments: &Arguments<'a>) {
        let is_network = match path.root {
            Root::Global("fetch" | "WebSocket" | "EventSource" | "XMLHttpRequest") => true,
            Root::Module(name) => modules::rule_of(name) == Some(rules::NETWORK),
            _ => false,
        };
        if !is_network {
            return;
        }
        for argument in arguments.all().into_iter().take(2) {
            for host in self.hosts_in(argument) {
                self.findings.note(|facts| &mut facts.hosts, &host);
            }
        }
    }

    fn hosts_in(&self, argument: &'a Expression<'a>) -> Vec<String> {
        match argument.get_inner_expression() {
            Expression::ObjectExpression(options) => {
                let values = options.properties.iter().filter_map(|property| property.as_property()).filter(
                    |property| {
                        let name = property.key.static_name();
                        matches!(
                            name.as_deref(),
                            Some("host" | "hostname" | "url" | "baseURL" | "uri" | "prefixUrl")
                        )
                    },
                );
                values.filter_map(|property| host(&self.resolver.fold_string(&property.value, 0)?)).collect()
            }
            // The start of a template is enough to know the host.
            Expression::TemplateLiteral(template) => {
                let start = template.quasis.first().and_then(|quasi| quasi.value.cooked);
                let start =
                    start.filter(|start| start.matches('/').count() > 2 || template.expressions.is_empty());
                start.and_then(|start| host(start.as_str())).into_iter().collect()
            }
            inner => {
                let texts = self.resolver.fold_strings(inner, 0).unwrap_or_default();
                texts.iter().filter_map(|text| host(text)).collect()
            }
        }
    }
}

/// The host of an address or a plain host name, lower case and without port.
fn host(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next()?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let name = rest.split(':').next()?;
    let is_host = name.contains('.') || name == "localhost";
    let is_plain =
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    (is_host && is_plain && !name.starts_with('.')).then(|| name.to_ascii_lowercase())
}

/// Whether calling this makes code from text.
pub(super) fn makes_code(path: &Path<'_>) -> bool {
    matches!(
        (path.root, path.members()),
        (Root::Global("Function" | "eval"), [] | ["call" | "apply" | "bind"] | ["prototype", "constructor"])
            | (
                Root::Global("AsyncFunction" | "GeneratorFunction" | "AsyncGeneratorFunction" | "execScript"),
                []
            )
    )
}

fn code_words(path: &Path<'_>) -> String {
    match path.root {
        Root::Global(name) => format!("{name} runs text as code"),
        _ => format!("{} is run as code", quoted("text")),
    }
}

fn is_timer(name: &str) -> bool {
    matches!(name, "setTimeout" | "setInterval" | "setImmediate")
}

fn looks_like_code(text: &str) -> bool {
    text.starts_with("return ") || text.contains([';', '=']) || text.contains('(') && text.contains(')')
}
