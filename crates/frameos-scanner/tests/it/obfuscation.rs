//! Disguise by its shapes: each sample is written by hand in the manner of a tool, with names a person might choose, beside honest code
//! that resembles it.

use crate::support::{each_is, each_is_clean, rules};

const RULE: &str = "obfuscated-code";

/// Whether a source is found, whatever else it does.
fn each_is_found(sources: &[&str]) {
    let missed: Vec<_> =
        sources.iter().filter(|source| !rules("index.js", source).iter().any(|rule| rule == RULE)).collect();
    assert!(missed.is_empty(), "passed: {missed:#?}");
}

fn each_is_spared(sources: &[&str]) {
    let wrong: Vec<_> =
        sources.iter().filter(|source| rules("index.js", source).iter().any(|rule| rule == RULE)).collect();
    assert!(wrong.is_empty(), "rejected: {wrong:#?}");
}

#[test]
fn a_table_of_strings_is_found_under_any_name() {
    each_is(
        RULE,
        "index.js",
        &[
            "function words() { const list = ['log', 'hello']; words = function () { return list; }; return words(); }",
            "function a() { var b = ['x']; return a = () => b, a() }",
            "(function (list, wanted) { while (true) { try { const sum = parseInt(t(1)) / 1 + -parseInt(t(2)) / 2 * (parseInt(t(3)) / 3); if (sum === wanted) break; else list.push(list.shift()); } catch (e) { list.push(list.shift()); } } })(words(), 7)",
            "var all = ['one', 'two', 'three', 'four']; (function (list, times) { const turn = function (n) { while (--n) { list['push'](list['shift']()); } }; turn(++times); })(all, 0x1b3)",
            "a[t(1)](b[t(2)](1), c[t(3)](d[t(-4, 'key')](0)), e[t(0x1 + 2 * 3)]())",
        ],
    );
    each_is_spared(&[
        // What compilers of template strings and of inheritance write.
        "function _templateObject() { const data = _taggedTemplateLiteral(['a']); _templateObject = function () { return data; }; return data; }",
        "function _setPrototypeOf(o, p) { _setPrototypeOf = Object.setPrototypeOf || function (o, p) { return o; }; return _setPrototypeOf(o, p); }",
        "const queue = ['a', 'b', 'c', 'd']; function next() { queue.push(queue.shift()); return queue[0]; }",
        "function rotate(list, n) { while (n--) list.push(list.shift()); return list } rotate(names, parseInt(a(1)) + parseInt(a(2)))",
        "m[at(0, 1)] = 1; m[at(1, 1)] = m[at(2, 1)] + m[at(3, 2)] * m[at(4, 1)]",
        "o[wks('iterator')](); o[wks('match')](); o[wks('search')](); o[wks('split')](); o[wks('replace')]()",
    ]);
}

#[test]
fn flattened_control_flow_is_told_from_interpreters() {
    let numbered = "const order = '2|0|1'.split('|'); let i = 0; while (true) { switch (order[i++]) { case '0': b(); continue; case '1': c(); continue; case '2': a(); continue; } break; }";
    let dispatching = "const o = { 'kUfis': function (f, a) { return f(a); }, 'qWeRt': function (a, b) { return a + b; }, 'ZUFDb': (a, b) => a || b, 'text': 'x' }; o['kUfis'](g, o['qWeRt'](1, 2))";
    let assigned = "const o = {}; o['kUfis'] = function (f, a) { return f(a); }; o.qWeRt = function (a, b) { return a < b; }; o['ZUFDb'] = function (a, b) { return a === b; }";
    each_is(RULE, "index.js", &[numbered, dispatching, assigned]);
    each_is_clean(
        "index.js",
        &[
            "for (;;) { switch (code[pc++]) { case 0: push(); break; case 1: pop(); break; default: return_(); } }",
            "switch (words[i++]) { case 'start': a(); break; case 'stop': b(); break }",
            "switch (answer) { case '0': a(); break; case '1': b(); break }",
            "const ops = { '+': function (a, b) { return a + b; }, '-': (a, b) => a - b, plus: (a, b) => a + b, times: (a, b) => a * b, minus: (a, b) => a - b, isNaN: x => x !== x }",
        ],
    );
}

#[test]
fn the_style_of_an_obfuscator_is_found_inside_honest_code() {
    let disguised = "module['exports'] = function (a, b) { var c = a['length'] > 0x0 ? a['slice'](0x1) : b['concat'](a)['join']('a\\x20b\\x20c')['trim'](); return c[0x2] }";
    let truths = "var a = !![]; b['start'](a); b['go'](![]); c['x'] = d['y']; e['stop']()";
    let split = "a['len' + 'gth']; b['push' + 'All'](c); d['t' + 'ri' + 'm']()";
    let sums =
        "f(0x2b7*0x1+0x1cc3+0x1*-0x1b92, 0x1a+0x2*0x3-0x4, -0x1+0x2+0x3, 0x5*0x6+0x7+-0x8, 0x9+0xa+0xb*0x2)";
    each_is(RULE, "index.js", &[disguised, truths, split, sums]);
    let honest = "exports.add = function (list, item) { list.items.push(item); return list.count + 10; };\n";
    each_is(RULE, "index.js", &[&format!("{honest}{disguised}\n{honest}")]);
    each_is_clean(
        "index.js",
        &[
            // Flags, keys and records as people write them.
            "keys['enter'] = 0x0d; keys['a'] = 0x1; keys['b'] = 0x2; keys['c'] = 0x3; keys['d'] = 0x4; keys['e'] = 0x5;",
            "const all = A | 0x1 | 0x2 | 0x4 | 0x8 | 0x10; const size = 0x100 * 0x100 + 0x10; const x = 0x1 + 0x2",
            "a['content-type']; a['x-y']; a['user-agent']; a['a b']; a['c d']; f(0x1, 0x2, 0x3, 'a\\x20b\\x20c')",
            "const v = !0, w = !1; a['b'](); a['c'](); a['d'](); a['e'](); a['f']()",
            "throw new Error('a long message ' + 'on two ' + 'lines'); o['a' + suffix]; o['on' + name]; o['b' + 'c']",
        ],
    );
}

#[test]
fn packed_programs_are_found() {
    let packer = "run(function (template, base, count, words, encode, known) { return template }('0 1(2)', 62, 3, 'let|log|x'.split('|'), 0, {}))";
    let codes: Vec<String> = "a text that is written as numbers, for no honest reason"
        .bytes()
        .map(|byte| byte.to_string())
        .collect();
    let codes = codes.join(", ");
    let called = format!("f(String.fromCharCode({codes}))");
    let mapped =
        format!("f([{codes}].map(function (n) {{ return String['fromCharCode'](n ^ 23) }}).join(''))");
    let arrow = format!("f([{codes}].map(n => String.fromCharCode(n)).join(''))");
    let bits: String = "a program in bits"
        .bytes()
        .map(|byte| format!("{byte:08b}").replace('0', " ").replace('1', "\t"))
        .collect();
    let blank = format!("f('{bits}')");
    each_is(RULE, "index.js", &[packer, &called, &mapped, &arrow, &blank]);
    let minified =
        format!("eval(function(a, b, c) {{ return a }}('{}', 9, ['x', 'y']))", "0 1(2); ".repeat(40));
    let escaped = format!("f('{}')", "\\u200b\\u{e0101}".repeat(20));
    each_is_found(&[&minified, &escaped, &format!("new Function('{}')()", "a(b); ".repeat(120))]);
    each_is_spared(&[
        "new Function('return this')()",
        &format!("eval('{}//# sourceURL=webpack:///./src/index.js?')", "a(b); ".repeat(120)),
        &format!("eval(code); f('{}')", "a(b); ".repeat(120)),
    ]);
    each_is_clean(
        "index.js",
        &[
            "const signature = String.fromCharCode(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)",
            "const text = bytes.map(n => String.fromCharCode(n)).join('')",
            "format('a|b', 1, 2, 'x'); format('a', 1, 2, names.split('|'))",
            "const indent = '                                                                        \t'",
            "const table = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33].map(n => n * 2)",
        ],
    );
}

#[test]
fn characters_made_of_nothing_are_found() {
    let symbols = "x = (![]+'')[1]+(!''+'')[0]+({}+'')[4]+([][0]+'', !![]+'')[1]+(![]+[])[+!+[]]+({}+[])[1]+(!![]+[])[0]; y(x)";
    let faces = "a = ((b == 3) + '_')[0] + ((c == 3) + '_')[d] + ((e > 1) + '')[1] + (!f + '_')[2] + ({} + '_')[g] + ((h === i) + '')[j]";
    let computed = "a = ([!1]+[][[]])[10]+'false'[!0+!0]+'true'[1]+([][[]]+[])[1]+(!0+[]['f'])[10]+(f+[])[2]+'[object Object]'[1]";
    each_is(RULE, "index.js", &[symbols, faces, computed]);
    each_is_clean(
        "index.js",
        &[
            "const first = (name + '')[0], second = (n + '')[1], third = (x + '_')[2], f = (a.b + '')[0], g = (c + '')[3], h = (d + '')[4];",
            "const yes = !!(a + ''), no = ![].length, n = +[1][0], text = [] + '', object = '' + {};",
        ],
    );
}

#[test]
fn unseen_characters_in_rows_are_found() {
    let hidden: String = (0..60).filter_map(|n| char::from_u32(0xe0100 + n * 3)).collect();
    let fillers = "\u{3164}\u{ffa0}".repeat(20);
    for source in [
        format!("f(`{hidden}`)"),
        format!("f('{fillers}')"),
        format!("f('{}')", "\u{200b}\u{200c}".repeat(16)),
    ] {
        let found = rules("index.js", &source);
        assert!(found.iter().any(|rule| rule == RULE), "{source:?} is {found:?}");
    }
    each_is_spared(&[
        "const flag = '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', family = '\u{1f468}\u{200d}\u{1f469}'",
    ]);
}

#[test]
fn shuffled_alphabets_are_found() {
    let shuffled = |step: u32| -> String {
        (0..89_u32).map(|n| char::from(35 + (n * step % 89) as u8)).filter(|c| *c != '\\').collect()
    };
    let both = format!("a(\"{}\"); b(\"{}\")", shuffled(37), shuffled(29));
    each_is(RULE, "index.js", &[&both]);
    let ordered: String = (35..124_u8).map(char::from).filter(|c| *c != '\\').collect();
    each_is_clean("index.js", &[&format!("a(\"{}\"); b(\"{ordered}\")", shuffled(37))]);
}

#[test]
fn members_by_places_in_a_table_are_found() {
    let table = "const t = [0x0, 'length', 'push', 'join', 0xff, undefined]; const f = (a, b) => { a[t[0x2]](b[t[0x3]]()); a[t[0x2]](b[t[0x1]]); return a[t[0x1]] + b[t[0x1]] > a[t[0x4]] ? a[t[0x3]]() : b[t[0x3]](a[t[0x1]], b[t[0x2]]) }";
    each_is(RULE, "index.js", &[table]);
    each_is_clean(
        "index.js",
        &[
            "const t = ['a', 'b', 'c', 'd']; const x = o[t[0]] + o[t[1]] + o[t[2]] + o[t[3]] + p[t[0]] + p[t[1]] + p[t[2]] + p[t[3]] + q[t[0]] + q[t[1]]",
        ],
    );
}
