//! Runtime folders: root file systems with just an interpreter, its libraries, our runner and a minimal `/etc`.
//!
//! A folder is built beside its place and renamed into it, so a folder that exists is whole. It has no shell, no package
//! manager and nothing of the host's configuration. Everything in it is readable by everyone, because programs run
//! under ids that own nothing. Building reads the host; running never does.

mod interpreter;
mod libraries;
mod node;
mod python;
mod skeleton;
mod tree;

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::error::SandboxError;
use crate::spec::Language;
use interpreter::Interpreter;
pub(crate) use skeleton::lay as lay_skeleton;
pub(crate) use tree::{Tree, sha256};

/// Changes whenever the layout of a folder does, so that old folders are rebuilt.
const LAYOUT: u32 = 2;
const MARKER: &str = "etc/frameos-runtime.json";

/// A built runtime folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Runtime {
    /// What it runs.
    pub language: Language,
    /// The interpreter's version, such as `20.20.2`.
    pub version: String,
    /// The folder on the host.
    pub root: PathBuf,
    /// SHA-256 over every path, mode and content in it, hexadecimal.
    pub digest: String,
}

/// In the folder itself, readable by programs; it must not name host paths.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    language: Language,
    version: String,
    digest: String,
    /// What the folder was made from; a difference means that it is out of date.
    fingerprint: String,
}

/// Builds the runtime of `language` from `interpreter`, or from the best one on this machine, replacing what is there.
/// Programs that run in the replaced folder may fail. `progress` gets a line per stage.
///
/// # Errors
/// No suitable interpreter, or a fault of the file system.
pub fn build(
    runtimes_dir: &Path,
    language: Language,
    interpreter: Option<&Path>,
    progress: &mut dyn FnMut(&str),
) -> Result<Runtime, SandboxError> {
    let interpreter = Interpreter::find(language, interpreter)?;
    let _lock = lock(runtimes_dir)?;
    build_from(runtimes_dir, &interpreter, progress)
}

/// The runtime of `language`, built when it is missing or when interpreter, runner or layout have changed since.
///
/// # Errors
/// As [`build`].
pub fn ensure(
    runtimes_dir: &Path,
    language: Language,
    interpreter: Option<&Path>,
    progress: &mut dyn FnMut(&str),
) -> Result<Runtime, SandboxError> {
    let interpreter = Interpreter::find(language, interpreter)?;
    if let Some(runtime) = current(runtimes_dir, &interpreter)? {
        return Ok(runtime);
    }
    let _lock = lock(runtimes_dir)?;
    // Another process may have built it while this one waited, and may be running programs in it already.
    if let Some(runtime) = current(runtimes_dir, &interpreter)? {
        return Ok(runtime);
    }
    build_from(runtimes_dir, &interpreter, progress)
}

/// The interpreter on this machine that [`ensure`] would take: where it is, its version, and whether its runtime is built.
///
/// # Errors
/// No suitable interpreter, or a fault of the file system.
pub fn look(runtimes_dir: &Path, language: Language) -> Result<(PathBuf, String, bool), SandboxError> {
    let interpreter = Interpreter::find(language, None)?;
    let is_built = current(runtimes_dir, &interpreter)?.is_some();
    Ok((interpreter.executable, interpreter.version, is_built))
}

/// The runtime folder of `interpreter`, if it is there and as this build would make it.
fn current(runtimes_dir: &Path, interpreter: &Interpreter) -> Result<Option<Runtime>, SandboxError> {
    let root = runtimes_dir.join(folder_name(interpreter));
    let Some(marker) = read_marker(&root) else { return Ok(None) };
    Ok((marker.fingerprint == fingerprint(interpreter)?).then(|| marker.into_runtime(root)))
}

/// Every whole runtime folder there is; of one language the newest comes last.
pub(crate) fn load(runtimes_dir: &Path) -> Result<Vec<Runtime>, SandboxError> {
    if !runtimes_dir.exists() {
        return Ok(Vec::new());
    }
    let failed = || SandboxError::io("read", runtimes_dir);
    let mut found = Vec::new();
    for entry in fs::read_dir(runtimes_dir).map_err(failed())? {
        let root = entry.map_err(failed())?.path();
        let hidden = root.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if let Some(marker) = read_marker(&root).filter(|_| !hidden) {
            found.push(marker.into_runtime(root));
        }
    }
    found.sort_by_key(|runtime| (runtime.language, version_key(&runtime.version)));
    Ok(found)
}

impl Marker {
    fn into_runtime(self, root: PathBuf) -> Runtime {
        Runtime { language: self.language, version: self.version, root, digest: self.digest }
    }
}

/// A new tree at `root` with one of the host's programs in it, as `inside`, and the libraries it needs.
pub(crate) fn lay_program(root: &Path, program: &Path, inside: &str) -> Result<Tree, SandboxError> {
    remove_tree(root)?;
    let tree = Tree::create(root)?;
    tree.copy(program, inside)?;
    libraries::Libraries::of(&tree, program)?;
    Ok(tree)
}

/// The right to build below `runtimes_dir`, until it is dropped.
fn lock(runtimes_dir: &Path) -> Result<File, SandboxError> {
    fs::create_dir_all(runtimes_dir).map_err(SandboxError::io("create", runtimes_dir))?;
    let path = runtimes_dir.join(".lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(SandboxError::io("open", &path))?;
    flock(&file, FlockOperation::LockExclusive)
        .map_err(|error| SandboxError::io("lock", &path)(error.into()))?;
    Ok(file)
}

/// For whoever holds the [`lock`].
fn build_from(
    runtimes_dir: &Path,
    interpreter: &Interpreter,
    progress: &mut dyn FnMut(&str),
) -> Result<Runtime, SandboxError> {
    let name = folder_name(interpreter);
    let (root, fresh, old) = (
        runtimes_dir.join(&name),
        runtimes_dir.join(format!(".new-{name}")),
        runtimes_dir.join(format!(".old-{name}")),
    );
    // Left by a build that was interrupted.
    for path in [&fresh, &old] {
        remove_tree(path)?;
    }
    progress(&format!("building {name} from {} {}", interpreter.language, interpreter.version));
    let tree = Tree::create(&fresh)?;
    lay_skeleton(&tree)?;
    match interpreter.language {
        Language::Nodejs => node::fill(&tree, interpreter)?,
        Language::Python => python::fill(&tree, interpreter, progress)?,
    }
    progress(&format!("hashing {name}"));
    let marker = Marker {
        language: interpreter.language,
        version: interpreter.version.clone(),
        digest: tree.digest()?,
        fingerprint: fingerprint(interpreter)?,
    };
    let text = serde_json::to_vec(&marker).unwrap_or_default();
    tree.write(MARKER, &text)?;
    if root.exists() {
        fs::rename(&root, &old).map_err(SandboxError::io("replace", &root))?;
    }
    fs::rename(&fresh, &root).map_err(SandboxError::io("put in place", &root))?;
    remove_tree(&old)?;
    progress(&format!("{name} is ready"));
    Ok(marker.into_runtime(root))
}

/// `nodejs-20`, `python-3`.
fn folder_name(interpreter: &Interpreter) -> String {
    let major = interpreter.version.split('.').next().unwrap_or_default();
    format!("{}-{major}", interpreter.language)
}

/// Whatever a rebuild should follow.
fn fingerprint(interpreter: &Interpreter) -> Result<String, SandboxError> {
    let path = &interpreter.executable;
    let metadata = fs::metadata(path).map_err(SandboxError::io("read", path))?;
    let runner = match interpreter.language {
        Language::Nodejs => node::RUNNER,
        Language::Python => python::RUNNER,
    };
    let text = format!(
        "{LAYOUT}\n{}\n{}\n{}\n{:?}\n{runner}",
        interpreter.version,
        path.display(),
        metadata.len(),
        metadata.modified().ok()
    );
    Ok(sha256(text.as_bytes()))
}

fn read_marker(root: &Path) -> Option<Marker> {
    serde_json::from_slice(&fs::read(root.join(MARKER)).ok()?).ok()
}

pub(crate) fn remove_tree(path: &Path) -> Result<(), SandboxError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(SandboxError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn version_key(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}
