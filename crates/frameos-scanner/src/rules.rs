//! The table of rules: every finding the scanner can make, with its weight and its words.
//!
//! Invariants: ids are stable, kebab-case and unique; severities and actions of the specification's detection table
//! stand as written there; every rule has a page `docs/rules/<id>.md` that says the same and whose examples are tested.
//! What triggers a rule lives with the language that triggers it, not here.

use frameos_domain::scan::{Action, Finding, Severity};

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
    /// The path of its page in the project.
    pub docs: &'static str,
}

impl Rule {
    /// A finding of this rule about the whole bundle.
    pub fn finding(&self, message: &str) -> Finding {
        Finding {
            rule: self.id.to_owned(),
            severity: self.severity,
            action: self.action,
            title: self.title.to_owned(),
            message: message.to_owned(),
            why: self.why.to_owned(),
            fix: self.fix.to_owned(),
            docs: self.docs.to_owned(),
            ..Finding::default()
        }
    }
}

/// For whoever unpacks a bundle and is refused: the scan itself begins after that.
pub const BUNDLE_RULES: &Rule = BROKEN_BUNDLE;

/// The rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

macro_rules! rules {
    ($($name:ident = $id:literal, $severity:ident, $action:ident, $title:literal, $why:literal, $fix:literal;)*) => {
        $(pub(crate) const $name: &Rule = &Rule {
            id: $id, severity: Severity::$severity, action: Action::$action, title: $title, why: $why, fix: $fix,
            docs: concat!("docs/rules/", $id, ".md"),
        };)*

        /// Every rule, in the order of this file.
        pub const ALL: &[&Rule] = &[$($name),*];
    };
}

// The one macro of this crate: it lets a rule be named in code and listed in `ALL` by a single row.
rules! {
    BROKEN_BUNDLE = "bundle-rules", High, Reject, "Breaks the rules of bundles",
        "the platform refuses such a bundle before it looks at its code",
        "change what the message names; what a bundle may be stands in docs/publishing.md";
    DYNAMIC_CODE = "dynamic-code", High, Reject, "Code made at run time",
        "code that is built while it runs cannot be reviewed",
        "call the function you need directly, or look it up in an object of known functions";
    COMPUTED_MODULE = "computed-module", High, Reject, "Module name not known before the run",
        "a module chosen at run time hides what the agent can do",
        "write the module's name as a plain string";
    FILE_SYSTEM = "file-system", High, Reject, "File system access",
        "agents work on their inputs and outputs; the sandbox has no files for them",
        "take data from the inputs and return it in the outputs";
    FILE_PATH = "file-path", Medium, Flag, "Path object handed on",
        "whoever holds a path object can read and write files with it, and this one cannot be followed",
        "use pathlib.PurePath, which handles names only";
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
    UNPARSABLE_TYPES = "unparsable-types", Low, Flag, "Declarations that do not parse",
        "a file of declarations is not run, but nobody has checked this one",
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
    EXFILTRATION = "data-exfiltration", High, Reject, "Sends secrets away",
        "environment, files and facts about the host leave the sandbox by this call",
        "send only what came in as an input";
    REMOTE_CODE = "remote-code", High, Reject, "Runs code from the network",
        "whoever answers the request decides what the agent does",
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
    PROTOTYPE_POLLUTION = "prototype-pollution", Medium, Flag, "Changes a built-in prototype",
        "what is put on a built-in prototype is seen by all code in the process, also by code that was reviewed",
        "write a function of your own, or check keys for __proto__, constructor and prototype before you merge";
    ENVIRONMENT_HARVEST = "environment-harvest", Medium, Flag, "Reads the whole environment",
        "the environment holds secrets, and code that needs one variable names it",
        "read the variables you need by name";
    SECRET_SENT = "secret-sent", Medium, Flag, "A secret of the environment is sent",
        "a person should see where a secret goes",
        "take the secret as an input marked secret, and say in the description where it is sent";
    MINING = "mining-loop", Medium, Flag, "Hashing in search of a number",
        "hashing until a result is small enough is how coins are mined",
        "say in the description what is searched for and why";
    MODULE_TAMPERING = "module-tampering", Medium, Flag, "Changes how modules are loaded",
        "a module that is replaced while the program runs is not the one that was reviewed",
        "load modules as they are";
    SCRIPT_INJECTION = "script-injection", Medium, Flag, "Puts a script into a page",
        "a script element runs code that is not in the bundle",
        "ship the code in the bundle";
    NETWORK = "network-library", Low, Allow, "Network access",
        "the sandbox has no network; requests go through the http_request capability",
        "declare the http_request capability and call hosts through it";
    UNDECLARED_NETWORK = "undeclared-network", Low, Allow, "Network use without the capability",
        "the manifest does not ask for http_request, so every request will fail when the agent runs",
        "add \"http_request\" to capabilities in manifest.json, or remove the network code";
    CREDENTIAL = "credential", High, Flag, "Key or password in the bundle",
        // It harms its owner, not the one who runs the agent, and only its owner knows whether it still opens anything.
        "everybody who can read the bundle can use it in its owner's name",
        "revoke it, and take the secret from an input with \"secret\": true";
    REVERSE_SHELL = "reverse-shell", High, Reject, "Shell handed to another machine",
        "these lines exist to give strangers control of a machine",
        "remove it";
    SHELL_PAYLOAD = "shell-payload", High, Flag, "Harmful shell command",
        "commands that download and run, or delete everything, are how attacks begin and end",
        "remove it; the runtime has no shell";
    MINING_POOL = "mining-pool", High, Reject, "Connection to a mining pool",
        "mining takes the computing time that the user pays for",
        "remove it";
    MINER = "miner", High, Flag, "Words of cryptocurrency miners",
        "mining takes the computing time that the user pays for",
        "remove it, or say in the description why miners are named";
    DROP_SERVICE = "drop-service", Medium, Flag, "Anonymous drop-off or tunnel",
        "stolen data is sent to, and further code fetched from, services that ask nobody's name",
        "use a host of your own, named in the description";
    ADDRESS_URL = "address-url", Medium, Flag, "URL with an address instead of a name",
        "nobody can tell whose machine an address is",
        "use the host's name";
    CLOUD_METADATA = "cloud-metadata", High, Flag, "Cloud metadata address",
        "clouds hand the credentials of a machine to whoever asks there",
        "remove it; an agent has no machine of its own";
    SENSITIVE_PATH = "sensitive-path", Medium, Flag, "Path of keys or accounts",
        "programs that look there look for what is not theirs",
        "remove it; take what you need from the inputs";
    LYING_FILE = "lying-file", High, Flag, "File that is not what its name says",
        "a payload is hidden where nobody looks for one",
        "name the file for what it is, or remove what is behind its end";
    EXECUTABLE_SCRIPT = "executable-script", Medium, Flag, "Script of another language",
        "the runtime cannot run it, and whoever unpacks the bundle might",
        "remove it";
    STARTUP_HOOK = "startup-hook", High, Flag, "Runs by being there",
        "tools and interpreters run such files without being asked to",
        "remove it, and do the work in the entry point";
    ARCHIVED_CODE = "archived-code", High, Flag, "Code inside an archive",
        "code in an archive is not analysed, and can be loaded from there",
        "unpack it into the bundle";
    ARCHIVE_BOMB = "archive-bomb", High, Flag, "Archive that floods whoever opens it",
        "it exists to fill memory and disks",
        "remove it";
    PICKLED_DATA = "pickled-data", Medium, Flag, "Python pickle",
        "loading a pickle can run code that is in it",
        "use JSON, or a format for arrays such as safetensors";
    PICKLE_PAYLOAD = "pickle-payload", High, Reject, "Pickle that runs commands",
        "whoever loads it runs what it says",
        "remove it";
    HIDDEN_CHARACTERS = "hidden-characters", High, Flag, "Characters that are not seen",
        "what a reviewer sees is not what the machine reads",
        "write the character as an escape such as \\u200b, or remove it";
    INVISIBLE_PAYLOAD = "invisible-payload", High, Reject, "Data in invisible characters",
        "text that nobody can see is carried to be decoded and run, or read by a model",
        "remove it";
    LOOK_ALIKE = "look-alike", High, Flag, "Name that looks like another",
        "letters of another alphabet make two different names look the same",
        "write the name in the letters of one alphabet";
    MALICIOUS_DEPENDENCY = "malicious-dependency", High, Reject, "Package known to be malicious",
        "this version has attacked those who used it",
        "remove it; take a version from before or after the attack";
    TYPOSQUAT = "typosquat", High, Flag, "Package named like a popular one",
        "imitations wait for those who mistype a name",
        "correct the name, or say in the description why this package is meant";
    REMOTE_DEPENDENCY = "remote-dependency", Medium, Flag, "Dependency from outside the registry",
        "what is behind an address can change without a new version",
        "depend on a published version";
    FOREIGN_SOURCE = "foreign-source", Medium, Flag, "Packages from another place",
        "a second source can answer for names that belong to the first",
        "take all packages from one registry";
    UNPINNED_DEPENDENCY = "unpinned-dependency", Low, Allow, "Dependency of any version",
        "nobody can say which code was reviewed",
        "name exact versions, or ship a lock file";
    INSTALL_SCRIPT = "install-script", Medium, Flag, "Runs when it is installed",
        "code that runs on installation runs on the machines of those who only look",
        "remove the script; nothing is installed when an agent runs";
    HARMFUL_INSTALL = "harmful-install", High, Reject, "Installation that attacks",
        "it runs on every machine where the package is installed, before anybody sees it",
        "remove the script";
    UNUSED_CAPABILITY = "unused-capability", Low, Allow, "Declared and never used",
        "users are shown, and reviewers weigh, more than the agent needs",
        "remove it from manifest.json";
    UNDECLARED_HOST = "undeclared-host", Low, Allow, "Host that egress does not list",
        "requests go to the hosts of the manifest's egress only",
        "add the host to egress in manifest.json, or remove it";
    UNDECLARED_CHARGE = "undeclared-charge", Low, Allow, "Charge that the pricing does not declare",
        "the call fails when the agent runs",
        "add the event to events in the manifest's pricing, or remove the call";
    TRUNCATED = "findings-truncated", Low, Allow, "Not all findings are shown",
        "the list is cut at its limit; the verdict counts all of them",
        "correct the findings shown and scan again";
}
