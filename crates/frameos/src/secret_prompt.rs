//! Asking for a password or a code without showing it, and without it ever being an argument that `ps` lists.

use std::io::{BufRead, IsTerminal};

use crate::{
    environment::Variable,
    failure::{Failure, Result},
};

/// The password: the first line of stdin if `from_stdin`, else FRAMEOS_PASSWORD, else typed at the terminal.
pub fn password(prompt: &str, from_stdin: bool) -> Result<String> {
    if from_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        let password = line.trim_end_matches(['\r', '\n']);
        return if password.is_empty() {
            Err(Failure::usage("--password-stdin was given, but stdin's first line is empty"))
        } else {
            Ok(password.to_owned())
        };
    }
    if let Some(password) = Variable::Password.get() {
        return Ok(password);
    }
    if !is_interactive() {
        return Err(Failure::usage(
            "there is no terminal to ask at: use --password-stdin or FRAMEOS_PASSWORD",
        ));
    }
    Ok(rpassword::prompt_password(prompt)?)
}

/// Whether somebody is there to answer.
pub fn is_interactive() -> bool {
    std::io::stdin().is_terminal()
}

/// A one-time code, typed at the terminal.
pub fn one_time_code() -> Result<String> {
    Ok(rpassword::prompt_password("One-time code: ")?.trim().to_owned())
}
