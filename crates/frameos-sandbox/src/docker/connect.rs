//! Reaching a Docker Engine, and finding out whether it can hold what is asked of it.
//!
//! Everything is asked once, when a sandbox is opened; an engine that would silently leave out a limit is refused.

use std::io::ErrorKind;
use std::path::Path;

use bollard::models::{SystemInfo, SystemInfoCgroupVersionEnum};
use bollard::{API_DEFAULT_VERSION, Docker as Engine, errors::Error};

use crate::cgroup;
use crate::config::DockerConfig;
use crate::error::SandboxError;

/// How long the engine may take to begin its answer, seconds.
const PATIENCE: u64 = 60;
/// The first with private control group namespaces: Docker 20.10.
const NEEDED: (usize, usize) = (1, 41);
const NEEDED_TEXT: &str = "1.41";

/// An engine that will do.
pub(super) struct Connected {
    pub(super) engine: Engine,
    /// The OCI runtime that containers get, by name.
    pub(super) oci_runtime: String,
    /// Version of the control groups, 1 or 2.
    pub(super) cgroup: u8,
}

pub(super) async fn connect(config: &DockerConfig) -> Result<Connected, SandboxError> {
    let socket = &config.socket;
    let unreachable = |source: Box<dyn std::error::Error + Send + Sync>| SandboxError::EngineUnreachable {
        socket: socket.clone(),
        source,
    };
    // By ourselves first: the client's errors do not tell one cause from another.
    if let Err(error) = tokio::net::UnixStream::connect(socket).await {
        return Err(match error.kind() {
            ErrorKind::PermissionDenied => SandboxError::EngineForbidden { socket: socket.clone() },
            _ => unreachable(error.into()),
        });
    }
    let path = socket.to_str().ok_or_else(|| unreachable("its path is no UTF-8".into()))?;
    let engine = Engine::connect_with_unix(path, PATIENCE, API_DEFAULT_VERSION)
        .map_err(|error| unreachable(error.into()))?;
    let engine = engine.negotiate_version().await.map_err(|error| unreachable(error.into()))?;
    let version = engine.client_version();
    if (version.major_version, version.minor_version) < NEEDED {
        return Err(SandboxError::EngineTooOld { version: version.to_string(), needed: NEEDED_TEXT });
    }
    let info = engine.info().await.map_err(|error| unreachable(error.into()))?;
    let missing = lacks(&info);
    if !missing.is_empty() {
        return Err(SandboxError::Unsupported { missing });
    }
    let oci_runtime = oci_runtime(config.oci_runtime.as_deref(), &info)?;
    let cgroup = if info.cgroup_version == Some(SystemInfoCgroupVersionEnum::_2) { 2 } else { 1 };
    Ok(Connected { engine, oci_runtime, cgroup })
}

/// Limits that the engine would drop with a warning.
fn lacks(info: &SystemInfo) -> Vec<String> {
    let mut missing = Vec::new();
    let mut need = |has: Option<bool>, what: &str| {
        if has != Some(true) {
            missing.push(format!("the Docker Engine cannot limit {what} here"));
        }
    };
    need(info.memory_limit, "memory");
    need(info.pids_limit, "the number of processes");
    need(info.cpu_cfs_quota, "CPU time");
    if cgroup::swap_present() {
        need(info.swap_limit, "swap, and swap is in use (boot with swapaccount=1)");
    }
    let has_seccomp = info
        .security_options
        .iter()
        .flatten()
        .any(|option| option.split(',').any(|part| part == "name=seccomp"));
    if !has_seccomp {
        missing.push("the Docker Engine has no seccomp".to_owned());
    }
    missing
}

fn oci_runtime(wanted: Option<&str>, info: &SystemInfo) -> Result<String, SandboxError> {
    let Some(name) = wanted else {
        return Ok(info.default_runtime.clone().unwrap_or_else(|| "default".to_owned()));
    };
    let mut known: Vec<String> = info.runtimes.iter().flatten().map(|(name, _)| name.clone()).collect();
    known.sort();
    // Since 23.0 an engine also takes the full name of a containerd shim that it does not list.
    if known.iter().any(|known| known == name) || name.starts_with("io.containerd.") {
        Ok(name.to_owned())
    } else {
        Err(SandboxError::OciRuntimeUnknown { name: name.to_owned(), known })
    }
}

/// Whether the engine says that there is no such thing.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// Whether somebody may be listening there.
pub(crate) fn engine_answers(socket: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(socket).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> SystemInfo {
        SystemInfo {
            memory_limit: Some(true),
            pids_limit: Some(true),
            cpu_cfs_quota: Some(true),
            swap_limit: Some(true),
            security_options: Some(vec!["name=seccomp,profile=default".to_owned()]),
            default_runtime: Some("runc".to_owned()),
            runtimes: Some(["runc", "runsc"].map(|name| (name.to_owned(), Default::default())).into()),
            ..SystemInfo::default()
        }
    }

    #[test]
    fn every_limit_is_wanted() {
        assert_eq!(lacks(&info()), Vec::<String>::new());
        let poor =
            SystemInfo { pids_limit: Some(false), memory_limit: None, security_options: None, ..info() };
        let said = lacks(&poor).join("; ");
        assert!(["memory", "processes", "seccomp"].iter().all(|word| said.contains(word)), "{said}");
    }

    #[test]
    fn a_runtime_is_taken_by_its_name_only() {
        assert_eq!(oci_runtime(None, &info()).expect("the default"), "runc");
        assert_eq!(oci_runtime(Some("runsc"), &info()).expect("known"), "runsc");
        let error = oci_runtime(Some("kata-fc"), &info()).expect_err("unknown").to_string();
        assert!(error.contains("no OCI runtime \"kata-fc\"; it has runc, runsc"), "{error}");
    }
}
