//! What calls that leave the program are given: secrets sent away, code taken from the network, sockets tied to shells.

use oxc_ast::ast::Expression;
use oxc_semantic::SymbolId;
use oxc_span::Span;

use super::calls::Call;
use super::check::Check;
use super::link::Exports;
use super::path::{Path, Root};
use super::sinks::makes_code;
use super::taint::{Flow, Kind, Taint, is_network};
use crate::rules::{self, Rule};

/// How many calls of one file are followed back.
const MAX_SINKS: usize = 400;

/// A call that is worth following its arguments back from.
pub(super) struct Sink<'a> {
    pub(super) span: Span,
    pub(super) is_code: bool,
    pub(super) values: Vec<&'a Expression<'a>>,
    /// How the call stands in a trace.
    pub(super) words: String,
}

impl<'a> Check<'_, '_, 'a, '_> {
    /// Remembers a call if data that goes into it matters.
    pub(super) fn remember(&mut self, call: &Call<'a>, span: Span) {
        if self.sinks.len() >= MAX_SINKS {
            return;
        }
        let target = &call.target;
        let (is_code, values) = if makes_code(target) || runs_code(target) {
            (true, call.arguments.all())
        } else if sends(target) {
            (false, call.arguments.all())
        } else if let Root::Module(name) = target.root {
            let indexes = self.resolver.links.leaks(self.resolver.file, name, target.members());
            (false, indexes.iter().filter_map(|index| call.arguments.get(*index)).collect())
        } else {
            return;
        };
        self.reverse_shell(call, span);
        if !values.is_empty() {
            self.sinks.push(Sink { span, is_code, values, words: words(target) });
        }
    }

    /// A socket's ends tied to those of a child process.
    fn reverse_shell(&mut self, call: &Call<'a>, span: Span) {
        let is_socket =
            |path: &Path<'_>| matches!(path.root, Root::Module("net" | "tls" | "http" | "https" | "ws"));
        let is_child = |path: &Path<'_>| path.root == Root::Module("child_process");
        if call.target.last() != Some("pipe") {
            return;
        }
        let Some(to) = call.arguments.get(0) else { return };
        let targets = self.resolver.paths(to);
        let is_tied = is_socket(&call.target) && targets.iter().any(is_child)
            || is_child(&call.target) && targets.iter().any(is_socket);
        if is_tied {
            self.report(rules::REVERSE_SHELL, span, "a network connection is piped to a child process");
        }
    }

    /// Follows the remembered calls back, and notes what exported functions do with their parameters.
    pub(super) fn leaks(&mut self, exports: &mut Exports) {
        let sinks = std::mem::take(&mut self.sinks);
        let taint = Taint::new(&self.resolver, self.source);
        let mut found: Vec<(Span, Flow, bool, String)> = Vec::new();
        let mut leaking: Vec<SymbolId> = Vec::new();
        for sink in &sinks {
            for value in &sink.values {
                let (flow, reached) = taint.of(value);
                if !sink.is_code {
                    leaking.extend(reached);
                }
                let Some(mut flow) = flow else { continue };
                flow.steps.push(taint.step(sink.span, sink.words.clone()));
                found.push((sink.span, flow, sink.is_code, sink.words.clone()));
            }
        }
        super::exports::note_functions(self.semantic, &self.resolver, (&taint, &leaking), exports);
        for (span, flow, is_code, words) in found {
            let Some((rule, what)) = judged(flow.kind, is_code) else { continue };
            let what = format!("{what} ({words})");
            self.findings.at_end_of(flow.steps, rule, (self.source, span.start as usize), &what);
        }
    }
}

fn judged(kind: Kind, is_code: bool) -> Option<(&'static Rule, &'static str)> {
    match (kind, is_code) {
        (Kind::Network, true) => Some((rules::REMOTE_CODE, "what the network answered is run")),
        (Kind::Network, false) | (_, true) => None,
        (Kind::Environment, false) => Some((rules::EXFILTRATION, "the environment is sent over the network")),
        (Kind::File, false) => {
            Some((rules::EXFILTRATION, "what was read from files is sent over the network"))
        }
        (Kind::Clipboard, false) => Some((rules::EXFILTRATION, "the clipboard is sent over the network")),
        (Kind::Secret, false) => {
            Some((rules::SECRET_SENT, "a secret of the environment is sent over the network"))
        }
        (Kind::Host, false) => {
            Some((rules::HOST_PROFILING, "facts about the host are sent over the network"))
        }
    }
}

/// Whether a call sends its arguments over the network.
fn sends(path: &Path<'_>) -> bool {
    match (path.root, path.members()) {
        (Root::Global("fetch" | "WebSocket" | "EventSource"), []) => true,
        (Root::Global("XMLHttpRequest" | "WebSocket"), [.., "send" | "open"]) => true,
        (Root::Global("navigator"), ["sendBeacon"]) => true,
        (Root::Module(name), members) if is_network(name) => !matches!(
            members.last().copied(),
            Some("createServer" | "on" | "once" | "listen" | "Server" | "Agent")
        ),
        (Root::Module("child_process"), [.., "pipe"]) => true,
        _ => false,
    }
}

/// Whether a call runs what it is given, though no text becomes a function here.
fn runs_code(path: &Path<'_>) -> bool {
    match (path.root, path.members()) {
        (Root::Module("child_process" | "execa" | "cross-spawn" | "shelljs"), members) => {
            members.last() != Some(&"pipe") && members.last() != Some(&"on")
        }
        (Root::Module("vm" | "vm2"), _) | (Root::Module("module" | "worker_threads"), [_, ..]) => true,
        (Root::Global("module"), [.., "_compile"]) => true,
        (Root::Global("require"), []) => true,
        _ => false,
    }
}

fn words(path: &Path<'_>) -> String {
    let name = match path.root {
        Root::Module(name) | Root::Global(name) => name,
        _ => "a function",
    };
    let members: Vec<&str> = path.members().iter().copied().filter(|name| *name != "()").collect();
    let full = std::iter::once(name).chain(members).collect::<Vec<_>>().join(".");
    format!("it reaches {}", full.chars().take(80).collect::<String>())
}
