//! The web UI: its pages and assets, built from `web/` and embedded. It knows no more of a page than its path and what
//! search engines and messengers are told of it.
//!
//! A binary built without `web/dist` has no UI: its paths are unknown, as any other.

mod head;
mod opening;
mod page;

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use frameos_app as app;
use frameos_contract::agent::AgentListQuery;
use frameos_store::Page;
use rust_embed::RustEmbed;
use tokio::time::timeout;

use self::{
    head::Head,
    opening::Opening,
    page::{Content, page},
};
use crate::{
    api::{
        Api,
        extract::{Query, page_check},
        failure::ApiFailure,
    },
    view::agent as view,
};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

/// The pages' paths that have nothing to say without scripts. The UI knows what is at each; none is a path of the API.
const PAGES: &[&str] = &[
    "/runs",
    "/runs/{*rest}",
    "/shared/{token}",
    "/dashboard",
    "/dashboard/{*rest}",
    "/studio",
    "/studio/{*rest}",
    "/console",
    "/console/{*rest}",
    "/sign-in",
    "/sign-up",
    "/verify-email",
    "/forgot-password",
    "/reset-password",
];

/// The front page, the list of all agents, an agent's page.
const HOME: &str = "/";
const EXPLORE: &str = "/explore";
const AGENT: &str = "/a/{slug}";

/// How many agents the front page's shelf and a page of the list have, as `web/src/market/queries.ts` asks for.
const SHELF: u32 = 6;
const EXPLORE_LIMIT: u32 = 24;

/// How long a document waits for the agents in it; the page asks for them itself too.
const PATIENCE: Duration = Duration::from_millis(100);

/// The assets' names have a hash of what is in them.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Of files whose names stay.
const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// `router` with the UI's pages and assets, if there are any; the front page is of `api`'s agents.
pub(crate) fn routes(mut router: Router<Api>, api: &Api) -> Router<Api> {
    if !page::is_built() {
        return router;
    }
    for path in PAGES {
        router =
            router.route(path, get(async || page(StatusCode::OK, &Content { path, ..Content::default() })));
    }
    for path in Dist::iter().filter(|path| is_public(path)) {
        let route = format!("/{path}");
        router = router.route(&route, get(async move |headers: HeaderMap| asset(&path, &headers)));
    }
    router.route(EXPLORE, get(explore)).route(AGENT, get(agent)).layer(from_fn_with_state(api.clone(), home))
}

/// What is at a path that nobody knows: for people a page that says so, for programs a failure as all others.
pub(crate) async fn unknown(method: Method, headers: HeaderMap) -> Response {
    let is_read = method == Method::GET || method == Method::HEAD;
    if is_read && page::is_built() && page_wanted(&headers) {
        return page(StatusCode::NOT_FOUND, &Content::default());
    }
    ApiFailure::not_found().into_response()
}

/// The first page, for people who ask for `/`; programs are told what answers there.
async fn home(State(api): State<Api>, request: Request, next: Next) -> Response {
    if request.uri().path() != HOME || request.method() != Method::GET || !page_wanted(request.headers()) {
        return next.run(request).await;
    }
    let query = AgentListQuery { sort: Some("popularity".into()), ..AgentListQuery::default() };
    let opening = match agents(&api, query, Page::new(1, SHELF)).await {
        Some(found) => {
            let title = if found.agents.len() == found.total { "Agents" } else { "Popular" };
            Opening::Home { title, found }
        }
        None => Opening::Built,
    };
    page(StatusCode::OK, &Content { path: HOME, opening, ..Content::default() })
}

/// The list of all agents, or of those that fit what the address asks for.
async fn explore(State(api): State<Api>, query: Result<Query<AgentListQuery>, ApiFailure>) -> Response {
    let mut opening = Opening::Built;
    // What cannot be understood the page drops or says itself.
    if let Ok(Query(query)) = query {
        let title = query.category.as_deref().map_or_else(|| "Explore agents".to_owned(), words);
        if let Ok(page) = page_check(query.page, Some(EXPLORE_LIMIT))
            && let Some(found) = agents(&api, query.clone(), page).await
        {
            let is_last = found.total <= page.page as usize * page.limit as usize;
            let next = AgentListQuery { page: Some(page.page + 1), ..query };
            let next = serde_urlencoded::to_string(next).ok().map(|query| format!("{EXPLORE}?{query}"));
            opening = Opening::Explore { title, found, next: next.filter(|_| !is_last) };
        }
    }
    page(StatusCode::OK, &Content { path: EXPLORE, opening, ..Content::default() })
}

/// The agents that `query` asks for, if they are there soon.
async fn agents(api: &Api, query: AgentListQuery, page: Page) -> Option<app::Found> {
    let catalogue = timeout(PATIENCE, app::catalogue(&api.app)).await.ok()?.ok()?;
    let filter = app::AgentFilter { facets: false, ..view::filter(query) };
    app::agent_list(&catalogue, filter, page).ok()
}

/// `data-quality` as "Data quality", as the UI does.
fn words(name: &str) -> String {
    let text = name.split(['-', '_']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// An agent's page: what there is to read without scripts is the agent's.
async fn agent(State(api): State<Api>, Path(slug): Path<String>) -> Response {
    let path = AGENT;
    match app::agent_get(&api.app, &slug, None).await {
        Ok(view) => {
            let agent = &view.agent;
            let head = Head::agent(&agent.slug, &agent.name, &agent.description, api.app.public_url());
            page(StatusCode::OK, &Content { path, head, opening: Opening::agent(&view) })
        }
        // It may be its developer who asks: the page knows who is signed in, this does not.
        Err(app::AppError::NotFound { .. }) => {
            page(StatusCode::NOT_FOUND, &Content { path, ..Content::default() })
        }
        // The page asks again itself, and says what is wrong.
        Err(_) => page(StatusCode::OK, &Content { path, ..Content::default() }),
    }
}

/// Browsers name HTML first; programs name something else, or anything.
fn page_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.split(',').any(|kind| kind.trim().starts_with("text/html")))
}

fn is_public(path: &str) -> bool {
    path != "index.html" && !path.starts_with('.') && !path.ends_with(".br") && !path.ends_with(".gz")
}

fn asset(path: &str, headers: &HeaderMap) -> Response {
    let packed = ["br", "gz"].into_iter().filter(|kind| is_accepted(headers, kind)).find_map(|kind| {
        let found = Dist::get(&format!("{path}.{kind}"))?;
        Some((found, if kind == "br" { "br" } else { "gzip" }))
    });
    let (file, encoding) = match packed {
        Some((file, encoding)) => (file, Some(encoding)),
        None => match Dist::get(path) {
            Some(file) => (file, None),
            None => return ApiFailure::not_found().into_response(),
        },
    };
    let mut response = Response::new(Body::from(file.data));
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    answer.insert(header::CACHE_CONTROL, if path.starts_with("assets/") { FOR_EVER } else { AN_HOUR });
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether the client takes `br` or `gz`, by RFC 9110, 12.5.3, as far as it matters: named and not with a weight of nothing.
fn is_accepted(headers: &HeaderMap, kind: &str) -> bool {
    let name = if kind == "gz" { "gzip" } else { kind };
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(name));
        is_named && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
