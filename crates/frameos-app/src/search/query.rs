//! Questions to the index and their answers.

use std::sync::Arc;

use frameos_domain::pricing::PricingModel;

use super::{
    facet::{Counts, Facet, FacetValue, Facets, MOST_VALUES, NameId},
    index::{Index, Place},
    words::words_asked,
};
use crate::catalogue::Listed;

/// What to list. Absent filters do not filter.
#[derive(Debug, Clone, Default)]
pub struct AgentQuery {
    /// Words to be found in name, tags, slug, category, developer or description.
    pub search: Option<String>,
    pub category: Option<String>,
    pub pricing_model: Option<PricingModel>,
    /// Of a run, in minor units.
    pub min_price: Option<i64>,
    pub max_price: Option<i64>,
    pub language: Option<String>,
    /// All of them.
    pub capabilities: Vec<String>,
    pub tags: Vec<String>,
    /// A developer's id.
    pub developer: Option<String>,
    /// By relevance when nothing is said and something searched.
    pub sort: Option<SearchSort>,
    pub facets: bool,
}

/// In which order. Ties: newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchSort {
    Popularity,
    Newest,
    PriceLow,
    PriceHigh,
    /// By what ratings are worth, see `frameos_domain::rating`.
    Rating,
}

impl SearchSort {
    pub(super) const ALL: [Self; 5] =
        [Self::Popularity, Self::Newest, Self::PriceLow, Self::PriceHigh, Self::Rating];
}

/// A part of the answer.
#[derive(Debug, Clone)]
pub struct Found {
    pub agents: Vec<Arc<Listed>>,
    /// How many fit in all.
    pub total: usize,
    pub facets: Option<Facets>,
}

/// The filters of a question, in the index's numbers. `None` inside: no agent has that.
struct Filters<'q> {
    query: &'q AgentQuery,
    category: Option<Option<NameId>>,
    pricing_model: Option<Option<NameId>>,
    language: Option<Option<NameId>>,
    capabilities: Vec<Option<NameId>>,
    tags: Vec<Option<NameId>>,
    are_none: bool,
}

/// An agent that has the words, and how well.
type Hit = (Place, f32);

impl Index {
    /// The agents that fit, without the first `skip`, at most `take`.
    pub(crate) fn find(&self, query: &AgentQuery, skip: usize, take: usize) -> Found {
        let filters = Filters::new(self, query);
        let hits = query.search.as_deref().and_then(|text| self.search(text));
        let order = query.sort.unwrap_or(SearchSort::Popularity);
        let by_relevance = hits.is_some() && query.sort.is_none();
        let mut counts = query.facets.then(FacetCounts::default);
        let mut fitting: Vec<Hit> = Vec::new();
        let mut look = |place: Place, score: f32| {
            let failed = filters.failed(self, place);
            if let Some(counts) = &mut counts {
                counts.add(self, place, failed);
            }
            if failed == 0 {
                fitting.push((place, score));
            }
        };
        let total;
        let places: Vec<Place> = match hits {
            None if filters.are_none && !query.facets => {
                total = self.agents.len();
                self.places(order).iter().skip(skip).take(take).copied().collect()
            }
            None => {
                // In order already.
                self.places(order).iter().for_each(|place| look(*place, 0.0));
                total = fitting.len();
                fitting.iter().skip(skip).take(take).map(|(place, _)| *place).collect()
            }
            Some(hits) => {
                hits.iter().for_each(|(place, score)| look(*place, *score));
                total = fitting.len();
                let ranks = self.ranks(order);
                let rank = |place: Place| ranks.get(place as usize).copied().unwrap_or(u32::MAX);
                let wanted = skip.saturating_add(take);
                if by_relevance {
                    part_sort(&mut fitting, wanted, |a, b| {
                        b.1.total_cmp(&a.1).then_with(|| rank(a.0).cmp(&rank(b.0)))
                    });
                } else {
                    part_sort(&mut fitting, wanted, |a, b| rank(a.0).cmp(&rank(b.0)));
                }
                fitting.iter().skip(skip).take(take).map(|(place, _)| *place).collect()
            }
        };
        let agents = places.iter().filter_map(|place| self.agents.get(*place as usize)).cloned().collect();
        Found { agents, total, facets: counts.map(|counts| counts.finish(self)) }
    }

    /// Who has the words of `text`; none when there are no words in it. All words are needed; if nobody has them all, three or
    /// more may lack one.
    fn search(&self, text: &str) -> Option<Vec<Hit>> {
        let (asked, unfinished) = words_asked(text);
        if asked.is_empty() {
            return None;
        }
        let mut sums = vec![0.0_f32; self.agents.len()];
        let mut counts = vec![0_u8; self.agents.len()];
        let mut best = vec![0.0_f32; self.agents.len()];
        let last = asked.len() - 1;
        for (number, word) in asked.iter().enumerate() {
            let mut touched: Vec<Place> = Vec::new();
            for meant in self.lexicon.meant(word, unfinished && number == last) {
                for posting in self.postings(meant.word) {
                    let Some(slot) = best.get_mut(posting.place as usize) else { continue };
                    if *slot <= 0.0 {
                        touched.push(posting.place);
                    }
                    *slot = slot.max(posting.weight * meant.factor);
                }
            }
            for place in touched.into_iter().map(|place| place as usize) {
                if let (Some(sum), Some(count), Some(slot)) =
                    (sums.get_mut(place), counts.get_mut(place), best.get_mut(place))
                {
                    *sum += *slot;
                    *count += 1;
                    *slot = 0.0;
                }
            }
        }
        let with = |needed: usize| -> Vec<Hit> {
            let hits = (0..).zip(&counts).zip(&sums).zip(&self.quality);
            hits.filter(|(((_, count), _), _)| usize::from(**count) >= needed)
                .map(|(((place, _), sum), quality)| (place, sum * quality))
                .collect()
        };
        let hits = with(asked.len());
        Some(if hits.is_empty() && asked.len() >= 3 { with(last) } else { hits })
    }
}

/// Brings the first `wanted` into their order, and leaves the others behind them in none.
fn part_sort(hits: &mut [Hit], wanted: usize, order: impl Fn(&Hit, &Hit) -> std::cmp::Ordering + Copy) {
    let end = wanted.min(hits.len());
    if end > 0 && end < hits.len() {
        hits.select_nth_unstable_by(end - 1, order);
    }
    if let Some(first) = hits.get_mut(..end) {
        first.sort_unstable_by(order);
    }
}

impl<'q> Filters<'q> {
    fn new(index: &Index, query: &'q AgentQuery) -> Self {
        let names = &index.names;
        let filters = Self {
            query,
            category: query.category.as_deref().map(|name| names.category.find(name)),
            pricing_model: query.pricing_model.map(|model| names.pricing_model.find(model.as_str())),
            language: query.language.as_deref().map(|name| names.language.find(name)),
            capabilities: query.capabilities.iter().map(|name| names.capability.find(name)).collect(),
            tags: query.tags.iter().map(|name| names.tag.find(&name.to_lowercase())).collect(),
            are_none: false,
        };
        let are_none = filters.category.is_none()
            && filters.pricing_model.is_none()
            && filters.language.is_none()
            && filters.capabilities.is_empty()
            && filters.tags.is_empty()
            && query.min_price.is_none()
            && query.max_price.is_none()
            && query.developer.is_none();
        Self { are_none, ..filters }
    }

    /// The facets whose filter an agent does not pass, as bits; the highest for a filter that is no facet.
    fn failed(&self, index: &Index, place: Place) -> u8 {
        const NO_FACET: u8 = 1 << 7;
        if self.are_none {
            return 0;
        }
        let (Some(traits), Some(listed)) =
            (index.traits.get(place as usize), index.agents.get(place as usize))
        else {
            return NO_FACET;
        };
        let is_other = |wanted: Option<Option<NameId>>, has: NameId| wanted.is_some_and(|id| id != Some(has));
        let lacks = |wanted: &[Option<NameId>], has: &[NameId]| {
            wanted.iter().any(|id| id.is_none_or(|id| !has.contains(&id)))
        };
        let price = listed.agent.pricing.price.minor;
        let mut failed = 0;
        let mut note = |fails: bool, bit: u8| failed |= if fails { bit } else { 0 };
        note(is_other(self.category, traits.category), Facet::Category.bit());
        note(is_other(self.pricing_model, traits.pricing_model), Facet::PricingModel.bit());
        note(is_other(self.language, traits.language), Facet::Language.bit());
        note(lacks(&self.capabilities, &traits.capabilities), Facet::Capability.bit());
        note(lacks(&self.tags, &traits.tags), Facet::Tag.bit());
        note(
            self.query.min_price.is_some_and(|least| price < least)
                || self.query.max_price.is_some_and(|most| price > most),
            Facet::Price.bit(),
        );
        let developer = self.query.developer.as_deref();
        note(developer.is_some_and(|id| id.parse() != Ok(listed.agent.developer_id)), NO_FACET);
        failed
    }
}

#[derive(Default)]
struct FacetCounts {
    category: Counts,
    pricing_model: Counts,
    language: Counts,
    capability: Counts,
    tag: Counts,
    price: [usize; PRICES.len()],
}

/// Price ranges and the most that each holds.
const PRICES: [(&str, i64); 5] =
    [("0", 0), ("1-100", 100), ("101-1000", 1_000), ("1001-10000", 10_000), ("10001-", i64::MAX)];

impl FacetCounts {
    fn add(&mut self, index: &Index, place: Place, failed: u8) {
        let (Some(traits), Some(listed)) =
            (index.traits.get(place as usize), index.agents.get(place as usize))
        else {
            return;
        };
        let counts = |facet: Facet| failed & !facet.bit() == 0;
        if counts(Facet::Category) {
            self.category.add(traits.category);
        }
        if counts(Facet::PricingModel) {
            self.pricing_model.add(traits.pricing_model);
        }
        if counts(Facet::Language) {
            self.language.add(traits.language);
        }
        // Of these an agent has several, and several may be asked for: each value counts what it would leave of the list.
        if failed == 0 {
            traits.capabilities.iter().for_each(|name| self.capability.add(*name));
            traits.tags.iter().for_each(|name| self.tag.add(*name));
        }
        if counts(Facet::Price) {
            let price = listed.agent.pricing.price.minor;
            let range = PRICES.iter().position(|(_, most)| price <= *most);
            if let Some(count) = range.and_then(|range| self.price.get_mut(range)) {
                *count += 1;
            }
        }
    }

    fn finish(self, index: &Index) -> Facets {
        let names = &index.names;
        let prices = PRICES.iter().zip(self.price).filter(|(_, agents)| *agents > 0);
        Facets {
            category: self.category.finish(&names.category, MOST_VALUES),
            pricing_model: self.pricing_model.finish(&names.pricing_model, MOST_VALUES),
            language: self.language.finish(&names.language, MOST_VALUES),
            capability: self.capability.finish(&names.capability, MOST_VALUES),
            tag: self.tag.finish(&names.tag, MOST_VALUES),
            price: prices
                .map(|((value, _), agents)| FacetValue { value: (*value).to_owned(), agents })
                .collect(),
        }
    }
}
