//! Which dotted names of Python stand for which rule.
//!
//! A module listed in [`module_rule`] is a finding when it is imported; a name in [`member_rule`] when it is mentioned.

mod builtins;

pub(super) use builtins::{is_builtin, is_standard};

use crate::rules::{self, Rule};

/// The rule that importing `path` touches, and the part of the path that is the listed module.
pub(super) fn module_rule(path: &str) -> Option<(&'static Rule, &str)> {
    let ends = path.match_indices('.').map(|(end, _)| end).chain([path.len()]);
    ends.map(|end| &path[..end]).find_map(|prefix| Some((rule_of_module(prefix)?, prefix)))
}

fn rule_of_module(name: &str) -> Option<&'static Rule> {
    match name {
        "subprocess" | "pty" | "commands" | "popen2" | "_posixsubprocess" | "asyncio.subprocess"
        | "pexpect" | "ptyprocess" | "sh" | "plumbum" | "fabric" | "webbrowser" | "pip" | "ensurepip"
        | "venv" | "distutils.spawn" => Some(rules::PROCESS_SPAWN),
        "multiprocessing" | "_multiprocessing" => Some(rules::WORKER_PROCESSES),
        "tempfile" | "fileinput" | "mmap" | "dbm" => Some(rules::FILE_SYSTEM),
        "ctypes" | "_ctypes" | "cffi" | "_cffi_backend" | "numpy.ctypeslib" | "pyximport" | "_imp" => {
            Some(rules::NATIVE_LOADING)
        }
        "runpy"
        | "code"
        | "codeop"
        | "imp"
        | "zipimport"
        | "importlib._bootstrap"
        | "importlib._bootstrap_external"
        | "_frozen_importlib"
        | "_frozen_importlib_external"
        | "pyarmor_runtime" => Some(rules::DYNAMIC_CODE),
        "requests"
        | "urllib.request"
        | "urllib2"
        | "urllib3"
        | "httpx"
        | "aiohttp"
        | "socket"
        | "_socket"
        | "socketserver"
        | "http.client"
        | "httplib"
        | "http.server"
        | "ftplib"
        | "smtplib"
        | "poplib"
        | "imaplib"
        | "nntplib"
        | "telnetlib"
        | "xmlrpc.client"
        | "xmlrpc.server"
        | "websocket"
        | "websockets"
        | "paramiko"
        | "asyncssh"
        | "pycurl"
        | "dns"
        | "scapy"
        | "boto3"
        | "botocore"
        | "redis"
        | "pymongo"
        | "psycopg2"
        | "tornado"
        | "twisted"
        | "zmq"
        | "grpc"
        | "cloudscraper"
        | "discord"
        | "telegram"
        | "telebot"
        | "discord_webhook"
        | "socks"
        | "wsgiref.simple_server" => Some(rules::NETWORK),
        "Crypto" | "Cryptodome" | "nacl" | "cryptography" | "_hashlib" | "_md5" | "_sha1" | "_sha256"
        | "_sha512" => Some(rules::HASHING),
        "pdb" | "bdb" => Some(rules::INTROSPECTION),
        _ => None,
    }
}

/// The rule that mentioning this exact name touches.
pub(super) fn member_rule(path: &str) -> Option<&'static Rule> {
    let (module, name) = path.rsplit_once('.')?;
    match module {
        "builtins" => builtin_rule(name),
        "os" | "posix" | "nt" => os_rule(name),
        "io" | "codecs" | "_io" | "_pyio" => {
            matches!(name, "open" | "open_code" | "FileIO").then_some(rules::FILE_SYSTEM)
        }
        "asyncio" => match name {
            "create_subprocess_exec" | "create_subprocess_shell" => Some(rules::PROCESS_SPAWN),
            "open_connection" | "start_server" => Some(rules::NETWORK),
            _ => None,
        },
        "concurrent.futures" => (name == "ProcessPoolExecutor").then_some(rules::WORKER_PROCESSES),
        // The rest of these modules works on text, streams and what is in memory already.
        "shutil" => (name != "get_terminal_size" && name != "copyfileobj" && !name.ends_with("Error"))
            .then_some(rules::FILE_SYSTEM),
        "linecache" => matches!(name, "getline" | "getlines" | "updatecache").then_some(rules::FILE_SYSTEM),
        "glob" => matches!(name, "glob" | "iglob" | "glob0" | "glob1").then_some(rules::FILE_SYSTEM),
        "pathlib.Path" | "pathlib.PosixPath" | "pathlib.WindowsPath" | "pathlib.Path()" => {
            reaches_files(name).then_some(rules::FILE_SYSTEM)
        }
        "logging.config" => matches!(name, "fileConfig" | "listen").then_some(rules::DYNAMIC_CODE),
        "importlib" => matches!(name, "__import__").then_some(rules::DYNAMIC_CODE),
        "importlib.util" => {
            matches!(name, "spec_from_file_location" | "spec_from_loader").then_some(rules::DYNAMIC_CODE)
        }
        "importlib.machinery" if name == "ExtensionFileLoader" => Some(rules::NATIVE_LOADING),
        "importlib.machinery" => {
            (name.ends_with("Loader") || name.ends_with("Importer")).then_some(rules::DYNAMIC_CODE)
        }
        "timeit" | "cProfile" | "profile" | "trace" | "doctest" => None,
        "pickle" | "_pickle" | "cPickle" | "dill" | "cloudpickle" | "marshal" | "joblib" => {
            matches!(name, "load" | "loads" | "Unpickler" | "_load" | "_loads" | "_Unpickler")
                .then_some(rules::UNSAFE_DESERIALIZATION)
        }
        "shelve" => {
            matches!(name, "open" | "Shelf" | "DbfilenameShelf").then_some(rules::UNSAFE_DESERIALIZATION)
        }
        "pandas" => (name == "read_pickle").then_some(rules::UNSAFE_DESERIALIZATION),
        "jsonpickle" => matches!(name, "decode" | "loads").then_some(rules::UNSAFE_DESERIALIZATION),
        "yaml" => {
            matches!(name, "unsafe_load" | "unsafe_load_all" | "full_load" | "full_load_all" | "UnsafeLoader")
                .then_some(rules::UNSAFE_DESERIALIZATION)
        }
        "hashlib" => is_hash(name).then_some(rules::HASHING),
        "sys" if matches!(name, "meta_path" | "path_hooks" | "path_importer_cache") => {
            Some(rules::MODULE_TAMPERING)
        }
        "importlib.abc" if name.ends_with("Loader") || name.ends_with("Finder") => {
            Some(rules::MODULE_TAMPERING)
        }
        "tokenize" => (name == "open").then_some(rules::FILE_SYSTEM),
        "sys" => matches!(
            name,
            "_getframe"
                | "_current_frames"
                | "settrace"
                | "setprofile"
                | "addaudithook"
                | "_getframemodulename"
        )
        .then_some(rules::INTROSPECTION),
        "site" => matches!(name, "addsitedir" | "main" | "execsitecustomize").then_some(rules::DYNAMIC_CODE),
        "platform" => (name == "popen").then_some(rules::PROCESS_SPAWN),
        "tarfile.open()" | "tarfile.TarFile()" | "zipfile.ZipFile()" => {
            matches!(name, "extract" | "extractall").then_some(rules::FILE_SYSTEM)
        }
        "threading" => matches!(name, "settrace" | "setprofile").then_some(rules::INTROSPECTION),
        "gc" => {
            matches!(name, "get_objects" | "get_referrers" | "get_referents").then_some(rules::INTROSPECTION)
        }
        "inspect" => matches!(name, "currentframe" | "stack" | "getouterframes" | "trace")
            .then_some(rules::INTROSPECTION),
        _ => None,
    }
}

/// Whether a member of a path object looks at or changes files; the rest only handles names.
pub(super) fn reaches_files(member: &str) -> bool {
    matches!(
        member,
        "absolute"
            | "chmod"
            | "copy"
            | "copy_into"
            | "cwd"
            | "exists"
            | "expanduser"
            | "glob"
            | "group"
            | "hardlink_to"
            | "home"
            | "info"
            | "is_block_device"
            | "is_char_device"
            | "is_dir"
            | "is_fifo"
            | "is_file"
            | "is_junction"
            | "is_mount"
            | "is_socket"
            | "is_symlink"
            | "iterdir"
            | "lchmod"
            | "link_to"
            | "lstat"
            | "mkdir"
            | "move"
            | "move_into"
            | "open"
            | "owner"
            | "read_bytes"
            | "read_text"
            | "readlink"
            | "rename"
            | "replace"
            | "resolve"
            | "rglob"
            | "rmdir"
            | "samefile"
            | "stat"
            | "symlink_to"
            | "touch"
            | "unlink"
            | "walk"
            | "write_bytes"
            | "write_text"
    )
}

/// Members that only objects for files have: on an object that is not known they are file system access all the same,
/// unless the bundle defines such a member itself.
pub(super) const ONLY_OF_FILES: [&str; 9] = [
    "read_text",
    "write_text",
    "read_bytes",
    "write_bytes",
    "iterdir",
    "rglob",
    "symlink_to",
    "hardlink_to",
    "expanduser",
];

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
        | "posix_spawn" | "posix_spawnp" | "kill" | "killpg" => Some(rules::PROCESS_SPAWN),
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
            | "func_globals"
            | "func_code"
            | "f_globals"
            | "f_locals"
            | "f_builtins"
            | "f_back"
            | "gi_frame"
            | "cr_frame"
            | "ag_frame"
            | "tb_frame"
            | "__loader__"
    )
}

/// Modules that are harmless by name but not as a value that goes where it cannot be followed.
pub(super) fn must_not_escape(path: &str) -> bool {
    matches!(
        path,
        "os" | "builtins"
            | "importlib"
            | "shutil"
            | "sys.modules"
            | "io"
            | "globals()"
            | "os.__dict__"
            | "builtins.__dict__"
    )
}

/// Whether `get` and the like on this path look something up.
pub(super) fn is_mapping(path: &str) -> bool {
    matches!(path, "sys.modules" | "globals()" | "builtins" | "os.environ" | "os.environb")
        || path.ends_with(".__dict__")
}

/// The name rules know a module by.
pub(super) fn canonical(module: &str) -> &str {
    match module {
        "posix" | "nt" => "os",
        "__builtin__" | "six.moves.builtins" | "future.builtins" => "builtins",
        "posixpath" | "ntpath" => "os.path",
        "_io" | "_pyio" => "io",
        "_pickle" | "cPickle" => "pickle",
        _ => module.strip_prefix("six.moves.").filter(|rest| rest.starts_with("urllib")).unwrap_or(module),
    }
}

/// `object.name` in its simplest form: `builtins.__builtins__` is `builtins`, `posix.system` is `os.system`.
pub(super) fn simplified(object: &str, name: &str) -> String {
    const MAX_PATH: usize = 200;
    let object = canonical(object);
    if name == "__builtins__" {
        return "builtins".to_owned();
    }
    // Modules of the standard library hold others under their names: `shutil.os` is `os`.
    if object != name && is_standard(object) {
        match name {
            "os" | "_os" => return "os".to_owned(),
            "sys" | "_sys" => return "sys".to_owned(),
            "builtins" | "_builtins" | "bltns" => return "builtins".to_owned(),
            "importlib" | "subprocess" | "ctypes" | "io" | "socket" | "pickle" | "shutil" | "marshal" => {
                return name.to_owned();
            }
            _ => {}
        }
    }
    let mut path = format!("{object}.{name}");
    if path.len() > MAX_PATH {
        // Nothing so long is listed anywhere, and a chain must not grow the work for each of its links.
        path.truncate(path.floor_char_boundary(MAX_PATH));
    }
    match canonical(&path) {
        short if short.len() == path.len() => path,
        short => short.to_owned(),
    }
}

/// Hostile names are cut and escaped before they enter a message.
pub(super) fn quoted(name: &str) -> String {
    format!("{:?}", name.chars().take(80).collect::<String>())
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

    #[test]
    fn paths_are_simplified() {
        assert_eq!(simplified("shutil", "os"), "os");
        assert_eq!(simplified("random", "_os"), "os");
        assert_eq!(simplified("posix", "system"), "os.system");
        assert_eq!(simplified("mine", "os"), "mine.os");
        assert_eq!(simplified("builtins", "__builtins__"), "builtins");
    }
}
