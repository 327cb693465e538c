//! The one document all pages are: made for each request, because it carries a nonce.
//!
//! The UI's components write style sheets into the page, which the policy allows to whoever knows the nonce. Nothing else
//! may be written into it; scripts are files.

use std::{collections::HashMap, fmt::Write, sync::OnceLock};

use aws_lc_rs::rand;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::{Dist, head::Head, opening::Opening};
use crate::api::failure::ApiFailure;

const NONCE: &str = "__CSP_NONCE__";
const HEAD: &str = "<!--head-->";
const OPENING: &str = "<!--opening-->";
/// Of each path whose page has some, its [`Built`]; the UI's build writes it.
const PAGES: &str = ".vite/pages.json";

/// The document, without what changes from request to request.
struct Template {
    before: String,
    between: String,
    after: String,
    pages: HashMap<String, Built>,
}

/// What the UI's build says of a page; HTML.
#[derive(Deserialize)]
struct Built {
    /// To what it loads after the entry.
    links: String,
    /// What it begins with.
    opening: String,
}

fn template() -> Option<&'static Template> {
    static TEMPLATE: OnceLock<Option<Template>> = OnceLock::new();
    TEMPLATE
        .get_or_init(|| {
            let mut document = String::from_utf8(Dist::get("index.html")?.data.into_owned()).ok()?;
            // The title that serves while the UI is developed; each page has one of its own.
            if let (Some(from), Some(to)) = (document.find("<title>"), document.find("</title>")) {
                document.replace_range(from..to + "</title>".len(), "");
            }
            let (before, rest) = document.split_once(HEAD)?;
            let (between, after) = rest.split_once(OPENING)?;
            let [before, between, after] = [before, between, after].map(str::to_owned);
            Some(Template {
                before,
                between,
                after,
                pages: serde_json::from_slice(&Dist::get(PAGES)?.data).ok()?,
            })
        })
        .as_ref()
}

/// Whether there is a UI in this binary.
pub(super) fn is_built() -> bool {
    template().is_some()
}

/// What is different from page to page.
#[derive(Default)]
pub(super) struct Content {
    /// As it is in the router.
    pub(super) path: &'static str,
    pub(super) head: Head,
    pub(super) opening: Opening,
}

/// The document with `content` in it.
pub(super) fn page(status: StatusCode, content: &Content) -> Response {
    let Some(template) = template() else {
        return ApiFailure::not_found().into_response();
    };
    let mut bytes = [0; 16];
    if let Err(error) = rand::fill(&mut bytes) {
        return ApiFailure::internal(error).into_response();
    }
    let nonce = STANDARD.encode(bytes);
    let mut document = String::with_capacity(template.before.len() + template.after.len() + 4_096);
    document.push_str(&template.before.replace(NONCE, &nonce));
    let (links, opening) =
        template.pages.get(content.path).map_or(("", ""), |built| (&built.links, &built.opening));
    let _ = write!(document, "{}{links}", content.head);
    document.push_str(&template.between);
    content.opening.write(opening, &mut document);
    document.push_str(&template.after.replace(NONCE, &nonce));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = Response::new(Body::from(document));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // A nonce is for one answer.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match HeaderValue::from_str(&policy) {
        Ok(policy) => {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
            response
        }
        Err(error) => ApiFailure::internal(error).into_response(),
    }
}
