//! `frameos admin accept-finding`, `withdraw-finding`, `rescan`: what becomes of what scans found.

use clap::Args;
use frameos_contract::admin::{Decided, Decision, FindingAcceptance, RescanRequest, Rescanned};
use frameos_domain::scan::{ScanReport, Verdict};

use crate::{
    client::{self, Client, Connection},
    command::scan::text,
    credentials::Role,
    failure::{Failure, Result},
    output,
};

#[derive(Debug, Args)]
pub struct Finding {
    #[command(flatten)]
    connection: Connection,
    /// The version's id
    version_id: String,
    /// The finding's fingerprint, as `admin show` has it
    fingerprint: String,
    /// Why; it goes into the audit log
    #[arg(long)]
    reason: String,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Rescan {
    #[command(flatten)]
    connection: Connection,
    /// Print the API's data as JSON, one object for each call it took
    #[arg(long)]
    json: bool,
}

pub async fn decide(args: &Finding, verb: &str) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::Admin])?;
    let path = ["admin", "versions", &args.version_id, "findings", &args.fingerprint, verb];
    let data = client.post(&path, None, &Decision { reason: Some(args.reason.clone()) }).await?;
    if args.json {
        return output::json(&data);
    }
    let decided: Decided = client::read(data)?;
    output::line(&format!("{}: {}", decided.id, decided.status))
}

/// Goes through all stored versions. Exit code 1 when one that is not rejected would be now.
pub async fn rescan(args: &Rescan) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::Admin])?;
    let (mut scanned, mut rejected) = (0, 0);
    let mut request = RescanRequest::default();
    loop {
        let data = client.post(&["admin", "rescan"], None, &request).await?;
        if args.json {
            output::json(&data)?;
        }
        let answer: Rescanned = client::read(data)?;
        scanned += answer.scanned;
        rejected += answer.changed.iter().filter(|change| change.now == Verdict::Reject).count();
        for change in answer.changed.iter().filter(|_| !args.json) {
            let (before, now) = (verdict(change.before), verdict(change.now));
            let rules = change.rules.join(", ");
            let version = format!(
                "{} ({} of {}, {})",
                change.version_id, change.version, change.agent_id, change.review_status
            );
            output::line(&format!("{version}: {before} -> {now}  {rules}"))?;
        }
        for version in &answer.unreadable {
            output::note(&format!("warning: the code of {version} could not be read"));
        }
        match answer.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    output::note(&format!("{scanned} versions scanned"));
    if rejected == 0 { Ok(()) } else { Err(Failure::Shown) }
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Flag => "flag",
        Verdict::Reject => "reject",
    }
}

/// The findings a reviewer decides about, each with the fingerprint to name it by and who accepted it.
pub fn list(report: &ScanReport, acceptances: &[FindingAcceptance]) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in &report.findings {
        let given = acceptances.iter().find(|given| given.fingerprint == finding.fingerprint);
        let state = match given {
            Some(given) => {
                let from = given
                    .carried_from
                    .as_ref()
                    .map_or_else(String::new, |from| format!(", carried from {}", text::shown(from)));
                format!("accepted by {}{from}: {}", text::shown(&given.by), text::shown(&given.reason))
            }
            None => text::word(finding.action).to_owned(),
        };
        let place = text::place(&finding.file, finding.line, finding.column);
        lines.push(format!(
            "{}  {} {place}  {state}",
            text::shown(&finding.fingerprint),
            text::shown(&finding.rule)
        ));
    }
    lines
}
