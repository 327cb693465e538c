//! What an agent's page has to read before its scripts run, and for those who do not run them: name, purpose, description.
//!
//! Invariant: what its developer wrote stays text. Of its Markdown only the outline is kept; markup in it is shown as it
//! is written, links and pictures are the words in them.

use std::{collections::BTreeSet, fmt};

use frameos_app::AgentView;
use pulldown_cmark::{Alignment, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::head::Text;

/// The beginning of a page's body.
#[derive(Default)]
pub(super) struct Opening {
    agent: Option<AgentOpening>,
}

struct AgentOpening {
    name: String,
    developer: String,
    description: String,
    /// HTML.
    text: String,
}

impl Opening {
    pub(super) fn agent(view: &AgentView) -> Self {
        let agent = &view.agent;
        let text = untitled(agent.long_description.as_deref().unwrap_or_default(), &agent.name);
        Self {
            agent: Some(AgentOpening {
                name: agent.name.clone(),
                developer: agent.developer_name.clone(),
                description: agent.description.clone(),
                text: outline(text),
            }),
        }
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(AgentOpening { name, developer, description, text }) = &self.agent else {
            return Ok(());
        };
        write!(
            f,
            "<main class=\"boot-page\" aria-busy=\"true\"><div class=\"boot-head\"><h1>{}</h1><p class=\"boot-by\">by {}</p>\
             <p class=\"boot-what\">{}</p></div>",
            Text(name),
            Text(developer),
            Text(description),
        )?;
        if !text.is_empty() {
            write!(f, "<section class=\"boot-text\" aria-label=\"Description\">{text}</section>")?;
        }
        f.write_str("</main>")
    }
}

/// `text` without a first heading that says `name`: the page has one that does.
fn untitled<'a>(text: &'a str, name: &str) -> &'a str {
    let text = text.trim();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let title = first.strip_prefix("# ").map(|title| title.trim().trim_end_matches('#').trim_end());
    if title.is_some_and(|title| title.to_lowercase() == name.to_lowercase()) { rest.trim() } else { text }
}

/// Markdown as HTML, with the outline hanging below the page's heading.
fn outline(text: &str) -> String {
    let parser = || {
        Parser::new_ext(
            text,
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS,
        )
    };
    let levels: BTreeSet<HeadingLevel> = parser()
        .filter_map(|event| match event {
            Event::Start(Tag::Heading { level, .. }) => Some(level),
            _ => None,
        })
        .collect();
    let lowered = |level: HeadingLevel| match levels.iter().position(|used| *used == level) {
        Some(0) => HeadingLevel::H2,
        Some(1) => HeadingLevel::H3,
        Some(2) => HeadingLevel::H4,
        _ => HeadingLevel::H5,
    };
    let events = parser().filter_map(|event| match event {
        Event::Html(markup) | Event::InlineHtml(markup) => Some(Event::Text(markup)),
        Event::Start(Tag::Link { .. } | Tag::Image { .. }) | Event::End(TagEnd::Link | TagEnd::Image) => None,
        Event::Start(Tag::Heading { level, .. }) => Some(Event::Start(Tag::Heading {
            level: lowered(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        })),
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(lowered(level)))),
        // Alignment is written as inline style, which the page's policy refuses.
        Event::Start(Tag::Table(columns)) => {
            Some(Event::Start(Tag::Table(vec![Alignment::None; columns.len()])))
        }
        Event::TaskListMarker(done) => Some(Event::Text(if done { "☑ " } else { "☐ " }.into())),
        other => Some(other),
    });
    let mut page = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut page, events);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_developer_wrote_has_no_markup_of_its_own() {
        let hostile = [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "[x](javascript:alert(1)) <javascript:alert(1)> ![y](//evil.example/p.png \"t\")",
            "<div>\n<style>*{}</style>\n</div>",
            "# <b id=x>t</b>\n\n```\"><script>\ncode</script>\n```",
            "| <iframe src=x> |\n|--:|\n| <a href=x onclick=y>z</a> |",
            "[^1]: <script>\n\n- [ ] <form action=x>",
        ];
        for text in hostile {
            let html = outline(text);
            for tag in html.split('<').skip(1) {
                let (tag, _) = tag.split_once('>').expect("a tag has an end");
                let mut words = tag.trim_matches('/').split_ascii_whitespace();
                let name = words.next().unwrap_or_default();
                let known = [
                    "p", "pre", "code", "h2", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "em",
                    "strong", "br",
                ];
                assert!(known.contains(&name), "{name:?} of {html}");
                assert!(words.all(|word| word.starts_with("class=\"language-")), "{tag:?} of {html}");
            }
        }
    }

    #[test]
    fn headings_hang_below_the_pages() {
        assert_eq!(outline("# A\n\n### B\n\n# C"), "<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>\n");
        assert_eq!(outline("#### Deep"), "<h2>Deep</h2>\n");
    }

    #[test]
    fn the_name_is_said_once() {
        assert_eq!(untitled("# CSV profiler #\n\nReads.", "CSV Profiler"), "Reads.");
        assert_eq!(untitled("# Other\n\nReads.", "CSV Profiler"), "# Other\n\nReads.");
        assert_eq!(untitled("# CSV Profiler", "CSV Profiler"), "");
    }
}
