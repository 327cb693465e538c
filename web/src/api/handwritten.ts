/** Types of the API by hand, until the OpenAPI document is there. Taken from `frameos-contract`. */

export interface LoginRequest { email: string; password: string; otp?: string }
export interface TokenPair { access_token: string; refresh_token: string; token_type: string; expires_in: number; role: string }
export interface Done { message: string }
export interface RegisterRequest { email: string; name: string; password: string; company?: string | null }
export interface UserRegistered { user_id: string; email: string; message: string }
export interface DeveloperRegistered { developer_id: string; email: string; message: string }
export interface Me {
  id: string; role: string; email: string; name: string; company?: string | null; status: string;
  verified_email: boolean; two_factor: boolean; recovery_codes?: number | null; created_at: string;
}
export interface FacetCount { value: string; agents: number }
export interface AgentFacets {
  category: FacetCount[]; pricing_model: FacetCount[]; language: FacetCount[]; capability: FacetCount[]; tag: FacetCount[]; price: FacetCount[];
}
export interface AgentListQuery {
  category?: string; search?: string; pricing_model?: string; min_price?: number; max_price?: number; language?: string;
  capability?: string; tag?: string; developer?: string; sort?: string; page?: number; limit?: number; facets?: boolean; mine?: boolean;
}
export interface AgentList { agents: AgentSummary[]; total: number; page: number; limit: number; facets?: AgentFacets | null }
export interface DeveloperCard { id: string; name: string; company?: string | null }
export interface AgentSummary {
  id: string; name: string; slug: string; description: string; icon_url: string | null; category: string; pricing_model: string;
  price_amount: number; price_currency: string; free_runs_per_month: number; pricing: unknown; current_version: string; status: string;
  rating: number; review_count: number; total_executions: number; developer: DeveloperCard;
}
export interface AgentDetail extends AgentSummary {
  long_description: string | null; success_rate: number; avg_duration_ms: number; tags: string[]; capabilities: string[];
  manifest: unknown; created_at: string; updated_at: string;
}
export interface VersionSummary {
  id: string; version: string; status: string; review_status: string; review_note?: string | null; deprecation_message?: string | null;
  yank_reason?: string | null; code_hash: string; runtime_language: string; runtime_version: string; scan_passed: boolean; created_at: string;
}
export interface VersionList { versions: VersionSummary[] }
export interface Category { category: string; agents: number }
export interface CategoryList { categories: Category[] }
export interface UserReviewRequest { rating: number; title?: string | null; text?: string | null }
export interface ReviewReply { text: string; replied_at: string }
export interface UserReview {
  id: string; rating: number; title: string | null; text: string | null; author: { name: string }; version: string | null;
  reply: ReviewReply | null; created_at: string; updated_at: string; hidden_reason?: string | null;
}
export interface UserReviewQuery { sort?: string; page?: number; limit?: number }
export interface UserReviewList {
  reviews: UserReview[]; total: number; page: number; limit: number; rating: number; review_count: number;
  histogram: Record<string, number>; own?: UserReview | null;
}
export interface DeployRequest { version?: string; config: Record<string, unknown> }
export interface Deployed { deployment_id: string; agent_id: string; version: string; status: string; message: string }
export interface Deployment {
  id: string; agent_id: string; agent_name: string; agent_slug: string; version: string; config: Record<string, unknown>;
  secrets_set: string[]; status: string; version_status: string; version_message?: string | null; current_version: string;
  created_at: string; updated_at: string;
}
export interface DeploymentList { deployments: Deployment[]; total: number; page: number; limit: number }
export interface ExecuteRequest {
  deployment_id: string; inputs: Record<string, unknown>; timeout_ms?: number; confirm?: boolean; confirmed_amount?: number;
}
export interface ExecutionQueued { execution_id: string; status: string; estimated_duration_ms: number; poll_url: string; message: string }
export interface Subscription {
  id: string; agent_id: string; agent_slug: string; agent_name: string; status: string; price_amount: number; price_currency: string;
  runs_per_month: number | null; runs_used: number; period_start: string; period_end: string;
}
export interface SubscriptionList { subscriptions: Subscription[]; total: number; page: number; limit: number }
export interface Wallet { available: number; held: number; currency: string }
