//! Tests of the scanner through its public interface, by what is scanned.

mod bundles;
mod capabilities;
mod credentials;
mod dependencies;
mod disguise;
mod evidence;
mod files;
mod hidden;
mod javascript;
mod obfuscation;
mod pages;
mod python;
mod python_flow;
mod python_honest;
mod python_shapes;
mod python_tricks;
mod report;
mod support;
mod totality;
mod tricks;
