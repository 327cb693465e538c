//! What a text file is there for: the same words weigh more in a program than in its manual.

use crate::classify::{Kind, extension};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Run, or meant to be run.
    Program,
    /// Read by programs and tools: JSON, YAML, INI, environment files.
    Config,
    /// Written for people.
    Prose,
    /// Anything else.
    Data,
}

impl Role {
    pub(crate) fn of(path: &str, kind: Kind) -> Self {
        if matches!(kind, Kind::JavaScript | Kind::Python | Kind::Script(_)) {
            return Self::Program;
        }
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        match extension(path).as_str() {
            "md" | "markdown" | "mdx" | "rst" | "txt" | "html" | "htm" | "adoc" | "asciidoc" | "tex"
            | "po" => {
                if name == "requirements.txt" {
                    Self::Config
                } else {
                    Self::Prose
                }
            }
            "json" | "json5" | "jsonc" | "yaml" | "yml" | "toml" | "ini" | "cfg" | "conf" | "env"
            | "properties" | "pth" | "npmrc" | "pypirc" | "xml" | "plist" | "gyp" | "gypi" | "pem"
            | "key" => Self::Config,
            _ if is_environment_file(path) || name.starts_with('.') => Self::Config,
            _ if [
                "readme",
                "license",
                "licence",
                "changelog",
                "changes",
                "authors",
                "notice",
                "copying",
                "history",
            ]
            .iter()
            .any(|prose| name.starts_with(prose)) =>
            {
                Self::Prose
            }
            _ => Self::Data,
        }
    }
}

/// `.env` and its kin, but not the samples people commit beside them.
pub(crate) fn is_environment_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_sample =
        ["example", "sample", "template", "dist", "defaults"].iter().any(|word| name.contains(word));
    !is_sample && (name == ".env" || name.starts_with(".env.") || name.ends_with(".env"))
}
