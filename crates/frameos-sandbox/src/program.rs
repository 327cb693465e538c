//! How a program is started: the interpreter's command line, its environment, and the request that tells the runner
//! what to load.
//!
//! Inputs may be megabytes, so they never travel through `execve`: the runner gets them on descriptor 3 and sets the
//! `INPUT_…` variables itself. Values are rendered here, once, for all languages.

use serde::Serialize;
use serde_json::Value;

use crate::error::SandboxError;
use crate::meter::Meter;
use crate::spec::{Language, RunSpec};

/// What a handler may return and a program may print as its result, bytes of JSON.
pub(crate) const OUTPUTS_MAX: usize = 1 << 20;

/// The one message to the runner.
#[derive(Serialize)]
struct Request<'a> {
    entrypoint: &'a str,
    execution_id: &'a str,
    /// JSON in a string: the runner parses it, and hands it on as is in `FRAMEOS_INPUTS`.
    inputs: &'a str,
    env: Vec<(String, String)>,
    outputs_max: usize,
    meter: Option<&'a Meter>,
}

/// The interpreter and its arguments, as seen from inside. No V8 options: any of them makes Node throw away the code
/// cache it was built with, which costs a fifth of its start.
pub(crate) fn argv(language: Language) -> Vec<String> {
    let argv: &[&str] = match language {
        Language::Nodejs => &["/usr/bin/node", "/runner/runner.cjs"],
        Language::Python => &["/usr/bin/python3", "-I", "-S", "-B", "-X", "utf8", "/runner/runner.pyc"],
    };
    argv.iter().map(|word| (*word).to_owned()).collect()
}

/// The same for a runner that gets ready for whatever comes, says so, and waits.
pub(crate) fn argv_warm(language: Language) -> Vec<String> {
    let mut argv = argv(language);
    argv.push("warm".to_owned());
    argv
}

/// What such a runner says on descriptor 4.
pub(crate) const READY: &[u8] = b"{\"type\":\"ready\"}\n";

/// All that a program finds in its environment before the runner adds its inputs. Nothing of the host's.
pub(crate) fn environment() -> Vec<String> {
    ["HOME=/tmp", "TMPDIR=/tmp", "TZ=UTC", "LANG=C.UTF-8", "PATH=/usr/bin"].map(str::to_owned).to_vec()
}

/// The request as it goes over the pipe.
pub(crate) fn request(spec: &RunSpec) -> Result<Vec<u8>, SandboxError> {
    check_entrypoint(&spec.entrypoint)?;
    let bad = |error: serde_json::Error| SandboxError::BadSpec { reason: error.to_string() };
    let inputs = serde_json::to_string(&spec.inputs).map_err(bad)?;
    let mut env: Vec<(String, String)> = spec
        .inputs
        .iter()
        .map(|(name, value)| (format!("INPUT_{}", variable_name(name)), variable_value(value)))
        .collect();
    env.push(("FRAMEOS_INPUTS".to_owned(), without_zero(&inputs)));
    for (name, value) in &spec.env {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(SandboxError::BadSpec { reason: format!("environment variable name {name:?}") });
        }
        env.push((name.clone(), without_zero(value)));
    }
    env.push(("FRAMEOS_EXECUTION_ID".to_owned(), without_zero(&spec.execution_id)));
    let request = Request {
        entrypoint: &spec.entrypoint,
        execution_id: &spec.execution_id,
        inputs: &inputs,
        env,
        outputs_max: OUTPUTS_MAX,
        meter: spec.meter.as_ref(),
    };
    serde_json::to_vec(&request).map_err(bad)
}

/// It is resolved inside the sandbox, where it can reach nothing; this is for a clear message only.
fn check_entrypoint(entrypoint: &str) -> Result<(), SandboxError> {
    let normal = !entrypoint.is_empty()
        && !entrypoint.contains('\0')
        && std::path::Path::new(entrypoint)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
    if normal {
        Ok(())
    } else {
        Err(SandboxError::BadSpec {
            reason: format!("entry point {entrypoint:?} is not a path below the code folder"),
        })
    }
}

/// Upper case; everything but ASCII letters and digits becomes `_`.
fn variable_name(input: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    input.chars().map(letter).collect()
}

/// Strings as they are, everything else as JSON.
fn variable_value(value: &Value) -> String {
    match value {
        Value::String(text) => without_zero(text),
        other => other.to_string(),
    }
}

/// An environment cannot hold zero bytes.
fn without_zero(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_become_variables() {
        assert_eq!(variable_name("max-items é"), "MAX_ITEMS__");
        assert_eq!(variable_value(&serde_json::json!("a b")), "a b");
        assert_eq!(variable_value(&serde_json::json!({"a": [1, true]})), r#"{"a":[1,true]}"#);
    }

    #[test]
    fn entry_points_stay_below_the_code() {
        for good in ["index.js", "./src/a.py", "a b.js"] {
            assert!(check_entrypoint(good).is_ok(), "{good}");
        }
        for bad in ["", "/etc/passwd", "../x.js", "a/../../x", "a\0b"] {
            assert!(check_entrypoint(bad).is_err(), "{bad:?}");
        }
    }
}
