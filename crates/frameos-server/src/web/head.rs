//! What a page tells those who do not run its scripts: search engines, messengers that show a preview of a link.

use std::fmt;

/// Title and meta tags of a page; written into the document escaped.
#[derive(Default)]
pub(super) struct Head {
    agent: Option<AgentHead>,
}

struct AgentHead {
    title: String,
    description: String,
    url: String,
}

impl Head {
    /// Of the page of the agent `name`, which is found at `public_url`.
    pub(super) fn agent(slug: &str, name: &str, description: &str, public_url: &str) -> Self {
        Self {
            agent: Some(AgentHead {
                title: format!("{name} · FrameOS"),
                description: description.to_owned(),
                url: format!("{}/a/{slug}", public_url),
            }),
        }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(agent) = &self.agent else {
            return f.write_str(
                "<title>FrameOS</title><meta name=\"description\" content=\"Find AI agents, run them isolated, and pay only \
                 for runs that succeed.\">",
            );
        };
        let (title, description, url) = (Text(&agent.title), Text(&agent.description), Text(&agent.url));
        write!(
            f,
            "<title>{title}</title><meta name=\"description\" content=\"{description}\">\
             <link rel=\"canonical\" href=\"{url}\">\
             <link rel=\"alternate\" type=\"text/markdown\" href=\"{markdown}\">\
             <meta property=\"og:type\" content=\"website\"><meta property=\"og:site_name\" content=\"FrameOS\">\
             <meta property=\"og:title\" content=\"{title}\"><meta property=\"og:description\" content=\"{description}\">\
             <meta property=\"og:url\" content=\"{url}\"><meta name=\"twitter:card\" content=\"summary\">",
            markdown = Text(&format!("{}.md", agent.url.replacen("/a/", "/agents/", 1))),
        )
    }
}

/// A text of somebody else's, as HTML.
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => write!(f, "{letter}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_developer_wrote_stays_text() {
        let head = Head {
            agent: Some(AgentHead {
                title: "</title><script>alert(1)</script>".into(),
                description: "\"><img src=x onerror='a'>".into(),
                url: "https://example.com/a/x".into(),
            }),
        };
        let html = head.to_string();
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("'a'"), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("content=\"&quot;&gt;&lt;img"), "{html}");
    }
}
