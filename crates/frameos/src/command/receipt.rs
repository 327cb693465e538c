//! `frameos receipt`: fetching a run's receipt, and checking one, or another statement of the gateway's, without any server.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use frameos_domain::{
    receipt::{RunReceipt, RunReceiptDocument, salted_hash},
    signing::{KeySet, PublicKey},
    statement::{Statement, StatementDocument},
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
    /// Check a receipt, refusal, refund or mandate offline: whether one byte of it was changed, and who signed it
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
    after_help = "Exit code 0 when all holds, 1 when something does not, 2 when it could not be looked at. Without --jwks or \
                  --server a whole receipt only proves that nobody changed it since the shown keys signed it: compare \
                  them with the ones the platform publishes at /.well-known/jwks.json."
)]
pub struct Verify {
    /// The receipt as `receipt get` writes it or as the API answered it, or a signed JWS of the gateway's
    file: PathBuf,
    /// Key set the signer must be in: a saved /.well-known/jwks.json
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// Server whose published keys the signer must be one of
    #[arg(long, value_name = "URL", conflicts_with = "jwks")]
    server: Option<String>,
    /// The run's receipt_salt, which its owner can read
    #[arg(long, value_name = "SALT")]
    salt: Option<String>,
    /// JSON file with the inputs the run is said to have had, config and defaults included
    #[arg(long, value_name = "FILE", requires = "salt")]
    inputs: Option<PathBuf>,
    /// JSON file with the outputs the run is said to have had
    #[arg(long, value_name = "FILE", requires = "salt")]
    outputs: Option<PathBuf>,
    /// Print what the receipt says as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &Receipt) -> Result<()> {
    match command {
        Receipt::Get(args) => get(args).await,
        Receipt::Verify(args) => verify(args).await,
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

async fn verify(args: &Verify) -> Result<()> {
    let bytes = read(&args.file)?;
    let trusted = trusted(args).await?;
    let values = Values::read(args)?;
    let not_valid = || format!("{} is not valid", args.file.display());
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::failed(format!("{} is not a receipt: it is not text", args.file.display())))?;
    if let Some(document) = StatementDocument::find(text) {
        if args.salt.is_some() {
            return Err(Failure::usage("--salt, --inputs and --outputs are for the receipts of runs"));
        }
        let (statement, key) = document
            .verify(trusted.as_ref())
            .map_err(|problem| anyhow::Error::new(problem).context(not_valid()))?;
        return statement_show(args, &statement, &key, trusted.is_some());
    }
    let checked = RunReceiptDocument::parse(text)
        .and_then(|document| document.verify(trusted.as_ref()).map(|key| (document, key)));
    let (document, key) = checked.map_err(|problem| anyhow::Error::new(problem).context(not_valid()))?;
    values.check(&document.receipt).map_err(|problem| anyhow::anyhow!(problem).context(not_valid()))?;
    let proofs = document.proofs.as_ref();
    let checked = Checked {
        trusted: trusted.is_some(),
        inputs: values.inputs.is_some(),
        outputs: values.outputs.is_some(),
        mandate: proofs.is_some_and(|proofs| proofs.mandate.is_some()),
        payment_receipt: proofs.is_some_and(|proofs| proofs.payment_receipt.is_some()),
    };
    if args.json {
        let receipt = document.receipt;
        return output::json(&json!({
            "valid": true, "key_id": key.kid(), "trusted": checked.trusted, "receipt": receipt,
            "checked": {"inputs": checked.inputs, "outputs": checked.outputs, "mandate": checked.mandate,
                "payment_receipt": checked.payment_receipt},
        }));
    }
    show(&document.receipt, &key, &checked)
}

/// What was looked at besides the receipt itself; all of it holds.
struct Checked {
    trusted: bool,
    inputs: bool,
    outputs: bool,
    mandate: bool,
    payment_receipt: bool,
}

/// The key set the signers must be in, if one was named.
async fn trusted(args: &Verify) -> Result<Option<KeySet>> {
    match (&args.jwks, &args.server) {
        (Some(path), _) => key_set(path).map(Some),
        (None, Some(server)) => {
            let connection = Connection { server: Some(server.clone()), profile: None };
            let fetched = Client::signed_out(&connection)?.key_set().await;
            // Nothing is known of the receipt then.
            fetched.map(Some).map_err(|error| Failure::usage(error.to_string()))
        }
        (None, None) => Ok(None),
    }
}

/// What the run is said to have been given and to have returned.
struct Values {
    salt: String,
    inputs: Option<Value>,
    outputs: Option<Value>,
}

impl Values {
    fn read(args: &Verify) -> Result<Self> {
        let json = |path: &PathBuf| -> Result<Value> {
            serde_json::from_slice(&read(path)?)
                .map_err(|error| Failure::usage(format!("{} is not JSON: {error}", path.display())))
        };
        Ok(Self {
            salt: args.salt.clone().unwrap_or_default(),
            inputs: args.inputs.as_ref().map(json).transpose()?,
            outputs: args.outputs.as_ref().map(json).transpose()?,
        })
    }

    /// Says what is not what the receipt was made of.
    fn check(&self, receipt: &RunReceipt) -> std::result::Result<(), String> {
        let fits = |value: &Value, hash: Option<&String>| Some(&salted_hash(&self.salt, value)) == hash;
        if self.inputs.as_ref().is_some_and(|inputs| !fits(inputs, Some(&receipt.input_sha256))) {
            return Err("with this salt, these are not the inputs of the run".to_owned());
        }
        match &self.outputs {
            Some(_) if receipt.output_sha256.is_none() => Err("the run has no outputs".to_owned()),
            Some(outputs) if !fits(outputs, receipt.output_sha256.as_ref()) => {
                Err("with this salt, these are not the outputs of the run".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn show(receipt: &RunReceipt, key: &PublicKey, checked: &Checked) -> Result<()> {
    let payment = receipt.payment.as_ref();
    let paid = payment.map_or_else(
        || "nothing".to_owned(),
        |paid| {
            let amount = money::show(paid.amount, paid.currency.as_str());
            let place = paid.ledger_sequence.map(|number| format!(", number {number}")).unwrap_or_default();
            format!("{amount} (payment {}, ledger {}{place})", paid.payment_id, paid.ledger_transaction_id)
        },
    );
    let and = |checked: bool, text: &str| if checked { format!(", {text}") } else { String::new() };
    let outputs = receipt.output_sha256.as_ref().map(|hash| format!("salted sha256 {hash}"));
    let outputs = outputs.map(|text| text + &and(checked.outputs, "which the given ones have"));
    let mandate = receipt.mandate.as_ref().map(|mandate| {
        let shown = and(checked.mandate, "checked");
        format!("{}, {}{shown}", mandate.mandate_id, mandate.status.as_str())
    });
    output::line("valid: nothing was changed since it was signed")?;
    output::pairs([
        ("receipt", format!("{} (number {})", receipt.id, receipt.sequence)),
        ("run", format!("{}, {}", receipt.execution_id, receipt.status)),
        ("reason", receipt.failure_reason.map(|reason| reason.to_string()).unwrap_or_default()),
        ("agent", format!("{} {}", receipt.agent_slug, receipt.agent_version)),
        ("code", format!("sha256 {}", receipt.code_sha256)),
        (
            "inputs",
            format!(
                "salted sha256 {}{}",
                receipt.input_sha256,
                and(checked.inputs, "which the given ones have")
            ),
        ),
        ("outputs", outputs.unwrap_or_default()),
        ("mandate", mandate.unwrap_or_default()),
        ("paid", paid + &and(checked.payment_receipt, "payment receipt checked")),
        ("used", receipt.resources.as_ref().map(used::show).unwrap_or_default()),
        ("isolation", receipt.isolation.clone().unwrap_or_default()),
        ("completed", receipt.completed_at.to_string()),
        ("signed by", format!("key {}{}", key.kid(), and(checked.trusted, "which is in the key set"))),
    ])
}

fn statement_show(args: &Verify, statement: &Statement, key: &PublicKey, trusted: bool) -> Result<()> {
    if args.json {
        return output::json(&json!({
            "valid": true, "key_id": key.kid(), "trusted": trusted, "type": statement.typ(), "receipt": statement,
        }));
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let ledger = |transaction: &str, hash: &str| format!("{transaction}, sha256 {hash}");
    let parts = match statement {
        Statement::Mandate(mandate) => vec![
            ("mandate", mandate.id.to_string()),
            ("payer", mandate.agent_id.clone()),
            ("payee", mandate.vendor.clone()),
            ("run", text(&mandate.execution_id)),
            ("allows", money::show(mandate.amount, mandate.currency.as_str())),
            ("until", mandate.expires_at.to_string()),
            ("issued", mandate.issued_at.to_string()),
        ],
        Statement::Payment(receipt) => vec![
            ("payment receipt", format!("{} (number {})", receipt.id, receipt.sequence)),
            ("payment", receipt.payment_id.map(|id| id.to_string()).unwrap_or_default()),
            ("refused", text(&receipt.reason)),
            ("mandate", format!("{}, sha256 {}", receipt.mandate_id, receipt.mandate_hash)),
            ("amount", money::show(receipt.amount, receipt.currency.as_str())),
            (
                "ledger",
                receipt.ledger_hash.as_ref().map_or_else(String::new, |hash| {
                    ledger(receipt.ledger_transaction_id.as_deref().unwrap_or_default(), hash)
                }),
            ),
            ("issued", receipt.issued_at.to_string()),
        ],
        Statement::Refusal(refusal) => vec![
            ("refusal", refusal.id.to_string()),
            ("refused", refusal.reason.clone()),
            ("rule", text(&refusal.rule)),
            ("payer", refusal.agent_id.clone()),
            ("run", text(&refusal.execution_id)),
            ("amount", money::show(refusal.amount, refusal.currency.as_str())),
            ("issued", refusal.issued_at.to_string()),
        ],
        Statement::Refund(refund) => vec![
            ("refund", refund.id.to_string()),
            ("of", format!("payment {}, receipt {}", refund.payment_id, refund.receipt_id)),
            ("to", refund.agent_id.clone()),
            ("amount", money::show(refund.amount, refund.currency.as_str())),
            ("back so far", money::show(refund.refunded_total, refund.currency.as_str())),
            ("reason", refund.reason.clone()),
            ("ledger", ledger(&refund.ledger_transaction_id, &refund.ledger_hash)),
            ("issued", refund.issued_at.to_string()),
        ],
    };
    output::line("valid: nothing was changed since it was signed")?;
    let signer = format!("key {}{}", key.kid(), if trusted { ", which is in the key set" } else { "" });
    output::pairs(parts.into_iter().chain([("signed by", signer)]))
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
