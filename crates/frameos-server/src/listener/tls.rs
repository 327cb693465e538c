//! TLS of a listener: its certificate and key, read again when they change.
//!
//! Invariants: a pair that cannot be used never replaces one that can; a key that everybody may read is refused; the log
//! says when a pair was taken or refused.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use frameos_domain::clock::Timestamp;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::validity::valid_until;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Why a certificate and its key cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    #[error("{} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} holds no usable PEM", path.display())]
    NotPem { path: PathBuf, source: pem::Error },
    #[error("everybody can read the private key {}; chmod it to 0600", path.display())]
    Exposed { path: PathBuf },
    #[error("the certificate and the key do not go together")]
    Mismatch(#[source] rustls::Error),
}

/// What a listener does TLS with; clones share it.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Inner>);

struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    pub(crate) fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let current = RwLock::new(config_read(certificate, key)?);
        Ok(Self(Arc::new(Inner { certificate: certificate.to_owned(), key: key.to_owned(), current })))
    }

    /// When the first certificate of the chain in this file ends.
    pub(crate) fn ends(certificate: &Path) -> Option<Timestamp> {
        valid_until(&CertificateDer::from_pem_file(certificate).ok()?)
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current))
    }

    /// Reads the files again on SIGHUP, and when they change.
    pub(crate) async fn follow(self, shutdown: CancellationToken) {
        let mut hangup = signal(SignalKind::hangup()).ok();
        let mut seen = self.stamps();
        loop {
            let asked = async {
                match &mut hangup {
                    Some(hangup) => hangup.recv().await.is_some(),
                    None => std::future::pending().await,
                }
            };
            let is_asked = tokio::select! {
                is_asked = asked => is_asked,
                () = tokio::time::sleep(LOOK_EVERY) => false,
                () = shutdown.cancelled() => return,
            };
            let now = self.stamps();
            if is_asked || now != seen {
                seen = now;
                self.reload();
            }
        }
    }

    pub(super) fn reload(&self) {
        match config_read(&self.0.certificate, &self.0.key) {
            Ok(config) => {
                *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = config;
                tracing::info!("the certificate was read again; new connections get it");
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the new certificate cannot be used; the one before stays");
            }
        }
    }

    fn stamps(&self) -> [Option<(u64, i64, i64, u64)>; 2] {
        let stamp = |meta: Metadata| (meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.len());
        [&self.0.certificate, &self.0.key].map(|path| std::fs::metadata(path).ok().map(stamp))
    }
}

fn config_read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: key.to_owned(), source };
    if std::fs::metadata(key).map_err(unreadable)?.mode() & 0o007 != 0 {
        return Err(TlsError::Exposed { path: key.to_owned() });
    }
    let broken = |path: &Path, source| TlsError::NotPem { path: path.to_owned(), source };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| broken(certificate, error))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| broken(key, error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Mismatch)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
