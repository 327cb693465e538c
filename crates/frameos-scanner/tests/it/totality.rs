//! No input may panic the scanner or overflow its stack: random bytes, random programs, every way to nest.

use frameos_domain::scan::Verdict;
use frameos_scanner::bundle::{Bundle, pack, unpack};
use frameos_scanner::{MAX_FINDINGS, scan};
use proptest::prelude::*;

use crate::support::{rules, scan_files};

const NAMES: [&str; 8] = ["a.js", "a.mjs", "a.cjs", "a.ts", "a.tsx", "a.jsx", "a.py", "manifest.json"];

fn scan_all(bytes: &[u8]) {
    let files = NAMES.iter().map(|name| ((*name).to_owned(), bytes.to_vec()));
    let bundle = Bundle::from_files(files).expect("paths are valid");
    let report = scan(&bundle);
    assert_eq!(report, scan(&bundle), "another report of the same bundle");
    for finding in &report.findings {
        assert!(finding.snippet.chars().count() <= 200 && !finding.message.is_empty());
    }
}

/// Valid programs to damage, dense with what the analyses follow.
const PROGRAMS: &[&str] = &[
    "const fs = require('f' + 's'); const { exec: run, ...rest } = require('child_process'); run(`ls ${fs.a?.b}`, rest);",
    "export * from './a.js'; import b, { c as d } from 'os'; export default async () => { for await (const e of d) yield_(e) }",
    "const a = ['c', 'b'].reverse().join(''); require(Buffer.from('6673', 'hex').toString()); String.fromCharCode(102, ...a);",
    "l: for (;;) { switch (o['1|0'.split('|')[i++]]) { case '0': continue l; default: break l } } class A extends B { static #c = 1; get [d]() { return super.e } }",
    "function t() { const l = ['a', 'b']; t = function () { return l }; return t() } x[t(0x1)](y[t(0x2)]); z = (![]+[])[+!+[]] + (x == 3 + '_')[0];",
    "(function (p, a, c, k) { return p })('0 1', 62, 2, 'let|x'.split('|')); eval(function (q) { return q }('1')); [1, 2].map(n => String.fromCharCode(n ^ 3));",
    "type A<T> = T extends `a${infer U}` ? [U] : { readonly [K in keyof T]-?: T[K] }; namespace B.C { export const d = <E,>(f: E) => f! as any }",
    "import os as o; exec(__import__('zlib').decompress(b'x')); getattr(__builtins__, 'ev' + 'al')('1')\nmatch a:\n    case {'b': [c, *_]} if (d := e): f'{g!r:>{h}}'\n",
    "async def f(*, a: int = 1, **b):\n    with open(a) as c, d: return [e async for e in (lambda g: ().__class__.__bases__[0])(c) if e]\n",
    "{\"scripts\": {\"postinstall\": \"node x\"}, \"dependencies\": {\"a\": \"git+https://example.org/a\"}, \"runtime\": {\"entrypoint\": \"a.js\"}}",
];

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
    fn any_damaged_program_is_scanned(
        source in prop::sample::select(PROGRAMS),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u8..4), 1..12),
    ) {
        let mut bytes = source.as_bytes().to_vec();
        for (from, to, edit) in edits {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let (low, high) = (from.min(to), from.max(to));
            match edit {
                0 => drop(bytes.drain(low..high.min(low + 8))),
                1 => bytes[low] = source.as_bytes()[high % source.len()],
                2 => bytes.swap(low, high),
                _ => {
                    let piece = bytes[low..high.min(low + 40)].to_vec();
                    bytes.splice(high..high, piece);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        scan_all(&bytes);
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
    let opens = |c: &char| c.is_ascii_punctuation() && !")]};,\"'_$".contains(*c);
    let cost = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 1);
        text.chars().filter(opens).count() + words.count()
    };
    for (path, open, close) in NESTING.iter().filter(|(path, ..)| !path.ends_with(".py")) {
        for close in [*close, ""] {
            let times = 19_900 / (cost(open) + cost(close)).max(1);
            rules(
                path,
                &format!("var y = function(){{}} /1;\n{}{}", open.repeat(times), close.repeat(times)),
            );
        }
    }
}

/// Text between tags is no JavaScript, so all of such a file counts; it must be enough for what people write.
#[test]
fn long_markup_is_no_deep_nesting() {
    let row =
        "      <li className=\"row\" key={item.id} onClick={() => pick(item.id)}>Don't {item.name}</li>\n";
    for path in ["a.jsx", "a.tsx"] {
        let text =
            format!("export const List = ({{ item }}) => (\n    <ul>\n{}    </ul>\n);\n", row.repeat(1_000));
        assert_eq!(text.len() / 1_000, 93);
        assert_eq!(rules(path, &text), Vec::<String>::new(), "{path}");
    }
}

/// Each file alone is small enough, all of them are not.
#[test]
fn more_code_than_a_scan_may_read_is_a_finding() {
    let text = format!("x=[{}]", ",".repeat(1_400_000));
    let files: Vec<_> = (0..37).map(|n| (format!("f{n:02}.js"), text.clone().into_bytes())).collect();
    let report = scan(&Bundle::from_files(files).expect("paths are valid"));
    let unread = report.findings.iter().filter(|finding| finding.rule == "too-complex");
    assert!(unread.clone().all(|finding| finding.file.as_str() > "f10.js"), "the first are read");
    assert!(unread.count() > 0);
    assert_eq!(report.verdict, Verdict::Reject);
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
    let lists: String = (1..6).map(|n| format!("a{n} = [a{0}] * 20000\n", n - 1)).collect();
    rules(
        "a.py",
        &format!("import logging.config\na0 = ['ext://os.system']\n{lists}logging.config.dictConfig(a5)\n"),
    );
    let loads = "__import__(a)\nwhile 1:\n    dup2(a.fileno())\n".repeat(20_000);
    let found = rules("a.py", &format!("import hashlib, socket\n{loads}"));
    assert!(found.contains(&"computed-module".to_owned()));
}

#[test]
fn a_line_of_nothing_but_findings_is_scanned_in_time() {
    for (path, text) in [("a.js", "eval(a);".repeat(30_000)), ("a.py", "eval(a);".repeat(30_000))] {
        let report = scan_files(&[(path, &text)]);
        assert_eq!(report.verdict, Verdict::Reject);
        assert!(report.findings.len() <= MAX_FINDINGS, "{}", report.findings.len());
        assert!(report.findings.iter().any(|finding| finding.rule == "findings-truncated"), "{path}");
    }
}

/// A flood of one rule must not hide another one.
#[test]
fn a_flood_of_findings_does_not_change_the_verdict() {
    let flood = "const h = require('crypto').createHash;\n".to_owned()
        + &"require('crypto').createHash(x);\n".repeat(7_000);
    let report = scan_files(&[("a.js", &flood), ("b.js", "eval(x)")]);
    assert_eq!(report.verdict, Verdict::Reject);
    assert!(report.findings.iter().any(|finding| finding.rule == "dynamic-code" && finding.file == "b.js"));
}

#[test]
fn as_many_files_as_a_bundle_holds_are_scanned() {
    let count = 1_990;
    let files = (0..count).map(|n| {
        let text = format!(
            "const a = require('./f{}.js'); export_ = a.b{n}; require('./f{}.js')",
            (n + 1) % count,
            n * 7 % count
        );
        (format!("f{n}.js"), text.into_bytes())
    });
    let report = scan(&Bundle::from_files(files).expect("paths are valid"));
    assert_eq!(report.files_scanned, 1_990);
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.findings.first());
}

#[test]
fn more_tokens_or_comments_than_memory_allows_are_a_finding() {
    for text in ["a,".repeat(1_300_000), "/**/".repeat(2_600_000)] {
        assert!(rules("a.js", &text).iter().any(|rule| rule == "too-complex"), "{}", &text[..8]);
    }
}

#[test]
fn descriptions_nested_without_end_are_survived() {
    let deep = "[".repeat(200_000);
    scan_files(&[
        ("manifest.json", &deep),
        ("package.json", &format!("{{\"dependencies\":{deep}")),
        ("a.json", &deep),
    ]);
}

#[test]
fn more_python_than_is_analysed_is_a_finding() {
    let comments = "# words that cost next to nothing\n".repeat(34_000);
    let files = |count: usize| {
        let named = (0..count).map(|number| (format!("m{number:02}.py"), comments.clone().into_bytes()));
        let manifest = ("manifest.json".to_owned(), b"{}".to_vec());
        scan(&Bundle::from_files(named.chain([manifest])).expect("paths are valid"))
    };
    let too_complex =
        |count: usize| files(count).findings.iter().filter(|finding| finding.rule == "too-complex").count();
    assert_eq!((too_complex(29), too_complex(31)), (0, 2), "of {} bytes each", comments.len());
}
