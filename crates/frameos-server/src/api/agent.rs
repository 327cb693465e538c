//! The registry: publishing, finding and reading agents.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::{
    account::Done,
    agent::{
        AgentList, AgentListQuery, AgentRegisterRequest, AgentUpdateRequest, Category, CategoryList,
        DeprecateRequest, VersionList,
    },
};
use frameos_store::{Page, Paged, agent::CategoryCount};

use super::{
    Api,
    extract::{
        Developer, Json, KeyedMint, OptionalJson, OptionalPrincipal, PathText, PathTexts, Public, Query,
        page_check,
    },
    failure::ApiFailure,
    reply::{Answer, created, ok},
};
use crate::view::agent as view;

/// `POST /agents/register`
pub(crate) async fn register(
    State(api): State<Api>,
    Developer(developer): Developer,
    KeyedMint(mint): KeyedMint,
    Json(body): Json<AgentRegisterRequest>,
) -> Answer {
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
) -> Answer {
    let submitted = app::version_submit(&api.app, developer, &agent, (view::submission(body)?, mint)).await?;
    created(&format!("/agents/{}/versions", submitted.agent_id), view::registered(submitted))
}

/// `GET /agents`
pub(crate) async fn list(
    State(api): State<Api>,
    OptionalPrincipal(viewer): OptionalPrincipal,
    Query(query): Query<AgentListQuery>,
) -> Answer {
    let page = page_check(query.page, query.limit)?;
    let listed = match (query.mine, viewer) {
        (Some(true), None) => return Err(ApiFailure::unauthenticated()),
        (Some(true), Some(viewer)) => {
            let developer = viewer.developer().ok_or_else(|| ApiFailure::forbidden("developer"))?;
            page_of(app::agent_list_mine(&api.app, developer).await?, page)
        }
        _ => app::agent_list(&api.app, filter(query), page).await?,
    };
    let agents = listed.items.into_iter().map(view::summary).collect();
    ok(AgentList { agents, total: listed.total, page: page.page, limit: page.limit })
}

/// One page of a list that is short enough to be had whole.
fn page_of<T>(all: Vec<T>, page: Page) -> Paged<T> {
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let (limit, before) = (page.limit as usize, page.page as usize - 1);
    Paged { items: all.into_iter().skip(before * limit).take(limit).collect(), total }
}

fn filter(query: AgentListQuery) -> app::AgentFilter {
    app::AgentFilter {
        category: query.category,
        search: query.search,
        pricing_model: query.pricing_model,
        sort: query.sort,
    }
}

/// `GET /agents/:slug`
pub(crate) async fn get(
    State(api): State<Api>,
    OptionalPrincipal(viewer): OptionalPrincipal,
    PathText(agent): PathText,
) -> Answer {
    ok(view::detail(app::agent_get(&api.app, &agent, viewer.as_ref()).await?))
}

/// `PATCH /agents/:id`
pub(crate) async fn update(
    State(api): State<Api>,
    Developer(developer): Developer,
    PathText(agent): PathText,
    Json(body): Json<AgentUpdateRequest>,
) -> Answer {
    ok(view::summary(app::agent_pricing_set(&api.app, developer, &agent, &body.pricing).await?))
}

/// `GET /agents/:id/versions`
pub(crate) async fn version_list(
    State(api): State<Api>,
    OptionalPrincipal(viewer): OptionalPrincipal,
    PathText(agent): PathText,
) -> Answer {
    let versions = app::version_list(&api.app, &agent, viewer.as_ref()).await?;
    ok(VersionList { versions: versions.into_iter().map(view::version).collect() })
}

/// `POST /agents/:id/versions/:version/deprecate`
pub(crate) async fn version_deprecate(
    State(api): State<Api>,
    Developer(developer): Developer,
    PathTexts(agent, version): PathTexts,
    OptionalJson(body): OptionalJson<DeprecateRequest>,
) -> Answer {
    app::version_deprecate(&api.app, developer, &agent, &version, body.message).await?;
    ok(Done { message: format!("Version {version} is deprecated.") })
}

/// `GET /categories`
pub(crate) async fn categories(State(api): State<Api>, _: Public) -> Answer {
    let categories = app::category_list(&api.app).await?;
    let entry = |count: CategoryCount| Category { category: count.category, agents: count.agents };
    ok(CategoryList { categories: categories.into_iter().map(entry).collect() })
}
