//! The machine: open files, disk, ports, and whether agents can be isolated.

use frameos_sandbox::{Language, Sandbox, SandboxConfig, SandboxError, runtime};
use nix::sys::{
    resource::{Resource, getrlimit},
    statvfs::statvfs,
};
use tokio::net::TcpListener;

use super::{Finding, LOOK, told};
use crate::{
    config::{Backend, Config, Role},
    data_dir::DataDir,
};

/// Beside connections: the database, pipes of runs, logs.
const OTHER_FILES: u64 = 1_024;
const DISK_LOW: u64 = 2 << 30;
const DISK_OUT: u64 = 256 << 20;

pub(super) fn limits(config: &Config) -> Option<Finding> {
    // A process raises what it has to what it may have.
    let (_, allowed) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let needed = config.server.max_connections as u64 + OTHER_FILES;
    let found = format!("{allowed} open files allowed, {needed} needed at most");
    Some(if allowed >= needed {
        Finding::ok("open files", found)
    } else {
        Finding::warn(
            "open files",
            found,
            "raise it (`ulimit -n`, LimitNOFILE=), or lower server.max_connections",
        )
    })
}

pub(super) fn disk(data: &DataDir) -> Finding {
    let path = data.path("");
    match statvfs(&path) {
        Err(error) => {
            Finding::fail("disk", error.to_string(), "look whether the data directory's disk is there")
        }
        Ok(disk) => {
            let free = disk.blocks_available() * disk.fragment_size();
            let found = format!("{} MB free in {}", free >> 20, path.display());
            let advice = "make room: without it no write, so no run and no payment, succeeds";
            match free {
                free if free < DISK_OUT => Finding::fail("disk", found, advice),
                free if free < DISK_LOW => Finding::warn("disk", found, advice),
                _ => Finding::ok("disk", found),
            }
        }
    }
}

pub(super) async fn ports(config: &Config) -> Vec<Finding> {
    let api = config.has_role(Role::Api).then_some(config.listen);
    let mut findings = Vec::new();
    for address in [api, config.gateway.listen, config.metrics.listen].into_iter().flatten() {
        findings.push(match TcpListener::bind(address).await {
            Ok(_) => Finding::ok("ports", format!("{address} is free")),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                let advice = "that is as it should be while the server runs; else stop what listens there";
                Finding::warn("ports", format!("{address} is in use"), advice)
            }
            Err(error) => {
                let advice = "listen on an address of this machine, above port 1023 unless privileged";
                Finding::fail("ports", format!("{address}: {error}"), advice)
            }
        });
    }
    findings
}

/// Interpreters, their runtimes, and the walls.
pub(super) async fn sandbox(config: &Config) -> Vec<Finding> {
    let runtimes = config.data_dir.join("runtimes");
    let mut findings = Vec::new();
    for language in Language::ALL {
        let folder = runtimes.clone();
        let looked = tokio::task::spawn_blocking(move || runtime::look(&folder, language)).await;
        findings.push(match looked {
            Ok(Ok((path, version, is_built))) => {
                let built = if is_built { "runtime built" } else { "its runtime is built at the next start" };
                Finding::ok("interpreter", format!("{language} {version} at {}, {built}", path.display()))
            }
            Ok(Err(error)) => {
                let advice = "install Node.js 20 and Python 3.11, or newer";
                Finding::fail("interpreter", told(&error), advice)
            }
            Err(error) => Finding::fail("interpreter", error.to_string(), "report this as a defect"),
        });
    }
    findings.push(walls(config, runtimes).await);
    findings
}

async fn walls(config: &Config, runtimes: std::path::PathBuf) -> Finding {
    let Ok(scratch) = std::env::temp_dir().canonicalize() else {
        return Finding::fail("isolation", "there is no folder for temporary files", "make /tmp");
    };
    let scratch = scratch.join(format!("frameos-doctor-{}", std::process::id()));
    let jail_path = config.sandbox.jail_path.clone();
    let linux = SandboxConfig { jail_path, ..SandboxConfig::new(scratch.clone(), runtimes) };
    let docker = frameos_sandbox::DockerConfig {
        socket: config.sandbox.docker_socket.clone(),
        oci_runtime: config.sandbox.oci_runtime.clone(),
    };
    let opening = async {
        match config.sandbox.backend {
            Backend::Auto => Sandbox::open_or_docker(linux, docker).await,
            Backend::Linux => Sandbox::open(linux).await,
            Backend::Docker => {
                let backend = frameos_sandbox::Backend::Docker(docker);
                Sandbox::open(SandboxConfig { backend, ..linux }).await
            }
        }
    };
    let opened = tokio::time::timeout(LOOK, opening).await;
    let finding = match &opened {
        Ok(Ok(sandbox)) => Finding::ok("isolation", sandbox.tier().to_string()),
        Ok(Err(SandboxError::Unsupported { missing })) => {
            let advice = "give the kernel what is missing, run as root or with a delegated cgroup v2, or use a Docker Engine; \
                          `frameos sandbox check` tries every wall";
            Finding::fail("isolation", missing.join("; "), advice)
        }
        Ok(Err(error)) => {
            Finding::fail("isolation", told(error), "`frameos sandbox check` tries every wall and says more")
        }
        Err(_) => {
            Finding::fail("isolation", "no answer in time", "look at the load and at the Docker Engine")
        }
    };
    drop(opened);
    // What is left is empty; a leftover does no harm.
    let _left = std::fs::remove_dir_all(&scratch);
    finding
}
