//! Reads a manifest from JSON, collecting every problem with its path.
//!
//! Invariant: a value is only used when no issue was recorded against it, so defaults never hide a mistake.

use std::{collections::HashSet, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::{
    Field, Language, Listing, MAX_MEMORY_MB, MAX_TIMEOUT_MS, MIN_MEMORY_MB, Manifest, RetryPolicy, Runtime,
    field,
};
use crate::{schema::Schema, version};

#[path = "pricing.rs"]
mod pricing;

pub(super) use pricing::pricing_read;

const MAX_FIELDS: usize = 100;
const FIELD_TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];
const CAPABILITIES: [&str; 1] = ["http_request"];

/// One problem and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ManifestIssue {
    /// JSON path, e.g. `$.inputs[0].type`.
    pub path: String,
    pub message: String,
}

/// Everything that is wrong with a manifest; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ManifestErrors(pub Vec<ManifestIssue>);

impl fmt::Display for ManifestErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> =
            self.0.iter().map(|issue| format!("{}: {}", issue.path, issue.message)).collect();
        write!(f, "the manifest is not valid: {}", lines.join("; "))
    }
}

pub(super) fn manifest(value: &Value) -> Result<Manifest, ManifestErrors> {
    let mut reader = Reader::default();
    let Some(root) = value.as_object() else {
        return Err(ManifestErrors(vec![issue("$", "expected a JSON object")]));
    };
    reader.unknown_keys(
        "$",
        root,
        &[
            "$schema",
            "name",
            "slug",
            "description",
            "long_description",
            "icon_url",
            "category",
            "version",
            "tags",
            "pricing",
            "runtime",
            "inputs",
            "outputs",
            "capabilities",
            "retry",
            "egress",
            "author",
            "license",
            "homepage",
        ],
    );
    let listing = reader.listing(root);
    let runtime = reader.runtime(root);
    let inputs = reader.fields(root, "inputs");
    let outputs = reader.fields(root, "outputs");
    let capabilities = reader.capabilities(root);
    let retry = reader.retry(root);
    let egress = reader.strings(root, "egress", 50, 253);
    if !egress.is_empty() && !capabilities.iter().any(|name| name == "http_request") {
        reader.error("$.egress", "needs the capability http_request");
    }
    match (runtime, reader.errors.is_empty()) {
        (Some(runtime), true) => Ok(Manifest {
            listing,
            runtime,
            inputs,
            outputs,
            capabilities,
            retry,
            egress,
            warnings: reader.warnings,
        }),
        _ => Err(ManifestErrors(reader.errors)),
    }
}

#[derive(Default)]
struct Reader {
    errors: Vec<ManifestIssue>,
    warnings: Vec<ManifestIssue>,
}

fn issue(path: &str, message: impl Into<String>) -> ManifestIssue {
    ManifestIssue { path: path.to_owned(), message: message.into() }
}

impl Reader {
    fn error(&mut self, path: &str, message: impl Into<String>) {
        self.errors.push(issue(path, message));
    }

    fn unknown_keys(&mut self, path: &str, object: &Map<String, Value>, known: &[&str]) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.warnings.push(issue(&format!("{path}.{key}"), "unknown key, ignored"));
        }
    }

    fn listing(&mut self, root: &Map<String, Value>) -> Listing {
        let slug = self.text(root, "$", "slug", 64);
        if let Some(slug) = slug.as_deref().filter(|slug| !is_slug(slug)) {
            self.error(
                "$.slug",
                format!("`{slug}` is not 3 to 64 lower-case letters, digits and single hyphens"),
            );
        }
        let category = self.text(root, "$", "category", 40);
        if let Some(category) = category.as_deref().filter(|category| !is_slug(category)) {
            self.error(
                "$.category",
                format!("`{category}` is not lower-case letters, digits and single hyphens"),
            );
        }
        let version = self.text(root, "$", "version", 64).and_then(|text| {
            version::parse(&text).map_err(|problem| self.error("$.version", problem.to_string())).ok()
        });
        Listing {
            name: self.text(root, "$", "name", 100),
            slug,
            description: self.text(root, "$", "description", 500),
            long_description: self.text(root, "$", "long_description", 50_000),
            icon_url: self.text(root, "$", "icon_url", 2_000),
            category,
            version,
            tags: self.strings(root, "tags", 20, 40),
            pricing: self.pricing(root),
        }
    }

    fn runtime(&mut self, root: &Map<String, Value>) -> Option<Runtime> {
        let path = "$.runtime";
        let Some(object) = self.object(root, "$", "runtime") else {
            if !root.contains_key("runtime") {
                self.error(path, "is required: {\"language\": \"nodejs\" or \"python\", …}");
            }
            return None;
        };
        self.unknown_keys(path, object, &["language", "version", "entrypoint", "timeout_ms", "memory_mb"]);
        let language = self.language(object);
        let version = self.text(object, path, "version", 20);
        let entrypoint = self.text(object, path, "entrypoint", 200);
        if let Some(entrypoint) = entrypoint.as_deref().filter(|text| !is_relative_path(text)) {
            self.error(
                "$.runtime.entrypoint",
                format!("`{entrypoint}` is not a relative path inside the bundle"),
            );
        }
        let timeout_ms = self.integer(object, path, "timeout_ms", (1, MAX_TIMEOUT_MS));
        let memory_mb = self.integer(object, path, "memory_mb", (MIN_MEMORY_MB, MAX_MEMORY_MB));
        let language = language?;
        let (default_version, default_entrypoint) = match language {
            Language::Nodejs => ("20", "index.js"),
            Language::Python => ("3.11", "main.py"),
        };
        let version = version.unwrap_or_else(|| default_version.into());
        if !is_offered_version(language, &version) {
            let offered = match language {
                Language::Nodejs => "20",
                Language::Python => "3.11 or newer",
            };
            let message = format!("`{version}` is not offered for {}; use {offered}", language.as_str());
            self.error("$.runtime.version", message);
        }
        Some(Runtime {
            language,
            version,
            entrypoint: entrypoint.unwrap_or_else(|| default_entrypoint.into()),
            timeout_ms: timeout_ms.unwrap_or(MAX_TIMEOUT_MS),
            memory_mb: memory_mb.unwrap_or(MAX_MEMORY_MB),
        })
    }

    fn language(&mut self, runtime: &Map<String, Value>) -> Option<Language> {
        let path = "$.runtime.language";
        if runtime.get("language").is_none_or(Value::is_null) {
            self.error(path, "is required: nodejs or python");
            return None;
        }
        match self.text(runtime, "$.runtime", "language", 40)?.as_str() {
            "nodejs" => Some(Language::Nodejs),
            "python" => Some(Language::Python),
            other => {
                self.error(path, format!("`{other}` is not offered; use nodejs or python"));
                None
            }
        }
    }

    fn fields(&mut self, root: &Map<String, Value>, key: &str) -> Vec<Field> {
        let path = format!("$.{key}");
        let Some(value) = root.get(key) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.error(&path, "expected an array of {\"name\", \"type\", …}");
            return Vec::new();
        };
        if items.len() > MAX_FIELDS {
            self.error(&path, format!("has {} entries, at most {MAX_FIELDS} are allowed", items.len()));
            return Vec::new();
        }
        let mut seen = HashSet::new();
        let mut fields = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(field) = self.field(item, &path, key == "outputs") {
                // Inputs become environment variables in upper case, where these two would be one.
                if !seen.insert(field.name.to_ascii_uppercase()) {
                    self.error(
                        &format!("{path}.name"),
                        format!("`{}` appears twice (case is ignored)", field.name),
                    );
                }
                fields.push(field);
            }
        }
        fields
    }

    fn field(&mut self, item: &Value, path: &str, output: bool) -> Option<Field> {
        let Some(object) = item.as_object() else {
            self.error(path, "expected an object with name and type");
            return None;
        };
        let before = self.errors.len();
        let name = self.required_text(object, path, "name", 64);
        if let Some(name) = name.as_deref().filter(|name| !is_field_name(name)) {
            let message =
                format!("`{name}` must start with a letter or _ and hold only letters, digits and _");
            self.error(&format!("{path}.name"), message);
        }
        let kind = self.required_text(object, path, "type", 20);
        if let Some(kind) = kind.as_deref().filter(|kind| !FIELD_TYPES.contains(kind)) {
            self.error(&format!("{path}.type"), format!("`{kind}` is not one of {}", FIELD_TYPES.join(", ")));
        }
        // Outputs are promises: required unless said otherwise. Inputs are optional unless said otherwise.
        let required = self.boolean(object, path, "required").unwrap_or(output);
        let secret = self.boolean(object, path, "secret").unwrap_or(false);
        if secret && output {
            self.error(&format!("{path}.secret"), "only inputs can be secret");
        }
        self.text(object, path, "description", 2_000);
        let schema = self.field_schema(object, path);
        if self.errors.len() > before {
            return None;
        }
        Some(Field { name: name?, required, secret, schema })
    }

    /// The JSON Schema of one field, checked by the schema compiler itself, and its default against it.
    fn field_schema(&mut self, object: &Map<String, Value>, path: &str) -> Map<String, Value> {
        let read = field::field_schema(object, path);
        self.warnings.extend(read.warnings);
        if !read.errors.is_empty() {
            self.errors.extend(read.errors);
            return read.schema;
        }
        match Schema::compile(&Value::Object(read.schema.clone())) {
            Err(problem) => self.error(path, problem.to_string()),
            Ok(compiled) => {
                let default = read.schema.get("default");
                if let Some(problem) = default.and_then(|value| compiled.check(value).into_iter().next()) {
                    self.error(&format!("{path}.default"), problem.message);
                }
            }
        }
        read.schema
    }

    fn capabilities(&mut self, root: &Map<String, Value>) -> Vec<String> {
        let names = self.strings(root, "capabilities", 20, 40);
        for (index, name) in names.iter().enumerate() {
            if name == "browser" {
                self.error(&format!("$.capabilities[{index}]"), "`browser` is not offered yet");
            } else if !CAPABILITIES.contains(&name.as_str()) {
                let message = format!("`{name}` is unknown; known: {}", CAPABILITIES.join(", "));
                self.error(&format!("$.capabilities[{index}]"), message);
            }
        }
        if names.iter().any(|name| name == "http_request") {
            let message = "is recorded and shown to users, but runs have no network yet";
            self.warnings.push(issue("$.capabilities", message));
        }
        names
    }

    fn retry(&mut self, root: &Map<String, Value>) -> RetryPolicy {
        match self.text(root, "$", "retry", 10).as_deref() {
            None | Some("never") => RetryPolicy::Never,
            Some("safe") => RetryPolicy::Safe,
            Some(other) => {
                self.error("$.retry", format!("`{other}` is not one of never, safe"));
                RetryPolicy::Never
            }
        }
    }

    fn strings(&mut self, root: &Map<String, Value>, key: &str, most: usize, longest: usize) -> Vec<String> {
        let path = format!("$.{key}");
        let Some(value) = root.get(key) else { return Vec::new() };
        let texts: Option<Vec<String>> = value
            .as_array()
            .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        match texts {
            None => self.error(&path, "expected an array of strings"),
            Some(texts) if texts.iter().any(|text| has_control(text)) => {
                self.error(&path, "must not hold control characters");
            }
            Some(texts) if texts.len() > most => {
                self.error(&path, format!("at most {most} entries are allowed"));
            }
            Some(texts) if texts.iter().any(|text| text.is_empty() || text.chars().count() > longest) => {
                self.error(&path, format!("each entry must have 1 to {longest} characters"));
            }
            Some(texts) => return texts,
        }
        Vec::new()
    }

    fn required_text(
        &mut self,
        object: &Map<String, Value>,
        path: &str,
        key: &str,
        longest: usize,
    ) -> Option<String> {
        if object.get(key).is_none_or(Value::is_null) {
            self.error(&format!("{path}.{key}"), "is required");
        }
        self.text(object, path, key, longest)
    }

    fn text(&mut self, object: &Map<String, Value>, path: &str, key: &str, longest: usize) -> Option<String> {
        let value = object.get(key).filter(|value| !value.is_null())?;
        let path = format!("{path}.{key}");
        match value.as_str() {
            None => self.error(&path, "expected a string"),
            Some(text) if text.trim().is_empty() => self.error(&path, "must not be empty"),
            Some(text) if has_control(text) => self.error(&path, "must not hold control characters"),
            Some(text) if text.chars().count() > longest => {
                self.error(&path, format!("is longer than {longest} characters"));
            }
            Some(text) => return Some(text.to_owned()),
        }
        None
    }

    fn integer(
        &mut self,
        object: &Map<String, Value>,
        path: &str,
        key: &str,
        range: (u64, u64),
    ) -> Option<u64> {
        let value = object.get(key).filter(|value| !value.is_null())?;
        let found = value.as_u64().filter(|number| (range.0..=range.1).contains(number));
        if found.is_none() {
            let path = format!("{path}.{key}");
            self.error(&path, format!("expected a whole number from {} to {}", range.0, range.1));
        }
        found
    }

    fn boolean(&mut self, object: &Map<String, Value>, path: &str, key: &str) -> Option<bool> {
        let value = object.get(key)?;
        if !value.is_boolean() {
            self.error(&format!("{path}.{key}"), "expected true or false");
        }
        value.as_bool()
    }

    fn object<'a>(
        &mut self,
        object: &'a Map<String, Value>,
        path: &str,
        key: &str,
    ) -> Option<&'a Map<String, Value>> {
        let value = object.get(key)?;
        if !value.is_object() {
            self.error(&format!("{path}.{key}"), "expected an object");
        }
        value.as_object()
    }
}

/// Lower-case letters, digits and single inner hyphens, 3 to 64 characters.
pub(crate) fn is_slug(text: &str) -> bool {
    (3..=64).contains(&text.len())
        && text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// Databases refuse some of these characters, and terminals obey others.
fn has_control(text: &str) -> bool {
    text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
}

fn is_field_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_relative_path(text: &str) -> bool {
    !text.contains(['\\', '\0'])
        && text
            .strip_prefix("./")
            .unwrap_or(text)
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

fn is_offered_version(language: Language, version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    let (major, minor) = (numbers.next().flatten(), numbers.next().flatten());
    match language {
        Language::Nodejs => major == Some(20),
        Language::Python => major == Some(3) && minor.is_none_or(|minor| minor >= 11) && version != "3.",
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
