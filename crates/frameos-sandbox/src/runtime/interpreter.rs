//! Finding an interpreter on the host and asking it what it is.
//!
//! What is on the search path may be a shell script of a version manager, so interpreters are asked for their real
//! executable instead of being looked at. They are the host's own programs; running them is safe.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::error::SandboxError;
use crate::spec::Language;

const ASK_NODE: &str =
    "console.log(JSON.stringify({executable: process.execPath, version: process.versions.node}))";
const ASK_PYTHON: &str = "import json, os, sys, sysconfig\n\
    exe = getattr(sys, '_base_executable', None) or sys.executable\n\
    print(json.dumps({'executable': os.path.realpath(exe), 'version': '.'.join(map(str, sys.version_info[:3])),\n\
    'stdlib': sysconfig.get_path('stdlib'), 'libdir': sys.platlibdir}))";

/// A host interpreter.
#[derive(Debug)]
pub(super) struct Interpreter {
    pub(super) language: Language,
    pub(super) executable: PathBuf,
    pub(super) version: String,
    /// Python only: where its standard library is.
    pub(super) stdlib: Option<PathBuf>,
    /// Python only: the name of the library folder, `lib` or `lib64`.
    pub(super) libdir: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    executable: PathBuf,
    version: String,
    stdlib: Option<PathBuf>,
    libdir: Option<String>,
}

impl Interpreter {
    /// The given one, or the first on this machine that is new enough.
    pub(super) fn find(language: Language, given: Option<&Path>) -> Result<Self, SandboxError> {
        let candidates = match given {
            Some(path) => vec![path.to_path_buf()],
            None => candidates(language),
        };
        let mut reasons = Vec::new();
        for path in candidates {
            match Self::ask(language, &path) {
                Ok(found) => return Ok(found),
                Err(reason) => reasons.push(format!("{}: {reason}", path.display())),
            }
        }
        if reasons.is_empty() {
            reasons.push("none found on the search path".to_owned());
        }
        Err(SandboxError::InterpreterMissing { language, reason: reasons.join("; ") })
    }

    fn ask(language: Language, path: &Path) -> Result<Self, String> {
        let arguments = match language {
            Language::Nodejs => ["-e", ASK_NODE],
            Language::Python => ["-c", ASK_PYTHON],
        };
        let output = tool(path).args(arguments).output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!("asked for its version, it failed with {}", output.status));
        }
        let answer: Answer = serde_json::from_slice(&output.stdout)
            .map_err(|_| "asked for its version, it did not answer".to_owned())?;
        if !new_enough(language, &answer.version) {
            let oldest = match language {
                Language::Nodejs => "20",
                Language::Python => "3.11",
            };
            return Err(format!("version {} is older than {oldest}", answer.version));
        }
        let Answer { executable, version, stdlib, libdir } = answer;
        Ok(Self { language, executable, version, stdlib, libdir })
    }
}

/// A host program that helps to build a runtime, without settings from our environment that would bend it.
pub(super) fn tool(program: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "this is the crate that spawns processes")]
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for name in ["NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "PYTHONHOME", "PYTHONPATH", "LD_PRELOAD"] {
        command.env_remove(name);
    }
    command
}

/// The system's own Python comes first: it is what distributions keep patched.
fn candidates(language: Language) -> Vec<PathBuf> {
    let (name, fixed) = match language {
        Language::Nodejs => ("node", &["/usr/local/bin/node", "/usr/bin/node", "/usr/bin/nodejs"][..]),
        Language::Python => ("python3", &["/usr/local/bin/python3"][..]),
    };
    let mut found = Vec::new();
    if language == Language::Python {
        found.push(PathBuf::from("/usr/bin/python3"));
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "an interpreter is looked for where the user's shell would"
    )]
    let search = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&search).map(|dir| dir.join(name)));
    found.extend(fixed.iter().map(PathBuf::from));
    found.retain(|path| path.is_file());
    found
}

fn new_enough(language: Language, version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    match language {
        Language::Nodejs => version >= (20, 0),
        Language::Python => ((3, 11)..(4, 0)).contains(&version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(new_enough(Language::Nodejs, "20.1.0") && new_enough(Language::Nodejs, "24.0.0"));
        assert!(!new_enough(Language::Nodejs, "9.9.9"));
        assert!(new_enough(Language::Python, "3.11.2") && !new_enough(Language::Python, "3.9.18"));
    }
}
