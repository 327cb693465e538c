//! Names of packages that are made to be taken for others.
//!
//! A name that is used in its own right is no imitation, however near: popular names and their honest neighbours are data.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::Ecosystem;

struct Names {
    popular: Vec<Popular>,
    honest: BTreeSet<&'static str>,
}

struct Popular {
    name: &'static str,
    /// Without separators and scope marks.
    letters: String,
    /// As `letters`, with digits as the letters they look like.
    skeleton: String,
}

static NPM: LazyLock<Names> = LazyLock::new(|| {
    read(include_str!("../../data/popular-npm.txt"), include_str!("../../data/honest-neighbours-npm.txt"))
});
static PYPI: LazyLock<Names> = LazyLock::new(|| {
    read(include_str!("../../data/popular-pypi.txt"), include_str!("../../data/honest-neighbours-pypi.txt"))
});

fn read(popular: &'static str, honest: &'static str) -> Names {
    let lines = |text: &'static str| text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let popular: Vec<_> = lines(popular)
        .map(|name| Popular { name, letters: letters(name), skeleton: skeleton(&letters(name)) })
        .collect();
    let honest = lines(honest).chain(popular.iter().map(|popular| popular.name)).collect();
    Names { popular, honest }
}

/// The one way to write a name: npm's are as they are, PyPI's are lower case with single dashes.
pub(super) fn normal(ecosystem: Ecosystem, name: &str) -> String {
    match ecosystem {
        Ecosystem::Npm => name.to_owned(),
        Ecosystem::PyPi => {
            let mut normal = String::with_capacity(name.len());
            for c in name.to_ascii_lowercase().chars().map(|c| if matches!(c, '_' | '.') { '-' } else { c }) {
                if c != '-' || !normal.ends_with('-') {
                    normal.push(c);
                }
            }
            normal
        }
    }
}

/// How a name imitates a popular one, if it does.
pub(super) fn imitates(ecosystem: Ecosystem, name: &str) -> Option<String> {
    let names = match ecosystem {
        Ecosystem::Npm => &*NPM,
        Ecosystem::PyPi => &*PYPI,
    };
    if names.honest.contains(name) {
        return None;
    }
    let own = letters(name);
    let own_skeleton = skeleton(&own);
    for popular in &names.popular {
        if let Some(how) = likeness(name, (&own, &own_skeleton), popular) {
            return Some(format!("{how} {:?}", popular.name));
        }
    }
    None
}

fn likeness(name: &str, (own, own_skeleton): (&str, &str), popular: &Popular) -> Option<&'static str> {
    // Short names have honest neighbours everywhere.
    const SHORTEST: usize = 5;
    if popular.letters.len() < SHORTEST || own.len() < SHORTEST - 1 {
        return None;
    }
    if own == popular.letters {
        // Scopes are owned: within a popular one, and for types, nobody else publishes.
        return Some("is, but for its separators, the popular");
    }
    if own_skeleton == popular.skeleton {
        return Some("looks the same as the popular");
    }
    match (
        name.strip_prefix('@').and_then(|rest| rest.split_once('/')),
        popular.name.strip_prefix('@').and_then(|rest| rest.split_once('/')),
    ) {
        (Some((scope, _)), Some((known, _))) => scope_likeness(scope, known),
        (Some(_), None) | (None, Some(_)) => None,
        (None, None) => is_one_edit(name, popular.name).then_some("is one letter away from the popular"),
    }
}

/// `@typescript_eslinter` poses as `@typescript-eslint`.
fn scope_likeness(scope: &str, known: &str) -> Option<&'static str> {
    let (own, other) = (letters(scope), letters(known));
    if scope == known || other.len() < 6 {
        return None;
    }
    let is_longer = own
        .strip_prefix(other.as_str())
        .is_some_and(|rest| matches!(rest, "" | "er" | "ers" | "s" | "js" | "x"));
    (is_longer || is_one_edit(&own, &other)).then_some("has nearly the scope of the popular")
}

fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn skeleton(letters: &str) -> String {
    letters.replace('0', "o").replace('1', "l").replace('5', "s").replace("rn", "m").replace("vv", "w")
}

/// Whether one letter is added, missing, wrong, or has changed places with the next.
fn is_one_edit(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a == b || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    match (a, b) {
        ([_, rest_a @ ..], [_, rest_b @ ..]) if rest_a == rest_b || rest_a == b || a == rest_b => true,
        ([a1, a2, rest_a @ ..], [b1, b2, rest_b @ ..]) => a1 == b2 && a2 == b1 && rest_a == rest_b,
        _ => a.len() + b.len() == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn imitations_are_known() {
        for name in [
            "expres",
            "expresss",
            "epxress",
            "exprass",
            "cross_env",
            "l0dash",
            "lodahs",
            "electorn",
            "@typescript_eslinter/eslint",
            "@typescript-eslinter/parser",
            "typescript-eslint-parser",
        ] {
            assert!(imitates(Ecosystem::Npm, name).is_some(), "{name}");
        }
        for name in [
            "requets",
            "reqeusts",
            "requestss",
            "pythondateutil",
            "colourama",
            "tenserflow",
            "beautifulsoup5",
        ] {
            assert!(imitates(Ecosystem::PyPi, name).is_some(), "{name}");
        }
    }

    #[test]
    fn honest_names_are_left_alone() {
        for name in [
            "express",
            "preact",
            "lodash",
            "lodash.merge",
            "my-own-package",
            "ms",
            "qs",
            "ws",
            "@babel/core",
            "@acme/utils",
            "colord",
            "zodd",
        ] {
            assert_eq!(imitates(Ecosystem::Npm, name), None, "{name}");
        }
        for name in ["requests", "requests-oauthlib", "scapy", "psycopg", "httpx", "aiohttp", "my-agent"] {
            assert_eq!(imitates(Ecosystem::PyPi, name), None, "{name}");
        }
        assert_eq!(normal(Ecosystem::PyPi, "Zope__Interface.x"), "zope-interface-x");
    }

    proptest! {
        #[test]
        fn any_single_edit_is_one(word in "[a-z]{5,12}", at in any::<prop::sample::Index>(), letter in "[a-z]") {
            let at = at.index(word.len());
            let mut added = word.clone();
            added.insert_str(at, &letter);
            prop_assert!(is_one_edit(&added, &word) && is_one_edit(&word, &added));
            let mut swapped = word.clone().into_bytes();
            let next = (at + 1).min(swapped.len() - 1);
            swapped.swap(at, next);
            let swapped = String::from_utf8(swapped).expect("ASCII");
            prop_assert_eq!(is_one_edit(&swapped, &word), swapped != word);
            let longer = [word.as_str(), &letter, &letter].concat();
            prop_assert!(!is_one_edit(&longer, &word));
        }
    }
}
