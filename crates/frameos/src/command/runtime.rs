//! `frameos runtime`: the folders agents run in, made from this machine's interpreters.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use frameos_sandbox::{Language, runtime};

use crate::{failure::Result, local_run::LocalState, output, progress::Progress};

#[derive(Debug, Subcommand)]
pub enum Runtime {
    /// Build or rebuild runtimes from the interpreters on this machine
    Build(Build),
}

#[derive(Debug, Args)]
pub struct Build {
    /// nodejs or python [default: both]
    #[arg(long)]
    language: Option<Language>,
    /// The interpreter to build from [default: the best one found]
    #[arg(long, value_name = "FILE", requires = "language")]
    interpreter: Option<PathBuf>,
    /// The data folder of a server, or of local runs [default: ~/.cache/frameos]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print what was built as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Runtime) -> Result<()> {
    let Runtime::Build(args) = command;
    let runtimes_dir = LocalState::open(args.data_dir.as_deref())?.runtimes_dir();
    let mut built = Vec::new();
    for language in args.language.map_or_else(|| Language::ALL.to_vec(), |language| vec![language]) {
        let mut progress = Progress::start(&format!("building the {language} runtime"));
        built.push(runtime::build(&runtimes_dir, language, args.interpreter.as_deref(), &mut |stage| {
            progress.say(stage);
        })?);
    }
    if args.json {
        return output::json(&built);
    }
    let rows = built.into_iter().map(|runtime| {
        [runtime.language.to_string(), runtime.version, runtime.root.display().to_string(), runtime.digest]
    });
    output::table(["language", "version", "folder", "sha256"], rows)
}
