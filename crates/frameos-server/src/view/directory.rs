//! Accounts, agents, runs and refunds of administrators' lists, as the contract shows them.

use frameos_app::{AccountAsked, AgentAsked, ExecutionAsked};
use frameos_contract::directory::{
    AccountQuery, AdminAgent, AdminAgentList, AdminAgentQuery, AdminDeveloper, AdminDeveloperList,
    AdminExecution, AdminExecutionList, AdminExecutionQuery, AdminRefund, AdminRefundList, AdminUser,
    AdminUserList,
};
use frameos_store::{
    Page, Paged,
    directory::{AgentEntry, DeveloperEntry, ExecutionEntry, RefundEntry, UserEntry},
};

pub(crate) fn account(query: AccountQuery) -> AccountAsked {
    AccountAsked { search: query.search, status: query.status, plan: query.plan }
}

pub(crate) fn agent(query: AdminAgentQuery) -> AgentAsked {
    AgentAsked { search: query.search, status: query.status, developer_id: query.developer_id }
}

pub(crate) fn execution(query: AdminExecutionQuery) -> ExecutionAsked {
    ExecutionAsked { id: query.id, user_id: query.user_id, agent_id: query.agent_id, status: query.status }
}

pub(crate) fn developers(found: Paged<DeveloperEntry>, Page { page, limit }: Page) -> AdminDeveloperList {
    let entry = |developer: DeveloperEntry| AdminDeveloper {
        id: developer.id.to_string(),
        email: developer.email,
        name: developer.name,
        company: developer.company,
        status: developer.status.to_string(),
        verified_email: developer.verified_email,
        created_at: developer.created_at,
        agents: developer.agents,
        published_agents: developer.published_agents,
        total_executions: developer.total_executions,
        revenue: developer.revenue,
    };
    let developers = found.items.into_iter().map(entry).collect();
    AdminDeveloperList { developers, total: found.total, page, limit }
}

pub(crate) fn users(found: Paged<UserEntry>, Page { page, limit }: Page) -> AdminUserList {
    let entry = |user: UserEntry| AdminUser {
        id: user.id.to_string(),
        email: user.email,
        name: user.name,
        plan: user.plan.to_string(),
        status: user.status.to_string(),
        verified_email: user.verified_email,
        created_at: user.created_at,
        total_executions: user.total_executions,
    };
    AdminUserList { users: found.items.into_iter().map(entry).collect(), total: found.total, page, limit }
}

pub(crate) fn agents(found: Paged<AgentEntry>, Page { page, limit }: Page) -> AdminAgentList {
    let entry = |agent: AgentEntry| AdminAgent {
        id: agent.id.to_string(),
        slug: agent.slug,
        name: agent.name,
        category: agent.category,
        status: agent.status.to_string(),
        current_version: agent.current_version,
        developer_id: agent.developer_id.to_string(),
        developer_name: agent.developer_name,
        total_executions: agent.total_executions,
        success_rate: agent.success_rate,
        rating: agent.rating,
        review_count: agent.review_count,
        pending_versions: agent.pending_versions,
        created_at: agent.created_at,
        updated_at: agent.updated_at,
    };
    AdminAgentList { agents: found.items.into_iter().map(entry).collect(), total: found.total, page, limit }
}

pub(crate) fn executions(found: Paged<ExecutionEntry>, Page { page, limit }: Page) -> AdminExecutionList {
    let entry = |run: ExecutionEntry| AdminExecution {
        id: run.id.to_string(),
        user_id: run.user_id.to_string(),
        user_email: run.user_email,
        agent_id: run.agent_id.to_string(),
        agent_name: run.agent_name,
        agent_slug: run.agent_slug,
        version: run.version,
        status: run.status,
        failure_reason: run.failure_reason,
        price_amount: run.price.minor,
        price_currency: run.price.currency.to_string(),
        payment_id: run.payment_id.map(|id| id.to_string()),
        refunded_amount: run.refunded_amount,
        duration_ms: run.duration_ms,
        created_at: run.created_at,
        completed_at: run.completed_at,
    };
    let executions = found.items.into_iter().map(entry).collect();
    AdminExecutionList { executions, total: found.total, page, limit }
}

pub(crate) fn refunds(found: Paged<RefundEntry>, Page { page, limit }: Page) -> AdminRefundList {
    let entry = |refund: RefundEntry| AdminRefund {
        execution_id: refund.execution_id.to_string(),
        agent_name: refund.agent_name,
        user_id: refund.user_id.to_string(),
        user_email: refund.user_email,
        admin_id: refund.admin_id.to_string(),
        amount: refund.amount,
        refunded_amount: refund.refunded_amount,
        currency: refund.currency.to_string(),
        reason: refund.reason,
        status: refund.status,
        created_at: refund.created_at,
    };
    AdminRefundList { refunds: found.items.into_iter().map(entry).collect(), total: found.total, page, limit }
}
