//! Rules on JavaScript and TypeScript: what must be found however it is written, and what must not.

use frameos_domain::scan::{Action, Severity, Verdict};

use crate::support::{each_is, each_is_clean, rules, scan_files};

#[test]
fn dynamic_code_is_found_however_it_is_written() {
    each_is(
        "dynamic-code",
        "index.js",
        &[
            "eval('1+1')",
            "new Function('return 1')",
            "Function('return 1')()",
            "(0, eval)('x')",
            "const e = eval; e('x')",
            "globalThis.eval('x')",
            "globalThis['ev' + 'al']('x')",
            "const g = globalThis; const { eval: run } = g; run('x')",
            "global[`ev${'al'}`]('x')",
            "globalThis[['e', 'val'].join('')]('x')",
            "globalThis[atob('ZXZhbA==')]('x')",
            "globalThis[Buffer.from('6576616c', 'hex').toString()]('x')",
            "globalThis[String.fromCharCode(101, 118, 97, 108)]('x')",
            "globalThis['lave'.split('').reverse().join('')]('x')",
            "const k = 'ev', l = 'al'; globalThis[k + l]('x')",
            "[].constructor.constructor('return process')()",
            "(() => {}).constructor('x')()",
            "Object.constructor('x')()",
            "const F = Function; new F('x')",
            "Function.call(null, 'x')",
            "Function.prototype.constructor('x')",
            "Reflect.construct(Function, ['x'])",
            "Reflect.apply(eval, null, ['x'])",
            "Reflect.get(globalThis, 'eval')('x')",
            "const run = globalThis.eval.bind(null); run('x')",
            "const run = Math.max.call.bind(Function); run(null, 'x')",
            "let f = Math.max; f = globalThis; f['ev' + 'al']('x')",
            "[1].map(eval)",
            "setTimeout('alert(1)', 10)",
            "setInterval(`alert(${x})`)",
            "setTimeout('a' + b)",
            "Function`x`",
            "require('vm').runInNewContext('x')",
            "import vm from 'node:vm'",
            "import('data:text/javascript,1')",
            "new (require('worker_threads').Worker)('x', { eval: true })",
            "function f(run = eval) { run('x') }",
            "let f; f = flag ? eval : null; f('x')",
        ],
    );
}

#[test]
fn modules_are_found_however_they_are_loaded() {
    each_is(
        "file-system",
        "index.js",
        &[
            "require('fs')",
            "require('node:fs')",
            "require('fs/promises')",
            "require(`fs`)",
            "require('f' + 's')",
            "const name = 'fs'; require(name)",
            "const r = require; r('fs')",
            "(0, require)('fs')",
            "module.require('fs')",
            "process.mainModule.require('fs')",
            "require.call(null, 'fs')",
            "require.apply(null, ['fs'])",
            "require.bind(null)('fs')",
            "Reflect.apply(require, null, ['fs'])",
            "require?.('fs')",
            "process.getBuiltinModule('fs')",
            "require('module').createRequire(__filename)('fs')",
            "require('module')._load('fs')",
            "const { createRequire: make } = require('node:module'); make('.')('fs')",
            "async function f() { await import('fs') }",
            "var r; r = require; r('fs')",
            "let r = console.log; r = require; r('fs')",
            "const a = module, b = module; const r = f ? a.foo : b.require; r('fs')",
            "var a = typeof require == 'function' && require; a('fs')",
            "require('fs-extra')",
            "let m = 'path'; m = 'fs'; require(m)",
            "for (const m of ['fs']) require(m)",
        ],
    );
    each_is(
        "file-system",
        "index.mjs",
        &[
            "import fs from 'fs'",
            "import { readFile } from 'fs/promises'",
            "import 'fs'",
            "export * from 'fs'",
            "export { readFile } from 'node:fs'",
            "const fs = await import('fs')",
            "import { createRequire } from 'module'; const require = createRequire(import.meta.url); require('fs')",
        ],
    );
    each_is("file-system", "index.ts", &["import fs = require('fs')", "import * as fs from 'fs'; fs as any"]);
    each_is(
        "process-spawn",
        "index.js",
        &["require('child_process').exec('ls')", "import cp from 'node:child_process'"],
    );
    each_is(
        "native-loading",
        "index.js",
        &["process.binding('fs')", "const { dlopen: d } = process; d({}, 'x')", "require('koffi')"],
    );
    each_is("wasm", "index.js", &["WebAssembly.instantiate(bytes)", "new WebAssembly.Module(bytes)"]);
}

#[test]
fn a_module_that_is_only_known_at_run_time_is_a_finding() {
    each_is(
        "computed-module",
        "index.js",
        &[
            "require(process.argv[2])",
            "import(name)",
            "load(require)",
            "exports.r = require",
            "const o = { r: require }",
            "() => require",
            "const f = require.call; f",
            "function f(m = 'path') { require(m) }",
            "require(...x)",
            "require('../../outside')",
            "require('/opt/lib/x')",
        ],
    );
}

#[test]
fn hashing_and_networks_are_noted() {
    each_is(
        "hashing",
        "index.js",
        &[
            "require('crypto').createHash('sha256')",
            "const c = require('node:crypto'); c.createCipheriv()",
            "const { createHash } = require('crypto'); createHash('md5')",
            "import { createHash as h } from 'crypto'; h('md5')",
            "const c = __importStar(require('crypto')); c.createHash('md5')",
        ],
    );
    let network = [
        "fetch('https://x')",
        "require('axios')",
        "import https from 'https'",
        "new WebSocket('wss://x')",
        "globalThis.fetch(u)",
    ];
    each_is("network-library", "index.js", &network);
    for source in network {
        let report = scan_files(&[("index.js", source)]);
        assert_eq!(report.verdict, Verdict::Pass, "{source}");
        assert!(report.findings.iter().any(|finding| finding.rule == "undeclared-network"), "{source}");
    }
    let manifest = r#"{"capabilities": ["http_request"]}"#;
    let declared = scan_files(&[("index.js", "fetch('https://x')"), ("manifest.json", manifest)]);
    assert_eq!(declared.findings.len(), 1, "{:?}", declared.findings);
}

#[test]
fn honest_code_has_no_findings() {
    each_is_clean(
        "index.js",
        &[
            "// eval('x') and require('fs') in a comment\nconst a = 1",
            "const s = \"eval('x'); require('fs'); child_process\"",
            "const { evaluate } = require('./math'); evaluate(1)",
            "function f(require) { return require('fs') }",
            "function f(eval_, fs) { return fs.readFileSync(eval_) }",
            "class A { eval(x) { return x } require() {} } new A().eval(1)",
            "const a = { eval: 1, fs: 2 }; a.eval; a['fs']",
            "if (typeof eval === 'function' && typeof require !== 'undefined') {}",
            "if (x instanceof Function || typeof x === 'function') Function.prototype.call.apply(f, a)",
            "const p = require('path'), u = require('node:url'), z = require('zlib'); p.join('a')",
            "const crypto = require('crypto'); crypto.randomUUID(); crypto.timingSafeEqual(a, b)",
            "console.log(process.env.INPUT_NAME, JSON.parse(process.env.FRAMEOS_INPUTS), Buffer.from('a'))",
            "setTimeout(() => {}, 10); setTimeout(callback, 10)",
            "module.exports = async (inputs, ctx) => ({ total: inputs.items.length })",
            "if (require.main === module) main()",
            "const x = require('./a.json'), y = require('lodash/get')",
            "return 1",
            "/(a|b)*[\"'/]/.test(x); a / b / c",
            "const o = { fetch() {} }; o.fetch()",
            "const fetch = require('./mine'); fetch(1)",
            "list.push(list.shift())",
            "const has = Function.call.bind(Object.prototype.hasOwnProperty); has(a, 'b')",
            "x.constructor.name; this.constructor === Object",
            "globalThis[name]; window.location",
            "with (a) { b }",
            "#!/usr/bin/env node\nmain()",
        ],
    );
    each_is_clean(
        "index.mjs",
        &[
            "export default async function (inputs) { return { a: inputs.a } }",
            "import a from './a.js'; await a()",
        ],
    );
    each_is_clean("index.d.ts", &["export declare const a: string; export const b: readonly string[];"]);
    each_is_clean(
        "index.ts",
        &[
            "import type { Stats } from 'fs'; let s: Stats",
            "import { type Stats } from 'fs'; let s: Stats",
            "const f: Function = (x: number): string => `${x}`; enum E { A } type T = typeof fetch",
            "export type { Stats } from 'fs'",
        ],
    );
}

#[test]
fn declarations_that_do_not_parse_are_no_reject() {
    each_is("unparsable-types", "index.d.ts", &["You are using a version that is not supported"]);
    each_is(
        "process-spawn",
        "index.d.ts",
        &["declare const a: string; import { exec } from 'child_process'; exec('ls')"],
    );
    each_is("unparsable", "index.ts", &["You are using a version that is not supported"]);
}

#[test]
fn obfuscation_is_told_from_minification() {
    let escaped =
        r#"const s = ["\x63\x6f\x6e\x73\x6f\x6c\x65", "\x6c\x6f\x67\x61\x72\x67\x73", "\x61\x62\x63\x64"]"#;
    let named = "var _0x1a2b = ['a'], _0x3c4d = 1, _0x5e6f = 2; function _0x7a8b(_0x9c0d) { return _0x1a2b }";
    let packed = "f(function(p,a,c,k,e,d){ return p }('0', 1, 1, 'x'.split('|'), 0, {}))";
    let rotated = "(function(a, b) { while (true) { try { if (parseInt(c(1)) + parseInt(c(2)) * parseInt(c(3)) / parseInt(c(4)) === b) break; else a['push'](a['shift']()) } catch (e) { a['push'](a['shift']()) } } })(t, 7)";
    let symbols = format!("{}()", "[![]+[]][+[]]".repeat(60));
    each_is("obfuscated-code", "index.js", &[escaped, named, packed, rotated, &symbols]);

    let minified =
        "!function(e,t){var n=e.a,r=t[n.b];for(var o=0;o<r.length;o++)n.c(r[o],{d:o,e:!0})}(a,b);".repeat(60);
    let report = scan_files(&[("node_modules/x/x.min.js", &minified)]);
    assert_eq!(report.verdict, Verdict::Flag);
    assert_eq!(rules("x.min.js", &minified), ["minified-code"]);
    each_is_clean(
        "index.js",
        &[r#"const esc = "\x1b[31m\u001b[0m\n\u00e9\u4e2d\u2028"; const re = /[\x41-\x5a\u0061-\u007a]/"#],
    );
}

#[test]
fn a_file_that_does_not_parse_is_never_passed() {
    each_is(
        "unparsable",
        "index.js",
        &["const = 1", "function (", "let a; let", "'open", "/*", "return return", "\u{1}"],
    );
    each_is("unparsable", "index.ts", &["interface {"]);
}

#[test]
fn both_readings_of_an_html_comment_are_scanned() {
    assert_eq!(rules("index.js", "x <!--y[eval('code')]"), ["dynamic-code"]);
}

#[test]
fn a_file_loaded_under_any_name_is_scanned() {
    let report = scan_files(&[("src/index.js", "require('./data.txt')"), ("src/data.txt", "eval('x')")]);
    assert_eq!(report.verdict, Verdict::Reject);
    let finding = report.findings.iter().find(|finding| finding.rule == "dynamic-code").expect("found");
    assert_eq!((finding.file.as_str(), finding.line), ("src/data.txt", 1));
}

#[test]
fn a_finding_says_where_what_and_how_to_fix_it() {
    let report =
        scan_files(&[("lib/a.js", "'use strict';\n\nif (x) {\n\tconst é = 1, r = eval(input);\n}\n")]);
    let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
    assert_eq!(
        (finding.rule.as_str(), finding.severity, finding.action),
        ("dynamic-code", Severity::High, Action::Reject)
    );
    assert_eq!((finding.file.as_str(), finding.line, finding.column), ("lib/a.js", 4, 19));
    assert_eq!((finding.snippet.as_str(), finding.caret), ("const é = 1, r = eval(input);", 18));
    assert!(finding.message.contains("eval") && finding.fix.contains("call the function"), "{finding:?}");
    assert_eq!(
        (finding.title.as_str(), finding.docs.as_str()),
        ("Code made at run time", "docs/rules/dynamic-code.md")
    );
    assert!(
        finding.why.contains("cannot be reviewed") && !finding.message.contains(&finding.why),
        "{finding:?}"
    );
}

#[test]
fn endless_aliases_are_reported_rather_than_followed() {
    let aliases: String = (1..400).map(|n| format!("const r{n} = r{};\n", n - 1)).collect();
    let source = format!("const r0 = require;\n{aliases}r399('fs')");
    assert!(!rules("index.js", &source).is_empty());
    assert_eq!(scan_files(&[("index.js", &source)]).verdict, Verdict::Reject);
    let builder = format!("const y = require('yargs'); y(){}", ".option('a', { b: 1 })".repeat(600));
    assert!(rules("index.js", &builder).is_empty());
    let circular = "let a = b, b = a; b = require; a('fs')";
    assert_eq!(rules("index.js", circular), ["file-system"]);
}
