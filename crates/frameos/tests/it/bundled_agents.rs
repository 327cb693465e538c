//! The bundled agents keep what their samples promise, in the real sandbox.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::program::Frameos;

fn agent(slug: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agents").join(slug).canonicalize().unwrap()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs every sample of an agent; `at_least` guards against samples that are no longer found.
fn samples_hold(slug: &str, at_least: usize) {
    let frameos = Frameos::new();
    let dir = agent(slug);
    let dir_text = dir.to_str().unwrap();
    frameos.run(["validate", dir_text, "--json"]).expect(0);
    assert_ne!(frameos.run(["scan", dir_text, "--json"]).expect(0).json()["verdict"], "reject");

    let mut inputs: Vec<PathBuf> = fs::read_dir(dir.join("samples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(".input.json"))
        .collect();
    inputs.sort();
    assert!(inputs.len() >= at_least, "{slug} has {} samples", inputs.len());
    for input in inputs {
        let input = input.to_str().unwrap();
        let expected = read(Path::new(&input.replace(".input.json", ".expected.json")));
        let ran = frameos.run(["run", dir_text, "--inputs-file", input, "--json"]).expect(0).json();
        assert_eq!(ran["outputs"], expected, "{input}");
    }
}

/// Runs every case of `samples/errors.json`: refused by the manifest's schema before the run, or by the agent in its own words.
fn errors_are_told(slug: &str) {
    let frameos = Frameos::new();
    let dir = agent(slug);
    let cases = read(&dir.join("samples/errors.json"));
    assert!(!cases.as_array().unwrap().is_empty());
    for case in cases.as_array().unwrap() {
        let inputs =
            frameos.folder("case", &[("inputs.json", &case["inputs"].to_string())]).join("inputs.json");
        let args = ["run", dir.to_str().unwrap(), "--inputs-file", inputs.to_str().unwrap(), "--json"];
        let ran = frameos.run(args);
        if ran.code == 2 {
            ran.complains("the inputs do not fit the manifest");
            continue;
        }
        let ran = ran.expect(1).json();
        let (message, expected) = (ran["error_message"].as_str().unwrap(), case["error"].as_str().unwrap());
        assert!(message.contains(expected), "{}: {message:?} lacks {expected:?}", case["name"]);
        assert_eq!(ran["status"], "failed");
    }
}

#[test]
fn csv_profiler_keeps_its_samples() {
    samples_hold("csv-profiler", 8);
    errors_are_told("csv-profiler");
}

#[test]
fn pii_redactor_keeps_its_samples() {
    samples_hold("pii-redactor", 5);
    errors_are_told("pii-redactor");
}

#[test]
fn invoice_extractor_keeps_its_samples() {
    samples_hold("invoice-extractor", 4);
    errors_are_told("invoice-extractor");
}
