//! Looking into the code of a version under review.

use frameos_domain::id::VersionId;
use frameos_scanner::bundle::{self, Bundle};

use crate::{
    app::App,
    error::{AppError, Result},
    review::version_load,
};

/// Bytes of a file that are shown.
pub const FILE_SHOWN: usize = 1 << 20;

/// The beginning of a bundle's file as text.
#[derive(Debug, Clone)]
pub struct FileShown {
    pub text: String,
    /// Of the whole file.
    pub bytes: usize,
}

/// Paths and sizes of a version's files.
pub async fn version_files(app: &App, id: VersionId) -> Result<Vec<(String, u64)>> {
    let look =
        |bundle: Bundle| bundle.files().map(|(path, bytes)| (path.to_owned(), bytes.len() as u64)).collect();
    unpacked(app, id, look).await
}

/// One of them. What is not UTF-8 in it is shown as U+FFFD.
pub async fn version_file(app: &App, id: VersionId, path: &str) -> Result<FileShown> {
    let path = path.to_owned();
    let look = move |bundle: Bundle| {
        let found = bundle.files().find(|(name, _)| *name == path);
        found.map(|(_, bytes)| FileShown {
            text: String::from_utf8_lossy(bytes.get(..FILE_SHOWN).unwrap_or(bytes)).into_owned(),
            bytes: bytes.len(),
        })
    };
    unpacked(app, id, look).await?.ok_or(AppError::not_found("file"))
}

/// What `look` sees in a version's bundle.
async fn unpacked<T: Send + 'static>(
    app: &App,
    id: VersionId,
    look: impl FnOnce(Bundle) -> T + Send + 'static,
) -> Result<T> {
    let (version, _) = version_load(app, id).await?;
    let packed = app.store().objects().get(&version.code_s3_key).await?;
    let packed = packed.ok_or_else(|| AppError::internal("a version's code is missing"))?;
    // A bundle is up to 50 MB unpacked; one at a time.
    let _turn = app.clearing.acquire().await.map_err(AppError::internal)?;
    let seen = tokio::task::spawn_blocking(move || bundle::unpack(&packed).map(look));
    seen.await.map_err(AppError::internal)?.map_err(AppError::internal)
}
