//! Checks of what may be published, as the contract shows them.

use base64::{Engine, engine::general_purpose::STANDARD};
use frameos_app::{AgentCheck, AgentCheckNew};
use frameos_contract::{
    ErrorCode,
    agent_check::{AgentCheckRequest, AgentChecked, CheckIssue},
};

use super::admin;
use crate::api::failure::ApiFailure;

/// The request with its bundle decoded.
pub(crate) fn new(request: AgentCheckRequest) -> Result<AgentCheckNew, ApiFailure> {
    let code = request.code_base64.map(|text| bundle_decode(&text)).transpose()?;
    Ok(AgentCheckNew { manifest: request.manifest, code, agent: request.agent })
}

pub(crate) fn bundle_decode(text: &str) -> Result<Vec<u8>, ApiFailure> {
    STANDARD.decode(text.as_bytes()).map_err(|error| {
        ApiFailure::new(ErrorCode::BUNDLE_NOT_BASE64, format!("code_base64 is not standard base64: {error}"))
    })
}

pub(crate) fn checked(check: AgentCheck) -> AgentChecked {
    let issue = |issue: frameos_app::CheckIssue| CheckIssue {
        code: issue.code.to_owned(),
        path: issue.path,
        message: issue.message,
    };
    AgentChecked {
        accepted: check.errors.is_empty(),
        errors: check.errors.into_iter().map(issue).collect(),
        warnings: check.warnings,
        manifest: check.manifest,
        files: admin::files(check.files),
        scan_report: check.scan,
        frames: check.frames,
        changes: check.changes,
        needs_review: check.needs_review,
    }
}
