//! How deeply a source may nest, decided before a recursive parser sees it.
//!
//! Invariant: the estimates are never below the depth of the syntax tree by more than a small factor that
//! [`STACK_BYTES`] absorbs, so no input can overflow the stack. They may exceed it; [`MAX_DEPTH`] is far above honest code.

mod javascript;
mod python;

pub(crate) use javascript::{Estimate, javascript, strict};
pub(crate) use python::python;

/// The deepest estimate that is still parsed.
pub(crate) const MAX_DEPTH: u32 = 5_000;

/// The largest strict bound that is still parsed.
pub(crate) const MAX_STRICT: u32 = 20_000;

/// The stack that parsing, analysis and the dropping of trees run on. Reserved, and touched only as deep as a source nests.
pub(crate) const STACK_BYTES: usize = 256 * 1024 * 1024;
