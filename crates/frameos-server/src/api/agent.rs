//! The registry: publishing, finding and reading agents.

use axum::extract::{RawQuery, State};
use frameos_app::{self as app, Body};
use frameos_contract::{
    Envelope,
    account::Done,
    agent::{
        AgentDetail, AgentList, AgentListQuery, AgentRegisterRequest, AgentRegistered, AgentSummary,
        AgentUpdateRequest, Category, CategoryList, DeprecateRequest, VersionList, YankRequest,
    },
};
use frameos_store::{Page, Paged};

use super::{
    Api,
    extract::{
        Authenticated, Conditional, Developer, Json, KeyedMint, OptionalJson, OptionalPrincipal, PathText,
        PathTexts, Public, Query, markdown_wanted, page_check,
    },
    failure::ApiFailure,
    reply::{Answer, Created, Markdown, Replying, Tagged, created, markdown, ok, tagged},
};
use crate::view::{agent as view, agent_markdown::agent_markdown};

/// `POST /agents/register`
pub(crate) async fn register(
    State(api): State<Api>,
    Developer(developer): Developer,
    KeyedMint(mint): KeyedMint,
    Json(body): Json<AgentRegisterRequest>,
) -> Created<AgentRegistered> {
    let submitted = app::agent_register(&api.app, developer, view::submission(body)?, mint).await?;
    created(&format!("/agents/{}", submitted.agent_id), view::registered(submitted))
}

/// `POST /agents/:id/versions`
pub(crate) async fn version_submit(
    State(api): State<Api>,
    Developer(developer): Developer,
    KeyedMint(mint): KeyedMint,
    PathText(agent): PathText,
    Json(body): Json<AgentRegisterRequest>,
) -> Created<AgentRegistered> {
    let submitted = app::version_submit(&api.app, developer, &agent, (view::submission(body)?, mint)).await?;
    created(&format!("/agents/{}/versions", submitted.agent_id), view::registered(submitted))
}

/// `GET /agents`
pub(crate) async fn list(
    State(api): State<Api>,
    OptionalPrincipal(viewer): OptionalPrincipal,
    RawQuery(question): RawQuery,
    Query(query): Query<AgentListQuery>,
    Conditional(headers): Conditional,
) -> Replying<Tagged<AgentList>> {
    let page = page_check(query.page, query.limit)?;
    if query.mine == Some(true) {
        let viewer = viewer.ok_or_else(ApiFailure::unauthenticated)?;
        let developer = viewer.developer().ok_or_else(|| ApiFailure::forbidden("developer"))?;
        let listed = page_of(app::agent_list_mine(&api.app, developer).await?, page);
        let agents = listed.items.into_iter().map(view::summary).collect();
        let (page, limit) = (page.page, page.limit);
        return Ok(ok(AgentList { agents, total: listed.total, page, limit, facets: None })?.untagged());
    }
    let catalogue = app::catalogue(&api.app).await?;
    let question = question.unwrap_or_default();
    if let Some(body) = catalogue.answers.get(&question) {
        return Ok(tagged(&headers, body));
    }
    let found = app::agent_list(&catalogue, view::filter(query), page)?;
    let body = Body::new(&view::list_body(&found, page).map_err(ApiFailure::internal)?);
    catalogue.answers.keep(&question, &body);
    Ok(tagged(&headers, body))
}

/// One page of a list that is short enough to be had whole.
fn page_of<T>(all: Vec<T>, page: Page) -> Paged<T> {
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let (limit, before) = (page.limit as usize, page.page as usize - 1);
    Paged { items: all.into_iter().skip(before * limit).take(limit).collect(), total }
}

/// `GET /agents/:slug`, and `GET /agents/:slug.md` for machines that read rather than parse.
pub(crate) async fn get(
    State(api): State<Api>,
    OptionalPrincipal(viewer): OptionalPrincipal,
    PathText(agent): PathText,
    Conditional(headers): Conditional,
) -> Replying<(Tagged<AgentDetail>, Markdown)> {
    let (agent, as_markdown) = match agent.strip_suffix(".md") {
        Some(agent) => (agent, true),
        None => (agent.as_str(), markdown_wanted(&headers)),
    };
    if as_markdown {
        let found = app::agent_get(&api.app, agent, viewer.as_ref()).await?;
        return Ok(markdown(agent_markdown(&found)).instead_of());
    }
    let catalogue = app::catalogue(&api.app).await?;
    let Some(listed) = catalogue.agent(agent) else {
        return Ok(ok(view::detail(app::agent_get(&api.app, agent, viewer.as_ref()).await?))?
            .untagged()
            .or());
    };
    if let Some(body) = listed.page() {
        return Ok(tagged(&headers, body).or());
    }
    let page = view::detail(app::agent_get(&api.app, agent, viewer.as_ref()).await?);
    let body = Body::new(&serde_json::to_vec(&Envelope::data(page)).map_err(ApiFailure::internal)?);
    listed.page_keep(&body);
    Ok(tagged(&headers, body).or())
}

/// `PATCH /agents/:id`
pub(crate) async fn update(
    State(api): State<Api>,
    Developer(developer): Developer,
    PathText(agent): PathText,
    Json(body): Json<AgentUpdateRequest>,
) -> Answer<AgentSummary> {
    ok(view::summary(app::agent_pricing_set(&api.app, developer, &agent, &body.pricing).await?))
}

/// `GET /agents/:id/versions`
pub(crate) async fn version_list(
    State(api): State<Api>,
    OptionalPrincipal(viewer): OptionalPrincipal,
    PathText(agent): PathText,
) -> Answer<VersionList> {
    let versions = app::version_list(&api.app, &agent, viewer.as_ref()).await?;
    ok(VersionList { versions: versions.into_iter().map(view::version).collect() })
}

/// `POST /agents/:id/versions/:version/deprecate`
pub(crate) async fn version_deprecate(
    State(api): State<Api>,
    Developer(developer): Developer,
    PathTexts(agent, version): PathTexts,
    OptionalJson(body): OptionalJson<DeprecateRequest>,
) -> Answer<Done> {
    app::version_deprecate(&api.app, developer, &agent, &version, body.message).await?;
    ok(Done { message: format!("Version {version} is deprecated.") })
}

/// `POST /agents/:id/versions/:version/yank`
pub(crate) async fn version_yank(
    State(api): State<Api>,
    Authenticated(who): Authenticated,
    PathTexts(agent, version): PathTexts,
    OptionalJson(body): OptionalJson<YankRequest>,
) -> Answer<Done> {
    app::version_yank(&api.app, &who, &agent, &version, body.reason.as_deref()).await?;
    ok(Done { message: format!("Version {version} is withdrawn: no new run of it begins.") })
}

/// `GET /categories`
pub(crate) async fn categories(State(api): State<Api>, _: Public) -> Answer<CategoryList> {
    let categories = app::category_list(&api.app).await?;
    let entry = |count: app::FacetValue| Category {
        category: count.value,
        agents: i64::try_from(count.agents).unwrap_or(i64::MAX),
    };
    ok(CategoryList { categories: categories.into_iter().map(entry).collect() })
}
