//! Bundles made to cost: each as large as a bundle may be, or as large as its trick needs, scanned for its time and its peak of memory.

use std::fs;
use std::time::Instant;

use frameos_scanner::bundle::{Bundle, MAX_UNPACKED};
use frameos_scanner::scan;
use serde_json::{Value, json};

const MEGABYTE: usize = 1 << 20;
const WHOLE: usize = MAX_UNPACKED as usize;

type Files = Vec<(String, Vec<u8>)>;
/// A name, and what makes the bundle.
type Case = (&'static str, fn() -> Files);

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    cases().into_iter().map(|(name, _)| name)
}

pub(crate) fn run(name: &str) -> Value {
    let case = cases().into_iter().find(|(known, _)| *known == name);
    let (name, make) = case.unwrap_or_else(|| panic!("there is no case {name:?}"));
    measure(name, make())
}

fn measure(name: &str, files: Files) -> Value {
    let bundle = Bundle::from_files(files).unwrap();
    // Forgets the peak so far: see proc(5) on clear_refs.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, cpu, start) = (status("VmRSS:"), super::cpu_seconds(), Instant::now());
    let report = scan(&bundle);
    let (clock, cpu) = (start.elapsed().as_secs_f64(), super::cpu_seconds() - cpu);
    let peak = status("VmHWM:").saturating_sub(before) / 1024;
    let mut rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    json!({
        "name": name, "bytes": bundle.unpacked_bytes(), "files": bundle.len(), "seconds": clock, "cpu_seconds": cpu,
        "megabytes": peak, "verdict": report.verdict, "rules": rules,
    })
}

/// A figure of this process in kilobytes.
fn status(field: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn one(path: &str, text: String) -> Files {
    vec![(path.to_owned(), text.into_bytes())]
}

/// A text of about `bytes`, of pieces that may know their number.
fn numbered(bytes: usize, piece: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes + 100);
    let mut n = 0;
    while text.len() < bytes {
        text.push_str(&piece(n));
        n += 1;
    }
    text
}

/// The same text in as many files as a bundle may have.
fn spread(extension: &str, bytes: usize, text: impl Fn(usize) -> String) -> Files {
    let count = 1_990;
    (0..count)
        .map(|n| (format!("f{n}.{extension}"), numbered(bytes / count - 200, |_| text(n)).into_bytes()))
        .collect()
}

fn cases() -> Vec<Case> {
    let mut all = javascript();
    all.extend(python());
    all.extend(text());
    all
}

fn javascript() -> Vec<Case> {
    vec![
        ("js one array", || one("a.js", format!("x=[{}]", "0,".repeat(4 * MEGABYTE)))),
        ("js one string", || one("a.js", format!("x='{}'", "a b".repeat(WHOLE / 3 - 10)))),
        ("js small functions", || one("a.js", numbered(12 * MEGABYTE, |n| format!("function f{n}(){{}}")))),
        ("js small statements, all files", || spread("js", WHOLE, |_| "a=b;".to_owned())),
        ("js honest code, all files", || {
            spread("js", WHOLE, |n| {
                format!("export function f(a,b){{if(a.x{n}>1)return b.map(c=>c.d+1);return g(a)}}\n")
                    .replace("export ", "")
            })
        }),
        ("js findings in one line", || one("a.js", "eval(a);".repeat(MEGABYTE))),
        ("js findings in members", || {
            one("a.js", format!("x={}", "process.binding(a).b,".repeat(MEGABYTE / 2).trim_end_matches(',')))
        }),
        ("js findings, all files", || spread("js", WHOLE, |_| "require(x);eval(y);\n".to_owned())),
        ("js aliases", || {
            one(
                "a.js",
                format!(
                    "var a0=require;{}a1('fs')",
                    numbered(8 * MEGABYTE, |n| format!("var a{}=a{n};", n + 1))
                ),
            )
        }),
        ("js aliases backwards", || one("a.js", numbered(8 * MEGABYTE, |n| format!("var a{n}=a{};", n + 1)))),
        ("js doubling choices", || {
            one(
                "a.js",
                numbered(4 * MEGABYTE, |n| format!("var b{}=b{n}||c{n},c{}=c{n}||b{n};", n + 1, n + 1)),
            )
        }),
        ("js doubling strings, all files", || {
            spread("js", WHOLE, |_| {
                "const a='x',b=a+a,c=b+b,d=c+c,e=d+d,f=e+e,g=f+f,h=g+g,i=h+h,j=i+i;require(j);".to_owned()
            })
        }),
        ("js doubling strings", || {
            one(
                "a.js",
                format!(
                    "const a0='x';{}",
                    numbered(4 * MEGABYTE, |n| format!("const a{}=a{n}+a{n};require(a{n});", n + 1))
                ),
            )
        }),
        ("js one name, many values", || {
            one("a.js", format!("var a;{}", "a=require;a=eval;a=b(a);a(x);".repeat(MEGABYTE / 4)))
        }),
        ("js one object, many names", || {
            one(
                "a.js",
                format!("var o={{}};{}", numbered(8 * MEGABYTE, |n| format!("o.p{n}=o.q{n};o[k](o);"))),
            )
        }),
        ("js joined lists", || one("a.js", "require(['f','s'].reverse().join(''));".repeat(MEGABYTE / 4))),
        ("js long sums", || one("a.js", format!("x={}'';", "'ab'+\n".repeat(2_000)).repeat(600))),
        ("js destructuring", || one("a.js", "var {a:{b:{c:[d,...e]}},...f}=g;".repeat(MEGABYTE / 4))),
        ("js cyclic imports", || {
            (0..1_990)
                .map(|n| {
                    let text = numbered(20_000, |m| {
                        format!(
                            "const m{m}=require('./f{}.js');exports.x{m}=m{m}.x{};\n",
                            (n + m) % 1_990,
                            m + 1
                        )
                    });
                    (format!("f{n}.js"), text.into_bytes())
                })
                .collect()
        }),
        ("js re-exports", || {
            (0..1_990)
                .map(|n| {
                    let text =
                        numbered(20_000, |m| format!("export * from './f{}.mjs';\n", (n * 7 + m) % 1_990));
                    (format!("f{n}.mjs"), text.into_bytes())
                })
                .collect()
        }),
        ("js nested functions", || {
            one("a.js", format!("{}{}", "function f(a){".repeat(2_000), "}".repeat(2_000)).repeat(300))
        }),
        ("js escapes", || one("a.js", format!("x='{}'", "\\x61".repeat(12 * MEGABYTE)))),
        ("js machine names", || one("a.js", numbered(8 * MEGABYTE, |n| format!("var _0x{n:x};")))),
        ("js templates", || one("a.js", "x=`a${b}c${`d${e}`}`;".repeat(MEGABYTE / 2))),
        ("js comments", || one("a.js", "/*/ */".repeat(WHOLE / 6))),
        ("js slashes", || one("a.js", "a=b++/c/d;\n".repeat(MEGABYTE))),
        ("jsx", || one("a.jsx", format!("x=<a>{}</a>", "<b c={d}>e</b>".repeat(MEGABYTE / 2)))),
        ("ts types", || {
            one("a.ts", "type A<T>=T extends B<infer U>?C<U>|D:{[K in keyof T]:E};".repeat(MEGABYTE / 6))
        }),
        ("js html comments", || one("a.js", format!("{}\n<!-- x\n", "a=b;".repeat(2 * MEGABYTE)))),
    ]
}

fn python() -> Vec<Case> {
    vec![
        ("py one list", || one("a.py", format!("x=[{}]", "0,".repeat(4 * MEGABYTE)))),
        ("py small functions", || one("a.py", numbered(12 * MEGABYTE, |n| format!("def f{n}():pass\n")))),
        ("py small statements, all files", || spread("py", WHOLE, |_| "a=b\n".to_owned())),
        ("py findings, all files", || spread("py", WHOLE, |_| "eval(x);open(y)\n".to_owned())),
        ("py findings in one line", || one("a.py", "eval(a);".repeat(MEGABYTE))),
        ("py aliases", || {
            one(
                "a.py",
                format!("a0=eval\n{}a1('x')\n", numbered(8 * MEGABYTE, |n| format!("a{}=a{n}\n", n + 1))),
            )
        }),
        ("py aliases backwards", || one("a.py", numbered(8 * MEGABYTE, |n| format!("a{n}=a{}\n", n + 1)))),
        ("py doubling", || {
            one("a.py", numbered(4 * MEGABYTE, |n| format!("b{0}=b{n} or c{n};c{0}=c{n} or b{n}\n", n + 1)))
        }),
        ("py one name, many values", || one("a.py", "a=eval;a=getattr(a,b);a(x)\n".repeat(MEGABYTE / 4))),
        ("py cyclic imports", || {
            (0..1_990)
                .map(|n| {
                    (
                        format!("f{n}.py"),
                        numbered(20_000, |m| format!("from f{} import x{m}, y\n", (n + m) % 1_990))
                            .into_bytes(),
                    )
                })
                .collect()
        }),
        ("py long sums", || one("a.py", format!("x={}''\n", "'ab'+".repeat(2_000)).repeat(800))),
        ("py formats", || one("a.py", "x=f'{a!r:>{b}}{c}'\n".repeat(MEGABYTE / 2))),
    ]
}

fn text() -> Vec<Case> {
    vec![
        ("text of words like addresses", || {
            one("a.txt", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT ".repeat(WHOLE / 36))
        }),
        ("text of hosts", || one("a.txt", numbered(WHOLE - 100, |n| format!("https://h{n}.example.org/ ")))),
        ("text of keys", || one("a.txt", numbered(WHOLE - 100, |n| format!("AKIA{n:016X} ghp_{n:036} ")))),
        ("text in base64", || one("a.txt", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo".repeat(WHOLE / 36))),
        ("text without letters", || one("a.txt", "-".repeat(WHOLE - 100))),
        ("text nobody sees", || one("a.txt", "\u{200b}\u{202e}\u{fe0f}a".repeat(WHOLE / 11))),
        ("json deep", || one("package.json", "[".repeat(WHOLE - 100))),
        ("json of dependencies", || {
            one(
                "package.json",
                format!(
                    "{{\"dependencies\":{{{}\"z\":\"1\"}}}}",
                    numbered(WHOLE / 2, |n| format!("\"lodahs{n}\":\"^1.0.{n}\","))
                ),
            )
        }),
        ("manifest deep", || {
            one("manifest.json", format!("{}1{}", "{\"a\":".repeat(4 * MEGABYTE), "}".repeat(4 * MEGABYTE)))
        }),
        ("zeros", || one("a.bin", vec![0_u8; WHOLE - 100].into_iter().map(char::from).collect())),
        ("empty files", || (0..1_999).map(|n| (format!("f{n}.js"), Vec::new())).collect()),
    ]
}
