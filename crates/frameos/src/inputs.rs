//! Inputs and config as typed on the command line: `--input name=value` and `--inputs-file`.
//!
//! Invariant: the declared type decides how a value is read, never its looks: a string input `007` stays `007`, a number input
//! `abc` is wrong usage. Whether the values fit the manifest is not judged here.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;
use frameos_domain::manifest::Manifest;
use serde_json::{Map, Value};

use crate::failure::{Failure, Result};

/// Where the values of a run come from.
#[derive(Debug, Default, Args)]
pub struct InputArgs {
    /// One input: text as it is, other types as JSON; NAME=@FILE reads a file, NAME=@@… is text that starts with @
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE")]
    inputs: Vec<String>,
    /// A JSON object with inputs (- for stdin); --input wins over it
    #[arg(long, value_name = "FILE")]
    inputs_file: Option<PathBuf>,
}

impl InputArgs {
    pub fn read(&self, types: &Types) -> Result<Map<String, Value>> {
        values(self.inputs_file.as_deref(), &self.inputs, types)
    }
}

/// The declared type of each input.
#[derive(Debug, Default)]
pub struct Types(BTreeMap<String, String>);

impl Types {
    pub fn of(manifest: &Manifest) -> Self {
        let kind = |schema: &Map<String, Value>| schema.get("type")?.as_str().map(str::to_owned);
        let inputs = manifest.inputs.iter();
        Self(inputs.filter_map(|field| Some((field.name.clone(), kind(&field.schema)?))).collect())
    }

    /// From a manifest as the API shows it, which a newer server may have extended.
    pub fn of_json(manifest: &Value) -> Self {
        let text = |field: &Value, key: &str| field.get(key)?.as_str().map(str::to_owned);
        let inputs = manifest.get("inputs").and_then(Value::as_array).into_iter().flatten();
        Self(inputs.filter_map(|field| Some((text(field, "name")?, text(field, "type")?))).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// The object in `file`, if any, overlaid with `name=value` pairs.
pub fn values(file: Option<&Path>, pairs: &[String], types: &Types) -> Result<Map<String, Value>> {
    let mut values = match file {
        Some(path) => object(path)?,
        None => Map::new(),
    };
    for pair in pairs {
        let (name, value) = pair
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| Failure::usage(format!("`{pair}` is not NAME=VALUE")))?;
        values.insert(name.to_owned(), typed(name, &content(name, value)?, types.get(name))?);
    }
    Ok(values)
}

fn object(path: &Path) -> Result<Map<String, Value>> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    let text = text.map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{} does not hold a JSON object: {error}", path.display())))
}

fn content(name: &str, value: &str) -> Result<String> {
    match value.strip_prefix('@') {
        None => Ok(value.to_owned()),
        Some(literal) if literal.starts_with('@') => Ok(literal.to_owned()),
        Some(path) => fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("input `{name}`: cannot read {path}: {error}"))),
    }
}

fn typed(name: &str, text: &str, kind: Option<&str>) -> Result<Value> {
    // An undeclared name is kept as text: whoever checks the inputs names all of them at once.
    let Some(kind) = kind.filter(|kind| *kind != "string") else { return Ok(Value::String(text.to_owned())) };
    serde_json::from_str(text).map_err(|_| {
        let example = match kind {
            "boolean" => "true",
            "array" => "[\"a\", \"b\"]",
            "object" => "{\"a\": 1}",
            _ => "3",
        };
        Failure::usage(format!("input `{name}` is of type {kind}: give it as JSON, such as '{example}'"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(pairs: &[&str]) -> Result<Value> {
        let types = Types::of_json(&json!({"inputs": [
            {"name": "zip", "type": "string"}, {"name": "n", "type": "integer"}, {"name": "tags", "type": "array"},
        ]}));
        let pairs: Vec<String> = pairs.iter().map(|&pair| pair.to_owned()).collect();
        values(None, &pairs, &types).map(Value::Object)
    }

    #[test]
    fn the_declared_type_decides() {
        let values = read(&["zip=007", "n=7", "tags=[\"a\"]", "other=1", "zip=a=b"]).unwrap();
        assert_eq!(values, json!({"zip": "a=b", "n": 7, "tags": ["a"], "other": "1"}));
        assert_eq!(read(&["zip=@@home"]).unwrap(), json!({"zip": "@home"}));
    }

    #[test]
    fn what_cannot_be_read_is_wrong_usage() {
        for pairs in [["zip"], ["=1"], ["n=seven"], ["tags=a,b"], ["zip=@/does/not/exist"]] {
            assert!(matches!(read(&pairs), Err(Failure::Usage(_))), "{pairs:?}");
        }
    }
}
