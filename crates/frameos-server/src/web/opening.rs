//! What the marketplace's pages have to read before their scripts run, and for those who do not run them: lists of agents
//! with links to them; of an agent its name, purpose, description.
//!
//! Invariant: what a developer wrote stays text. Of Markdown only the outline is kept; markup in it is shown as it is
//! written, links and pictures are the words in them.

use std::{collections::BTreeSet, fmt::Write};

use frameos_app::{AgentView, Found};
use pulldown_cmark::{Alignment, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::head::Text;

/// The beginning of a page's body.
#[derive(Default)]
pub(super) enum Opening {
    /// What the UI's build says, if anything.
    #[default]
    Built,
    Agent {
        name: String,
        developer: String,
        description: String,
        /// HTML.
        text: String,
    },
    /// A page of the agents that fit a question, and where the next one is.
    Explore { title: String, found: Found, next: Option<String> },
    /// The front page's shelf, and its heading.
    Home { title: &'static str, found: Found },
}

impl Opening {
    pub(super) fn agent(view: &AgentView) -> Self {
        let agent = &view.agent;
        let text = untitled(agent.long_description.as_deref().unwrap_or_default(), &agent.name);
        Self::Agent {
            name: agent.name.clone(),
            developer: agent.developer_name.clone(),
            description: agent.description.clone(),
            text: outline(text),
        }
    }

    /// Appends it to `page`, after what the UI's build says (`built`, HTML).
    pub(super) fn write(&self, built: &str, page: &mut String) {
        let (class, body) = match self {
            Self::Built if built.is_empty() => return,
            Self::Built => ("boot-home", String::new()),
            Self::Agent { name, developer, description, text } => {
                let mut body = format!(
                    "<div class=\"boot-head\"><h1>{}</h1><p class=\"boot-by\">by {}</p><p class=\"boot-what\">{}</p></div>",
                    Text(name),
                    Text(developer),
                    Text(description),
                );
                if !text.is_empty() {
                    let _ = write!(
                        body,
                        "<section class=\"boot-text\" aria-label=\"Description\">{text}</section>"
                    );
                }
                ("boot-page", body)
            }
            Self::Explore { title, found, next } => {
                let total = found.total;
                let agents = if total == 1 { "agent" } else { "agents" };
                let mut body =
                    format!("<h1>{}</h1><p>{total} {agents}</p>{}", Text(title), cards(found, "h2"));
                if let Some(next) = next {
                    let _ = write!(body, "<a rel=\"next\" href=\"{}\">Next page</a>", Text(next));
                }
                ("boot-explore", body)
            }
            Self::Home { title, found } => {
                let list = cards(found, "h3");
                let all = "<a href=\"/explore\">See all</a>";
                ("boot-home", format!("<section class=\"boot-shelf\"><h2>{title}</h2>{all}{list}</section>"))
            }
        };
        let _ = write!(page, "<main class=\"{class}\" aria-busy=\"true\">{built}{body}</main>");
    }
}

/// Agents as cards, their names as links in headings of `level`.
fn cards(found: &Found, level: &str) -> String {
    let mut list = String::from("<ul class=\"boot-cards\">");
    for listed in &found.agents {
        let agent = &listed.agent;
        let by = agent.developer_company.as_ref().unwrap_or(&agent.developer_name);
        let _ = write!(
            list,
            "<li><div><{level}><a href=\"/a/{}\">{}</a></{level}><span>{}</span></div><p>{}</p></li>",
            Text(&agent.slug),
            Text(&agent.name),
            Text(by),
            Text(&agent.description),
        );
    }
    list.push_str("</ul>");
    list
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
    fn a_list_leads_to_its_next_page_and_says_back_nothing_as_markup() {
        let mut page = String::new();
        let found = Found { agents: Vec::new(), total: 30, facets: None };
        let next = Some("/explore?search=a%26b&page=2".to_owned());
        Opening::Explore { title: "<script>".into(), found, next }.write("", &mut page);
        assert!(page.contains("<h1>&lt;script&gt;</h1><p>30 agents</p>"), "{page}");
        assert!(page.contains("<a rel=\"next\" href=\"/explore?search=a%26b&amp;page=2\">"), "{page}");
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
