//! The table of rules: every finding the scanner can make, with its weight and its words.
//!
//! Invariants: ids are stable, kebab-case and unique; severities and actions of the specification's detection table
//! stand as written there. What triggers a rule lives with the language that triggers it, not here.

use frameos_domain::scan::{Action, Severity};

/// One thing the scanner looks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable kebab-case name, as it stands in reports.
    pub id: &'static str,
    pub severity: Severity,
    pub action: Action,
    /// A few words for lists.
    pub title: &'static str,
    /// Why it matters to the one who runs the agent.
    pub why: &'static str,
    /// What the author can do instead.
    pub fix: &'static str,
}

macro_rules! rules {
    ($($name:ident = $id:literal, $severity:ident, $action:ident, $title:literal, $why:literal, $fix:literal;)*) => {
        $(pub(crate) const $name: &Rule = &Rule {
            id: $id, severity: Severity::$severity, action: Action::$action, title: $title, why: $why, fix: $fix,
        };)*

        /// Every rule, in the order of this file.
        pub const ALL: &[&Rule] = &[$($name),*];
    };
}

// The one macro of this crate: it lets a rule be named in code and listed in `ALL` by a single row.
rules! {
    DYNAMIC_CODE = "dynamic-code", High, Reject, "Code made at run time",
        "code that is built while it runs cannot be reviewed",
        "call the function you need directly, or look it up in an object of known functions";
    COMPUTED_MODULE = "computed-module", High, Reject, "Module name not known before the run",
        "a module chosen at run time hides what the agent can do",
        "write the module's name as a plain string";
    FILE_SYSTEM = "file-system", High, Reject, "File system access",
        "agents work on their inputs and outputs; the sandbox has no files for them",
        "take data from the inputs and return it in the outputs";
    PROCESS_SPAWN = "process-spawn", High, Reject, "Starts other programs",
        "a program started by an agent escapes review and the runtime has no shell",
        "do the work in the agent's own language";
    NATIVE_LOADING = "native-loading", High, Reject, "Loads machine code",
        "machine code cannot be reviewed and bypasses the interpreter",
        "use a library written in the agent's own language";
    NATIVE_CODE = "native-code", High, Reject, "Compiled file in the bundle",
        "machine code or bytecode cannot be reviewed",
        "remove it and ship the source";
    OBFUSCATED = "obfuscated-code", High, Reject, "Obfuscated code",
        "code made unreadable on purpose cannot be reviewed",
        "ship the source as it was written";
    UNPARSABLE = "unparsable", High, Reject, "Source that does not parse",
        "code the scanner cannot read is code nobody has checked",
        "correct the syntax, or remove the file";
    TOO_DEEPLY_NESTED = "too-deeply-nested", High, Reject, "Nested too deeply to analyse",
        "no person writes code nested so deeply, and it is a way to make scanners fail",
        "split the expression or the file";
    TOO_COMPLEX = "too-complex", High, Reject, "Too much code in one file",
        "a file of this size is not analysed",
        "ship the sources instead of one generated file";
    HASHING = "hashing", Medium, Flag, "Hashing or encryption",
        // The specification lists `createHash` among patterns to reject. Hashing is honest in most code (cache keys,
        // signatures, fingerprints) and mining cannot reach a pool from a sandbox without network: a person decides.
        "hashing in a loop is how miners work, though most uses are honest",
        "say in the description what is hashed and why";
    CRYPTO_ADDRESS = "crypto-address", Medium, Flag, "Cryptocurrency address",
        "an address in the code may be where stolen money goes",
        "take addresses from the inputs, or explain this one in the description";
    EXFILTRATION = "data-exfiltration", High, Reject, "Sends private data away",
        "the environment, files and secrets of a user must not leave the machine",
        "send only what the user gave as inputs for that purpose";
    REMOTE_CODE = "remote-code", High, Reject, "Runs code from the network",
        "code that arrives while the agent runs has been reviewed by nobody",
        "ship the code in the bundle";
    HOST_PROFILING = "host-profiling", Medium, Flag, "Sends away who and where the machine is",
        "names of machines and users are what spies collect first",
        "leave the name of the host and its user out of requests";
    BUILTINS_CHANGED = "builtins-changed", Medium, Flag, "Replaces what all code relies on",
        "a builtin or a standard module that was replaced changes what all other code does",
        "wrap the function under a name of your own";
    WORKER_PROCESSES = "worker-processes", Medium, Flag, "Starts worker processes",
        "the sandbox has few processes and one processor, and worker processes load code anew",
        "use threads or asyncio, or do the work in one process";
    LARGE_FILE = "large-file", Medium, Flag, "File larger than 10 MB",
        "large files hide payloads and slow every start of the agent",
        "reduce the file, or split it";
    MINIFIED = "minified-code", Medium, Flag, "Minified code",
        "minified code is hard to review",
        "ship the readable build of it";
    ENCODED_PAYLOAD = "encoded-payload", Medium, Flag, "Large encoded string",
        "a long encoded string may hold code",
        "ship data as a file of its own type";
    UNSAFE_DESERIALIZATION = "unsafe-deserialization", Medium, Flag, "Unsafe deserialisation",
        "loading pickle or marshal data can run code that is in the data",
        "use json";
    INTROSPECTION = "introspection", Medium, Flag, "Reaches into the interpreter",
        "walking from an object to its class, globals or frames is how sandboxes of the language are left",
        "use the public interface of the object";
    COMPUTED_GLOBAL = "computed-global", Medium, Flag, "Global chosen at run time",
        "a global function looked up by a computed name hides what is called",
        "name the function";
    NESTED_ARCHIVE = "nested-archive", Medium, Flag, "Archive inside the bundle",
        "what an archive holds is not scanned",
        "unpack it into the bundle";
    WASM = "wasm", Medium, Flag, "WebAssembly",
        "compiled code is hard to review",
        "ship the source beside it, or use a plain library";
    NETWORK = "network-library", Low, Allow, "Network access",
        "the sandbox has no network; requests go through the http_request capability",
        "declare the http_request capability and call hosts through it";
    UNDECLARED_NETWORK = "undeclared-network", Low, Allow, "Network use without the capability",
        "the manifest does not ask for http_request, so every request will fail when the agent runs",
        "add \"http_request\" to capabilities in manifest.json, or remove the network code";
    TRUNCATED = "findings-truncated", Low, Allow, "Not all findings are shown",
        "the list is cut at its limit; the verdict counts all of them",
        "correct the findings shown and scan again";
}
