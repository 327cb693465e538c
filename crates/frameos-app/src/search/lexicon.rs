//! All words there are: finding one, those that begin like it, and those it may be a misspelling of.
//!
//! Misspelt words are found by the groups of three letters they share with words there are; how far apart two words are is then
//! counted letter by letter. Invariant: a word's number never changes while the lexicon grows.

use std::{collections::HashMap, sync::Arc};

/// A word's number.
pub(crate) type WordId = u32;

/// A beginning stands for at most so many words.
const MOST_COMPLETIONS: usize = 64;
/// A misspelling stands for at most so many words, the nearest ones.
const MOST_CORRECTIONS: usize = 16;

/// A word that a word of a question stands for, and how well: 1 is the word itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Meant {
    pub word: WordId,
    pub factor: f32,
}

/// Numbers words as they come.
#[derive(Debug, Clone, Default)]
pub(crate) struct LexiconBuilder {
    ids: HashMap<Arc<str>, WordId>,
    words: Vec<Arc<str>>,
}

impl LexiconBuilder {
    pub(crate) fn id(&mut self, word: &str) -> WordId {
        if let Some(id) = self.ids.get(word) {
            return *id;
        }
        let id = WordId::try_from(self.words.len()).unwrap_or(WordId::MAX);
        let word: Arc<str> = word.into();
        self.ids.insert(Arc::clone(&word), id);
        self.words.push(word);
        id
    }

    pub(crate) const fn len(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn finish(&self) -> Lexicon {
        Lexicon::new(&self.words)
    }
}

/// The words as they were at one time.
#[derive(Debug)]
pub(crate) struct Lexicon {
    /// In the order of their letters.
    sorted: Vec<(Arc<str>, WordId)>,
    /// Places in `sorted` of the words with these three letters in a row, by the groups' keys.
    groups: HashMap<u64, Vec<u32>>,
}

impl Lexicon {
    fn new(words: &[Arc<str>]) -> Self {
        let mut sorted: Vec<(Arc<str>, WordId)> = words.iter().cloned().zip(0..).collect();
        sorted.sort_unstable();
        let mut groups: HashMap<u64, Vec<u32>> = HashMap::new();
        for (place, (word, _)) in (0_u32..).zip(&sorted) {
            let letters: Vec<char> = word.chars().collect();
            // A word one letter shorter than the shortest that may be misspelt can still be meant by it.
            if letters.len() >= 3 {
                for group in groups_of(&letters) {
                    groups.entry(group).or_default().push(place);
                }
            }
        }
        Self { sorted, groups }
    }

    pub(crate) const fn len(&self) -> usize {
        self.sorted.len()
    }

    fn word(&self, place: u32) -> Option<&(Arc<str>, WordId)> {
        self.sorted.get(place as usize)
    }

    /// What a word stands for: itself; as an unfinished one also what begins like it; if there is neither, what it may be a
    /// misspelling of.
    pub(super) fn meant(&self, asked: &str, unfinished: bool) -> Vec<Meant> {
        let mut meant = Vec::new();
        let from = self.sorted.partition_point(|(word, _)| &**word < asked);
        for (word, id) in self.sorted.get(from..).unwrap_or_default().iter().take(MOST_COMPLETIONS) {
            if &**word == asked {
                meant.push(Meant { word: *id, factor: 1.0 });
            } else if unfinished && word.starts_with(asked) {
                meant.push(Meant { word: *id, factor: completion_factor(asked, word) });
            } else {
                break;
            }
        }
        if meant.is_empty() { self.corrections(asked) } else { meant }
    }

    fn corrections(&self, asked: &str) -> Vec<Meant> {
        let letters: Vec<char> = asked.chars().collect();
        let most = allowed_distance(letters.len());
        if most == 0 {
            return Vec::new();
        }
        let groups = groups_of(&letters);
        // One change of a letter touches three groups, of two that changed places four.
        let needed = groups.len().saturating_sub(4 * most).max(1);
        let mut shared: HashMap<u32, usize> = HashMap::new();
        for place in groups.iter().filter_map(|group| self.groups.get(group)).flatten() {
            *shared.entry(*place).or_default() += 1;
        }
        let candidates = shared.into_iter().filter(|(_, count)| *count >= needed);
        let mut near: Vec<(usize, u32)> = candidates
            .filter_map(|(place, _)| {
                let (word, _) = self.word(place)?;
                distance(&letters, &word.chars().collect::<Vec<_>>(), most).map(|apart| (apart, place))
            })
            .collect();
        near.sort_unstable();
        let nearest = near.first().map_or(0, |(apart, _)| *apart);
        let near = near.into_iter().filter(|(apart, _)| *apart == nearest).take(MOST_CORRECTIONS);
        near.filter_map(|(apart, place)| {
            let factor = if apart == 1 { 0.5 } else { 0.3 };
            self.word(place).map(|(_, id)| Meant { word: *id, factor })
        })
        .collect()
    }
}

/// How many letters may be wrong in a word of so many.
const fn allowed_distance(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of words")]
fn completion_factor(asked: &str, word: &str) -> f32 {
    0.4 + 0.5 * asked.len() as f32 / word.len() as f32
}

/// The groups of three letters of a word with its edges, each once.
fn groups_of(letters: &[char]) -> Vec<u64> {
    let edged: Vec<u64> =
        [0, 0].into_iter().chain(letters.iter().map(|letter| u64::from(*letter))).chain([0]).collect();
    let mut groups: Vec<u64> =
        edged.windows(3).map(|group| group.iter().fold(0, |key, letter| (key << 21) | letter)).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// How many letters must be changed, added, left out or swapped with their neighbour to make one word the other, if no more than `most`.
fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, right) in b.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
            let mut least = (at(&above, j) + usize::from(left != right)).min(at(&above, j + 1) + 1);
            least = least.min(at(&row, j) + 1);
            let is_swap = i > 0 && j > 0 && a.get(i - 1) == Some(right) && b.get(j - 1) == Some(left);
            if is_swap {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        if row.iter().min().is_none_or(|least| *least > most) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|apart| *apart <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon(words: &[&str]) -> (LexiconBuilder, Lexicon) {
        let mut builder = LexiconBuilder::default();
        for word in words {
            builder.id(word);
        }
        let lexicon = builder.finish();
        (builder, lexicon)
    }

    fn meant(asked: &str, unfinished: bool) -> Vec<&'static str> {
        const WORDS: &[&str] =
            &["linkedin", "outreach", "outline", "mail", "mailer", "csv", "invoice", "nail"];
        let (_, lexicon) = lexicon(WORDS);
        let mut found: Vec<_> =
            lexicon.meant(asked, unfinished).iter().map(|meant| WORDS[meant.word as usize]).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn words_beginnings_and_misspellings_are_found() {
        for (asked, unfinished, expected) in [
            ("mail", false, vec!["mail"]),
            ("mail", true, vec!["mail", "mailer"]),
            ("out", true, vec!["outline", "outreach"]),
            ("out", false, vec![]),
            ("linkedni", false, vec!["linkedin"]),
            ("lnikedin", false, vec!["linkedin"]),
            ("inkedin", false, vec!["linkedin"]),
            ("linkdin", true, vec!["linkedin"]),
            ("invoixe", false, vec!["invoice"]),
            ("invoixx", false, vec![]),
            ("outraech", false, vec!["outreach"]),
            ("outrxxch", false, vec!["outreach"]),
            ("mial", false, vec!["mail"]),
            ("bail", false, vec!["mail", "nail"]),
            ("cvs", false, vec![]),
            ("", true, vec!["csv", "invoice", "linkedin", "mail", "mailer", "nail", "outline", "outreach"]),
        ] {
            assert_eq!(meant(asked, unfinished), expected, "{asked}");
        }
    }

    #[test]
    fn distances_count_swaps_as_one() {
        let apart =
            |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>(), 2);
        assert_eq!(apart("abcd", "abcd"), Some(0));
        assert_eq!(apart("abcd", "abdc"), Some(1));
        assert_eq!(apart("abcd", "abd"), Some(1));
        assert_eq!(apart("abcd", "xbyd"), Some(2));
        assert_eq!(apart("abcd", "xxyd"), None);
        assert_eq!(apart("ab", "abcde"), None);
    }

    #[test]
    fn a_word_keeps_its_number() {
        let (mut builder, _) = lexicon(&["a", "b"]);
        assert_eq!((builder.id("b"), builder.id("c"), builder.id("a"), builder.len()), (1, 2, 0, 3));
    }
}
