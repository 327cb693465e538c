//! Tests of the scanner through its public interface, by what is scanned.

mod bundles;
mod files;
mod javascript;
mod python;
mod python_flow;
mod python_honest;
mod python_tricks;
mod support;
mod totality;
