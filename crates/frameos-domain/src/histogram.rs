//! How long things took, as counts per bucket: small to keep, exact to add, and good enough for a percentile.
//!
//! Invariants: the buckets never change, so histograms of any time and machine can be added; a bucket is at most a tenth
//! wider than its lower bound, so a percentile is within 5 % of the value it stands for, and exact up to 20; what is longer
//! than ten minutes counts as ten minutes. Reading what was not written here is an error, never a guess.

use std::collections::BTreeMap;

/// Lower bounds in milliseconds: 0 to 20 each by itself, then a tenth more each, up to ten minutes.
const BOUNDS: [i64; BUCKETS] = bounds();
const BUCKETS: usize = 132;

const fn bounds() -> [i64; BUCKETS] {
    let mut bounds = [0; BUCKETS];
    let mut index = 1;
    while index < BUCKETS {
        let last = bounds[index - 1];
        bounds[index] = last + if last < 20 { 1 } else { last / 10 };
        index += 1;
    }
    bounds
}

/// Counts of durations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DurationHistogram {
    /// Buckets that hold something.
    counts: BTreeMap<usize, u64>,
}

impl DurationHistogram {
    /// Counts one duration.
    pub fn add(&mut self, millis: i64) {
        let bucket = BOUNDS.partition_point(|bound| *bound <= millis).saturating_sub(1);
        let count = self.counts.entry(bucket).or_default();
        *count = count.saturating_add(1);
    }

    /// Counts everything `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, more) in &other.counts {
            let count = self.counts.entry(*bucket).or_default();
            *count = count.saturating_add(*more);
        }
    }

    /// The duration that `percent` of all do not exceed, in milliseconds. None when nothing was counted.
    pub fn percentile(&self, percent: u32) -> Option<i64> {
        let total = self.counts.values().map(|count| u128::from(*count)).sum::<u128>();
        // The rank of the value: rounded up, so that the 95th of 20 is the 19th.
        let rank = (total * u128::from(percent.min(100))).div_ceil(100).max(1);
        let mut passed = 0;
        self.counts.iter().find_map(|(bucket, count)| {
            passed += u128::from(*count);
            (passed >= rank).then(|| middle(*bucket))
        })
    }

    /// Pairs of numbers, 7 bits a byte, low first: how many buckets were skipped, and the count.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.counts.len() * 3);
        let mut next = 0;
        for (bucket, count) in &self.counts {
            number_write(&mut bytes, (bucket - next) as u64);
            number_write(&mut bytes, *count);
            next = bucket + 1;
        }
        bytes
    }

    /// What [`Self::to_bytes`] wrote. None when it did not.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut counts = BTreeMap::new();
        let mut next = 0_usize;
        while !bytes.is_empty() {
            let bucket = next.checked_add(usize::try_from(number_read(&mut bytes)?).ok()?)?;
            if bucket >= BUCKETS {
                return None;
            }
            counts.insert(bucket, number_read(&mut bytes)?);
            next = bucket + 1;
        }
        Some(Self { counts })
    }
}

impl FromIterator<i64> for DurationHistogram {
    fn from_iter<T: IntoIterator<Item = i64>>(durations: T) -> Self {
        let mut histogram = Self::default();
        durations.into_iter().for_each(|millis| histogram.add(millis));
        histogram
    }
}

fn middle(bucket: usize) -> i64 {
    let low = BOUNDS[bucket];
    BOUNDS.get(bucket + 1).map_or(low, |next| i64::midpoint(low, next - 1))
}

fn number_write(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn number_read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(first & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn histogram(durations: &[i64]) -> DurationHistogram {
        durations.iter().copied().collect()
    }

    #[test]
    fn buckets_reach_ten_minutes_and_are_narrow() {
        assert!((540_000..700_000).contains(&BOUNDS[BUCKETS - 1]), "{}", BOUNDS[BUCKETS - 1]);
        for pair in BOUNDS.windows(2) {
            assert!(pair[1] > pair[0] && (pair[1] - pair[0] - 1) * 10 <= pair[0], "{pair:?}");
        }
    }

    #[test]
    fn percentiles_of_few_values_are_the_values() {
        assert_eq!(histogram(&[]).percentile(95), None);
        assert_eq!(histogram(&[7]).percentile(95), Some(7));
        assert_eq!(histogram(&(1..=10).collect::<Vec<_>>()).percentile(50), Some(5));
        assert_eq!(histogram(&[0, -5, 3]).percentile(0), Some(0));
        assert_eq!(histogram(&[i64::MAX]).percentile(95), Some(BOUNDS[BUCKETS - 1]));
    }

    #[test]
    fn what_was_not_written_here_is_not_read() {
        for bytes in
            [&[0x80][..], &[1], &[0x84, 1, 1], &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]]
        {
            assert_eq!(DurationHistogram::from_bytes(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn a_merged_percentile_is_within_its_error(
            parts in prop::collection::vec(prop::collection::vec(0_i64..500_000, 0..60), 1..6),
            percent in 1_u32..=100,
        ) {
            let mut merged = DurationHistogram::default();
            for part in &parts {
                let bytes = histogram(part).to_bytes();
                merged.merge(&DurationHistogram::from_bytes(&bytes).unwrap());
            }
            let mut all = parts.concat();
            prop_assert_eq!(&merged, &histogram(&all));
            all.sort_unstable();
            let exact = all.len().checked_sub(1).map(|last| {
                all[(all.len() * percent as usize).div_ceil(100).saturating_sub(1).min(last)]
            });
            match (exact, merged.percentile(percent)) {
                (None, None) => {}
                (Some(exact), Some(told)) => {
                    prop_assert!((told - exact).abs() * 20 <= exact, "{told} for {exact}");
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
