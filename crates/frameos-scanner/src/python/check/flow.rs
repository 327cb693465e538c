//! Sensitive data that arrives where it must not: out of the machine, or from the network into what runs code.

use ruff_python_ast::ExprCall;
use ruff_text_size::Ranged;

use super::super::modules::{Sink, steps};
use super::super::taint::{self, Use};
use super::super::value::{Atom, Kind, Place, Taint, Value};
use super::{Check, rules};
use crate::rules::Rule;

impl<'a> Check<'_, '_, 'a> {
    /// Looks at what a call does with its arguments.
    pub(super) fn flows(&mut self, callee: &Value, call: &'a ExprCall) {
        for atom in &callee.atoms {
            let Atom::Path(path) = atom else { continue };
            if let Some(usage) = taint::use_of(path) {
                self.hosts(usage, call);
                if self.context.evaluator.follows_data {
                    self.used(path, usage, call);
                }
            }
            self.passed_on(path, call);
        }
    }

    fn used(&mut self, path: &str, usage: Use, call: &'a ExprCall) {
        let args = self.context.evaluator.args(call, self.at());
        let mut taints = args.taints();
        if usage == Use::Run {
            // Only what is run matters, not what it runs on.
            taints = args.values.first().map(|first| first.taints.clone()).unwrap_or_default();
        }
        for taint in taints {
            let shown = path.trim_start_matches("builtins.").replace("()", "");
            self.arrived(&taint, usage, &format!("{shown}()"), call);
        }
    }

    /// A call of a function of another file, whose parameters may end in a sink there.
    fn passed_on(&mut self, path: &str, call: &'a ExprCall) {
        let exports = self.context.evaluator.exports;
        let Some(summary) = exports.function(path).filter(|summary| !summary.sinks.is_empty()) else {
            return;
        };
        let args = self.context.evaluator.args(call, self.at());
        for sink in &summary.sinks {
            let index = sink.parameter as usize;
            let name = summary.parameters.get(index).map(String::as_str);
            let keyword = args.keywords.iter().find(|(keyword, _)| keyword.is_some() && *keyword == name);
            let Some(value) = keyword.map(|(_, value)| value).or_else(|| args.values.get(index)) else {
                continue;
            };
            for taint in value.taints.clone() {
                let mut trace = taint.trace.then(self.place(call), format!("it is passed to {path}()"));
                let mut inner = Vec::new();
                let mut next = Some(&sink.trace);
                while let Some(step) = next {
                    inner.push(step);
                    next = step.before.as_ref();
                }
                for step in inner.into_iter().rev() {
                    trace = trace.then(step.place.clone(), step.message.clone());
                }
                self.arrived(&Taint { kind: taint.kind, trace }, sink.usage, &format!("{path}()"), call);
            }
        }
    }

    fn place(&self, call: &'a ExprCall) -> Place {
        Place::Here(call.range().start().to_usize())
    }

    fn arrived(&mut self, taint: &Taint, usage: Use, sink: &str, call: &'a ExprCall) {
        let verb = match usage {
            Use::Sent => "sends it out",
            Use::Run => "runs it",
        };
        let trace = taint.trace.then(self.place(call), format!("{sink} {verb}"));
        if let Kind::Parameter(function, parameter) = taint.kind {
            if self.sinks.len() < 10_000 {
                self.sinks.push(Sink { function, parameter, usage, trace });
            }
            return;
        }
        if !taint::is_misuse(taint.kind, usage) {
            return;
        }
        let rule: &'static Rule = match (usage, taint.kind) {
            (Use::Run, _) => rules::REMOTE_CODE,
            (Use::Sent, Kind::Host) => rules::HOST_PROFILING,
            (Use::Sent, _) => rules::EXFILTRATION,
        };
        let what = match usage {
            Use::Sent => format!("{} leaves the machine through {sink}", taint::noun(taint.kind)),
            Use::Run => format!("{} is run by {sink}", taint::noun(taint.kind)),
        };
        let source = self.context.source;
        let at = (source, call.range().start().to_usize());
        self.findings.at_end_of(steps(&trace, source), rule, at, &what);
    }

    /// Hosts that requests go to, where they are constant.
    fn hosts(&mut self, usage: Use, call: &'a ExprCall) {
        if usage != Use::Sent {
            return;
        }
        self.findings.note(|facts| &mut facts.abilities, "network");
        for argument in call.arguments.args.iter().take(2) {
            let value = self.value(argument);
            for atom in &value.atoms {
                let (Atom::Text(text) | Atom::Prefix(text)) = atom else { continue };
                if let Some(host) = host(text) {
                    self.findings.note(|facts| &mut facts.hosts, &host);
                }
            }
        }
    }
}

/// The host of a URL, lower case and without port.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?.to_ascii_lowercase();
    let is_host = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    (is_host && host.contains('.')).then_some(host)
}
