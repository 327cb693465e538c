//! Tests of the scanner through its public interface, by what is scanned.

mod bundles;
mod files;
mod javascript;
mod python;
mod support;
mod totality;
mod tricks;
