/** The API's types under short names. From the OpenAPI document; add what a page needs. */
export type {
  AgentDetail, AgentFacets, AgentList, AgentListQuery, AgentSummary, CategoryList, Deployed, Deployment, DeploymentList, ExecuteRequest,
  ExecutionQueued, FacetCount, Me, Subscription, UserReview, UserReviewList, VersionSummary, Wallet,
} from './handwritten';
