//! Finds every needle in a text, upper and lower case alike, in one pass.
//!
//! A rolling hash of three bytes is looked up in a small bitmap; only where a needle may begin are needles compared. On this
//! table of short words that is several times as fast as an automaton, whose every byte waits for the state before it.

/// Bits of the rolling hash: the last three bytes, five bits apart.
const BITS: u32 = 15;
const MASK: u32 = (1 << BITS) - 1;

pub(super) struct Search {
    needles: Vec<&'static [u8]>,
    /// One bit for each hash that some needle begins with.
    begins: Vec<u64>,
    /// For each hash that a needle begins with its bucket.
    slots: Vec<u16>,
    buckets: Vec<Bucket>,
}

/// The needles whose first three bytes have one hash.
#[derive(Default)]
struct Bucket {
    needles: Vec<u16>,
    /// One bit for each byte that may be the fourth, and the fifth; most candidates end here.
    fourth: u64,
    fifth: u64,
}

impl Search {
    /// Needles must have three bytes at least, of ASCII.
    pub(super) fn new(needles: impl Iterator<Item = &'static str>) -> Self {
        let needles: Vec<_> = needles.map(str::as_bytes).collect();
        let mut begins = vec![0; 1 << (BITS - 6)];
        let mut slots = vec![0; 1 << BITS];
        let mut buckets: Vec<Bucket> = Vec::new();
        for (index, needle) in needles.iter().enumerate() {
            let hash = needle.iter().take(3).fold(0, |hash, byte| roll(hash, *byte));
            if begins[word_of(hash)] & bit_of(hash) == 0 {
                slots[hash as usize] = u16::try_from(buckets.len()).unwrap_or(u16::MAX);
                buckets.push(Bucket::default());
            }
            begins[word_of(hash)] |= bit_of(hash);
            let bucket = &mut buckets[usize::from(slots[hash as usize])];
            bucket.needles.push(u16::try_from(index).unwrap_or(u16::MAX));
            bucket.fourth |= needle.get(3).map_or(u64::MAX, |byte| mark(*byte));
            bucket.fifth |= needle.get(4).map_or(u64::MAX, |byte| mark(*byte));
        }
        Self { needles, begins, slots, buckets }
    }

    /// Calls `found` with the number and the place of each needle, in the order of places.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        let mut hash = 0;
        for (at, byte) in text.iter().enumerate() {
            hash = roll(hash, *byte);
            if self.begins[word_of(hash)] & bit_of(hash) != 0 && at >= 2 {
                self.compare(&text[at - 2..], hash, |needle| found(needle, at - 2));
            }
        }
    }

    fn compare(&self, rest: &[u8], hash: u32, mut found: impl FnMut(usize)) {
        let bucket = &self.buckets[usize::from(self.slots[hash as usize])];
        let may = |at: usize, marks: u64| rest.get(at).is_none_or(|byte| marks & mark(*byte) != 0);
        if !may(3, bucket.fourth) || !may(4, bucket.fifth) {
            return;
        }
        for index in bucket.needles.iter().map(|index| usize::from(*index)) {
            let needle = self.needles[index];
            if rest.get(..needle.len()).is_some_and(|start| start.eq_ignore_ascii_case(needle)) {
                found(index);
            }
        }
    }
}

/// Bytes that differ in the bit of their case only are the same here.
fn roll(hash: u32, byte: u8) -> u32 {
    (hash << 5 ^ u32::from(byte | 0x20)) & MASK
}

fn mark(byte: u8) -> u64 {
    1 << ((byte | 0x20) & 63)
}

fn word_of(hash: u32) -> usize {
    (hash >> 6) as usize
}

fn bit_of(hash: u32) -> u64 {
    1 << (hash & 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEEDLES: [&str; 6] = ["abc", "ABCD", "bcd", "://", "token", "-e sh"];

    proptest! {
        #[test]
        fn needles_are_where_a_plain_search_finds_them(text in "(abc|ABCD|bcd|://|toKen|-e sh|[a-dé/: -]){0,40}") {
            let mut found = Vec::new();
            Search::new(NEEDLES.into_iter()).each(text.as_bytes(), |needle, at| found.push((at, needle)));
            let lower = text.to_ascii_lowercase();
            let mut expected = Vec::new();
            for (index, needle) in NEEDLES.iter().enumerate() {
                let needle = needle.to_ascii_lowercase();
                let starts = (0..lower.len()).filter(|at| lower.as_bytes()[*at..].starts_with(needle.as_bytes()));
                expected.extend(starts.map(|at| (at, index)));
            }
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
