//! `frameos scan`: what the platform's static scan says about a folder.

pub mod changes;
pub mod sarif;
pub mod text;

use std::path::PathBuf;

use clap::Args;
use frameos_domain::scan::{Finding, ScanReport};
use frameos_scanner::{SCANNER_VERSION, rules};

use crate::{
    agent_dir::AgentDir,
    failure::{Failure, Result},
    output,
};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 when the platform would let it pass, 1 when it would reject it, 2 when asked wrongly."
)]
pub struct Scan {
    /// The agent's folder; it needs no manifest yet
    #[arg(required_unless_present = "explain")]
    dir: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Print the report as SARIF 2.1.0
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
    /// Show every finding, however many there are
    #[arg(long, conflicts_with_all = ["json", "sarif"])]
    all: bool,
    /// Say what a rule is about instead of scanning
    #[arg(long, value_name = "RULE", conflicts_with_all = ["dir", "json", "sarif", "all"])]
    explain: Option<String>,
}

pub fn run(args: &Scan) -> Result<()> {
    let dir = match (&args.explain, &args.dir) {
        (Some(rule), _) => return explain(rule),
        (None, Some(dir)) => AgentDir::read(dir)?,
        (None, None) => return Err(Failure::usage("name the agent's folder")),
    };
    let report = report(&dir);
    if args.json {
        output::json(&report)?;
    } else if args.sarif {
        output::json(&sarif::render(&report))?;
    } else {
        let style = text::Style { colours: output::has_colours(), all: args.all };
        output::painted(&text::render(&report, &|path| dir.bundle().ok()?.get(path), style))?;
    }
    if report.passed() { Ok(()) } else { Err(Failure::Shown) }
}

fn explain(id: &str) -> Result<()> {
    let Some(rule) = rules::find(id) else {
        let known: Vec<&str> = rules::ALL.iter().map(|rule| rule.id).collect();
        return Err(Failure::usage(format!("there is no rule `{id}`; there are {}", known.join(", "))));
    };
    output::pairs([
        ("rule", rule.id.to_owned()),
        ("title", rule.title.to_owned()),
        ("action", text::word(rule.action).to_owned()),
        ("why", rule.why.to_owned()),
        ("fix", rule.fix.to_owned()),
        ("docs", rule.docs.to_owned()),
    ])
}

/// The scan of a folder. What breaks the rules of bundles is a finding too: it would be refused just the same.
pub fn report(dir: &AgentDir) -> ScanReport {
    match dir.bundle() {
        Ok(bundle) => frameos_scanner::scan(bundle),
        Err(problem) => {
            let finding = rules::BUNDLE_RULES.finding(&format!("{problem} ({})", problem.code()));
            ScanReport::new(vec![finding], 0, SCANNER_VERSION)
        }
    }
}

/// A finding on one line, in the form editors jump to.
pub fn describe(finding: &Finding) -> String {
    let place = match text::place(&finding.file, finding.line, finding.column) {
        place if place.is_empty() => place,
        place => format!("{place}: "),
    };
    let (action, message) = (text::word(finding.action), text::shown(&finding.message));
    format!("{place}{action}: {message} [{}]", text::shown(&finding.rule))
}
