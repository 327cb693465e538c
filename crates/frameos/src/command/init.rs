//! `frameos init`: a small agent that works, to start from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::{
    failure::{Failure, Result},
    output,
};

#[derive(Debug, Args)]
pub struct Init {
    /// Language of the agent
    #[arg(long, value_enum, default_value = "nodejs")]
    language: Language,
    /// Folder to create; it must not exist or be empty
    dir: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    Nodejs,
    Python,
}

/// A file of a template: its path and its text, in which `{{name}}` and `{{slug}}` are filled in.
type File = (&'static str, &'static str);

const COMMON: [File; 2] = [
    ("samples/greeting.input.json", include_str!("../../templates/greeting.input.json")),
    ("samples/greeting.expected.json", include_str!("../../templates/greeting.expected.json")),
];
const NODEJS: [File; 3] = [
    ("manifest.json", include_str!("../../templates/nodejs/manifest.json")),
    ("index.js", include_str!("../../templates/nodejs/index.js")),
    ("README.md", include_str!("../../templates/nodejs/README.md")),
];
const PYTHON: [File; 3] = [
    ("manifest.json", include_str!("../../templates/python/manifest.json")),
    ("main.py", include_str!("../../templates/python/main.py")),
    ("README.md", include_str!("../../templates/python/README.md")),
];

pub fn run(args: &Init) -> Result<()> {
    refuse_non_empty(&args.dir)?;
    let slug = slug(&args.dir);
    let name = title(&slug);
    let files = match args.language {
        Language::Nodejs => NODEJS,
        Language::Python => PYTHON,
    };
    for (path, text) in files.into_iter().chain(COMMON) {
        let path = args.dir.join(path);
        let write = || -> std::io::Result<()> {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, text.replace("{{name}}", &name).replace("{{slug}}", &slug))
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        output::line(&path.display().to_string())?;
    }
    let dir = args.dir.display();
    output::note(&format!("try it: frameos run {dir} --inputs-file {dir}/samples/greeting.input.json"));
    Ok(())
}

fn refuse_non_empty(dir: &Path) -> Result<()> {
    match fs::read_dir(dir) {
        Ok(entries) => match entries.count() {
            0 => Ok(()),
            _ => Err(Failure::usage(format!("{} is not empty: choose a new folder", dir.display()))),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::usage(format!("cannot use {}: {error}", dir.display()))),
    }
}

/// The folder's name as a slug: lower-case letters, digits and single hyphens, at least three.
fn slug(dir: &Path) -> String {
    let name = dir.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let words: Vec<&str> = name
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let slug: String = words.join("-").chars().take(58).collect();
    let slug = slug.trim_end_matches('-');
    if slug.len() < 3 { format!("{slug}-agent").trim_start_matches('-').to_owned() } else { slug.to_owned() }
}

fn title(slug: &str) -> String {
    let capital = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => format!("{}{rest}", first.to_uppercase()),
        None => String::new(),
    };
    slug.split('-').map(capital).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_folder_name_gives_a_slug() {
        for (folder, expected) in [
            ("My_Agent 2", "my-agent-2"),
            ("ab", "ab-agent"),
            ("été", "t-agent"),
            ("..", "agent"),
            ("--x--y--", "x-y"),
        ] {
            assert_eq!(slug(Path::new(folder)), expected, "{folder}");
        }
        assert!(slug(Path::new(&"long-".repeat(40))).len() <= 64);
        assert_eq!(title("my-agent-2"), "My Agent 2");
    }
}
