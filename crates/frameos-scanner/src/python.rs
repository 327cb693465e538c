//! Python: parse, resolve what names mean across the bundle's files, report what the program reaches for.
//!
//! The parser crates are pinned and used in this module and in `nesting/python.rs` only. Invariant: only one file's
//! tree is in memory at a time; files know of each other by what [`modules::Exports`] holds of them.

mod check;
mod encoding;
mod eval;
mod modules;
mod names;
mod scope;
mod taint;
mod value;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use ruff_python_ast::PySourceType;
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::Ranged;

use crate::classify::Kind;
use crate::files::{Files, join};
use crate::findings::Findings;
use crate::nesting::{self, MAX_DEPTH};
use crate::rules;
use crate::source::Source;
pub(crate) use encoding::decode;
use encoding::{Declared, declared};
use eval::{Budget, Evaluator};
use modules::Exports;

/// The most tokens a file may have; the tree of more would not fit the memory a scan is allowed.
const MAX_TOKENS: u32 = 1_500_000;
/// The most Python of one bundle that is analysed. The largest of the well-known pure packages has 26 MB.
const MAX_BYTES: usize = 32 << 20;

/// Scans all Python of a bundle.
pub(crate) fn scan_bundle(files: &Files<'_>, findings: &mut Findings) {
    let mut program = Program::default();
    let mut bytes = 0;
    for file in files.iter().filter(|file| file.kind == Kind::Python) {
        bytes += file.bytes.len();
        if bytes > MAX_BYTES {
            let what = "with this file the bundle has more than 32 MiB of Python, which is not analysed";
            findings.in_file(rules::TOO_COMPLEX, file.path, what);
        } else if let Some(text) = file.text().map(Cow::Borrowed).or_else(|| decode(file.bytes)) {
            program.add(file.path, text);
        } else {
            let valid = std::str::from_utf8(file.bytes).map_or_else(|error| error.valid_up_to(), str::len);
            let what = format!("this file is not UTF-8 from byte {valid} on");
            findings.in_file(rules::UNPARSABLE, file.path, &what);
        }
    }
    program.scan(files, findings);
}

/// Whether a text is a Python program; prose and data are not.
pub(crate) fn is_program(text: &str) -> bool {
    let (depth, tokens) = nesting::python(text);
    depth <= MAX_DEPTH
        && tokens <= MAX_TOKENS
        && parse_unchecked_source(text, PySourceType::Python).errors().is_empty()
}

/// What the files of a scan have in common.
struct Shared<'s> {
    exports: Exports,
    budget: Budget,
    /// Top-level names of the bundle's own modules.
    own: &'s HashSet<&'s str>,
    /// Members that only path objects have, where any are made.
    file_members: Vec<&'static str>,
    may_reach_network: bool,
    /// Files that are run as code, whatever their names say.
    run: BTreeSet<String>,
    /// Which files are within the limits of the parser.
    readable: BTreeMap<String, bool>,
}

/// All Python files of a bundle.
#[derive(Default)]
struct Program<'b> {
    files: BTreeMap<&'b str, Cow<'b, str>>,
}

impl<'b> Program<'b> {
    fn add(&mut self, path: &'b str, text: Cow<'b, str>) {
        self.files.insert(path, text);
    }

    /// Scans all files, those that others import first.
    fn scan(&self, bundle: &Files<'b>, findings: &mut Findings) {
        let mut paths = BTreeMap::new();
        for path in self.files.keys() {
            // Of two files for one module, such as `a.py` and `a.pyi`, each is scanned; the first gives its names.
            paths.entry(modules::name_of(path).0).or_insert_with(Vec::new).push(*path);
        }
        let own: HashSet<&str> = paths.keys().map(|name| name.split('.').next().unwrap_or(name)).collect();
        let imports: BTreeMap<&str, Vec<String>> =
            paths.iter().map(|(name, files)| (name.as_str(), self.imports(files, &own))).collect();
        let (order, circles) = modules::order(&imports);
        let mut shared = Shared {
            exports: Exports::default(),
            budget: Budget::new(),
            own: &own,
            file_members: self.file_members(),
            may_reach_network: self.files.values().any(|text| taint::may_reach_network(text)),
            run: BTreeSet::new(),
            readable: BTreeMap::new(),
        };
        for name in &order {
            for path in paths.get(name).into_iter().flatten() {
                self.file(path, &mut shared, findings);
            }
        }
        // Modules that import each other in a circle are read again, now that all are known.
        for name in &circles {
            for path in paths.get(name).into_iter().flatten() {
                self.file(path, &mut shared, findings);
            }
        }
        self.run_as_code(bundle, shared, findings);
    }

    /// Members by which a path is known although the object is not; none where no path is made.
    fn file_members(&self) -> Vec<&'static str> {
        if !self.files.values().any(|text| text.contains("pathlib")) {
            return Vec::new();
        }
        let is_own = |name: &str| {
            let definition = format!("def {name}(");
            self.files.values().any(|text| text.contains(&definition))
        };
        names::ONLY_OF_FILES.into_iter().filter(|name| !is_own(name)).collect()
    }

    /// Scans files that the program runs as code although their names do not say so, and those that these run.
    fn run_as_code(&self, bundle: &Files<'b>, mut shared: Shared<'_>, findings: &mut Findings) {
        let mut done = BTreeSet::new();
        while let Some(path) = shared.run.pop_first() {
            let Some(file) = bundle.get(&path).filter(|file| file.kind == Kind::Other) else { continue };
            let Some(text) = file.text().filter(|text| done.insert(path) && is_program(text)) else {
                continue;
            };
            let mut program = Program::default();
            program.add(file.path, Cow::Borrowed(text));
            program.file(file.path, &mut shared, findings);
        }
    }

    /// What files import of the bundle, told from their lines: only the order of the scan depends on it.
    fn imports(&self, paths: &[&str], own: &HashSet<&str>) -> Vec<String> {
        let mut imports = BTreeSet::new();
        for path in paths {
            let (_, package) = modules::name_of(path);
            let Some(text) = self.files.get(path) else { continue };
            for line in text.lines().map(str::trim_start) {
                imported(line, &package, own, &mut imports);
            }
        }
        imports.into_iter().collect()
    }

    fn file(&self, path: &str, shared: &mut Shared<'_>, findings: &mut Findings) {
        let Some(text) = self.files.get(path) else { return };
        let source = Source::new(path, text);
        // A file is read again where modules import each other; whether it can be read is known by then.
        let is_fine =
            *shared.readable.entry(path.to_owned()).or_insert_with(|| is_readable(&source, findings));
        if !is_fine {
            return;
        }
        let parsed = parse_unchecked_source(text, PySourceType::Python);
        if let Some(error) = parsed.errors().first() {
            let hint =
                if is_python_2(text) { "; it looks like Python 2, which does not run here" } else { "" };
            let what = format!("this file does not parse ({}{hint})", error.error);
            findings.at(rules::UNPARSABLE, &source, error.range().start().to_usize(), &what);
            return;
        }
        let (module, package) = modules::name_of(path);
        let file = scope::build(parsed.suite(), &package);
        let evaluator = Evaluator::new(
            &file,
            &shared.exports,
            &shared.budget,
            shared.may_reach_network && taint::may_flow(text),
        );
        let context = check::Context {
            evaluator: &evaluator,
            source: &source,
            package: &package,
            own: shared.own,
            words: check::Words::of(text),
            file_members: &shared.file_members,
            may_reach_environment: ["environ", "getattr", "__dict__"].iter().any(|word| text.contains(word)),
        };
        let learnt = check::check(parsed.suite(), context, findings);
        // With nobody to import it, nothing needs to be known of a module.
        let found =
            (self.files.len() > 1).then(|| shared.exports.found(&module, &evaluator, &learnt.sinks, &source));
        drop(evaluator);
        let named = learnt.run.iter().flat_map(|name| [join(path, name), join("", name)]);
        shared.run.extend(named.flatten());
        found.into_iter().for_each(|found| shared.exports.add(found));
    }
}

/// Whether a file can be parsed within the limits; why not is reported.
fn is_readable(source: &Source<'_>, findings: &mut Findings) -> bool {
    match declared(source.text) {
        Declared::Same => {}
        Declared::Hidden(name) => {
            let what = format!(
                "this file declares the encoding {name:?}, by which Python reads other code than it shows"
            );
            findings.at(rules::OBFUSCATED, source, 0, &what);
            return false;
        }
        Declared::Other(name) => {
            let what = format!("this file declares the encoding {name:?} instead of UTF-8");
            findings.at(rules::UNPARSABLE, source, 0, &what);
            return false;
        }
    }
    if let Some(at) = source.text.find('\0') {
        findings.at(
            rules::UNPARSABLE,
            source,
            at,
            "this file holds a null byte, at which some tools stop reading",
        );
        return false;
    }
    let (depth, tokens) = nesting::python(source.text);
    if depth > MAX_DEPTH {
        findings.in_file(rules::TOO_DEEPLY_NESTED, source.path, "this file nests too deeply to be parsed");
        return false;
    }
    if tokens > MAX_TOKENS {
        findings.in_file(rules::TOO_COMPLEX, source.path, "this file has more than 1.5 million tokens");
        return false;
    }
    true
}

/// Whether a text that does not parse has statements of Python 2.
fn is_python_2(text: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        let is_print = line
            .strip_prefix("print ")
            .is_some_and(|rest| !rest.trim_start().starts_with(['(', '=', '.', ',']))
            || line == "print";
        let is_except =
            line.strip_prefix("except ").is_some_and(|rest| rest.contains(", ") && !rest.contains('('));
        is_print || is_except || line.starts_with("exec \"") || line.starts_with("exec '")
    })
}

/// Adds what a line imports, if it is an import statement.
fn imported(line: &str, package: &str, own: &HashSet<&str>, imports: &mut BTreeSet<String>) {
    let is_own = |path: &str| own.contains(path.split('.').next().unwrap_or(path));
    if let Some(rest) = line.strip_prefix("import ") {
        let names = rest.split(',').filter_map(|name| name.split_whitespace().next());
        imports.extend(names.filter(|name| is_own(name)).map(str::to_owned));
    } else if let Some(rest) = line.strip_prefix("from ") {
        let Some((module, names)) = rest.split_once(" import ") else { return };
        let module = module.trim();
        let level = module.bytes().take_while(|&byte| byte == b'.').count();
        let name = Some(&module[level..]).filter(|name| !name.is_empty());
        let base = scope::absolute(package, u32::try_from(level).unwrap_or(u32::MAX), name);
        if !is_own(&base) {
            return;
        }
        let names = names.split([',', '(', ')']).filter_map(|name| name.split_whitespace().next());
        imports.extend(names.map(|name| format!("{base}.{name}")));
        imports.insert(base);
    }
}
