//! What is found, in which order, and what is counted.

use std::sync::{Arc, atomic::AtomicUsize};

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, DeveloperId},
    money::{Currency, Money},
    pricing::{Pricing, PricingModel, Terms},
};
use frameos_store::{agent::Agent, status::AgentStatus};

use super::*;
use crate::catalogue::Listed;

struct Entry {
    name: &'static str,
    description: &'static str,
    category: &'static str,
    tags: &'static [&'static str],
    price: i64,
    runs: i64,
    rating: (f64, i64),
    language: &'static str,
}

const PLAIN: Entry = Entry {
    name: "",
    description: "",
    category: "data",
    tags: &[],
    price: 50,
    runs: 0,
    rating: (0.0, 0),
    language: "nodejs",
};

const MARKET: &[Entry] = &[
    Entry {
        name: "LinkedIn Outreach",
        description: "Writes connection requests",
        category: "outreach",
        tags: &["b2b", "sales"],
        price: 100,
        runs: 900,
        rating: (4.8, 200),
        ..PLAIN
    },
    Entry {
        name: "Mail Sorter",
        description: "Sorts mail that LinkedIn sends",
        tags: &["mail"],
        price: 10,
        runs: 20,
        rating: (5.0, 1),
        language: "python",
        ..PLAIN
    },
    Entry {
        name: "CSV Profiler",
        description: "Profiles columns of a table",
        tags: &["csv", "b2b"],
        price: 0,
        runs: 50,
        rating: (3.0, 30),
        ..PLAIN
    },
    Entry {
        name: "Invoice Reader",
        description: "Reads totals and dates",
        category: "finance",
        tags: &["pdf"],
        price: 2_000,
        runs: 5,
        ..PLAIN
    },
];

fn listed(number: i64, entry: &Entry, words: &mut LexiconBuilder) -> Arc<Listed> {
    let at = Timestamp::from_micros(1_795_000_000_000_000 + number * 1_000_000);
    let agent = Agent {
        id: AgentId::new(at, [0; 10]),
        developer_id: DeveloperId::new(at, [0; 10]),
        name: entry.name.into(),
        slug: entry.name.to_lowercase().replace(' ', "-"),
        description: entry.description.into(),
        long_description: None,
        icon_url: None,
        category: entry.category.into(),
        pricing: Pricing {
            model: if entry.price == 0 { PricingModel::FreeTier } else { PricingModel::PerExecution },
            price: Money::new(entry.price, Currency::INR),
            free_runs_per_month: 0,
            terms: Terms::default(),
        },
        current_version: "1.0.0".into(),
        tags: entry.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        capabilities: if entry.category == "outreach" { vec!["http_request".into()] } else { Vec::new() },
        total_executions: entry.runs,
        success_rate: 1.0,
        avg_duration_ms: 1,
        rating: entry.rating.0,
        review_count: entry.rating.1,
        status: AgentStatus::Published,
        created_at: at,
        updated_at: at,
        developer_name: "Asha".into(),
        developer_company: None,
    };
    let weights = words_weigh(&agent);
    let weights = weights.iter().map(|(word, weight)| (words.id(word), *weight)).collect();
    Arc::new(Listed::new(agent, entry.language.into(), weights, Arc::new(AtomicUsize::new(0))))
}

fn index() -> Index {
    let mut words = LexiconBuilder::default();
    let agents = (0..).zip(MARKET).map(|(number, entry)| listed(number, entry, &mut words)).collect();
    Index::new(agents, Arc::new(words.finish()))
}

fn names(found: &Found) -> Vec<&str> {
    found.agents.iter().map(|listed| listed.agent.name.split(' ').next().unwrap()).collect()
}

fn searched(text: &str) -> Vec<String> {
    let query = AgentQuery { search: Some(text.into()), ..AgentQuery::default() };
    names(&index().find(&query, 0, 10)).into_iter().map(str::to_owned).collect()
}

fn listed_as(query: AgentQuery) -> String {
    names(&index().find(&query, 0, 10)).join(" ")
}

#[test]
fn searches_find_words_beginnings_and_misspellings() {
    for (text, expected) in [
        ("linkedin", "LinkedIn Mail"),
        ("LINKEDIN b2b", "LinkedIn"),
        ("lnikedin", "LinkedIn Mail"),
        ("invoise raeder", "Invoice"),
        ("prof", "CSV"),
        ("prof table", ""),
        ("table prof", "CSV"),
        ("reader of the invoices", "Invoice"),
        ("pdf invoice zebra", "Invoice"),
        ("invoice zebra", ""),
        ("finance", "Invoice"),
        ("asha", "LinkedIn Mail CSV Invoice"),
        ("zebra", ""),
        ("%_", "LinkedIn CSV Mail Invoice"),
    ] {
        assert_eq!(searched(text).join(" "), expected, "{text}");
    }
}

#[test]
fn orders_are_the_specifications() {
    for (sort, expected) in [
        (None, "LinkedIn CSV Mail Invoice"),
        (Some(SearchSort::Popularity), "LinkedIn CSV Mail Invoice"),
        (Some(SearchSort::Newest), "Invoice CSV Mail LinkedIn"),
        (Some(SearchSort::PriceLow), "CSV Mail LinkedIn Invoice"),
        (Some(SearchSort::PriceHigh), "Invoice LinkedIn Mail CSV"),
        (Some(SearchSort::Rating), "LinkedIn Mail Invoice CSV"),
    ] {
        assert_eq!(listed_as(AgentQuery { sort, ..AgentQuery::default() }), expected, "{sort:?}");
    }
    let query = AgentQuery {
        search: Some("linkedin".into()),
        sort: Some(SearchSort::PriceLow),
        ..AgentQuery::default()
    };
    assert_eq!(listed_as(query), "Mail LinkedIn", "an order that is asked for goes before relevance");
}

#[test]
fn filters_add_up_and_pages_end() {
    let all = AgentQuery::default;
    let text = |text: &str| Some(text.to_owned());
    for (query, expected) in [
        (AgentQuery { category: text("data"), ..all() }, "CSV Mail"),
        (AgentQuery { category: text("nothing"), ..all() }, ""),
        (AgentQuery { language: text("python"), ..all() }, "Mail"),
        (AgentQuery { capabilities: vec!["http_request".into()], ..all() }, "LinkedIn"),
        (AgentQuery { tags: vec!["B2B".into()], ..all() }, "LinkedIn CSV"),
        (AgentQuery { tags: vec!["b2b".into(), "csv".into()], ..all() }, "CSV"),
        (AgentQuery { pricing_model: Some(PricingModel::FreeTier), ..all() }, "CSV"),
        (AgentQuery { min_price: Some(10), max_price: Some(100), ..all() }, "LinkedIn Mail"),
        (AgentQuery { search: text("linkedin"), max_price: Some(10), ..all() }, "Mail"),
        (AgentQuery { developer: text("dev_nonsense"), ..all() }, ""),
    ] {
        assert_eq!(listed_as(query.clone()), expected, "{query:?}");
    }
    let index = index();
    let page = |skip, take| {
        let found = index.find(&AgentQuery::default(), skip, take);
        (names(&found).join(" "), found.total)
    };
    assert_eq!(page(1, 2), ("CSV Mail".to_owned(), 4));
    assert_eq!(page(3, 2), ("Invoice".to_owned(), 4));
    assert_eq!(page(usize::MAX, 2), (String::new(), 4));
    let developer = Some(index.agents[2].agent.developer_id.to_string());
    assert_eq!(listed_as(AgentQuery { developer, ..all() }), "CSV");
}

#[test]
fn facets_ignore_their_own_filter_only() {
    let query = AgentQuery {
        category: Some("data".into()),
        language: Some("nodejs".into()),
        facets: true,
        ..AgentQuery::default()
    };
    let found = index().find(&query, 0, 10);
    assert_eq!((names(&found).join(" ").as_str(), found.total), ("CSV", 1));
    let facets = found.facets.unwrap();
    let told = |values: &[FacetValue]| {
        values.iter().map(|value| format!("{} {}", value.value, value.agents)).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(told(&facets.category), "data 1, finance 1, outreach 1");
    assert_eq!(told(&facets.language), "nodejs 1, python 1");
    assert_eq!(told(&facets.pricing_model), "free_tier 1");
    assert_eq!(told(&facets.tag), "b2b 1, csv 1");
    assert_eq!(told(&facets.price), "0 1");
    assert_eq!(told(&facets.capability), "");
    assert_eq!(index().find(&AgentQuery::default(), 0, 1).facets, None);
}
