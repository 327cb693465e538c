//! Reading the audit log.

use frameos_store::{
    audit::{self, AuditEntry, AuditFilter},
    page::{Page, Paged},
};

use crate::{app::App, error::Result};

/// What fits of the audit log, newest first.
pub async fn audit_list(app: &App, filter: AuditFilter, page: Page) -> Result<Paged<AuditEntry>> {
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { audit::audit_search_unscoped(tx, filter, page).await }))
        .await?)
}
