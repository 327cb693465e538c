//! How a command ends badly, and which exit code that is.
//!
//! Invariants: 1 means the thing asked for failed, 2 means it was asked for wrongly; every message says what to change. Nothing here prints.

use std::{fmt, process::ExitCode};

use frameos_contract::ApiError;
use serde_json::Value;

/// The result of a command.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The command has already said all there is to say; exit code 1.
    Shown,
    /// Exit code 1.
    Failed(anyhow::Error),
    /// The server's refusal; exit code 1.
    Refused(Box<Refusal>),
    /// Exit code 2.
    Usage(String),
}

/// An error answer of the API with its HTTP status.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    pub error: ApiError,
    /// What the user can do about it, where the client knows.
    pub hint: Option<&'static str>,
}

impl Failure {
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(anyhow::Error::msg(message.into()))
    }

    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Shown | Self::Failed(_) | Self::Refused(_) => ExitCode::FAILURE,
        }
    }

    /// Whether the server refused with this code.
    pub fn is_code(&self, code: &str) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.error.code == code)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown => Ok(()),
            Self::Failed(error) => f.write_str(&causes(error)),
            Self::Usage(message) => f.write_str(message),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

/// The chain of causes on one line. A cause that its effect already tells is not told again.
fn causes(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told {
        told if told.is_empty() => cause,
        told if told.ends_with(&cause) => told,
        told => format!("{told}: {cause}"),
    })
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.error.message, self.error.code)?;
        for line in details(self.error.details.as_ref()) {
            write!(f, "\n  {line}")?;
        }
        if let Some(hint) = self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        if self.status >= 500 {
            write!(f, "\nrequest id: {}", self.error.request_id)?;
        }
        Ok(())
    }
}

/// One line per field, manifest path or scan finding in an error's details.
fn details(details: Option<&Value>) -> Vec<String> {
    match details {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().map(detail).collect(),
        Some(Value::Object(fields)) if fields.contains_key("scan_report") => {
            scan_details(&fields["scan_report"])
        }
        Some(Value::Object(fields)) => match fields.values().find_map(Value::as_array) {
            Some(items) => items.iter().map(detail).collect(),
            None => fields.iter().map(|(name, value)| format!("{name}: {}", plain(value))).collect(),
        },
        Some(other) => vec![plain(other)],
    }
}

/// The findings of a refused scan that refuse it, and how to see more of them.
fn scan_details(report: &Value) -> Vec<String> {
    const MOST: usize = 20;
    let findings = report["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let rejecting: Vec<&Value> = findings.iter().filter(|finding| finding["action"] == "reject").collect();
    let mut lines: Vec<String> = rejecting.iter().take(MOST).map(|finding| detail(finding)).collect();
    if rejecting.len() > MOST {
        lines.push(format!("and {} more", rejecting.len() - MOST));
    }
    lines.push("`frameos scan DIR` shows them in their code, with how to fix them".to_owned());
    lines
}

fn detail(item: &Value) -> String {
    let text = |key: &str| item.get(key).and_then(Value::as_str);
    let message = text("message");
    match (text("field").or_else(|| text("path")), text("file"), message) {
        (Some(place), _, Some(message)) => format!("{place}: {message}"),
        (None, Some(file), Some(message)) => {
            let number = |key: &str| item.get(key).and_then(Value::as_u64).unwrap_or(0);
            format!("{file}:{}:{}: {message}", number("line"), number("column"))
        }
        (None, None, Some(message)) => message.to_owned(),
        _ => plain(item),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(details: Value) -> String {
        let error = ApiError {
            code: "INPUTS_INVALID".into(),
            message: "the inputs do not fit".into(),
            details: Some(details),
            request_id: "req_1".into(),
        };
        Failure::Refused(Box::new(Refusal { status: 422, error, hint: Some("do this") })).to_string()
    }

    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow::anyhow!("disk full").context("cannot write: disk full").context("not saved");
        assert_eq!(Failure::Failed(error).to_string(), "not saved: cannot write: disk full");
    }

    #[test]
    fn every_shape_of_details_becomes_lines() {
        let fields = refusal(json!([{"field": "url", "message": "is required"}]));
        assert_eq!(fields, "the inputs do not fit (INPUTS_INVALID)\n  url: is required\nhint: do this");
        let findings =
            refusal(json!({"findings": [{"file": "a.js", "line": 2, "column": 3, "message": "no"}]}));
        assert!(findings.contains("\n  a.js:2:3: no\n"), "{findings}");
        let finding =
            |action| json!({"file": "a.js", "line": 2, "column": 3, "message": "no", "action": action});
        let report = json!({"findings": [finding("allow"), finding("reject")], "files_scanned": 1});
        let scan = refusal(json!({"scan_passed": false, "scan_report": report}));
        assert!(scan.contains("\n  a.js:2:3: no\n  `frameos scan DIR`"), "{scan}");
        assert!(
            refusal(json!({"scan_report": {"findings": vec![finding("reject"); 90]}}))
                .contains("\n  and 70 more\n")
        );
        let limits = refusal(json!({"limit": 10, "asked": "11"}));
        assert!(limits.contains("\n  limit: 10") && limits.contains("\n  asked: 11"), "{limits}");
    }
}
