//! Code that runs when a package is installed, before anybody has called it.

use serde_json::{Map, Value};

use crate::evidence::pipes_to_shell;
use crate::files::File;
use crate::findings::Findings;
use crate::rules;
use crate::source::Source;

/// The scripts that npm runs by itself when a package is installed from a registry.
const ON_INSTALL: [&str; 3] = ["preinstall", "install", "postinstall"];
/// Those it runs for the author, and for who installs from a repository.
const ON_PREPARE: [&str; 5] = ["prepare", "preprepare", "postprepare", "prepublish", "prepack"];

/// The scripts of a `package.json`.
pub(super) fn scripts(source: &Source<'_>, manifest: &Map<String, Value>, findings: &mut Findings) {
    let Some(scripts) = manifest.get("scripts").and_then(Value::as_object) else { return };
    for name in ON_INSTALL.into_iter().chain(ON_PREPARE) {
        let Some(command) = scripts.get(name).and_then(Value::as_str) else { continue };
        let offset = super::place_of(source.text, name);
        let shown: String = command.chars().take(120).collect();
        if let Some(why) = harm(command) {
            let what = format!("the {name} script {why}: `{shown}`");
            findings.at(rules::HARMFUL_INSTALL, source, offset, &what);
        } else if ON_INSTALL.contains(&name) {
            let what = format!("the {name} script runs when this package is installed: `{shown}`");
            findings.at(rules::INSTALL_SCRIPT, source, offset, &what);
        }
    }
}

/// What no honest installation does.
fn harm(command: &str) -> Option<&'static str> {
    let lower = command.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["curl ", "wget ", "iwr ", "invoke-webrequest"]) && pipes_to_shell(&lower) {
        return Some("downloads a program and runs it");
    }
    if has(&["/dev/tcp/", "nc -e", "ncat -e", "mkfifo"]) {
        return Some("opens a shell to another machine");
    }
    if has(&["base64 -d", "base64 --decode", "-enc ", "-encodedcommand", "frombase64string"]) {
        return Some("runs encoded text");
    }
    let sends = has(&["curl ", "wget ", "nslookup ", "dig "])
        && has(&["$(", "`", "whoami", "hostname", "env", "@/etc", "$home"]);
    sends.then_some("sends something about the machine away")
}

/// `setup.py` with commands of its own, and `binding.gyp`, which makes npm compile.
pub(super) fn build_file(file: &File<'_>, findings: &mut Findings) {
    let Some(text) = file.text() else { return };
    let source = Source::new(file.path, text);
    if file.path.ends_with("setup.py") {
        if let Some(offset) = text.find("cmdclass") {
            let what = "commands of its own (cmdclass) run when this package is installed";
            findings.at(rules::INSTALL_SCRIPT, &source, offset, what);
        }
    } else if let Some(offset) =
        text.find("<!(").or_else(|| text.find("<!@(")).or_else(|| text.find("\"actions\""))
    {
        findings.at(
            rules::INSTALL_SCRIPT,
            &source,
            offset,
            "npm runs this command when it compiles the package",
        );
    } else {
        findings.in_file(rules::INSTALL_SCRIPT, file.path, "npm compiles this package when it is installed");
    }
}
