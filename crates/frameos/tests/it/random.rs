//! Random numbers that come again: the same in every run of a test with the same seed.

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// One of `choices`.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }

    /// Another source, for somebody who draws at moments of their own.
    pub(crate) const fn fork(&mut self) -> Self {
        Self(self.next())
    }
}

/// The value of an environment variable that a person may set to have a failure again, or more of the test.
pub(crate) fn setting<T: std::str::FromStr<Err: std::fmt::Debug>>(variable: &str) -> Option<T> {
    #[expect(clippy::disallowed_methods, reason = "a failure elsewhere is repeated here by its seed")]
    let given = std::env::var(variable).ok()?;
    Some(given.parse().unwrap())
}
