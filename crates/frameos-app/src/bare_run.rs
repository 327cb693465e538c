//! The parts of a run that know nothing of accounts, money or the database: the worker and local runs on a developer's machine
//! share them, so that both mean the same by an agent's limits, logs and secrets.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use frameos_domain::{
    canonical::MAX_SAFE_INTEGER,
    manifest::{Language, Manifest},
    receipt::Resources,
    redact::Redactor,
};
use frameos_sandbox::{Limits, RunSpec};
use frameos_scanner::bundle::Bundle;
use serde_json::{Map, Value};

/// What an execution itself holds of each stream.
pub const LOG_HEAD_BYTES: usize = 10 * 1024;

/// What the sandbox is asked to run. `folder` holds the unpacked bundle, `inputs` are complete and checked.
pub fn run_spec(
    manifest: &Manifest,
    folder: PathBuf,
    execution_id: String,
    inputs: Map<String, Value>,
    timeout_ms: u64,
) -> RunSpec {
    let mut spec = RunSpec::new(run_language(manifest), folder, manifest.runtime.entrypoint.clone());
    spec.inputs = inputs;
    spec.execution_id = execution_id;
    spec.limits = Limits {
        wall: Duration::from_millis(timeout_ms),
        memory_bytes: manifest.runtime.memory_mb << 20,
        ..Limits::default()
    };
    spec
}

/// The interpreter an agent asks for.
pub fn run_language(manifest: &Manifest) -> frameos_sandbox::Language {
    match manifest.runtime.language {
        Language::Nodejs => frameos_sandbox::Language::Nodejs,
        Language::Python => frameos_sandbox::Language::Python,
    }
}

/// Clears text of the secret ones among `inputs`, and of the run's own token.
pub fn run_redactor(manifest: &Manifest, inputs: &Map<String, Value>, token: Option<&str>) -> Redactor {
    let mut secrets = Vec::new();
    for value in manifest.secret_inputs().filter_map(|name| inputs.get(name)) {
        values_collect(value, &mut secrets);
    }
    Redactor::new(secrets.iter().map(String::as_str).chain(token))
}

/// The texts a value may be recognised by: itself and all there is in it. `true` and short numbers tell nothing.
pub(crate) fn values_collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Number(number) => {
            let text = number.to_string();
            if text.bytes().filter(u8::is_ascii_digit).count() >= 4 {
                texts.push(text);
            }
        }
        Value::Array(items) => {
            texts.push(value.to_string());
            items.iter().for_each(|item| values_collect(item, texts));
        }
        Value::Object(fields) => {
            texts.push(value.to_string());
            fields.values().for_each(|field| values_collect(field, texts));
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// What a run used, as receipts and executions tell it.
pub fn run_resources(used: &frameos_sandbox::Resources) -> Resources {
    // Writing to /dev/null costs an agent next to nothing: it can have counted what no receipt could be signed over.
    let signable = |value: u64| saturate(value).min(MAX_SAFE_INTEGER);
    Resources {
        wall_ms: signable(used.wall_ms),
        startup_ms: signable(used.startup_ms),
        cpu_user_ms: used.cpu_user_ms.map(signable),
        cpu_system_ms: used.cpu_system_ms.map(signable),
        throttled_ms: used.throttled_ms.map(signable),
        peak_memory_bytes: used.peak_memory_bytes.map(signable),
        peak_pids: used.peak_pids.map(signable),
        bytes_written: used.bytes_written.map(signable),
    }
}

pub(crate) fn saturate(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The first [`LOG_HEAD_BYTES`] of a stream, cut at a character.
pub fn log_head(text: &str) -> String {
    text[..text.floor_char_boundary(LOG_HEAD_BYTES)].to_owned()
}

/// Writes a bundle's files to `folder`, which is made: readable by the sandbox's ids and writable by none of them.
pub fn bundle_write(bundle: &Bundle, folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)?;
    let readable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder, readable.clone())?;
    for (path, bytes) in bundle.files() {
        let mut parent = folder.to_owned();
        for part in Path::new(path).parent().into_iter().flat_map(Path::components) {
            parent.push(part);
            if !parent.exists() {
                fs::create_dir(&parent)?;
                fs::set_permissions(&parent, readable.clone())?;
            }
        }
        let file = folder.join(path);
        fs::write(&file, bytes)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_used_can_always_be_signed() {
        let used = frameos_sandbox::Resources {
            wall_ms: u64::MAX,
            bytes_written: Some(1 << 53),
            ..frameos_sandbox::Resources::default()
        };
        let told = run_resources(&used);
        assert_eq!((told.wall_ms, told.bytes_written), (MAX_SAFE_INTEGER, Some(MAX_SAFE_INTEGER)));
        frameos_domain::canonical::to_bytes(&told).unwrap();
    }
}
