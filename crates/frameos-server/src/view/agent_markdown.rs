//! An agent's page as Markdown, for machines: what it does, costs, takes and gives, and how to run it.
//!
//! Invariant: what its developer wrote cannot pass for ours: one line stays one line, cells stay cells, and the long description
//! is quoted.

use std::fmt::Write;

use frameos_app::AgentView;
use serde_json::Value;

/// The page.
pub(crate) fn agent_markdown(view: &AgentView) -> String {
    let agent = &view.agent;
    let mut page = format!("# {}\n\n{}\n\n", line(&agent.name), line(&agent.description));
    for (name, value) in facts(view) {
        let _ = writeln!(page, "- {name}: {value}");
    }
    fields(&mut page, "Inputs", view.manifest.get("inputs"));
    fields(&mut page, "Outputs", view.manifest.get("outputs"));
    if let Some(text) = agent.long_description.as_deref().filter(|text| !text.trim().is_empty()) {
        page.push_str("\n## In the developer's words\n\n");
        for part in text.lines() {
            let _ = writeln!(page, "> {}", part.trim_end());
        }
    }
    let _ = write!(
        page,
        "\n## Running it\n\n\
         1. `POST /agents/{slug}/deploy` with `{{\"config\": {{…}}}}` and an `Idempotency-Key` gives a `deployment_id`.\n\
         2. `POST /agents/{slug}/execute` with `{{\"deployment_id\": \"dep_…\", \"inputs\": {{…}}}}`, an `Idempotency-Key` and \
         `Prefer: wait=30`.\n\
         3. `GET /executions/:id` shows the outputs once the run has succeeded; only then is it paid for.\n\n\
         As JSON: `GET /agents/{slug}`. Reviews: `GET /agents/{slug}/reviews`.\n",
        slug = agent.slug
    );
    page
}

fn facts(view: &AgentView) -> Vec<(&'static str, String)> {
    let agent = &view.agent;
    let none = || "none".to_owned();
    let list = |names: &[String]| {
        if names.is_empty() {
            none()
        } else {
            names.iter().map(|name| line(name)).collect::<Vec<_>>().join(", ")
        }
    };
    let rating = if agent.review_count > 0 {
        format!("{:.1} of 5, reviews: {}", agent.rating, agent.review_count)
    } else {
        none()
    };
    let runtime = view.manifest.get("runtime").and_then(|runtime| runtime.get("language"));
    let company = agent.developer_company.as_deref().map(|name| format!(" ({})", line(name)));
    vec![
        ("Id", format!("`{}`", agent.id)),
        ("Slug", format!("`{}`", agent.slug)),
        ("Developer", line(&agent.developer_name) + &company.unwrap_or_default()),
        ("Category", line(&agent.category)),
        ("Tags", list(&agent.tags)),
        ("Version", agent.current_version.clone()),
        ("Language", runtime.and_then(Value::as_str).map_or_else(none, line)),
        ("Capabilities", list(&agent.capabilities)),
        ("Pricing", format!("{}, {} at most", agent.pricing.model.as_str(), agent.pricing.price)),
        ("Free runs a month", agent.pricing.free_runs_per_month.to_string()),
        ("Rating", rating),
        ("Runs", format!("{}, successful: {:.0} %", agent.total_executions, agent.success_rate * 100.0)),
        ("Average duration", format!("{} ms", agent.avg_duration_ms)),
    ]
}

fn fields(page: &mut String, title: &str, fields: Option<&Value>) {
    let Some(fields) = fields.and_then(Value::as_array).filter(|fields| !fields.is_empty()) else { return };
    let _ = write!(
        page,
        "\n## {title}\n\n| Name | Type | Required | Secret | Description |\n|---|---|---|---|---|\n"
    );
    for field in fields {
        let text = |key: &str| field.get(key).and_then(Value::as_str).map_or_else(String::new, cell);
        let is = |key: &str| if field.get(key) == Some(&Value::Bool(true)) { "yes" } else { "no" };
        let (name, kind) = (text("name"), text("type"));
        let _ = writeln!(
            page,
            "| {name} | {kind} | {} | {} | {} |",
            is("required"),
            is("secret"),
            text("description")
        );
    }
}

/// Text that stays within its line and marks nothing up.
fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for letter in word.chars() {
            if matches!(letter, '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '\\' | '!') {
                out.push('\\');
            }
            out.push(letter);
        }
    }
    out
}

fn cell(text: &str) -> String {
    line(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_developers_write_marks_nothing_up() {
        assert_eq!(line("a\n# b [x](y) `c`"), "a \\# b \\[x\\](y) \\`c\\`");
        assert_eq!(cell("a | b"), "a \\| b");
    }
}
