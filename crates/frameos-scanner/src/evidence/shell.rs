//! Shell lines that only attackers write: reverse shells, encoded PowerShell, downloads that are run; miners and pools;
//! files that hold keys.
//!
//! A program that has them is a finding; what is written for people to read is not.

use super::{Family, Hit, Text};
use crate::findings::Findings;
use crate::role::Role;
use crate::rules::{self, Rule};

pub(super) fn judge(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    if hit.start < text.told_until.get() {
        return false;
    }
    let Some((rule, what)) = verdict(text, hit) else { return false };
    if rule == rules::REVERSE_SHELL || rule == rules::SHELL_PAYLOAD {
        // The parts of one command are one finding.
        text.told_until.set(hit.end + near(text, Hit { start: hit.end, ..hit }, 150).len());
    }
    findings.at(rule, text.source, text.place(hit.start), &what);
    true
}

fn verdict(text: &Text<'_, '_>, hit: Hit) -> Option<(&'static Rule, String)> {
    if text.role == Role::Prose {
        return None;
    }
    let name = text.text.get(hit.start..hit.end)?;
    let is_run = matches!(text.role, Role::Program | Role::Config);
    match hit.family {
        Family::Stratum => {
            let rest = text.after(hit.end, 100);
            let host = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim_start_matches("://");
            let has_host = host.len() >= 4
                && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '$' || c == '{');
            let what = "the protocol of mining pools (stratum) is used".to_owned();
            has_host.then_some((if is_run { rules::MINING_POOL } else { rules::MINER }, what))
        }
        Family::Miner => {
            let is_code = is_run && text.starts_word(hit.start) && !text.in_comment(hit.start);
            is_code
                .then(|| (rules::MINER, format!("`{name}` belongs to a miner of cryptocurrency or its pool")))
        }
        Family::Path => {
            let is_code = text.role == Role::Program && !text.in_comment(hit.start);
            is_code.then(|| (rules::SENSITIVE_PATH, format!("`{name}` is where keys or accounts are kept")))
        }
        _ if !is_run || text.in_comment(hit.start) => None,
        Family::DevTcp => dev_tcp(text, hit),
        Family::PowerShell => powershell(text, hit, name),
        Family::Fetch => fetched_and_run(text, hit, name),
        _ => reverse_shell(text, hit, name),
    }
}

fn reverse(what: &str) -> Option<(&'static Rule, String)> {
    Some((rules::REVERSE_SHELL, format!("{what}: a shell is handed to another machine")))
}

/// `/dev/tcp/HOST/PORT`, where the host may be put in at run time.
fn dev_tcp(text: &Text<'_, '_>, hit: Hit) -> Option<(&'static Rule, String)> {
    let rest = text.run(hit.end, 120, |byte| byte > b' ' && !matches!(byte, b'"' | b'\''));
    let (host, port) = rest.split_once('/')?;
    let is_port = port.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '$' | '{' | '%' | '#'));
    if host.is_empty() || !is_port {
        return None;
    }
    let line = near(text, hit, 160);
    let has_shell =
        line.contains(">&") || line.contains("exec ") || line.contains("0<") || line.contains("sh -i");
    if has_shell {
        reverse("a shell's /dev/tcp is connected to its input and output")
    } else {
        payload("/dev/tcp opens a connection from a shell")
    }
}

fn payload(what: &str) -> Option<(&'static Rule, String)> {
    Some((rules::SHELL_PAYLOAD, what.to_owned()))
}

/// The text around a hit, without what is on other lines of a real file; strings often hold several commands.
fn near<'t>(text: &'t Text<'_, '_>, hit: Hit, count: usize) -> &'t str {
    let before = text.before(hit.start, count);
    let from = hit.start - before.rfind('\n').map_or(before.len(), |at| before.len() - at - 1);
    let after = text.after(hit.start, count * 2);
    let to = hit.start + after.find('\n').unwrap_or(after.len());
    text.text.get(from..to).unwrap_or_default()
}

fn reverse_shell(text: &Text<'_, '_>, hit: Hit, name: &str) -> Option<(&'static Rule, String)> {
    let line = near(text, hit, 300);
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "-e /bin/" | "-c /bin/sh" | "-e cmd" | "-e sh" | "-e bash" => {
            let before = text.before(hit.start, 60);
            let is_netcat = before
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                .any(|word| matches!(word, "nc" | "ncat" | "netcat" | "nc.exe" | "nc.traditional"));
            if is_netcat { reverse("netcat runs a shell") } else { None }
        }
        "mkfifo " | "mknod "
            if has(&["nc ", "ncat", "telnet", "openssl", "/dev/tcp"])
                && has(&["/bin/sh", "/bin/bash", "sh -i", "bash -i"]) =>
        {
            reverse("a named pipe joins a shell and a connection")
        }
        "bash -i" | "sh -i" if has(&["/dev/tcp", "/dev/udp", "nc ", "telnet "]) => {
            reverse("an interactive shell is connected")
        }
        "exec:"
            if line.to_ascii_lowercase().contains("socat")
                && has(&["sh", "cmd"])
                && has(&["tcp", "TCP", "openssl", "OPENSSL"]) =>
        {
            reverse("socat runs a shell")
        }
        "openssl s_client" if has(&["/bin/sh", "/bin/bash", "mkfifo"]) => {
            reverse("openssl joins a shell and a connection")
        }
        "python -c" | "python3 -c" | "python2 -c"
            if has(&["socket"]) && has(&["dup2", "pty.spawn", "subprocess", "/bin/sh"]) =>
        {
            reverse("Python joins a shell and a socket")
        }
        "perl -e" | "perl -mio" if has(&["Socket", "socket("]) && has(&["exec", "/bin/sh", "STDIN"]) => {
            reverse("Perl joins a shell and a socket")
        }
        "ruby -rsocket" if has(&["exec", "sh ", "popen"]) => reverse("Ruby joins a shell and a socket"),
        "php -r" if has(&["fsockopen"]) => reverse("PHP joins a shell and a socket"),
        "lua -e" if has(&["socket"]) && has(&["execute", "popen"]) => {
            reverse("Lua joins a shell and a socket")
        }
        "rm -rf /" | "rm -rf ~" | "rm -fr /" => {
            let rest = text.after(hit.end, 2);
            let is_all = rest.is_empty()
                || rest.starts_with(['"', '\'', '`', '*', ' ', '\n', ';', '&'])
                || name.ends_with('~');
            if is_all { payload("everything is deleted by a shell command") } else { None }
        }
        "del /f /s /q" | "format c:" => payload("everything is deleted by a shell command"),
        ":(){ :|:& };:" => payload("a fork bomb is here"),
        "| base64 -d" | "base64 --decode |" if has(&["| sh", "| bash", "|sh", "|bash", "eval"]) => {
            payload("encoded text is given to a shell")
        }
        "crontab " if has(&["| crontab", "crontab -\"", "crontab - "]) => {
            payload("the schedule of the machine is changed")
        }
        _ => None,
    }
}

fn powershell(text: &Text<'_, '_>, hit: Hit, name: &str) -> Option<(&'static Rule, String)> {
    let line = near(text, hit, 300).to_ascii_lowercase();
    match name.to_ascii_lowercase().as_str() {
        "powershell" | "pwsh" => {
            let rest = text.after(hit.end, 200);
            let mut words = rest.split_ascii_whitespace().skip_while(|word| {
                let option = word.trim_start_matches(['-', '/']).to_ascii_lowercase();
                !(word.starts_with(['-', '/'])
                    && (matches!(option.as_str(), "e" | "ec") || option.starts_with("en")))
            });
            let encoded = words.nth(1).unwrap_or_default();
            let is_encoded = encoded
                .bytes()
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
                .count()
                >= 20;
            if is_encoded {
                Some((rules::REVERSE_SHELL, "PowerShell is given an encoded command".to_owned()))
            } else {
                None
            }
        }
        "net.sockets.tcpclient"
            if line.contains("getstream") || line.contains("iex") || line.contains("invoke-expression") =>
        {
            reverse("PowerShell joins a shell and a socket")
        }
        "downloadstring(" if line.contains("iex") || line.contains("invoke-expression") => {
            payload("PowerShell runs what it downloads")
        }
        "frombase64string(" if line.contains("iex") || line.contains("invoke-expression") => {
            payload("PowerShell runs encoded text")
        }
        "certutil -" if line.contains("-urlcache") => payload("certutil downloads a file"),
        "bitsadmin " if line.contains("/transfer") => payload("bitsadmin downloads a file"),
        "mshta " if line.contains("http") || line.contains("javascript:") => payload("mshta runs a page"),
        "regsvr32 " if line.contains("/i:http") => payload("regsvr32 runs a downloaded script"),
        _ => None,
    }
}

/// `curl … | sh`, and downloads that are made executable.
fn fetched_and_run(text: &Text<'_, '_>, hit: Hit, name: &str) -> Option<(&'static Rule, String)> {
    if !text.starts_word(hit.start) {
        return None;
    }
    let rest = text.after(hit.end, 300);
    let rest = rest.split(['\n', '`']).next().unwrap_or(rest);
    if !pipes_to_shell(rest) {
        return None;
    }
    payload(&format!("what {}downloads is run at once", name.to_ascii_lowercase()))
}

/// Whether what a command writes is run by a shell or an interpreter.
pub(crate) fn pipes_to_shell(command: &str) -> bool {
    let runs = |word: &str| {
        matches!(
            word,
            "sh" | "bash"
                | "zsh"
                | "dash"
                | "node"
                | "python"
                | "python3"
                | "perl"
                | "iex"
                | "/bin/sh"
                | "/bin/bash"
        )
    };
    let piped = command.split('|').skip(1).any(|part| {
        let mut words = part.split([' ', '\t', '"', '\'', ')', ';', '&']).filter(|word| !word.is_empty());
        words.next().is_some_and(|word| runs(word) || word == "sudo" && words.next().is_some_and(runs))
    });
    let started =
        command.contains("chmod +x") || command.contains("chmod 755") || command.contains("chmod 777");
    let then = ["&& sh ", "&& bash ", "; sh ", "; bash ", "&& node ", "&& ./", "; ./", "&& python"]
        .iter()
        .any(|mark| command.contains(mark));
    piped || started && then || then && command.contains(" -o ")
}
