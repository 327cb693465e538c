//! Finding agents among those that are published: an index in memory, and questions to it. Pure: it knows no database.
//!
//! Parts: `words` takes texts apart; `lexicon` knows all words, what begins like one and what was probably meant by one;
//! `index` holds who uses which word, and every order; `query` answers; `facet` counts.
//!
//! Invariants: an index never changes, a newer one takes its place; the same question to the same index has the same answer.

mod facet;
mod index;
mod lexicon;
mod query;
mod words;

pub use facet::{FacetValue, Facets};
pub(crate) use index::Index;
pub(crate) use lexicon::{Lexicon, LexiconBuilder, WordId};
pub use query::{AgentQuery, Found, SearchSort};
pub(crate) use words::words_weigh;

#[cfg(test)]
mod tests;
