//! Whether an answer is wanted as Markdown: `Accept: text/markdown`, for programs that read rather than parse.

use axum::http::{HeaderMap, header};

/// Whether Markdown is asked for by its name; what takes anything gets JSON.
pub(crate) fn markdown_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let is_markdown = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("text/markdown"));
        is_markdown && !parts.any(|part| part == "q=0")
    })
}
