//! Reading the audit log.

use frameos_store::{
    audit::{self, AuditEntry},
    page::{Page, Paged},
};

use crate::{app::App, error::Result};

/// The audit log, newest first.
pub async fn audit_list(app: &App, page: Page) -> Result<Paged<AuditEntry>> {
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { audit::audit_list_unscoped(tx, page).await }))
        .await?)
}
