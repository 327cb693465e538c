//! Python's pickles: what they call when they are loaded.
//!
//! A pickle is a program for a little machine that can import and call anything. Only the names it imports are read here.

use memchr::memmem;

/// Callables that no stored object needs, by module and the beginning of the name.
const DANGEROUS: &[(&str, &[&str])] = &[
    ("os", &["system", "popen", "exec", "spawn", "posix_spawn"]),
    ("posix", &["system", "popen", "exec", "spawn", "posix_spawn"]),
    ("nt", &["system", "popen", "exec", "spawn"]),
    ("subprocess", &["Popen", "call", "run", "check_", "getoutput", "getstatusoutput"]),
    ("builtins", &["eval", "exec", "compile", "__import__", "open"]),
    ("__builtin__", &["eval", "exec", "execfile", "compile", "__import__", "open", "file"]),
    ("runpy", &["run_", "_run_"]),
    ("pty", &["spawn"]),
    ("socket", &["socket", "create_connection"]),
    ("importlib", &["import_module"]),
    ("ctypes", &["CDLL", "cdll"]),
    ("shutil", &["rmtree", "copy", "move"]),
    ("webbrowser", &["open"]),
    ("urllib.request", &["urlopen", "urlretrieve"]),
];

/// The first dangerous callable that a pickle names.
pub(crate) fn dangerous_call(bytes: &[u8]) -> Option<String> {
    DANGEROUS.iter().find_map(|(module, names)| {
        names.iter().find_map(|name| calls(bytes, module, name).then(|| format!("{module}.{name}")))
    })
}

/// Both ways to name a global: `c` with two lines, and since protocol 4 two short strings and an opcode.
fn calls(bytes: &[u8], module: &str, name: &str) -> bool {
    let lines = format!("c{module}\n{name}");
    if memmem::find(bytes, lines.as_bytes()).is_some() {
        return true;
    }
    let Ok(length) = u8::try_from(module.len()) else { return false };
    let module = [&[0x8c, length], module.as_bytes()].concat();
    memmem::find_iter(bytes, &module).take(20).any(|at| {
        // Between the two strings stands at most the opcode that remembers the first.
        let rest = &bytes[at + module.len()..];
        let rest = rest.strip_prefix(&[0x94]).unwrap_or(rest);
        matches!(rest, [0x8c, _, name_bytes @ ..] if name_bytes.starts_with(name.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_in_every_protocol() {
        assert_eq!(dangerous_call(b"cos\nsystem\n(S'id'\ntR.").as_deref(), Some("os.system"));
        let four = b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.";
        assert_eq!(dangerous_call(four).as_deref(), Some("posix.system"));
        let honest =
            b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x07Counter\x94\x93\x94)R\x94.";
        assert_eq!(dangerous_call(honest), None);
        assert_eq!(dangerous_call(b"\x80\x04\x8c\x05posix\x94\x8c\x04path."), None);
    }
}
