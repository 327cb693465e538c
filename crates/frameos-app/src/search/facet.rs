//! Counting what a list could be narrowed down to.
//!
//! Invariant: a facet counts what the list would have if its own filter were another, so it ignores its own filter and obeys
//! all others.

use std::collections::HashMap;

/// What agents can be filtered and counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Facet {
    Category,
    PricingModel,
    Language,
    Capability,
    Tag,
    Price,
}

impl Facet {
    /// Its bit in a set of filters.
    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A value and how many agents have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetValue {
    pub value: String,
    pub agents: usize,
}

/// The values of each facet, most frequent first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    pub category: Vec<FacetValue>,
    pub pricing_model: Vec<FacetValue>,
    pub language: Vec<FacetValue>,
    pub capability: Vec<FacetValue>,
    pub tag: Vec<FacetValue>,
    /// Of a run, in minor units: `0`, `1-100`, `101-1000`, `1001-10000`, `10001-`.
    pub price: Vec<FacetValue>,
}

/// Values of a facet that are told at most.
pub(super) const MOST_VALUES: usize = 20;

/// The number of a value's name.
pub(super) type NameId = u16;

/// Counts by numbers of names.
#[derive(Debug, Default)]
pub(super) struct Counts(HashMap<NameId, usize>);

impl Counts {
    pub(super) fn add(&mut self, name: NameId) {
        *self.0.entry(name).or_default() += 1;
    }

    /// The most frequent values, `most` of them.
    pub(super) fn finish(self, names: &Names, most: usize) -> Vec<FacetValue> {
        let named = self.0.into_iter().filter_map(|(id, agents)| {
            names.name(id).map(|value| FacetValue { value: value.to_owned(), agents })
        });
        let mut values: Vec<FacetValue> = named.collect();
        values.sort_by(|a, b| b.agents.cmp(&a.agents).then_with(|| a.value.cmp(&b.value)));
        values.truncate(most);
        values
    }
}

/// Numbers for the names of one facet. What is beyond the last number shares it, which only the rarest of 65,535 tags would.
#[derive(Debug, Default)]
pub(super) struct Names {
    ids: HashMap<Box<str>, NameId>,
    names: Vec<Box<str>>,
}

impl Names {
    pub(super) fn id(&mut self, name: &str) -> NameId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = NameId::try_from(self.names.len()).unwrap_or(NameId::MAX);
        self.ids.insert(name.into(), id);
        if id < NameId::MAX {
            self.names.push(name.into());
        }
        id
    }

    pub(super) fn find(&self, name: &str) -> Option<NameId> {
        self.ids.get(name).copied()
    }

    fn name(&self, id: NameId) -> Option<&str> {
        self.names.get(usize::from(id)).map(AsRef::as_ref)
    }
}
