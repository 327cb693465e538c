//! Which modules of Node and of npm stand for which rule.

use crate::rules::{self, Rule};

/// What loading `name` means: the rule it touches, or `None` for a harmless module.
pub(super) fn rule_of(name: &str) -> Option<&'static Rule> {
    let builtin = name.strip_prefix("node:");
    if name.starts_with("data:") || name.starts_with("http:") || name.starts_with("https:") {
        return Some(rules::DYNAMIC_CODE);
    }
    match package_of(builtin.unwrap_or(name)) {
        "fs" | "graceful-fs" | "fs-extra" | "memfs" | "rimraf" | "mkdirp" | "glob" | "chokidar" => {
            Some(rules::FILE_SYSTEM)
        }
        "child_process" | "cluster" | "execa" | "cross-spawn" | "shelljs" | "zx" | "node-pty" => {
            Some(rules::PROCESS_SPAWN)
        }
        "vm" | "vm2" | "repl" | "inspector" | "isolated-vm" => Some(rules::DYNAMIC_CODE),
        "ffi-napi" | "ffi" | "koffi" | "node-gyp-build" | "bindings" => Some(rules::NATIVE_LOADING),
        "wasi" => Some(rules::WASM),
        "http" | "https" | "http2" | "net" | "tls" | "dgram" | "dns" | "axios" | "node-fetch" | "got"
        | "undici" | "request" | "superagent" | "ky" | "needle" | "ws" | "socket.io-client"
        | "cross-fetch" | "phin" | "isomorphic-fetch" => Some(rules::NETWORK),
        _ => None,
    }
}

/// The ability a rule shows the use of, as facts name them.
pub(super) fn ability_of(rule: &Rule) -> Option<&'static str> {
    Some(match rule.id {
        "network-library" => "network",
        "file-system" => "file_system",
        "process-spawn" => "process",
        "environment-harvest" => "environment",
        "native-loading" | "wasm" => "native_code",
        "dynamic-code" | "remote-code" => "dynamic_code",
        "hashing" => "hashing",
        _ => return None,
    })
}

/// The name findings show, e.g. `fs/promises` of `node:fs/promises`.
pub(super) fn plain(name: &str) -> &str {
    name.strip_prefix("node:").unwrap_or(name)
}

/// Whether a relative or absolute module name leaves the bundle, seen from the file at `from`.
pub(super) fn leaves_bundle(from: &str, name: &str) -> bool {
    if name.starts_with('/') || name.starts_with("file:") {
        return true;
    }
    if !name.starts_with('.') {
        return false;
    }
    let mut depth = from.matches('/').count();
    for component in name.split('/') {
        match component {
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            "." | "" => {}
            _ => depth += 1,
        }
    }
    false
}

fn package_of(name: &str) -> &str {
    let slashes = usize::from(name.starts_with('@'));
    match name.match_indices('/').nth(slashes) {
        Some((end, _)) => &name[..end],
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_reduced_to_their_package() {
        assert_eq!(rule_of("node:fs/promises"), Some(rules::FILE_SYSTEM));
        assert_eq!(rule_of("axios/lib/core"), Some(rules::NETWORK));
        assert_eq!(rule_of("@scope/fs"), None);
        assert_eq!(rule_of("./fs"), None);
        assert_eq!(rule_of("path"), None);
    }

    #[test]
    fn leaving_the_bundle_is_noticed() {
        assert!(leaves_bundle("index.js", "../x"));
        assert!(leaves_bundle("a/b.js", "./../../x"));
        assert!(!leaves_bundle("a/b.js", "../x"));
        assert!(leaves_bundle("a.js", "/etc/passwd"));
        assert!(!leaves_bundle("a.js", "lodash"));
    }
}
