//! No input may panic the scanner or overflow its stack: random bytes, random programs, every way to nest.

use frameos_domain::scan::Verdict;
use frameos_scanner::bundle::{Bundle, pack, unpack};
use frameos_scanner::scan;
use proptest::prelude::*;

use crate::support::{rules, scan_files};

const NAMES: [&str; 8] = ["a.js", "a.mjs", "a.cjs", "a.ts", "a.tsx", "a.jsx", "a.py", "manifest.json"];

fn scan_all(bytes: &[u8]) {
    let files = NAMES.iter().map(|name| ((*name).to_owned(), bytes.to_vec()));
    let report = scan(&Bundle::from_files(files).expect("paths are valid"));
    for finding in &report.findings {
        assert!(finding.snippet.chars().count() <= 200 && !finding.message.is_empty());
    }
}

fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "(", ")", "[", "]", "{", "}", "`", "${", "'", "\"", "/", "//", "/*", "*/", "<!--", "\\", "\n", " ",
        ";", ",", ":", "=>", "=", "+", "-", "!", "<", ">", "?", ".", "...", "#", "@", "eval", "require",
        "import", "from", "if", "else", "for", "while", "do", "function", "class", "extends", "async",
        "await", "yield", "new", "typeof", "return", "let", "const", "f", "x", "1", "0x", "def ", "lambda ",
        "with ", "as ", "match ", "case ", "f'", "f\"{", "'''", "    ", "\t", "type ", "é", "\u{2028}",
        "\u{feff}", "\\u0061", "</", "<a", "/>", "del ", "global ",
    ]);
    prop::collection::vec(fragment, 0..200).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_scanned(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        scan_all(&bytes);
    }

    #[test]
    fn any_program_like_text_is_scanned(text in fragments()) {
        scan_all(text.as_bytes());
    }

    #[test]
    fn any_repeated_fragment_is_scanned(text in fragments(), times in 1_usize..1_000) {
        let short: String = text.chars().take(30).collect();
        scan_all(short.repeat(times).as_bytes());
    }

    #[test]
    fn any_bytes_unpack_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(unpack(&bytes).is_err());
    }

    #[test]
    fn a_damaged_bundle_is_refused_or_whole(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let files = [("manifest.json".to_owned(), b"{}".to_vec()), ("a/b.js".to_owned(), vec![b'x'; 3_000])];
        let mut packed = pack(files.clone()).expect("packs");
        let at = at.index(packed.len());
        packed[at] ^= flip;
        if let Ok(bundle) = unpack(&packed) {
            prop_assert_eq!(bundle, Bundle::from_files(files).expect("valid"));
        }
    }
}

/// Every construct that nests without end, far deeper than any stack.
pub(crate) const NESTING: &[(&str, &str, &str)] = &[
    ("a.js", "(", ")"),
    ("a.js", "[", "]"),
    ("a.js", "x={a:", "}"),
    ("a.js", "{", "}"),
    ("a.js", "!", ""),
    ("a.js", "-", ""),
    ("a.js", "typeof ", ""),
    ("a.js", "new ", ""),
    ("a.js", "a=>", "1"),
    ("a.js", "a=", "1"),
    ("a.js", "a?b:", "c"),
    ("a.js", "a?", ":b"),
    ("a.js", "a.b", ""),
    ("a.js", "a+", "1"),
    ("a.js", "a**", "1"),
    ("a.js", "a||", "1"),
    ("a.js", "a,", "1"),
    ("a.js", "if(a)", "b"),
    ("a.js", "if(a)b;else ", "c"),
    ("a.js", "if(a)b,c;else ", "c"),
    ("a.js", "if(a){}else ", "c"),
    ("a.js", "for(;;)", "b"),
    ("a.js", "while(a)", "b"),
    ("a.js", "do ", "while(a)"),
    ("a.js", "l:", "b"),
    ("a.js", "with(a)", "b"),
    ("a.js", "`${", "}`"),
    ("a.js", "f(", ")"),
    ("a.js", "a[", "]"),
    ("a.js", "function f(){", "}"),
    ("a.js", "class A extends ", "B{}"),
    ("a.js", "(class extends ", "{})"),
    ("a.js", "async x=>", "1"),
    ("a.js", "try{", "}catch{}"),
    ("a.js", "switch(a){case 1:", "}"),
    ("a.js", "let{a:", "}=b"),
    ("a.js", "a`x`", ""),
    ("a.js", "a?.b", ""),
    ("a.js", "a()", ""),
    ("a.mjs", "await ", "a"),
    ("a.js", "'a'in ", "b"),
    ("a.ts", "type T=A<", ">"),
    ("a.ts", "let a:A<B,", ">"),
    ("a.ts", "let a:keyof ", "B"),
    ("a.ts", "let a:(", ")"),
    ("a.ts", "let a:A extends B?C:", "D"),
    ("a.ts", "let a:B", "[]"),
    ("a.ts", "a as b ", "as c"),
    ("a.ts", "namespace A{", "}"),
    ("a.ts", "<A>", "b"),
    ("a.ts", "a", "!"),
    ("a.tsx", "<a>", "</a>"),
    ("a.jsx", "<a b={", "}/>"),
    ("a.py", "(", ")"),
    ("a.py", "[", "]"),
    ("a.py", "{1:", "}"),
    ("a.py", "not ", "a"),
    ("a.py", "-", "1"),
    ("a.py", "lambda:", "1"),
    ("a.py", "a if b else ", "c"),
    ("a.py", "a**", "1"),
    ("a.py", "a+", "1"),
    ("a.py", "a.b", ""),
    ("a.py", "a()", ""),
    ("a.py", "f(", ")"),
    ("a.py", "a[", "]"),
    ("a.py", "await ", "a"),
    ("a.py", "f'{", "}'"),
    ("a.py", "*", "a"),
];

#[test]
fn bottomless_nesting_is_a_finding() {
    for (path, open, close) in NESTING {
        for times in [1_000, 4_900, 20_000] {
            let closed = format!("{}{}", open.repeat(times), close.repeat(times));
            for text in [closed, open.repeat(times)] {
                let report = scan_files(&[(path, &text)]);
                let harmless = report.verdict == Verdict::Pass;
                assert!(report.findings.iter().all(|finding| finding.file == *path), "{path} {open} {times}");
                // What is not refused for its depth has been parsed, whole.
                assert!(!harmless || times < 5_000 || is_flat(open), "{path} {open:?} × {times} passes");
            }
        }
    }
}

/// Where the lexer is not certain, whole files are parsed up to a larger bound, which the stack must hold too.
#[test]
fn nesting_in_uncertain_files_is_survived() {
    let cost = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    for (path, open, close) in NESTING.iter().filter(|(path, ..)| !path.ends_with(".py")) {
        for close in [*close, ""] {
            let times = 19_900 / (cost(open) + cost(close));
            rules(
                path,
                &format!("var y = function(){{}} /1;\n{}{}", open.repeat(times), close.repeat(times)),
            );
        }
    }
}

/// Repetitions that are lists in the tree, not levels.
fn is_flat(open: &str) -> bool {
    matches!(open, "a," | "a.b" | "a()" | "a" | "a as b " | "function f(){" | "a`x`")
}

#[test]
fn deep_python_blocks_are_survived() {
    for depth in [90, 3_000] {
        let nested: String = (0..depth).map(|level| format!("{}if x:\n", " ".repeat(level))).collect();
        rules("a.py", &format!("{nested}{}pass\n", " ".repeat(depth)));
    }
}

#[test]
fn folding_and_aliases_cannot_be_made_to_explode() {
    let doubling: String = (1..60).map(|n| format!("const a{n} = a{0} + a{0};\n", n - 1)).collect();
    rules("a.js", &format!("const a0 = '';\n{doubling}require(a59)"));
    let choices: String =
        (1..200).map(|n| format!("var b{n} = b{0} || c{0}, c{n} = c{0} || b{0};\n", n - 1)).collect();
    rules("a.js", &format!("var b0 = x(), c0 = y();\n{choices}b199('x')"));
    let doubling: String = (1..60).map(|n| format!("a{n} = a{0} + a{0}\n", n - 1)).collect();
    rules("a.py", &format!("import importlib\na0 = ''\n{doubling}importlib.import_module(a59)\n"));
    let choices: String =
        (1..200).map(|n| format!("b{n} = b{0} or c{0}\nc{n} = c{0} or b{0}\n", n - 1)).collect();
    rules("a.py", &format!("b0 = x()\nc0 = y()\n{choices}b199('x')\n"));
}
