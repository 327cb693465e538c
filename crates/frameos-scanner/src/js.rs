//! JavaScript and TypeScript: parse, resolve what names mean, report what the program reaches for.
//!
//! The parser crates are pinned and used in this module only. What cannot be resolved at a dangerous place is a finding.

mod builtins;
mod calls;
mod check;
mod definitions;
mod exports;
mod flows;
mod fold;
mod interpret;
mod leaks;
mod link;
mod methods;
mod modules;
mod obfuscation;
mod order;
mod path;
mod pieces;
mod prelude;
mod resolve;
mod sinks;
mod taint;
mod tamper;
mod value;

use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{Semantic, SemanticBuilder};
use oxc_span::SourceType;

pub(crate) use self::link::Links;
use crate::classify::{self, Kind};
use crate::files::{Files, join};
use crate::findings::Findings;
use crate::nesting::{self, Estimate, MAX_DEPTH};
use crate::rules;
use crate::source::Source;

/// The most tokens a file may have; the tree of more would not fit the memory a scan is allowed.
const MAX_TOKENS: u32 = 1_500_000;

/// How much all files of a bundle together may cost: a unit for each token that is parsed and for each step that names are
/// followed, more for each finding. The files beyond are reported, not read.
const MAX_WORK: u64 = 50_000_000;
/// What a finding costs: its place and its words.
const FINDING_WORK: u64 = 10;

/// What the rest of the scan needs to know about a file.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Relative module names the file loads.
    pub(crate) imports: Vec<String>,
}

/// Scans all JavaScript and TypeScript of a bundle, and every other file that a program loads as such.
pub(crate) fn scan_bundle(files: &mut Files<'_>, findings: &mut Findings) {
    let mut links = Links::default();
    for file in files.iter() {
        links.announce(file.path, file.bytes);
    }
    let mut queue = order::by_need(&files.of_kind(Kind::JavaScript), files, &links);
    queue.reverse();
    while let Some(path) = queue.pop() {
        let Some(text) = files.get(path).and_then(|file| file.text()) else { continue };
        let outcome = scan(&Source::new(path, text), &classify::extension(path), &mut links, findings);
        let loaded = outcome.imports.iter().filter_map(|name| join(path, name)).filter(|path| is_odd(path));
        let loaded: Vec<_> = loaded.filter_map(|path| files.load(&path)).collect();
        queue.extend(loaded);
    }
    rescan(files, &mut links, findings);
}

/// Scans those again that load a file which turned out to matter; what was found before is not found twice.
fn rescan(files: &Files<'_>, links: &mut Links, findings: &mut Findings) {
    for _ in 0..files.iter().count().saturating_mul(2) {
        let Some(path) = links.next_stale() else { return };
        if let Some(file) = files.get(&path)
            && let Some(text) = file.text()
        {
            scan(&Source::new(file.path, text), &classify::extension(file.path), links, findings);
        }
    }
}

/// Whether Node reads a file as JavaScript although its name does not say so.
fn is_odd(path: &str) -> bool {
    !matches!(classify::extension(path).as_str(), "json" | "node" | "wasm")
}

/// Scans one file; `extension` is lower-case, and anything unknown is read as JavaScript.
fn scan(source: &Source<'_>, extension: &str, links: &mut Links, findings: &mut Findings) -> Outcome {
    let typed = matches!(extension, "ts" | "mts" | "cts" | "tsx");
    let Some(estimate) = may_parse(source, extension, typed, findings) else { return Outcome::default() };
    if !links.work(u64::from(estimate.tokens)) {
        findings.in_file(
            rules::TOO_COMPLEX,
            source.path,
            "the files before this one are all that is analysed",
        );
        return Outcome::default();
    }
    let mut outcome = Outcome::default();
    let mut parsed = 0;
    let mut first_error = None;
    for kind in source_types(source.path, extension) {
        let allocator = Allocator::default();
        match parse(&allocator, source.text, kind) {
            Ok(semantic) => {
                check::check((&semantic, &allocator), source, links, findings, &mut outcome);
                parsed += 1;
            }
            Err(error) => _ = first_error.get_or_insert(error),
        }
        // `<!--` begins a comment in a script and is an operator in a module: both readings count.
        if parsed > 0 && !estimate.html_comments {
            break;
        }
    }
    if let (0, Some((offset, message))) = (parsed, first_error) {
        let rule = if is_declaration(source.path) { rules::UNPARSABLE_TYPES } else { rules::UNPARSABLE };
        findings.at(rule, source, offset, &format!("this file does not parse ({message})"));
    }
    outcome
}

/// Whether a text is a JavaScript program; prose and data are not.
pub(crate) fn is_program(text: &str) -> bool {
    let estimate = nesting::javascript(text, false);
    let depth = if estimate.certain { estimate.depth } else { nesting::strict(text) };
    if depth > MAX_DEPTH || estimate.tokens > MAX_TOKENS {
        return false;
    }
    [SourceType::cjs(), SourceType::mjs()]
        .into_iter()
        .any(|kind| parse(&Allocator::default(), text, kind).is_ok())
}

/// What is known of a file that is safe to hand to a recursive parser.
fn may_parse(source: &Source<'_>, extension: &str, typed: bool, findings: &mut Findings) -> Option<Estimate> {
    let estimate = nesting::javascript(source.text, typed);
    let has_markup = matches!(extension, "jsx" | "tsx");
    let certain = estimate.certain && !has_markup;
    let depth = if certain { estimate.depth } else { nesting::strict(source.text) };
    // An uncertain bound counts the whole file, so it gets the room that the stack really has.
    let limit = if certain { MAX_DEPTH } else { nesting::MAX_STRICT };
    if depth > limit {
        findings.in_file(rules::TOO_DEEPLY_NESTED, source.path, "this file nests too deeply to be parsed");
        return None;
    }
    if estimate.tokens > MAX_TOKENS {
        findings.in_file(rules::TOO_COMPLEX, source.path, "this file has more than 1.5 million tokens");
        return None;
    }
    if obfuscation::only_symbols(estimate.symbols, estimate.letters) {
        findings.in_file(rules::OBFUSCATED, source.path, "this file is written almost without letters");
    }
    // Text between tags is no string, and may well confuse the lexer.
    let html_comments =
        estimate.html_comments || has_markup && (source.text.contains("<!--") || source.text.contains("-->"));
    Some(Estimate { html_comments, ..estimate })
}

fn is_declaration(path: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"].iter().any(|end| path.ends_with(end))
}

/// How a file with this name may be read, the likelier first.
fn source_types(path: &str, extension: &str) -> Vec<SourceType> {
    let is_declaration = is_declaration(path);
    match extension {
        // What a file of declarations is run as, should somebody load it by its name.
        _ if is_declaration => vec![SourceType::d_ts(), SourceType::ts()],
        "mjs" => vec![SourceType::mjs()],
        "cjs" => vec![SourceType::cjs()],
        "ts" | "mts" | "cts" => vec![SourceType::ts(), SourceType::ts().with_script(true)],
        "tsx" => vec![SourceType::tsx()],
        "jsx" => vec![SourceType::jsx(), SourceType::jsx().with_script(true)],
        _ => vec![SourceType::cjs(), SourceType::mjs()],
    }
}

fn parse<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    kind: SourceType,
) -> Result<Semantic<'a>, (usize, String)> {
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    let parsed = Parser::new(allocator, text, kind).with_options(options).parse();
    if parsed.panicked || parsed.diagnostics.has_errors() {
        let error = parsed.diagnostics.errors().next();
        let offset = error.and_then(|error| error.labels.first().map(|label| label.offset()));
        let message = error.map_or_else(|| "unknown error".to_owned(), |error| error.message.to_string());
        return Err((offset.unwrap_or(0) as usize, message));
    }
    let program = allocator.alloc(parsed.program);
    Ok(SemanticBuilder::new().with_build_nodes(true).build(program).semantic)
}
