//! `frameos mandate`: what paid for a run, in the form other payment systems read (AP2), and checking one without any server.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use frameos_domain::ap2::{Ap2Export, PaymentReceipt, ReceiptStatus, Verified};
use serde_json::{Value, json};

use super::receipt::{key_set, read};
use crate::{
    client::{self, Client, Connection},
    clock,
    credentials::Role,
    failure::{Failure, Result},
    money, output,
};

#[derive(Debug, Subcommand)]
pub enum Mandate {
    /// Fetch the mandate of a paid run as AP2 v0.2 writes it: the closed pair, and the receipts
    Export(Export),
    /// Check an exported mandate offline: signatures, hashes, amounts and times
    Verify(Verify),
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    connection: Connection,
    /// The run's id
    id: String,
    /// Where to write it [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Without --jwks the keys in the file are used, which only proves that nobody changed it since the holder of \
                        those keys signed it: save the gateway's /.well-known/jwks.json and give it."
)]
pub struct Verify {
    /// The mandate, as `mandate export` writes it or as the API answered it
    file: PathBuf,
    /// Key set the signer must be in: the gateway's saved /.well-known/jwks.json
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// Take a mandate whose time is over, as evidence of what was agreed
    #[arg(long)]
    past: bool,
    /// Print what the mandate says as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &Mandate) -> Result<()> {
    match command {
        Mandate::Export(args) => export(args).await,
        Mandate::Verify(args) => verify(args),
    }
}

async fn export(args: &Export) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    let data = client.get(&["executions", &args.id, "ap2"], &[]).await?;
    let export: Ap2Export = client::read(data)?;
    let Some(path) = &args.output else { return output::json(&export) };
    let text = format!("{}\n", serde_json::to_string_pretty(&export)?);
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    let shown = path.display();
    output::note(&format!("wrote {shown}: check it with `frameos mandate verify {shown}`"));
    Ok(())
}

fn verify(args: &Verify) -> Result<()> {
    let trusted = args.jwks.as_deref().map(key_set).transpose()?;
    let export = export_read(&args.file)?;
    let now = (!args.past).then(clock::now);
    let (verified, receipt) = export.verify(trusted.as_ref(), now).map_err(|problem| {
        anyhow::Error::new(problem).context(format!("{} is not valid", args.file.display()))
    })?;
    if args.json {
        return output::json(&json!({
            "valid": true,
            "trusted": trusted.is_some(),
            "mandate_id": export.mandate_id,
            "checkout": verified.checkout,
            "payment": verified.payment,
            "receipt": receipt,
        }));
    }
    show(&export, &verified, receipt.as_ref(), trusted.is_some())
}

/// An export, bare or inside the API's envelope.
fn export_read(path: &Path) -> Result<Ap2Export> {
    let not = |reason: String| Failure::failed(format!("{} is not a mandate: {reason}", path.display()));
    let value: Value = serde_json::from_slice(&read(path)?).map_err(|error| not(error.to_string()))?;
    let export = value.get("data").cloned().unwrap_or(value);
    serde_json::from_value(export).map_err(|error| not(error.to_string()))
}

fn show(
    export: &Ap2Export,
    verified: &Verified,
    receipt: Option<&PaymentReceipt>,
    trusted: bool,
) -> Result<()> {
    let (checkout, payment) = (&verified.checkout, &verified.payment);
    let amount = &payment.payment_amount;
    let item = checkout.line_items.first().map(|line| &line.item);
    let outcome = receipt.map_or_else(
        || "not executed yet".to_owned(),
        |receipt| match receipt.status {
            ReceiptStatus::Success => format!("paid ({})", receipt.payment_id),
            ReceiptStatus::Error => receipt.error_description.clone().unwrap_or_default(),
        },
    );
    output::line("valid: both mandates and the checkout are signed and speak of the same purchase")?;
    output::pairs([
        ("mandate", export.mandate_id.to_string()),
        ("amount", money::show(amount.amount, amount.currency.as_str())),
        ("payee", payment.payee.name.clone()),
        ("paid from", format!("{} {}", payment.payment_instrument.kind, payment.payment_instrument.id)),
        ("for", item.map(|item| item.title.clone()).unwrap_or_default()),
        ("run", checkout.execution_id.clone().unwrap_or_default()),
        ("checkout", payment.transaction_id.clone()),
        ("outcome", outcome),
        ("keys", if trusted { "in the key set" } else { "from the file itself" }.to_owned()),
    ])
}
