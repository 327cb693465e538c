//! Tests of the scanner through its public interface, by what is scanned.

mod bundles;
mod files;
mod javascript;
mod pages;
mod python;
mod report;
mod support;
mod totality;
