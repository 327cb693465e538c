//! Shows the effective configuration, secrets hidden.

use super::{
    Config,
    key::{KEYS, Shown},
};

impl Config {
    /// The effective tree as TOML. Secrets that are set read `"(hidden)"`; keys that are not set are comments.
    pub fn effective_toml(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        for key in KEYS {
            let (in_section, name) = key.name.split_once('.').unwrap_or(("", key.name));
            if in_section != section {
                text.push_str(&format!("\n[{in_section}]\n"));
                section = in_section;
            }
            text.push_str(&match (key.show)(self) {
                Shown::Plain(value) => format!("{name} = {value}\n"),
                Shown::Hidden => format!("{name} = \"(hidden)\"\n"),
                Shown::Unset => format!("# {name} is not set\n"),
            });
        }
        text
    }
}
