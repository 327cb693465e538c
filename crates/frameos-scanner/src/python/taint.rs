//! Where sensitive data comes from and where it must not go: the tables of sources and sinks.

use super::eval::Args;
use super::names;
use super::value::{Atom, Kind};

/// Any object of `pathlib`, however it was made.
pub(super) const PATH: &str = "pathlib.Path()";

/// What happens to data at a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Sent,
    Run,
}

/// A name that is sensitive data by itself.
pub(super) fn source_of_name(path: &str) -> Option<(Kind, String)> {
    matches!(path, "os.environ" | "os.environb")
        .then(|| (Kind::Environment, format!("{path}, the whole environment, is read")))
}

/// A call whose result is sensitive data.
pub(super) fn source_of_call(path: &str, args: &Args<'_>) -> Option<(Kind, String)> {
    if is_network_read(path) {
        return Some((
            Kind::Network,
            format!("{}() brings data from the network", path.trim_end_matches("()")),
        ));
    }
    match path {
        "socket.gethostname" | "socket.getfqdn" | "getpass.getuser" | "os.getlogin" | "platform.node"
        | "platform.uname" | "uuid.getnode" | "os.uname" | "pwd.getpwuid" | "pwd.getpwall" | "os.getcwd" => {
            Some((Kind::Host, format!("{path}() tells who and where the machine is")))
        }
        "builtins.open" | "io.open" | "codecs.open" | "os.open" | "os.listdir" | "os.walk" | "os.scandir" => {
            let is_written = args
                .values
                .get(1)
                .is_some_and(|mode| mode.texts().any(|mode| mode.starts_with(['w', 'a', 'x'])));
            let what = match args.values.first().and_then(|name| name.texts().next()) {
                Some(name) => format!("{} is read with {path}()", names::quoted(&name)),
                None => format!("a file is read with {path}()"),
            };
            (!is_written).then(|| (Kind::Secret, what.replace("builtins.", "")))
        }
        "keyring.get_password"
        | "keyring.get_credential"
        | "pyperclip.paste"
        | "PIL.ImageGrab.grab"
        | "pyautogui.screenshot"
        | "mss.mss"
        | "getpass.getpass"
        | "browser_cookie3.chrome"
        | "browser_cookie3.firefox"
        | "browser_cookie3.load"
        | "win32crypt.CryptUnprotectData"
        | "tkinter.Tk().clipboard_get"
        | "pathlib.Path().read_text"
        | "pathlib.Path().read_bytes"
        | "pathlib.Path().open"
        | "glob.glob" => {
            Some((Kind::Secret, format!("{}() reads what belongs to the user", path.replace("()", ""))))
        }
        _ => None,
    }
}

fn is_network_read(path: &str) -> bool {
    let Some((object, method)) = path.rsplit_once('.') else { return false };
    match object {
        "requests"
        | "httpx"
        | "requests.api"
        | "requests.Session()"
        | "requests.session()"
        | "httpx.Client()"
        | "httpx.AsyncClient()"
        | "aiohttp.ClientSession()"
        | "cloudscraper.create_scraper()" => {
            matches!(method, "get" | "post" | "put" | "request" | "patch" | "options" | "stream" | "delete")
        }
        "urllib.request" | "urllib2" | "urllib" => matches!(method, "urlopen" | "urlretrieve"),
        "urllib3" | "urllib3.PoolManager()" => matches!(method, "request" | "urlopen"),
        "socket.socket()" | "socket.create_connection()" => {
            matches!(method, "recv" | "recvfrom" | "recv_into" | "makefile")
        }
        "http.client.HTTPConnection()" | "http.client.HTTPSConnection()" => method == "getresponse",
        "dns.resolver" => matches!(method, "resolve" | "query"),
        "websocket.create_connection()" | "websocket.WebSocket()" => method == "recv",
        _ => false,
    }
}

/// Constructors whose objects are known by the path of the constructor with `()`.
pub(super) fn is_client(path: &str) -> bool {
    matches!(
        path,
        "requests.Session"
            | "requests.session"
            | "httpx.Client"
            | "httpx.AsyncClient"
            | "aiohttp.ClientSession"
            | "cloudscraper.create_scraper"
            | "urllib3.PoolManager"
            | "socket.socket"
            | "socket.create_connection"
            | "http.client.HTTPConnection"
            | "http.client.HTTPSConnection"
            | "smtplib.SMTP"
            | "smtplib.SMTP_SSL"
            | "ftplib.FTP"
            | "ftplib.FTP_TLS"
            | "websocket.create_connection"
            | "websocket.WebSocket"
            | "paramiko.SSHClient"
            | "telnetlib.Telnet"
            | "telegram.Bot"
            | "discord_webhook.DiscordWebhook"
            | "pathlib.Path"
            | "pathlib.PosixPath"
            | "pathlib.Path.home"
            | "pathlib.Path.cwd"
            | "pathlib.Path().expanduser"
            | "pathlib.Path().joinpath"
            | "pathlib.Path().resolve"
            | "pathlib.Path().absolute"
            | "pathlib.Path().with_name"
            | "pathlib.Path().with_stem"
            | "pathlib.Path().with_suffix"
            | "pathlib.Path().with_segments"
            | "pathlib.Path().relative_to"
            | "pathlib.Path().rename"
            | "pathlib.Path().replace"
            | "pathlib.WindowsPath"
            | "tarfile.open"
            | "tarfile.TarFile"
            | "zipfile.ZipFile"
    )
}

/// Calls whose results say next to nothing about what they were given.
pub(super) fn is_cleaner(path: &str) -> bool {
    matches!(
        path,
        "builtins.len"
            | "builtins.bool"
            | "builtins.isinstance"
            | "builtins.issubclass"
            | "builtins.hasattr"
            | "builtins.callable"
            | "builtins.id"
            | "builtins.type"
            | "builtins.any"
            | "builtins.all"
            | "os.path.exists"
            | "os.path.isfile"
            | "os.path.isdir"
            | "os.getenv"
            | "os.environ.get"
            | "os.environ.pop"
            | "os.environ.setdefault"
            | "os.environ.__getitem__"
            | "os.environ.update"
    )
}

/// What a call does with its arguments, where that matters.
pub(super) fn use_of(path: &str) -> Option<Use> {
    if is_sender(path) {
        return Some(Use::Sent);
    }
    is_runner(path).then_some(Use::Run)
}

fn is_sender(path: &str) -> bool {
    let Some((object, method)) = path.rsplit_once('.') else { return false };
    if is_network_read(path) && !method.starts_with("recv") && method != "getresponse" {
        return true;
    }
    match object {
        "requests" | "httpx" | "requests.api" => matches!(method, "head" | "options" | "Request"),
        "urllib.request" => method == "Request",
        "socket" => {
            matches!(method, "gethostbyname" | "gethostbyname_ex" | "getaddrinfo" | "create_connection")
        }
        "webbrowser" => matches!(method, "open" | "open_new" | "open_new_tab"),
        "boto3" | "discord_webhook" => true,
        "telegram.Bot()" => method.starts_with("send"),
        _ => {
            !["pathlib", "tarfile", "zipfile"].iter().any(|local| object.starts_with(local))
                && object.strip_suffix("()").is_some_and(is_client)
                && matches!(
                    method,
                    "send"
                        | "sendall"
                        | "sendto"
                        | "sendmail"
                        | "send_message"
                        | "request"
                        | "putrequest"
                        | "putheader"
                        | "endheaders"
                        | "post"
                        | "put"
                        | "patch"
                        | "get"
                        | "storbinary"
                        | "storlines"
                        | "write"
                        | "emit"
                        | "publish"
                        | "ws_connect"
                        | "exec_command"
                        | "connect"
                        | "head"
                )
        }
    }
}

fn is_runner(path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once('.') else { return false };
    match module {
        "builtins" => matches!(name, "exec" | "eval" | "compile" | "__import__"),
        "subprocess" | "pickle" | "marshal" | "dill" | "cloudpickle" | "jsonpickle" | "runpy" => true,
        "importlib" => name == "import_module",
        "os" => names::member_rule(path) == Some(crate::rules::PROCESS_SPAWN),
        "types" => matches!(name, "FunctionType" | "CodeType"),
        "ctypes" => matches!(name, "CDLL" | "memmove" | "CFUNCTYPE" | "string_at"),
        _ => false,
    }
}

/// The words for data of a kind in a message, and whether this use of it is what rules are about.
pub(super) fn is_misuse(kind: Kind, usage: Use) -> bool {
    match usage {
        Use::Sent => matches!(kind, Kind::Environment | Kind::Secret | Kind::Host),
        Use::Run => kind == Kind::Network,
    }
}

pub(super) fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Environment => "the whole environment",
        Kind::Secret => "a file or secret of the user",
        Kind::Host => "the name of the machine or its user",
        Kind::Network => "data from the network",
        Kind::Parameter(..) => "what a caller passes",
    }
}

/// Whether any text of a source can start or end a flow of data: if not, following it is waste.
pub(super) fn may_flow(text: &str) -> bool {
    [
        "environ", "open", "requests", "urllib", "http", "socket", "aiohttp", "read_", "smtplib", "ftplib",
        "getpass", "keyring", "exec", "eval",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// Whether any file of a bundle can send or receive: without that no flow ends anywhere.
pub(super) fn may_reach_network(text: &str) -> bool {
    [
        "requests",
        "httpx",
        "aiohttp",
        "urllib.request",
        "urllib import",
        "urllib2",
        "urllib3",
        "urlopen",
        "http.client",
        "http import",
        "httplib",
        "socket",
        "smtplib",
        "ftplib",
        "telnetlib",
        "paramiko",
        "boto3",
        "telegram",
        "discord",
        "cloudscraper",
        "webbrowser",
        "dns",
        "getattr(",
        "__import__",
        "import_module",
        "resolve_name",
        "sys.modules",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// The object of a division of paths is still a path.
pub(super) fn is_path_object(atom: &Atom) -> bool {
    matches!(atom, Atom::Path(path) if &**path == PATH)
}
