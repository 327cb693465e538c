//! The Python runtime: the interpreter, its libraries, its standard library without what no agent needs, the runner.

use std::path::Path;

use super::interpreter::{Interpreter, tool};
use super::libraries::Libraries;
use super::tree::Tree;
use crate::error::SandboxError;

pub(super) const RUNNER: &str = include_str!("../../runner/runner.py");

/// Tests, graphical programs, installers, the C build, and the interactive terminal.
const LEFT_OUT: [&str; 14] = [
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "turtle.py",
    "ensurepip",
    "lib2to3",
    "venv",
    "pydoc_data",
    "site-packages",
    "dist-packages",
    "sitecustomize.py",
    "LICENSE.txt",
];
const LEFT_OUT_MODULES: [&str; 8] =
    ["_tkinter", "_curses", "_curses_panel", "readline", "_dbm", "_gdbm", "nis", "ossaudiodev"];
const ZONES: &str = "/usr/share/zoneinfo";

pub(super) fn fill(
    tree: &Tree,
    interpreter: &Interpreter,
    progress: &mut dyn FnMut(&str),
) -> Result<(), SandboxError> {
    let Some(stdlib) = &interpreter.stdlib else {
        return Err(SandboxError::InterpreterMissing {
            language: interpreter.language,
            reason: "it does not say where its standard library is".to_owned(),
        });
    };
    tree.copy(&interpreter.executable, "usr/bin/python3")?;
    let mut libraries = Libraries::of(tree, &interpreter.executable)?;
    progress("copying the Python standard library");
    let folder = stdlib.file_name().unwrap_or_default();
    let inside = Path::new("usr").join(interpreter.libdir.as_deref().unwrap_or("lib")).join(folder);
    tree.copy_dir(stdlib, &inside, &left_out)?;
    let extensions = tree.host_path(inside.join("lib-dynload"));
    if let Ok(entries) = std::fs::read_dir(&extensions) {
        for entry in entries.flatten() {
            libraries.add(tree, &entry.path())?;
        }
    }
    if Path::new(ZONES).is_dir() {
        tree.copy_dir(Path::new(ZONES), Path::new("usr/share/zoneinfo"), &|name| {
            ["posix", "right"].contains(&name)
        })?;
    }
    tree.write("runner/runner.py", RUNNER.as_bytes())?;
    progress("compiling the Python standard library");
    compile(tree, interpreter, &inside, &["-j", "0"])?;
    // Beside its source, as a program of its own: compiling it anew would cost every run milliseconds.
    compile(tree, interpreter, Path::new("runner"), &["-b"])?;
    let compiled = tree.host_path("runner/runner.pyc");
    // Without it no agent would start, and each would be blamed for it.
    std::fs::metadata(&compiled).map(drop).map_err(SandboxError::io("find the compiled runner", &compiled))
}

fn left_out(name: &str) -> bool {
    let module = name.split('.').next().unwrap_or(name);
    LEFT_OUT.contains(&name)
        || name.ends_with(".so") && (LEFT_OUT_MODULES.contains(&module) || is_sample(module))
        || name.starts_with("config-")
        || name.ends_with(".a")
}

/// The extension modules of Python's own tests.
fn is_sample(module: &str) -> bool {
    ["_test", "_xxtest", "xxlimited", "_ctypes_test"].iter().any(|prefix| module.starts_with(prefix))
}

/// Fills in what the host had not compiled yet: the folder is read-only for those who run in it.
fn compile(tree: &Tree, interpreter: &Interpreter, inside: &Path, more: &[&str]) -> Result<(), SandboxError> {
    let path = tree.host_path(inside);
    let output = tool(&interpreter.executable)
        .args(["-I", "-m", "compileall", "-q", "-q", "-s"])
        .arg(tree.root())
        .args(["-p", "/"])
        .args(more)
        .arg(&path)
        .output();
    let failed = |reason: String| SandboxError::Tool { program: "compileall".to_owned(), reason };
    let output = output.map_err(|error| failed(error.to_string()))?;
    // Some of the library's own samples do not compile; what matters is that it ran.
    match output.status.code() {
        Some(_) => Ok(()),
        None => Err(failed(output.status.to_string())),
    }
}
