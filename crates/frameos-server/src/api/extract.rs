//! Extractors: what a handler's signature may ask for. Each one refuses with our own envelope and codes.

mod conditional;
mod csv;
mod idempotency_key;
mod json;
mod markdown;
mod mint;
mod origin;
mod paging;
mod path;
mod permission;
mod prefer;
mod query;
mod reader;
mod run;

pub(crate) use conditional::{Conditional, LastEventId};
pub(crate) use csv::{Format, PathFile};
pub(crate) use idempotency_key::{IdempotencyKey, OptionalKey, key_in};
pub(crate) use json::{Json, OptionalJson, body_bytes};
pub(crate) use markdown::markdown_wanted;
pub(crate) use mint::{KeyedMint, Minted};
pub(crate) use origin::From;
pub(crate) use paging::{Paging, page_check};
pub(crate) use path::{PathId, PathIds, PathText, PathTexts};
pub(crate) use permission::{
    Admin, Authenticated, Developer, OptionalPrincipal, Public, User, bearer, bearer_is, principal_in,
};
pub(crate) use prefer::Prefer;
pub(crate) use query::Query;
pub(crate) use reader::Reader;
pub(crate) use run::{Run, is_run_token};
