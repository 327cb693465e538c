//! Files that tools and interpreters run or obey by themselves, before anybody calls them.

use crate::classify::{extension, startup_lines};
use crate::files::File;
use crate::findings::Findings;
use crate::rules;
use crate::source::Source;

/// Reports a file that starts something by being there.
pub(crate) fn check(file: &File<'_>, findings: &mut Findings) {
    let name = file.path.rsplit('/').next().unwrap_or(file.path);
    let Some(text) = file.text() else { return };
    match name {
        "sitecustomize.py" | "usercustomize.py" => {
            let what = format!("Python runs {name} whenever it starts");
            findings.in_file(rules::STARTUP_HOOK, file.path, &what);
        }
        ".npmrc" => settings(
            file.path,
            text,
            &["node-options", "script-shell", "onload-script", "init-module", "git="],
            findings,
        ),
        "pip.conf" => settings(file.path, text, &["trusted-host", "extra-index-url"], findings),
        ".envrc" => findings.in_file(
            rules::STARTUP_HOOK,
            file.path,
            "direnv runs this file when the folder is entered",
        ),
        "tasks.json" if file.path.contains(".vscode/") => {
            settings(file.path, text, &["folderOpen"], findings);
        }
        _ if file.path.contains(".git/hooks/") && !name.ends_with(".sample") => {
            findings.in_file(rules::STARTUP_HOOK, file.path, "git runs this file by itself");
        }
        "config" if file.path.ends_with(".git/config") => {
            settings(file.path, text, &["fsmonitor", "sshcommand", "hookspath"], findings);
        }
        _ if extension(name) == "pth" => {
            let source = Source::new(file.path, text);
            if let Some((offset, _)) = startup_lines(text.as_bytes()).next() {
                findings.at(rules::STARTUP_HOOK, &source, offset, "Python runs this line whenever it starts");
            }
        }
        _ => {}
    }
}

fn settings(path: &str, text: &str, names: &[&str], findings: &mut Findings) {
    let source = Source::new(path, text);
    let lower = text.to_ascii_lowercase();
    for name in names {
        if let Some(offset) = lower.find(&name.to_ascii_lowercase()) {
            let what = format!("`{name}` makes a tool run or trust something by itself");
            findings.at(rules::STARTUP_HOOK, &source, offset, &what);
        }
    }
}
