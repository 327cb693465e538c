//! What the estimate must count, must forget, and must not be led past.

use super::*;

fn depth(text: &str) -> u32 {
    let estimate = javascript(text, false);
    assert!(estimate.certain, "{text}");
    estimate.depth
}

#[test]
fn statements_and_items_do_not_add_up() {
    assert!(depth(&"a.b.c = f(1) + 2;\n".repeat(1_000)) < 20);
    assert!(depth(&format!("x = [{}]", "a + b * -c, ".repeat(1_000))) < 20);
    assert!(depth(&"function f(a) { if (a) { return a } else return /x/.test(a) }\n".repeat(1_000)) < 20);
    assert!(depth(&format!("x = {{{}}}", "a: b ? c : d, ".repeat(1_000))) < 20);
}

#[test]
fn what_nests_is_counted() {
    for level in [
        "(",
        "[",
        "{",
        "!",
        "a=>",
        "a=",
        "a?b:",
        "a.",
        "- ",
        "new ",
        "typeof ",
        "if(a)",
        "if(a);else ",
        "if(a)b,c;else ",
        "for(;;)",
        "while(a)",
        "do ",
        "l:",
        "a+",
        "a**",
        "`${",
        "f(",
        "await ",
        "a in ",
        "'a'in ",
        "x``+",
    ] {
        let depth = javascript(&level.repeat(1_000), false).depth;
        assert!(depth >= 999, "{level:?} gives {depth}");
    }
    for level in ["A<", "A<B, C<", "keyof ", "keyof keyof X<A, "] {
        let depth = javascript(&format!("type T = {}", level.repeat(1_000)), true).depth;
        assert!(depth >= 999, "{level:?} gives {depth}");
    }
    assert!(javascript(&format!("f{}", "()".repeat(1_000)), false).depth >= 1_000);
    assert!(javascript(&format!("a{}", "`x`".repeat(1_000)), false).depth >= 1_000);
}

#[test]
fn nesting_cannot_hide_behind_quotes() {
    let hidden = "!".repeat(1_000);
    for text in [
        format!("x = a /* ' */ + {hidden}1"),
        format!("x = /[\"/]/ + {hidden}1 + '\"'"),
        format!("if (a) /\"/.test({hidden}1)"),
        format!("x = \u{a0}/\"/.a + {hidden}1 + '\"'"),
        format!("// \u{2028} {hidden}1"),
        format!("x = `a${{`b'${{{hidden}1}}`}}'`"),
    ] {
        let estimate = javascript(&text, false);
        assert!(estimate.depth >= 1_000, "{text} {estimate:?}");
    }
    for text in ["while (i-->0) a(i)", "x = a--> /b/.c", "x = a++ / b / c", "x = f()-- /b"] {
        assert!(javascript(text, false).certain, "{text}");
    }
    for text in [
        "x = function(){} /1;\"/+!!!!!\"",
        "a <!-- '\n b",
        "a\n  --> '",
        "/**/ --> '",
        "\u{2028}-->",
        "x\n++/'/.a",
    ] {
        assert!(!javascript(text, false).certain, "{text}");
    }
}

#[test]
fn the_strict_bound_holds_for_any_text() {
    assert_eq!(strict("a.b('c d')"), 2, "a dot and a bracket");
    assert_eq!(strict("if a else b"), 2);
    assert_eq!(strict("éif\u{a0}if"), 2, "whatever the words stand between");
    assert!(strict(&"!".repeat(99)) >= 99);
}
