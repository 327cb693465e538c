//! `frameos admin`: deciding about what developers submit. Findings are in `admin/finding.rs`, money in `admin/money.rs`, master keys in `admin/keys.rs`.

mod finding;
mod keys;
mod money;

use clap::{Args, Subcommand};
use frameos_contract::admin::{Decided, Decision, ReviewQueue, VersionForReview};

use super::scan;
use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::Result,
    output,
};

#[derive(Debug, Subcommand)]
pub enum Admin {
    /// List versions that wait for a decision, oldest first
    Review(Review),
    /// Show one version: what it changes, its files, manifest and scan
    Show(Show),
    /// Let a version be published
    Approve(Approve),
    /// Refuse a version, with a reason for its developer
    Reject(Reject),
    /// Accept a flagged finding of one version, with a reason
    AcceptFinding(finding::Finding),
    /// Take the acceptance of a finding back, with a reason
    WithdrawFinding(finding::Finding),
    /// Scan stored versions with this server's scanner, and list those it judges otherwise
    Rescan(finding::Rescan),
    /// Give a user money of a run's payment back
    Refund(money::Refund),
    /// List everybody's payouts, newest first
    Payouts(money::Payouts),
    /// Make a payout that failed or came back anew
    RetryPayout(money::RetryPayout),
    /// List, rotate and give up master keys, which encrypt what is kept
    #[command(subcommand)]
    Keys(keys::Keys),
}

#[derive(Debug, Args)]
pub struct Review {
    #[command(flatten)]
    connection: Connection,
    #[arg(long, default_value_t = 1)]
    page: u32,
    /// Entries per page, up to 100
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    connection: Connection,
    /// The version's id
    version_id: String,
    /// Show every finding, however many there are
    #[arg(long)]
    all: bool,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Approve {
    #[command(flatten)]
    connection: Connection,
    /// The version's id
    version_id: String,
    /// A note for the developer
    #[arg(long)]
    note: Option<String>,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Reject {
    #[command(flatten)]
    connection: Connection,
    /// The version's id
    version_id: String,
    /// What the developer has to change
    #[arg(long)]
    reason: String,
    /// Print the API's data as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &Admin) -> Result<()> {
    match command {
        Admin::Review(args) => review(args).await,
        Admin::Show(args) => show(args).await,
        Admin::Approve(args) => {
            let decision = Decision { reason: args.note.clone() };
            decide(&args.connection, &args.version_id, "approve", &decision, args.json).await
        }
        Admin::Reject(args) => {
            let decision = Decision { reason: Some(args.reason.clone()) };
            decide(&args.connection, &args.version_id, "reject", &decision, args.json).await
        }
        Admin::AcceptFinding(args) => finding::decide(args, "accept").await,
        Admin::WithdrawFinding(args) => finding::decide(args, "withdraw").await,
        Admin::Rescan(args) => finding::rescan(args).await,
        Admin::Refund(args) => money::refund(args).await,
        Admin::Payouts(args) => money::payouts(args).await,
        Admin::RetryPayout(args) => money::retry_payout(args).await,
        Admin::Keys(command) => keys::run(command).await,
    }
}

async fn review(args: &Review) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::Admin])?;
    let query = [("page", Some(args.page.to_string())), ("limit", Some(args.limit.to_string()))];
    let data = client.get(&["admin", "reviews"], &query).await?;
    if args.json {
        return output::json(&data);
    }
    let queue: ReviewQueue = client::read(data)?;
    let rows = queue.reviews.into_iter().map(|entry| {
        let age = format!("{} h", entry.age_seconds / 3600);
        let risk = entry.risk.to_string();
        [entry.version_id, entry.slug, entry.version, entry.developer_name, entry.verdict, risk, age]
    });
    output::table(["version id", "agent", "version", "developer", "scan", "risk", "waits"], rows)?;
    output::note(&format!("{} waiting", queue.total));
    Ok(())
}

async fn show(args: &Show) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::Admin])?;
    let data = client.get(&["admin", "versions", &args.version_id], &[]).await?;
    if args.json {
        return output::json(&data);
    }
    let version: VersionForReview = client::read(data)?;
    output::pairs([
        ("version", format!("{} ({})", version.version_id, version.version)),
        ("agent", format!("{} ({})", version.slug, version.agent_id)),
        ("state", version.review_status),
        ("code", format!("sha256 {}", version.code_hash)),
    ])?;
    if let Some(changes) = &version.changes {
        output::line("")?;
        for line in scan::changes::render(changes) {
            output::line(&line)?;
        }
    }
    if let Some(report) = &version.scan_report {
        output::line("\nscan")?;
        let style = scan::text::Style { colours: output::has_colours(), all: args.all };
        output::painted(&scan::text::render(report, &|_| None, style))?;
        output::line("\nfindings")?;
        for line in finding::list(report, &version.acceptances) {
            output::line(&line)?;
        }
    }
    output::line("\nfiles")?;
    let files = version.files.into_iter().map(|file| [file.path, file.bytes.to_string()]);
    output::table(["path", "bytes"], files)?;
    output::line("\nmanifest")?;
    output::json(&version.manifest)
}

async fn decide(
    connection: &Connection,
    version_id: &str,
    verb: &str,
    decision: &Decision,
    json: bool,
) -> Result<()> {
    let mut client = Client::signed_in(connection, &[Role::Admin])?;
    let data = client.post(&["admin", "versions", version_id, verb], None, decision).await?;
    if json {
        return output::json(&data);
    }
    let decided: Decided = client::read(data)?;
    output::line(&format!("{}: {}", decided.id, decided.status))
}
