//! What the files of a bundle give to each other: which exported names stand for something of interest.
//!
//! Filled file by file; a file that was scanned before a file it loads is scanned again when that turns out to matter.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::path::{Path, Root};
use super::taint::Flow;

/// How many files a name is followed through.
const MAX_FILES: usize = 8;
/// What a step from file to file costs.
const LINK_WORK: u64 = 10;
/// How many names of one file are kept.
const MAX_NAMES: usize = 200;

/// Something of interest that a file exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Export {
    GlobalObject,
    /// A global and members of it.
    Global(Vec<String>),
    /// A module, as named in the exporting file, and members of it.
    Module(Vec<String>),
    Text(String),
}

/// The name a whole module is exported under.
pub(super) const WHOLE: &str = "";

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Exports {
    pub(super) names: BTreeMap<String, Export>,
    /// Modules whose names are all handed on.
    pub(super) stars: Vec<String>,
    /// Names whose value, or what they return, comes from outside the program.
    pub(super) sources: BTreeMap<String, Flow>,
    /// Functions that send parameters over the network, with the places of these.
    pub(super) leaks: BTreeMap<String, Vec<usize>>,
}

impl Exports {
    pub(super) fn add(&mut self, name: &str, export: Export) {
        if self.names.len() < MAX_NAMES {
            self.names.entry(name.to_owned()).or_insert(export);
        }
    }

    fn is_of_interest(&self) -> bool {
        !self.stars.is_empty()
            || !self.sources.is_empty()
            || !self.leaks.is_empty()
            || self.names.values().any(|export| !matches!(export, Export::Text(_)))
    }
}

/// What names lead to.
type Targets = HashMap<String, Option<Rc<str>>>;

#[derive(Default)]
pub(crate) struct Links {
    files: BTreeMap<String, Exports>,
    /// Every path of the bundle.
    known: BTreeSet<String>,
    /// Whether there are installed packages among them.
    has_packages: bool,
    /// What names lead to, by the folder they are seen from: the same are asked for again and again.
    targets: RefCell<HashMap<String, Targets>>,
    /// The main file of each package in `node_modules`, by folder.
    mains: BTreeMap<String, String>,
    /// Which files each file loads.
    loads: BTreeMap<String, BTreeSet<Rc<str>>>,
    /// How many of them export something of interest.
    interesting: usize,
    /// Files to be scanned again.
    stale: BTreeSet<String>,
    /// What all files have cost so far.
    spent: Cell<u64>,
}

impl Links {
    /// Tells about a file before any is scanned; `package.json` says where packages begin.
    pub(crate) fn announce(&mut self, path: &str, bytes: &[u8]) {
        self.known.insert(path.to_owned());
        self.has_packages |= path.contains("node_modules/");
        let Some(folder) =
            path.strip_suffix("/package.json").filter(|folder| folder.contains("node_modules/"))
        else {
            return;
        };
        if bytes.len() < 64 * 1024
            && let Ok(package) = serde_json::from_slice::<serde_json::Value>(bytes)
            && let Some(main) = main_of(&package)
        {
            self.mains.insert(folder.to_owned(), main);
        }
    }

    /// Adds to what the files have cost; false when that is more than a bundle may.
    pub(super) fn work(&self, cost: u64) -> bool {
        self.spent.set(self.spent.get().saturating_add(cost));
        self.spent.get() <= super::MAX_WORK
    }

    /// The next file that has to be scanned again, if any.
    pub(crate) fn next_stale(&mut self) -> Option<String> {
        self.stale.pop_first()
    }

    pub(super) fn record(&mut self, file: &str, exports: Exports, loads: &[String]) {
        let targets: BTreeSet<Rc<str>> = loads.iter().filter_map(|name| self.target(file, name)).collect();
        let has_changed = exports.is_of_interest() && self.files.get(file) != Some(&exports);
        if has_changed {
            self.interesting += 1;
            self.make_stale(file);
        }
        self.files.insert(file.to_owned(), exports);
        self.loads.insert(file.to_owned(), targets);
    }

    /// Marks the files that load `file`, also through files that hand everything on.
    fn make_stale(&mut self, file: &str) {
        let mut open = vec![file.to_owned()];
        for _ in 0..MAX_FILES {
            let loading: Vec<String> = self
                .loads
                .iter()
                .filter(|(from, targets)| {
                    !self.stale.contains(*from) && open.iter().any(|file| targets.contains(file.as_str()))
                })
                .map(|(from, _)| from.clone())
                .collect();
            self.stale.extend(loading.iter().cloned());
            let is_relay = |file: &String| self.files.get(file).is_some_and(Exports::is_of_interest);
            open = loading.into_iter().filter(is_relay).collect();
            if open.is_empty() {
                break;
            }
        }
    }

    /// What `name`, loaded by `file`, and `members` of it stand for.
    pub(super) fn follow<'a>(
        &self,
        file: &str,
        name: &str,
        members: &[&str],
        keep: impl Fn(&str) -> &'a str,
    ) -> Option<Path<'a>> {
        if self.interesting == 0 {
            return None;
        }
        match self.find(file, name, members, MAX_FILES)? {
            (Export::GlobalObject, rest) => Some(extended(Path::global("globalThis"), &rest, &keep)),
            (Export::Global(names), rest) => {
                let (root, more) = names.split_first()?;
                let path = extended(Path::global(keep(root)), more, &keep);
                Some(extended(path, &rest, &keep))
            }
            (Export::Module(names), rest) => {
                let (root, more) = names.split_first()?;
                let path = extended(Path::module(keep(root)), more, &keep);
                Some(extended(path, &rest, &keep))
            }
            (Export::Text(_), _) => None,
        }
    }

    /// Whether `name`, loaded by `file`, is a file of the bundle that exports something of interest.
    pub(super) fn matters(&self, file: &str, name: &str) -> bool {
        self.exports_of(file, name).is_some_and(Exports::is_of_interest)
    }

    /// Where the data comes from that a name of another file holds or returns.
    pub(super) fn source(&self, file: &str, name: &str, members: &[&str]) -> Option<&Flow> {
        self.exports_of(file, name)?.sources.get(members.first().copied().unwrap_or(WHOLE))
    }

    /// Which arguments a function of another file sends over the network.
    pub(super) fn leaks(&self, file: &str, name: &str, members: &[&str]) -> &[usize] {
        let exports = self.exports_of(file, name);
        let leaks = exports.and_then(|exports| exports.leaks.get(members.first().copied().unwrap_or(WHOLE)));
        leaks.map(Vec::as_slice).unwrap_or_default()
    }

    fn exports_of(&self, file: &str, name: &str) -> Option<&Exports> {
        if self.interesting == 0 {
            return None;
        }
        self.files.get(&*self.target(file, name)?)
    }

    /// The text that `name`, loaded by `file`, and `members` of it are.
    pub(super) fn text(&self, file: &str, name: &str, members: &[&str]) -> Option<String> {
        match self.find(file, name, members, MAX_FILES)? {
            (Export::Text(text), rest) if rest.is_empty() => Some(text),
            _ => None,
        }
    }

    fn find(&self, file: &str, name: &str, members: &[&str], files: usize) -> Option<(Export, Vec<String>)> {
        self.work(LINK_WORK);
        let target = self.target(file, name)?;
        let exports = self.files.get(&*target)?;
        let owned = |members: &[&str]| members.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let by_name =
            members.split_first().and_then(|(first, rest)| Some((exports.names.get(*first)?, rest)));
        let whole = || {
            exports.names.get(WHOLE).or_else(|| exports.names.get("default")).map(|whole| (whole, members))
        };
        let Some((export, rest)) = by_name.or_else(whole) else {
            let files = files.checked_sub(1)?;
            return exports.stars.iter().find_map(|star| self.find(&target, star, members, files));
        };
        let Export::Module(names) = export else { return Some((export.clone(), owned(rest))) };
        let (module, more) = names.split_first()?;
        let onward: Vec<&str> = more.iter().map(String::as_str).chain(rest.iter().copied()).collect();
        match files.checked_sub(1).and_then(|files| self.find(&target, module, &onward, files)) {
            Some(found) => Some(found),
            None if self.target(&target, module).is_some() => None,
            None => Some((export.clone(), owned(rest))),
        }
    }

    /// The file that `name` loads, seen from `file`.
    pub(super) fn target(&self, file: &str, name: &str) -> Option<Rc<str>> {
        let is_package = !name.starts_with('.');
        if is_package
            && (!self.has_packages || name.is_empty() || name.starts_with(['/', '#']) || name.contains(':'))
        {
            return None;
        }
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        if let Some(known) = self.targets.borrow().get(folder).and_then(|names| names.get(name)) {
            return known.clone();
        }
        let found = if is_package { self.package_at(folder, name) } else { self.file_at(&join(file, name)?) };
        let found = found.map(Rc::from);
        let mut targets = self.targets.borrow_mut();
        targets.entry(folder.to_owned()).or_default().insert(name.to_owned(), found.clone());
        found
    }

    /// The file of an installed package, looked for from `folder` upwards.
    fn package_at(&self, mut folder: &str, name: &str) -> Option<String> {
        loop {
            let base = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            if let Some(found) = self.file_at(&format!("{base}node_modules/{name}")) {
                return Some(found);
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
    }

    fn file_at(&self, path: &str) -> Option<String> {
        // TypeScript names its files by what they become.
        let source = || path.strip_suffix(".js").filter(|path| !path.is_empty());
        let main = || {
            let main = self.mains.get(path)?;
            let main = join(&format!("{path}/package.json"), main)?;
            self.with_ending(&main).or_else(|| self.with_ending(&format!("{main}/index")))
        };
        self.with_ending(path)
            .or_else(|| self.with_ending(source()?))
            .or_else(main)
            .or_else(|| self.with_ending(&format!("{path}/index")))
    }

    fn with_ending(&self, path: &str) -> Option<String> {
        const ENDINGS: &[&str] = &["", ".js", ".cjs", ".mjs", ".ts", ".tsx", ".jsx", ".mts", ".cts", ".json"];
        let mut whole = String::with_capacity(path.len() + 5);
        whole.push_str(path);
        for ending in ENDINGS {
            whole.truncate(path.len());
            whole.push_str(ending);
            if self.known.contains(&whole) {
                return Some(whole);
            }
        }
        None
    }
}

fn extended<'a, S: AsRef<str>>(path: Path<'a>, members: &[S], keep: &impl Fn(&str) -> &'a str) -> Path<'a> {
    members.iter().fold(path, |path, name| path.member(keep(name.as_ref())))
}

fn main_of(package: &serde_json::Value) -> Option<String> {
    let exports = &package["exports"];
    let entry = if exports["."].is_null() { exports } else { &exports["."] };
    let mut entry = entry;
    for _ in 0..4 {
        if entry.is_string() {
            break;
        }
        let conditions = ["node", "require", "default", "import"];
        match conditions.iter().map(|key| &entry[*key]).find(|entry| !entry.is_null()) {
            Some(inner) => entry = inner,
            None => break,
        }
    }
    let main = entry.as_str().or_else(|| package["main"].as_str())?;
    Some(if main.starts_with('.') { main.to_owned() } else { format!("./{main}") })
}

/// The path of a relative module name, seen from the file at `from`.
pub(crate) fn join(from: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for component in name.split('/') {
        match component {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            component => parts.push(component),
        }
    }
    Some(parts.join("/"))
}

/// The export a path makes, if anybody could be interested.
pub(super) fn export_of(path: &Path<'_>) -> Option<Export> {
    let names = |first: &str| {
        std::iter::once(first).chain(path.members().iter().copied()).map(str::to_owned).collect::<Vec<_>>()
    };
    match path.root {
        Root::GlobalObject => Some(Export::GlobalObject),
        Root::Global(name) if path.is_of_interest() => Some(Export::Global(names(name))),
        Root::Module(name) => Some(Export::Module(names(name))),
        _ => None,
    }
}
