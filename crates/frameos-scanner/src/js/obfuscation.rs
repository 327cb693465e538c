//! Signs that code was made unreadable on purpose, as opposed to merely minified.
//!
//! A sign is a shape that no honest tool leaves, whatever the names are: a function that replaces itself by its table of strings, a
//! statement list in a numbered order, letters made of empty arrays. Minified code is flagged elsewhere and never rejected here.

mod alphabet;
mod shapes;
mod style;
mod words;

use oxc_ast::AstKind;
use oxc_semantic::Semantic;
use oxc_span::{GetSpan, Span};

use crate::findings::Findings;
use crate::rules;
use crate::source::Source;
use crate::text;

/// How many names of an obfuscator's kind make a file obfuscated.
const MIN_NAMES: usize = 4;
/// A file this long without letters is an encoding, not a program.
const MIN_SYMBOLS: u32 = 400;
const SYMBOLS_PER_LETTER: u32 = 12;

pub(super) fn only_symbols(symbols: u32, letters: u32) -> bool {
    symbols >= MIN_SYMBOLS && symbols / SYMBOLS_PER_LETTER > letters
}

pub(super) fn check(semantic: &Semantic<'_>, source: &Source<'_>, findings: &mut Findings) {
    check_names(semantic, source, findings);
    if let Some(offset) = text::unseen_run(source.text) {
        let what =
            "a long row of characters that nobody sees is here, as encoders of hidden programs write them";
        findings.at(rules::OBFUSCATED, source, offset, what);
    }
    let mut signs = Signs::new(semantic);
    for node in semantic.nodes().iter() {
        signs.node(node.kind());
    }
    for sign in signs.counts.iter().filter(|sign| sign.seen >= sign.enough) {
        findings.at(rules::OBFUSCATED, source, sign.first as usize, &sign.words());
    }
}

fn check_names(semantic: &Semantic<'_>, source: &Source<'_>, findings: &mut Findings) {
    let scoping = semantic.scoping();
    let mut suspicious = scoping.symbol_ids().filter(|&id| text::is_machine_name(scoping.symbol_name(id)));
    let first = suspicious.next();
    if let Some(first) = first
        && suspicious.count() + 1 >= MIN_NAMES
    {
        let what = format!("names like {:?} come from an obfuscator", scoping.symbol_name(first));
        findings.at(rules::OBFUSCATED, source, scoping.symbol_span(first).start as usize, &what);
    }
}

/// One sign: how often it was seen, and how often is certain.
struct Count {
    enough: usize,
    /// What was seen; `#` stands for how often.
    text: &'static str,
    seen: usize,
    first: u32,
}

impl Count {
    fn words(&self) -> String {
        self.text.replacen('#', &self.seen.to_string(), 1)
    }
}

macro_rules! signs {
    ($($name:ident = $enough:literal, $text:literal;)*) => {
        #[derive(Clone, Copy)]
        enum Sign { $($name),* }

        const COUNTS: &[(usize, &str)] = &[$(($enough, $text)),*];
    };
}

// Each row is a sign, how often it must be seen, and what the author reads.
signs! {
    Escapes = 16, "# plain letters are written as escapes, which exist for what cannot be typed";
    SelfTable = 1, "a function here replaces itself by one that returns its table of strings";
    Rotation = 1, "a table of strings is shuffled here until the numbers in it add up";
    TableRotation = 1, "a table of strings is handed over here to be shuffled before use";
    Order = 1, "the statements here run in an order that a text of numbers gives";
    Dispatcher = 3, "# operators are hidden in functions with names of five random letters";
    Packer = 1, "a program is packed here as a template and its words, to be put together when it runs";
    SelfDefence = 1, "the code here tests whether it was made readable, and then hangs";
    Decoder = 5, "# methods are called by names that a decoder makes of numbers";
    Split = 3, "# names of members are put together of split strings, where one string would do";
    Sums = 5, "# numbers are written as sums and products of hexadecimal numbers";
    Table = 10, "# members are named by places in a table of constants";
    Alphabet = 2, "# shuffled alphabets for decoding are in this file";
    Coercion = 6, "# characters are cut out of what empty arrays and objects turn into as text";
    Codes = 1, "a text is written as the numbers of its characters";
    Unseen = 1, "a string here is a long row of characters that nobody sees";
    Blank = 1, "a program is hidden in a string of blanks and tabs";
    Program = 1, "a whole program is given to a maker of functions as a string";
    Style = 1, "every member is named by a string, and numbers and truth values are disguised, as an obfuscator writes them";
}

struct Signs<'s, 'a> {
    semantic: &'s Semantic<'a>,
    counts: Vec<Count>,
    style: style::Run,
}

impl<'s, 'a> Signs<'s, 'a> {
    fn new(semantic: &'s Semantic<'a>) -> Self {
        let counts = COUNTS.iter().map(|&(enough, text)| Count { enough, text, seen: 0, first: 0 }).collect();
        Self { semantic, counts, style: style::Run::default() }
    }

    fn add(&mut self, sign: Sign, count: usize, span: Span) {
        if count > 0 {
            let entry = &mut self.counts[sign as usize];
            if entry.seen == 0 {
                entry.first = span.start;
            }
            entry.seen = entry.seen.saturating_add(count);
        }
    }

    fn add_if(&mut self, sign: Sign, seen: bool, span: Span) {
        self.add(sign, usize::from(seen), span);
    }

    fn node(&mut self, kind: AstKind<'a>) {
        if let Some(at) = self.style.node(kind) {
            self.add(Sign::Style, 1, Span::empty(at));
        }
        match kind {
            AstKind::StringLiteral(string) => {
                let raw = string.raw.as_ref().map_or("", |raw| raw.as_str());
                self.text(raw, string.value.as_str(), string.span);
            }
            AstKind::TemplateElement(element) => {
                let cooked = element.value.cooked.as_ref().map_or("", |cooked| cooked.as_str());
                self.text(element.value.raw.as_str(), cooked, element.span);
            }
            AstKind::IdentifierReference(identifier)
                if identifier.name.len() as u32 != identifier.span.size() =>
            {
                // An identifier is longer in the source than it is: it holds escapes.
                self.add(Sign::Escapes, identifier.name.len(), identifier.span);
            }
            AstKind::Function(function) => {
                self.add_if(Sign::SelfTable, shapes::is_self_table(function), function.span);
            }
            AstKind::CallExpression(call) => self.call(call),
            AstKind::NewExpression(new) => {
                let seen = words::is_program(&new.callee, &new.arguments);
                self.add_if(Sign::Program, seen, new.span);
            }
            AstKind::SwitchStatement(switch) => {
                self.add_if(Sign::Order, shapes::is_numbered_order(switch), switch.span);
            }
            AstKind::ObjectProperty(property) => {
                self.add_if(Sign::Dispatcher, shapes::is_dispatcher(property), property.span);
            }
            AstKind::AssignmentExpression(assignment) => {
                self.add_if(Sign::Dispatcher, shapes::is_dispatching(assignment), assignment.span);
            }
            AstKind::ComputedMemberExpression(member) => {
                self.add_if(Sign::Split, words::is_split(&member.expression), member.span);
                self.add_if(
                    Sign::Table,
                    shapes::is_table_place(&member.expression, self.semantic),
                    member.span,
                );
                self.add_if(Sign::Coercion, words::is_cut_out(&member.object), member.span);
            }
            AstKind::BinaryExpression(binary) => {
                self.add_if(Sign::Sums, words::is_disguised_number(binary), binary.span);
            }
            _ => {}
        }
    }

    fn text(&mut self, raw: &str, value: &str, span: Span) {
        if raw.len() > value.len() + 2 {
            self.add(Sign::Escapes, text::escaped_letters(raw), span);
            self.add_if(Sign::Unseen, text::unseen_run(value).is_some(), span);
        }
        self.add_if(Sign::Alphabet, alphabet::is_shuffled(value), span);
        self.add_if(Sign::Blank, words::is_blank_code(value), span);
        self.add_if(Sign::SelfDefence, value == "(((.+)+)+)+$", span);
    }

    fn call(&mut self, call: &'a oxc_ast::ast::CallExpression<'a>) {
        let packed = shapes::is_packed(call) || words::is_unpacked(&call.callee, &call.arguments);
        self.add_if(Sign::Packer, packed, call.span);
        self.add_if(Sign::Decoder, shapes::is_decoded_method(&call.callee), call.callee.span());
        self.add_if(Sign::Codes, words::is_character_codes(call), call.span);
        self.add_if(Sign::Program, words::is_program(&call.callee, &call.arguments), call.span);
        if shapes::is_rotation(call) {
            let (sums, table) = shapes::rotation_of(call, self.semantic);
            self.add_if(Sign::Rotation, sums, call.span);
            self.add_if(Sign::TableRotation, table, call.span);
        }
    }
}
