//! Which dotted names of Python stand for which rule.
//!
//! A module listed in [`module_rule`] is a finding when it is imported; a name in [`member_rule`] when it is mentioned.

use crate::rules::{self, Rule};

/// The rule that importing `path` touches, and the part of the path that is the listed module.
pub(super) fn module_rule(path: &str) -> Option<(&'static Rule, &str)> {
    let ends = path.match_indices('.').map(|(end, _)| end).chain([path.len()]);
    ends.map(|end| &path[..end]).find_map(|prefix| Some((rule_of_module(prefix)?, prefix)))
}

fn rule_of_module(name: &str) -> Option<&'static Rule> {
    match name {
        "subprocess" | "pty" | "commands" | "_posixsubprocess" | "asyncio.subprocess" | "pexpect" | "sh"
        | "plumbum" => Some(rules::PROCESS_SPAWN),
        "shutil" | "tempfile" | "glob" | "fileinput" => Some(rules::FILE_SYSTEM),
        "ctypes" | "_ctypes" | "cffi" | "_cffi_backend" => Some(rules::NATIVE_LOADING),
        "runpy" | "code" | "codeop" | "imp" | "zipimport" => Some(rules::DYNAMIC_CODE),
        "requests" | "urllib.request" | "urllib3" | "httpx" | "aiohttp" | "socket" | "_socket"
        | "socketserver" | "http.client" | "http.server" | "ftplib" | "smtplib" | "poplib" | "imaplib"
        | "telnetlib" | "xmlrpc.client" | "websocket" | "websockets" | "paramiko" | "pycurl" => {
            Some(rules::NETWORK)
        }
        _ => None,
    }
}

/// The rule that mentioning this exact name touches.
pub(super) fn member_rule(path: &str) -> Option<&'static Rule> {
    let (module, name) = path.rsplit_once('.')?;
    match module {
        "builtins" => builtin_rule(name),
        "os" | "posix" | "nt" => os_rule(name),
        "io" | "codecs" | "_io" => {
            matches!(name, "open" | "open_code" | "FileIO").then_some(rules::FILE_SYSTEM)
        }
        "asyncio" => match name {
            "create_subprocess_exec" | "create_subprocess_shell" => Some(rules::PROCESS_SPAWN),
            "open_connection" | "start_server" => Some(rules::NETWORK),
            _ => None,
        },
        "pathlib.Path" => matches!(name, "cwd" | "home").then_some(rules::FILE_SYSTEM),
        "importlib" => matches!(name, "__import__").then_some(rules::DYNAMIC_CODE),
        "importlib.util" => {
            matches!(name, "spec_from_file_location" | "spec_from_loader").then_some(rules::DYNAMIC_CODE)
        }
        "importlib.machinery" => name.ends_with("Loader").then_some(rules::DYNAMIC_CODE),
        "pickle" | "_pickle" | "cPickle" | "dill" | "cloudpickle" | "marshal" | "joblib" => {
            matches!(name, "load" | "loads" | "Unpickler").then_some(rules::UNSAFE_DESERIALIZATION)
        }
        "shelve" => (name == "open").then_some(rules::UNSAFE_DESERIALIZATION),
        "pandas" => (name == "read_pickle").then_some(rules::UNSAFE_DESERIALIZATION),
        "hashlib" => is_hash(name).then_some(rules::HASHING),
        "sys" => matches!(name, "_getframe" | "_current_frames" | "settrace" | "setprofile")
            .then_some(rules::INTROSPECTION),
        _ => None,
    }
}

fn builtin_rule(name: &str) -> Option<&'static Rule> {
    match name {
        "eval" | "exec" | "compile" | "__import__" | "__builtins__" | "execfile" => Some(rules::DYNAMIC_CODE),
        "open" => Some(rules::FILE_SYSTEM),
        _ => None,
    }
}

fn os_rule(name: &str) -> Option<&'static Rule> {
    match name {
        "system" | "fork" | "forkpty" | "startfile" | "popen" | "popen2" | "popen3" | "popen4"
        | "posix_spawn" | "posix_spawnp" => Some(rules::PROCESS_SPAWN),
        "open" | "fdopen" | "remove" | "unlink" | "rmdir" | "removedirs" | "rename" | "renames"
        | "replace" | "mkdir" | "makedirs" | "listdir" | "scandir" | "walk" | "fwalk" | "chmod" | "chown"
        | "lchown" | "link" | "symlink" | "readlink" | "truncate" | "mkfifo" | "mknod" | "utime"
        | "chroot" | "chdir" | "sendfile" | "memfd_create" => Some(rules::FILE_SYSTEM),
        _ if name.starts_with("exec") || name.starts_with("spawn") => Some(rules::PROCESS_SPAWN),
        _ => None,
    }
}

fn is_hash(name: &str) -> bool {
    name == "new"
        || ["md5", "sha", "blake2", "pbkdf2", "scrypt"].iter().any(|prefix| name.starts_with(prefix))
}

/// Attributes by which any object leads to the interpreter's insides.
pub(super) fn is_introspection(attribute: &str) -> bool {
    matches!(
        attribute,
        "__subclasses__"
            | "__globals__"
            | "__code__"
            | "__closure__"
            | "f_globals"
            | "f_builtins"
            | "f_back"
            | "gi_frame"
            | "cr_frame"
            | "ag_frame"
            | "tb_frame"
    )
}

/// Modules that are harmless by name but not as a value that goes where it cannot be followed.
pub(super) fn must_not_escape(path: &str) -> bool {
    matches!(path, "os" | "posix" | "nt" | "builtins" | "importlib" | "sys.modules" | "io" | "globals()")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_match_by_their_first_listed_part() {
        assert_eq!(module_rule("subprocess.run"), Some((rules::PROCESS_SPAWN, "subprocess")));
        assert_eq!(module_rule("urllib.request.urlopen"), Some((rules::NETWORK, "urllib.request")));
        assert_eq!(module_rule("urllib.parse"), None);
        assert_eq!(module_rule("os.path"), None);
        assert_eq!(module_rule("shutilx"), None);
    }

    #[test]
    fn members_match_exactly() {
        assert_eq!(member_rule("os.system"), Some(rules::PROCESS_SPAWN));
        assert_eq!(member_rule("os.execvpe"), Some(rules::PROCESS_SPAWN));
        assert_eq!(member_rule("os.environ"), None);
        assert_eq!(member_rule("re.compile"), None);
        assert_eq!(member_rule("builtins.compile"), Some(rules::DYNAMIC_CODE));
        assert_eq!(member_rule("eval"), None);
    }
}
