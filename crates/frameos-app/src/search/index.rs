//! The published agents with who uses which word, what can be filtered by, and every order there is.
//!
//! Invariants: nothing changes after it is built; an agent is named by its place in `agents`, and all arrays of the index are
//! as long as that.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use frameos_domain::{id::AgentId, rating::rating_score};

use super::{
    facet::{Counts, FacetValue, NameId, Names},
    lexicon::{Lexicon, WordId},
    query::SearchSort,
};
use crate::catalogue::Listed;

/// An agent's place.
pub(super) type Place = u32;

/// That an agent uses a word, and how much that word says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    pub place: Place,
    pub weight: f32,
}

/// What an agent is filtered by.
#[derive(Debug)]
pub(super) struct Traits {
    pub category: NameId,
    pub language: NameId,
    pub pricing_model: NameId,
    pub capabilities: Box<[NameId]>,
    pub tags: Box<[NameId]>,
}

/// The names of what is filtered by.
#[derive(Debug, Default)]
pub(super) struct TraitNames {
    pub category: Names,
    pub language: Names,
    pub pricing_model: Names,
    pub capability: Names,
    pub tag: Names,
}

/// The whole.
#[derive(Debug)]
pub(crate) struct Index {
    pub(super) agents: Vec<Arc<Listed>>,
    by_id: HashMap<AgentId, Place>,
    by_slug: HashMap<Box<str>, Place>,
    pub(super) lexicon: Arc<Lexicon>,
    /// Of the word `id`, `postings[starts[id]..starts[id + 1]]`.
    starts: Vec<u32>,
    postings: Vec<Posting>,
    pub(super) traits: Vec<Traits>,
    pub(super) names: TraitNames,
    /// The places in each order, and each agent's position in it.
    orders: [Order; SearchSort::ALL.len()],
    /// What an agent's success with users multiplies its relevance by.
    pub(super) quality: Vec<f32>,
}

#[derive(Debug, Default)]
struct Order {
    places: Vec<Place>,
    ranks: Vec<u32>,
}

/// How much a word's repetition saturates, and how much long texts are discounted: the usual values of BM25.
const SATURATION: f32 = 1.2;
const LENGTH: f32 = 0.6;

impl Index {
    /// Indexes agents whose words are numbered by `lexicon`.
    pub(crate) fn new(agents: Vec<Arc<Listed>>, lexicon: Arc<Lexicon>) -> Self {
        let places = || 0_u32..;
        let by_id = places().zip(&agents).map(|(place, listed)| (listed.agent.id, place)).collect();
        let by_slug =
            places().zip(&agents).map(|(place, listed)| (listed.agent.slug.as_str().into(), place)).collect();
        let (starts, postings) = postings(&agents, lexicon.len());
        let mut names = TraitNames::default();
        let traits = agents.iter().map(|listed| traits(listed, &mut names)).collect();
        let quality = agents.iter().map(|listed| quality(listed)).collect();
        let orders = orders(&agents);
        Self { agents, by_id, by_slug, lexicon, starts, postings, traits, names, orders, quality }
    }

    /// All categories with how many agents are in each.
    pub(crate) fn categories(&self) -> Vec<FacetValue> {
        let mut counts = Counts::default();
        self.traits.iter().for_each(|traits| counts.add(traits.category));
        counts.finish(&self.names.category, usize::MAX)
    }

    pub(crate) fn by_id(&self, id: AgentId) -> Option<&Arc<Listed>> {
        self.agents.get(*self.by_id.get(&id)? as usize)
    }

    pub(crate) fn by_slug(&self, slug: &str) -> Option<&Arc<Listed>> {
        self.agents.get(*self.by_slug.get(slug)? as usize)
    }

    pub(super) fn postings(&self, word: WordId) -> &[Posting] {
        let bound = |id: usize| self.starts.get(id).map(|start| *start as usize);
        let range = bound(word as usize).zip(bound(word as usize + 1));
        range.and_then(|(from, to)| self.postings.get(from..to)).unwrap_or_default()
    }

    /// All places in an order.
    pub(super) fn places(&self, sort: SearchSort) -> &[Place] {
        self.orders.get(sort as usize).map(|order| order.places.as_slice()).unwrap_or_default()
    }

    /// Each agent's position in an order.
    pub(super) fn ranks(&self, sort: SearchSort) -> &[u32] {
        self.orders.get(sort as usize).map(|order| order.ranks.as_slice()).unwrap_or_default()
    }
}

/// Who uses which word, with weights by BM25.
#[expect(clippy::cast_precision_loss, reason = "numbers of agents")]
fn postings(agents: &[Arc<Listed>], words: usize) -> (Vec<u32>, Vec<Posting>) {
    let mut users = vec![0_u32; words];
    let mut lengths = Vec::with_capacity(agents.len());
    for listed in agents {
        lengths.push(listed.words.iter().map(|(_, weight)| weight).sum::<f32>());
        for (word, _) in &listed.words {
            if let Some(count) = users.get_mut(*word as usize) {
                *count += 1;
            }
        }
    }
    let mut starts = Vec::with_capacity(words + 1);
    let mut total = 0;
    for count in &users {
        starts.push(total);
        total += count;
    }
    starts.push(total);
    let all = agents.len().max(1) as f32;
    let rarity: Vec<f32> =
        users.iter().map(|count| (1.0 + (all - *count as f32 + 0.5) / (*count as f32 + 0.5)).ln()).collect();
    let mean = lengths.iter().sum::<f32>() / all;
    let mut next = starts.clone();
    let mut postings = vec![Posting { place: 0, weight: 0.0 }; total as usize];
    for ((place, listed), length) in (0..).zip(agents).zip(&lengths) {
        let discount = SATURATION * (1.0 - LENGTH + LENGTH * length / mean.max(1.0));
        for (word, weight) in &listed.words {
            let Some(at) = next.get_mut(*word as usize) else { continue };
            let rare = rarity.get(*word as usize).copied().unwrap_or(1.0);
            let weight = rare * weight * (SATURATION + 1.0) / (weight + discount);
            if let Some(posting) = postings.get_mut(*at as usize) {
                *posting = Posting { place, weight };
            }
            *at += 1;
        }
    }
    (starts, postings)
}

fn traits(listed: &Listed, names: &mut TraitNames) -> Traits {
    let agent = &listed.agent;
    Traits {
        category: names.category.id(&agent.category),
        language: names.language.id(&listed.language),
        pricing_model: names.pricing_model.id(agent.pricing.model.as_str()),
        capabilities: agent.capabilities.iter().map(|name| names.capability.id(name)).collect(),
        tags: agent.tags.iter().map(|name| names.tag.id(&name.to_lowercase())).collect(),
    }
}

/// From 0.9 for a new agent to about 1.5: it decides between texts that fit about as well, not against a better one.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a weight, not a number")]
fn quality(listed: &Listed) -> f32 {
    let agent = &listed.agent;
    let runs = (1.0 + agent.total_executions.max(0) as f64).log10();
    let rating = rating_score(agent.rating, agent.review_count, None) - 3.5;
    (0.9 + 0.08 * runs.min(5.0) + 0.1 * rating) as f32
}

fn orders(agents: &[Arc<Listed>]) -> [Order; SearchSort::ALL.len()] {
    let (sum, count) = agents.iter().fold((0.0, 0), |(sum, count), listed| {
        let reviews = listed.agent.review_count;
        #[expect(clippy::cast_precision_loss, reason = "numbers of reviews are small")]
        let stars = listed.agent.rating * reviews as f64;
        (sum + stars, count + reviews)
    });
    #[expect(clippy::cast_precision_loss, reason = "numbers of reviews are small")]
    let mean = (count > 0).then(|| sum / count as f64);
    SearchSort::ALL.map(|sort| {
        let mut keyed: Vec<_> = (0..)
            .zip(agents)
            .map(|(place, listed): (Place, _)| {
                let agent = &listed.agent;
                let key = match sort {
                    SearchSort::Popularity => Reverse(agent.total_executions),
                    SearchSort::Newest => Reverse(0),
                    SearchSort::PriceLow => Reverse(-agent.pricing.price.minor),
                    SearchSort::PriceHigh => Reverse(agent.pricing.price.minor),
                    SearchSort::Rating => Reverse(score_key(agent.rating, agent.review_count, mean)),
                };
                (key, Reverse(agent.created_at), Reverse(agent.id), place)
            })
            .collect();
        keyed.sort_unstable();
        let places: Vec<Place> = keyed.into_iter().map(|(_, _, _, place)| place).collect();
        let mut ranks = vec![0; agents.len()];
        for (rank, place) in (0..).zip(&places) {
            if let Some(slot) = ranks.get_mut(*place as usize) {
                *slot = rank;
            }
        }
        Order { places, ranks }
    })
}

/// A score as a whole number that sorts like it.
#[expect(clippy::cast_possible_truncation, reason = "scores are from 0 to 5")]
fn score_key(rating: f64, reviews: i64, mean: Option<f64>) -> i64 {
    (rating_score(rating, reviews, mean) * 1e9) as i64
}
