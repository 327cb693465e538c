//! `frameos receipt`: fetching a run's receipt, and checking one without any server.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use frameos_domain::{
    receipt::{RunReceipt, RunReceiptDocument},
    signing::{KeySet, PublicKey},
};
use serde_json::{Value, json};

use crate::{
    client::{self, Client, Connection},
    credentials::Role,
    failure::{Failure, Result},
    money, output, used,
};

#[derive(Debug, Subcommand)]
pub enum Receipt {
    /// Fetch the signed receipt of a run that has ended
    Get(Get),
    /// Check a receipt file offline: whether one byte of it was changed, and who signed it
    Verify(Verify),
}

#[derive(Debug, Args)]
pub struct Get {
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
    after_help = "Without --jwks a whole receipt only proves that nobody changed it since the shown key signed it: \
                        compare the key with the one the platform publishes at /.well-known/jwks.json."
)]
pub struct Verify {
    /// The receipt, as `receipt get` writes it or as the API answered it
    file: PathBuf,
    /// Key set the signer must be in: a saved /.well-known/jwks.json
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// Print what the receipt says as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &Receipt) -> Result<()> {
    match command {
        Receipt::Get(args) => get(args).await,
        Receipt::Verify(args) => verify(args),
    }
}

async fn get(args: &Get) -> Result<()> {
    let mut client = Client::signed_in(&args.connection, &[Role::User])?;
    let data = client.get(&["executions", &args.id, "receipt"], &[]).await?;
    let document: RunReceiptDocument = client::read(data)?;
    let Some(path) = &args.output else { return output::json(&document) };
    let text = format!("{}\n", serde_json::to_string_pretty(&document)?);
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    output::note(&format!(
        "wrote {}: check it with `frameos receipt verify {}`",
        path.display(),
        path.display()
    ));
    Ok(())
}

fn verify(args: &Verify) -> Result<()> {
    let trusted = args.jwks.as_deref().map(key_set).transpose()?;
    let bytes = read(&args.file)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::failed(format!("{} is not a receipt: it is not text", args.file.display())))?;
    let checked = RunReceiptDocument::parse(text)
        .and_then(|document| document.verify(trusted.as_ref()).map(|key| (document.receipt, key)));
    let (receipt, key) = checked.map_err(|problem| {
        anyhow::Error::new(problem).context(format!("{} is not valid", args.file.display()))
    })?;
    if args.json {
        let trusted = trusted.is_some();
        return output::json(
            &json!({"valid": true, "key_id": key.kid(), "trusted": trusted, "receipt": receipt}),
        );
    }
    show(&receipt, &key, trusted.is_some())
}

fn show(receipt: &RunReceipt, key: &PublicKey, trusted: bool) -> Result<()> {
    let payment = receipt.payment.as_ref();
    let paid = payment.map_or_else(
        || "nothing".to_owned(),
        |paid| {
            let amount = money::show(paid.amount, paid.currency.as_str());
            format!("{amount} (payment {}, ledger {})", paid.payment_id, paid.ledger_transaction_id)
        },
    );
    output::line("valid: nothing was changed since it was signed")?;
    output::pairs([
        ("receipt", format!("{} (number {})", receipt.id, receipt.sequence)),
        ("run", format!("{}, {}", receipt.execution_id, receipt.status)),
        ("reason", receipt.failure_reason.map(|reason| reason.to_string()).unwrap_or_default()),
        ("agent", format!("{} {}", receipt.agent_slug, receipt.agent_version)),
        ("code", format!("sha256 {}", receipt.code_sha256)),
        ("inputs", format!("salted sha256 {}", receipt.input_sha256)),
        (
            "outputs",
            receipt.output_sha256.as_ref().map(|hash| format!("salted sha256 {hash}")).unwrap_or_default(),
        ),
        ("paid", paid),
        ("used", receipt.resources.as_ref().map(used::show).unwrap_or_default()),
        ("isolation", receipt.isolation.clone().unwrap_or_default()),
        ("completed", receipt.completed_at.to_string()),
        ("signed by", format!("key {}{}", key.kid(), if trusted { ", which is in the key set" } else { "" })),
    ])
}

/// A file that cannot be read is wrong usage: nothing is known of a receipt then.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

/// A key set as it is served, or inside the API's envelope.
pub(super) fn key_set(path: &Path) -> Result<KeySet> {
    let wrong =
        |reason: String| Failure::usage(format!("{} is not a JSON Web Key Set: {reason}", path.display()));
    let value: Value = serde_json::from_slice(&read(path)?).map_err(|error| wrong(error.to_string()))?;
    let keys = value.get("data").cloned().unwrap_or(value);
    serde_json::from_value(keys).map_err(|error| wrong(error.to_string()))
}
