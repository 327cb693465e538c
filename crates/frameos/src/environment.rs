//! The environment variables the command line itself reads, in one list. The keys of
//! the server's configuration have variables of their own, which its config reads.
//!
//! An empty variable counts as not set.

use std::path::PathBuf;

/// A variable and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    /// Base URL of the server that client commands talk to.
    Server,
    /// Access token to use in place of a saved login.
    Token,
    /// Password for `login` and `register`.
    Password,
    /// Name of the saved login to use.
    Profile,
    /// The server's configuration file, where `--config` is not given.
    ConfigFile,
    /// Where `frameos/credentials.json` lives; `~/.config` when not set.
    ConfigHome,
    /// Where runtimes and scratch space of local runs live; `~/.cache` when not set.
    CacheHome,
    Home,
    /// Keeps colours away when set to anything (no-color.org).
    NoColor,
    /// `dumb` for a terminal without colours.
    Term,
}

impl Variable {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "FRAMEOS_SERVER",
            Self::Token => "FRAMEOS_TOKEN",
            Self::Password => "FRAMEOS_PASSWORD",
            Self::Profile => "FRAMEOS_PROFILE",
            Self::ConfigFile => "FRAMEOS_CONFIG",
            Self::ConfigHome => "XDG_CONFIG_HOME",
            Self::CacheHome => "XDG_CACHE_HOME",
            Self::Home => "HOME",
            Self::NoColor => "NO_COLOR",
            Self::Term => "TERM",
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the client's few variables are read here and nowhere else"
    )]
    pub fn get(self) -> Option<String> {
        std::env::var(self.name()).ok().filter(|value| !value.is_empty())
    }

    /// The value as a folder; relative paths are ignored, as the XDG base directory rules ask.
    fn folder(self) -> Option<PathBuf> {
        self.get().map(PathBuf::from).filter(|path| path.is_absolute())
    }
}

/// The folder of `credentials.json`, if the environment tells where that is.
pub fn config_dir() -> Option<PathBuf> {
    let base = Variable::ConfigHome.folder().or_else(|| Some(Variable::Home.folder()?.join(".config")))?;
    Some(base.join("frameos"))
}

/// The folder of runtimes and scratch space of local runs, if the environment tells where that is.
pub fn cache_dir() -> Option<PathBuf> {
    let base = Variable::CacheHome.folder().or_else(|| Some(Variable::Home.folder()?.join(".cache")))?;
    Some(base.join("frameos"))
}
