//! The description of the HTTP interface: an OpenAPI 3.1 document made of the route table and of its handlers' own types.
//!
//! Invariants: nothing in it is written a second time. What a route takes is told by its handler's extractors, what it answers
//! by its result type, who may use it and how often by its line in the table; a handler whose types have no description does
//! not compile into the table. Only names and sentences are by hand, in `operations`.

mod assemble;
mod describe;
mod examples;
mod inputs;
mod operation;
mod operations;
mod outputs;
mod page;
mod refusals;
mod schemas;

pub use assemble::document;
pub(crate) use describe::{Described, Input, Replies};
pub(crate) use operation::Operation;
pub(crate) use page::{STYLE, page};
