//! What the engine is asked for: one container's whole description. Pure.
//!
//! These are the flags that people know from `docker run`, and what it takes to see as little of the host as under the Linux
//! backend.

use std::collections::HashMap;
use std::path::Path;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount,
    MountBindOptions, MountType, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
};

use super::image::GUEST;
use super::names::NAMES;
use crate::jail::{GUEST_ARGUMENT, ProcMasks};
use crate::spec::Limits;

/// The token of the process that the container belongs to.
pub(super) const OWNER_LABEL: &str = "frameos.owner";
pub(super) const EXECUTION_LABEL: &str = "frameos.execution";

/// Named semaphores, which interpreters' process pools need, and shared memory. Under the Linux backend they are in `/tmp`,
/// but nothing can make `/dev/shm` a link here.
const SHM_BYTES: u64 = 16 << 20;

/// What differs from one container to the next, or from one engine to another.
pub(super) struct Wanted<'a> {
    pub(super) image: String,
    pub(super) owner: &'a str,
    pub(super) execution: &'a str,
    pub(super) uid: u32,
    /// The folder with this id's [`NAMES`].
    pub(super) names: &'a Path,
    /// `None` leaves `/agent` as it is in the image: empty.
    pub(super) code: Option<&'a Path>,
    pub(super) limits: &'a Limits,
    /// `None` is the engine's own choice.
    pub(super) oci_runtime: Option<&'a str>,
    pub(super) seccomp: &'a str,
    pub(super) proc: &'a ProcMasks,
}

pub(super) fn body(wanted: &Wanted<'_>) -> ContainerCreateBody {
    let labels = [(OWNER_LABEL, wanted.owner), (EXECUTION_LABEL, wanted.execution)];
    ContainerCreateBody {
        image: Some(wanted.image.clone()),
        entrypoint: Some(vec![GUEST.to_owned(), GUEST_ARGUMENT.to_owned()]),
        cmd: Some(Vec::new()),
        user: Some(format!("{uid}:{uid}", uid = wanted.uid)),
        working_dir: Some("/agent".to_owned()),
        hostname: Some("sandbox".to_owned()),
        domainname: Some("sandbox".to_owned()),
        open_stdin: Some(true),
        // The guest ends when whoever attached is gone.
        stdin_once: Some(true),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(false),
        labels: Some(labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
        host_config: Some(host_config(wanted)),
        ..ContainerCreateBody::default()
    }
}

fn host_config(wanted: &Wanted<'_>) -> HostConfig {
    let limits = wanted.limits;
    let memory = Some(signed(limits.memory_bytes));
    let mut mounts: Vec<Mount> =
        NAMES.iter().map(|name| read_only(&wanted.names.join(name), &format!("/etc/{name}"))).collect();
    mounts.extend(wanted.code.map(|code| read_only(code, "/agent")));
    HostConfig {
        network_mode: Some("none".to_owned()),
        readonly_rootfs: Some(true),
        tmpfs: Some(HashMap::from([
            ("/tmp".to_owned(), tmp_options(limits.tmp_bytes, limits.tmp_files)),
            ("/dev/shm".to_owned(), tmp_options(limits.tmp_bytes.min(SHM_BYTES), limits.tmp_files)),
        ])),
        mounts: Some(mounts),
        nano_cpus: Some(i64::from(limits.cpu_millis) * 1_000_000),
        memory,
        // Memory and swap together get what memory alone gets: nothing is left for swap.
        memory_swap: memory,
        pids_limit: Some(i64::from(limits.pids)),
        ulimits: Some(ulimits(limits)),
        oom_score_adj: Some(1000),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned(), format!("seccomp={}", wanted.seccomp)]),
        privileged: Some(false),
        ipc_mode: Some("none".to_owned()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        masked_paths: Some(masked(wanted.proc)),
        // What could be written to is covered.
        readonly_paths: Some(Vec::new()),
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        auto_remove: Some(true),
        runtime: wanted.oci_runtime.map(str::to_owned),
        ..HostConfig::default()
    }
}

fn read_only(host: &Path, inside: &str) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(host.display().to_string()),
        target: Some(inside.to_owned()),
        read_only: Some(true),
        // What is mounted below it on the host stays there.
        bind_options: Some(MountBindOptions { non_recursive: Some(true), ..MountBindOptions::default() }),
        ..Mount::default()
    }
}

/// Everyone may write to it, as everywhere else; there is only one user inside.
fn tmp_options(bytes: u64, files: u64) -> String {
    format!("rw,noexec,nosuid,nodev,size={bytes},nr_inodes={files},mode=1777")
}

/// The guest lowers more; these hold for the guest as well.
fn ulimits(limits: &Limits) -> Vec<ResourcesUlimits> {
    let limit = |name: &str, value: i64| ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(value),
        hard: Some(value),
    };
    vec![
        // No dump, and no host program that handles dumps: 0 forbids the file only, 1 is the kernel's word for both.
        limit("core", 1),
        limit("nofile", signed(limits.open_files)),
        limit("memlock", 64 << 10),
        limit("msgqueue", 0),
        limit("rtprio", 0),
    ]
}

/// All of `/sys`, what of `/proc` is none of the program's business, and terminals and queues that it never gets.
fn masked(proc: &ProcMasks) -> Vec<String> {
    let of_proc = proc.files.iter().chain(&proc.dirs).map(|name| format!("/proc/{name}"));
    ["/sys", "/dev/mqueue", "/dev/pts"].map(str::to_owned).into_iter().chain(of_proc).collect()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
