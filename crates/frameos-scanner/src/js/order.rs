//! The order in which a bundle's JavaScript is scanned: what a file loads before the file itself.
//!
//! Only precision depends on it (a name that another file gives is known when it is asked for), so the files a program loads are
//! told from its text, by whatever looks like a relative module name. Linear in the size of the texts.

use std::collections::{BTreeMap, BTreeSet};

use super::link::Links;
use crate::files::Files;

/// A name longer than this is none.
const MAX_NAME: usize = 256;

/// The paths, each after those that it names.
pub(super) fn by_need<'b>(paths: &[&'b str], files: &Files<'b>, links: &Links) -> Vec<&'b str> {
    let known: BTreeMap<&str, &'b str> = paths.iter().map(|path| (*path, *path)).collect();
    let needs = |path: &str| -> Vec<&'b str> {
        let text = files.get(path).and_then(|file| file.text()).unwrap_or_default();
        let targets = relative_names(text).filter_map(|name| links.target(path, name));
        targets.filter_map(|target| known.get(&*target).copied()).collect()
    };
    let (mut ordered, mut begun) = (Vec::with_capacity(paths.len()), BTreeSet::new());
    for path in paths {
        if !begun.insert(*path) {
            continue;
        }
        // Circles end where they were entered.
        let mut open = vec![(*path, needs(path))];
        while let Some((current, left)) = open.last_mut() {
            match left.pop() {
                Some(next) if begun.insert(next) => open.push((next, needs(next))),
                Some(_) => {}
                None => {
                    ordered.push(*current);
                    open.pop();
                }
            }
        }
    }
    ordered
}

/// Quoted texts that begin like relative module names.
fn relative_names(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, b"./").filter_map(move |at| {
        let start = if at > 0 && bytes[at - 1] == b'.' { at - 1 } else { at };
        let quote = *bytes.get(start.checked_sub(1)?)?;
        if !matches!(quote, b'\'' | b'"' | b'`') {
            return None;
        }
        let rest = &bytes[start..bytes.len().min(start + MAX_NAME)];
        let end = memchr::memchr(quote, rest)?;
        text.get(start..start + end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_names_are_told_from_their_quotes() {
        let text = "require('./a'); import b from \"../b.js\"; x = './'; 1 ./ 2; `./c`; './open";
        assert_eq!(relative_names(text).collect::<Vec<_>>(), ["./a", "../b.js", "./", "./c"]);
    }
}
